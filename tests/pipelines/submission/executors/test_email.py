"""Delivering by e-mail to real servers: what goes out, what each break of the line comes to, and what is a receipt."""

import base64
import imaplib
import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from pipelines.submission.executor import DryRun, Fenced, MayNotAct, Parcel, find_executors
from pipelines.submission.executors.email import EXECUTOR, Email
from pipelines.submission.mail.line import trusted
from pipelines.submission.mail.parts import plan
from pipelines.submission.mail.settings import MailSettings, read_section
from tests.certificates import Authority
from tests.fakes.mail_desk import FIELDS, REFERENCE, MailDesk, make_files, make_parcel, make_profile, make_section
from tests.fakes.mail_office import (
    DROP,
    HANG,
    PASSWORD,
    USER,
    MailOffice,
    Stage,
    Trouble,
    bounces,
    bounces_badly,
    has_it,
    is_away,
    is_late,
    is_silent,
    running_mail_office,
)
from tests.fakes.office_letters import OFFICE, answer, plain_bounce, receipt, report
from warehouse.clock import now
from warehouse.domain.delivery import (
    Accepted,
    Answer,
    EvidenceKind,
    Finding,
    NotDelivered,
    ReceiptSource,
    Refused,
    Transported,
    Unclear,
    Unknown,
)

pytestmark = pytest.mark.thorough
NAMES = {"Volume I - Größe & 漢字.pdf": 30_000, "Volume II.pdf": 40_000, "Price.xlsx": 20_000}


@dataclass
class Way:
    """An office, a parcel for it and a desk."""

    office: MailOffice
    authority: Path
    parcel: Parcel
    desk: MailDesk
    email: Email

    def set(self, **changes: Any) -> None:
        """Change the [email] table."""
        self.parcel = replace(self.parcel, profile=make_profile(make_section(self.office, self.authority, **changes)))

    def act(self) -> Answer:
        assert self.email.faults(self.parcel) == []
        return self.email.act(self.parcel, self.desk)

    def look_up(self) -> Finding:
        return self.email.look_up(replace(self.parcel, acted_at=now()), self.desk)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    folder = tmp_path / "trust"
    folder.mkdir()
    return Authority(folder)


@pytest.fixture
def way(tmp_path: Path, authority: Authority) -> Iterator[Way]:
    with running_mail_office(authority.issue()) as office:
        profile = make_profile(make_section(office, authority.file))
        parcel = make_parcel(tmp_path, make_files(tmp_path, NAMES), profile)
        yield Way(office, authority.file, parcel, MailDesk(), Email(sleep=lambda _seconds: None))


def in_three(way: Way) -> None:
    """Make the offer one of three messages: 100 kB is the least that a message may have."""
    sizes = {"One.pdf": 60_000, "Two.pdf": 60_000, "Three.pdf": 60_000}
    way.parcel = replace(way.parcel, files=make_files(way.parcel.folder, sizes))
    way.set(message_bytes=100_000)


def test_it_is_found_by_its_name() -> None:
    assert find_executors()["email"] is EXECUTOR


@pytest.mark.parametrize("security", ["starttls", "tls", "plain"])
def test_an_offer_goes_out_byte_for_byte_and_its_receipt_is_read_back(
    tmp_path: Path, authority: Authority, security: str
) -> None:
    with running_mail_office(authority.issue(), security=security) as office:
        section = make_section(office, authority.file, security=security)
        parcel = make_parcel(tmp_path, make_files(tmp_path, NAMES), make_profile(section))
        way = Way(office, authority.file, parcel, MailDesk(), Email())
        sent = way.act()
        assert isinstance(sent, Transported), sent
        assert "queued as 0001" in sent.words
        found = way.look_up()
    (arrived,) = office.arrived
    assert {name: sha256(data).hexdigest() for name, data in arrived.files.items()} == {
        file.name: file.sha256 for file in parcel.files
    }
    assert arrived.to == (OFFICE, "contracting@agency.example")
    message = arrived.message
    assert (message["To"], message["Cc"]) == (FIELDS["to"], FIELDS["cc"])
    assert message["Subject"] == FIELDS["subject"]
    assert message["From"] == '"Offers of Firm, Inc." <offers@firm.example>'
    assert message["X-Procura-Reference"] == REFERENCE
    assert str(message["Message-ID"]).startswith(f"<{REFERENCE}.1-of-1.")
    for file in parcel.files:
        assert file.name in arrived.text
        assert file.sha256 in arrived.text
    assert isinstance(found, Accepted), found
    assert found.receipt.number == "R-2026-0001"
    assert found.receipt.quote == "Confirmation number: R-2026-0001"
    assert found.receipt.source is ReceiptSource.EMAIL
    assert found.receipt.received_at is not None
    kind, _, kept = way.desk.kept[found.receipt.evidence - 1]
    assert kind is EvidenceKind.MAIL
    assert b"Confirmation number: R-2026-0001" in kept
    assert way.desk.acts == 1


