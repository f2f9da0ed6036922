"""Letters of any make are judged without harm: whatever is changed in one, only the office's own words become a receipt."""

import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.submission.mail.incoming import Letter
from pipelines.submission.mail.judging import Seen, Sent, judge
from pipelines.submission.mail.letters import own_words, parse_letter, text_of
from pipelines.submission.mail.parts import plan, to_bytes
from pipelines.submission.mail.settings import MailSettings, read_section
from pipelines.submission.mail.verdict import find
from tests.fakes.mail_desk import REFERENCE, instant, make_parcel
from tests.fakes.office_letters import OFFICE, Arrived, answer, out_of_office, plain_bounce, receipt, report
from tests.pipelines.submission.mail.test_parts import of_sizes
from tests.pipelines.submission.mail.test_settings import SECTION
from warehouse.domain.delivery import Accepted, Finding, Refused, Unclear

AT = instant("2026-09-30T17:00:00-04:00")
NUMBERS = [r"Confirmation number:\s*([A-Z0-9-]+)"]
READ = read_section({**SECTION, "receipt": {"from": [OFFICE], "numbers": NUMBERS}})
assert isinstance(READ, MailSettings)
SETTINGS: MailSettings = READ
PARCEL = make_parcel(Path("nowhere"), of_sizes([5_000]), None)
PARTS = plan(PARCEL, SETTINGS)
SENT = Sent(REFERENCE, PARTS, frozenset({OFFICE}), frozenset())
OURS = Arrived(to_bytes(replace(PARTS[0], files=()), PARCEL, SETTINGS, AT), (OFFICE,))
LETTERS = [
    receipt(OURS, "R-2026-1"), out_of_office(OURS), report(OURS, "failed"), report(OURS, "delivered", whole=True),
    plain_bounce(OURS), answer(OURS, "<p>Confirmation number: R-2026-2</p>", html=True),
]  # fmt: skip


def judged(*raw: bytes) -> Seen:
    return judge([Letter("INBOX", str(n), one) for n, one in enumerate(raw, 1)], SENT, SETTINGS.office)


def found(*raw: bytes) -> Finding:
    seen = judged(*raw)
    return find(seen, SENT, wants_each=False, now=AT, keep=lambda *_: 1)


def test_each_letter_is_what_it_is() -> None:
    kinds = [type(found(one)) for one in LETTERS]
    assert kinds == [Accepted, Unclear, Refused, Unclear, Refused, Accepted]


@settings(max_examples=50)
@given(st.integers(0, len(LETTERS) - 1), st.integers(0, 2**32))
def test_no_letter_that_was_damaged_breaks_the_reading(which: int, seed: int) -> None:
    chance, raw = random.Random(seed), bytearray(LETTERS[which])
    for _ in range(chance.randint(1, 40)):
        place = chance.randrange(len(raw))
        match chance.randrange(3):
            case 0:
                raw[place] = chance.randrange(256)
            case 1:
                del raw[place : place + chance.randint(1, 60)]
            case _:
                raw[place:place] = raw[chance.randrange(len(raw)) :][: chance.randint(1, 60)]
        if not raw:
            raw = bytearray(b"x")
    message = parse_letter(bytes(raw))
    own_words(text_of(message))
    assert isinstance(judged(bytes(raw)), Seen)


@settings(max_examples=30)
@given(st.binary(max_size=3_000))
def test_no_bytes_at_all_break_the_reading(raw: bytes) -> None:
    assert isinstance(found(raw), Unclear)


@pytest.mark.parametrize(
    "change",
    [
        (b"From: " + OFFICE.encode(), b"From: boss@evil.example"),
        (b"From: " + OFFICE.encode(), b"From: " + OFFICE.encode() + b"\r\nFrom: boss@evil.example"),
        (b"From: " + OFFICE.encode(), b"X-From: " + OFFICE.encode()),
        (REFERENCE.encode(), b"PRC-ZZZZ-ZZZZ"),
        (b"Confirmation number: R-2026-1", b"> Confirmation number: R-2026-1"),
        (b"Confirmation number: R-2026-1", b"Confirmation number: " + REFERENCE.encode()),
    ],
)
def test_one_change_and_a_receipt_is_none(change: tuple[bytes, bytes]) -> None:
    changed = LETTERS[0].replace(*change)
    assert changed != LETTERS[0]
    assert isinstance(found(changed), Unclear)


@pytest.mark.parametrize(
    "head",
    ["From: A <a@b.example>\nSent: Monday\nTo: C\nSubject: D\n", "*From:* A\n*Date:* B\n*To:* C\n", "----- Original Message -----\n",
     "On Mon, 1 Jan 2026, A <a@b.example> wrote:\n", "________________________________\n"],
)  # fmt: skip
def test_what_mail_programs_repeat_is_left_out(head: str) -> None:
    assert own_words(f"Thanks.\n\n{head}Confirmation number: 1234").strip() == "Thanks."


def test_a_form_that_speaks_of_from_and_date_is_no_quotation() -> None:
    text = "Received from: Firm, Inc.\nDate: Monday\nConfirmation number: 1234"
    assert own_words(text) == text
