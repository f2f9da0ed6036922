"""What Grants.gov's list and its word on one application come to for a delivery of ours.

Not here: asking (talk.py), what the engine does with a finding (reconcile.py).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from pipelines.submission.grants_gov.answers import Detail, Listed, Status
from warehouse.domain.delivery import Absent, Finding, FoundReceipt, Handed, ReceiptSource, Refused, Standing, Unclear

CLOCKS_DIFFER = timedelta(minutes=5)
QUOTED = 400
"""Signs that are quoted from a number's tag on: its time of reception stands behind it."""


def of_list(listed: Sequence[Listed], available: int, reference: str, *, acted_at: datetime | None) -> Listed | Finding:
    """Return the one application of the list that carries our reference, or what its being there or not comes to.

    A rejected one is dead: it counts only where the last act may have brought it, not an earlier delivery of the package.

    Args:
        available: How many applications the answer says there are.
        acted_at: When the last act was begun; None before the first.
    """
    ours = [one for one in listed if reference in one.title.split()]
    alive = [one for one in ours if one.status is not Status.REJECTED]
    dead = [one for one in ours if one.status is Status.REJECTED and _may_be_of(one, acted_at)]
    if len({one.number for one in alive}) > 1:
        numbers = ", ".join(sorted({one.number for one in alive}))
        return Handed(
            f"Several applications carry our reference {reference}: {numbers}. One too many is to be withdrawn."
        )
    if alive:
        return alive[0]
    if dead:
        return dead[0]
    if available > len(listed):
        return Unclear(f"{available} applications are said to be there, and {len(listed)} of them are listed.")
    return Absent(f"{reference} is in no title among our own applications at Grants.gov.")


def of_detail(detail: Detail, one: Listed) -> Unclear | Refused | None:
    """Return what the word on one application comes to; None where it is received under its number."""
    if detail.number != one.number:
        return Unclear(f"Asked for {one.number}, Grants.gov tells of {detail.number}.")
    if Status.REJECTED in (one.status, detail.status):
        return Refused(f"{one.number}: {detail.words or Status.REJECTED}")
    if one.status is None:
        return Unclear(f"{one.number} is {one.status_words!r} at Grants.gov, which nobody here knows.")
    if Status.RECEIVING in (one.status, detail.status):
        return Unclear(f"Grants.gov is still receiving {one.number}.")
    return None


def receipt_in(xml: str, number: str, position: int, received_at: datetime | None) -> FoundReceipt:
    """Return the receipt whose number stands in an answer that was kept at a position."""
    start = xml.rindex("<", 0, xml.index(number))
    words = " ".join(xml[start : start + QUOTED].split())
    quote = words[: words.rindex(">") + 1]  # whole tags, from the number's own on
    return FoundReceipt(number, quote, ReceiptSource.PORTAL, position, received_at)


def standing_of(status: Status, words: str) -> Standing:
    """Return how a received application stands; behind the agency's own number Grants.gov follows it no further."""
    return Standing(
        status.value,
        words or status.value,
        is_news=status not in {Status.RECEIVING, Status.RECEIVED, Status.PROCESSING, Status.DOWNLOAD},
        is_final=status in {Status.REJECTED, Status.NUMBERED},
        is_rejection=status is Status.REJECTED,
    )


def _may_be_of(one: Listed, acted_at: datetime | None) -> bool:
    if acted_at is None:
        return False
    return one.received_at is None or one.received_at >= acted_at - CLOCKS_DIFFER