def test_delivery_reports_are_asked_for_where_the_server_offers_them(way: Way) -> None:
    way.act()
    (asked,) = (one.options for one in way.office.arrived)
    assert "RET=HDRS" in asked
    assert f"ORCPT=rfc822;{OFFICE}" in asked
    assert asked.count("NOTIFY=SUCCESS,FAILURE,DELAY") == 2
    assert any(one.startswith(f"ENVID={REFERENCE}.1-of-1.") for one in asked)


def test_a_server_without_them_is_not_asked(way: Way) -> None:
    way.office.offers_reports = False
    assert isinstance(way.act(), Transported)
    assert way.office.arrived[0].options == ()


def test_files_that_fit_no_single_message_go_out_numbered_in_order(way: Way) -> None:
    in_three(way)
    assert isinstance(way.act(), Transported)
    subjects = [str(one.message["Subject"]) for one in way.office.arrived]
    assert subjects == [f"Offer W912-26-R-0001 (Part {number} of 3)" for number in (1, 2, 3)]
    assert [list(one.files) for one in way.office.arrived] == [["One.pdf"], ["Two.pdf"], ["Three.pdf"]]
    assert all("Three.pdf" in one.text for one in way.office.arrived)
    assert way.desk.acts == 1


# What becomes of one message, by where the line breaks or what the server answers.
@pytest.mark.parametrize(
    ("trouble", "wanted", "arrives", "acts"),
    [
        (Trouble(Stage.GREETING, on=0), NotDelivered, 0, 0),
        (Trouble(Stage.GREETING, "421 4.3.2 too busy", on=0), NotDelivered, 0, 0),
        (Trouble(Stage.GREETING, "554 5.7.1 not you", on=0), Refused, 0, 0),
        (Trouble(Stage.MAIL), NotDelivered, 0, 0),
        (Trouble(Stage.MAIL, "451 4.3.0 later"), NotDelivered, 0, 0),
        (Trouble(Stage.MAIL, "550 5.7.1 not from there"), Refused, 0, 0),
        (Trouble(Stage.RCPT), NotDelivered, 0, 0),
        (Trouble(Stage.RCPT, "450 4.2.1 greylisted"), NotDelivered, 0, 0),
        (Trouble(Stage.RCPT, "550 5.1.1 no such user"), Refused, 0, 0),
        (Trouble(Stage.RCPT, "252 perhaps"), NotDelivered, 0, 0),
        (Trouble(Stage.DATA), NotDelivered, 0, 1),
        (Trouble(Stage.DATA, "451 4.3.0 later"), NotDelivered, 0, 1),
        (Trouble(Stage.DATA, "554 5.5.1 no"), Refused, 0, 1),
        (Trouble(Stage.CONTENT), NotDelivered, 0, 1),
        (Trouble(Stage.BEFORE), Unknown, 0, 1),
        (Trouble(Stage.BEFORE, HANG), Unknown, 0, 1),
        (Trouble(Stage.BEFORE, "451 4.3.0 later"), NotDelivered, 0, 1),
        (Trouble(Stage.BEFORE, "552 5.3.4 too big"), Refused, 0, 1),
        (Trouble(Stage.BEFORE, "hello"), Unknown, 0, 1),
        (Trouble(Stage.AFTER), Unknown, 1, 1),
        (Trouble(Stage.AFTER, HANG), Unknown, 1, 1),
    ],
    ids=lambda one: f"{one.stage}-{one.words[:4].strip()}" if isinstance(one, Trouble) else None,
)
def test_a_break_is_certain_but_for_the_moment_behind_the_last_dot(
    way: Way, trouble: Trouble, wanted: type[Answer], arrives: int, acts: int
) -> None:
    way.office.troubles.append(trouble)
    way.set(answer_seconds=0.5, wait_seconds=2)
    # So large that it cannot lie in the buffers of a line that has ended.
    if trouble.stage is Stage.CONTENT:
        way.parcel = replace(way.parcel, files=make_files(way.parcel.folder, {"Large.pdf": 6_000_000}))
    answered = way.act()
    assert isinstance(answered, wanted), answered
    assert len(way.office.arrived) == arrives
    assert way.desk.acts == acts
    if isinstance(answered, Refused):
        assert answered.is_certain
        assert trouble.words in answered.words


