"""Money and answers of language models: reserve before a call, settle after it, read an answer that is there already.

PostgreSQL decides under one lock (migrations/versions/0013_models.sql), so that fifty at once never pass a ceiling. Not
here: asking (pipelines/qualification/ask.py), prices (pipelines/qualification/models.py).
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from warehouse.domain.assessment import Spent, Stage
from warehouse.ledger.store import Row, Transaction

CEILINGS = ("opportunity", "month", "day", "vendor_day")
"""The refusals of `reserve` that are about money; only the last leaves another vendor to ask."""


@dataclass(frozen=True)
class Reserved:
    """What came of asking for money: `verdict` is reserved, cached, open (asked elsewhere now) or one of CEILINGS."""

    verdict: str
    call_id: str | None


@dataclass(frozen=True)
class Used:
    """Tokens of one call; `input` counts also those read from the vendor's cache and those written into it."""

    input: int
    cached: int
    written: int
    output: int


@dataclass(frozen=True)
class Question:
    """What a reservation is for.

    Attributes:
        hash: Of prompt, model and schema version, hex.
        most_usd: The most the call can cost.
        price: USD per million tokens by kind, and the day it was looked up.
    """

    hash: str
    provider: str
    model: str
    purpose: Stage
    opportunity_id: str
    most_usd: Decimal
    price: dict[str, str]


def reserve(tx: Transaction, question: Question, *, at: datetime, lease: timedelta) -> Reserved:
    """Set money aside for a call, or say why not. After `lease` whoever asked is taken for dead and the money for spent."""
    row = tx.row(
        "select call_id::text, verdict from reserve_llm_call(%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            question.hash, question.provider, question.model, question.purpose.value, question.opportunity_id,
            question.most_usd, json.dumps(question.price), at, lease,
        ],
    )  # fmt: skip
    if row is None:
        raise AssertionError("reserve_llm_call returns one row")
    return Reserved(row["verdict"], row["call_id"])


def settle_answered(
    tx: Transaction,
    call_id: str,
    *,
    cost_usd: Decimal,
    used: Used,
    latency_ms: int | None,
    request_id: str,
    answer: dict[str, Any],
    schema_version: str,
    at: datetime,
) -> None:
    """Book what an answered call cost and keep its answer, together; a batch's call has no latency of its own."""
    tokens = {"input": used.input, "cached": used.cached, "written": used.written, "output": used.output}
    tx.execute(
        "select settle_llm_call(%s, 'answered', %s, %s, %s, %s, '', %s, %s, %s)",
        [call_id, cost_usd, json.dumps(tokens), latency_ms, request_id, json.dumps(answer), schema_version, at],
    )


def settle_unanswered(
    tx: Transaction, call_id: str, *, may_be_owed: bool, latency_ms: int | None, fault: str, at: datetime
) -> None:
    """Close a call without an answer: free of charge, or, where it may be owed, with all that was set aside."""
    tx.execute(
        "select settle_llm_call(%s, %s, 0, '{}', %s, '', %s, null, '', %s)",
        [call_id, "lost" if may_be_owed else "failed", latency_ms, fault, at],
    )


def cached_answer(tx: Transaction, question_hash: str) -> dict[str, Any] | None:
    """Return the stored answer to a question."""
    row = tx.row("select response from llm_cache where prompt_hash = %s", [question_hash])
    return row["response"] if row else None


def spent(tx: Transaction, *, at: datetime) -> Spent:
    """Add up this day's and this month's money, in UTC."""
    row = tx.row(
        "select coalesce(sum(coalesce(cost_usd, reserved_usd)) filter (where asked_at >= date_trunc('day', %(at)s, 'UTC')), 0) as day,"
        " coalesce(sum(coalesce(cost_usd, reserved_usd)), 0) as month"
        " from llm_calls where asked_at >= date_trunc('month', %(at)s, 'UTC')",
        {"at": at},
    )
    return Spent(**(row or {"day": Decimal(0), "month": Decimal(0)}))


def costs_so_far(tx: Transaction) -> list[Row]:
    """Return by model what answered calls took on average: model, calls, input, output tokens (for forecasts)."""
    return tx.rows(
        "select model, count(*) as calls, avg(input_tokens)::float as input, avg(output_tokens)::float as output"
        " from llm_calls where state = 'answered' group by 1"
    )
