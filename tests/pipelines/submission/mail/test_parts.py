"""Numbered messages: whatever the sizes, each fits, holds its files once and in order, and says what it is."""

import email
import email.policy
from collections.abc import Sequence
from dataclasses import replace
from email.message import EmailMessage
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipelines.submission.executor import Parcel, ParcelFile
from pipelines.submission.mail.parts import faults_of_split, plan, split, to_bytes, without_files, write_messages
from pipelines.submission.mail.settings import MailSettings, read_section
from tests.fakes.mail_desk import FIELDS, REFERENCE, instant, make_files, make_parcel
from tests.pipelines.submission.mail.test_settings import SECTION

AT = instant("2026-09-30T17:00:00-04:00")
NAMES = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters='/\\"'), min_size=1, max_size=196
).filter(lambda name: name == name.strip())
"""Names as a package keeps them: without blanks around them."""


def settings_of(**changes: Any) -> MailSettings:
    read = read_section({**SECTION, **changes})
    assert isinstance(read, MailSettings)
    return read


def of_sizes(sizes: Sequence[int], names: Sequence[str] = ()) -> list[ParcelFile]:
    """Return files that are sizes only: nothing is read of them."""
    return [
        ParcelFile(Path("nowhere"), names[n] if names else f"{n}.pdf", f"{n:064}", size, "application/pdf", "")
        for n, size in enumerate(sizes)
    ]


def read(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)  # type: ignore[arg-type]
    assert isinstance(message, EmailMessage)
    return message


@given(st.lists(st.integers(1, 400_000), min_size=1, max_size=40), st.integers(150_000, 2_000_000))
@example([349_762], 480_730)
def test_any_sizes_are_divided_once_and_in_order(sizes: list[int], limit: int) -> None:
    files, wanted = of_sizes(sizes), settings_of(message_bytes=limit, messages=99)
    parcel = make_parcel(Path("nowhere"), files, None)
    if faults_of_split(parcel, wanted):
        # 57 bytes make one line of 76 signs and its end.
        assert any(size * 78 / 57 + 10_000 > limit for size in sizes)
        return
    divided = split(parcel, wanted)
    assert [file for message in divided for file in message] == files
    assert all(divided)
    assert divided == split(parcel, wanted)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_message_that_was_planned_fits_as_it_travels(tmp_path: Path, data: st.DataObject) -> None:
    names = data.draw(st.lists(NAMES, min_size=1, max_size=6, unique_by=lambda name: name))
    sizes = dict.fromkeys(names, 0) | {name: data.draw(st.integers(1, 90_000)) for name in names}
    note = data.draw(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=3_000))
    wanted = settings_of(message_bytes=data.draw(st.integers(140_000, 300_000)))
    files = make_files(tmp_path, sizes)
    parcel = make_parcel(tmp_path, files, None, fields={**FIELDS, "body_note": note, "subject": note[:200]})
    if faults_of_split(parcel, wanted):
        return
    written = write_messages(plan(parcel, wanted), parcel, wanted, AT, tmp_path)
    attached = []
    for message in written:
        raw = message.path.read_bytes()
        assert len(raw) == message.size <= wanted.message_bytes
        assert raw.endswith(b"\r\n")
        assert b"\n" not in raw.replace(b"\r\n", b"")
        assert max(map(len, raw.split(b"\r\n"))) <= 998
        assert raw.isascii()
        # As it stands in the header: `get_filename` takes away angle brackets as well as quotation marks.
        attached += [
            (part["content-disposition"].params["filename"], part.get_payload(decode=True))
            for part in read(raw).iter_attachments()
        ]
    assert attached == [(file.name, file.path.read_bytes()) for file in files]


def test_a_file_over_the_limit_is_named_before_anything_is_done() -> None:
    parcel = make_parcel(Path("nowhere"), of_sizes([10_000, 9_000_000]), None)
    (fault,) = faults_of_split(parcel, settings_of())
    assert fault.startswith("1.pdf does not fit a message: 12.")
    assert "10.0 MB are possible" in fault


@pytest.mark.parametrize(
    ("template", "wanted"),
    [
        ("{subject}", "Offer W912-26-R-0001 (Part 2 of 2)"),
        ("[{reference}] {subject} {number}/{count}", f"[{REFERENCE}] Offer W912-26-R-0001 2/2"),
        ("{solicitation}", "W912-26-R-0001 (Part 2 of 2)"),
    ],
)
def test_the_subject_is_as_the_profile_says(tmp_path: Path, template: str, wanted: str) -> None:
    files = make_files(tmp_path, {"a.pdf": 60_000, "b.pdf": 60_000})
    told = settings_of(message_bytes=100_000, subject=template)
    parcel = make_parcel(tmp_path, files, None)
    assert read(to_bytes(plan(parcel, told)[1], parcel, told, AT))["Subject"] == wanted


def test_no_field_opens_a_header(tmp_path: Path) -> None:
    fields = {
        **FIELDS,
        "subject": "Offer\r\nBcc: spy@evil.example",
        "body_note": ".\r\n.\r\nRCPT TO:<spy@evil.example>",
    }
    parcel = make_parcel(tmp_path, make_files(tmp_path, {"a.pdf": 10}), None, fields=fields)
    raw = to_bytes(plan(parcel, settings_of())[0], parcel, settings_of(), AT)
    message = read(raw)
    assert message["Bcc"] is None
    assert message["Subject"] == "Offer Bcc: spy@evil.example"


def test_ids_tell_package_and_number_apart(tmp_path: Path) -> None:
    parcel = make_parcel(tmp_path, of_sizes([60_000, 60_000]), None)
    told = settings_of(message_bytes=100_000)
    first, second = plan(parcel, told)
    assert first.message_id == f"<{REFERENCE}.1-of-2.{parcel.manifest_hash[:10]}@firm.example>"
    other = replace(parcel, manifest_hash="f" * 64)
    assert len({one.message_id for one in (first, second, *plan(other, told))}) == 4


def test_a_letter_among_the_files_travels_as_plain_bytes(tmp_path: Path) -> None:
    (file,) = make_files(tmp_path, {"forwarded.eml": 300})
    parcel = make_parcel(tmp_path, [replace(file, media_type="message/rfc822")], None)
    (part,) = read(to_bytes(plan(parcel, settings_of())[0], parcel, settings_of(), AT)).iter_attachments()
    assert part.get_content_type() == "application/octet-stream"
    assert part.get_payload(decode=True) == file.path.read_bytes()


def test_what_is_kept_of_a_message_says_all_but_the_files(tmp_path: Path) -> None:
    parcel: Parcel = make_parcel(tmp_path, make_files(tmp_path, {"Größe.pdf": 5_000}), None)
    (written,) = write_messages(plan(parcel, settings_of()), parcel, settings_of(), AT, tmp_path)
    kept = without_files(written).decode()
    assert written.sha256 == sha256(written.path.read_bytes()).hexdigest()
    for words in (REFERENCE, FIELDS["to"], "Größe.pdf", parcel.files[0].sha256, written.sha256):
        assert words in kept
    assert len(kept) < 3_000
