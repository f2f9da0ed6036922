"""What the letters of a mailbox come to for one offer: a receipt, a refusal, or neither.

Only an answer of the office counts, to us, in its own words, with a number in them. An absent letter proves nothing: once a
server took a message, or may have, it can lie anywhere, so mail is never found absent here. Not here: reading the mailbox
(incoming.py), the pieces of a letter (letters.py, senders.py, reports.py).
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import Message

from pipelines.submission.mail.incoming import Letter
from pipelines.submission.mail.letters import (
    answered_ids,
    date_of,
    header,
    is_automatic,
    own_words,
    parse_letter,
    text_of,
)
from pipelines.submission.mail.parts import Part
from pipelines.submission.mail.reports import Report, reports_in
from pipelines.submission.mail.senders import Sender, sender_of
from pipelines.submission.mail.settings import Office
from pipelines.submission.receipt_patterns import find_numbers

AROUND = 150
"""Characters before and behind a phrase that are quoted with it."""


@dataclass(frozen=True)
class Sent:
    """What went out, as far as judging needs it.

    Attributes:
        to: In small letters, those whose failure means that the office did not get it; `cc` those who got a copy.
    """

    reference: str
    parts: Sequence[Part]
    to: frozenset[str]
    cc: frozenset[str]

    @property
    def numbers(self) -> Mapping[str, int]:
        """Our Message-IDs and the number of the message of each."""
        return {part.message_id: part.number for part in self.parts}

    @property
    def own_words(self) -> str:
        """All that we wrote, in small letters: an answer may repeat it, and what it repeats is no word of the office."""
        return "\n".join(f"{part.subject}\n{part.text}" for part in self.parts).lower()


@dataclass(frozen=True)
class Answer:
    """A letter of the office about our offer.

    Attributes:
        numbers: Which messages it answers; empty where it does not say.
        receipt: The number and the words in which it stands; None where it holds none.
        refusal: The words with which it does not take the offer; "" for none.
    """

    letter: Letter
    sender: Sender
    numbers: frozenset[int]
    at: datetime | None
    is_automatic: bool
    receipt: tuple[str, str] | None
    refusal: str


@dataclass(frozen=True)
class Seen:
    """Everything that was seen about an offer.

    Attributes:
        reports: With the letter that holds each.
        strangers: Letters about our offer that are none of the office's, as sentences.
        has_own_copy: Whether our own message lies there, which says that our server had it and nothing more.
    """

    answers: tuple[Answer, ...] = ()
    reports: tuple[tuple[Letter, Report], ...] = ()
    strangers: tuple[str, ...] = ()
    has_own_copy: bool = False


@dataclass
class _Sorting:
    answers: list[tuple[Letter, Sender, Message]] = field(default_factory=list)
    reports: list[tuple[Letter, Report]] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    has_own_copy: bool = False


def judge(letters: Sequence[Letter], sent: Sent, office: Office) -> Seen:
    """Read letters and say what each is.

    Raises:
        PatternsTooSlow: a pattern of a receipt number took too long.
    """
    sorting = _Sorting()
    for letter in letters:
        _sort(letter, sent, office, sorting)
    answers = _answers(sorting.answers, sent, office)
    return Seen(tuple(answers), tuple(sorting.reports), tuple(sorting.strangers), sorting.has_own_copy)


def _sort(letter: Letter, sent: Sent, office: Office, into: _Sorting) -> None:
    message = parse_letter(letter.raw)
    if header(message, "Message-ID") in sent.numbers:
        into.has_own_copy = True
        return
    if reports := reports_in(message, sent.numbers, sent.to | sent.cc):
        into.reports += [(letter, report) for report in reports]
        return
    if not _is_about_us(message, sent):
        return
    sender = sender_of(message, office.own_server)
    who = sender.address or "nobody who can be named"
    if not office.is_office(sender.address):
        into.strangers.append(f"a letter from {who}, which is none of the office's addresses")
    elif sender.is_genuine is False:
        into.strangers.append(f"a letter that says it is from {sender.address}, and is not ({sender.proof})")
    elif office.must_be_authenticated and not sender.is_genuine:
        into.strangers.append(f"a letter from {sender.address} that is not proven to be ({sender.proof})")
    else:
        into.answers.append((letter, sender, message))


def _is_about_us(message: Message, sent: Sent) -> bool:
    """Whether a letter answers a message of ours, or names our reference."""
    if answered_ids(message) & set(sent.numbers):
        return True
    return sent.reference.lower() in f"{header(message, 'Subject')}\n{text_of(message)}".lower()


def _answers(found: Sequence[tuple[Letter, Sender, Message]], sent: Sent, office: Office) -> list[Answer]:
    texts = [f"{header(message, 'Subject')}\n{own_words(text_of(message))}" for _, _, message in found]
    own = sent.own_words
    receipts: dict[int, tuple[str, str]] = {}
    for one in find_numbers(office.numbers, texts):
        # What we wrote ourselves may be repeated, our reference first of all.
        if one.number.lower() not in own:
            receipts.setdefault(one.text, (one.number, one.quote))
    return [
        Answer(
            letter, sender, _numbers(message, texts[position], sent), date_of(message), is_automatic(message),
            receipts.get(position), _refusal(texts[position], office.refusals),
        )
        for position, (letter, sender, message) in enumerate(found)
    ]  # fmt: skip


def _numbers(message: Message, text: str, sent: Sent) -> frozenset[int]:
    """Return which messages an answer is about: by what it answers, else by what it names."""
    named = sent.numbers
    if answered := {named[one] for one in answered_ids(message) if one in named}:
        return frozenset(answered)
    if len(sent.parts) == 1:
        return frozenset({1})
    return frozenset(
        part.number for part in sent.parts
        if re.search(rf"\b{part.number} of {part.count}\b", text) or part.envelope_id.lower() in text.lower()
    )  # fmt: skip


def _refusal(text: str, phrases: Collection[str]) -> str:
    """Return the words around the first phrase that stands in a text, however its lines are broken; "" where none does."""
    words = " ".join(text.split())
    for phrase in phrases:
        if found := re.search(re.escape(" ".join(phrase.split())), words, re.I):
            return words[max(0, found.start() - AROUND) : found.end() + AROUND]
    return ""
