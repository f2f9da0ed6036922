"""`procura run`: the main job once, discover to marts, in this process; Dagster's pages show it too."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.in_process import open_jobs
from cli.output import print_json
from cli.up import with_as_of
from warehouse.errors import BadInput
from warehouse.settings import current


def run(
    inbox: Annotated[
        Path | None,
        typer.Option(help="Read DIR/<source>/… instead of the home's inbox and the network; never changed."),
    ] = None,
    as_of: Annotated[str | None, typer.Option(help="Look at the world as of this date or instant.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object and nothing else.")] = False,
) -> None:
    """Discover, normalise, publish, score and refresh the marts, once."""
    settings = current()
    moment: datetime | None = with_as_of(settings, as_of).as_of
    if inbox is not None and not inbox.is_dir():
        raise BadInput(f"--inbox: {inbox} is no folder.", kept="nothing was read.")
    from assets.passes import run_passes

    with open_jobs(settings) as (instance, line):
        summary = run_passes(instance, as_of=moment, inbox=inbox, progress=line)
    if as_json:
        print_json(summary.as_json())
    else:
        print(summary.in_words())
