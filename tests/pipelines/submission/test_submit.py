"""A worker carries a run to its receipt, to a clear end or to a person; nothing is sent twice."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.submission.deliver import start_delivery
from pipelines.submission.look_up import find_submission
from pipelines.submission.submit import work_delivery
from tests.factories_deliveries import (
    Team,
    new_office,
    new_team,
    newest_run,
    offer_to_office,
    reference,
    start,
    use_profile,
    work,
)
from tests.fakes.office import Office
from warehouse import clock
from warehouse.addresses import superuser_conninfo
from warehouse.domain.delivery import EvidenceKind, Outcome, Phase, RunStatus
from warehouse.domain.notification import NotificationKind
from warehouse.domain.submission import SubmissionStatus
from warehouse.errors import WrongState
from warehouse.ledger.notifications import list_notifications
from warehouse.ledger.store import open_ledger
from warehouse.object_store import is_whole, open_object_store
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def team(home: Settings) -> Team:
    use_profile()
    return new_team()


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return new_office(tmp_path)


def actions_of(offer: str) -> list[str]:
    with open_ledger().read() as tx:
        rows = tx.rows(
            "select action from audit_logs where submission_ref = %s and action like 'delivery:%%' order by seq",
            [offer],
        )
    return [row["action"].partition(":")[2] for row in rows]


def told(team: Team) -> set[NotificationKind]:
    with open_ledger().read(team.owner) as tx:
        return {one.kind for one in list_notifications(tx, team.owner.id)}


def test_approved_offer_comes_to_its_receipt(team: Team, office: Office) -> None:
    offer, manifest = offer_to_office(team, files={"Volume I.txt": b"Our approach.", "Prices.txt": b"Ten."})
    start(offer, manifest, team.owner)
    work(office)
    look = newest_run(offer, team.owner)
    run = look.delivery
    arrived = office.arrived(reference(manifest))
    assert (run.status, run.outcome, run.phase) == (RunStatus.SUCCESS, Outcome.ACCEPTED, Phase.ENDED)
    assert [run.receipt_id] == [number for number, _ in arrived]
    assert arrived[0][1] == {entry["name"]: entry["sha256"] for entry in manifest.body["files"]}
    assert find_submission(open_ledger(), offer, by=team.owner).status is SubmissionStatus.SUBMITTED
    assert actions_of(offer) == ["started", "intended", "act_begun", "accepted"]
    assert [one.kind for one in look.evidence] == [EvidenceKind.PAGE, EvidenceKind.SCREENSHOT]
    assert all(is_whole(open_object_store(), one.storage_path) for one in look.evidence)
    assert NotificationKind.DELIVERED in told(team)


def test_intent_is_signed_by_a_checkpoint_before_anything_leaves(team: Team, office: Office) -> None:
    office.plan("dropped")
    offer, manifest = offer_to_office(team)
    run = start(offer, manifest, team.owner)
    assert work_delivery(open_ledger(), _settings(), run, worker="w", executors={"browser": office}) == run
    with open_ledger().read() as tx:
        row = tx.row(
            "select (select max(size) from audit_checkpoints) >= a.seq as is_signed from audit_logs a"
            " where a.submission_ref = %s and a.action = 'delivery:intended'",
            [offer],
        )
    assert row == {"is_signed": True}
    work(office)


def _settings() -> Settings:
    from warehouse.settings import current

    return current()


def test_dry_run_does_everything_but_the_last_act_and_changes_no_state(team: Team, office: Office) -> None:
    offer, manifest = offer_to_office(team)
    start(offer, manifest, team.owner, is_dry_run=True)
    work(office)
    run = newest_run(offer, team.owner).delivery
    assert (run.status, run.outcome, run.acted_at, run.intended_at) == (RunStatus.SUCCESS, Outcome.NONE, None, None)
    assert office.arrived(reference(manifest)) == []
    assert find_submission(open_ledger(), offer, by=team.owner).status is SubmissionStatus.APPROVED
    assert actions_of(offer) == ["dry_run_started", "dry_run_ended"]


@pytest.mark.parametrize("plan", ["busy", "busy after begin", "breaks before begin"])
def test_what_certainly_did_not_arrive_is_sent_again(team: Team, office: Office, plan: str) -> None:
    office.plan(plan)
    offer, manifest = offer_to_office(team)
    start(offer, manifest, team.owner)
    work(office)
    assert newest_run(offer, team.owner).delivery.outcome is Outcome.ACCEPTED
    assert len(office.arrived(reference(manifest))) == 1


def test_it_is_sent_no_more_often_than_the_profile_says(team: Team, office: Office) -> None:
    office.plan(*["busy after begin"] * 9)
    offer, manifest = offer_to_office(team)
    start(offer, manifest, team.owner)
    work(office)
    run = newest_run(offer, team.owner).delivery
    assert (run.status, run.outcome, run.attempt) == (RunStatus.FAILED, Outcome.NONE, 3)
    assert "503" in run.message
    assert NotificationKind.DELIVERY_FAILED in told(team)


def test_refusal_ends_it_in_the_offices_own_words(team: Team, office: Office) -> None:
    office.plan("closed")
    offer, manifest = offer_to_office(team)
    start(offer, manifest, team.owner)
    work(office)
    run = newest_run(offer, team.owner).delivery
    assert (run.status, run.outcome, run.message) == (RunStatus.FAILED, Outcome.REFUSED, "The call is closed.")
    assert find_submission(open_ledger(), offer, by=team.owner).status is SubmissionStatus.APPROVED


def test_after_a_failure_a_person_may_start_again_with_the_same_reference(team: Team, office: Office) -> None:
    office.plan("closed")
    offer, manifest = offer_to_office(team)
    start(offer, manifest, team.owner)
    work(office)
    start(offer, manifest, team.owner)
    work(office)
    run = newest_run(offer, team.owner).delivery
    assert (run.number, run.outcome, run.reference) == (2, Outcome.ACCEPTED, reference(manifest))


def test_what_speaks_against_it_ends_it_before_anything_is_done(team: Team, office: Office) -> None:
    office.plan("faulty")
    offer, manifest = offer_to_office(team)
    start(offer, manifest, team.owner)
    work(office)
    run = newest_run(offer, team.owner).delivery
    assert (run.message, run.intended_at) == ("The office takes no such files.", None)


def test_emptied_object_store_is_named_by_the_file_and_nothing_is_sent(team: Team, office: Office) -> None:
    offer, manifest = offer_to_office(team, files={"Volume I.txt": b"Bytes that will be gone."})
    start(offer, manifest, team.owner)
    digest = manifest.body["files"][0]["sha256"]
    (_settings().files / digest[:2] / digest).unlink()
    work(office)
    run = newest_run(offer, team.owner).delivery
    assert (run.status, run.outcome) == (RunStatus.FAILED, Outcome.NONE)
    assert "Volume I.txt: its bytes are gone" in run.message
    assert office.arrived(reference(manifest)) == []


def test_one_changed_byte_is_never_sent(team: Team, office: Office) -> None:
    offer, manifest = offer_to_office(team, files={"Volume I.txt": b"Bytes that will be others."})
    start(offer, manifest, team.owner)
    digest = manifest.body["files"][0]["sha256"]
    place = _settings().files / digest[:2] / digest
    place.chmod(0o600)
    place.write_bytes(b"Bytes that will be Others.")
    work(office)
    assert "Volume I.txt" in newest_run(offer, team.owner).delivery.message
    assert office.arrived(reference(manifest)) == []


def test_amendment_before_the_act_ends_it(team: Team, office: Office, home: Settings) -> None:
    import psycopg

    offer, manifest = offer_to_office(team)
    start(offer, manifest, team.owner)
    with psycopg.connect(**superuser_conninfo(home)) as connection:
        connection.execute(
            "update opportunities set due_date = due_date + interval '1 day', content_hash = 'another'"
            " where id = (select opportunity_id from submissions where id = %s)",
            [offer],
        )
    work(office)
    run = newest_run(offer, team.owner).delivery
    assert (run.status, run.outcome) == (RunStatus.FAILED, Outcome.NONE)
    assert office.arrived(reference(manifest)) == []


def test_deadline_that_passes_while_it_waits_ends_it_and_says_by_how_much(
    team: Team, office: Office, home: Settings
) -> None:
    offer, manifest = offer_to_office(team)
    start(offer, manifest, team.owner)
    _move_deadline(home, offer, "- interval '2 hours'")
    work(office)
    run = newest_run(offer, team.owner).delivery
    assert run.status is RunStatus.FAILED
    assert "the deadline passed 2 h" in run.message
    assert office.arrived(reference(manifest)) == []


def _move_deadline(home: Settings, offer: str, by: str) -> None:
    """Let time pass for one offer: nobody publishes anything, so that no amendment is seen."""
    import psycopg

    with psycopg.connect(**superuser_conninfo(home)) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute(
            f"update opportunities set due_date = now() {by} where id = (select opportunity_id from submissions where id = %s)",
            [offer],
        )


def test_disabled_starter_ends_it(home: Settings, office: Office) -> None:
    import psycopg

    use_profile(name="office")
    team = new_team()
    offer, manifest = offer_to_office(team)
    start(offer, manifest, team.owner)
    with psycopg.connect(**superuser_conninfo(home)) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute("update profiles set is_disabled = true where id = %s", [team.owner.id])
    work(office)
    run = newest_run(offer, team.legal).delivery
    assert run.status is RunStatus.FAILED
    assert "disabled" in run.message
    assert office.arrived(reference(manifest)) == []


def test_receipt_without_evidence_makes_nothing_submitted(team: Team, office: Office) -> None:
    office.plan("lies")
    offer, manifest = offer_to_office(team)
    start(offer, manifest, team.owner)
    work(office)
    run = newest_run(offer, team.owner).delivery
    assert (run.status, run.outcome) == (RunStatus.RUNNING, Outcome.UNKNOWN)
    assert "does not bear itself out" in run.needs_person
    assert find_submission(open_ledger(), offer, by=team.owner).status is SubmissionStatus.APPROVED


def test_hand_over_waits_for_a_person_and_holds_the_package(team: Team, office: Office) -> None:
    office.plan("handed")
    offer, manifest = offer_to_office(team)
    start(offer, manifest, team.owner)
    work(office)
    run = newest_run(offer, team.owner).delivery
    assert (run.phase, run.needs_person, run.outcome) == (Phase.WITH_A_PERSON, "Bring the receipt.", Outcome.UNKNOWN)
    assert NotificationKind.DELIVERY_NEEDS_YOU in told(team)


def test_unknown_way_ends_it(team: Team) -> None:
    offer, manifest = offer_to_office(team)
    run = start(offer, manifest, team.owner)
    work_delivery(open_ledger(), _settings(), run, worker="w", executors={})
    assert "no way to deliver" in newest_run(offer, team.owner).delivery.message


def test_no_room_to_stage_ends_it_and_nothing_is_sent(team: Team, office: Office) -> None:
    offer, manifest = offer_to_office(team)
    run = start(offer, manifest, team.owner)
    settings = _settings()
    shutil.rmtree(settings.temporary, ignore_errors=True)
    settings.temporary.write_text("a file where the folder would be")
    try:
        work_delivery(open_ledger(), settings, run, worker="w", executors={"browser": office})
    finally:
        settings.temporary.unlink()
    found = newest_run(offer, team.owner).delivery
    assert (found.status, found.outcome) == (RunStatus.FAILED, Outcome.NONE)
    assert office.arrived(reference(manifest)) == []


def test_staged_files_go_with_the_run(team: Team, office: Office) -> None:
    offer, manifest = offer_to_office(team)
    start(offer, manifest, team.owner)
    work(office)
    assert list(_settings().temporary.glob("delivery-*")) == []


def test_second_start_meets_the_first(team: Team, office: Office) -> None:
    offer, manifest = offer_to_office(team)
    start(offer, manifest, team.owner)
    with pytest.raises(WrongState, match="under way"):
        start(offer, manifest, team.owner)
    work(office)
    with pytest.raises(WrongState):
        start_delivery(
            open_ledger(), offer, manifest.hash, is_dry_run=False, settings=_settings(),
            at=clock.now() + timedelta(seconds=1), by=team.owner,
        )  # fmt: skip
    assert len(office.arrived(reference(manifest))) == 1
