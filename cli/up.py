"""`procura up`: everything, in a safe order, until Ctrl-C. The command; its story is serving.py."""

import secrets
from datetime import datetime
from typing import Annotated

import typer

from warehouse.errors import BadInput
from warehouse.settings import Settings, current, parse_as_of


def up(
    as_of: Annotated[str | None, typer.Option(help="Look at the world as of this date or instant.")] = None,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Prepare everything, run once, then end.")] = False,
    dagster_write: Annotated[
        bool, typer.Option("--dagster-write", help="Let whoever has the printed address start runs in Dagster's pages.")
    ] = False,
) -> None:
    """Start everything and keep it running; Ctrl-C ends all of it."""
    from cli.serving import Serving

    settings = with_as_of(current(), as_of)
    serving = Serving(settings, dagster_key=secrets.token_urlsafe(24) if dagster_write else None)
    raise typer.Exit(serving.run_once() if no_serve else serving.serve())


def with_as_of(settings: Settings, as_of: str | None) -> Settings:
    """Return the settings with another instant to look at the world from.

    Raises:
        BadInput: it is neither a date nor an instant.
    """
    if as_of is None:
        return settings
    try:
        moment = parse_as_of(as_of)
    except ValueError as error:
        raise BadInput(f"--as-of: {error}.", todo="write a date, such as 2026-04-10.") from None
    return settings.model_copy(update={"as_of": moment if isinstance(moment, datetime) else None})
