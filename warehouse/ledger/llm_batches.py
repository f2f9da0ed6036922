"""Batches of questions at a vendor of models: written down before they are sent, found again after a kill, settled question by question.

PostgreSQL keeps the order of states and the money (migrations/versions/0019_batches.sql). Not here: single calls and their
settling (llm_calls.py), sending and reading (pipelines/qualification/bulk.py and its chapters).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from warehouse.domain.assessment import Stage
from warehouse.ledger.llm_calls import Question
from warehouse.ledger.store import Transaction

INTENDED, SENT, SETTLED = "intended", "sent", "settled"
READ, REFUSED, ABSENT, LOST = "read", "refused", "absent", "lost"
"""How a batch ends; of these only what is lost counts as paid without an answer."""
MOST_ABSENT = 3
"""A question whose batch never arrived so often is asked by itself: the vendor takes no batches."""


@dataclass(frozen=True)
class Batch:
    """A batch that is not done.

    Attributes:
        id: Ours.
        vendor_id: The vendor's; empty until it is known.
        state: INTENDED, SENT or SETTLED.
        fault: What stood against it at the last look; empty when nothing did.
        give_up_at: What is not answered by then counts as lost.
        questions: How many were put into it.
        open: How many of them are not settled.
        most_usd: The most that the open ones can cost.
    """

    id: str
    provider: str
    model: str
    purpose: Stage
    vendor_id: str
    state: str
    fault: str
    made_at: datetime
    looked_at: datetime | None
    give_up_at: datetime
    questions: int
    open: int
    most_usd: Decimal


@dataclass(frozen=True)
class Intended:
    """What came of a question that was to go into a batch: `custom_id` is empty where `verdict` is not reserved."""

    hash: str
    verdict: str
    custom_id: str


@dataclass(frozen=True)
class OpenQuestion:
    """A question of a batch that is not settled: its call, and the prices at which its money was set aside."""

    call_id: str
    price: dict[str, str]


@dataclass(frozen=True)
class Standing:
    """Where a question stands.

    Attributes:
        answer: What was answered; None: nothing yet.
        cost_usd: What this opportunity's batch paid for the answer; 0 where it was asked by itself.
        is_in_batch: A batch that is not settled may answer it.
        was_in_batch: A batch had its chance: it is asked by itself now.
    """

    answer: dict[str, Any] | None
    cost_usd: Decimal
    is_in_batch: bool
    was_in_batch: bool


def custom_id_prefix(batch_id: str) -> str:
    """Return how the custom id of each question of a batch begins: it tells whose batch a vendor shows."""
    return f"{batch_id.replace('-', '')}-"


def intend(
    tx: Transaction, batch_id: str, questions: Sequence[Question], *, at: datetime, patience: timedelta
) -> list[Intended]:
    """Write down a batch of questions to one model with the money of each, whole or not at all.

    Args:
        questions: At least one; all to one model, for one purpose, at one price.
        patience: After it, what is not answered counts as lost.
    """
    first = questions[0]
    wanted = [{"hash": one.hash, "opportunity": one.opportunity_id, "most": str(one.most_usd)} for one in questions]
    rows = tx.rows(
        "select question, verdict, custom from intend_llm_batch(%s, %s, %s, %s, %s, %s, %s, %s)",
        [
            batch_id, first.provider, first.model, first.purpose.value, json.dumps(first.price), json.dumps(wanted), at, patience,
        ],
    )  # fmt: skip
    return [Intended(row["question"], row["verdict"], row["custom"]) for row in rows]


def note_sent(tx: Transaction, batch_id: str, vendor_id: str, *, at: datetime) -> bool:
    """Keep the vendor's id; False where the batch was ended meanwhile."""
    row = tx.row("select send_llm_batch(%s, %s, %s) as is_kept", [batch_id, vendor_id, at])
    return bool(row and row["is_kept"])


