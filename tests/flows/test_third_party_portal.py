"""A portal that nobody here wrote (pretalx), by a profile from its manual and no code: delivered once, refused in its own words."""

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping

import pytest

from pipelines.submission.browser.home import HOW_TO_INSTALL, find_browser
from pipelines.submission.submit import work_deliveries
from tests.factories_approvals import approved_offer
from tests.factories_deliveries import Team, new_team, newest_run, put_into_use, reference, start
from tests.third_party.pretalx.running import CLOSED, EMAIL, OPEN, PASSWORD, PYTHON, Pretalx, running_pretalx
from warehouse import clock
from warehouse.domain.delivery import Outcome, RunStatus
from warehouse.domain.submission import SubmissionStatus
from warehouse.ledger.store import open_ledger
from warehouse.settings import ROOT, Settings

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.timeout(600),
    pytest.mark.skipif(find_browser() is None, reason=f"no browser found; {HOW_TO_INSTALL}"),
    pytest.mark.skipif(not PYTHON.exists(), reason="pretalx is not installed; `make soak` installs it apart"),
]
FILES = {
    "Technical volume.txt": bytes(range(32, 127)) * 4_000 + "naïve – 30 °C\n".encode(),
    "Price volume.txt": b"Lot 1: 1,250,000.00 dollars\n",
}
ENTRIES = "Abstract: Lamps that need no wire.\nBiography: A small firm."


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pretalx]:
    with running_pretalx(tmp_path_factory.mktemp("pretalx")) as found:
        yield found


@pytest.fixture
def team(home: Settings) -> Team:
    return new_team()


def use(portal: Pretalx, *, event: str = OPEN, password: str = PASSWORD) -> None:
    """Let an admin put the profile into use, as the pages do."""
    text = f"{portal.profile(event)}\n# put into use at {clock.now()}\n"
    put_into_use(text, {"email": EMAIL, "password": password})


def begin(portal: Pretalx, team: Team, files: Mapping[str, bytes] = FILES) -> tuple[str, str]:
    """Start the delivery of an approved offer; return its id and our reference."""
    fields = {
        "portal_profile": "pretalx",
        "portal_address": portal.address.replace("http://", "https://"),
        "entries": ENTRIES,
    }
    offer, manifest = approved_offer(
        team.owner, team.legal, team.finance, executor="browser", fields=fields, files=files
    )
    start(offer, manifest, team.owner)
    return offer, reference(manifest)


def work(settings: Settings) -> None:
    work_deliveries(open_ledger(), settings, worker="test", until_idle=True, lease_seconds=5, pause_seconds=0.2)


def arrived(portal: Pretalx, our_reference: str) -> list[tuple[bytes, ...]]:
    return [one.files for one in portal.arrived() if our_reference in one.title]


def status_of(offer: str) -> SubmissionStatus:
    with open_ledger().housekeeping() as tx:
        return SubmissionStatus(tx.rows("select status from submissions where id = %s", [offer])[0]["status"])


def test_an_offer_of_two_files_is_there_byte_for_byte_and_its_code_is_read_back(
    portal: Pretalx, team: Team, home: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    use(portal)
    offer, ours = begin(portal, team)
    began = time.monotonic()
    work(home)
    with capsys.disabled():
        print(f"\npretalx: delivered with its receipt in {time.monotonic() - began:.1f} s")
    run = newest_run(offer, team.owner)
    assert (run.delivery.status, run.delivery.outcome) == (RunStatus.SUCCESS, Outcome.ACCEPTED), run
    (there,) = [one for one in portal.arrived() if ours in one.title]
    assert there.files == tuple(FILES.values())
    assert there.state == "submitted"
    assert [receipt.number for receipt in run.receipts if receipt.counts] == [there.code]
    assert status_of(offer) is SubmissionStatus.SUBMITTED


def test_a_type_that_the_portal_refuses_fails_in_its_words(portal: Pretalx, team: Team, home: Settings) -> None:
    use(portal)
    offer, ours = begin(portal, team, {"Technical volume.json": b"{}\n", "Price volume.txt": b"1"})
    work(home)
    check_failed(offer, team, "This filetype (.json) is not allowed")
    assert arrived(portal, ours) == []


def test_a_wrong_password_fails_in_the_portals_words(portal: Pretalx, team: Team, home: Settings) -> None:
    use(portal, password="another green lamp")
    offer, ours = begin(portal, team)
    work(home)
    check_failed(offer, team, "No user account matches the entered credentials")
    assert arrived(portal, ours) == []


def test_a_closed_call_fails_in_the_portals_words(portal: Pretalx, team: Team, home: Settings) -> None:
    use(portal, event=CLOSED)
    offer, ours = begin(portal, team)
    work(home)
    check_failed(offer, team, "closed")
    assert arrived(portal, ours) == []


def test_a_worker_killed_once_the_offer_is_there_leaves_one_offer_and_its_receipt(
    portal: Pretalx, team: Team, home: Settings
) -> None:
    use(portal)
    offer, ours = begin(portal, team)
    worker = subprocess.Popen([sys.executable, "-m", "tests.flows.campaign_worker", "killed", "5"], cwd=ROOT)
    until = time.monotonic() + 120
    while not arrived(portal, ours):
        assert time.monotonic() < until, newest_run(offer, team.owner).steps
        time.sleep(0.005)  # a poll: the portal is another process
    worker.kill()
    worker.wait()
    work(home)
    run = newest_run(offer, team.owner)
    assert (run.delivery.status, run.delivery.outcome) == (RunStatus.SUCCESS, Outcome.ACCEPTED), run
    (there,) = [one for one in portal.arrived() if ours in one.title]
    assert [receipt.number for receipt in run.receipts if receipt.counts] == [there.code]
    assert there.files == tuple(FILES.values())


def check_failed(offer: str, team: Team, words: str) -> None:
    run = newest_run(offer, team.owner)
    assert run.delivery.status is RunStatus.FAILED, run
    assert words in run.delivery.message, run.delivery.message
    assert run.receipts == ()
    assert status_of(offer) is not SubmissionStatus.SUBMITTED
