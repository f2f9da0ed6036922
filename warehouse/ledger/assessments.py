"""What models concluded about opportunities: append-only rows; what waits to be asked; what people say against it.

Not here: the calls and their money (llm_calls.py), local scores (fit_scores.py).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal

from warehouse.domain.assessment import Assessment, DroppedClaim, Outcome, ProvenPoint, Quote, Stage, Verdict
from warehouse.domain.fit import Recommendation
from warehouse.ledger.store import Deed, Row, Transaction

_ASKABLE = (
    "select id, content_hash, title, description, agency, sub_agency, office, notice_type, set_aside_text, place_state,"
    " naics_code, psc_code from opportunities"
    " where is_open and merged_into is null and fit_rule is null and fit_content_hash = content_hash"
)


@dataclass(frozen=True)
class Kept:
    """A stored assessment: what it is of, when, and who asked (a profile's id, or system)."""

    id: int
    opportunity_id: str
    content_hash: str
    basis: str
    asked_by: str
    at: datetime
    assessment: Assessment


@dataclass(frozen=True)
class Waiting:
    """One opportunity that a model may be asked about, best first, and the bases it was concluded on before."""

    id: str
    content_hash: str
    known: frozenset[str]


def waiting(tx: Transaction, *, from_points: int, at: datetime) -> list[Waiting]:
    """List what no hard rule excludes and the ranker gives at least `from_points`; the best first."""
    rows = tx.rows(
        "select o.id, o.content_hash, coalesce(array_agg(a.basis) filter (where a.basis is not null), '{}') as known"
        " from opportunities o left join assessments a on a.opportunity_id = o.id and a.content_hash = o.content_hash"
        "   and (a.stage = 'analysis' or a.outcome = 'stopped')"
        " where o.is_open and o.merged_into is null and o.fit_rule is null and o.fit_content_hash = o.content_hash"
        " and o.fit_score >= %s and (o.due_date is null or o.due_date >= %s)"
        " group by o.id order by o.fit_score desc, o.due_date nulls last, o.id",
        [from_points, at],
    )
    return [Waiting(row["id"], row["content_hash"], frozenset(row["known"])) for row in rows]


def read_askable(tx: Transaction, opportunity_id: str) -> Row | None:
    """Return what a model is told of an opportunity; None where it went, or a rule excludes it by now."""
    return tx.row(f"{_ASKABLE} and id = %s", [opportunity_id])


def write_assessment(
    deed: Deed,
    opportunity_id: str,
    found: Assessment,
    *,
    basis: str,
    content_hash: str,
    profile_version: str,
    prompt_version: str,
    question: str,
    asked_by: str,
    at: datetime,
) -> bool:
    """Append what a stage concluded; False where the same question has its conclusion already (a run that was cut off)."""
    values: dict[str, object] = {
        "opportunity_id": opportunity_id, "stage": found.stage.value, "outcome": found.outcome.value, "why": found.why[:2000],
        "basis": basis, "content_hash": content_hash, "profile_version": profile_version, "prompt_version": prompt_version,
        "provider": found.provider, "model": found.model, "fell_back_because": found.fell_back_because, "score": found.score,
        "recommendation": found.recommendation.value if found.recommendation else None,
        "points": _as_json([asdict(point) for point in found.points]), "dropped": _as_json([asdict(claim) for claim in found.dropped]),
        "flagged": found.flagged, "cost_usd": found.cost_usd, "question": question, "asked_by": asked_by, "at": at,
    }  # fmt: skip
    marks = ", ".join(f"%({name})s" for name in values)
    written = deed.execute(
        f"insert into assessments ({', '.join(values)}) values ({marks})"  # noqa: S608 - own names only
        " on conflict (opportunity_id, stage, basis, question) where question <> '' do nothing",
        values,
    )
    return written.rowcount > 0


def assessments_of(tx: Transaction, opportunity_id: str) -> list[Kept]:
    """Return every assessment of an opportunity, the newest first."""
    rows = tx.rows("select * from assessments where opportunity_id = %s order by id desc", [opportunity_id])
    return [_kept(row) for row in rows]


def insert_disagreement(
    deed: Deed,
    disagreement_id: str,
    opportunity_id: str,
    thinks: str,
    reason: str,
    *,
    assessment_id: int | None,
    by_id: str,
    at: datetime,
) -> str | None:
    """Keep a disagreement where it is one; return what was said, None where nothing was said of it."""
    row = deed.row(
        "select coalesce(a.recommendation, case when a.id is not null then 'not_enough' end, o.recommendation) as said"
        " from opportunities o left join assessments a on a.opportunity_id = o.id and a.id = %s where o.id = %s",
        [assessment_id, opportunity_id],
    )
    said = row["said"] if row else None
    if said not in (None, thinks):
        deed.execute(
            "insert into disagreements (id, opportunity_id, assessment_id, said, thinks, reason, by_id, at)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s)",
            [disagreement_id, opportunity_id, assessment_id, said, thinks, reason, by_id, at],
        )
    return said


def _kept(row: Row) -> Kept:
    points = tuple(
        ProvenPoint(
            point["key"], Verdict(point["verdict"]), point["confidence"], point["claim"],
            tuple(Quote(**quote) for quote in point["quotes"]),
        )
        for point in row["points"]
    )  # fmt: skip
    assessment = Assessment(
        Stage(row["stage"]), Outcome(row["outcome"]), row["why"], row["provider"], row["model"], Decimal(row["cost_usd"]),
        row["fell_back_because"], row["score"], Recommendation(row["recommendation"]) if row["recommendation"] else None,
        points, tuple(DroppedClaim(**claim) for claim in row["dropped"]), row["flagged"],
    )  # fmt: skip
    return Kept(
        row["id"], row["opportunity_id"], row["content_hash"], row["basis"], row["asked_by"], row["at"], assessment
    )


def _as_json(items: list[Mapping[str, object]] | list[dict[str, object]]) -> str:
    return json.dumps(items).replace("\\u0000", "")
