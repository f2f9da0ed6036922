"""Asks a question once: from the cache where it was answered before, else with money set aside first, one vendor after the other.

An answer is kept the moment it is there, before anything is read of it: killed afterwards, nobody pays twice. Nothing is asked
inside a transaction. Not here: what is asked (prompt.py), what is made of it (proof.py), which opportunities (assess.py).
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Generic, TypeVar

from pipelines.qualification.answer import SCHEMA_VERSION, Unreadable
from pipelines.qualification.bulk import Basket
from pipelines.qualification.models import Models, Price
from pipelines.qualification.prompt import Prompt
from pipelines.qualification.provider import RETRIES, TIMEOUT_SECONDS, NoAnswer, Provider, Said, WhyNot
from warehouse.ledger.llm_batches import standing
from warehouse.ledger.llm_calls import CEILINGS, Question, cached_answer, reserve, settle_answered, settle_unanswered
from warehouse.ledger.store import Ledger

T = TypeVar("T")
Clock = Callable[[], datetime]
LEASE = timedelta(seconds=TIMEOUT_SECONDS * (RETRIES + 1) + 120)
"""Longer than the SDK can take with its retries and pauses."""
_OVERHEAD_TOKENS = 64


@dataclass(frozen=True)
class Answered(Generic[T]):
    """A usable answer, and who gave it.

    Attributes:
        fell_back_because: Why those before gave none; empty when the first answered.
        cost_usd: Paid now, or in the batch that this opportunity's question was in; 0 where the answer was there already.
    """

    answer: T
    provider: str
    model: str
    fell_back_because: str
    cost_usd: Decimal


@dataclass(frozen=True)
class Unanswered:
    """Nobody gave a usable answer.

    Attributes:
        is_final: Whoever could answer has, unusably: the same question again would bring the same.
        ceiling: Which ceiling stood against it; empty when none did.
        is_busy: Somebody asks this very question at this moment: a notice's twin, or another run.
        is_in_batch: A batch is to answer it, or it lies in the basket for one.
        why: Everybody's reason.
    """

    why: str
    is_final: bool
    ceiling: str
    cost_usd: Decimal
    provider: str = ""
    model: str = ""
    is_busy: bool = False
    is_in_batch: bool = False


@dataclass
class Asker:
    """Who is asked, in which order, at which prices.

    Attributes:
        basket: Where questions are put that a batch is to answer; None: each is asked by itself.
    """

    ledger: Ledger
    providers: Sequence[Provider]
    models: Models
    now: Clock
    basket: Basket | None = None

    def ask(self, prompt: Prompt, opportunity_id: str, read: Callable[[str], T]) -> Answered[T] | Unanswered:
        """Ask until somebody gives an answer that `read` takes (it raises Unreadable for others)."""
        reasons: list[str] = []
        paid, is_final, who, what = Decimal(0), True, "", ""
        for provider in self.providers:
            model = self.models.use[provider.name][prompt.stage]
            got = self._from(provider, model, prompt, opportunity_id)
            if isinstance(got, _Stopped):
                reasons.append(f"{provider.name}: {got.why}")
                is_final = False
                if got.ends_here:
                    is_busy = not got.ceiling and not got.is_in_batch
                    return Unanswered(
                        "; ".join(reasons), False, got.ceiling, paid, is_busy=is_busy, is_in_batch=got.is_in_batch
                    )
                continue
            who, what, paid = provider.name, got.answer["model"], paid + got.cost_usd
            fault = _unusable(got.answer)
            if not fault:
                try:
                    return Answered(read(got.answer["text"]), who, what, "; ".join(reasons), paid)
                except Unreadable as error:
                    fault = f"{WhyNot.UNREADABLE.value} ({error})"
            reasons.append(f"{provider.name}: {fault}")
        return Unanswered(
            "; ".join(reasons) or "no provider has a key", is_final and bool(reasons), "", paid, who, what
        )

    def _from(self, provider: Provider, model: str, prompt: Prompt, opportunity_id: str) -> "_Kept | _Stopped":
        question_hash = prompt.hash_for(f"{provider.name}/{model}")
        with self.ledger.read() as tx:
            stands = standing(tx, question_hash, opportunity_id)
        if stands.answer is not None:
            return _Kept(stands.answer, stands.cost_usd)
        if stands.is_in_batch:
            return _IN_BATCH
        price, tokens = self.models.prices[model], self._tokens(provider, prompt, model)
        in_batch = self.basket.price_for(provider, price, stands) if self.basket else None
        # A batch is sent once; by itself a question may be sent again by the SDK, and each time be paid.
        most = (in_batch or price).most(tokens, prompt.most_answer_tokens) * (1 if in_batch else RETRIES + 1)
        kept_price = (in_batch or price).as_json()
        asked = Question(question_hash, provider.name, model, prompt.stage, opportunity_id, most, kept_price)
        if self.basket and in_batch:
            self.basket.put(asked, prompt)
            return _IN_BATCH
        return self._now(provider, asked, price, prompt)

    def _now(self, provider: Provider, asked: Question, price: Price, prompt: Prompt) -> "_Kept | _Stopped":
        """Ask a question by itself, with its money set aside first."""
        with self.ledger.housekeeping() as tx:
            reserved = reserve(tx, asked, at=self.now(), lease=LEASE)
        if reserved.verdict == "cached":
            with self.ledger.read() as tx:
                return _Kept(cached_answer(tx, asked.hash) or {}, Decimal(0))
        if reserved.call_id is None:
            return _stopped(reserved.verdict)
        began = time.monotonic()
        try:
            said = provider.ask(prompt, asked.model)
        except NoAnswer as none:
            with self.ledger.housekeeping() as tx:
                settle_unanswered(
                    tx,
                    reserved.call_id,
                    may_be_owed=none.may_be_owed,
                    latency_ms=_since(began),
                    fault=str(none),
                    at=self.now(),
                )
            return _Stopped(str(none))
        cost, kept = price.cost(said.used), as_json(said, provider.name)
        with self.ledger.housekeeping() as tx:
            settle_answered(
                tx, reserved.call_id, cost_usd=cost, used=said.used, latency_ms=_since(began), request_id=said.request_id,
                answer=kept, schema_version=SCHEMA_VERSION, at=self.now(),
            )  # fmt: skip
        return _Kept(kept, cost)

    def _tokens(self, provider: Provider, prompt: Prompt, model: str) -> int:
        """Count by the vendor; where that fails, take the bytes, of which no tokenizer makes more tokens."""
        most = (
            len((prompt.stable + prompt.notice + str(prompt.schema)).encode("utf-8", "surrogatepass"))
            + _OVERHEAD_TOKENS
        )
        try:
            return min(most, provider.count_tokens(prompt, model) + _OVERHEAD_TOKENS)
        except NoAnswer:
            return most


@dataclass(frozen=True)
class _Kept:
    answer: dict[str, Any]
    cost_usd: Decimal


@dataclass(frozen=True)
class _Stopped:
    why: str
    ceiling: str = ""
    ends_here: bool = False
    is_in_batch: bool = False


_IN_BATCH = _Stopped("a batch is to answer it", ends_here=True, is_in_batch=True)


def _stopped(verdict: str) -> _Stopped:
    if verdict == "vendor_day":
        return _Stopped(WhyNot.BUDGET.value, verdict)
    if verdict in CEILINGS:
        return _Stopped(f"the ceiling for the {verdict} is reached", verdict, ends_here=True)
    return _Stopped("it is being asked this very question", ends_here=True)


def _unusable(answer: dict[str, Any]) -> str:
    if answer.get("is_refusal"):
        return WhyNot.REFUSAL.value
    return WhyNot.CUT_OFF.value if answer.get("is_cut_off") else ""


def as_json(said: Said, provider: str) -> dict[str, Any]:
    """Write an answer as it is kept in llm_cache."""
    # PostgreSQL's jsonb refuses the NUL character.
    text = said.text.replace("\x00", "").encode("utf-8", "replace").decode()
    return {
        "text": text, "is_refusal": said.is_refusal, "is_cut_off": said.is_cut_off, "model": said.model, "provider": provider,
    }  # fmt: skip


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
