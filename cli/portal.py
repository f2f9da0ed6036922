"""`procura portal`: profiles of portals as files: checked, rehearsed up to the last button, and their credentials sealed.

Uploading and activating a profile is a person's deed, on the page Portal profiles.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.output import print_json, print_rows
from cli.secret_input import read_secret
from warehouse.clock import now
from warehouse.errors import BadInput, NotFound
from warehouse.settings import current

if TYPE_CHECKING:
    from pipelines.submission.portals.check import CheckedProfile
    from pipelines.submission.portals.profile import PortalProfile
    from pipelines.submission.portals.rehearsal import Rehearsed

app = typer.Typer(help="Profiles of portals.", no_args_is_help=True, rich_markup_mode=None)
AsJson = Annotated[bool, typer.Option("--json", help="JSON and nothing else.")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="The profile, a TOML file (docs/portal-profiles.md).")]


@app.callback()
def portal() -> None:
    """Profiles of portals."""


@app.command()
def check(file: File, as_json: AsJson = False) -> None:
    """Check a profile: every fault with its line; exit 0 when it is sound."""
    checked = _checked(file)
    if as_json:
        print_json(_as_json(file, checked))
    else:
        for fault in checked.faults:
            print(f"{file.name}:{fault}" + (" (warning)" if fault.is_warning else ""))
        if checked.is_sound and checked.profile is not None:
            print(
                f"{file.name}: sound; {checked.profile.title}, {checked.profile.executor}, {', '.join(checked.profile.hosts)}"
            )
    raise typer.Exit(0 if checked.is_sound else 1)


@app.command()
def rehearse(
    file: File,
    *,
    files: Annotated[
        list[Path] | None,
        typer.Option("--files", help="A file to upload, repeatable; else samples of the product's own."),
    ] = None,
    offer: Annotated[str, typer.Option(help="Take the package of this offer as it is now, by its id.")] = "",
    field: Annotated[list[str] | None, typer.Option(help='What the forms ask for, repeatable: "Label: value".')] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where pictures and pages go; else into the home's rehearsals folder.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Follow a profile up to its last button, without pressing it, and keep pictures; exit 0 when it was reached.

    What is filled in and uploaded reaches the portal, which may keep a draft of it.
    """
    from pipelines.submission.portals.rehearsal import RehearsalDesk, ledger_secrets, rehearse, sample_parcel
    from warehouse.ledger.store import open_ledger
    from warehouse.stores import open_stores

    checked = _checked(file)
    profile = checked.profile
    if profile is None or not checked.is_sound:
        raise BadInput(
            f"{file.name} is not sound.", kept="nothing was tried.", todo=f"`procura portal check {file}` says where."
        )
    settings, at = current(), now()
    with open_stores(settings):
        ledger = open_ledger()
        given, lines = _package_of(offer) if offer else (_read(files or []), "")
        desk = RehearsalDesk(ledger_secrets(ledger, profile), tell=lambda words: print(words, file=sys.stderr))
        asked = "\n".join([lines, *(field or [])]).strip()
        with sample_parcel(profile, files=given, fields=asked, at=at, scratch=settings.temporary) as parcel:
            done = rehearse(profile, parcel, desk)
        if done.reached_end:
            _note(file, done)
    folder = out or settings.resolved_home / "rehearsals" / f"{profile.name}-{at:%Y%m%dT%H%M%S}"
    _write(folder, done)
    _tell(profile, done, folder, as_json=as_json)
    raise typer.Exit(0 if done.reached_end else 1)


