"""Reading what the web service answers: what is no answer to the question is none, whatever it says."""

import pytest

from pipelines.submission.grants_gov.answers import (
    Detail,
    Faulted,
    Status,
    Unreadable,
    plain_words,
    read_body,
    read_list,
    read_taken,
)
from pipelines.submission.grants_gov.messages import COMMON, SERVICE, SOAP

NUMBER = "<c:GrantsGovTrackingNumber>GRANT12345678</c:GrantsGovTrackingNumber>"
TAKEN = (
    f"<s:SubmitApplicationResponse>{NUMBER}<s:ReceivedDateTime>{{}}</s:ReceivedDateTime></s:SubmitApplicationResponse>"
)


def envelope(inner: str, before: str = "") -> bytes:
    return (
        f'{before}<e:Envelope xmlns:e="{SOAP}" xmlns:s="{SERVICE}" xmlns:c="{COMMON}"><e:Body>{inner}</e:Body></e:Envelope>'
    ).encode()


def read(inner: str, kind: str = "text/xml", before: str = "") -> object:
    return read_taken(read_body(kind, envelope(inner, before))[0])


@pytest.mark.parametrize(
    ("said", "received"),
    [
        ("2026-11-30T14:07:47.000-05:00", "2026-11-30T19:07:47+00:00"),
        ("2026-11-30T14:07:47Z", "2026-11-30T14:07:47+00:00"),
        ("2026-11-30T14:07:47", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_a_time_without_a_zone_is_none(said: str, received: str | None) -> None:
    body, _ = read_body("text/xml", envelope(TAKEN.format(said)))
    taken = read_taken(body)
    assert taken.number == "GRANT12345678"
    assert (taken.received_at.isoformat() if taken.received_at else None) == received


@pytest.mark.parametrize(
    "inner",
    [
        "<s:SubmitApplicationResponse/>",
        TAKEN.replace("GRANT12345678", "GRANT1234567"),
        TAKEN.replace("GRANT12345678", "GRANT12345678 or so"),
        TAKEN.replace("SubmitApplicationResponse", "GetApplicationListResponse"),
        TAKEN.replace("s:Submit", "c:Submit").replace("/s:Submit", "/c:Submit"),
        "",
        f"{TAKEN}{TAKEN}",
    ],
)
def test_what_is_no_answer_to_the_question_names_no_number(inner: str) -> None:
    with pytest.raises(Unreadable):
        read(inner)


@pytest.mark.parametrize(
    "before", ['<!DOCTYPE a [<!ENTITY b "c">]>', '<!DOCTYPE a SYSTEM "file:///etc/hostname">', "<!"]
)
def test_types_and_entities_are_not_read(before: str) -> None:
    with pytest.raises(Unreadable):
        read(TAKEN, before=before)


def test_an_answer_in_parts_is_read_from_the_part_that_it_begins_with() -> None:
    kind = 'multipart/related; boundary="b"; start="<two>"; type="application/xop+xml"'
    one = b"--b\r\nContent-ID: <one>\r\n\r\n<a/>\r\n"
    two = b"--b\r\nContent-ID: <two>\r\n\r\n" + envelope(TAKEN) + b"\r\n--b--\r\n"
    assert read_taken(read_body(kind, one + two)[0]).number == "GRANT12345678"
    with pytest.raises(Unreadable):
        read_body(kind, b"--b--\r\n")


@pytest.mark.parametrize(
    ("fault", "is_final"),
    [
        ("<faultcode>soap:Client</faultcode><faultstring>No.</faultstring>", True),
        ("<faultcode>soap:Server</faultcode><faultstring>No.</faultstring>", False),
        ("<faultcode>soap:Server</faultcode><faultstring>No.</faultstring><detail/>", False),
        ("<faultcode>soap:Server</faultcode><faultstring>No.</faultstring><detail><a/></detail>", True),
    ],
)
def test_a_fault_is_final_where_it_says_so_of_the_message(fault: str, is_final: bool) -> None:
    with pytest.raises(Faulted, match=r"^No\.$") as caught:
        read(f"<e:Fault>{fault}</e:Fault>")
    assert caught.value.is_final is is_final


def test_a_list_that_does_not_say_how_many_there_are_is_none() -> None:
    body, _ = read_body("text/xml", envelope("<s:GetSubmissionListResponse/>"))
    with pytest.raises(Unreadable):
        read_list(body)


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("Received by Agency 2026-11-30", Status.AT_AGENCY),
        ("received", Status.RECEIVED),
        ("Rejected with Errors: …", Status.REJECTED),
        ("It was received", None),
        ("", None),
    ],
)
def test_the_longest_status_that_words_begin_with_is_meant(words: str, status: Status | None) -> None:
    assert Detail("GRANT12345678", words).status is status


def test_errors_are_told_without_their_tags_and_cut() -> None:
    assert plain_words("<E>\n <F>field  8b</F></E>") == "field 8b"
    assert len(plain_words("x" * 5_000)) == 1_500
