"""What a change of the company profile would do to today's list, without writing anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace

from pipelines.qualification.qualify import PART, to_batch
from pipelines.qualification.ranker import score_opportunities
from pipelines.qualification.rules import check_rules
from pipelines.qualification.text_features import Idf, build_idf
from warehouse.domain.access import Action, Person, check
from warehouse.domain.company import CompanyProfile
from warehouse.ledger import fit_scores
from warehouse.ledger.store import Ledger, Row, Transaction

TOP = 20
_LAST = datetime.max.replace(tzinfo=UTC)
"""Where a deadline is not stated, the opportunity comes after those with one."""


@dataclass(frozen=True)
class PreviewRow:
    """One opportunity of the list as it would be.

    Attributes:
        rank: 1 is the best after the change.
        rank_before: Its rank among today's; None when it was not among those shown today.
        fit_score: Points after the change.
        fit_score_before: Points today; None when it has none.
    """

    opportunity_id: str
    title: str
    agency: str | None
    rank: int
    rank_before: int | None
    fit_score: int
    fit_score_before: int | None


def preview(
    ledger: Ledger, profile: CompanyProfile, *, as_of: datetime, by: Person, top: int = TOP
) -> tuple[PreviewRow, ...]:
    """Return the best `top` open opportunities under `profile`, each with its rank and points of today.

    Raises:
        NotPermitted: `by` may not edit the company profile.
    """
    check(by, Action.EDIT_COMPANY_PROFILE)
    with ledger.read(by) as tx:
        known = fit_scores.current_word_table(tx)
        rows = _open_rows(tx)
        idf = Idf(known.n_texts, known.word_counts) if known else build_idf(row["title"] for row in rows)
        scores = _scores(
            tx, profile, idf, [row for row in rows if check_rules(profile, SimpleNamespace(**row), as_of) is None]
        )
    before = {
        row["id"]: rank
        for rank, row in enumerate(sorted(rows, key=_order_today), start=1)
        if row["fit_score"] is not None
    }
    by_id = {row["id"]: row for row in rows}
    best = sorted(
        scores, key=lambda opportunity_id: (-scores[opportunity_id], _due(by_id[opportunity_id]), opportunity_id)
    )
    return tuple(
        PreviewRow(
            opportunity_id=found,
            title=by_id[found]["title"],
            agency=by_id[found]["agency"],
            rank=rank,
            rank_before=before.get(found),
            fit_score=scores[found],
            fit_score_before=by_id[found]["fit_score"],
        )
        for rank, found in enumerate(best[:top], start=1)
    )


def _open_rows(tx: Transaction) -> list[Row]:
    return tx.rows(
        "select id, title, agency, notice_type, set_aside_code, eligibility_codes, due_date as response_deadline_at, fit_score"
        " from opportunities where is_open and merged_into is null"
    )


def _scores(tx: Transaction, profile: CompanyProfile, idf: Idf, rows: Sequence[Row]) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(rows), PART):
        ids = [row["id"] for row in rows[start : start + PART]]
        texts = fit_scores.texts_of(tx, ids, whole=bool(profile.cage_codes))
        points = score_opportunities(profile, to_batch(texts), idf).fit_score
        found |= {row["id"]: int(score) for row, score in zip(texts, points, strict=True)}
    return found


def _order_today(row: Row) -> tuple[int, datetime, str]:
    return (-(row["fit_score"] if row["fit_score"] is not None else -1), _due(row), row["id"])


def _due(row: Row) -> datetime:
    due: datetime | None = row["response_deadline_at"]
    return due or _LAST
