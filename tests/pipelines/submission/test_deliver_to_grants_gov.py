"""An approved application to Grants.gov through the engine: real stores, a real worker, a web service that asks for a certificate."""

import logging
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.submission.approvals import take_back
from pipelines.submission.executors.grants_gov import GrantsGov
from pipelines.submission.follow_up import follow_up_deliveries
from pipelines.submission.look_up import find_submission
from pipelines.submission.submit import work_deliveries
from tests.certificates import Authority, Pair
from tests.factories_approvals import approved_offer, send, sign_as
from tests.factories_deliveries import Team, new_team, newest_run, put_into_use, reference, start
from tests.fakes.grants_parcel import FIELDS, package_files, profile_text, secrets_of
from tests.fakes.grants_s2s import GrantsOffice, Trouble, client_of, running_grants_office
from warehouse import clock
from warehouse.domain.delivery import Outcome, Phase, ReceiptSource, RunStatus
from warehouse.domain.submission import SubmissionStatus
from warehouse.ledger.deliveries import Delivery
from warehouse.ledger.package_manifests import Manifest
from warehouse.ledger.receipts import receipts_of
from warehouse.ledger.store import open_ledger
from warehouse.object_store import open_object_store
from warehouse.settings import ROOT, Settings, current

pytestmark = pytest.mark.thorough
FILES = package_files({"Narrative.txt": b"Our approach.\r\n--b--\r\nMore of it.\r\n", "Budget (1).txt": b"Ten."})


@pytest.fixture(scope="module")
def team(home: Settings) -> Team:
    return new_team()


@dataclass
class Served:
    """An office whose profile is in use, and the certificate that the vault holds."""

    office: GrantsOffice
    pair: Pair


@pytest.fixture
def served(team: Team, tmp_path: Path) -> Iterator[Served]:
    authority = Authority(tmp_path)
    with running_grants_office(authority) as office:
        pair = client_of(authority)
        put_into_use(profile_text(office, settle=0.3, submit=5), secrets_of(pair))
        yield Served(office, pair)


def begin(team: Team, *, is_dry_run: bool = False) -> tuple[str, Manifest]:
    """Approve an application and start its delivery."""
    offer, manifest = approved_offer(
        team.owner, team.legal, team.finance, executor="grants_gov", fields=FIELDS, files=FILES,
        solicitation_number=None,
    )  # fmt: skip
    start(offer, manifest, team.owner, is_dry_run=is_dry_run)
    return offer, manifest


def carry_on() -> None:
    work_deliveries(
        open_ledger(), current(), worker="test", until_idle=True, executors={"grants_gov": GrantsGov()}, lease_seconds=5,
        pause_seconds=0.05,
    )  # fmt: skip


def deliver(team: Team) -> tuple[str, Manifest, Delivery]:
    offer, manifest = begin(team)
    carry_on()
    return offer, manifest, newest_run(offer, team.owner).delivery


def status_of(offer: str, team: Team) -> SubmissionStatus:
    return find_submission(open_ledger(), offer, by=team.owner).status


def test_only_a_tracking_number_that_grants_gov_knows_makes_it_submitted(team: Team, served: Served) -> None:
    offer, manifest, run = deliver(team)
    assert (run.status, run.outcome) == (RunStatus.SUCCESS, Outcome.ACCEPTED), run
    (taken,) = served.office.titled(reference(manifest))
    assert run.receipt_id == taken.number
    assert status_of(offer, team) is SubmissionStatus.SUBMITTED
    with open_ledger().read(team.owner) as tx:
        (receipt,) = receipts_of(tx, offer)
    assert receipt.source is ReceiptSource.PORTAL
    assert receipt.received_at is not None
    assert abs(receipt.received_at - taken.received_at) < timedelta(milliseconds=1)
    kept = {one.id: one for one in newest_run(offer, team.owner).evidence}[receipt.evidence_id]
    with open_object_store().open(kept.storage_path) as stream:
        assert taken.number.encode() in stream.read()


