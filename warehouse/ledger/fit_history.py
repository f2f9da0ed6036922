"""Scores and decisions as they were made, for copying into the lake: never who decided."""

from collections.abc import Sequence
from datetime import datetime

from warehouse.ledger.store import Row, Transaction


def score_ids_since(tx: Transaction, newest: datetime | None) -> list[int]:
    """Return the ids of scores of the day before `newest` and later; of all without it.

    Ids are given before a run commits, so a lower one may become visible later: no run lasts a day.
    """
    rows = tx.rows(
        "select id from fit_scores where %(newest)s::timestamptz is null or scored_at > %(newest)s - interval '1 day'",
        {"newest": newest},
    )
    return [row["id"] for row in rows]


def scores_of(tx: Transaction, ids: Sequence[int]) -> list[Row]:
    """Return scores by their ids, one row each."""
    return tx.rows(
        "select id as score_id, opportunity_id, content_hash, profile_version, scorer, rule, fit_score, recommendation,"
        " reasons::text as reasons, as_of, scored_at from fit_scores where id = any(%s) order by id",
        [list(ids)],
    )


def decisions_after(tx: Transaction, number: int) -> list[Row]:
    """Return the statuses people set since the audit record of that number, of opportunities that were not purged."""
    return tx.rows(
        "select a.seq as decision_id, a.subject as opportunity_id,"
        " convert_from(a.body, 'UTF8')::jsonb #>> '{facts,to}' as status, a.at as decided_at"
        " from audit_logs a join opportunities o on o.id = a.subject"
        " where a.action = 'opportunity:status_set' and a.seq > %s order by a.seq",
        [number],
    )
