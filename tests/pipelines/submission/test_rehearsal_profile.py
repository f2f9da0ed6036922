"""The profile that was written from the portal's manual delivers, reads the receipt back, and answers each fault as it is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from pipelines.submission.browser.home import HOW_TO_INSTALL, close_browser, find_browser
from pipelines.submission.executor import DryRun, Parcel, ParcelFile
from pipelines.submission.executors.browser import EXECUTOR
from pipelines.submission.portals.check import check_text
from pipelines.submission.portals.profile import parse_profile
from tests.fakes.portal.faults import Fault, Faults
from tests.fakes.portal.profile import OFFICE_LINE, TEXT, profile_text
from tests.fakes.portal.running import RunningPortal, running_portal
from tests.fakes.portal.site import ACCOUNTS, OFFICES, WRONG_PASSWORD
from tests.fakes.portal.store import now
from tests.pipelines.submission.recipes import Told
from warehouse.domain.delivery import Absent, Accepted, NotDelivered, Refused, Unknown

pytestmark = [pytest.mark.thorough, pytest.mark.browser]
FILES = {"Volume I.txt": b"Our approach.", "Volume II.pdf": b"%PDF-1.7 \x00\xff\r\n"}
SECRETS = {"user": "bidder", "password": ACCOUNTS["bidder"]}


def test_profile_is_sound_and_may_be_activated() -> None:
    checked = check_text(TEXT)
    assert checked.faults == ()
    assert checked.may_be_activated
    assert OFFICE_LINE.partition(": ")[2] in OFFICES


@dataclass
class Bidder:
    """One offer on its way to a portal."""

    portal: RunningPortal
    parcel: Parcel
    desk: Told = field(default_factory=lambda: Told(SECRETS))

    def arrived(self) -> list[str]:
        return [offer.number for offer in self.portal.store.offers() if offer.reference == self.parcel.reference]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    if find_browser() is None:
        pytest.skip(f"no browser found; {HOW_TO_INSTALL}")
    with running_portal(tmp_path_factory.mktemp("portal")) as portal:
        yield portal
    close_browser()


@pytest.fixture
def bidder(served: RunningPortal, tmp_path: Path, request: pytest.FixtureRequest) -> Bidder:
    served.store.set_faults(Faults(hang_seconds=60))
    reference = f"PRC-{sha256(request.node.name.encode()).hexdigest()[:8].upper()}"
    profile = parse_profile(profile_text(served.address, outcome_seconds=3))
    return Bidder(served, parcel_for(tmp_path, FILES, reference, profile))


def parcel_for(folder: Path, files: Mapping[str, bytes], reference: str, profile: object) -> Parcel:
    staged = []
    for name, data in files.items():
        (folder / name).write_bytes(data)
        staged.append(ParcelFile(folder / name, name, sha256(data).hexdigest(), len(data), "text/plain", ""))
    fields = {"portal_profile": "rehearsal", "entries": OFFICE_LINE}
    return Parcel(
        "run", "offer", reference, "Pumps for the east bank", "W912HN26R0001", "Army", now() + timedelta(days=3), "ab" * 32,
        fields, {}, staged, profile, folder,  # type: ignore[arg-type]
    )  # fmt: skip


def test_offer_arrives_byte_for_byte_and_its_receipt_is_read_back(bidder: Bidder) -> None:
    assert EXECUTOR.faults(bidder.parcel) == []
    answer = EXECUTOR.act(bidder.parcel, bidder.desk)
    assert isinstance(answer, Accepted), answer
    (offer,) = (offer for offer in bidder.portal.store.offers() if offer.reference == bidder.parcel.reference)
    assert answer.receipt.number == offer.number
    assert answer.receipt.received_at == offer.accepted_at.replace(microsecond=0)
    assert {file.name: file.data for file in bidder.portal.store.files_of(offer)} == FILES
    assert offer.fields["office"] == "Central Contracting Office"
    assert SECRETS["password"] not in bidder.desk.texts() + "".join(bidder.desk.steps)


def test_dry_run_leaves_nothing(bidder: Bidder) -> None:
    bidder.desk.is_dry = True
    with pytest.raises(DryRun):
        EXECUTOR.act(replace(bidder.parcel, is_dry_run=True), bidder.desk)
    assert bidder.arrived() == []


def test_busy_portal_delivers_nothing_for_certain_only_before_the_last_act(bidder: Bidder) -> None:
    bidder.portal.store.let_happen(Fault.BUSY, at_last_button=False)
    assert isinstance(EXECUTOR.act(bidder.parcel, bidder.desk), NotDelivered)
    bidder.portal.store.let_happen(Fault.BUSY)
    assert isinstance(EXECUTOR.act(bidder.parcel, bidder.desk), Unknown)
    assert isinstance(EXECUTOR.look_up(bidder.parcel, bidder.desk), Absent)


@pytest.mark.parametrize("fault", [Fault.DROP_AFTER, Fault.ERROR_AFTER, Fault.HANG_AFTER])
def test_what_arrived_without_an_answer_is_found_and_never_sent_again(bidder: Bidder, fault: Fault) -> None:
    bidder.portal.store.change_faults(takes_duplicates=True)
    bidder.portal.store.let_happen(fault)
    assert isinstance(EXECUTOR.act(bidder.parcel, bidder.desk), Unknown)
    (number,) = bidder.arrived()
    found = EXECUTOR.look_up(bidder.parcel, bidder.desk)
    assert isinstance(found, Accepted)
    assert found.receipt.number == number
    again = EXECUTOR.act(bidder.parcel, bidder.desk)
    assert isinstance(again, Accepted)
    assert bidder.arrived() == [number], "a second attempt reads the receipt of the first"


def test_connection_that_breaks_before_the_offer_is_taken_is_unknown_and_then_absent(bidder: Bidder) -> None:
    bidder.portal.store.let_happen(Fault.DROP_BEFORE)
    assert isinstance(EXECUTOR.act(bidder.parcel, bidder.desk), Unknown)
    assert isinstance(EXECUTOR.look_up(bidder.parcel, bidder.desk), Absent)
    assert len([press for press in bidder.portal.store.presses() if press.reference == bidder.parcel.reference]) == 1


def test_session_that_ends_in_mid_form_is_begun_anew(bidder: Bidder) -> None:
    for _ in range(7):
        bidder.portal.store.let_happen(Fault.SLOW, at_last_button=False)
    bidder.portal.store.change_faults(slow_seconds=0)
    bidder.portal.store.let_happen(Fault.EXPIRE, at_last_button=False)
    assert isinstance(EXECUTOR.act(bidder.parcel, bidder.desk), Accepted)
    assert any("begun anew" in words for words in bidder.desk.steps)
    assert len(bidder.arrived()) == 1


def test_changed_page_stops_it_before_anything_is_handed_in(bidder: Bidder) -> None:
    bidder.portal.store.change_faults(is_changed=True)
    answer = EXECUTOR.act(bidder.parcel, bidder.desk)
    assert isinstance(answer, NotDelivered)
    assert "Solicitation number" in answer.words
    assert bidder.desk.begun == 0


def test_wrong_password_refused_type_and_closed_call_are_said_in_the_portals_words(bidder: Bidder) -> None:
    wrong = replace(bidder, desk=Told({**SECRETS, "password": "rehearse it once"}))
    assert EXECUTOR.act(wrong.parcel, wrong.desk) == Refused(WRONG_PASSWORD)
    bidder.portal.store.change_faults(types=(".docx",))
    answer = EXECUTOR.act(bidder.parcel, bidder.desk)
    assert isinstance(answer, Refused)
    assert "is of a type that is not accepted" in answer.words
    bidder.portal.store.set_faults(Faults(closes_at=(now() - timedelta(minutes=3)).isoformat()))
    answer = EXECUTOR.act(bidder.parcel, bidder.desk)
    assert isinstance(answer, Refused)
    assert "Late offers are not considered." in answer.words
    assert bidder.arrived() == []
