"""Reading opportunities: the list, and one with its chain of notices.

Every statement answers from an index in milliseconds (tests/bench holds it to that). Not here: counts for filters and
the dashboard (opportunity_counts.py), publishing (published.py), decisions (pipelines/qualification/decisions.py).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from warehouse.domain.deadlines import DeadlinePrecision
from warehouse.domain.fit import Reason, Recommendation
from warehouse.domain.grants import NoticeKind
from warehouse.domain.opportunity import OpportunityStatus
from warehouse.ledger.opportunity_filter import ORDER, Condition, OpportunityFilter, Sort, conditions
from warehouse.ledger.opportunity_search import QUERY, Words, find_by_number, find_words
from warehouse.ledger.store import Row, Transaction

COUNT_LIMIT = 10_000
"""Matches are counted up to here: an exact count of 150,000 rows takes longer than reading the page."""
SEARCH_COUNT_LIMIT = 1_000
"""Matches of words are visited one by one: beyond this many, "more" says enough."""
RANKED_CANDIDATES = 200
"""`ts_rank` reads every candidate's words (200 ms for a word in a third of 100,000 rows): only the best by fit are ranked."""

COLUMNS = (
    "id, source, external_ref, solicitation_number, title, agency, sub_agency, office, notice_type, naics_code, psc_code,"
    " set_aside_code, set_aside_text, place_city, place_state, posted_at, due_date, due_raw, due_offset_minutes,"
    " due_precision, safe_deadline_at, value_usd, url, fit_score, recommendation, fit_reasons, scorer, status::text as status,"
    " notice_count, is_open, is_demo, note is not null as has_note, kind"
)


@dataclass(frozen=True)
class OpportunityRow:
    """One opportunity as the list shows it. Instants are UTC; `due_offset_minutes` is the office's zone.

    `kind` is one of warehouse.domain.grants.NoticeKind.
    """

    id: str
    source: str
    external_ref: str
    solicitation_number: str | None
    title: str
    agency: str | None
    sub_agency: str | None
    office: str | None
    notice_type: str
    naics_code: str | None
    psc_code: str | None
    set_aside_code: str | None
    set_aside_text: str | None
    place_city: str | None
    place_state: str | None
    posted_at: datetime | None
    due_date: datetime | None
    due_raw: str | None
    due_offset_minutes: int | None
    due_precision: DeadlinePrecision
    safe_deadline_at: datetime | None
    value_usd: Decimal | None
    url: str | None
    fit_score: int | None
    recommendation: Recommendation | None
    fit_reasons: tuple[Reason, ...]
    scorer: str | None
    status: OpportunityStatus
    notice_count: int
    is_open: bool
    is_demo: bool
    has_note: bool
    kind: str

    @property
    def is_grant(self) -> bool:
        """Whether it is a grant: then industry, product and set-aside say nothing."""
        return self.kind == NoticeKind.GRANT


@dataclass(frozen=True)
class Page:
    """Some rows of a list, and how many there are in all; `is_capped` says that there are even more."""

    rows: tuple[OpportunityRow, ...]
    total: int
    is_capped: bool


@dataclass(frozen=True)
class ChainNotice:
    """One version of one notice of the solicitation; `ordinal` 1 is the oldest."""

    ordinal: int
    notice_id: str
    notice_type: str
    title: str
    posted_at: datetime | None
    due_date: datetime | None
    due_raw: str | None
    due_offset_minutes: int | None
    due_precision: DeadlinePrecision
    set_aside_code: str | None
    description: str | None
    url: str | None
    first_seen_at: datetime


@dataclass(frozen=True)
class GrantFacts:
    """What a grant says of whom and what it funds; codes as in warehouse/domain/grants.py, amounts None where unknown."""

    eligibility_codes: tuple[str, ...] = ()
    eligibility_text: str | None = None
    aln_codes: tuple[str, ...] = ()
    funding_category_codes: tuple[str, ...] = ()
    funding_instrument_codes: tuple[str, ...] = ()
    award_floor_usd: Decimal | None = None
    program_funding_usd: Decimal | None = None
    expected_awards: int | None = None
    has_cost_sharing: bool | None = None


