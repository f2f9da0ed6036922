"""A slice of raw records -> notices as the lake keeps them, set-wise in DuckDB; the rules are in the SQL beside this file.

Not here: reading files (records.py), what was known before (warehouse/lake/notices.py).
"""

from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.discovery.json_records import BATCH_ROWS, set_invalid_aside
from pipelines.discovery.slices import Slice
from warehouse.domain.notice import NoticeType
from warehouse.lake.notice_engine import notice_engine, sql
from warehouse.lake.quarantine import Fault

SQL = Path(__file__).parent
STATED = {"bulk_csv": "normalize_csv.sql", "v2_json": "normalize_v2.sql"}

NOTICE_TYPES: dict[str, NoticeType] = {
    **{kind.value.lower(): kind for kind in NoticeType},
    # The API's letters, and spellings of older answers.
    "u": NoticeType.JUSTIFICATION,
    "p": NoticeType.PRESOLICITATION,
    "a": NoticeType.AWARD,
    "r": NoticeType.SOURCES_SOUGHT,
    "s": NoticeType.SPECIAL_NOTICE,
    "o": NoticeType.SOLICITATION,
    "g": NoticeType.SURPLUS_SALE,
    "k": NoticeType.COMBINED,
    "i": NoticeType.BUNDLE,
    "justification (j&a)": NoticeType.JUSTIFICATION,
    "justification and approval": NoticeType.JUSTIFICATION,
    "intent to bundle requirements (dod-funded)": NoticeType.BUNDLE,
    "pre solicitation": NoticeType.PRESOLICITATION,
}
"""Spelling in lower case -> type; anything else is OTHER, with the spelling kept."""


@dataclass(frozen=True)
class Notices:
    """What a slice says.

    `rows` holds the columns of core.notice_versions without first_seen_*, and position (bigint) and lacks_keys (the
    record does not even mention some field). `faults` are the slice's own and those found here.
    """

    rows: pa.Table
    faults: tuple[Fault, ...]


def normalize(part: Slice, source: str) -> Notices:
    """Read the fields of a slice; what is no JSON or has no notice id becomes a fault, nothing else is refused."""
    try:
        rows = _read(part, source)
    except duckdb.InvalidInputException:
        part = set_invalid_aside(part)
        rows = _read(part, source)
    lacking = rows.filter(rows["lacks_id"])["position"].to_pylist()
    if lacking:
        rows = rows.filter(pc.invert(rows["lacks_id"]))
    faults = [_fault(part, position) for position in lacking]
    ordered = tuple(sorted((*part.faults, *faults), key=lambda fault: fault.position))
    return Notices(rows.drop_columns("lacks_id"), ordered)


def _read(part: Slice, source: str) -> pa.Table:
    with notice_engine() as engine:
        engine.register("records", part.records)
        engine.register("notice_types", _types())
        stated = (SQL / STATED[part.feed]).read_text(encoding="utf-8").replace("$absent", _lacks_columns(part))
        engine.execute(f"create temp view stated as {stated}")
        described = (SQL / "normalize.sql").read_text(encoding="utf-8").replace("$source", f"'{source}'")
        engine.execute(f"create temp view described as {described}")
        return engine.execute(sql("notice_finish.sql")).to_arrow_table(BATCH_ROWS)


def _types() -> pa.Table:
    return pa.table({"spelling": list(NOTICE_TYPES), "notice_type": [kind.value for kind in NOTICE_TYPES.values()]})


def _lacks_columns(part: Slice) -> str:
    """Say whether the file itself lacks columns: then none of its records speaks of them."""
    empty = any(part.records.schema.field(name).type == pa.null() for name in part.records.column_names)
    return "true" if empty else "false"


def _fault(part: Slice, position: int) -> Fault:
    line, raw = part.locate(position)
    reason = "the notice id is missing or empty" if raw.lstrip()[:1] == b"{" else "it is JSON, but no record"
    return Fault(position, line, reason, raw)
