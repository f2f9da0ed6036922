"""A fit set: firms with their past awards, opportunities, and what each firm really won later.

Here: reading it. Not here: ranking (rank.py), what is learned from the outcomes (train.py).
"""

import csv
import gzip
import hashlib
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from pipelines.qualification.batch import OpportunityBatch, batch_of
from pipelines.qualification.text_features import Idf, build_idf
from warehouse.domain.company import CompanyProfile, PastAward
from warehouse.errors import BadInput

FIRMS, OPPORTUNITIES, OUTCOMES = "firms.jsonl.gz", "opportunities.jsonl.gz", "qrels.csv"

Bools = NDArray[np.bool_]
_T = TypeVar("_T")


@dataclass(frozen=True)
class FitSet:
    """Firms, each named by its id and knowing only what it had won before, and the pool of opportunities of that time."""

    firms: Sequence[CompanyProfile]
    batch: OpportunityBatch

    @cached_property
    def idf(self) -> Idf:
        """How rare the words of its titles are: nothing of who won what."""
        return build_idf([*self.batch.title, *(award.title for firm in self.firms for award in firm.past_awards)])


def read_fit_set(directory: Path) -> FitSet:
    """Read firms and opportunities; what was won later is left unread.

    Raises:
        BadInput: a file is missing, damaged or not gzip, or a line is not as it must be; names file and line.
    """
    firms = _read(directory / FIRMS, _to_profile)
    batch = _to_batch(_read(directory / OPPORTUNITIES, _to_columns))
    _check_unique([firm.name for firm in firms], directory / FIRMS, "firm_id")
    _check_unique(batch.opportunity_id, directory / OPPORTUNITIES, "opp_id")
    return FitSet(firms, batch)


def read_outcomes(directory: Path, fit_set: FitSet) -> Bools:
    """Read who won what later: shape (firms, opportunities) of the set.

    Raises:
        BadInput: the file is missing or unreadable, or names a firm or an opportunity that the set lacks.
    """
    path = directory / OUTCOMES
    row = {firm.name: i for i, firm in enumerate(fit_set.firms)}
    column = {name: i for i, name in enumerate(fit_set.batch.opportunity_id)}
    won = np.zeros((len(row), len(column)), dtype=np.bool_)
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            for record in csv.DictReader(lines):
                won[row[record["firm_id"]], column[record["opp_id"]]] = True
    except KeyError as error:
        raise BadInput(f"{path}: {error.args[0]!r} is neither a column of it nor in the set") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{path} cannot be read: {error}", todo="name a folder that holds a fit set") from error
    return won


def hash_of_set(directory: Path) -> str:
    """Hash the three files of a set, sixteen hex digits: which set something was learned from."""
    digest = hashlib.sha256()
    for name in (FIRMS, OPPORTUNITIES, OUTCOMES):
        digest.update(hashlib.sha256((directory / name).read_bytes()).digest())
    return digest.hexdigest()[:16]


Record = Mapping[str, object]


def _read(path: Path, parse: Callable[[Record], _T]) -> list[_T]:
    """Read a file of JSON lines; a broken line stops the reading."""
    parsed: list[_T] = []
    number = 0
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    parsed.append(_parse_line(line, parse, path, number))
    except FileNotFoundError as error:
        raise BadInput(f"{path} does not exist", todo="name a folder that holds a fit set") from error
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise BadInput(f"{path}, after line {number}: cannot be read: {error}") from error
    return parsed


def _parse_line(line: str, parse: Callable[[Record], _T], path: Path, number: int) -> _T:
    try:
        record = json.loads(line)
        if not isinstance(record, dict):
            raise TypeError("not a JSON object")
        return parse(record)
    except KeyError as error:
        raise BadInput(f"{path}, line {number}: lacks {error.args[0]}") from error
    except (ValueError, TypeError, InvalidOperation) as error:
        raise BadInput(f"{path}, line {number}: {error}") from error


def _check_unique(ids: Sequence[str], path: Path, name: str) -> None:
    repeated = len(ids) - len(set(ids))
    if repeated:
        raise BadInput(f"{path}: {repeated} lines repeat a {name}", todo="give every line an id of its own")


def _id(record: Record, name: str) -> str:
    value = record[name]
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} is not a text")
    value.encode()  # half a surrogate pair, which JSON can hold and a file cannot, is refused here, where the line is known
    return value


def _text(record: Record, name: str) -> str:
    value = record.get(name)
    return "" if value is None else str(value)


def _to_columns(record: Record) -> dict[str, str]:
    return {
        "opportunity_id": _id(record, "opp_id"),
        "title": _text(record, "title"),
        "description": _text(record, "text"),
        "naics_code": _text(record, "naics"),
        "psc_code": _text(record, "psc"),
        "department": _text(record, "agency"),
        "sub_tier": _text(record, "subtier"),
        "office": _text(record, "office"),
        "set_aside_code": _text(record, "set_aside"),
        "place_state_code": _text(record, "pop_state"),
    }


def _to_batch(rows: Sequence[dict[str, str]]) -> OpportunityBatch:
    if not rows:
        return batch_of({"opportunity_id": []})
    return batch_of({name: [row[name] for row in rows] for name in rows[0]})


def _to_profile(record: Record) -> CompanyProfile:
    awards = record.get("past_awards") or []
    if not isinstance(awards, list):
        raise TypeError("past_awards is not a list")
    return CompanyProfile(name=_id(record, "firm_id"), past_awards=tuple(_to_award(award) for award in awards))


def _to_award(record: object) -> PastAward:
    if not isinstance(record, dict):
        raise TypeError("a past award is not a JSON object")
    amount, posted = record.get("amount"), _text(record, "award_posted")
    return PastAward(
        title=_text(record, "title"),
        agency=_text(record, "agency"),
        sub_tier=_text(record, "subtier"),
        naics_code=_text(record, "naics"),
        psc_code=_text(record, "psc"),
        set_aside_code=_text(record, "set_aside"),
        state_code=_text(record, "pop_state"),
        amount_usd=None if amount in (None, "") else Decimal(str(amount)),
        posted_on=date.fromisoformat(posted[:10]) if posted else None,
    )
