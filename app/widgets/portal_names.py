"""What is said of a portal profile: its state, limits and times in words."""

from app.widgets import deadline, delivery_names
from app.widgets.text import plain
from pipelines.submission.portals.profile import Limits, PortalProfile
from warehouse.domain.package import size_words
from warehouse.ledger.portal_profiles import ProfileRow

NOT_MEASURED = "not measured yet"


def standing(row: ProfileRow) -> tuple[str, str]:
    """Return in words where a version stands, and the colour of its badge."""
    if row.is_active:
        return "in use", "green"
    return ("draft", "blue") if row.activated_at is None else ("retired", "gray")


def badge(row: ProfileRow) -> str:
    """Return the Markdown badge of where a version stands."""
    words, colour = standing(row)
    return f":{colour}-badge[{words}]"


def limits(found: Limits) -> str:
    """Write what a portal takes of files; "" where it does not say."""
    parts = (
        f"{size_words(found.file_bytes)} a file" if found.file_bytes else "",
        f"{size_words(found.total_bytes)} together" if found.total_bytes else "",
        f"{found.files} files" if found.files else "",
        ", ".join(kind.upper() for kind in found.types),
        f"names of {found.name_characters} characters" if found.name_characters else "",
    )
    return " · ".join(part for part in parts if part)


def measured(row: ProfileRow) -> str:
    """Write how long a rehearsal or delivery took when it was slowest."""
    if row.measured_seconds is None:
        return NOT_MEASURED
    seconds = float(row.measured_seconds)
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds // 60)} min {int(seconds % 60)} s"


def history(row: ProfileRow) -> str:
    """Say who uploaded, activated and retired a version, and when."""
    zone = deadline.reader_zone()
    parts = [f"uploaded {deadline.moment(row.uploaded_at, zone)} by {plain(row.uploaded_by)}"]
    if row.activated_at:
        parts.append(f"activated {deadline.moment(row.activated_at, zone)} by {plain(row.activated_by)}")
    if row.retired_at:
        parts.append(f"retired {deadline.moment(row.retired_at, zone)}")
    return " · ".join(parts)


def may_machine(profile: PortalProfile | None) -> str:
    """Say in one line on what ground a machine works there."""
    if profile is None:
        return "cannot be read"
    if profile.basis is None:
        return "a person acts" if profile.executor == delivery_names.HAND_OVER else "nobody is named who permits it"
    return f"permitted by {profile.basis.permitted_by}, {profile.basis.on.day} {profile.basis.on:%b %Y}"
