"""A kept mail is shown as who wrote what to whom, and no mail however malformed breaks the page or the reading of a receipt."""

import random
from pathlib import Path

import pytest

from pipelines.submission.evidence_preview import MOST_CHARACTERS, mail_text
from pipelines.submission.receipt_readers import read_mail

PIECES = (
    b"From: a@b\r\n", b"To: <>;:\r\n", b"Subject: =?utf-8?B?!!!?=\r\n", b"Date: xx\r\n", b"Message-ID: <\r\n", b"\r\n", b"--x\r\n",
    b"Content-Type: multipart/mixed; boundary=x\r\n", b"Content-Type: text/plain; charset=nope\r\n", b"--x--\r\n", b"=ZZ\r\n",
    b"Content-Transfer-Encoding: base64\r\n", b"hello \xff\xfe\r\n", b"Content-Type: text/html\r\n", b"Content-Type: ;;;\r\n",
    b"Content-Disposition: attachment; filename*=utf-8''%ff\r\n", b"Content-Transfer-Encoding: quoted-printable\r\n",
    b"From: =?x?q?=?=@[1.2\r\n", b"To: group: a@b, c;\r\n", b"Content-Type: message/rfc822\r\n", b"Content-Type: multipart/alternative\r\n",
    b'Content-Type: multipart/related; start="<a>"; boundary=x\r\n', b"Content-ID: <a>\r\n",
)  # fmt: skip
"""Out of such pieces mails were made that broke Python's newer reader: one in eight of them."""


def malformed(count: int) -> list[bytes]:
    chance = random.Random(4711)
    made = []
    for _ in range(count):
        raw = bytearray(b"".join(chance.choices(PIECES, k=chance.randint(1, 14))))
        for _ in range(chance.choice((0, 0, 3))):
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        made.append(bytes(raw))
    return made


def test_a_mail_is_shown_with_its_heads_and_its_readable_part() -> None:
    raw = (
        b"From: =?utf-8?q?Office_of_=C3=84?= <office@agency.example>\r\nTo: bids@firm.example\r\nSubject: Received\r\n R-2026-1\r\n"
        b"Date: Mon, 30 Nov 2026 10:00:00 -0500\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=x\r\n\r\n"
        b"--x\r\nContent-Type: text/html\r\n\r\n<p>Not this <script>alert(1)</script></p>\r\n"
        b"--x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nWe received R-2026-1.\x07\r\n--x--\r\n"
    )
    assert mail_text(raw) == (
        "From: Office of Ä <office@agency.example>\nTo: bids@firm.example\nDate: Mon, 30 Nov 2026 10:00:00 -0500\n"
        "Subject: Received R-2026-1\n\nWe received R-2026-1."
    )


def test_a_mail_of_a_page_alone_is_shown_as_its_words() -> None:
    raw = b"From: a@b.example\r\nContent-Type: text/html\r\n\r\n<h1>Received</h1><script>alert(1)</script><p>R-1</p>"
    assert mail_text(raw).split() == ["From:", "a@b.example", "Received", "R-1"]


def test_a_long_mail_is_cut() -> None:
    assert len(mail_text(b"Subject: x\r\n\r\n" + b"word " * MOST_CHARACTERS)) == MOST_CHARACTERS


def test_no_malformed_mail_breaks_the_page() -> None:
    for raw in malformed(4_000):
        assert isinstance(mail_text(raw), str), raw


@pytest.mark.thorough
def test_no_malformed_mail_breaks_the_reading_of_a_receipt(tmp_path: Path) -> None:
    path = tmp_path / "mail.eml"
    for raw in malformed(2_000):
        path.write_bytes(raw)
        blocks, note = read_mail(path)
        assert len(blocks) >= 4
        assert note == ""
