"""Handing an application to Grants.gov's web service: what goes out, what each break of the line comes to, what is a receipt."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.submission.executor import DryRun, Fenced, MayNotAct, Parcel, find_executors
from pipelines.submission.executors.grants_gov import EXECUTOR, GrantsGov
from pipelines.submission.portals.check import check_text
from tests.certificates import Authority, Pair
from tests.fakes.grants_parcel import (
    FIELDS,
    FILES,
    REFERENCE,
    TITLE,
    application_xml,
    make_parcel,
    package_files,
    profile_text,
    secrets_of,
)
from tests.fakes.grants_s2s import GrantsOffice, Trouble, client_of, running_grants_office, wait_until
from tests.fakes.mail_desk import MailDesk
from warehouse.clock import now
from warehouse.domain.delivery import (
    Absent,
    Accepted,
    Answer,
    EvidenceKind,
    Finding,
    Handed,
    NotDelivered,
    ReceiptSource,
    Refused,
    Transported,
    Unclear,
    Unknown,
)

pytestmark = pytest.mark.thorough


@dataclass
class Way:
    """An office, a parcel for it and a desk whose vault holds the certificate."""

    office: GrantsOffice
    pair: Pair
    parcel: Parcel
    desk: MailDesk

    def act(self) -> Answer:
        assert EXECUTOR.faults(self.parcel) == []
        return EXECUTOR.act(self.parcel, self.desk)

    def look_up(self) -> Finding:
        return EXECUTOR.look_up(replace(self.parcel, acted_at=now()), self.desk)

    def everything(self, *more: object) -> str:
        return repr((self.desk.said, self.desk.kept, more))


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    (tmp_path / "trust").mkdir()
    return Authority(tmp_path / "trust")


@pytest.fixture
def way(tmp_path: Path, authority: Authority) -> Iterator[Way]:
    with running_grants_office(authority) as office:
        pair = client_of(authority)
        yield Way(office, pair, make_parcel(tmp_path, profile_text(office)), MailDesk(vault=secrets_of(pair)))


def test_it_is_found_by_its_name() -> None:
    assert find_executors()["grants_gov"] is EXECUTOR


def test_an_application_goes_out_byte_for_byte_and_its_number_is_the_receipt(way: Way) -> None:
    answered = way.act()
    assert isinstance(answered, Accepted), answered
    (taken,) = way.office.applications
    assert taken.files == {"1@firm": FILES["Narrative.pdf"], "2@firm": FILES["Budget (1).pdf"]}
    assert taken.xml.encode() == application_xml().replace(b"{reference}", REFERENCE.encode())
    assert (taken.title, taken.package_id) == (TITLE, "PKG00012345")
    receipt = answered.receipt
    assert (receipt.number, receipt.source) == (taken.number, ReceiptSource.PORTAL)
    assert receipt.received_at is not None
    assert abs(receipt.received_at - taken.received_at) < timedelta(milliseconds=1)
    assert receipt.received_at.tzinfo is UTC
    kind, name, kept = way.desk.kept[receipt.evidence - 1]
    assert (kind, name) == (EvidenceKind.ANSWER, "answer to SubmitApplication.xml")
    assert taken.number.encode() in kept
    assert receipt.quote.startswith(
        f"<c:GrantsGovTrackingNumber>{taken.number}</c:GrantsGovTrackingNumber><s:ReceivedDateTime>"
    )
    assert way.office.asked == ["GetSubmissionList", "SubmitApplication", "GetApplicationStatusDetail"]
    assert (way.office.schema_faults, way.desk.acts) == ([], 1)


def test_what_was_handed_over_is_kept_as_it_went_out(way: Way) -> None:
    way.act()
    (kept,) = (data for kind, _, data in way.desk.kept if kind is EvidenceKind.DOCUMENT)
    assert kept.decode() == way.office.applications[0].xml


def test_an_application_without_files_goes_out_as_one_plain_message(way: Way) -> None:
    way.parcel = make_parcel(way.parcel.folder, profile_text(way.office), {"application.xml": application_xml({})})
    assert isinstance(way.act(), Accepted)
    assert way.office.applications[0].files == {}


# What becomes of one application, and whether it lies there, by what goes wrong.
@pytest.mark.parametrize(
    ("trouble", "wanted", "lies_there"),
    [
        (Trouble.BUSY_BEFORE, Unknown, 0),
        (Trouble.DROP_BEFORE, Unknown, 0),
        (Trouble.DROP_AFTER, Unknown, 1),
        (Trouble.HANG_AFTER, Unknown, 1),
        (Trouble.FAIL_AFTER, Unknown, 1),
        (Trouble.FAULT_AFTER, Unknown, 1),
        (Trouble.MALFORMED, Unknown, 1),
        (Trouble.BOMBED, Unknown, 1),
        (Trouble.OVERSIZED, Unknown, 1),
        (Trouble.NUMBERLESS, Unknown, 1),
        (Trouble.REDIRECT, Unknown, 0),
        (Trouble.FAULT_OF_SENDER, Refused, 0),
        (Trouble.FAULT_WITH_DETAILS, Refused, 0),
        (Trouble.REJECTED, Refused, 1),
        (Trouble.NO_DETAIL, Transported, 1),
        (Trouble.RECEIVING, Transported, 1),
    ],
)
def test_what_goes_wrong_leaves_doubt_only_where_there_is_some(
    way: Way, trouble: Trouble, wanted: type[Answer], lies_there: int
) -> None:
    way.office.plan = [trouble]
    if trouble is Trouble.HANG_AFTER:
        way.parcel = make_parcel(way.parcel.folder, profile_text(way.office, submit=2))
    answered = way.act()
    assert type(answered) is wanted, answered
    assert (len(way.office.applications), way.office.submits, way.desk.acts) == (lies_there, 1, 1)
    found = way.look_up()
    if trouble is Trouble.REJECTED:
        assert isinstance(found, Refused), found
        assert "the UEI is not that of the submitter" in found.words
    else:
        assert isinstance(found, Accepted if lies_there else Absent), found


def test_a_fault_is_told_in_the_portals_words(way: Way) -> None:
    way.office.plan = [Trouble.FAULT_WITH_DETAILS]
    assert way.act() == Refused("Grants.gov did not take it: The submitter is not authorized.")


def test_a_closed_opportunity_is_refused(way: Way) -> None:
    way.office.closes_at = now() - timedelta(seconds=1)
    answered = way.act()
    assert isinstance(answered, Refused)
    assert "closed" in answered.words


def test_a_line_that_ends_in_the_middle_of_a_message_brought_nothing(way: Way) -> None:
    way.office.plan = [Trouble.DROP_IN_THE_MIDDLE]
    files = {"Large.pdf": b"x" * 12_000_000}  # so large that it cannot lie in the buffers of a line that has ended
    way.parcel = make_parcel(way.parcel.folder, profile_text(way.office), package_files(files))
    answered = way.act()
    assert isinstance(answered, NotDelivered), answered
    assert way.office.applications == []


def test_one_that_comes_late_is_found_once_it_is_there(way: Way) -> None:
    way.office.plan = [Trouble.LATE]
    assert isinstance(way.act(), Unknown)
    wait_until(lambda: bool(way.office.applications))
    assert isinstance(way.look_up(), Accepted)


def test_one_of_ours_that_is_there_already_is_not_joined_by_another(way: Way) -> None:
    first = way.act()
    again = way.act()
    assert isinstance(first, Accepted)
    assert isinstance(again, Accepted)
    assert again.receipt.number == first.receipt.number
    assert (len(way.office.applications), way.desk.acts) == (1, 1)


def test_one_that_was_rejected_before_is_no_hindrance(way: Way) -> None:
    way.office.plan = [Trouble.REJECTED]
    assert isinstance(way.act(), Refused)
    assert isinstance(way.act(), Accepted)
    assert [one.status for one in way.office.applications] == ["Rejected with Errors", "Received"]


def test_a_rejection_from_long_before_the_last_act_is_not_of_it(way: Way) -> None:
    way.office.plan = [Trouble.REJECTED]
    way.act()
    way.office.applications[0].received_at -= timedelta(hours=1)
    assert isinstance(way.look_up(), Absent)


def test_two_of_ours_are_for_a_person(way: Way) -> None:
    way.act()
    way.office.applications.append(replace(way.office.applications[0], number="GRANT14999999"))
    found = way.look_up()
    assert isinstance(found, Handed)
    assert "GRANT14000001, GRANT14999999" in found.words


def test_a_list_that_does_not_show_all_is_no_absence(way: Way) -> None:
    way.office.hides = 1
    assert isinstance(way.look_up(), Unclear)
    assert isinstance(way.act(), Unknown)
    assert way.desk.acts == 0


def test_an_application_of_another_reference_is_not_ours(way: Way) -> None:
    way.act()
    way.office.applications[0].title = TITLE + "9"
    assert isinstance(way.look_up(), Absent)


@pytest.mark.parametrize("status", ["Validated", "Received by Agency", "Agency Tracking Number Assigned"])
def test_every_later_status_is_accepted_too(way: Way, status: str) -> None:
    way.act()
    way.office.applications[0].status = status
    assert isinstance(way.look_up(), Accepted)


def test_a_status_that_nobody_knows_says_nothing(way: Way) -> None:
    way.act()
    way.office.applications[0].status = "On Hold"
    found = way.look_up()
    assert isinstance(found, Unclear)
    assert "On Hold" in found.words


def test_a_service_that_is_down_before_gets_nothing(way: Way) -> None:
    way.office.is_down = True
    answered = way.act()
    assert isinstance(answered, NotDelivered)
    assert "503" in answered.words
    assert way.desk.acts == 0
    assert isinstance(way.look_up(), Unclear)


def test_a_service_that_is_not_there_is_certain(way: Way, tmp_path: Path) -> None:
    way.office.url = "https://127.0.0.1:1/"
    way.parcel = make_parcel(tmp_path, profile_text(way.office))
    assert isinstance(way.act(), NotDelivered)


@pytest.mark.parametrize("tls", ["TLSv1_2", "TLSv1_3"])
def test_a_certificate_that_the_portal_does_not_know_is_named(tmp_path: Path, authority: Authority, tls: str) -> None:
    (tmp_path / "other").mkdir()
    stranger = client_of(Authority(tmp_path / "other"))
    with running_grants_office(authority, tls=ssl.TLSVersion[tls]) as office:
        desk = MailDesk(vault=secrets_of(stranger))
        parcel = make_parcel(tmp_path, profile_text(office))
        answered, found = EXECUTOR.act(parcel, desk), EXECUTOR.look_up(parcel, desk)
    assert isinstance(answered, Refused), answered
    assert "does not take our client certificate (unknown ca)" in answered.words
    assert isinstance(found, Unclear)
    assert (office.asked, desk.acts) == ([], 0)


def test_a_server_that_is_not_trusted_gets_nothing(way: Way, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    way.office.authority = Authority(tmp_path / "other")
    way.parcel = make_parcel(tmp_path, profile_text(way.office))
    answered = way.act()
    assert isinstance(answered, Refused)
    assert "its certificate is not trusted" in answered.words
    assert (way.office.asked, way.desk.acts) == ([], 0)


@pytest.mark.parametrize(
    ("valid", "words"),
    [({"ends": timedelta(hours=-1)}, "expired on"), ({"begins": timedelta(days=1)}, "valid only from")],
)
def test_a_certificate_that_is_not_valid_is_said_before_anybody_is_asked(
    way: Way, authority: Authority, valid: dict[str, timedelta], words: str
) -> None:
    way.desk.vault = secrets_of(client_of(authority, "unfit", **valid))
    answered = way.act()
    assert isinstance(answered, Refused)
    assert words in answered.words
    assert way.office.asked == []


def test_a_certificate_that_expires_meanwhile_only_makes_looking_unclear(way: Way) -> None:
    later = GrantsGov(now=lambda: datetime(2090, 1, 1, tzinfo=UTC))
    found = later.look_up(replace(way.parcel, acted_at=now()), way.desk)
    assert isinstance(found, Unclear)
    assert "expired" in found.words


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda way, other: {"client_key": other.key.read_text()}, "not the key of the client certificate"),
        (lambda way, other: {"client_key": "s3cret-canary"}, "no key in PEM"),
        (lambda way, other: {"client_certificate": "s3cret-canary"}, "no certificate in PEM"),
        (lambda way, other: {"client_key": way.office.authority.issue(
            "locked", is_client=True, pass_phrase=b"s3cret-canary").key.read_text()}, "locked by a pass phrase"),
    ],
    ids=["another key", "no key", "no certificate", "a locked key"],
)  # fmt: skip
def test_what_is_wrong_with_certificate_or_key_is_said_and_nothing_of_it_shown(
    way: Way, authority: Authority, spoil: Any, words: str
) -> None:
    way.desk.vault |= spoil(way, client_of(authority, "second"))
    answered = way.act()
    assert isinstance(answered, Refused)
    assert words in answered.words
    assert "s3cret-canary" not in way.everything(answered)
    assert way.office.asked == []


def test_a_missing_credential_is_said_by_name(way: Way) -> None:
    del way.desk.vault["client_key"]
    answered = way.act()
    assert isinstance(answered, Refused)
    assert "client_key" in answered.words


def test_a_certificate_that_was_pasted_into_one_line_serves_too(way: Way) -> None:
    way.desk.vault = {name: " ".join(text.split("\n")).strip() for name, text in way.desk.vault.items()}
    assert isinstance(way.act(), Accepted)


def test_the_key_is_in_nothing_that_is_kept_or_said_and_in_no_file(way: Way) -> None:
    way.office.plan = [Trouble.FAIL_AFTER]
    answered, found = way.act(), way.look_up()
    lines = [line for line in way.pair.key.read_text().splitlines() if not line.startswith("-")]
    assert all(line not in way.everything(answered, found) for line in lines)
    left = [path for path in way.parcel.folder.rglob("*") if path.is_file() and "trust" not in path.parts]
    assert all(line.encode() not in path.read_bytes() for line in lines for path in left)


@pytest.mark.parametrize("end", [DryRun(), MayNotAct("the deadline passed 3 minutes ago"), Fenced("another worker")])
def test_what_may_not_go_out_stops_before_its_first_byte(way: Way, end: Exception) -> None:
    way.desk.ends = end
    with pytest.raises(type(end)):
        way.act()
    assert way.office.asked == ["GetSubmissionList"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"files": {}}, "holds no application.xml"),
        ({"application.xml": b"<a/>"}, "is no GrantApplication"),
        ({"application.xml": application_xml().replace(b"<grant:Forms>", b"<grant:F>").replace(
            b"</grant:Forms>", b"</grant:F>")}, "has no Forms"),
        ({"application.xml": b'<!DOCTYPE a [<!ENTITY b "c">]>' + application_xml()[40:]}, "declares types and entities"),
        ({"application.xml": application_xml().decode().encode("utf-16")}, "not written in UTF-8"),
        ({"application.xml": application_xml(title="Other {reference}")}, "is called 'Other {reference}'"),
        ({"application.xml": application_xml(title="Depot network")}, "must say {reference} once"),
        ({"application.xml": application_xml(more="<a>{reference}</a>")}, "must say {reference} once"),
        ({"application.xml": application_xml().replace(b"PKG00012345", b"PKG00099999")}, "is for the package PKG00099999"),
        ({"application.xml": application_xml().replace(b"SF424_4_0", b"SF424_3_0")}, "lacks the form SF424_4_0"),
        ({"Narrative.pdf": b"another"}, "is not the file that application.xml speaks of: its SHA-1 is another"),
        ({"Narrative.pdf": None}, "speaks of Narrative.pdf, which is not in the package"),
        ({"Extra.pdf": b"more"}, "does not speak of Extra.pdf"),
        ({"application.xml": application_xml().replace(b'"SHA-1"', b'"CRC32"', 1)}, "a hash of Narrative.pdf that is called CRC32"),
        ({"application.xml": application_xml().replace(b"2@firm", b"1@firm")}, "does not tell its attachments apart"),
        ({"Größe.pdf": b"x"}, "Größe.pdf has a name that Grants.gov does not take"),
        ({f"{'n' * 47}.pdf": b"x"}, "at most 50"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said_before_anything_is_sent(way: Way, change: dict[str, Any], words: str) -> None:
    files = {**package_files(), **change} if "files" not in change else {"Narrative.pdf": b"x"}
    files = {name: data for name, data in files.items() if data is not None}
    parcel = make_parcel(way.parcel.folder, profile_text(way.office), files)
    assert any(words in fault for fault in EXECUTOR.faults(parcel)), EXECUTOR.faults(parcel)


def test_limits_of_the_profile_are_asked(way: Way) -> None:
    text = profile_text(way.office).replace('"100 MB"', '"5 KB"').replace('"200 MB"', '"6 KB"')
    faults = EXECUTOR.faults(make_parcel(way.parcel.folder, text))
    assert any("Budget (1).pdf has" in fault for fault in faults)
    assert any("together" in fault for fault in faults)


def test_another_opportunity_than_the_offers_is_said(way: Way) -> None:
    said = b"<header:OpportunityID>ED-2026-01</header:OpportunityID><header:PackageID>"
    files = package_files() | {"application.xml": application_xml().replace(b"<header:PackageID>", said)}
    parcel = make_parcel(way.parcel.folder, profile_text(way.office), files, solicitation_number="ED-2026-02")
    assert any("ED-2026-01" in fault for fault in EXECUTOR.faults(parcel))


def test_before_it_is_staged_only_its_names_and_sizes_are_asked(way: Way) -> None:
    nowhere = [replace(file, path=Path("not staged") / file.name) for file in way.parcel.files]
    assert EXECUTOR.faults(replace(way.parcel, files=nowhere)) == []


def test_fields_that_are_missing_are_named(way: Way) -> None:
    faults = EXECUTOR.faults(replace(way.parcel, fields={**FIELDS, "filing_name": "Depot network"}))
    assert any("Application filing name" in fault for fault in faults)
    assert EXECUTOR.faults(replace(way.parcel, profile=None)) == [
        "No portal profile says where Grants.gov's web service lies."
    ]


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('address = "http://127.0.0.1:1/"', "grants_gov.address"),
        ('address = "https://elsewhere.example/"', "grants_gov.address"),
        ('certificate = "another"', "grants_gov.certificate"),
        ('private_key = "client_certificate"', "grants_gov.private_key"),
        ('ca_file = "/nowhere.pem"', "grants_gov.ca_file"),
        ("answer_seconds = 0", "grants_gov.answer_seconds"),
        ('certifikate = "x"', "grants_gov.certifikate"),
    ],
)
def test_a_fault_of_a_profile_is_named_with_its_line(way: Way, line: str, key: str) -> None:
    name = line.partition(" ")[0]
    lines = [one for one in profile_text(way.office).splitlines() if not one.startswith(f"{name} =")]
    lines.insert(lines.index("[grants_gov]") + 1, line)
    checked = check_text("\n".join(lines))
    (fault,) = (fault for fault in checked.faults if fault.key == key)
    assert lines[fault.line - 1] == line
    assert not checked.is_sound


def test_a_sound_profile_without_forms_is_warned_of(way: Way) -> None:
    checked = check_text(profile_text(way.office).replace('forms = ["SF424_4_0"]\n', ""))
    assert checked.is_sound
    assert any("names no forms" in fault.words for fault in checked.faults)
