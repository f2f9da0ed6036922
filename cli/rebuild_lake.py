"""`procura rebuild-lake`: the lake again from the landing alone."""

from typing import Annotated

import typer

from cli.output import print_json


def rebuild_lake(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object and nothing else.")] = False,
) -> None:
    """Make the lake again from the landing alone; opportunities, scores and marts follow with the next run."""
    from cli.upkeep import run_upkeep_job

    told = run_upkeep_job("rebuild_lake")
    if as_json:
        print_json(told)
    else:
        print(
            f"{told['landed']:,} records read again: {told['accepted']:,} accepted, {told['versions']:,} versions,"
            f" {told['quarantined']:,} in quarantine. `procura run` brings opportunities and marts up to date."
        )
