"""`procura discover`: fetch and read one source, some, or all, into the lake; without publishing or scoring."""

from typing import Annotated

import typer

from cli.output import print_json, progress_line
from cli.state import is_held
from warehouse.errors import BadInput
from warehouse.settings import current


def discover(
    sources: Annotated[list[str] | None, typer.Argument(metavar="[SOURCE]…", help="Names of sources.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every source.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object and nothing else.")] = False,
) -> None:
    """Fetch and read sources into the lake; `procura run` also publishes and scores."""
    from assets.instance import open_instance
    from assets.orphans import settle_orphans
    from assets.passes import discover_sources
    from pipelines.discovery.connector import load_connectors
    from warehouse.stores import open_stores

    known = sorted(load_connectors())
    unknown = sorted(set(sources or ()) - set(known))
    if unknown or (not sources and not every):
        what = f"no source is named {', '.join(unknown)}." if unknown else "no source is named."
        raise BadInput(what, todo=f"name some of {', '.join(known)}, or --all.")
    settings = current()
    with progress_line() as line, open_stores(settings), open_instance(settings) as instance:
        settle_orphans(instance, nobody_serves=not is_held(settings))
        summary = discover_sources(instance, known if every else sorted(set(sources or ())), progress=line)
    if as_json:
        print_json(summary.reading())
    else:
        print(summary.in_words(is_published=False))
