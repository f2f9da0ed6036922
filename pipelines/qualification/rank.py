"""Rank the firms of a fit set: which of a pool's opportunities fit each firm's past awards best.

Here: writing the run. Not here: reading the set (fit_set.py), the ranking itself (ranker.py), the chances (chances.py).
What a firm really won is never read.
"""

import csv
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.qualification.chances import kept_chances
from pipelines.qualification.fit_set import FitSet, read_fit_set
from pipelines.qualification.ranker import prepared_parts, similarity_to
from warehouse.errors import BadInput

Line = tuple[str, str, float, float | None]


@dataclass(frozen=True, slots=True)
class RankSummary:
    """What a run ranked: firms times opportunities is pairs, one line each in `out`."""

    firms: int
    opportunities: int
    pairs: int
    out: Path


def rank_fit_set(directory: Path, out: Path) -> RankSummary:
    """Rank every opportunity for every firm of a fit set and write firm_id, opp_id, score, probability as CSV.

    Score: similarity, higher is better. Probability: what came of notices as like as this one (chances.py); empty where
    none was learned for this ranker.

    Args:
        directory: Holds firms.jsonl.gz and opportunities.jsonl.gz.
        out: Written whole or not at all.

    Raises:
        BadInput: a file is missing, damaged or not gzip, or a line is not as it must be; names file and line.
    """
    fit_set = read_fit_set(directory)
    firms, opportunities = len(fit_set.firms), len(fit_set.batch)
    _write(out, _ranked(fit_set))
    return RankSummary(firms, opportunities, firms * opportunities, out)


def _ranked(fit_set: FitSet) -> Iterator[Line]:
    """Yield the run's lines, a firm's opportunities of one part at a time."""
    for part in prepared_parts(fit_set.batch, fit_set.idf):
        for firm in fit_set.firms:
            scores = np.round(similarity_to(firm, part), 6)
            yield from zip(
                repeat(firm.name), part.batch.opportunity_id, scores.tolist(), _chances(scores), strict=False
            )


def _chances(scores: NDArray[np.float64]) -> Sequence[float | None]:
    chances = kept_chances()
    return [None] * len(scores) if chances is None else np.round(chances.steps.of(scores), 6).tolist()


def _write(out: Path, lines: Iterator[Line]) -> None:
    """Write beside `out` and rename, so that no half-written run is ever seen."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{out.name}.", dir=out.parent)
    except OSError as error:
        raise BadInput(
            f"{out} cannot be written: {error.strerror}", todo="name a file in a folder that exists"
        ) from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("firm_id", "opp_id", "score", "probability"))
            writer.writerows(lines)
        Path(name).replace(out)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
