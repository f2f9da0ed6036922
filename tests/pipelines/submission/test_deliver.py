"""What people do about deliveries: starting, looking, deciding, bringing a receipt and confirming it."""

import io
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from pipelines.submission import deliver
from pipelines.submission.deliver import bring_receipt, confirm_receipt, decide_delivery, put_receipt_aside
from pipelines.submission.look_up import find_submission
from tests.factories_deliveries import (
    FIELDS,
    Team,
    new_office,
    new_team,
    newest_run,
    offer_to_office,
    start,
    use_profile,
    work,
)
from tests.factories_people import new_person
from tests.fakes.office import Office
from warehouse import clock
from warehouse.addresses import superuser_conninfo
from warehouse.domain.access import Person, Role
from warehouse.domain.delivery import Outcome, RunStatus
from warehouse.domain.notification import NotificationKind
from warehouse.domain.submission import SubmissionStatus
from warehouse.errors import BadInput, NotFound, NotPermitted, WrongState
from warehouse.ledger import portal_profiles
from warehouse.ledger.notifications import list_notifications
from warehouse.ledger.run_requests import open_requests
from warehouse.ledger.store import open_ledger
from warehouse.object_store import open_object_store
from warehouse.settings import Settings, current

pytestmark = pytest.mark.thorough
NUMBER = "W912-2026-000417"


@pytest.fixture(scope="module")
def team(home: Settings) -> Team:
    use_profile()
    return new_team()


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return new_office(tmp_path)


def handed(team: Team, office: Office) -> tuple[str, str]:
    """An offer whose run waits for a receipt."""
    office.plan("handed")
    offer, manifest = offer_to_office(team)
    run = start(offer, manifest, team.owner)
    work(office)
    return offer, run


def bring(run: str, by: Person, data: bytes, name: str, number: str = NUMBER) -> str:
    return bring_receipt(
        open_ledger(), run, number=number, received_at=clock.now(), name=name, stream=io.BytesIO(data), settings=current(),
        at=clock.now(), by=by,
    )  # fmt: skip


def confirm(receipt: str, by: Person) -> None:
    confirm_receipt(open_ledger(), receipt, settings=current(), at=clock.now(), by=by)


def test_start_opens_run_request_and_record_in_one_deed(team: Team, office: Office) -> None:
    offer, manifest = offer_to_office(team)
    run = start(offer, manifest, team.owner)
    assert [one.subject for one in open_requests(open_ledger(), jobs=["delivery"])] == [run]
    with open_ledger().read() as tx:
        row = tx.row(
            "select convert_from(body, 'UTF8') as body from audit_logs where action = 'delivery:started'"
            " order by seq desc limit 1"
        )
    assert row is not None
    assert run in row["body"]
    assert manifest.hash in row["body"]
    work(office)
    assert open_requests(open_ledger(), jobs=["delivery"]) == []


def test_as_of_refuses_deliveries_and_lets_dry_runs_through(team: Team, office: Office) -> None:
    offer, manifest = offer_to_office(team)
    back = current().model_copy(update={"as_of": clock.now() - timedelta(days=30)})
    with pytest.raises(WrongState, match="PROCURA_AS_OF"):
        deliver.start_delivery(
            open_ledger(), offer, manifest.hash, is_dry_run=False, settings=back, at=clock.now(), by=team.owner
        )
    sheet = deliver.look_at_delivery(open_ledger(), offer, settings=back, at=clock.now(), by=team.owner)
    assert any("PROCURA_AS_OF" in one for one in sheet.against)
    assert deliver.start_delivery(
        open_ledger(), offer, manifest.hash, is_dry_run=True, settings=back, at=clock.now(), by=team.owner
    )
    work(office)


