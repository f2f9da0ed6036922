"""`procura rank`: rank the firms of a fit set, for whoever wants to judge the ranker."""

from pathlib import Path
from typing import Annotated

import typer

from cli.output import print_json


def rank(
    directory: Annotated[Path, typer.Argument(help="A fit set: firms.jsonl.gz and opportunities.jsonl.gz.")],
    out: Annotated[Path, typer.Option("--out", help="The run file to write: firm_id, opp_id, score, probability.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object and nothing else.")] = False,
) -> None:
    """Rank every opportunity of a fit set for every firm of it."""
    from pipelines.qualification.rank import rank_fit_set

    summary = rank_fit_set(directory, out)
    told = {"firms": summary.firms, "opportunities": summary.opportunities, "pairs": summary.pairs, "out": str(out)}
    if as_json:
        print_json(told)
    else:
        print(f"{summary.firms:,} firms x {summary.opportunities:,} opportunities: {summary.pairs:,} lines in {out}")
