"""What a worker's desk gives and refuses: secrets for the profile's hosts alone, evidence without secrets, one last act."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr

from pipelines.administration.credentials import set_credential
from pipelines.submission.desk import WorkerDesk
from pipelines.submission.executor import DryRun, Fenced, MayNotAct
from pipelines.submission.lease import Lease
from pipelines.submission.portals.credentials import needs_of
from pipelines.submission.portals.profile import parse_profile
from tests.factories_deliveries import Team, new_team, offer_to_office, start, use_profile
from tests.factories_people import new_person
from warehouse import clock
from warehouse.domain.access import Role
from warehouse.domain.delivery import EvidenceKind, Outcome
from warehouse.errors import NotPermitted
from warehouse.ledger import deliveries, portal_profiles
from warehouse.ledger.deliveries import Delivery
from warehouse.ledger.store import open_ledger
from warehouse.object_store import open_object_store
from warehouse.settings import Settings, current

pytestmark = pytest.mark.thorough
PASSWORD = "correct-horse-battery-staple"


@pytest.fixture(scope="module")
def team(home: Settings) -> Team:
    profile_id = use_profile()
    with open_ledger().read() as tx:
        row = portal_profiles.read_profile(tx, profile_id)
    assert row is not None
    [need] = needs_of(parse_profile(row.body))
    set_credential(open_ledger(), need, SecretStr(PASSWORD), at=clock.now(), by=new_person(Role.ADMIN))
    return new_team()


@pytest.fixture
def run(team: Team) -> Iterator[Delivery]:
    """A taken run with its intent, which ends with the test."""
    offer, manifest = offer_to_office(team)
    run_id = start(offer, manifest, team.owner)
    with open_ledger().housekeeping() as tx:
        taken = deliveries.take_delivery(tx, run_id, "desk", seconds=60)
        assert taken is not None
        deliveries.change_delivery(tx, run_id, intended_at=clock.now())
    yield replace(taken, intended_at=clock.now())
    with open_ledger().housekeeping() as tx:
        deliveries.change_delivery(tx, run_id, status="failed", outcome="none", ended_at=clock.now())


def desk_of(run: Delivery, lease: Lease) -> WorkerDesk:
    with open_ledger().read() as tx:
        row = portal_profiles.read_profile(tx, run.portal_profile_id)
    return WorkerDesk(open_ledger(), current(), run, parse_profile(row.body) if row else None, lease)


def test_secret_is_for_the_profiles_hosts_and_names_alone(run: Delivery) -> None:
    with Lease(open_ledger(), run, seconds=60) as lease:
        desk = desk_of(run, lease)
        secret = desk.secret("password", host="127.0.0.1")
        assert secret.text == PASSWORD
        assert PASSWORD not in repr(secret)
        for name, host in (("password", "evil.example"), ("password", ""), ("other", "127.0.0.1")):
            with pytest.raises(NotPermitted):
                desk.secret(name, host=host)


def test_what_the_product_writes_down_holds_no_secret_and_what_others_sent_stays_as_it_is(run: Delivery) -> None:
    with Lease(open_ledger(), run, seconds=60) as lease:
        desk = desk_of(run, lease)
        desk.secret("password", host="127.0.0.1")  # from now on this process knows it
        desk.step(f"Typed {PASSWORD}.")
        page = desk.keep(EvidenceKind.PAGE, "page", f"<input value='{PASSWORD}'>".encode(), media_type="text/html")
        mail = desk.keep(EvidenceKind.MAIL, "mail", b"From: x\r\n\r\n\xff\xfe bytes", media_type="message/rfc822")
        empty = desk.keep(EvidenceKind.TRACE, "trace", b"", media_type="text/plain")
    with open_ledger().read() as tx:
        kept = {one.position: one for one in deliveries.evidence_of(tx, run.id)}
        words = [step.words for step in deliveries.steps_of(tx, run.id)]
    assert all(PASSWORD not in said for said in words)
    assert PASSWORD.encode() not in read(kept[page].storage_path)
    assert read(kept[mail].storage_path) == b"From: x\r\n\r\n\xff\xfe bytes"
    assert kept[empty].size_bytes == 1


def read(path: str) -> bytes:
    with open_object_store().open(path) as stream:
        return stream.read()


def test_last_act_is_begun_once_and_makes_the_outcome_unknown(run: Delivery) -> None:
    with Lease(open_ledger(), run, seconds=60) as lease:
        desk = desk_of(run, lease)
        desk.begin_act()
        assert desk.has_begun
        with pytest.raises(MayNotAct):
            desk.begin_act()
    with open_ledger().read() as tx:
        now = deliveries.read_delivery(tx, run.id)
    assert now is not None
    assert (now.outcome, now.attempt) == (Outcome.UNKNOWN, 1)


def test_dry_run_never_begins_it(run: Delivery) -> None:
    with Lease(open_ledger(), run, seconds=60) as lease:
        desk = desk_of(replace(run, is_dry_run=True), lease)
        with pytest.raises(DryRun):
            desk.begin_act()
        assert not desk.has_begun


def test_worker_without_its_lease_does_nothing_more(run: Delivery) -> None:
    with Lease(open_ledger(), run, seconds=60) as lease:
        desk = desk_of(run, lease)
        with open_ledger().housekeeping() as tx:
            deliveries.change_delivery(tx, run.id, lease_until=clock.now() - timedelta(seconds=1))
            assert deliveries.take_delivery(tx, run.id, "another", seconds=60) is not None
        for deed in (
            lambda: desk.step("late"),
            lambda: desk.keep(EvidenceKind.PAGE, "late", b"late", media_type="text/plain"),
            desk.begin_act,
        ):
            with pytest.raises(Fenced):
                deed()
    with open_ledger().read() as tx:
        assert deliveries.steps_of(tx, run.id) == []
        assert deliveries.evidence_of(tx, run.id) == []


def test_lease_is_lengthened_while_an_executor_works(run: Delivery) -> None:
    with open_ledger().housekeeping() as tx:
        deliveries.change_delivery(tx, run.id, lease_until=clock.now() + timedelta(seconds=3))
    with Lease(open_ledger(), run, seconds=3) as lease:
        assert lease.is_alone
        lease._ended.wait(5)  # nothing sets it: an executor that takes longer than the lease
        lease.check()
        with open_ledger().housekeeping() as tx:
            assert deliveries.take_delivery(tx, run.id, "another", seconds=60) is None