def test_too_little_time_is_refused_and_says_by_how_much(team: Team, office: Office) -> None:
    profile = use_profile()
    with open_ledger().housekeeping() as tx:
        portal_profiles.note_duration(tx, profile, 900)
    offer, manifest = offer_to_office(team, days_left=10 / 1440)  # ten minutes
    with pytest.raises(WrongState, match=r"the delivery takes 15 min: \d+ min( \d+ s)? too little"):
        start(offer, manifest, team.owner)
    sheet = deliver.look_at_delivery(open_ledger(), offer, settings=current(), at=clock.now(), by=team.owner)
    assert sheet.lead_needed == timedelta(minutes=15)
    assert any("too little" in one for one in sheet.against)
    use_profile()
    start(offer, manifest, team.owner)  # this version was never measured
    work(office)


def test_after_the_instant_it_is_refused_and_says_by_how_much(team: Team) -> None:
    offer, manifest = offer_to_office(team)
    due = find_submission(open_ledger(), offer, by=team.owner).due_date
    assert due is not None
    with pytest.raises(WrongState, match="the deadline passed 1 h 30 min ago"):
        deliver.start_delivery(
            open_ledger(), offer, manifest.hash, is_dry_run=False, settings=current(), at=due + timedelta(minutes=90), by=team.owner
        )  # fmt: skip
    with pytest.raises(WrongState, match="less than a second ago"):
        deliver.start_delivery(
            open_ledger(), offer, manifest.hash, is_dry_run=False, settings=current(), at=due, by=team.owner
        )


@pytest.mark.parametrize(("named", "fault"), [("nowhere", "no version of the portal profile nowhere"), ("", "")])
def test_profile_is_the_named_one_or_the_only_one(team: Team, office: Office, named: str, fault: str) -> None:
    fields = FIELDS | {"portal_profile": named or "office"}
    offer, manifest = offer_to_office(team, fields=fields)
    if fault:
        with pytest.raises(WrongState, match=fault):
            start(offer, manifest, team.owner)
    else:
        start(offer, manifest, team.owner)
        work(office)


def test_another_package_than_the_one_seen_is_refused(team: Team) -> None:
    offer, _ = offer_to_office(team)
    with pytest.raises(WrongState, match="replaced"):
        deliver.start_delivery(
            open_ledger(), offer, "0" * 64, is_dry_run=False, settings=current(), at=clock.now(), by=team.owner
        )


def test_only_who_works_on_it_starts_it(team: Team) -> None:
    offer, manifest = offer_to_office(team)
    for other in (team.legal, new_person(Role.ADMIN)):
        with pytest.raises((NotPermitted, NotFound)):
            start(offer, manifest, other)


def test_what_the_way_itself_has_against_it_is_known_before_the_start(team: Team) -> None:
    fields = FIELDS | {"portal_address": "https://offers.elsewhere.example"}
    offer, _ = offer_to_office(team, fields=fields)
    sheet = deliver.look_at_delivery(open_ledger(), offer, settings=current(), at=clock.now(), by=team.owner)
    assert sheet.against == (
        "The package is for https://offers.elsewhere.example, and the profile office is for 127.0.0.1",
    )


def test_sheet_says_what_goes_where_and_what_speaks_against_it(team: Team, office: Office) -> None:
    offer, manifest = offer_to_office(team, files={"Volume I.txt": b"One.", "Volume II.txt": b"Two."})
    sheet = deliver.look_at_delivery(open_ledger(), offer, settings=current(), at=clock.now(), by=team.owner)
    assert [(file.name, file.sha256) for file in sheet.files] == [
        (e["name"], e["sha256"]) for e in manifest.body["files"]
    ]
    assert (sheet.against, sheet.may_start, sheet.total_bytes) == ((), True, 8)
    assert sheet.profile is not None
    start(offer, manifest, team.owner)
    under_way = deliver.look_at_delivery(open_ledger(), offer, settings=current(), at=clock.now(), by=team.legal)
    assert (under_way.against, under_way.may_start) == (("a delivery of this offer is under way",), False)
    work(office)
    done = deliver.look_at_delivery(open_ledger(), offer, settings=current(), at=clock.now(), by=team.owner)
    assert done.receipt is not None
    assert done.receipt.manifest_hash == manifest.hash
    assert [one.delivery.id for one in deliver.list_deliveries(open_ledger(), by=team.owner)][0] == done.runs[0].delivery.id  # fmt: skip # noqa: RUF015


