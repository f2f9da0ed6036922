"""A slice of raw records -> notices as the lake keeps them, set-wise in DuckDB; the rules are in the SQL beside this file.

Not here: reading files (records.py), what was known before (warehouse/lake/notices.py).
"""

import functools
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.discovery.slice_reading import read_slice
from pipelines.discovery.slices import BATCH_ROWS, ReadSlice, Slice
from warehouse.domain.grants import ELIGIBILITY, FUNDING_CATEGORIES, FUNDING_INSTRUMENTS, spellings
from warehouse.domain.notice import NoticeType
from warehouse.lake.connection import quoted
from warehouse.lake.notice_engine import notice_engine, sql

SQL = Path(__file__).parent


@dataclass(frozen=True)
class Feed:
    """How the records of a feed are read.

    Attributes:
        stated: The statement that takes the fields out of a record.
        described: The statement that interprets them.
        id_of: The notice's id as an expression over a raw record.
    """

    stated: str
    described: str
    id_of: str


_GRANTS = "normalize_grants.sql"
FEEDS = {
    "bulk_csv": Feed("normalize_csv.sql", "normalize.sql", "notice_id"),
    "v2_json": Feed("normalize_v2.sql", "normalize.sql", "json_extract_string(text, '$.noticeId')"),
    "govcon_json": Feed("normalize_govcon.sql", "normalize.sql", "json_extract_string(text, '$.notice_id')"),
    "extract_xml": Feed("normalize_grants_xml.sql", _GRANTS, "trim(json_extract_string(text, '$.OpportunityID'))"),
    "search2_json": Feed("normalize_grants_hit.sql", _GRANTS, "trim(json_extract_string(text, '$.id'))"),
    "detail_json": Feed(
        "normalize_grants_detail.sql",
        _GRANTS,
        "trim(coalesce(json_extract_string(text, '$.data.id'), json_extract_string(text, '$.id')))",
    ),
    "simpler_json": Feed(
        "normalize_grants_simpler.sql",
        _GRANTS,
        "trim(coalesce(json_extract_string(text, '$.legacy_opportunity_id'), json_extract_string(text, '$.opportunity_id')))",
    ),
}

NEEDED_KEYS = [
    "title",
    "solicitationNumber",
    "fullParentPathName",
    "postedDate",
    "type",
    "baseType",
    "archiveType",
    "archiveDate",
    "typeOfSetAside",
    "typeOfSetAsideDescription",
    "responseDeadLine",
    "naicsCode",
    "naicsCodes",
    "classificationCode",
    "active",
    "award",
    "pointOfContact",
    "description",
    "officeAddress",
    "placeOfPerformance",
    "uiLink",
    "resourceLinks",
]
"""What a whole record of the API speaks of; one that does not even mention some of it erases nothing known."""

NEEDED_GOVCON_KEYS = [
    "title",
    "agency",
    "notice_type",
    "posted_date",
    "response_deadline",
    "naics",
    "psc",
    "set_aside_type",
    "solicitation_number",
    "description_text",
    "award_amount",
    "awardee_name",
    "contact_name",
    "contact_email",
    "sam_url",
    "performance_city_name",
    "performance_state_code",
]
"""The same of GovCon API, of which only the id and the title are promised."""
NEEDED = {"v2_json": NEEDED_KEYS, "govcon_json": NEEDED_GOVCON_KEYS}

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
    # Where Grants.gov says that an opportunity stands.
    "posted": NoticeType.GRANT,
    "forecasted": NoticeType.GRANT_FORECAST,
    "closed": NoticeType.GRANT_CLOSED,
    "archived": NoticeType.GRANT_CLOSED,
}
"""Spelling in lower case -> type; anything else is OTHER, with the spelling kept."""


def normalize(part: Slice, source: str) -> ReadSlice:
    """Read the fields of a slice; what is no JSON or has no notice id becomes a fault, nothing else is refused.

    Returns:
        The columns of core.notice_versions without first_seen_*, and position (bigint), record_hash (ubigint) and
        lacks_keys (the record does not even mention some field).
    """
    name = "the notice id or the title" if part.feed == "govcon_json" else "the notice id"
    return read_slice(part, lambda part: _read(part, source), id_name=name)


