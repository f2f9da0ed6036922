"""How near two codes are: NAICS, PSC.

Here: codes brought to one spelling, and similarity of code lists. Not here: titles (text_features.py), weights of the
kinds of evidence against each other (ranker.py).
"""

import re
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

Levels = tuple[tuple[int, float], ...]
"""Length of the common beginning -> points added."""

_NAICS: Levels = ((2, 0.2), (3, 0.2), (4, 0.2), (5, 0.2), (6, 0.7))
"""1.5 in all. Each level of the hierarchy counts the same; the exact industry counts extra, for size standards and
registrations hang on all six digits (FAR 19.102)."""

_PSC_PRODUCT: Levels = ((1, 0.3125), (2, 0.625), (4, 0.3125))
"""1.25 in all. The product group weighs most: half of the notices for parts state no more."""

_PSC_SERVICE: Levels = ((1, 0.3125), (2, 0.3125), (4, 0.625))
"""1.25 in all. A service group is wide (S2 holds guards, laundry and waste), so the full code weighs most."""


def naics_key(code: str | None) -> str:
    """Bring a NAICS code to its leading digits, at most six; empty when there are none."""
    found = re.match(r"\s*([0-9]{1,6})", code or "")
    return found.group(1) if found else ""


def psc_key(code: str | None) -> str:
    """Bring a PSC to capitals, at most four characters; empty when there are none."""
    found = re.match(r"\s*([0-9A-Z]{1,4})", (code or "").upper())
    return found.group(1) if found else ""


class Codes:
    """A column of codes, held as its distinct values and where they occur, so that each pair is compared once."""

    def __init__(self, column: Sequence[str | None], key: Callable[[str | None], str]) -> None:
        """Bring every value of `column` to one spelling by `key`."""
        spelled = {value: key(value) for value in set(column)}
        self.distinct: list[str] = sorted(set(spelled.values()))
        place = {value: index for index, value in enumerate(self.distinct)}
        self.where: NDArray[np.intp] = np.array([place[spelled[value]] for value in column], dtype=np.intp)


def naics_similarity(rows: Sequence[str], columns: Codes) -> Floats:
    """Rate how near industries are, 0 to 1.5: shape (len(rows), length of the column); 0 where a code is missing."""
    return shared_levels(rows, columns, _NAICS)


def psc_similarity(rows: Sequence[str], columns: Codes) -> Floats:
    """Rate how near products or services are, 0 to 1.25; shape as above. Services begin with a letter, products do not."""
    products = [row if row[:1].isdigit() else "" for row in rows]
    services = ["" if row[:1].isdigit() else row for row in rows]
    return shared_levels(products, columns, _PSC_PRODUCT) + shared_levels(services, columns, _PSC_SERVICE)


def shared_levels(rows: Sequence[str], columns: Codes, levels: Levels) -> Floats:
    """Add up the points of the beginnings that codes share; shape as in `naics_similarity`."""
    table = np.zeros((len(rows), len(columns.distinct)))
    for length, points in levels:
        beginnings = np.array([value[:length] for value in columns.distinct], dtype=np.str_)
        for i, row in enumerate(rows):
            if len(row) >= length:
                table[i] += points * (beginnings == row[:length])
    return table[:, columns.where]


def equality(rows: Sequence[str], columns: Codes) -> Floats:
    """Give 1 where both are stated and equal, else 0; shape as in `naics_similarity`."""
    distinct = np.array(columns.distinct, dtype=np.str_)
    table = np.array([(distinct == row) & bool(row) for row in rows], dtype=np.float64)
    return table.reshape(len(rows), -1)[:, columns.where]
