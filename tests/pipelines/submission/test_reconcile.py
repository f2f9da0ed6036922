"""What may have arrived is looked for and never sent again as it is; two absences in a row are certainty."""

from pathlib import Path

import pytest

from pipelines.submission.deliver import Decision, decide_delivery, list_waiting
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
from warehouse.domain.delivery import Outcome, Phase, RunStatus
from warehouse.errors import WrongState
from warehouse.ledger import deliveries
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings, current

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def team(home: Settings) -> Team:
    use_profile()
    return new_team()


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return new_office(tmp_path)


def delivered(team: Team, office: Office) -> tuple[str, str, str]:
    offer, manifest = offer_to_office(team)
    run = start(offer, manifest, team.owner)
    work(office)
    return offer, run, reference(manifest)


@pytest.mark.parametrize(
    "plan", ["taken, then dead", "breaks after begin", "dropped", "refused in doubt", "transported"]
)
def test_what_may_have_arrived_is_found_or_sent_once_more(team: Team, office: Office, plan: str) -> None:
    office.plan(plan)
    offer, _, ours = delivered(team, office)
    run = newest_run(offer, team.owner).delivery
    assert (run.outcome, len(office.arrived(ours))) == (Outcome.ACCEPTED, 1)
    assert run.receipt_id == office.arrived(ours)[0][0]


def test_late_arrival_is_awaited_for_two_settle_windows(team: Team, office: Office) -> None:
    use_profile(settle=1.2)
    office.plan("late")
    offer, _, ours = delivered(team, office)
    use_profile()
    run = newest_run(offer, team.owner).delivery
    assert (run.outcome, run.attempt, len(office.arrived(ours))) == (Outcome.ACCEPTED, 1, 1)


def test_one_absence_is_no_certainty(team: Team, office: Office) -> None:
    office.plan("taken, then dead")
    office.plan_looks("absent")
    offer, _, ours = delivered(team, office)
    run = newest_run(offer, team.owner).delivery
    assert (run.outcome, run.attempt, len(office.arrived(ours))) == (Outcome.ACCEPTED, 1, 1)


def test_absences_count_only_in_a_row(team: Team, office: Office) -> None:
    office.plan("taken, then dead")
    office.plan_looks("absent", "unclear", "absent", "breaks", "absent")
    offer, _, ours = delivered(team, office)
    assert newest_run(offer, team.owner).delivery.attempt == 1
    assert len(office.arrived(ours)) == 1


def test_what_a_server_took_is_never_sent_again_because_nobody_sees_it(team: Team, office: Office) -> None:
    use_profile(patience=1.5)
    office.plan("transported")
    office.plan_looks(*["absent"] * 50)
    offer, _, ours = delivered(team, office)
    use_profile()
    run = newest_run(offer, team.owner).delivery
    assert (run.phase, run.outcome, run.attempt) == (Phase.WITH_A_PERSON, Outcome.UNKNOWN, 1)
    assert run.transported_at is not None
    assert len(office.arrived(ours)) == 1


def test_what_stays_unclear_waits_for_a_person_once_patience_is_over(team: Team, office: Office) -> None:
    use_profile(patience=1)
    office.plan("dropped")
    office.plan_looks(*["unclear"] * 50)
    _, run_id, ours = delivered(team, office)
    use_profile()
    waiting = {
        one.run.delivery.id: one
        for one in list_waiting(open_ledger(), settings=current(), at=clock.now(), by=team.owner)
    }
    assert "nobody could tell" in waiting[run_id].run.delivery.needs_person
    assert waiting[run_id].sheet.may_decide
    assert work(office) == 0
    assert office.arrived(ours) == []


def test_person_lets_it_be_looked_for_again(team: Team, office: Office) -> None:
    use_profile(patience=1)
    office.plan("taken, then dead")
    office.plan_looks(*["unclear"] * 20)
    offer, run_id, ours = delivered(team, office)
    use_profile()
    with office._opened() as store:
        store.execute("delete from looks")
    decide_delivery(open_ledger(), run_id, Decision.LOOK_AGAIN, "Their list is back.", at=clock.now(), by=team.owner)
    work(office)
    assert newest_run(offer, team.owner).delivery.outcome is Outcome.ACCEPTED
    assert len(office.arrived(ours)) == 1


def test_person_says_that_nothing_arrived_and_may_deliver_again(team: Team, office: Office) -> None:
    use_profile(patience=0)
    office.plan("dropped")
    office.plan_looks("unclear")
    offer, manifest = offer_to_office(team)
    run_id = start(offer, manifest, team.owner)
    work(office)
    with pytest.raises(WrongState):
        start(offer, manifest, team.owner)
    decide_delivery(open_ledger(), run_id, "not_delivered", "I called the office.", at=clock.now(), by=team.owner)
    run = newest_run(offer, team.owner).delivery
    assert (run.status, run.outcome, run.message) == (RunStatus.FAILED, Outcome.NONE, "I called the office.")
    use_profile()
    start(offer, manifest, team.owner)
    work(office)
    assert len(office.arrived(reference(manifest))) == 1


def test_refusal_that_is_found_later_ends_it(team: Team, office: Office) -> None:
    office.plan("transported")
    office.plan_looks("refused")
    offer, _, _ = delivered(team, office)
    run = newest_run(offer, team.owner).delivery
    assert (run.status, run.outcome, run.message) == (RunStatus.FAILED, Outcome.REFUSED, "It was returned.")


@pytest.mark.parametrize(("plan", "said"), [("refused in doubt", "It was returned."), ("handed", "Bring the receipt.")])
def test_what_only_a_person_can_decide_goes_there_at_the_first_look(
    team: Team, office: Office, plan: str, said: str
) -> None:
    office.plan("transported")
    office.plan_looks(plan)
    offer, _, _ = delivered(team, office)
    run = newest_run(offer, team.owner).delivery
    assert (run.phase, run.outcome) == (Phase.WITH_A_PERSON, Outcome.UNKNOWN)
    assert run.needs_person.endswith(said)


def test_absence_proves_nothing_while_the_worker_that_sent_it_lives(team: Team, office: Office) -> None:
    office.plan("dropped")
    offer, manifest = offer_to_office(team)
    run_id = start(offer, manifest, team.owner)
    work_delivery(open_ledger(), current(), run_id, worker="slow", executors={office.name: office})
    with open_ledger().read() as slow:  # a process that was stopped keeps its mark
        assert not deliveries.is_taken_elsewhere(slow, run_id)
        for _ in range(4):
            _make_due(run_id)
            work_delivery(open_ledger(), current(), run_id, worker="next", executors={office.name: office})
        run = newest_run(offer, team.owner).delivery
        assert (run.phase, run.outcome, run.attempt) == (Phase.RECONCILING, Outcome.UNKNOWN, 1)
    _make_due(run_id)
    work(office)
    assert newest_run(offer, team.owner).delivery.outcome is Outcome.ACCEPTED


def _make_due(run_id: str) -> None:
    with open_ledger().housekeeping() as tx:
        deliveries.change_delivery(tx, run_id, look_at=clock.now())
