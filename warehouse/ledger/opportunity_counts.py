"""Counting opportunities: beside each choice of a filter, and for the dashboard.

These read every open row (tens of milliseconds at 100,000): keep their answers by `data_version`, not by time.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from warehouse.domain.opportunity import OpportunityStatus
from warehouse.ledger.opportunities import COLUMNS, OpportunityRow, to_row
from warehouse.ledger.opportunity_filter import OpportunityFilter, conditions
from warehouse.ledger.opportunity_search import find_words
from warehouse.ledger.store import Transaction

FACETS = {
    "agency": "agency",
    "naics": "left(naics_code, 4)",
    "psc": "left(psc_code, 2)",
    "set_aside": "coalesce(set_aside_code, '')",
    "notice_type": "notice_type",
    "status": "status::text",
    "recommendation": "recommendation",
    "place": "place_state",
    "kind": "kind",
}
"""Subject of a filter and what is counted for it; NAICS by industry group, PSC by product group."""


OPEN = "is_open and (due_date is null or due_date >= %(at)s)"
"""What was merged into another is never open."""


@dataclass(frozen=True)
class Summary:
    """What the dashboard says about the open opportunities at an instant."""

    open_count: int
    new_count: int
    new_fitting: int
    closing_count: int
    reviewing_count: int
    by_score: dict[int, int]
    by_agency: tuple[tuple[str, int, int], ...]
    by_naics: tuple[tuple[str, int, int], ...]


def facet_counts(tx: Transaction, wanted: OpportunityFilter, *, at: datetime) -> dict[str, dict[str, int]]:
    """Return for each facet how many match per value, most frequent first.

    A facet's own choice does not narrow its own counts, so that a further value can be chosen.
    """
    by_subject = conditions(wanted, at=at)
    words = find_words(tx, wanted.text)
    search = words.every_match if words else None
    common = [by_subject[s] for s in by_subject if s not in FACETS] + ([search] if search else [])
    own = {subject: by_subject[subject] for subject in FACETS if subject in by_subject}
    parameters: dict[str, object] = {}
    for _, values in [*common, *own.values()]:
        parameters |= values
    columns = [f"{expression} as {subject}" for subject, expression in FACETS.items()]
    columns += [f"({text}) as has_{subject}" for subject, (text, _) in own.items()]
    where = " and ".join(f"({text})" for text, _ in common)
    counts = []
    for subject in FACETS:
        others = " and ".join(f"has_{other}" for other in own if other != subject) or "true"
        counts.append(
            f"select '{subject}' as facet, {subject} as value, count(*) as n from matches"  # noqa: S608 - own constants; values are parameters
            f" where {subject} is not null and {others} group by 2"
        )
    statement = f"with matches as materialized (select {', '.join(columns)} from opportunities where {where}) "  # noqa: S608 - own constants; values are parameters
    rows = tx.connection.execute(
        statement + " union all ".join(counts) + " order by n desc, value", parameters, prepare=False
    ).fetchall()
    found: dict[str, dict[str, int]] = {subject: {} for subject in FACETS}
    for row in rows:
        found[row["facet"]][row["value"]] = row["n"]
    return found


def summarise(tx: Transaction, *, at: datetime, fit_from: int, closing_days: int = 7) -> Summary:
    """Count the open opportunities for the dashboard.

    Args:
        fit_from: From which score on a new one counts as fitting, 0 to 100.
        closing_days: How near a safe instant counts as closing soon.
    """
    parameters = {
        "at": at,
        "since": at - timedelta(days=1),
        "fit": fit_from,
        "closing": at + timedelta(days=closing_days),
    }
    # Two statements, each answered from one index: the covering one by fit, and the one by safe instant.
    row = tx.row(
        "select count(*) as open_count, count(*) filter (where posted_at >= %(since)s) as new_count,"  # noqa: S608 - own constants; values are parameters
        " count(*) filter (where posted_at >= %(since)s and fit_score >= %(fit)s) as new_fitting,"
        " count(*) filter (where status = 'reviewing') as reviewing_count"
        f" from opportunities where {OPEN}",
        parameters,
    )
    closing = tx.row(
        "select count(*) as n from opportunities where is_open and safe_deadline_at between %(at)s and %(closing)s",
        parameters,
    )
    scores = tx.rows(
        "select least(fit_score / 10, 9) * 10 as band, count(*) as n from opportunities"  # noqa: S608 - own constants; values are parameters
        f" where {OPEN} and fit_score is not null group by 1 order by 1",
        parameters,
    )
    assert row is not None  # noqa: S101 - an aggregate always answers one row
    assert closing is not None  # noqa: S101
    return Summary(
        **row,
        closing_count=closing["n"],
        by_score={band["band"]: band["n"] for band in scores},
        by_agency=_group(tx, "agency", parameters),
        by_naics=_group(tx, "left(naics_code, 4)", parameters),
    )


def read_new(tx: Transaction, *, at: datetime, limit: int = 10) -> tuple[OpportunityRow, ...]:
    """Return what was posted in the last 24 hours, best fit first."""
    return _read(tx, "posted_at >= %(since)s", "fit_score desc nulls last, due_date, id", at, limit)


def read_closing(tx: Transaction, *, at: datetime, fit_from: int, limit: int = 10) -> tuple[OpportunityRow, ...]:
    """Return what must be sent soonest by its safe instant, of what fits or is being reviewed or qualified."""
    fitting = _read(
        tx, "safe_deadline_at >= %(at)s and fit_score >= %(fit)s", "safe_deadline_at, id", at, 5 * limit, fit=fit_from
    )
    in_hand = [row for row in read_queue(tx, at=at, limit=limit) if row.safe_deadline_at and row.safe_deadline_at >= at]
    found = {row.id: row for row in [*fitting, *in_hand] if row.status is not OpportunityStatus.DISQUALIFIED}
    return tuple(sorted(found.values(), key=lambda row: (row.safe_deadline_at or at, row.id))[:limit])


def read_queue(tx: Transaction, *, at: datetime, limit: int = 10) -> tuple[OpportunityRow, ...]:
    """Return what people are reviewing or have qualified, soonest safe instant first (a partial index, to the letter)."""
    return _read(tx, "status in ('reviewing', 'qualified')", "safe_deadline_at, id", at, limit)


def _read(
    tx: Transaction, where: str, order: str, at: datetime, limit: int, **parameters: object
) -> tuple[OpportunityRow, ...]:
    rows = tx.rows(
        f"select {COLUMNS} from opportunities where {OPEN} and {where} order by {order} limit %(limit)s",  # noqa: S608 - own constants; values are parameters
        {"at": at, "since": at - timedelta(days=1), "limit": limit, **parameters},
    )
    return tuple(to_row(row) for row in rows)


def _group(
    tx: Transaction, expression: str, parameters: dict[str, object], limit: int = 10
) -> tuple[tuple[str, int, int], ...]:
    rows = tx.rows(
        f"select {expression} as value, count(*) as n, count(*) filter (where fit_score >= %(fit)s) as fitting"  # noqa: S608 - own constants; values are parameters
        f" from opportunities where {OPEN} and {expression} is not null"
        f" group by 1 order by fitting desc, n desc, value limit {limit}",
        parameters,
    )
    return tuple((row["value"], row["n"], row["fitting"]) for row in rows)
