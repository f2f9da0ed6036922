"""Many questions at once, at the vendors' lower price: put into a basket while a run goes through its opportunities, then sent.

A batch is committed with its questions and their money before it is sent, and the vendor's id the moment it is known. Nobody waits
for it here. Not here: reading batches (bulk_read.py), concluding from them (bulk_follow.py), what a vendor offers (bulk_provider.py).
"""

import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby

from pipelines.qualification.bulk_provider import BulkProvider
from pipelines.qualification.models import Price
from pipelines.qualification.prompt import Prompt
from pipelines.qualification.provider import NoAnswer, Provider, WhyNot
from warehouse.ledger.llm_batches import REFUSED, Standing, end, intend, note_look, note_sent
from warehouse.ledger.llm_calls import Question
from warehouse.ledger.store import Ledger

Clock = Callable[[], datetime]
PATIENCE = timedelta(hours=48)
"""Both vendors end a batch within 24 hours of its creation; what cannot be read for another 24 counts as lost."""
SEND_WITHIN = timedelta(minutes=2)
"""After a batch was written down; whoever slept longer leaves it to be found absent, which others may be doing now."""
MOST_QUESTIONS = 500
"""A batch is some 30 MB then: an eighth of what vendors take, and quick to send anew."""


@dataclass(frozen=True)
class Put:
    """A question that waits in the basket, with its price in a batch."""

    question: Question
    prompt: Prompt


@dataclass
class Basket:
    """What is to go into batches of one vendor; filled by several threads.

    Attributes:
        vendor: The one asked first; what another is asked instead goes by itself.
    """

    vendor: BulkProvider
    _puts: list[Put] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def price_for(self, provider: Provider, price: Price, standing: Standing) -> Price | None:
        """Return at which price a question would go into the basket; None: it is asked by itself.

        A batch has one chance with each question: what it left unanswered, or answered unusably, is not put off for another day.
        """
        return None if provider.name != self.vendor.name or standing.was_in_batch else price.in_batch()

    def put(self, question: Question, prompt: Prompt) -> None:
        """Keep a question until the basket is sent."""
        with self._lock:
            self._puts.append(Put(question, prompt))

    def parts(self, order: Mapping[str, int]) -> Iterator[list[Put]]:
        """Cut into batches of one purpose each; `order`: opportunity -> place, the best first, for where money ends."""

        def place(put: Put) -> tuple[str, int]:
            return put.question.purpose.value, order[put.question.opportunity_id]

        for _, group in groupby(sorted(self._puts, key=place), key=lambda put: put.question.purpose):
            puts = list(group)
            for start in range(0, len(puts), MOST_QUESTIONS):
                yield puts[start : start + MOST_QUESTIONS]


def send_basket(ledger: Ledger, basket: Basket, order: Mapping[str, int], clock: Clock) -> Counter[str]:
    """Write down and send what is in a basket; return how many questions met which verdict of `reserve` (role: pipeline).

    A vendor that refuses a batch leaves its questions to be asked by themselves by the next look at batches.
    """
    verdicts: Counter[str] = Counter()
    for part in basket.parts(order):
        batch_id, made_at = str(uuid.uuid4()), clock()
        with ledger.housekeeping() as tx:
            intended = intend(tx, batch_id, [put.question for put in part], at=made_at, patience=PATIENCE)
        verdicts.update(one.verdict for one in intended)
        prompts = {put.question.hash: put.prompt for put in part}
        questions = {one.custom_id: prompts[one.hash] for one in intended if one.custom_id}
        if questions:
            model = part[0].question.model
            _send(ledger, basket.vendor, _Sending(batch_id, model, questions, made_at), clock)
    return verdicts


@dataclass(frozen=True)
class _Sending:
    batch_id: str
    model: str
    questions: Mapping[str, Prompt]
    made_at: datetime


def _send(ledger: Ledger, vendor: BulkProvider, sending: _Sending, clock: Clock) -> None:
    if clock() - sending.made_at > SEND_WITHIN:
        return
    try:
        vendor_id = vendor.send(sending.batch_id, sending.model, sending.questions)
    except NoAnswer as none:
        with ledger.housekeeping() as tx:
            if none.may_be_owed or none.why is WhyNot.OUTAGE:
                # It may have arrived all the same: bulk_read.py looks for it before anybody is asked again.
                note_look(tx, sending.batch_id, str(none), at=clock())
            else:
                end(tx, sending.batch_id, REFUSED, str(none), at=clock())
        return
    with ledger.housekeeping() as tx:
        note_sent(tx, sending.batch_id, vendor_id, at=clock())
