"""`procura discover`: fetch and read one source, some, or all, into the lake; without publishing or scoring."""

from datetime import datetime
from typing import Annotated

import typer

from cli.in_process import open_jobs
from cli.output import print_json
from warehouse.clock import now
from warehouse.errors import BadInput
from warehouse.settings import current, parse_as_of


def discover(
    sources: Annotated[list[str] | None, typer.Argument(metavar="[SOURCE]…", help="Names of sources.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every source.")] = False,
    since: Annotated[
        str | None,
        typer.Option(
            help="Skip files of the inbox last changed before this date, and ask sources only for what is newer;"
            " SAM.gov's daily file always holds everything that is active."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object and nothing else.")] = False,
) -> None:
    """Fetch and read sources into the lake; `procura run` also publishes and scores."""
    from assets.passes import discover_sources
    from pipelines.discovery.connector import load_connectors

    known = sorted(load_connectors())
    unknown = sorted(set(sources or ()) - set(known))
    if unknown or (not sources and not every):
        what = f"no source is named {', '.join(unknown)}." if unknown else "no source is named."
        raise BadInput(what, todo=f"name some of {', '.join(known)}, or --all.")
    wanted, bound = known if every else sorted(set(sources or ())), _instant(since)
    with open_jobs(current()) as (instance, line):
        summary = discover_sources(instance, wanted, since=bound, progress=line)
    if as_json:
        print_json(summary.reading())
    else:
        print(summary.in_words(is_published=False))


def _instant(since: str | None) -> datetime | None:
    try:
        bound = parse_as_of(since)
    except ValueError as error:
        raise BadInput(
            f"--since: {error}.", kept="nothing was read.", todo="write a date, such as 2026-04-10."
        ) from None
    if isinstance(bound, datetime) and bound > now():
        raise BadInput(f"--since: {since} has not come yet.", kept="nothing was read.", todo="write a day of the past.")
    return bound if isinstance(bound, datetime) else None
