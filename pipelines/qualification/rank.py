"""Rank the firms of a fit set: which of a pool's opportunities fit each firm's past awards best.

Here: reading a fit set, writing the run. Not here: the ranking itself (ranker.py). What a firm really won is never read.
"""

import csv
import gzip
import json
import os
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import repeat
from pathlib import Path
from typing import TypeVar

import numpy as np

from pipelines.qualification.batch import OpportunityBatch, batch_of
from pipelines.qualification.ranker import prepared_parts, similarity_to
from pipelines.qualification.text_features import build_idf
from warehouse.domain.company import CompanyProfile, PastAward
from warehouse.errors import BadInput

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class RankSummary:
    """What a run ranked: firms times opportunities is pairs, one line each in `out`."""

    firms: int
    opportunities: int
    pairs: int
    out: Path


def rank_fit_set(directory: Path, out: Path) -> RankSummary:
    """Rank every opportunity for every firm of a fit set and write firm_id, opp_id, score, probability as CSV.

    Score: similarity, higher is better. Probability stays empty: no map to chances has been fitted on outcomes.

    Args:
        directory: Holds firms.jsonl.gz and opportunities.jsonl.gz.
        out: Written whole or not at all.

    Raises:
        BadInput: a file is missing, damaged or not gzip, or a line is not as it must be; names file and line.
    """
    firms = _read(directory / "firms.jsonl.gz", _to_profile)
    batch = _to_batch(_read(directory / "opportunities.jsonl.gz", _to_columns))
    _check_unique([firm.name for firm in firms], directory / "firms.jsonl.gz", "firm_id")
    _check_unique(batch.opportunity_id, directory / "opportunities.jsonl.gz", "opp_id")
    _write(out, _ranked(firms, batch))
    return RankSummary(len(firms), len(batch), len(firms) * len(batch), out)


def _ranked(firms: Sequence[CompanyProfile], batch: OpportunityBatch) -> Iterator[tuple[str, str, float, None]]:
    """Yield the run's lines, a firm's opportunities of one part at a time."""
    idf = build_idf([*batch.title, *(award.title for firm in firms for award in firm.past_awards)])
    for part in prepared_parts(batch, idf):
        for firm in firms:
            scores = np.round(similarity_to(firm, part), 6).tolist()
            yield from zip(repeat(firm.name), part.batch.opportunity_id, scores, repeat(None), strict=False)


def _write(out: Path, lines: Iterator[tuple[str, str, float, None]]) -> None:
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
