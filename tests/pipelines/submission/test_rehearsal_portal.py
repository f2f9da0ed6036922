"""The rehearsal portal does what its manual says, and goes wrong in each way it is told to."""

import re
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from tests.fakes.portal.control import HEADER
from tests.fakes.portal.faults import Fault, Faults, read_faults
from tests.fakes.portal.running import RunningPortal, running_portal
from tests.fakes.portal.site import ACCOUNTS, EXPIRED, WRONG_PASSWORD
from tests.fakes.portal.store import now

pytestmark = pytest.mark.thorough
FILES = {"Volume I.txt": b"Our approach.", "Fax übersicht.pdf": b"%PDF-1.7 \x00\xff"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    with running_portal(tmp_path_factory.mktemp("portal")) as portal:
        yield portal


@pytest.fixture
def portal(served: RunningPortal) -> RunningPortal:
    served.store.set_faults(Faults())
    return served


class Bidder:
    """Somebody who fills the form, without a browser."""

    def __init__(self, portal: RunningPortal, *, seconds: float = 10) -> None:
        self.client = httpx.Client(base_url=portal.address, follow_redirects=True, timeout=seconds)

    def post(self, path: str, **values: str) -> httpx.Response:
        return self.client.post(path, data={"csrf": self.csrf, **values})

    def see(self, path: str) -> httpx.Response:
        answer = self.client.get(path)
        found = re.search(r'name="csrf" value="([^"]+)"', answer.text)
        self.csrf = found[1] if found else ""
        return answer

    def sign_in(self, password: str = ACCOUNTS["bidder"]) -> httpx.Response:
        self.see("/sign-in")
        return self.post("/sign-in", user="bidder", password=password)

    def details(self, reference: str, **changes: str) -> httpx.Response:
        self.see("/offers/new")
        told = {"solicitation": "W912HN26R0001", "title": "Pumps", "office": "Central Contracting Office"}
        answer = self.post("/offers/new", reference=reference, **{**told, **changes})
        self.draft = answer.url.path.rpartition("/")[0]
        return answer

    def upload(self, files: dict[str, bytes]) -> httpx.Response:
        sent = [("files", (name, data)) for name, data in files.items()]
        return self.client.post(f"{self.draft}/files", data={"csrf": self.csrf}, files=sent)

    def submit(self, **values: str) -> httpx.Response:
        return self.post(f"{self.draft}/submit", **{"authorized": "yes", **values})

    def up_to_the_last_button(self, reference: str) -> "Bidder":
        self.sign_in()
        self.details(reference)
        assert self.upload(FILES).status_code == 200
        return self


def arrived(portal: RunningPortal, reference: str) -> list[str]:
    return [offer.number for offer in portal.store.offers() if offer.reference == reference]


def test_offer_arrives_with_its_bytes_and_its_number_is_said_and_listed(portal: RunningPortal) -> None:
    bidder = Bidder(portal).up_to_the_last_button("PRC-AAAA-BBBB")
    answer = bidder.submit()
    (offer,) = (offer for offer in portal.store.offers() if offer.reference == "PRC-AAAA-BBBB")
    assert f"Your confirmation number is <strong>{offer.number}</strong>." in answer.text
    assert {file.name: file.data for file in portal.store.files_of(offer)} == FILES
    assert {file.sha256 for file in portal.store.files_of(offer)} == {
        sha256(data).hexdigest() for data in FILES.values()
    }
    listed = bidder.see("/offers?q=prc-aaaa-bbbb").text
    assert offer.number in listed
    assert "There are no offers" in bidder.see("/offers?q=PRC-ZZZZ-ZZZZ").text


@pytest.mark.parametrize("name", ["/offers", "/offers/new", "/offers/R-2026-000001"])
def test_without_a_session_every_page_leads_to_the_sign_in(portal: RunningPortal, name: str) -> None:
    assert Bidder(portal).see(name).url.path == "/sign-in"


def test_wrong_password_and_a_form_without_its_token_are_refused(portal: RunningPortal) -> None:
    assert WRONG_PASSWORD in Bidder(portal).sign_in("rehearse it once").text
    bidder = Bidder(portal).up_to_the_last_button("PRC-TOKE-N000")
    bidder.csrf = "another"
    assert bidder.submit().status_code == 403
    assert not arrived(portal, "PRC-TOKE-N000")


def test_what_is_missing_too_large_too_much_or_of_a_wrong_type_is_said(portal: RunningPortal) -> None:
    portal.store.change_faults(most_file_bytes=20, most_files=2, most_total_bytes=30)
    bidder = Bidder(portal)
    bidder.sign_in()
    assert "Choose a contracting office." in bidder.details("PRC-LIMI-TS00", office="").text
    bidder.details("PRC-LIMI-TS00")
    assert "of a type that is not accepted" in bidder.upload({"macro.exe": b"x"}).text
    assert "a.txt is too large" in bidder.upload({"a.txt": b"x" * 21}).text
    assert "a.txt is empty" in bidder.upload({"a.txt": b""}).text
    assert "Together the files are too large" in bidder.upload({"a.txt": b"x" * 19, "b.txt": b"x" * 19}).text
    assert "At most 2 files" in bidder.upload({f"{number}.txt": b"x" for number in range(3)}).text
    assert "The offer has no files." in bidder.submit().text
    bidder.upload({"a.txt": b"x"})
    assert "Confirm that you are authorized." in bidder.submit(authorized="").text
    assert not arrived(portal, "PRC-LIMI-TS00")


def test_closed_call_takes_nothing(portal: RunningPortal) -> None:
    bidder = Bidder(portal).up_to_the_last_button("PRC-LATE-0000")
    portal.store.change_faults(closes_at=(now() - timedelta(minutes=1)).isoformat())
    assert "Late offers are not considered." in bidder.submit().text
    assert "Late offers are not considered." in bidder.details("PRC-LATE-0000").text
    assert not arrived(portal, "PRC-LATE-0000")


def test_second_offer_with_a_reference_is_refused_unless_duplicates_are_taken(portal: RunningPortal) -> None:
    for _ in range(2):
        answer = Bidder(portal).up_to_the_last_button("PRC-TWIC-E000").submit()
    assert "was received already" in answer.text
    assert len(arrived(portal, "PRC-TWIC-E000")) == 1
    portal.store.change_faults(takes_duplicates=True)
    Bidder(portal).up_to_the_last_button("PRC-TWIC-E000").submit()
    assert len(arrived(portal, "PRC-TWIC-E000")) == 2


@pytest.mark.parametrize(("fault", "arrives"), [(Fault.BUSY, 0), (Fault.ERROR_AFTER, 1)])
def test_answer_that_says_no_may_be_wrong(portal: RunningPortal, fault: Fault, arrives: int) -> None:
    bidder = Bidder(portal).up_to_the_last_button(f"PRC-{fault}")
    portal.store.let_happen(fault)
    assert bidder.submit().status_code == (503 if fault is Fault.BUSY else 500)
    assert len(arrived(portal, f"PRC-{fault}")) == arrives


@pytest.mark.parametrize(("fault", "arrives"), [(Fault.DROP_BEFORE, 0), (Fault.DROP_AFTER, 1), (Fault.HANG_AFTER, 1)])
def test_no_answer_says_nothing(portal: RunningPortal, fault: Fault, arrives: int) -> None:
    bidder = Bidder(portal, seconds=2).up_to_the_last_button(f"PRC-{fault}")
    portal.store.let_happen(fault)
    with pytest.raises(httpx.TransportError):
        bidder.submit()
    assert len(arrived(portal, f"PRC-{fault}")) == arrives


def test_late_offer_arrives_after_its_bidder_gave_up(portal: RunningPortal) -> None:
    portal.store.change_faults(late_seconds=0.5)
    bidder = Bidder(portal, seconds=1).up_to_the_last_button("PRC-AFTE-R000")
    portal.store.let_happen(Fault.LATE)
    with pytest.raises(httpx.ReadTimeout):
        bidder.submit()
    gave_up = now()
    bidder.client.close()
    end = time.monotonic() + 20
    while not arrived(portal, "PRC-AFTE-R000"):
        assert time.monotonic() < end, "it never arrived"
        threading.Event().wait(0.05)
    (offer,) = (offer for offer in portal.store.offers() if offer.reference == "PRC-AFTE-R000")
    assert offer.accepted_at > gave_up


def test_session_ends_in_mid_form_when_told_to(portal: RunningPortal) -> None:
    bidder = Bidder(portal).up_to_the_last_button("PRC-SESS-ION0")
    portal.store.let_happen(Fault.EXPIRE, at_last_button=False)
    assert EXPIRED in bidder.see(f"{bidder.draft}/review").text


def test_changed_page_has_other_words(portal: RunningPortal) -> None:
    portal.store.change_faults(is_changed=True)
    bidder = Bidder(portal).up_to_the_last_button("PRC-CHAN-GED0")
    assert "Send bid" in (page := bidder.see(f"{bidder.draft}/review").text)
    assert "Submit offer" not in page


def test_list_has_pages(portal: RunningPortal) -> None:
    portal.store.change_faults(takes_duplicates=True)
    bidder = Bidder(portal).up_to_the_last_button("PRC-PAGE-S000")
    for _ in range(11):
        bidder.submit()
    first = bidder.see("/offers?q=PRC-PAGE-S000").text
    assert 'rel="next"' in first
    assert first.count("<td>Received</td>") == 10
    assert bidder.see("/offers?q=PRC-PAGE-S000&page=2").text.count("<td>Received</td>") == 1


def test_control_address_sets_faults_and_refuses_whoever_does_not_say_so(portal: RunningPortal) -> None:
    assert httpx.get(f"{portal.address}/control/offers").status_code == 403
    with httpx.Client(base_url=portal.address, headers={HEADER: "1"}) as control:
        assert control.patch("/control/faults", json={"at_last_button": {"busy": 0.25}}).json()["seed"] == 1
        assert control.patch("/control/faults", json={"at_last_buton": {}}).status_code == 400
        control.post("/control/next", json={"fault": "error_after"})
        assert control.get("/control/offers").status_code == 200
    assert portal.store.faults().at_last_button == {"busy": 0.25}
    assert portal.store.draw(at_last_button=True) is Fault.ERROR_AFTER


def test_same_seed_gives_the_same_faults_in_about_the_shares_asked_for() -> None:
    faults = Faults(seed=7, at_last_button={"busy": 0.1, "drop_after": 0.07})
    drawn = [faults.drawn(number, at_last_button=True) for number in range(4000)]
    assert drawn == [faults.drawn(number, at_last_button=True) for number in range(4000)]
    assert 0.08 < drawn.count(Fault.BUSY) / 4000 < 0.12
    assert 0.05 < drawn.count(Fault.DROP_AFTER) / 4000 < 0.09


@pytest.mark.parametrize(
    "text", ['{"at_last_button": {"earthquake": 0.1}}', '{"elsewhere": {"drop_after": 0.1}}', "[]", '{"at_last_button": {"busy": 1.1}}']
)  # fmt: skip
def test_faults_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"fault|settings|shares"):
        read_faults(text)


def test_state_outlives_the_portal(tmp_path: Path) -> None:
    with running_portal(tmp_path) as portal:
        Bidder(portal).up_to_the_last_button("PRC-KEEP-0000").submit()
    with running_portal(tmp_path) as portal:
        assert len(arrived(portal, "PRC-KEEP-0000")) == 1
