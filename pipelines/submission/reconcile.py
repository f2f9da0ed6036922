"""What may have arrived is looked for by our own reference: a settle window apart, and sent again only after certainty.

Two absences in a row are certainty, unless a server took it or an earlier worker still lives. What stays unclear waits for a
person once patience is over. Not here: acting (submit.py), how one way looks (executors/).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pipelines.submission import outcomes
from pipelines.submission.outcomes import Held
from pipelines.submission.portals.profile import PortalProfile
from warehouse.domain.delivery import (
    ABSENCES_NEEDED,
    Absent,
    Accepted,
    Finding,
    FoundReceipt,
    Handed,
    Outcome,
    Phase,
    Refused,
)
from warehouse.domain.lead import in_words
from warehouse.errors import WrongState
from warehouse.ledger import deliveries
from warehouse.ledger.deliveries import Delivery

BEFORE_DEADLINE = timedelta(minutes=30)
"""So long before the deadline a person hears of what is unclear, whatever the patience: another way may still be open."""
LONGEST_PAUSE = timedelta(minutes=15)


@dataclass(frozen=True)
class Timing:
    """How long one waits, and how often one sends, at one portal."""

    settle: timedelta = timedelta(seconds=60)
    patience: timedelta = timedelta(hours=24)
    attempts: int = 3


def timing_of(profile: PortalProfile | None) -> Timing:
    """Return a profile's timing; the usual one where a way needs no profile."""
    if profile is None:
        return Timing()
    return Timing(
        timedelta(seconds=profile.settle_seconds), timedelta(seconds=profile.patience_seconds), profile.attempts
    )


def put_in_doubt(held: Held, words: str, timing: Timing, *, transported_at: datetime | None = None) -> None:
    """Begin to look for what may have arrived, one settle window from now."""
    columns = {"transported_at": transported_at} if transported_at else {}
    outcomes.put_down(
        held, Phase.RECONCILING, words, after=timing.settle, is_fault=transported_at is None,
        outcome=Outcome.UNKNOWN.value, absences=0, message=words[:4000], **columns,
    )  # fmt: skip


def conclude(held: Held, finding: Finding, timing: Timing, *, at: datetime) -> None:
    """Draw the conclusion of one look.

    Args:
        finding: What was found.
        at: The real instant.
    """
    if isinstance(finding, Accepted):
        accept_or_ask(held, finding.receipt)
    elif isinstance(finding, Refused) and finding.is_certain:
        outcomes.refuse(held, finding.words)
    elif isinstance(finding, Refused):
        # Whoever says no has read something of ours: waiting does not make it clearer.
        outcomes.to_person(held, f"It is not taken, and some of it may lie there all the same: {finding.words}")
    elif isinstance(finding, Handed):
        outcomes.to_person(held, finding.words, is_handed_over=True)
    elif isinstance(finding, Absent) and (doubt := _doubt(held)):
        _unclear(held, f"{finding.words} {doubt}", timing, at)
    elif isinstance(finding, Absent):
        _absent(held, finding.words, timing)
    else:
        _unclear(held, finding.words, timing, at)


def accept_or_ask(held: Held, receipt: FoundReceipt) -> None:
    """Accept a receipt that can be believed; what the ledger or its own evidence does not bear out goes to a person."""
    if fault := _unbelievable(held, receipt):
        outcomes.to_person(held, f"A receipt was read that does not bear itself out: {fault}.")
        return
    try:
        outcomes.accept(held, receipt)
    except WrongState as error:
        outcomes.to_person(
            held, f"The receipt {receipt.number} was read, and the offer cannot become submitted: {error.what}"
        )


def _unbelievable(held: Held, receipt: FoundReceipt) -> str:
    with held.ledger.read() as tx:
        kept = {one.position for one in deliveries.evidence_of(tx, held.run.id)}
    if receipt.evidence not in kept:
        return "nothing was kept in which it stands"
    if not receipt.number.strip() or len(receipt.number) > 200:
        return "its number is none"
    return "" if receipt.number in receipt.quote else "its number is not in the words that were quoted"


def _doubt(held: Held) -> str:
    """Say why an absence is no proof."""
    if held.run.transported_at is not None:
        return "A server took it, so it may still be on its way."
    if not held.lease.is_alone:
        return "The worker that sent it has not ended, so it may still be sent."
    return ""


def _absent(held: Held, words: str, timing: Timing) -> None:
    run: Delivery = held.run
    absences = run.absences + 1
    if absences < ABSENCES_NEEDED:
        outcomes.put_down(
            held, Phase.RECONCILING, f"{words} It is looked for again in {in_words(timing.settle)}.",
            after=timing.settle, absences=absences,
        )  # fmt: skip
    elif run.attempt >= timing.attempts:
        outcomes.fail(held, f"It did not arrive, and was sent {_times(run.attempt)}. {words}")
    else:
        outcomes.put_down(
            held, Phase.WAITING, f"{words} It did not arrive: looked for {_times(absences)} in a row. It is sent again.",
            after=timedelta(), outcome=Outcome.NONE.value, absences=0,
        )  # fmt: skip


def _unclear(held: Held, words: str, timing: Timing, at: datetime) -> None:
    since = held.run.acted_at or held.run.created_at
    if at >= _patience_ends(held, since, timing):
        outcomes.to_person(held, f"It may have arrived, and nobody could tell for {in_words(at - since)}. {words}")
        return
    pause = min(max(timing.settle, (at - since) / 10), max(LONGEST_PAUSE, timing.settle))
    outcomes.put_down(
        held, Phase.RECONCILING, f"{words} It is looked for again in {in_words(pause)}.", after=pause, absences=0
    )


def _patience_ends(held: Held, since: datetime, timing: Timing) -> datetime:
    ends, due = since + timing.patience, held.submission.due_date
    if due is not None and due > since:
        soonest = since + 3 * timing.settle
        ends = min(ends, max(due - BEFORE_DEADLINE, soonest))
    return ends


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")