def pdf_of(text: str) -> bytes:
    """A PDF of one page with one line."""
    stream = f"BT /F1 12 Tf 72 700 Td ({text}) Tj ET".encode()
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]  # fmt: skip
    out, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(out)
    return out + b"xref\n0 6\n0000000000 65535 f \n" + table + end


def mail_of(text: str) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "ko@agency.example", "bids@firm.example", "Fwd: receipt"
    message["Date"], message["Message-ID"] = "Mon, 30 Nov 2026 10:00:00 -0500", "<x@agency.example>"
    message.set_content("See below.")
    message.add_alternative(f"<html><body><p>{text}</p></body></html>", subtype="html")
    return message.as_bytes()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("receipt.pdf", pdf_of(f"Confirmation number: {NUMBER}")),
        ("receipt.eml", mail_of(f"Your number is <b>{NUMBER}</b>, keep it.")),
        ("receipt.txt", f"Received.\r\nNumber {NUMBER}\r\n".encode()),
        (
            "receipt.html",
            f"<html><body><p>Number <i>{NUMBER}</i></p><style>p {{color: red}}</style></body></html>".encode(),
        ),
    ],
)
def test_receipt_counts_once_a_second_person_confirmed_it(team: Team, office: Office, name: str, data: bytes) -> None:
    offer, run = handed(team, office)
    receipt = bring(run, team.owner, data, name)
    with open_ledger().read(team.legal) as tx:
        assert NotificationKind.RECEIPT_TO_CONFIRM in {one.kind for one in list_notifications(tx, team.legal.id)}
    assert find_submission(open_ledger(), offer, by=team.owner).status is SubmissionStatus.APPROVED
    with pytest.raises(NotPermitted, match="Somebody else"):
        confirm(receipt, team.owner)
    confirm(receipt, team.legal)
    look = newest_run(offer, team.owner)
    assert (look.delivery.outcome, look.delivery.receipt_id) == (Outcome.ACCEPTED, NUMBER)
    assert NUMBER in look.receipts[0].quote
    assert look.receipts[0].confirmed_by == team.legal.email
    assert find_submission(open_ledger(), offer, by=team.owner).status is SubmissionStatus.SUBMITTED


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("other.txt", b"Your number is W912-2026-000418.", "does not stand in"),
        ("longer.txt", f"Your number is {NUMBER}9.".encode(), "does not stand in"),
        ("script.html", f"<html><body><script>var x = '{NUMBER}'</script>Thanks.</body></html>".encode(), "does not stand in|refused"),
        ("empty.pdf", pdf_of(""), "no text"),
        ("nothing.txt", b"", "empty"),
        ("virus.exe", b"MZ\x90\0" + b"\0" * 200, "refused"),
    ],
)  # fmt: skip
def test_document_that_does_not_hold_the_number_is_refused(
    team: Team, office: Office, name: str, data: bytes, said: str
) -> None:
    offer, run = handed(team, office)
    with pytest.raises(BadInput, match=said):
        bring(run, team.owner, data, name)
    assert newest_run(offer, team.owner).receipts == ()
    decide_delivery(open_ledger(), run, "not_delivered", "For the next test.", at=clock.now(), by=team.owner)


def test_picture_is_not_read_and_the_quote_says_so(team: Team, office: Office) -> None:
    from PIL import Image

    target = io.BytesIO()
    Image.new("RGB", (20, 20), "white").save(target, "PNG")
    offer, run = handed(team, office)
    receipt = bring(run, team.owner, target.getvalue(), "screen.png")
    assert "is a picture" in newest_run(offer, team.owner).receipts[0].quote
    confirm(receipt, team.finance)
    assert find_submission(open_ledger(), offer, by=team.owner).status is SubmissionStatus.SUBMITTED


