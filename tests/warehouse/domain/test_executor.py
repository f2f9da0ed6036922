"""Ways to deliver: what each must be told, and how large files become on their way."""

import email.message
import email.policy
import random

import pytest

from warehouse.domain.executor import EXECUTORS, FRAME_BYTES, attached_bytes, entries, faults_of_fields

EMAIL = {"to": "offers@agency.example", "subject": "Offer"}
PORTAL = {"portal_name": "PIEE", "portal_address": "https://piee.example/"}


@pytest.mark.parametrize("name", EXECUTORS)
def test_every_way_says_what_it_lacks_and_asks_nothing_of_a_draft(name: str) -> None:
    required = {field.label for field in EXECUTORS[name].fields if field.is_required}
    assert set(faults_of_fields(name, {})) == required
    assert faults_of_fields(name, {}, is_complete=False) == {}


@pytest.mark.parametrize(
    ("name", "fields", "label", "fault"),
    [
        ("email", EMAIL | {"to": "a@b.example, nobody"}, "To", "'nobody' is no e-mail address"),
        ("email", EMAIL | {"to": "a@b.example; A@b.example"}, "To", "an address is there twice"),
        ("email", EMAIL | {"cc": ",".join(f"a{n}@b.example" for n in range(21))}, "Copy to", "more than 20"),
        ("email", EMAIL | {"to": "a@b.example\r\nBcc: c@d.example"}, "To", "is one line"),
        ("email", EMAIL | {"subject": "Offer\nBcc: c@d.example"}, "Subject", "is one line"),
        ("email", EMAIL | {"subject": "Offer \u202egnp.exe"}, "Subject", "cannot be seen"),
        ("email", EMAIL | {"subject": "x" * 201}, "Subject", "200 are possible"),
        ("email", EMAIL | {"body_note": "a\x00b"}, "Text of the message", "cannot be seen"),
        ("email", EMAIL | {"portal_name": "x"}, "portal_name", "no field of this way"),
        ("assisted", PORTAL | {"portal_address": "javascript:alert(1)"}, "Address of the portal", "https://"),
        ("assisted", PORTAL | {"portal_address": "https://user@evil.example/"}, "Address of the portal", "https://"),
        ("assisted", PORTAL | {"entries": "UEI: 1\nCAGE"}, "What the forms ask for", "line 2"),
        ("assisted", PORTAL | {"entries": "UEI: 1\nuei: 2"}, "What the forms ask for", "twice"),
        ("browser", PORTAL | {"portal_profile": "x"}, "portal_name", "no field of this way"),
    ],
)
def test_a_faulty_field_is_named(name: str, fields: dict[str, str], label: str, fault: str) -> None:
    assert fault in faults_of_fields(name, fields)[label]


def test_complete_fields_have_no_fault() -> None:
    assert faults_of_fields("email", EMAIL | {"cc": "a@b.example", "body_note": "Dear Sir,\n\n\twe offer"}) == {}
    assert faults_of_fields("assisted", PORTAL | {"entries": "UEI: ABC\n\nWeb: https://firm.example"}) == {}
    assert entries("UEI: ABC\n\nWeb: https://firm.example") == [("UEI", "ABC"), ("Web", "https://firm.example")]


@pytest.mark.parametrize("size", [0, 1, 2, 3, 56, 57, 58, 114, 1_000, 123_457])
def test_the_growth_of_an_attachment_is_never_counted_too_small(size: int) -> None:
    message = email.message.EmailMessage(policy=email.policy.SMTP)
    message.add_attachment(random.Random(1).randbytes(size), "application", "pdf", filename="n" * 196 + ".pdf")
    on_the_way = len(message.as_bytes())
    assert on_the_way <= attached_bytes(size) <= on_the_way + FRAME_BYTES
