"""`procura train`: learn the ranker's chances from a fit set; a developer's command, whose answer is kept with the product."""

from pathlib import Path
from typing import Annotated

import typer

from cli.output import print_json, print_rows


def train(
    directory: Annotated[Path, typer.Argument(help="A fit set with its outcomes: qrels.csv beside the two others.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Where to write; the product's own file if left out.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object and nothing else.")] = False,
) -> None:
    """Learn the ranker's chances from a fit set and say what was measured; the same set gives the same file."""
    from pipelines.qualification import chances
    from pipelines.qualification.train import train as learn

    learned = learn(directory)
    target = out or chances.KEPT
    target.write_text(learned.to_json(), encoding="utf-8")
    if as_json:
        figures = [{"what": f.what, "value": f.value, "low": f.low, "high": f.high} for f in learned.measured]
        print_json({"ranker": learned.ranker, "learned_from": learned.learned_from, "out": target, "measured": figures})
    else:
        print_rows(("figure", "value", "low", "high"), [(f.what, f.value, f.low, f.high) for f in learned.measured])
        print(f"{learned.firms:,} firms; written to {target}")
