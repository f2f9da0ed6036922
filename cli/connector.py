"""`procura connector`: the credentials of sources, by whoever may read the home; secrets by prompt, file or pipe only."""

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import print_json, print_rows
from cli.secret_input import read_secret
from warehouse.clock import now
from warehouse.errors import BadInput
from warehouse.settings import current, parse_as_of

if TYPE_CHECKING:
    from pipelines.administration.credentials import Credential

app = typer.Typer(help="Credentials of sources.", no_args_is_help=True, rich_markup_mode=None)
AsJson = Annotated[bool, typer.Option("--json", help="JSON and nothing else.")]
Name = Annotated[str, typer.Argument(help="The source, as `connector list` names it.")]
Field = Annotated[str, typer.Option(help="Which of its secrets.")]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List what each source takes: whether it is set, whether it works, until when. Never a secret."""
    from pipelines.administration.credentials import list_credentials
    from pipelines.discovery.credential_check import credential_needs
    from warehouse.ledger.store import open_ledger
    from warehouse.stores import open_stores

    with open_stores(current()):
        found = list_credentials(open_ledger("procura_app"), credential_needs(), at=now())
    told = [_told(one) for one in found]
    if as_json:
        print_json(told)
    else:
        print_rows(list(told[0]), [list(row.values()) for row in told])


@app.command("set-key")
def set_key(
    name: Name,
    field: Field = "api_key",
    file: Annotated[
        Path | None, typer.Option("--file", help="Read it from this file; else it is asked for, or read from a pipe.")
    ] = None,
    expires: Annotated[
        str | None, typer.Option(help="When the source ends it (a date); else as long as the source lets one live.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Seal a source's key. It never is an argument: the list of processes would show it."""
    from pipelines.administration.credentials import set_credential
    from pipelines.discovery.credential_check import need_of
    from warehouse.ledger.store import open_ledger
    from warehouse.stores import open_stores

    need, expires_at = need_of(name, field), _expiry(expires)
    secret = read_secret(file, need.title)
    with open_stores(current()):
        found = set_credential(open_ledger("procura_app"), need, secret, expires_at=expires_at, at=now())
    until = f", until {found.expires_at.day} {found.expires_at:%b %Y}" if found.expires_at else ""
    print_json(_told(found)) if as_json else print(
        f"{need.title} is set{until}. `procura connector test {name}` tries it."
    )
    if current().given_credential(name, field) is not None and not as_json:
        print(f"But PROCURA_{name.upper()}_{field.upper()} is set, and wins.", file=sys.stderr)


@app.command("remove-key")
def remove_key(name: Name, field: Field = "api_key", as_json: AsJson = False) -> None:
    """Forget a source's key."""
    from pipelines.administration.credentials import remove_credential
    from pipelines.discovery.credential_check import need_of
    from warehouse.ledger.store import open_ledger
    from warehouse.stores import open_stores

    need = need_of(name, field)
    with open_stores(current()):
        remove_credential(open_ledger("procura_app"), need, at=now())
    print_json({"connector": name, "field": field, "is_set": False}) if as_json else print(f"{need.title} is removed.")


@app.command("test")
def try_key(name: Name, field: Field = "api_key", as_json: AsJson = False) -> None:
    """Ask the source once with its key; exit 0 when it works."""
    from pipelines.discovery.credential_check import check_credential
    from warehouse.ledger.store import open_ledger
    from warehouse.stores import open_stores

    with open_stores(current()):
        answer = check_credential(open_ledger("procura_app"), name, field, at=now())
    if as_json:
        print_json({"connector": name, "field": field, "outcome": answer.outcome.value, "words": answer.words})
    else:
        print(answer.words)
    raise typer.Exit(0 if answer.outcome == "works" else 1)


def _told(one: "Credential") -> dict[str, object]:
    return {
        "connector": one.need.connector,
        "field": one.need.field,
        "is_set": one.is_set,
        "origin": one.origin,
        "status": one.judgement.status.value if one.judgement else None,
        "reason": one.judgement.reason if one.judgement else "",
        "set_at": one.set_at,
        "expires_at": one.expires_at,
        "last_used_at": one.last_used_at,
        "last_failed_at": one.last_failed_at,
    }


def _expiry(text: str | None) -> datetime | None:
    try:
        found = parse_as_of(text)
    except ValueError as error:
        raise BadInput(f"--expires: {error}.", kept="nothing was changed.") from None
    return found if isinstance(found, datetime) else None
