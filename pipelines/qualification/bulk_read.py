"""Reads batches that have ended, and looks for those whose answer to the sending was never heard.

Each result is settled in a transaction of its own, the answer kept with its cost: killed anywhere, the next look settles the rest, and
what is settled stays. Not here: sending (bulk.py), what is made of answers (bulk_follow.py).
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipelines.qualification.answer import SCHEMA_VERSION
from pipelines.qualification.ask import as_json
from pipelines.qualification.bulk import Clock
from pipelines.qualification.bulk_provider import BulkProvider
from pipelines.qualification.models import price_of
from pipelines.qualification.provider import NoAnswer, Said, WhyNot, find_provider, provider_names
from warehouse.ledger.llm_batches import (
    ABSENT,
    INTENDED,
    LOST,
    READ,
    REFUSED,
    SETTLED,
    Batch,
    OpenQuestion,
    end,
    known_at,
    note_look,
    note_sent,
    open_questions,
    unfinished,
)
from warehouse.ledger.llm_calls import settle_answered, settle_unanswered
from warehouse.ledger.store import Ledger

ABSENT_AFTER = timedelta(minutes=15)
"""A request to send has ended long before; what a vendor does not list by then never arrived."""
LOOK_OFTEN, LOOK_SELDOM = timedelta(minutes=10), timedelta(hours=1)
"""Most batches end within an hour; the others are looked at the more seldom, the longer they take."""


@dataclass(frozen=True)
class Read:
    """What a look at a batch came to: how many questions it settled, and whether none is left."""

    batch: Batch
    settled: int
    is_settled: bool


def read_batches(ledger: Ledger, clock: Clock) -> list[Read]:
    """Look once at every batch that is not done; asks nobody anything new (role: pipeline)."""
    with ledger.read() as tx:
        batches = unfinished(tx)
    return [_read(ledger, batch, clock) for batch in batches]


def is_look_due(batch: Batch, at: datetime) -> bool:
    """Say whether a batch is to be looked at; one that was settled without being concluded from is at once."""
    wait = min(max((at - batch.made_at) / 6, LOOK_OFTEN), LOOK_SELDOM)
    return batch.state == SETTLED or at - (batch.looked_at or batch.made_at) >= wait


def _read(ledger: Ledger, batch: Batch, clock: Clock) -> Read:
    if batch.state == SETTLED:
        return Read(batch, 0, is_settled=True)
    fault, vendor = "", _vendor(batch.provider)
    try:
        if vendor is None:
            raise NoAnswer(WhyNot.NOT_SET, batch.provider)
        vendor_id = batch.vendor_id or _found(ledger, vendor, batch, clock)
        if vendor_id:
            _settle_results(ledger, vendor, batch, vendor_id, clock)
    except NoAnswer as none:
        fault = str(none)
    with ledger.housekeeping() as tx:
        note_look(tx, batch.id, fault, at=clock())
        if clock() > batch.give_up_at:
            end(tx, batch.id, LOST, fault or "its vendor never told what became of it", at=clock())
    with ledger.read() as tx:
        after = next((one for one in unfinished(tx) if one.id == batch.id), None)
    if after is None:
        return Read(batch, 0, is_settled=False)  # somebody else has done all of it meanwhile
    return Read(batch, batch.open - after.open, after.state == SETTLED)


def _vendor(name: str) -> BulkProvider | None:
    provider = find_provider(name) if name in provider_names() else None
    return provider if isinstance(provider, BulkProvider) and provider.is_set() else None


def _found(ledger: Ledger, vendor: BulkProvider, batch: Batch, clock: Clock) -> str:
    """Look for a batch that may have been sent; release it where it surely was not. Empty: there is nothing to read."""
    if batch.state != INTENDED or clock() - batch.made_at < ABSENT_AFTER:
        return ""  # whoever wrote it down may be sending it now
    with ledger.read() as tx:
        known = known_at(tx, batch.provider)
    vendor_id = vendor.find(batch.id, batch.questions, batch.made_at, known)
    if vendor_id is None:
        return ""
    with ledger.housekeeping() as tx:
        if vendor_id:
            return vendor_id if note_sent(tx, batch.id, vendor_id, at=clock()) else ""
        end(tx, batch.id, ABSENT, "it never arrived at its vendor", at=clock())
    return ""


def _settle_results(ledger: Ledger, vendor: BulkProvider, batch: Batch, vendor_id: str, clock: Clock) -> None:
    seen = vendor.look(vendor_id)
    if seen.fault:
        with ledger.housekeeping() as tx:
            end(tx, batch.id, REFUSED, seen.fault, at=clock())
        return
    if not seen.is_ended:
        return
    with ledger.read() as tx:
        waiting = open_questions(tx, batch.id)
    for result in vendor.results(vendor_id):
        # Of nobody's asking, or told twice: the first counts.
        question = waiting.pop(result.custom_id, None)
        if question:
            _settle(ledger, question, result.said, vendor.name, clock)
    with ledger.housekeeping() as tx:
        is_whole = end(tx, batch.id, READ, at=clock())
    if is_whole:
        with suppress(NoAnswer):  # everything of it is kept here; the vendor removes it by itself
            vendor.forget(vendor_id)


def _settle(ledger: Ledger, question: OpenQuestion, said: Said | NoAnswer, provider: str, clock: Clock) -> None:
    with ledger.housekeeping() as tx:
        if isinstance(said, NoAnswer):
            settle_unanswered(
                tx, question.call_id, may_be_owed=said.may_be_owed, latency_ms=None, fault=str(said), at=clock()
            )
            return
        # At the prices of the day on which the money was set aside.
        settle_answered(
            tx, question.call_id, cost_usd=price_of(question.price).cost(said.used), used=said.used, latency_ms=None,
            request_id=said.request_id, answer=as_json(said, provider), schema_version=SCHEMA_VERSION, at=clock(),
        )  # fmt: skip
