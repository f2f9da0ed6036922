"""From everything that was seen about an offer to one finding, with the letters that it rests on kept.

Not here: what each letter is (judging.py).
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from pipelines.submission.mail.incoming import Letter
from pipelines.submission.mail.judging import Answer, Seen, Sent
from pipelines.submission.mail.reports import Report
from warehouse.domain.delivery import Accepted, EvidenceKind, Finding, FoundReceipt, ReceiptSource, Refused, Unclear

LONGEST_WORDS = 900
LONGEST_NUMBER = 200
AHEAD = timedelta(hours=1)
"""A clock of the office that is further ahead says nothing about when it received."""
MOST_KEPT = 10

Keep = Callable[[EvidenceKind, str, bytes, str], int]
"""Keeps kind, name, bytes and media type, and returns the position."""


def find(seen: Seen, sent: Sent, *, wants_each: bool, now: datetime, keep: Keep) -> Finding:
    """Say what was found. A receipt goes before a bounce: the office has what it acknowledges, whoever else did not get it."""
    refused = [one for one in seen.answers if one.refusal]
    receipts = [one for one in seen.answers if one.receipt and not one.refusal]
    if refused and receipts:
        _keep_all([one.letter for one in (*receipts, *refused)], keep)
        both = f"The office acknowledges it and does not take it: {refused[0].refusal}"
        return Refused(both[:LONGEST_WORDS], is_certain=False)
    if refused:
        _keep_all([one.letter for one in refused], keep)
        return Refused(f"{refused[0].sender.address} writes: {refused[0].refusal}"[:LONGEST_WORDS], is_certain=False)
    if accepted := _receipt(receipts, sent, wants_each, now, keep):
        return Accepted(accepted)
    if failed := _failed(seen, sent):
        _keep_all([letter for letter, report in seen.reports if report.action == "failed"], keep)
        return failed
    _keep_all([one.letter for one in seen.answers], keep)
    return Unclear(_words(seen, sent, receipts)[:LONGEST_WORDS])


def _receipt(
    receipts: Sequence[Answer], sent: Sent, wants_each: bool, now: datetime, keep: Keep
) -> FoundReceipt | None:
    """Return the receipt, or the receipts of all messages together where each must be acknowledged; None where one is missing."""
    ordered = sorted(receipts, key=lambda one: one.at.timestamp() if one.at else float("inf"))
    if not wants_each or len(sent.parts) == 1:
        chosen = ordered[:1]
    else:
        firsts = [next((one for one in ordered if part.number in one.numbers), None) for part in sent.parts]
        chosen = [one for one in firsts if one is not None]
        if len(chosen) < len(firsts):
            return None
    if not chosen:
        return None
    positions = {
        one.letter: keep(EvidenceKind.MAIL, _name("receipt", one.letter), one.letter.raw, "message/rfc822")
        for one in dict.fromkeys(chosen)
    }
    stated = [one.at for one in chosen if one.at and one.at <= now + AHEAD]
    told = [(*one.receipt, one) for one in chosen if one.receipt]
    number = ", ".join(dict.fromkeys(number for number, _, _ in told))[:LONGEST_NUMBER]
    quote = " / ".join(dict.fromkeys(quote for _, quote, _ in told))
    evidence = positions[chosen[0].letter]
    if len(positions) > 1:
        quote = f"{number}: {quote}"
        lines = [
            f"Message {part.number} of {part.count}: {one_number}, evidence {positions[one.letter]}, from {one.sender.address}: {words}"
            for part, (one_number, words, one) in zip(sent.parts, told, strict=True)
        ]
        evidence = keep(EvidenceKind.RECEIPT, "receipts.txt", "\n".join([quote, *lines]).encode(), "text/plain")
    received_at = max(stated) if len(stated) == len(chosen) else None
    return FoundReceipt(number, quote, ReceiptSource.EMAIL, evidence, received_at)


def _failed(seen: Seen, sent: Sent) -> Refused | None:
    """Say that the office did not get it: certain where servers report it by the rules for every message and address."""
    ids, everybody = sent.numbers, sent.to | sent.cc
    came = {(number, report.address) for number, report in _by_number(seen, sent, "delivered")}
    failed = {(number, report.address) for number, report in _by_number(seen, sent, "failed")} - came
    formal = {(number, one.address) for number, one in _by_number(seen, sent, "failed") if one.is_formal} - came
    lost = [number for number in ids.values() if all((number, address) in failed for address in sent.to)]
    if not lost or not sent.to:
        return None
    is_certain = all((number, address) in formal for number in ids.values() for address in everybody)
    words = "; ".join(dict.fromkeys(report.words for _, report in seen.reports if report.action == "failed"))
    which = "" if len(lost) == len(ids) else f"of {len(ids)} messages, {', '.join(map(str, sorted(lost)))} came back: "
    return Refused(f"{which}{words}"[:LONGEST_WORDS], is_certain=is_certain)


def _by_number(seen: Seen, sent: Sent, action: str) -> list[tuple[int, Report]]:
    ids = sent.numbers
    return [(ids[one], report) for _, report in seen.reports if report.action == action for one in report.message_ids]


def _words(seen: Seen, sent: Sent, receipts: Sequence[Answer]) -> str:
    said = []
    for one in receipts:
        which = f"message {', '.join(map(str, sorted(one.numbers)))}" if one.numbers else "no message in particular"
        said.append(f"{one.sender.address} acknowledges {which} of {len(sent.parts)}")
    for one in seen.answers:
        if not one.receipt:
            how = "answered automatically" if one.is_automatic else "answered"
            said.append(f"{one.sender.address} {how}, without a receipt number ({one.sender.proof})")
    said += [f"a server reports {report.action} for {report.words}, which is no receipt" for _, report in seen.reports]
    said += seen.strangers
    if seen.has_own_copy:
        said.append("our own copy lies in the mailbox, which says that our server had it")
    return "No receipt yet: " + "; ".join(dict.fromkeys(said)) + "." if said else "No letter about it yet."


def _keep_all(letters: Sequence[Letter], keep: Keep) -> None:
    for letter in list(dict.fromkeys(letters))[:MOST_KEPT]:
        keep(EvidenceKind.MAIL, _name("letter", letter), letter.raw, "message/rfc822")


def _name(what: str, letter: Letter) -> str:
    return f"{what}-{letter.folder}-{letter.uid}.eml".replace("/", "-").replace(" ", "-")