@app.command("set-credential")
def set_credential(
    portal_name: Annotated[str, typer.Argument(metavar="PORTAL", help="The profile's name.")],
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Which credential, as the profile names it: user, password.")
    ],
    file: Annotated[
        Path | None, typer.Option("--file", help="Read it from this file; else it is asked for, or read from a pipe.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Seal a credential of a portal. It never is an argument: the list of processes would show it."""
    from pipelines.administration.credentials import set_credential
    from pipelines.submission.portals.credentials import connector_of
    from pipelines.submission.portals.profile import CREDENTIAL, NAME
    from warehouse.domain.credential import CredentialNeed
    from warehouse.ledger.store import open_ledger
    from warehouse.stores import open_stores

    if not NAME.fullmatch(portal_name) or not CREDENTIAL.fullmatch(name):
        raise BadInput(
            f"{portal_name} {name} is no portal and credential.",
            todo="take the profile's name and one of its credentials.",
        )
    need = CredentialNeed(connector_of(portal_name), name, f"{portal_name}: {name}", "")
    secret = read_secret(file, need.title)
    with open_stores(current()):
        set_credential(open_ledger("procura_app"), need, secret, at=now())
    said = {"portal": portal_name, "name": name, "is_set": True}
    print_json(said) if as_json else print(f"{need.title} is set.")


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the uploaded profiles, version by version."""
    from warehouse.ledger.portal_profiles import list_profiles
    from warehouse.ledger.store import open_ledger
    from warehouse.stores import open_stores

    with open_stores(current()), open_ledger().read() as tx:
        rows = [
            {
                "name": row.name, "version": row.version, "executor": row.executor, "hosts": ", ".join(row.hosts),
                "state": "in use" if row.is_active else "retired" if row.retired_at else "uploaded",
                "uploaded_by": row.uploaded_by, "uploaded_at": row.uploaded_at, "measured_seconds": row.measured_seconds,
                "sha256": row.sha256,
            }
            for row in list_profiles(tx)
        ]  # fmt: skip
    if as_json:
        print_json(rows)
    elif rows:
        print_rows(list(rows[0]), [list(row.values()) for row in rows])
    else:
        print("No profile was uploaded yet.")


def _checked(file: Path) -> "CheckedProfile":
    from pipelines.submission.portals.check import check_text

    try:
        return check_text(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        what = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise BadInput(f"the file {file} cannot be read: {what}.") from None


def _as_json(file: Path, checked: "CheckedProfile") -> dict[str, Any]:
    profile = checked.profile
    return {
        "file": str(file),
        "is_sound": checked.is_sound,
        "may_be_activated": checked.may_be_activated,
        "name": profile.name if profile else None,
        "executor": profile.executor if profile else None,
        "hosts": list(profile.hosts) if profile else [],
        "credentials": list(profile.credentials) if profile else [],
        "faults": [vars(fault) for fault in checked.faults],
    }


def _read(files: Sequence[Path]) -> list[tuple[str, bytes]]:
    try:
        return [(file.name, file.read_bytes()) for file in files]
    except OSError as error:
        raise BadInput(
            f"the file {error.filename} cannot be read: {error.strerror}.", kept="nothing was tried."
        ) from None


def _package_of(submission_id: str) -> tuple[list[tuple[str, bytes]], str]:
    """Return the files of an offer's package as it is now, and the lines that its forms ask for."""
    from pipelines.submission.package import look_at_package
    from warehouse.ledger.store import open_ledger
    from warehouse.object_store import open_object_store

    look, store = look_at_package(open_ledger(), submission_id, at=now()), open_object_store()
    files = []
    for packed in look.state.packed:
        if packed.file is None:
            raise NotFound(f"{packed.name} was removed from the offer.", kept="nothing was tried.")
        with store.open(packed.file.storage_path) as stream:
            files.append((packed.name, stream.read()))
    fields = look.state.submission.delivery.get("fields")
    return files, str(fields.get("entries", "")) if isinstance(fields, dict) else ""


def _note(file: Path, done: "Rehearsed") -> None:
    """Remember how long it took, where this very text was uploaded."""
    from hashlib import sha256

    from warehouse.ledger.portal_profiles import list_profiles, note_duration
    from warehouse.ledger.store import open_ledger

    digest = sha256(file.read_bytes()).hexdigest()
    with open_ledger().housekeeping() as tx:
        for row in list_profiles(tx):
            if row.sha256 == digest:
                note_duration(tx, row.id, done.seconds)


def _write(folder: Path, done: "Rehearsed") -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for number, kept in enumerate(done.kept, 1):
        (folder / f"{number:03d} {kept.name}").write_bytes(kept.data)


def _tell(profile: "PortalProfile", done: "Rehearsed", folder: Path, *, as_json: bool) -> None:
    if as_json:
        print_json({
            "profile": profile.name, "reached_end": done.reached_end, "seconds": round(done.seconds, 3), "words": done.words,
            "steps": [{"words": words, "is_fault": is_fault} for words, is_fault in done.steps],
            "folder": str(folder), "kept": [kept.name for kept in done.kept],
        })  # fmt: skip
    else:
        print(f"{done.words}\n{done.seconds:.1f} seconds, {len(done.kept)} pictures and pages in {folder}")