@dataclass(frozen=True)
class OpportunityDetail:
    """One opportunity whole: the row, its text, contacts, decisions and chain of notices, oldest first."""

    row: OpportunityRow
    content_hash: str
    fit_rule: str | None
    description: str | None
    description_url: str | None
    attachment_urls: tuple[str, ...]
    contacts: tuple[dict[str, Any], ...]
    flags: tuple[str, ...]
    place_country: str | None
    first_posted_at: datetime | None
    archive_on: date | None
    merged_into: str | None
    scorer: str | None
    profile_version: str | None
    scored_at: datetime | None
    status_changed_at: datetime | None
    status_changed_by: str | None
    note: str | None
    noted_at: datetime | None
    noted_by: str | None
    notices: tuple[ChainNotice, ...]
    grant: GrantFacts


def list_opportunities(
    tx: Transaction, wanted: OpportunityFilter, *, at: datetime, limit: int = 50, offset: int = 0
) -> Page:
    """Return one page of the opportunities that match, in the order asked for.

    Where the text is a solicitation number or notice id that exists, its opportunity comes first, open or not.

    Args:
        at: The instant at which the world is looked at: what is due before it is closed.
        limit: Rows a page.
        offset: Rows to skip.
    """
    exact = find_by_number(tx, wanted.text)
    words = find_words(tx, wanted.text, open_at=None if wanted.closed else at)
    where, parameters = _where(wanted, at, exact, words.condition if words else None)
    total = len(exact) + _count(tx, wanted, at, exact, words)
    rows = _read_by_id(tx, exact[offset : offset + limit]) if exact and offset < len(exact) else []
    rest = limit - len(rows)
    if rest > 0:
        parameters |= {"limit": rest, "offset": max(0, offset - len(exact)), "text": words.text if words else ""}
        rows += tx.connection.execute(_page_statement(wanted, where), parameters, prepare=False).fetchall()
    most = SEARCH_COUNT_LIMIT if words else COUNT_LIMIT
    if _is_ranked(wanted):
        most = RANKED_CANDIDATES  # there is no page behind the last one that was ranked
    return Page(tuple(to_row(row) for row in rows), min(total, most), total > most)


def read_opportunity(tx: Transaction, opportunity_id: str) -> OpportunityDetail | None:
    """Return one opportunity; an id that regrouping made obsolete leads to its survivor. None when there is none."""
    row = tx.row(
        f"select {COLUMNS}, o.description, o.description_url, o.attachment_urls, o.contacts, o.flags, o.place_country,"  # noqa: S608 - own constants; values are parameters
        " o.eligibility_codes, o.eligibility_text, o.aln_codes, o.funding_category_codes, o.funding_instrument_codes,"
        " o.award_floor_usd, o.program_funding_usd, o.expected_awards, o.has_cost_sharing,"
        " o.content_hash, o.fit_rule, o.first_posted_at, o.archive_on, o.merged_into, o.profile_version, o.scored_at, o.status_changed_at,"
        " o.note, o.noted_at, (select email from profiles p where p.id = o.status_changed_by) as status_changed_by_email,"
        " (select email from profiles p where p.id = o.noted_by) as noted_by_email from opportunities o"
        " where id = any(array[%(id)s, (select opportunity_id from opportunity_aliases where alias_id = %(id)s)])"
        " order by (id = %(id)s) desc limit 1",
        {"id": opportunity_id},
    )
    if row is None:
        return None
    notices = tx.rows(
        "select ordinal, notice_id, notice_type, title, posted_at, due_date, due_raw, due_offset_minutes, due_precision,"
        " set_aside_code, description, url, first_seen_at from opportunity_notices where opportunity_id = %s order by ordinal",
        [row["id"]],
    )
    return _to_detail(row, notices)


def read_rows(tx: Transaction, ids: Sequence[str]) -> tuple[OpportunityRow, ...]:
    """Return the opportunities of these ids, in their order; unknown ids are left out."""
    return tuple(to_row(row) for row in _read_by_id(tx, ids))


def data_version(tx: Transaction) -> int:
    """Return a number that grows with every deed on opportunities: what was counted at the same number is still true."""
    row = tx.row("select opportunities_version() as version")
    return int(row["version"]) if row else 0


def to_row(row: Row) -> OpportunityRow:
    """Read a row of `COLUMNS`."""
    values = {name: row[name] for name in OpportunityRow.__dataclass_fields__}
    values["due_precision"] = DeadlinePrecision(row["due_precision"])
    values["status"] = OpportunityStatus(row["status"])
    values["recommendation"] = Recommendation(row["recommendation"]) if row["recommendation"] else None
    values["fit_reasons"] = tuple(to_reasons(row["fit_reasons"]))
    return OpportunityRow(**values)