def test_a_server_that_refuses_in_the_middle_of_the_content_has_no_whole_message(way: Way) -> None:
    way.office.troubles.append(Trouble(Stage.CONTENT, "552 5.3.4 more than I take"))
    way.parcel = replace(way.parcel, files=make_files(way.parcel.folder, {"Large.pdf": 6_000_000}))
    answered = way.act()
    # Whether its words still come through a line that it has closed is the network's affair; that it has nothing is certain.
    assert isinstance(answered, NotDelivered | Refused), answered
    assert "the last dot" not in way.desk.text_of(EvidenceKind.TRACE)


def test_a_refused_connection_is_certain(way: Way) -> None:
    section = make_section(way.office, way.authority)
    section["smtp"]["port"] = 1
    way.parcel = replace(way.parcel, profile=make_profile(section))
    answered = way.act()
    assert isinstance(answered, NotDelivered)
    assert "refused" in answered.words


def test_nobody_gets_what_not_all_can_get(way: Way) -> None:
    way.office.troubles += [Trouble(Stage.RCPT, "250 fine"), Trouble(Stage.RCPT, "550 5.1.1 no such user")]
    answered = way.act()
    assert answered == Refused("contracting@agency.example: 550 5.1.1 no such user")
    assert way.office.arrived == []


def test_a_server_without_starttls_gets_nothing(tmp_path: Path, authority: Authority) -> None:
    with running_mail_office(authority.issue(), security="plain") as office:
        profile = make_profile(make_section(office, authority.file))
        parcel = make_parcel(tmp_path, make_files(tmp_path, NAMES), profile)
        answered = Email().act(parcel, MailDesk())
        assert isinstance(answered, Refused)
        assert "STARTTLS" in answered.words
        assert (office.arrived, office.sign_ins) == ([], 0)
        assert isinstance(Email().look_up(parcel, MailDesk()), Unclear)


