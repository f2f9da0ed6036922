"""Portal profiles: uploading a version, letting deliveries use it, retiring it, rehearsing it up to the last button.

Not here: what may be wrong with a text (check.py), how a rehearsal goes (rehearsal.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from pipelines.submission.portals.check import CheckedProfile, check_text, lacks_basis
from pipelines.submission.portals.profile import PortalProfile
from pipelines.submission.portals.rehearsal import (
    RehearsalDesk,
    Rehearsed,
    ledger_secrets,
    rehearse,
    sample_parcel,
    stored,
)
from pipelines.submission.portals.text import Fault
from warehouse.domain import access
from warehouse.domain.access import Action, Person
from warehouse.domain.audit_event import AuditEvent, Fact
from warehouse.errors import BadInput, NotFound, WrongState
from warehouse.ledger import portal_profiles as rows
from warehouse.ledger.portal_profiles import ProfileRow, Rehearsal
from warehouse.ledger.store import Ledger
from warehouse.ledger.submission_files import hold_bytes
from warehouse.object_store import open_object_store
from warehouse.settings import Settings

LARGEST_EVIDENCE = 50_000_000


class FaultyProfile(BadInput):
    """A text that is no sound profile.

    Attributes:
        faults: What is wrong, by line.
    """

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        wrong = [fault for fault in faults if not fault.is_warning]
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        super().__init__(
            f"the profile is faulty: line {wrong[0]}{more}.",
            kept="nothing was uploaded.",
            todo="mend the lines that are named.",
        )


@dataclass(frozen=True)
class ProfileLook:
    """One version as its page shows it: the row, what it says, what is wrong with it, the rehearsals of all its versions."""

    row: ProfileRow
    checked: CheckedProfile
    rehearsals: tuple[Rehearsal, ...]

    @property
    def profile(self) -> PortalProfile | None:
        """What it says; None where it cannot be read."""
        return self.checked.profile


def list_profiles(ledger: Ledger, *, by: Person) -> list[ProfileRow]:
    """Return every version of every profile, by name, the newest version first.

    Raises:
        NotPermitted: `by` may not look at profiles.
    """
    access.check(by, Action.READ_PORTALS)
    with ledger.read(by) as tx:
        return rows.list_profiles(tx)


def look_at_profile(ledger: Ledger, profile_id: str, *, by: Person) -> ProfileLook:
    """Return one version with everything that its page shows.

    Raises:
        NotPermitted: `by` may not look at profiles.
        NotFound: there is none of this id.
    """
    access.check(by, Action.READ_PORTALS)
    with ledger.read(by) as tx:
        row = _found(rows.read_profile(tx, profile_id))
        return ProfileLook(row, check_text(row.body), tuple(rows.rehearsals_of(tx, row.name)))


def upload_profile(ledger: Ledger, text: str, *, at: datetime, by: Person) -> ProfileRow:
    """Keep a text as the next version of the profile that it names; nothing uses it before it is activated.

    Raises:
        NotPermitted: `by` may not change profiles.
        FaultyProfile: it is not sound; the error holds every fault with its line.
        WrongState: this very text is the newest version already.
    """
    access.check(by, Action.EDIT_PORTALS)
    checked = check_text(text)
    profile = checked.profile
    if profile is None or not checked.is_sound:
        raise FaultyProfile(checked.faults)
    digest = sha256(text.encode()).hexdigest()
    event = AuditEvent(
        "portal:uploaded",
        f"portal:{profile.name}",
        by.id,
        {"sha256": digest, "executor": profile.executor, "hosts": ", ".join(profile.hosts)},
    )
    with ledger.deed(event, by) as deed:
        deed.execute("select pg_advisory_xact_lock(hashtext(%s))", [f"portal_profiles:{profile.name}"])
        newest = next((row for row in rows.list_profiles(deed) if row.name == profile.name), None)
        if newest is not None and newest.sha256 == digest:
            raise WrongState(f"Version {newest.version} of {profile.name} is this very text.", kept="that version.")
        made, version = rows.add_profile(
            deed, name=profile.name, executor=profile.executor, body=text, digest=digest, hosts=profile.hosts, by=by.id, at=at
        )  # fmt: skip
        deed.note(version=version)
        return _found(rows.read_profile(deed, made))


def activate_profile(ledger: Ledger, profile_id: str, *, at: datetime, by: Person) -> ProfileRow:
    """Let deliveries use a version; the one of the same name that they used until now is retired.

    Raises:
        NotPermitted: `by` may not change profiles.
        NotFound: there is none of this id.
        WrongState: it was activated before, it is not sound any more, or a machine would work there and nobody permits it.
    """
    access.check(by, Action.EDIT_PORTALS)
    with ledger.read(by) as tx:
        row = _found(rows.read_profile(tx, profile_id))
    checked = check_text(row.body)
    if checked.profile is None or not checked.is_sound:
        raise WrongState(
            f"Version {row.version} of {row.name} is not sound any more: {checked.faults[0]}.", kept="what is in use."
        )
    if lacks_basis(checked.profile):
        raise WrongState(
            f"{row.name} names nobody who permits that a machine works there.",
            kept="what is in use.",
            todo="ask the portal's office, write its words under [basis], and upload the next version.",
        )
    basis = checked.profile.basis
    facts: Mapping[str, Fact] = {
        "version": row.version,
        "sha256": row.sha256,
        "permitted_by": basis.permitted_by if basis else "",
    }
    with ledger.deed(AuditEvent("portal:activated", f"portal:{row.name}", by.id, facts), by) as deed:
        deed.execute("select pg_advisory_xact_lock(hashtext(%s))", [f"portal_profiles:{row.name}"])
        if not rows.activate_profile(deed, profile_id, by=by.id, at=at):
            raise WrongState(
                f"Version {row.version} of {row.name} was activated before.",
                kept="what is in use.",
                todo="upload it as the next version to use it again.",
            )
        return _found(rows.read_profile(deed, profile_id))


def retire_profile(ledger: Ledger, profile_id: str, *, at: datetime, by: Person) -> None:
    """Let no further delivery use a version; those under way go on with it.

    Raises:
        NotPermitted: `by` may not change profiles.
        NotFound: there is none of this id.
        WrongState: it is not in use.
    """
    access.check(by, Action.EDIT_PORTALS)
    with ledger.read(by) as tx:
        row = _found(rows.read_profile(tx, profile_id))
    event = AuditEvent("portal:retired", f"portal:{row.name}", by.id, {"version": row.version})
    with ledger.deed(event, by) as deed:
        if not rows.retire_profile(deed, profile_id, at=at):
            raise WrongState(f"Version {row.version} of {row.name} is not in use.", kept="everything as it was.")


def rehearse_profile(
    ledger: Ledger,
    profile_id: str,
    *,
    files: Sequence[tuple[str, bytes]] = (),
    fields: str = "",
    settings: Settings,
    at: datetime,
    by: Person,
) -> Rehearsed:
    """Follow a version up to its last button, without pressing it, and keep the pictures.

    The portal may keep a draft of what was filled in and uploaded: without `files`, samples of the product's own go there.

    Args:
        files: Name and bytes of each.
        fields: Lines "Label: value", as a package has them; what the recipe asks for and is missing gets a sample.

    Raises:
        NotPermitted: `by` may not change profiles.
        NotFound: there is none of this id.
        WrongState: it is not sound, or no machine works at it.
    """
    access.check(by, Action.EDIT_PORTALS)
    with ledger.read(by) as tx:
        row = _found(rows.read_profile(tx, profile_id))
    checked = check_text(row.body)
    if checked.profile is None or not checked.is_sound:
        raise WrongState(
            f"Version {row.version} of {row.name} is not sound: {checked.faults[0]}.", kept="nothing was tried."
        )
    desk = RehearsalDesk(ledger_secrets(ledger, checked.profile))
    with sample_parcel(checked.profile, files=files, fields=fields, at=at, scratch=settings.temporary) as parcel:
        done = rehearse(checked.profile, parcel, desk)
    evidence = stored(open_object_store(settings), desk.kept, limit=LARGEST_EVIDENCE)
    facts: Mapping[str, Fact] = {
        "version": row.version,
        "reached_end": done.reached_end,
        "milliseconds": int(done.seconds * 1000),
    }
    with ledger.deed(AuditEvent("portal:rehearsed", f"portal:{row.name}", by.id, facts), by) as deed:
        for path in sorted({kept["storage_path"] for kept in evidence}):
            hold_bytes(deed, path)
        rows.add_rehearsal(
            deed, profile_id, by=by.id, reached_end=done.reached_end, seconds=done.seconds, words=done.words, evidence=evidence
        )  # fmt: skip
    if done.reached_end:
        with ledger.housekeeping() as tx:
            rows.note_duration(tx, profile_id, done.seconds)
    return done


def read_rehearsal_picture(ledger: Ledger, rehearsal_id: str, position: int, *, by: Person) -> tuple[str, bytes]:
    """Return name and bytes of one thing that a rehearsal kept; positions count from 1.

    Raises:
        NotPermitted: `by` may not look at profiles.
        NotFound: there is no such rehearsal or position, or its bytes are gone.
    """
    access.check(by, Action.READ_PORTALS)
    with ledger.read(by) as tx:
        row = tx.row("select evidence from portal_rehearsals where id = as_uuid(%s)", [rehearsal_id])
    kept = row["evidence"] if row else []
    if not 1 <= position <= len(kept):
        raise NotFound("There is no such picture of a rehearsal.")
    with open_object_store().open(kept[position - 1]["storage_path"]) as stream:
        return kept[position - 1]["name"], stream.read()


def _found(row: ProfileRow | None) -> ProfileRow:
    if row is None:
        raise NotFound("There is no such portal profile.")
    return row