def test_receipt_put_aside_makes_room_for_another(team: Team, office: Office) -> None:
    offer, run = handed(team, office)
    text = f"Number {NUMBER}".encode()
    receipt = bring(run, team.owner, text, "receipt.txt")
    with pytest.raises(WrongState, match="has a receipt"):
        bring(run, team.owner, text, "receipt.txt")
    with pytest.raises(WrongState, match="receipt waits"):
        decide_delivery(open_ledger(), run, "not_delivered", "No.", at=clock.now(), by=team.owner)
    with pytest.raises(BadInput):
        put_receipt_aside(open_ledger(), receipt, "  ", by=team.legal)
    put_receipt_aside(open_ledger(), receipt, "It is of another offer.", by=team.legal)
    with pytest.raises(WrongState):
        confirm(receipt, team.legal)
    again = bring(run, team.owner, text, "receipt.txt")
    confirm(again, team.legal)
    assert len(newest_run(offer, team.owner).receipts) == 2
    assert find_submission(open_ledger(), offer, by=team.owner).status is SubmissionStatus.SUBMITTED


def test_receipt_whose_document_is_gone_is_not_confirmed(team: Team, office: Office) -> None:
    offer, run = handed(team, office)
    receipt = bring(run, team.owner, f"Only here: {NUMBER}".encode(), "receipt.txt")
    kept = newest_run(offer, team.owner).evidence[-1]
    open_object_store().delete(kept.storage_path)
    with pytest.raises((WrongState, NotFound)):
        confirm(receipt, team.legal)
    assert find_submission(open_ledger(), offer, by=team.owner).status is SubmissionStatus.APPROVED


def test_receipt_of_the_future_and_one_without_a_number_are_refused(team: Team, office: Office) -> None:
    _, run = handed(team, office)
    with pytest.raises(BadInput, match="number"):
        bring(run, team.owner, b"x", "x.txt", number="  ")
    with pytest.raises(BadInput, match="future"):
        bring_receipt(
            open_ledger(), run, number=NUMBER, received_at=clock.now() + timedelta(hours=1), name="x.txt",
            stream=io.BytesIO(b"x"), settings=current(), at=clock.now(), by=team.owner,
        )  # fmt: skip


def test_evidence_is_read_by_who_sees_the_offer(team: Team, office: Office) -> None:
    offer, manifest = offer_to_office(team)
    run = start(offer, manifest, team.owner)
    work(office)
    found, data = deliver.read_evidence(open_ledger(), run, 1, by=team.owner)
    assert found.name == "receipt"
    assert b"confirmation number" in data
    with pytest.raises(NotFound):
        deliver.read_evidence(open_ledger(), run, 99, by=team.owner)


def test_decision_says_why_and_is_made_by_who_works_on_it(team: Team, office: Office) -> None:
    offer, run = handed(team, office)
    with pytest.raises(BadInput):
        decide_delivery(open_ledger(), run, "not_delivered", " ", at=clock.now(), by=team.owner)
    with pytest.raises(NotPermitted):
        decide_delivery(open_ledger(), run, "not_delivered", "I looked.", at=clock.now(), by=team.legal)
    decide_delivery(open_ledger(), run, "not_delivered", "I looked.", at=clock.now(), by=team.owner)
    with pytest.raises(WrongState):
        decide_delivery(open_ledger(), run, "not_delivered", "I looked.", at=clock.now(), by=team.owner)
    assert newest_run(offer, team.owner).delivery.status is RunStatus.FAILED


def test_disabled_account_starts_nothing(home: Settings, team: Team) -> None:
    import psycopg

    other = new_team()
    offer, manifest = offer_to_office(other)
    with psycopg.connect(**superuser_conninfo(home)) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute("update profiles set is_disabled = true where id = %s", [other.owner.id])
    from warehouse.errors import NotSignedIn

    with pytest.raises(NotSignedIn):
        start(offer, manifest, other.owner)
