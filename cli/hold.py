"""`procura hold`: legal holds, set by one and lifted by another; each deed is audited as the system's."""

from typing import Annotated

import typer

from cli.output import print_json, print_rows
from warehouse.clock import now
from warehouse.domain.retention import HOLD_WORDS, Hold, HoldKind
from warehouse.settings import current

app = typer.Typer(help="Legal holds: what is held never goes in a purge.", no_args_is_help=True, rich_markup_mode=None)
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object and nothing else.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept in the audit log.")]


@app.command("set")
def set_(
    kind: Annotated[
        HoldKind, typer.Argument(help="; ".join(f"{kind.value}: {words}" for kind, words in HOLD_WORDS.items()))
    ],
    subject: Annotated[str, typer.Argument(help="What is held: an id, a number, a part of a name.")],
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """Hold records, from now on."""
    from pipelines.administration.holds import set_hold
    from warehouse.ledger.store import open_ledger
    from warehouse.stores import open_stores

    with open_stores(current()):
        hold = set_hold(open_ledger(), kind=kind, subject=subject, reason=reason, at=now())
    told = f"Held: {hold.kind.value} {hold.subject}. Hold {hold.id}; a named person lifts it, for example on the page Admin."
    print_json(_as_json(hold)) if as_json else print(told)


@app.command()
def lift(
    hold: Annotated[str, typer.Argument(help="The hold's id, as `procura hold list` shows it.")],
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """Lift a hold that a named person has set; what this command has set, a named person lifts."""
    from pipelines.administration.holds import lift_hold
    from warehouse.ledger.store import open_ledger
    from warehouse.stores import open_stores

    with open_stores(current()):
        lifted = lift_hold(open_ledger(), hold, reason=reason, at=now())
    print_json(_as_json(lifted)) if as_json else print(f"{lifted.kind.value} {lifted.subject} is no longer held.")


@app.command("list")
def list_(
    with_lifted: Annotated[bool, typer.Option("--all", help="Lifted ones too.")] = False, as_json: AsJson = False
) -> None:
    """List the holds, the newest first."""
    from pipelines.administration.holds import list_holds
    from warehouse.ledger.store import open_ledger
    from warehouse.stores import open_stores

    with open_stores(current()):
        found = list_holds(open_ledger(), with_lifted=with_lifted)
    rows = [_as_json(hold) for hold in found]
    if as_json:
        print_json(rows)
    elif rows:
        print_rows(list(rows[0]), [list(row.values()) for row in rows])
    else:
        print("Nothing is held.")


def _as_json(hold: Hold) -> dict[str, object]:
    return vars(hold) | {"kind": hold.kind.value}