# After each trouble: one application and its receipt, or none and a clear end.
@pytest.mark.parametrize("trouble", Trouble)
def test_no_trouble_doubles_or_loses_an_application(team: Team, served: Served, trouble: Trouble) -> None:
    served.office.plan = [trouble]
    offer, manifest, run = deliver(team)
    there = served.office.titled(reference(manifest))
    if trouble in {Trouble.FAULT_OF_SENDER, Trouble.FAULT_WITH_DETAILS, Trouble.REJECTED}:
        assert (run.status, run.outcome) == (RunStatus.FAILED, Outcome.REFUSED), run
        assert run.receipt_id is None
        assert status_of(offer, team) is SubmissionStatus.APPROVED
        assert len(there) == (1 if trouble is Trouble.REJECTED else 0)
        return
    assert (run.outcome, len(there)) == (Outcome.ACCEPTED, 1), (run, there)
    assert run.receipt_id == there[0].number
    assert status_of(offer, team) is SubmissionStatus.SUBMITTED
    assert served.office.schema_faults == []


def test_an_answer_that_never_comes_leaves_it_to_a_person_and_is_never_sent_again(team: Team, served: Served) -> None:
    put_into_use(profile_text(served.office, patience=1), secrets_of(served.pair))
    served.office.plan = [Trouble.DROP_AFTER]
    served.office.on_taken = lambda: setattr(served.office, "is_down", True)
    offer, manifest, run = deliver(team)
    assert (run.outcome, run.phase) == (Outcome.UNKNOWN, Phase.WITH_A_PERSON), run
    assert served.office.submits == 1
    assert status_of(offer, team) is SubmissionStatus.APPROVED
    assert len(served.office.titled(reference(manifest))) == 1


def test_a_rejection_is_told_in_the_portals_words(team: Team, served: Served) -> None:
    served.office.plan = [Trouble.REJECTED]
    offer, _, run = deliver(team)
    assert "the UEI is not that of the submitter" in run.message
    with open_ledger().read(team.owner) as tx:
        told = tx.rows("select text from notifications where submission_id = as_uuid(%s)", [offer])
    assert any("the UEI is not that of the submitter" in row["text"] for row in told)