def record_keys(part: Slice) -> pa.Table | None:
    """Return position, notice_id and record_hash of a slice's records without reading them; None when some are no JSON."""
    notice_id = FEEDS[part.feed].id_of
    with notice_engine() as engine:
        engine.register("records", part.records)
        try:
            return engine.execute(
                f"select position, notice_id_of(line_of({notice_id})) as notice_id, {_record_hash(part)} as record_hash from records"  # noqa: S608 - constants
            ).to_arrow_table(BATCH_ROWS)
        except duckdb.InvalidInputException:
            return None


def without(part: Slice, positions: pa.Array) -> Slice:
    """Return a slice without the records at some positions."""
    return replace(part, records=part.records.filter(pc.invert(pc.is_in(part.records["position"], positions))))


def _read(part: Slice, source: str) -> pa.Table:
    with notice_engine() as engine:
        engine.register("records", part.records)
        engine.register("notice_types", _types())
        terms = {
            "$record_hash": _record_hash(part),
            **(_key_terms(part, NEEDED[part.feed]) if part.feed in NEEDED else {}),
        }
        terms["$absent"] = _lacks_columns(part)
        feed = FEEDS[part.feed]
        engine.execute(f"create temp view stated as {_filled(_statement(feed.stated), terms)}")
        described = _filled(_statement(feed.described), {"$source": quoted(source), **_code_terms()})
        engine.execute(f"create temp view described as {described}")
        return engine.execute(sql("notice_finish.sql")).to_arrow_table(BATCH_ROWS)


@functools.cache
def _statement(name: str) -> str:
    return (SQL / name).read_text(encoding="utf-8")


@functools.cache
def _reader_id() -> str:
    """Name the rules by which records are read: when they change, no record counts as read before."""
    rules = [
        *map(_statement, sorted({name for feed in FEEDS.values() for name in (feed.stated, feed.described)})),
        *_code_terms().values(),
        *map(sql, ("notice_macros.sql", "notice_finish.sql")),
    ]
    return sha256("".join(rules).encode()).hexdigest()[:16]


def _filled(statement: str, terms: Mapping[str, str]) -> str:
    """Put constants into a statement: a view takes no parameters."""
    for name, term in terms.items():
        statement = statement.replace(name, term)
    return statement


def _key_terms(part: Slice, needed: Sequence[str]) -> dict[str, str]:
    """Return the keys that a whole record has, those of the slice's first record, and whether it lacks one."""
    first: list[str] = []
    if part.records.num_rows:
        with suppress(ValueError):
            record = json.loads(part.records["text"][0].as_py())
            first = list(record) if isinstance(record, dict) else []
    lacks = str(not set(needed) <= set(first)).lower()
    return {"$first_keys": _list(first), "$first_lacks": lacks, "$needed_keys": _list(needed)}


@functools.cache
def _code_terms() -> dict[str, str]:
    """Return the codes of grants as maps from a spelling to the code it means."""
    kinds = {"$eligibility": ELIGIBILITY, "$categories": FUNDING_CATEGORIES, "$instruments": FUNDING_INSTRUMENTS}
    pairs = {name: spellings(codes).items() for name, codes in kinds.items()}
    return {
        name: f"map {{{', '.join(f'{quoted(word)}: {quoted(code)}' for word, code in found)}}}"
        for name, found in pairs.items()
    }


def _list(words: Sequence[str]) -> str:
    return f"cast([{', '.join(map(quoted, words))}] as varchar[])"


def _record_hash(part: Slice) -> str:
    """Return the expression for the hash of a raw record, with feed and reader; a null column is a lacking one."""
    raw = [name for name in part.records.column_names if name not in {"position", "reading_flags"}]
    return f"hash({', '.join([quoted(part.feed), quoted(_reader_id()), *raw])})"


def _types() -> pa.Table:
    return pa.table({"spelling": list(NOTICE_TYPES), "notice_type": [kind.value for kind in NOTICE_TYPES.values()]})


def _lacks_columns(part: Slice) -> str:
    """Say whether the file itself lacks columns: then none of its records speaks of them."""
    empty = any(part.records.schema.field(name).type == pa.null() for name in part.records.column_names)
    return "true" if empty else "false"
