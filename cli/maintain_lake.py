"""`procura maintain-lake`: the lake's files in good order now; every night it happens by itself."""

from typing import Annotated

import typer

from cli.output import print_json


def maintain_lake(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object and nothing else.")] = False,
) -> None:
    """Merge small files, end older snapshots, delete what nothing needs; what the lake says stays the same."""
    from cli.upkeep import run_upkeep_job

    told = run_upkeep_job("maintain_lake")
    if as_json:
        print_json(told)
    else:
        print(
            f"{told['files_before']:,} files of {told['bytes_before'] / 1e6:,.1f} MB are {told['files_after']:,} of"
            f" {told['bytes_after'] / 1e6:,.1f} MB now; {told['snapshots_ended']:,} older states ended,"
            f" {told['files_deleted']:,} files deleted."
        )