def to_reasons(stored: Iterable[dict[str, Any]]) -> Iterable[Reason]:
    """Read reasons as they are stored (JSON)."""
    for item in stored:
        yield Reason(
            str(item.get("kind", "")),
            str(item.get("text", "")),
            str(item.get("evidence") or ""),
            int(item.get("points") or 0),
        )


def _where(
    wanted: OpportunityFilter, at: datetime, exact: Sequence[str], search: Condition | None
) -> tuple[str, dict[str, object]]:
    parts = list(conditions(wanted, at=at).values())
    if search:
        parts.append(search)
    if exact:
        parts.append(("id <> all(%(exact)s)", {"exact": list(exact)}))
    parameters: dict[str, object] = {}
    for _, values in parts:
        parameters |= values
    return " and ".join(f"({text})" for text, _ in parts), parameters


def _page_statement(wanted: OpportunityFilter, where: str) -> str:
    if _is_ranked(wanted):
        return (
            f"select {COLUMNS} from opportunities where id = any(array(select id from opportunities where {where}"  # noqa: S608 - own constants; values are parameters
            f" order by {ORDER[Sort.FIT]} limit {RANKED_CANDIDATES})) order by"
            f" ts_rank(search, {QUERY}) desc, fit_score desc nulls last, id"
            " limit %(limit)s offset %(offset)s"
        )
    order = ORDER.get(wanted.sort, ORDER[Sort.FIT])
    # First the ids, which the covering index answers by itself, then the fifty rows.
    ids = f"select id from opportunities where {where} order by {order} limit %(limit)s offset %(offset)s"  # noqa: S608 - own constants; values are parameters
    return f"select {COLUMNS} from opportunities where id = any(array({ids})) order by {order}"  # noqa: S608 - own constants; values are parameters


def _is_ranked(wanted: OpportunityFilter) -> bool:
    return wanted.sort is Sort.RELEVANCE and bool(wanted.text.strip())


def _count(tx: Transaction, wanted: OpportunityFilter, at: datetime, exact: Sequence[str], words: Words | None) -> int:
    if words is None:
        return _count_up_to(tx, COUNT_LIMIT, *_where(wanted, at, exact, None))
    if not exact and not wanted.closed and len(conditions(wanted, at=at)) == 1:
        return len(words.ids)  # nothing but the words narrows: the ids are all, or more than are counted
    found = _count_up_to(tx, SEARCH_COUNT_LIMIT, *_where(wanted, at, exact, words.among_ids))
    if words.is_rare or found > SEARCH_COUNT_LIMIT:
        return found
    return _count_up_to(tx, SEARCH_COUNT_LIMIT, *_where(wanted, at, exact, words.every_match))


def _count_up_to(tx: Transaction, most: int, where: str, parameters: dict[str, object]) -> int:
    statement = f"select count(*) as n from (select from opportunities where {where} limit {most + 1}) matches"  # noqa: S608 - own constants; values are parameters
    row = tx.connection.execute(statement, parameters, prepare=False).fetchone()
    return int(row["n"]) if row else 0


def _read_by_id(tx: Transaction, ids: Sequence[str]) -> list[Row]:
    if not ids:
        return []
    return tx.rows(
        f"select {COLUMNS} from opportunities where id = any(%(ids)s) order by array_position(%(ids)s, id)",  # noqa: S608 - own constants; values are parameters
        {"ids": list(ids)},
    )


def _to_detail(row: Row, notices: Sequence[Row]) -> OpportunityDetail:
    same = (
        "content_hash", "fit_rule", "description", "description_url", "place_country", "first_posted_at", "archive_on", "merged_into",
        "scorer", "profile_version", "scored_at", "status_changed_at", "note", "noted_at",
    )  # fmt: skip
    return OpportunityDetail(
        row=to_row(row),
        attachment_urls=tuple(row["attachment_urls"]),
        contacts=tuple(row["contacts"]),
        flags=tuple(row["flags"]),
        status_changed_by=row["status_changed_by_email"],
        noted_by=row["noted_by_email"],
        notices=tuple(
            ChainNotice(**{**notice, "due_precision": DeadlinePrecision(notice["due_precision"])}) for notice in notices
        ),
        grant=GrantFacts(**{name: _frozen(row[name]) for name in GrantFacts.__dataclass_fields__}),
        **{name: row[name] for name in same},
    )


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
