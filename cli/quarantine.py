"""`procura quarantine`: what could not be read, and reading it again after a mend."""

from typing import Annotated

import typer

from cli.output import print_json, print_rows
from warehouse.settings import current

app = typer.Typer(help="Records that could not be read.", no_args_is_help=True, rich_markup_mode=None)
AsJson = Annotated[bool, typer.Option("--json", help="JSON and nothing else.")]
Source = Annotated[str | None, typer.Option(help="Only this source.")]
SHOWN_BYTES = 60


@app.command("list")
def list_(
    source: Source = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest file's first.")] = 1_000,
    as_json: AsJson = False,
) -> None:
    """List what could not be read, with reason, place and bytes."""
    from warehouse.lake.connection import open_lake
    from warehouse.lake.quarantine import list_quarantine
    from warehouse.stores import open_stores

    with open_stores(current()):
        found = list_quarantine(open_lake("procura_analyst", read_only=True).cursor(), source, limit=limit)
    if as_json:
        told = ("quarantine_id", "source", "origin", "position", "line", "reason", "raw", "quarantined_at")
        print_json([{name: getattr(fault, name) for name in told} for fault in found])
    elif not found:
        print("Nothing is in quarantine.")
    else:
        rows = [
            (fault.source, fault.origin, fault.position, fault.line, fault.reason, _beginning(fault.raw))
            for fault in found
        ]
        print_rows(["source", "file", "record", "line", "reason", "begins"], rows)


@app.command()
def retry(source: Source = None, as_json: AsJson = False) -> None:
    """Read what is in quarantine again; what can be read now becomes notices."""
    from cli.upkeep import run_upkeep_job

    told = run_upkeep_job("retry_quarantined", sources=[source] if source else None)
    if as_json:
        print_json(told)
    else:
        rows = [(name, counts["tried"], counts["resolved"]) for name, counts in told.items()]
        print_rows(["source", "tried", "read now"], rows)


def _beginning(raw: bytes) -> str:
    text = bytes(raw[:SHOWN_BYTES]).decode("utf-8", "replace")
    return "".join(letter if letter.isprintable() else "·" for letter in text)