def test_a_certificate_that_grants_gov_does_not_know_is_named_in_the_end(
    team: Team, served: Served, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    put_into_use(profile_text(served.office), secrets_of(client_of(Authority(tmp_path / "other"))))
    _, manifest, run = deliver(team)
    assert (run.status, run.outcome) == (RunStatus.FAILED, Outcome.REFUSED)
    assert "does not take our client certificate (unknown ca)" in run.message
    assert served.office.titled(reference(manifest)) == []


def test_a_dry_run_asks_and_hands_nothing_over(team: Team, served: Served) -> None:
    offer, manifest = begin(team, is_dry_run=True)
    carry_on()
    run = newest_run(offer, team.owner).delivery
    assert (run.status, run.is_dry_run) == (RunStatus.SUCCESS, True), run
    assert served.office.asked == ["GetSubmissionList"]
    assert served.office.titled(reference(manifest)) == []


def test_a_worker_killed_once_it_was_taken_leaves_one_application_and_its_receipt(team: Team, served: Served) -> None:
    offer, manifest = begin(team)
    worker = subprocess.Popen([sys.executable, "-m", "tests.pipelines.submission.grants_worker", "first"], cwd=ROOT)
    served.office.on_taken = worker.kill
    assert worker.wait(timeout=120) != 0
    served.office.on_taken = lambda: None
    again = subprocess.run(
        [sys.executable, "-m", "tests.pipelines.submission.grants_worker", "second"], cwd=ROOT, timeout=120, check=False
    )
    assert again.returncode == 0
    run = newest_run(offer, team.owner).delivery
    (taken,) = served.office.titled(reference(manifest))
    assert (run.outcome, run.receipt_id, run.fence > 1) == (Outcome.ACCEPTED, taken.number, True), run
    assert served.office.submits == 1


def test_no_secret_is_in_what_a_delivery_kept_said_or_logged(
    team: Team, served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    served.office.plan = [Trouble.FAIL_AFTER]
    offer, _, run = deliver(team)
    look = newest_run(offer, team.owner)
    seen = [repr(look), repr(run), caplog.text]
    for one in look.evidence:
        with open_object_store().open(one.storage_path) as stream:
            seen.append(stream.read().decode("utf-8", "replace"))
    key = [line for line in served.pair.key.read_text().splitlines() if not line.startswith("-")]
    assert [line for line in key for text in seen if line in text] == []
    assert {one.kind.value for one in look.evidence} == {"answer", "document"}


@pytest.mark.slow
def test_many_applications_through_random_troubles_are_neither_doubled_nor_lost(team: Team, served: Served) -> None:
    chance = random.Random(20_261_130)
    troubles = [one for one in Trouble if one not in {
        Trouble.FAULT_OF_SENDER, Trouble.FAULT_WITH_DETAILS, Trouble.REJECTED, Trouble.LATE}]  # fmt: skip
    served.office.plan = [chance.choice(troubles) for _ in range(30)]
    begun = [begin(team) for _ in range(12)]
    carry_on()
    for offer, manifest in begun:
        run = newest_run(offer, team.owner).delivery
        there = served.office.titled(reference(manifest))
        assert len(there) <= 1
        assert (run.outcome is Outcome.ACCEPTED) == (status_of(offer, team) is SubmissionStatus.SUBMITTED)
        assert (run.outcome is Outcome.ACCEPTED) == bool(there), run
        assert run.ended_at is not None


# ---------------------------------------------------------------------------------------------------- what comes later
def follow() -> dict[str, int]:
    return follow_up_deliveries(open_ledger(), at=clock.now())


def statuses(offer: str, team: Team) -> list[str]:
    return [one.status for one in newest_run(offer, team.owner).statuses]


def told_of(offer: str, team: Team) -> list[str]:
    with open_ledger().read(team.owner) as tx:
        rows = tx.rows("select text from notifications where submission_id = as_uuid(%s) order by at", [offer])
    return [row["text"] for row in rows]


def test_what_grants_gov_says_later_is_written_down_once_and_told_where_it_is_news(team: Team, served: Served) -> None:
    offer, manifest, _ = deliver(team)
    (taken,) = served.office.titled(reference(manifest))
    for status in ("Received", "Received", "Processing", "Validated", "Validated", "Received by Agency"):
        taken.status = status
        follow()
    assert statuses(offer, team) == ["Received", "Processing", "Validated", "Received by Agency"]
    assert [words.rpartition(": ")[2] for words in told_of(offer, team)][-2:] == ["Validated.", "Received by Agency."]
    taken.status = "Agency Tracking Number Assigned"
    follow()
    asked = len(served.office.asked)
    follow()
    assert len(served.office.asked) == asked, "behind its last word nobody asks any more"
    assert status_of(offer, team) is SubmissionStatus.SUBMITTED


def test_a_rejection_that_comes_later_takes_the_acceptance_back_and_the_offer_can_be_mended(
    team: Team, served: Served
) -> None:
    offer, manifest, run = deliver(team)
    (taken,) = served.office.titled(reference(manifest))
    served.office.reject(taken.number)
    came = follow()
    assert (came["new"], came["rejected"]) == (1, 1), came
    look = newest_run(offer, team.owner)
    assert (look.delivery.status, look.delivery.outcome) == (RunStatus.FAILED, Outcome.REFUSED)
    assert "the UEI is not that of the submitter" in look.delivery.message
    assert look.delivery.receipt_id == run.receipt_id, "what was received stays known"
    assert status_of(offer, team) is SubmissionStatus.REJECTED
    assert any(
        f"received as {taken.number} and is rejected there" in words and "UEI" in words
        for words in told_of(offer, team)
    )
    assert follow()["new"] == 0
    version = find_submission(open_ledger(), offer, by=team.owner).version
    assert take_back(open_ledger(), offer, "", version=version, by=team.owner) is SubmissionStatus.DRAFT
    again = send(offer, team.owner)
    for signer in (team.legal, team.finance):
        sign_as(offer, again, signer)
    start(offer, again, team.owner)
    carry_on()
    assert status_of(offer, team) is SubmissionStatus.SUBMITTED
    assert [one.status for one in served.office.titled(reference(again))] == ["Received"]
    assert len(served.office.titled(reference(manifest))) == 1


def test_while_grants_gov_cannot_be_asked_nothing_changes(team: Team, served: Served) -> None:
    offer, _, _ = deliver(team)
    served.office.is_down = True
    assert follow()["unclear"] >= 1
    assert statuses(offer, team) == []
    assert status_of(offer, team) is SubmissionStatus.SUBMITTED
