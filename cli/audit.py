"""`procura audit …`: verify the log, export it for an outsider, sign it, hand out the public key."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import print_json, progress_line
from warehouse.clock import now
from warehouse.errors import AuditBroken
from warehouse.settings import current

if TYPE_CHECKING:
    from warehouse.audit.checkpoint import Checkpoint
    from warehouse.audit.verdict import Verdict

app = typer.Typer(no_args_is_help=True, help="The audit log: verify, export, sign.")
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object and nothing else.")]


@app.command()
def verify(
    since_last: Annotated[
        bool, typer.Option("--since-last", help="Only what was appended since the log last held.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Verify every record, every checkpoint and the second place; exit 0 only when all holds."""
    from pipelines.administration.audit_log import verify_audit_log
    from warehouse.ledger.store import open_ledger
    from warehouse.stores import open_stores

    settings = current()
    with open_stores(settings), progress_line() as line:
        verdict = verify_audit_log(
            open_ledger(),
            settings,
            at=now(),
            since_last=since_last,
            processes=True,
            progress=lambda done, total: line("records", done, total),
        )
    print_json(_told(verdict)) if as_json else print("\n".join(_words(verdict)))
    raise typer.Exit(0 if verdict.holds else 1)


def _told(verdict: "Verdict") -> dict[str, object]:
    return {
        "holds": verdict.holds, "records": verdict.records, "checked": verdict.checked,
        "checkpoints": verdict.checkpoints, "covered": verdict.covered, "position": verdict.position,
        "first_fault": verdict.first_fault,
        "faults": [{"position": fault.position, "what": fault.what} for fault in verdict.faults],
    }  # fmt: skip


def _words(verdict: "Verdict") -> list[str]:
    if verdict.holds:
        return [
            f"The audit log holds: {verdict.records:,} records ({verdict.checked:,} looked at now),"
            f" {verdict.checkpoints:,} checkpoints; signed up to record {verdict.covered:,}."
        ]
    return ["The audit log does NOT hold.", *(f"  {fault.what}" for fault in verdict.faults)]


@app.command()
def export(
    out: Annotated[Path, typer.Option(help="A new or empty folder.")],
    as_json: AsJson = False,
) -> None:
    """Write the log, its checkpoints and a verifier that needs nothing of ours into a folder."""
    from pipelines.administration.audit_log import export_audit_log
    from warehouse.ledger.store import open_ledger
    from warehouse.stores import open_stores

    settings, folder = current(), out.expanduser().absolute()
    with open_stores(settings):
        newest = export_audit_log(open_ledger(), settings, folder, at=now())
    if as_json:
        print_json({"out": str(folder)} | _facts(newest))
        return
    print(f"{newest.size:,} records are in {folder}. Verify them there, with the public key from another way:")
    print(f"  python3 -I {folder / 'verify_audit.py'} {folder} --public-key FILE")


@app.command()
def checkpoint(as_json: AsJson = False) -> None:
    """Sign what the log holds now, here and in the second place."""
    from pipelines.administration.audit_log import sign_log
    from warehouse.audit.witness import faults
    from warehouse.ledger.store import open_ledger
    from warehouse.stores import open_stores

    settings = current()
    with open_stores(settings):
        newest = sign_log(open_ledger(), settings, at=now())
    failing = faults(settings)
    if as_json:
        print_json((_facts(newest) if newest else {"size": 0}) | {"failing": failing})
    elif newest is None:
        print("The audit log is empty: there is nothing to sign.")
    else:
        print(newest.note, end="")
    if failing:
        raise AuditBroken(" ".join(failing), kept="the checkpoint in the ledger; it is brought there later by itself.")


def _facts(newest: "Checkpoint") -> dict[str, object]:
    return {"size": newest.size, "root": newest.root.hex(), "written_at": newest.written_at, "note": newest.note}


@app.command("public-key")
def public_key(
    out: Annotated[Path | None, typer.Option(help="A file to write it to; else it is printed.")] = None,
) -> None:
    """Print the public half of the key that signs checkpoints, to be handed out apart from any export."""
    from warehouse.audit.verify import public_key as key_of

    line = f"{key_of(current())}\n"
    if out is None:
        print(line, end="")
    else:
        out.write_text(line, encoding="utf-8")


@app.command(hidden=True)
def watch() -> None:
    """Sign while `procura up` runs: its own process, so that it needs neither the app nor Dagster."""
    from cli.audit_watch import watch_log

    watch_log(current())
