"""A slice of raw records -> notices as the lake keeps them, set-wise in DuckDB; the rules are in the SQL beside this file.

Not here: reading files (records.py), what was known before (warehouse/lake/notices.py).
"""

import functools
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.discovery.notice_feed import NoticeFeed
from pipelines.discovery.slice_reading import NO_JSON, read_slice
from pipelines.discovery.slices import BATCH_ROWS, ReadSlice, Slice
from warehouse.domain.grants import ELIGIBILITY, FUNDING_CATEGORIES, FUNDING_INSTRUMENTS, spellings
from warehouse.domain.notice import NoticeType
from warehouse.lake.connection import quoted
from warehouse.lake.notice_engine import notice_engine, sql

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


class ReadsNotices:
    """What a connector of notices inherits: its records are read by what it states of its feeds."""

    name: str
    notice_feeds: Mapping[str, NoticeFeed]

    @property
    def feeds(self) -> tuple[str, ...]:
        """The names of the feeds."""
        return tuple(self.notice_feeds)

    def to_rows(self, part: Slice) -> ReadSlice:
        """Read the fields of a slice; what is no JSON or has no notice id becomes a fault, nothing else is refused.

        Returns:
            The columns of core.notice_versions without first_seen_*, and position (bigint), record_hash (ubigint) and
            lacks_keys (the record does not even mention some field).
        """
        feed = self.notice_feeds[part.feed]
        return read_slice(part, lambda part: _read(part, feed, self.name), id_name=feed.id_name)

    def to_keys(self, part: Slice) -> pa.Table | None:
        """Return position, notice_id and record_hash of a slice's records without reading them; None when some are no JSON."""
        feed = self.notice_feeds[part.feed]
        with notice_engine() as engine:
            engine.register("records", part.records)
            try:
                return engine.execute(
                    f"select position, notice_id_of(line_of({feed.id_of})) as notice_id, {_record_hash(part, feed)} as record_hash"  # noqa: S608 - constants
                    " from records"
                ).to_arrow_table(BATCH_ROWS)
            except NO_JSON:
                return None


def without(part: Slice, positions: pa.Array) -> Slice:
    """Return a slice without the records at some positions."""
    return replace(part, records=part.records.filter(pc.invert(pc.is_in(part.records["position"], positions))))


def _read(part: Slice, feed: NoticeFeed, source: str) -> pa.Table:
    with notice_engine() as engine:
        engine.register("records", part.records)
        engine.register("notice_types", _types())
        terms = {
            "$record_hash": _record_hash(part, feed),
            **(_key_terms(part, feed.needed) if feed.needed else {}),
        }
        terms["$absent"] = _lacks_columns(part)
        engine.execute(f"create temp view stated as {_filled(feed.stated, terms)}")
        described = _filled(feed.described, {"$source": quoted(source), **_code_terms()})
        engine.execute(f"create temp view described as {described}")
        return engine.execute(sql("notice_finish.sql")).to_arrow_table(BATCH_ROWS)


@functools.cache
def _reader_id(feed: NoticeFeed) -> str:
    """Name the rules by which records are read: when they change, no record counts as read before."""
    rules = [
        feed.stated, feed.described, *_code_terms().values(), *map(sql, ("notice_macros.sql", "notice_finish.sql")),
    ]  # fmt: skip
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


def _record_hash(part: Slice, feed: NoticeFeed) -> str:
    """Return the expression for the hash of a raw record, with feed and reader; a null column is a lacking one."""
    raw = [name for name in part.records.column_names if name not in {"position", "reading_flags"}]
    return f"hash({', '.join([quoted(part.feed), quoted(_reader_id(feed)), *raw])})"


def _types() -> pa.Table:
    return pa.table({"spelling": list(NOTICE_TYPES), "notice_type": [kind.value for kind in NOTICE_TYPES.values()]})


def _lacks_columns(part: Slice) -> str:
    """Say whether the file itself lacks columns: then none of its records speaks of them."""
    empty = any(part.records.schema.field(name).type == pa.null() for name in part.records.column_names)
    return "true" if empty else "false"
