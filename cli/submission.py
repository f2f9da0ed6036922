"""`procura submission`: offers as the operator at the machine sees them, and their proof. Deeds on an offer are people's."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.output import print_json, print_rows
from warehouse.clock import now
from warehouse.settings import current

if TYPE_CHECKING:
    from pipelines.submission.package import PackageLook

app = typer.Typer(help="Offers and their packages.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def submission() -> None:
    """Offers and their packages."""


@app.command()
def show(
    submission_id: Annotated[
        str, typer.Argument(metavar="ID", help="The offer's id, as the address of its workspace has it.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object and nothing else.")] = False,
) -> None:
    """Show an offer's state, its package with hashes, and what its gates say now."""
    from pipelines.submission.package import look_at_package
    from warehouse.ledger.store import open_ledger
    from warehouse.stores import open_stores

    with open_stores(current()):
        look = look_at_package(open_ledger(), submission_id, at=now())
    print_json(_as_json(look)) if as_json else _print(look)


def _as_json(look: "PackageLook") -> dict[str, Any]:
    of = look.state.submission
    return {
        "id": of.id,
        "opportunity_id": of.opportunity_id,
        "solicitation_number": of.solicitation_number,
        "label": of.label,
        "title": of.title,
        "owner": of.owner_email,
        "status": of.status.value,
        "approval_status": of.approval_status.value,
        "version": of.version,
        "due_at": of.due_date,
        "safe_at": of.safe_deadline_at,
        "closed_at": of.closed_at,
        "executor": of.executor,
        "is_ready": all(gate.passed for gate in look.gates),
        "gates": [vars(gate) for gate in look.gates],
        "package": {
            "sha256": look.hash,
            "bytes": look.state.total_bytes,
            "limit_bytes": look.state.total_limit,
            "files": [_file(place, packed) for place, packed in enumerate(look.state.packed, 1)],
        },
        "manifests": [
            {
                "number": sent.number, "id": sent.id, "sha256": sent.hash, "made_at": sent.made_at,
                "is_present": sent.id == of.manifest_id, "frozen_at": sent.frozen_at, "voided_at": sent.voided_at,
                "void_reason": sent.void_reason,
            }
            for sent in look.sent
        ],
    }  # fmt: skip


def _file(place: int, packed: Any) -> dict[str, Any]:
    file = packed.file
    return {
        "position": place,
        "name": packed.name,
        "volume": packed.item.volume,
        "pages": packed.pages,
        "version": file.version if file else None,
        "bytes": file.size_bytes if file else None,
        "sha256": file.sha256 if file else None,
        "scan_status": file.scan_status.value if file else "removed",
    }


def _print(look: "PackageLook") -> None:
    told = _as_json(look)
    print(f"{told['title']} · {told['solicitation_number'] or 'no number'} · {told['label']}")
    print(f"{told['status']}, approval {told['approval_status']}, version {told['version']}, owner {told['owner']}")
    print(f"package {look.hash}" + ("" if look.present is None else f", sent as {look.present.hash}"))
    files = told["package"]["files"]
    if files:
        print_rows(list(files[0]), [list(file.values()) for file in files])
    print_rows(
        ["gate", "says", "reason"],
        [[gate.name, "yes" if gate.passed else "no", gate.reason] for gate in look.gates],
    )


@app.command()
def proof(
    submission_id: Annotated[
        str, typer.Argument(metavar="ID", help="The offer's id, as the address of its workspace has it.")
    ],
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A new or empty folder; else proof-ID where you are.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object and nothing else.")] = False,
) -> None:
    """Write the proof of a delivery into a folder: what was signed, what went out, what came back, and a verifier."""
    from pipelines.submission.proof import write_proof
    from warehouse.ledger.store import open_ledger
    from warehouse.stores import open_stores

    settings = current()
    folder = (out or Path(f"proof-{submission_id}")).expanduser().absolute()
    with open_stores(settings):
        made = write_proof(open_ledger(), settings, submission_id, folder, at=now())
    if as_json:
        print_json({**vars(made), "folder": str(made.folder)})
        return
    receipt = (
        f"The office's receipt is {made.receipt}." if made.receipt else "There is no receipt: it was not delivered."
    )
    print(
        f"{receipt} The proof is in {folder}: {made.records} records of the log, signed up to record {made.covered:,}."
    )
    print("Verify it there, with the public key from another way (procura audit public-key):")
    print(f"  python3 -I {folder / 'verify_submission.py'} {folder} --public-key FILE")
