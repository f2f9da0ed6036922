"""A delivery through Dagster: launched by its request, never without; barred by a broken log; asked for again when due."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import dagster as dg
import psycopg
import pytest

from assets.definitions import defs
from assets.deliveries import DELIVERY_TAG, Ways
from assets.instance import open_instance
from assets.orphans import PROCESS_TAG, settle_orphans
from assets.raw import REQUEST_TAG
from assets.sensors import due_deliveries
from pipelines.submission.executor import Executor
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
from warehouse.domain.delivery import Outcome, Phase, RunStatus
from warehouse.ledger import deliveries
from warehouse.ledger.run_requests import claim_request, open_requests
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings, current

pytestmark = pytest.mark.thorough


class OfficeAlone(Ways):
    """The office as the only way."""

    path: str

    @property
    def executors(self) -> Mapping[str, Executor]:
        office = Office(Path(self.path))
        return {office.name: office}


@pytest.fixture(scope="module")
def instance(home: Settings) -> Iterator[dg.DagsterInstance]:
    with open_instance(home) as opened:
        yield opened


@pytest.fixture(scope="module")
def team(home: Settings) -> Team:
    use_profile()
    return new_team()


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return new_office(tmp_path)


def look(instance: dg.DagsterInstance) -> list[dg.RunRequest]:
    """What the sensor would launch now."""
    context = dg.build_sensor_context(instance=instance, definitions=defs)
    return [one for one in due_deliveries(context) or () if isinstance(one, dg.RunRequest)]


def launch(instance: dg.DagsterInstance, office: Office, tags: Mapping[str, str]) -> dg.ExecuteInProcessResult:
    return defs.resolve_job_def("delivery").execute_in_process(
        instance=instance, tags=dict(tags), resources={"ways": OfficeAlone(path=str(office.path))}, raise_on_error=False
    )


def test_request_is_launched_once_and_comes_to_its_receipt(
    instance: dg.DagsterInstance, team: Team, office: Office
) -> None:
    offer, manifest = offer_to_office(team)
    run_id = start(offer, manifest, team.owner)
    [asked] = look(instance)
    assert asked.tags[DELIVERY_TAG] == run_id
    assert launch(instance, office, asked.tags).success
    assert newest_run(offer, team.owner).delivery.outcome is Outcome.ACCEPTED
    assert len(office.arrived(reference(manifest))) == 1
    assert look(instance) == []
    again = launch(instance, office, asked.tags)  # the same request a second time: it was claimed
    assert not again.success
    assert len(office.arrived(reference(manifest))) == 1


def test_run_without_a_request_does_nothing(instance: dg.DagsterInstance, team: Team, office: Office) -> None:
    offer, manifest = offer_to_office(team)
    start(offer, manifest, team.owner)
    assert not launch(instance, office, {}).success
    assert newest_run(offer, team.owner).delivery.phase is Phase.WAITING
    work(office)


def test_what_is_due_soon_is_waited_for_within_the_run(
    instance: dg.DagsterInstance, team: Team, office: Office
) -> None:
    office.plan("taken, then dead")
    office.plan_looks("absent")
    offer, manifest = offer_to_office(team)
    start(offer, manifest, team.owner)
    [asked] = look(instance)
    assert launch(instance, office, asked.tags).success
    assert newest_run(offer, team.owner).delivery.outcome is Outcome.ACCEPTED
    assert len(office.arrived(reference(manifest))) == 1


def test_killed_run_is_settled_and_its_delivery_is_asked_for_again_and_only_looked_for(
    instance: dg.DagsterInstance, team: Team, office: Office
) -> None:
    office.plan("taken, then dead")
    offer, manifest = offer_to_office(team)
    run_id = start(offer, manifest, team.owner)
    [asked] = look(instance)
    job = defs.resolve_job_def("delivery")
    dead = instance.create_run_for_job(
        job, tags={**asked.tags, PROCESS_TAG: "1:1", "dagster/run_key": asked.run_key or ""}
    )
    assert claim_request(open_ledger(), asked.tags[REQUEST_TAG], dead.run_id)
    with open_ledger().housekeeping() as tx:  # what a worker leaves that is killed in the last act
        deliveries.take_delivery(tx, run_id, "dead", seconds=0)
    settle_orphans(instance, nobody_serves=True)
    assert open_requests(open_ledger(), jobs=["delivery"]) == []
    assert look(instance) == []  # asked for a moment ago
    with open_ledger().housekeeping() as tx:
        deliveries.change_delivery(tx, run_id, look_at=clock.now() - timedelta(minutes=1))
    _forget_when_it_was_asked(run_id)
    [again] = look(instance)
    assert again.tags[DELIVERY_TAG] == run_id
    assert again.run_key != asked.run_key
    assert launch(instance, office, again.tags).success
    assert newest_run(offer, team.owner).delivery.outcome is Outcome.ACCEPTED
    assert len(office.arrived(reference(manifest))) == 1


def _forget_when_it_was_asked(run_id: str) -> None:
    with psycopg.connect(**superuser_conninfo(current())) as connection:
        connection.execute(
            "update run_requests set requested_at = requested_at - interval '1 minute' where subject = %s", [run_id]
        )


def test_worker_outside_dagster_leaves_no_request_behind(
    instance: dg.DagsterInstance, team: Team, office: Office
) -> None:
    offer, manifest = offer_to_office(team)
    run_id = start(offer, manifest, team.owner)
    assert work_delivery(open_ledger(), current(), run_id, worker="loop", executors={office.name: office})
    assert look(instance) == []


def test_broken_log_bars_every_delivery(
    instance: dg.DagsterInstance, team: Team, office: Office, home: Settings
) -> None:
    """The last one: its home's log is broken afterwards."""
    offer, manifest = offer_to_office(team)
    start(offer, manifest, team.owner)
    [asked] = look(instance)
    with psycopg.connect(**superuser_conninfo(home)) as connection:
        connection.execute("alter table audit_logs disable trigger user")
        connection.execute("update audit_logs set body = 'x' where seq = (select max(seq) from audit_logs)")
    result = launch(instance, office, asked.tags)
    assert not result.success
    assert [event.step_key for event in result.get_step_failure_events()] == ["audit_log_audit_chain_is_unbroken"]
    assert newest_run(offer, team.owner).delivery.phase is Phase.WAITING
    work(office)  # a worker outside Dagster cannot sign the intent either
    run = newest_run(offer, team.owner).delivery
    assert (run.status, run.outcome) == (RunStatus.FAILED, Outcome.NONE)
    assert office.arrived(reference(manifest)) == []
