"""Runs that a stop or power cut left started: settled when their process is gone, left alone while it lives."""

import uuid
from collections.abc import Iterator

import dagster as dg
import pytest

from assets.instance import open_instance
from assets.orphans import PROCESS_TAG, examine_runs, settle_orphans
from pipelines.administration.people import add_person
from pipelines.administration.processes import process_name
from warehouse.clock import now
from warehouse.domain.access import Department, Role
from warehouse.domain.audit_event import AuditEvent
from warehouse.ledger.run_requests import claim_request, open_requests
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

DEAD = "1:1"
"""A process id that lives, with a start that is not its own: what a used-again id looks like."""


@dg.op
def nothing() -> None:
    """Do nothing."""


@dg.job
def discovery() -> None:
    """Be a job of the name that requests ask for."""
    nothing()


@pytest.fixture(scope="module")
def instance(home: Settings) -> Iterator[dg.DagsterInstance]:
    """Dagster's store of the home."""
    with open_instance(home) as opened:
        yield opened


def _started_run(instance: dg.DagsterInstance, **tags: str) -> str:
    run = instance.create_run_for_job(discovery, tags=tags)
    instance.report_engine_event("starting", run)
    instance.handle_new_event(_start_event(run))
    return run.run_id


def _start_event(run: dg.DagsterRun) -> dg.EventLogEntry:
    event = dg.DagsterEvent("PIPELINE_START", job_name=run.job_name)
    return dg.EventLogEntry(
        error_info=None,
        level=10,
        user_message="",
        run_id=run.run_id,
        timestamp=now().timestamp(),
        job_name=run.job_name,
        dagster_event=event,
    )


@pytest.fixture(scope="module")
def person_id(home: Settings) -> str:
    """Somebody who asks for runs."""
    person = add_person(
        open_ledger("procura_app"),
        email="asks@firm.example",
        role=Role.CONTRACT_OFFICER,
        department=Department.CONTRACTS,
        password="an orderly pass phrase 7",
        at=now(),
    )
    return person.id


def _request(person_id: str) -> str:
    request_id = str(uuid.uuid4())
    with open_ledger("procura_app").deed(AuditEvent("run:requested", request_id, person_id)) as deed:
        deed.execute(
            "insert into run_requests (id, job, requested_by) values (%s, 'discovery', %s)", [request_id, person_id]
        )
    return request_id


def _state(request_id: str) -> str:
    with open_ledger("procura_pipeline").read() as tx:
        row = tx.row("select state from run_requests where id = %s", [request_id])
    assert row is not None
    return str(row["state"])


def test_run_of_a_dead_process_fails_and_gives_its_pool_back(instance: dg.DagsterInstance) -> None:
    storage = instance.event_log_storage
    run_id = _started_run(instance, **{PROCESS_TAG: DEAD})
    storage.claim_concurrency_slot("core_notices", run_id, "notices")
    assert not examine_runs(instance, nobody_serves=False).is_good
    assert settle_orphans(instance, nobody_serves=False) == [run_id]
    assert instance.get_run_by_id(run_id).status is dg.DagsterRunStatus.FAILURE  # type: ignore[union-attr]
    assert storage.get_concurrency_info("core_notices").claimed_slots == []
    assert examine_runs(instance, nobody_serves=False).is_good


def test_run_of_a_living_process_is_left_alone(instance: dg.DagsterInstance) -> None:
    run_id = _started_run(instance, **{PROCESS_TAG: process_name()})
    assert settle_orphans(instance, nobody_serves=True) == []
    instance.report_run_failed(instance.get_run_by_id(run_id), "the test is over")  # type: ignore[arg-type]


def test_run_without_a_name_is_an_orphan_only_when_nobody_serves(instance: dg.DagsterInstance) -> None:
    run_id = _started_run(instance)
    assert settle_orphans(instance, nobody_serves=False) == []
    assert settle_orphans(instance, nobody_serves=True) == [run_id]


def test_request_of_an_orphan_is_settled_so_that_the_button_works_again(
    instance: dg.DagsterInstance, person_id: str
) -> None:
    request_id = _request(person_id)
    run_id = _started_run(instance, **{PROCESS_TAG: DEAD, "dagster/run_key": f"{request_id}-1"})
    assert claim_request(open_ledger("procura_pipeline"), request_id, run_id)
    settle_orphans(instance, nobody_serves=True)
    assert _state(request_id) == "failed"
    assert open_requests(open_ledger("procura_pipeline")) == []


def test_request_that_no_run_has_seen_yet_stays_open(instance: dg.DagsterInstance, person_id: str) -> None:
    request_id = _request(person_id)
    settle_orphans(instance, nobody_serves=True)
    assert _state(request_id) == "pending"
    # Launched, and ended before its first step: nobody claimed it, and it must not block for ever.
    run = instance.create_run_for_job(discovery, tags={"dagster/run_key": f"{request_id}-1"})
    instance.report_run_failed(run, "could not be launched")
    settle_orphans(instance, nobody_serves=True)
    assert _state(request_id) == "failed"


def test_request_is_claimed_by_one_run_only(instance: dg.DagsterInstance, person_id: str) -> None:
    ledger, request_id = open_ledger("procura_pipeline"), _request(person_id)
    assert claim_request(ledger, request_id, "first")
    assert claim_request(ledger, request_id, "first"), "a later step of the same run holds it as well"
    assert not claim_request(ledger, request_id, "second")
    settle_orphans(instance, nobody_serves=True)
    assert _state(request_id) == "failed", "its run is not known to Dagster"
    assert not claim_request(ledger, request_id, "third")