def note_look(tx: Transaction, batch_id: str, fault: str, *, at: datetime) -> None:
    """Keep that a batch was looked at, and what stood against reading it."""
    tx.execute("select look_at_llm_batch(%s, %s, %s)", [batch_id, fault, at])


def end(tx: Transaction, batch_id: str, how: str, fault: str = "", *, at: datetime) -> bool:
    """End a batch as READ, REFUSED, ABSENT or LOST, with what is still open of it; False where that may not be."""
    row = tx.row("select end_llm_batch(%s, %s, %s, %s) as is_ended", [batch_id, how, fault, at])
    return bool(row and row["is_ended"])


def finish(tx: Transaction, batch_id: str) -> None:
    """Keep that everything a settled batch answered is concluded."""
    tx.execute("select finish_llm_batch(%s)", [batch_id])


def unfinished(tx: Transaction) -> list[Batch]:
    """Return the batches that are not done, the oldest first."""
    rows = tx.rows(
        "select b.id::text, b.provider, b.model, b.purpose, b.vendor_id, b.state, b.fault, b.made_at, b.looked_at, b.give_up_at,"
        " count(c.id)::int as questions, count(c.id) filter (where c.state = 'open')::int as open,"
        " coalesce(sum(c.reserved_usd) filter (where c.state = 'open'), 0) as most_usd"
        " from llm_batches b left join llm_calls c on c.batch_id = b.id where b.state <> 'done' group by b.id order by b.made_at, b.id"
    )
    return [Batch(**(row | {"purpose": Stage(row["purpose"])})) for row in rows]


def open_questions(tx: Transaction, batch_id: str) -> dict[str, OpenQuestion]:
    """Return what a batch has not answered, by custom id."""
    rows = tx.rows(
        "select custom_id, id::text as call_id, price from llm_calls where batch_id = %s and state = 'open'", [batch_id]
    )
    return {row["custom_id"]: OpenQuestion(row["call_id"], row["price"]) for row in rows}


def settled_opportunities(tx: Transaction, batch_id: str) -> list[str]:
    """Return the opportunities whose question in a batch is settled, in the batch's order."""
    rows = tx.rows(
        "select opportunity_id from llm_calls where batch_id = %s and state <> 'open'"
        " order by split_part(custom_id, '-', 2)::int",
        [batch_id],
    )
    return [row["opportunity_id"] for row in rows]


def in_batches(tx: Transaction) -> set[str]:
    """Return the opportunities that an unsettled batch is to answer about."""
    return {
        row["opportunity_id"]
        for row in tx.rows("select opportunity_id from llm_calls where state = 'open' and batch_id is not null")
    }


def known_at(tx: Transaction, provider: str) -> set[str]:
    """Return the vendor's ids of all batches that are known to be ours."""
    rows = tx.rows("select vendor_id from llm_batches where provider = %s and vendor_id <> ''", [provider])
    return {row["vendor_id"] for row in rows}


def standing(tx: Transaction, question_hash: str, opportunity_id: str) -> Standing:
    """Say whether a question is answered, and what batches have to do with it."""
    row = tx.row(
        "select (select response from llm_cache where prompt_hash = %(hash)s) as answer,"
        " (select c.cost_usd from llm_cache l join llm_calls c on c.id = l.call_id where l.prompt_hash = %(hash)s"
        "   and c.batch_id is not null and c.opportunity_id = %(opportunity)s) as cost_usd,"
        " count(*) filter (where c.state = 'open') > 0 as is_in_batch,"
        " count(*) filter (where c.state <> 'open' and b.ended <> 'absent') > 0"
        "   or count(*) filter (where b.ended = 'absent') >= %(most)s as was_in_batch"
        " from llm_calls c join llm_batches b on b.id = c.batch_id where c.prompt_hash = %(hash)s",
        {"hash": question_hash, "opportunity": opportunity_id, "most": MOST_ABSENT},
    )
    if row is None:
        raise AssertionError("an aggregate returns one row")
    return Standing(row["answer"], Decimal(row["cost_usd"] or 0), row["is_in_batch"], row["was_in_batch"])