def test_an_untrusted_server_gets_no_password_and_no_offer(way: Way, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    way.set(ca_file=str(Authority(other).file))
    answered = way.act()
    assert isinstance(answered, Refused)
    assert "not trusted" in answered.words
    assert (way.office.sign_ins, way.office.arrived) == (0, [])
    assert isinstance(way.look_up(), Unclear)


def test_a_certificate_of_another_name_is_not_trusted(tmp_path: Path, authority: Authority) -> None:
    host = "127.0.0.2"  # the certificate is for 127.0.0.1
    with socket.socket() as probe:
        try:
            probe.bind((host, 0))
        except OSError:
            pytest.skip("this machine has no second loopback address")
    with running_mail_office(authority.issue(), host=host) as office:
        section = make_section(office, authority.file)
        section["smtp"]["host"] = section["imap"]["host"] = host
        parcel = make_parcel(tmp_path, make_files(tmp_path, NAMES), replace(make_profile(section), hosts=(host,)))
        answered = Email().act(parcel, MailDesk(hosts=(host,)))
        assert isinstance(answered, Refused)
        assert "not trusted" in answered.words
        assert "not trusted" in (found := Email().look_up(parcel, MailDesk(hosts=(host,)))).words  # type: ignore[union-attr]
        assert isinstance(found, Unclear)
        assert office.sign_ins == 0


def test_a_wrong_password_is_refused_in_the_servers_words_and_never_shown(way: Way) -> None:
    way.desk.vault["mail_password"] = wrong = "canary-wrong-password-17"
    answered = way.act()
    assert isinstance(answered, Refused)
    assert "535 5.7.8" in answered.words
    finding = way.look_up()
    assert isinstance(finding, Unclear)
    everything = repr((answered, finding, way.desk.said, way.desk.kept))
    assert wrong not in everything


def test_neither_password_nor_its_code_is_in_what_is_kept(way: Way) -> None:
    way.act()
    way.look_up()
    everything = repr((way.desk.said, way.desk.kept))
    coded = base64.b64encode(f"\0offers@firm.example\0{PASSWORD}".encode()).decode()
    assert PASSWORD not in everything
    assert coded not in everything
    assert "(sign-in)" in way.desk.text_of(EvidenceKind.TRACE)
    assert "(the last dot)" in way.desk.text_of(EvidenceKind.TRACE)


def test_a_missing_credential_is_said_by_name(way: Way) -> None:
    del way.desk.vault["mail_password"]
    answered = way.act()
    assert isinstance(answered, Refused)
    assert "mail_password" in answered.words
    assert isinstance(way.look_up(), Unclear)


def test_a_server_that_takes_less_than_a_message_is_told_nothing(tmp_path: Path, authority: Authority) -> None:
    with running_mail_office(authority.issue(), size_limit=50_000) as office:
        profile = make_profile(make_section(office, authority.file))
        desk = MailDesk()
        answered = Email().act(make_parcel(tmp_path, make_files(tmp_path, NAMES), profile), desk)
    assert isinstance(answered, Refused)
    assert "50,000 bytes" in answered.words
    assert (desk.acts, office.arrived) == (0, [])


@pytest.mark.parametrize("end", [DryRun(), MayNotAct("the deadline passed 3 minutes ago"), Fenced("another worker")])
def test_what_may_not_go_out_stops_before_its_first_byte(way: Way, end: Exception) -> None:
    way.desk.ends = end
    with pytest.raises(type(end)):
        way.act()
    assert way.office.arrived == []
    trace = way.desk.text_of(EvidenceKind.TRACE)
    assert "RCPT" in trace.upper()
    assert "we: DATA" not in trace


def test_a_worker_that_lost_its_run_sends_no_further_message(way: Way) -> None:
    in_three(way)

    def lose(step: int) -> None:
        if len(way.office.arrived) == 1:
            raise Fenced("another worker")

    way.desk.steps_until = lose
    with pytest.raises(Fenced):
        way.act()
    assert len(way.office.arrived) == 1


# Several messages: what is certain is tried on, what is in doubt never.
def test_only_the_missing_numbers_are_tried_on(way: Way) -> None:
    in_three(way)
    way.office.troubles += [Trouble(Stage.MAIL, on=2), Trouble(Stage.DATA, "451 4.3.0 later", on=3)]
    assert isinstance(way.act(), Transported)
    ids = [str(one.message["X-Procura-Part"]) for one in way.office.arrived]
    assert ids == ["1 of 3", "2 of 3", "3 of 3"]
    assert way.desk.acts == 1


@pytest.mark.parametrize("stage", [Stage.BEFORE, Stage.AFTER])
def test_a_message_in_doubt_is_not_tried_on(way: Way, stage: Stage) -> None:
    in_three(way)
    way.office.troubles.append(Trouble(stage, on=2))
    answered = way.act()
    assert isinstance(answered, Unknown)
    assert "message 2 of 3" in answered.words
    assert way.office.begun == 2


def test_an_offer_of_which_a_part_lies_there_is_neither_refused_nor_undelivered(way: Way) -> None:
    in_three(way)
    way.office.troubles.append(Trouble(Stage.RCPT, "552 5.2.2 mailbox full", on=3))
    answered = way.act()
    assert isinstance(answered, Unknown)
    assert "took 2 of 3 messages and certainly not number 3" in answered.words
    assert "mailbox full" in answered.words


def test_trying_on_ends_at_the_deadline(way: Way) -> None:
    in_three(way)
    deadline = datetime(2026, 9, 30, 21, tzinfo=UTC)
    way.email = Email(clock=lambda: deadline + timedelta(seconds=1), sleep=lambda _seconds: None)
    way.parcel = replace(way.parcel, deadline=deadline)
    way.office.troubles.append(Trouble(Stage.MAIL, on=2))
    assert isinstance(way.act(), Unknown)
    assert len(way.office.arrived) == 1


# What is read back.
@pytest.mark.parametrize(
    ("does", "words"),
    [
        (is_silent, "No letter about it yet."),
        (is_away, "answered automatically, without a receipt number"),
        (has_it, "reports delivered"),
        (is_late, "reports delayed"),
    ],
)
def test_what_is_no_receipt_leaves_it_open_and_is_never_called_absent(way: Way, does: Any, words: str) -> None:
    way.office.does = does
    assert isinstance(way.act(), Transported)
    found = way.look_up()
    assert isinstance(found, Unclear)
    assert words in found.words


def test_a_bounce_by_the_rules_for_everybody_is_certain(way: Way) -> None:
    way.office.does = bounces
    way.act()
    found = way.look_up()
    assert isinstance(found, Refused)
    assert found.is_certain
    assert "550 5.1.1" in found.words
    assert EvidenceKind.MAIL in {kind for kind, name, _ in way.desk.kept if name.startswith("letter")}


def test_a_bounce_in_no_form_is_believed_and_not_called_certain(way: Way) -> None:
    way.office.does = bounces_badly
    way.act()
    found = way.look_up()
    assert isinstance(found, Refused)
    assert not found.is_certain


def test_a_bounce_of_a_copy_alone_is_no_refusal(way: Way) -> None:
    way.office.does = lambda arrived, number: report(arrived, "failed", to=["contracting@agency.example"])
    way.act()
    assert isinstance(way.look_up(), Unclear)


def test_a_bounce_of_one_message_of_three_is_not_certain(way: Way) -> None:
    in_three(way)
    way.office.does = lambda arrived, number: report(arrived, "failed", whole=True) if number == 2 else None
    way.act()
    found = way.look_up()
    assert isinstance(found, Refused)
    assert not found.is_certain
    assert "of 3 messages, 2 came back" in found.words


def test_a_receipt_goes_before_a_bounce_of_somebody_else(way: Way) -> None:
    way.act()
    way.office.post(report(way.office.arrived[0], "failed"))
    assert isinstance(way.look_up(), Accepted)


def test_a_bounce_of_another_offer_is_not_ours(way: Way) -> None:
    way.office.does = is_silent
    way.act()
    sent = way.office.arrived[0]
    foreign = replace(sent, raw=sent.raw.replace(REFERENCE.encode(), b"PRC-ZZZZ-ZZZZ"))
    for letter in (report(foreign, "failed"), plain_bounce(foreign)):
        way.office.post(letter)
    assert isinstance(way.look_up(), Unclear)


@pytest.mark.parametrize(
    "sender",
    [
        "offers@agency.example.evil.example",
        '"offers@agency.example" <boss@evil.example>',
        "offers@agency.example, boss@evil.example",
        "other@agency.example",
        "boss@sub.bids.agency.example",
    ],
)
def test_a_receipt_from_somebody_else_is_none(way: Way, sender: str) -> None:
    way.office.does = lambda arrived, number: receipt(arrived, "R-2026-0001", sender=sender)
    way.act()
    found = way.look_up()
    assert isinstance(found, Unclear)
    assert "none of the office's addresses" in found.words


def test_a_receipt_from_the_offices_domain_counts(way: Way) -> None:
    way.office.does = lambda arrived, number: receipt(arrived, "R-1-77", sender="Anybody <x.y@Bids.Agency.example>")
    way.act()
    assert isinstance(way.look_up(), Accepted)


OWN = "mx.firm.example"


@pytest.mark.parametrize(
    ("said", "must", "counts"),
    [
        ("mx.firm.example; dmarc=pass header.from=agency.example", False, True),
        ("mx.firm.example; dmarc=fail header.from=agency.example; spf=pass smtp.mailfrom=evil.example", False, False),
        ("mx.firm.example; spf=softfail smtp.mailfrom=agency.example; dkim=none", False, False),
        ("mx.firm.example; dkim=pass header.d=agency.example; spf=fail smtp.mailfrom=x@list.example", False, True),
        ("mx.firm.example; dkim=pass header.d=evil.example", True, False),
        ("mx.firm.example (a comment; dmarc=pass); dmarc=fail", False, False),
        ("evil.example; dmarc=pass", True, False),
        (None, False, True),
        (None, True, False),
        ("mx.firm.example; dmarc=pass", True, True),
    ],
)
def test_the_own_servers_word_on_the_sender_counts(way: Way, said: str | None, must: bool, counts: bool) -> None:
    way.set(receipt={"own_server": OWN, "authenticated": must})
    headers = {"Authentication_Results": said} if said else {}
    way.office.does = lambda arrived, number: receipt(arrived, "R-2026-0001", **headers)
    way.act()
    found = way.look_up()
    assert isinstance(found, Accepted if counts else Unclear), found


def test_a_new_letter_that_names_our_reference_counts_as_an_answer(way: Way) -> None:
    way.office.does = is_silent
    way.act()
    text = f"We acknowledge {REFERENCE}. Confirmation\nnumber: AX-99/17"
    way.set(receipt={"numbers": [r"Confirmation\s+number:\s*([A-Z0-9/-]+)"]})
    way.office.post(answer(way.office.arrived[0], text, in_reply=False))
    found = way.look_up()
    assert isinstance(found, Accepted)
    assert found.receipt.number == "AX-99/17"


def test_a_receipt_for_another_offer_is_none_for_this(way: Way) -> None:
    way.office.does = is_silent
    way.act()
    arrived = way.office.arrived[0]
    way.office.post(answer(arrived, "Confirmation number: R-9-9", in_reply=False))
    assert isinstance(way.look_up(), Unclear)


def test_an_automatic_answer_with_a_number_is_a_receipt(way: Way) -> None:
    way.office.does = lambda arrived, number: receipt(arrived, "R-2026-5", Auto_Submitted="auto-generated")
    way.act()
    assert isinstance(way.look_up(), Accepted)


def test_a_receipt_in_html_is_read(way: Way) -> None:
    text = "<html><head><style>Confirmation number: X-1</style></head><body><p>Confirmation <b>number:</b> R-2026-6</p></body>"
    way.office.does = lambda arrived, number: answer(arrived, text, html=True)
    way.act()
    found = way.look_up()
    assert isinstance(found, Accepted)
    assert found.receipt.number == "R-2026-6"


@pytest.mark.parametrize(
    "text",
    [
        "Confirmation number: pending",
        "> Confirmation number: R-1-1",
        "Thank you.\n\nOn Tue, you wrote:\nConfirmation number: R-1-1",
        "Thank you.\n-----Original Message-----\nConfirmation number: R-1-1",
        "Thank you.\nFrom: us\nSent: now\nTo: you\nSubject: x\nConfirmation number: R-1-1",
        f"Confirmation number: {REFERENCE}",
        "Confirmation number: W912-26-R-0001",
    ],
)
def test_what_is_quoted_or_our_own_is_no_receipt_number(way: Way, text: str) -> None:
    way.office.does = lambda arrived, number: answer(arrived, text)
    way.act()
    found = way.look_up()
    assert isinstance(found, Unclear), found
    assert "without a receipt number" in found.words


def test_the_office_that_does_not_take_it_refuses_in_its_words(way: Way) -> None:
    way.set(receipt={"refused": ["could not be accepted"]})
    text = "Confirmation number: R-7-7\nYour offer could\nnot be accepted: it came 4 minutes late."
    way.office.does = lambda arrived, number: answer(arrived, text)
    way.act()
    found = way.look_up()
    assert isinstance(found, Refused)
    assert "4 minutes late" in found.words
    assert not found.is_certain


def test_two_letters_that_contradict_are_for_a_person(way: Way) -> None:
    way.set(receipt={"refused": ["could not be accepted"]})
    way.act()
    way.office.post(answer(way.office.arrived[0], "It could not be accepted after all."))
    found = way.look_up()
    assert isinstance(found, Refused)
    assert not found.is_certain
    assert "does not take it" in found.words


def test_where_each_message_must_be_acknowledged_one_missing_leaves_it_open(way: Way) -> None:
    in_three(way)
    way.set(message_bytes=100_000, receipt={"each_message": True})
    way.office.does = lambda arrived, number: receipt(arrived, f"R-{number}-2026") if number != 2 else None
    way.act()
    found = way.look_up()
    assert isinstance(found, Unclear)
    assert "acknowledges message 1 of 3" in found.words
    way.office.post(receipt(way.office.arrived[1], "R-2-2026"))
    found = way.look_up()
    assert isinstance(found, Accepted)
    assert found.receipt.number == "R-1-2026, R-2-2026, R-3-2026"
    kind, _, kept = way.desk.kept[found.receipt.evidence - 1]
    assert kind is EvidenceKind.RECEIPT
    assert b"Message 2 of 3: R-2-2026" in kept
    assert found.receipt.number in found.receipt.quote


def test_one_receipt_is_enough_where_not_each_message_must_be_acknowledged(way: Way) -> None:
    in_three(way)
    way.office.does = lambda arrived, number: receipt(arrived, "R-2026-3") if number == 3 else None
    way.act()
    assert isinstance(way.look_up(), Accepted)


def test_our_own_copy_is_no_evidence(way: Way) -> None:
    way.office.does = is_silent
    way.act()
    way.set()
    section = make_section(way.office, way.authority)
    section["imap"]["folders"] = ["INBOX", "Sent"]
    way.parcel = replace(way.parcel, profile=make_profile(section))
    way.office.post(way.office.arrived[0].raw, "Sent")
    found = way.look_up()
    assert isinstance(found, Unclear)
    assert "our own copy" in found.words


def test_a_receipt_in_another_folder_is_found_and_a_missing_folder_is_told(way: Way) -> None:
    way.office.does = is_silent
    way.act()
    way.office.post(receipt(way.office.arrived[0], "R-2026-8"), "Agencies")
    section = make_section(way.office, way.authority)
    section["imap"]["folders"] = ["INBOX", "Agencies", "Nowhere"]
    way.parcel = replace(way.parcel, profile=make_profile(section))
    assert isinstance(way.look_up(), Accepted)
    assert any("Nowhere" in words for words in way.desk.said)


def test_after_a_crash_in_doubt_the_receipt_is_found_and_its_absence_stays_unclear(way: Way) -> None:
    found = way.look_up()
    assert isinstance(found, Unclear)
    way.office.troubles.append(Trouble(Stage.AFTER, DROP))
    assert isinstance(way.act(), Unknown)
    assert isinstance(Email().look_up(replace(way.parcel, acted_at=now()), MailDesk()), Accepted)


def test_a_pattern_that_takes_for_ever_leaves_it_unclear(way: Way) -> None:
    way.set(receipt={"numbers": [r"((?:\w+\s?)+)=end"]})
    way.office.does = lambda arrived, number: answer(arrived, "word " * 200)
    way.act()
    found = way.look_up()
    assert isinstance(found, Unclear)
    assert "seconds" in found.words


def test_a_hostile_letter_harms_nothing(way: Way) -> None:
    way.office.does = is_silent
    way.act()
    sent = way.office.arrived[0]
    reference = REFERENCE.encode()
    for raw in (
        b"From: \xff\xfe<<>>\r\nSubject: =?x?q?" + reference + b"?=\r\n\r\n" + reference,
        b"From: a@b\r\nContent-Type: text/plain; charset=nonsense\r\n\r\n\xff" + reference,
        b"From: a\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Transfer-Encoding: base64\r\n\r\n%%%"
        + reference,
        b"Content-Type: multipart/report; report-type=delivery-status\r\n\r\n" + reference,
        b"Content-Type: message/delivery-status\r\n\r\nOriginal-Envelope-Id: x\r\n\r\nAction: failed " + reference,
        b"Date: not a day\r\nFrom: offers@agency.example\r\nIn-Reply-To: "
        + str(sent.message["Message-ID"]).encode()
        + b"\r\n\r\nhello",
    ):
        way.office.post(raw)
    assert isinstance(way.look_up(), Unclear)


def test_a_mailbox_that_cannot_be_read_is_unclear(way: Way) -> None:
    section = make_section(way.office, way.authority)
    section["imap"]["port"] = 1
    way.parcel = replace(way.parcel, profile=make_profile(section))
    found = way.look_up()
    assert isinstance(found, Unclear)
    assert "could not be read" in found.words


def test_reading_leaves_the_letters_unread(way: Way) -> None:
    way.act()
    assert isinstance(way.look_up(), Accepted)
    assert isinstance(way.look_up(), Accepted)
    with imaplib.IMAP4("127.0.0.1", way.office.imap_port, timeout=5) as box:
        box.starttls(trusted(str(way.authority)))
        box.login(USER, PASSWORD)
        box.select(readonly=True)
        assert box.search(None, "UNSEEN") == ("OK", [b"1"])


def test_a_slow_server_is_waited_for(way: Way) -> None:
    way.office.slow_seconds = 1
    assert isinstance(way.act(), Transported)


# Faults before anything is done.
def test_faults_are_said_before_anything_is_done(way: Way) -> None:
    assert way.email.faults(way.parcel) == []
    assert "No portal profile" in way.email.faults(replace(way.parcel, profile=None))[0]
    assert "To is not filled in." in way.email.faults(replace(way.parcel, fields={"subject": "x"}))
    large = make_files(way.parcel.folder, {"Large.pdf": 90_000})
    way.set(message_bytes=100_000)
    (fault,) = way.email.faults(replace(way.parcel, files=large))
    assert "Large.pdf does not fit a message" in fault
    way.set(message_bytes=100_000, messages=1)
    many = make_files(way.parcel.folder, {"a.pdf": 60_000, "b.pdf": 60_000})
    assert way.email.faults(replace(way.parcel, files=many)) == ["The files take 2 messages, 1 are possible."]
    assert "holds no file" in way.email.faults(replace(way.parcel, files=[]))[0]


def test_a_profile_that_names_neither_host_nor_credential_has_faults(way: Way) -> None:
    assert way.parcel.profile is not None
    profile = replace(way.parcel.profile, hosts=(), credentials=())
    faults = dict(way.email.faults_of_profile(profile))
    assert set(faults) == {
        f"email.{server}.{key}" for server in ("smtp", "imap") for key in ("host", "user", "password")
    }
    way.set(ca_file="/nowhere/authority.pem")
    assert way.parcel.profile is not None
    assert "email.ca_file" in dict(way.email.faults_of_profile(way.parcel.profile))


def test_the_same_parcel_gives_the_same_message_ids(way: Way) -> None:
    in_three(way)
    assert way.parcel.profile is not None
    settings = read_section(way.parcel.profile.section)
    assert isinstance(settings, MailSettings)
    ids = [part.message_id for part in plan(way.parcel, settings)]
    assert ids == [part.message_id for part in plan(way.parcel, settings)]
    way.act()
    assert [str(one.message["Message-ID"]) for one in way.office.arrived] == ids
