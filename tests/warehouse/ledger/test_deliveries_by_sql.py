# ruff: noqa: E501 - one attack is one line
"""Deliveries attacked with plain SQL, by every database role and as every kind of person: PostgreSQL alone refuses it.

What it cannot refuse is said in docs/security.md: the app's role does the sign-in, so its SQL may act as anybody.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from pipelines.submission.submit import work_delivery
from tests.factories_approvals import new_signer, ready_offer
from tests.factories_deliveries import Team, new_office, newest_run, offer_to_office, start, use_profile
from warehouse.addresses import conninfo
from warehouse.domain.access import Department, Role
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings, current

pytestmark = pytest.mark.thorough
APP, PIPELINE, ANALYST = "procura_app", "procura_pipeline", "procura_analyst"
DENIED = "42501"


@dataclass
class World:
    """People of each kind, and runs: one open, one in doubt, one that waits for a receipt, one with a receipt to confirm, one done."""

    people: dict[str, str]
    values: dict[str, Any] = field(default_factory=dict)


@pytest.fixture(scope="module")
def world(home: Settings, tmp_path_factory: pytest.TempPathFactory) -> World:
    profile = use_profile(settle=3600)
    team = Team(new_signer(Department.CONTRACTS), new_signer(Department.LEGAL), new_signer(Department.FINANCE))
    people = {
        "owner": team.owner.id, "legal": team.legal.id, "admin": new_signer(Department.LEGAL, Role.ADMIN).id,
        "viewer": new_signer(Department.LEGAL, Role.VIEWER).id, "colleague": new_signer(Department.CONTRACTS).id,
        "auditor": new_signer(Department.AUDIT, Role.VIEWER).id,
    }  # fmt: skip
    office = new_office(Path(tmp_path_factory.mktemp("office")))
    found = World(people, {f"{name}_id": one for name, one in people.items()} | {"profile": profile})
    for name, plan in (("open", ""), ("doubt", "dropped"), ("waits", "handed"), ("brought", "handed"), ("done", "")):
        offer, manifest = offer_to_office(team)
        run = start(offer, manifest, team.owner)
        if name != "open":
            office.plan(*([plan] if plan else []))
            work_delivery(open_ledger(), current(), run, worker="w", executors={"browser": office})
        found.values |= {
            name: run,
            f"{name}_offer": offer,
            f"{name}_hash": manifest.hash,
            f"{name}_manifest": manifest.id,
        }
    found.values["fresh_offer"], fresh = offer_to_office(team)
    found.values["fresh_hash"] = fresh.hash
    found.values["draft_offer"] = ready_offer(team.owner)
    with acting(home, APP, people["owner"]) as connection:
        row = connection.execute(CAPTURE.format("brought"), found.values).fetchone()
        found.values["receipt"] = row[0] if row else None
        connection.commit()
    assert newest_run(found.values["done_offer"], team.owner).delivery.receipt_id
    return found


CAPTURE = (
    "select capture_receipt(%({})s, 'R-1', null, 'R-1', jsonb_build_object('name', 'x', 'media_type', 'text/plain', 'sha256',"
    " repeat('0', 64), 'size_bytes', 1, 'storage_path', 'x'))"
)


@contextmanager
def acting(home: Settings, role: str, person: str | None) -> Iterator[psycopg.Connection]:
    with psycopg.connect(make_conninfo("", **conninfo(role, settings=home))) as connection:
        if person is not None:
            connection.execute("select act_as(%s, null)", [person])
        yield connection
        connection.rollback()


RECEIPT = (
    "insert into receipts (submission_id, run_id, manifest_id, manifest_hash, receipt_number, source, read_at, quote, evidence_id)"
    " select %(doubt_offer)s, %(doubt)s, %(doubt_manifest)s, %(doubt_hash)s, 'R-9', {}, now(), 'R-9', id from delivery_evidence limit 1"
)
ATTACKS: dict[str, tuple[str | None, str, str]] = {
    # opening
    "a colleague delivers": ("colleague", "select open_delivery(%(fresh_offer)s, %(fresh_hash)s, false, %(profile)s, 'PRC-AAAA-AAAA')", DENIED),
    "an admin delivers": ("admin", "select open_delivery(%(fresh_offer)s, %(fresh_hash)s, false, %(profile)s, 'PRC-AAAA-AAAA')", DENIED),
    "a signer delivers": ("legal", "select open_delivery(%(fresh_offer)s, %(fresh_hash)s, false, %(profile)s, 'PRC-AAAA-AAAA')", DENIED),
    "nobody delivers": (None, "select open_delivery(%(fresh_offer)s, %(fresh_hash)s, false, %(profile)s, 'PRC-AAAA-AAAA')", DENIED),
    "a draft is delivered": ("owner", "select open_delivery(%(draft_offer)s, %(fresh_hash)s, false, null, 'PRC-AAAA-AAAA')", "PR441"),
    "another package is delivered": ("owner", "select open_delivery(%(fresh_offer)s, %(open_hash)s, false, %(profile)s, 'PRC-AAAA-AAAA')", "PR422"),
    "a second one is opened": ("owner", "select open_delivery(%(open_offer)s, %(open_hash)s, false, %(profile)s, 'PRC-AAAA-AAAA')", "PR442"),
    "what is submitted is delivered again": ("owner", "select open_delivery(%(done_offer)s, %(done_hash)s, false, %(profile)s, 'PRC-AAAA-AAAA')", "PR441"),
    "an unknown profile": ("owner", "select open_delivery(%(fresh_offer)s, %(fresh_hash)s, false, gen_random_uuid(), 'PRC-AAAA-AAAA')", "PR443"),
    "a run by hand": ("owner", "insert into submission_runs (submission_id, number, manifest_id, manifest_hash, executor, reference, started_by) values (%(fresh_offer)s, 1, %(open_manifest)s, 'x', 'browser', 'PRC-AAAA-AAAA', 'x')", DENIED),
    # working on it
    "a person takes a run": ("owner", "select take_delivery(%(open)s, 'me', 30)", DENIED),
    "a person holds a run": ("owner", "select hold_delivery(%(open)s, 0, 30)", DENIED),
    "a person holds an offer": ("owner", "select hold_offer(%(open)s, 0, 30)", DENIED),
    "a person begins the last act": ("owner", "select begin_act(%(open)s, 0, 30)", DENIED),
    "the product holds with an old number": ("system", "select hold_delivery(%(doubt)s, 0, 30)", "PR450"),
    "the last act without an intent": ("system", "select begin_act(%(open)s, (select fence from submission_runs where id = take_delivery(%(open)s, 'x', 30)) + 1, 30)", "PR449"),
    "a person changes a run": ("owner", "update submission_runs set status = 'failed', ended_at = now() where id = %(open)s", ""),
    "the product opens an ended run": ("system", "update submission_runs set message = 'x' where id = %(done)s", DENIED),
    "the product takes the intent back": ("system", "update submission_runs set intended_at = null where id = %(doubt)s", DENIED),
    "the product changes the reference": ("system", "update submission_runs set reference = 'PRC-BBBB-BBBB' where id = %(open)s", DENIED),
    "the product forgets that it acted": ("system", "update submission_runs set acted_at = null where id = %(doubt)s", DENIED),
    "a run goes away": ("admin", "delete from submission_runs where id = %(open)s", DENIED),
    "a success without a receipt": ("system", "update submission_runs set status = 'success', outcome = 'accepted', ended_at = now() where id = %(doubt)s", "23514"),
    "a failure that is in doubt": ("system", "update submission_runs set status = 'failed', ended_at = now() where id = %(doubt)s", "23514"),
    "steps by a person": ("owner", "insert into delivery_steps (run_id, position, words) values (%(open)s, 99, 'x')", DENIED),
    "evidence by a person": ("owner", "insert into delivery_evidence (run_id, position, kind, name, media_type, sha256, size_bytes, storage_path) values (%(open)s, 99, 'page', 'x', 'x', repeat('0', 64), 1, 'x')", DENIED),
    "evidence changes": ("system", "update delivery_evidence set sha256 = repeat('1', 64)", DENIED),
    "evidence goes away": ("system", "delete from delivery_evidence", DENIED),
    # what a portal says later
    "a status by hand": ("owner", "insert into portal_statuses (run_id, position, status, words, is_final, is_rejection) values (%(done)s, 1, 'x', 'x', true, true)", DENIED),
    "a status by the product's hand": ("system", "insert into portal_statuses (run_id, position, status, words, is_final, is_rejection) values (%(done)s, 1, 'x', 'x', true, true)", DENIED),
    "a person notes a status": ("owner", "select note_portal_status(%(done)s, 'x', 'x', true, true)", DENIED),
    "an acceptance is taken back without a rejection": ("system", "update submission_runs set status = 'failed', outcome = 'refused' where id = %(done)s", DENIED),
    # receipts
    "a receipt by hand": ("owner", RECEIPT.format("'portal'"), DENIED),
    "a person's receipt by the product": ("system", RECEIPT.format("'person'"), DENIED),
    "a colleague brings a receipt": ("colleague", CAPTURE.format("waits"), DENIED),
    "an admin brings a receipt": ("admin", CAPTURE.format("waits"), DENIED),
    "a receipt for what waits for none": ("owner", CAPTURE.format("doubt"), "PR444"),
    "a receipt for what is done": ("owner", CAPTURE.format("done"), "PR444"),
    "a second receipt": ("owner", CAPTURE.format("brought"), "23505"),
    "the own receipt is confirmed": ("owner", "select judge_receipt(%(receipt)s, true, '')", "PR447"),
    "an admin confirms": ("admin", "select judge_receipt(%(receipt)s, true, '')", DENIED),
    "a viewer confirms": ("viewer", "select judge_receipt(%(receipt)s, true, '')", DENIED),
    "the product confirms": ("system", "select judge_receipt(%(receipt)s, true, '')", DENIED),
    "put aside without a reason": ("legal", "select judge_receipt(%(receipt)s, false, ' ')", "PR433"),
    "confirmed by hand": ("legal", "update receipts set confirmed_by = %(legal_id)s, confirmed_at = now() where id = %(receipt)s", DENIED),
    "another number": ("system", "update receipts set receipt_number = 'R-2'", DENIED),
    "a receipt goes away": ("system", "delete from receipts", DENIED),
    "submitted without a receipt": ("system", "select submit_offer(%(doubt)s)", "PR409"),
    "submitted by an unconfirmed receipt": ("owner", "select submit_offer(%(brought)s)", "PR409"),
    "submitted twice": ("system", "select submit_offer(%(done)s)", "PR409"),
    "submitted by hand": ("owner", "update submissions set status = 'submitted' where id = %(fresh_offer)s", DENIED),
    # deciding
    "a colleague decides": ("colleague", "select decide_delivery(%(waits)s, 'not_delivered', 'x')", DENIED),
    "a signer decides": ("legal", "select decide_delivery(%(waits)s, 'not_delivered', 'x')", DENIED),
    "decided without a reason": ("owner", "select decide_delivery(%(waits)s, 'not_delivered', '')", "PR433"),
    "decided while a receipt waits": ("owner", "select decide_delivery(%(brought)s, 'not_delivered', 'x')", "PR448"),
    "decided what waits for nobody": ("owner", "select decide_delivery(%(doubt)s, 'not_delivered', 'x')", "PR444"),
    "an unknown decision": ("owner", "select decide_delivery(%(waits)s, 'delivered', 'x')", "PR444"),
    # the package meanwhile
    "taken back in doubt": ("owner", "select take_back(%(doubt_offer)s, 'x')", "PR445"),
    # profiles
    "an officer uploads a profile": ("owner", "insert into portal_profiles (name, version, executor, body, sha256, uploaded_by) values ('mine', 1, 'browser', 'x', repeat('0', 64), %(owner_id)s)", DENIED),
    "a profile in another's name": ("admin", "insert into portal_profiles (name, version, executor, body, sha256, uploaded_by) values ('mine', 1, 'browser', 'x', repeat('0', 64), %(owner_id)s)", DENIED),
    "another text of a profile": ("admin", "update portal_profiles set body = 'x'", DENIED),
    "other hosts of a profile": ("admin", "update portal_profiles set hosts = '{evil.example}'", DENIED),
    # requests
    "a request in another's name": ("owner", "insert into run_requests (job, subject, requested_by) values ('delivery', 'x', %(legal_id)s)", DENIED),
    "a request of nobody": ("owner", "insert into run_requests (job, subject) values ('delivery', 'x')", DENIED),
    "a person settles a request": ("owner", "update run_requests set state = 'success' where job = 'delivery'", ""),
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_attack_is_refused(home: Settings, world: World, attack: str) -> None:
    by, statement, code = ATTACKS[attack]
    person = world.people.get(by, by) if by else None
    with acting(home, APP, person) as connection:
        if code:
            with pytest.raises(psycopg.Error) as caught:
                connection.execute(statement, world.values)
            assert caught.value.sqlstate == code, caught.value
        else:
            assert connection.execute(statement, world.values).rowcount == 0


@pytest.mark.parametrize("role", [PIPELINE, ANALYST])
@pytest.mark.parametrize(
    "statement",
    [
        "select from submission_runs", "select from receipts", "select from delivery_evidence", "select body from portal_profiles",
        "select take_delivery(null, 'x', 1)", "select submit_offer(%(doubt)s)", "select begin_act(%(open)s, 1, 1)",
        "select decide_delivery(%(waits)s, 'look_again', 'x')", CAPTURE.format("waits"), "select delivery_fault(%(open_offer)s, null)",
    ],
)  # fmt: skip
def test_runs_and_analysts_come_near_no_delivery(home: Settings, world: World, role: str, statement: str) -> None:
    with acting(home, role, "system" if role == PIPELINE else None) as connection:
        try:
            rows = connection.execute(statement, world.values).fetchall()
        except psycopg.errors.InsufficientPrivilege:
            return
        assert rows == []


def test_the_same_deeds_go_through_for_who_may(home: Settings, world: World, tmp_path: Path) -> None:
    """Without this the refusals above could be of anything."""
    with acting(home, APP, world.people["owner"]) as connection:
        connection.execute(
            "select open_delivery(%(fresh_offer)s, %(fresh_hash)s, false, %(profile)s, 'PRC-AAAA-AAAA')", world.values
        )
        connection.execute("select decide_delivery(%(waits)s, 'not_delivered', 'x')", world.values)
    with acting(home, APP, world.people["legal"]) as connection:
        connection.execute("select judge_receipt(%(receipt)s, true, '')", world.values)
        row = connection.execute(
            "select status::text from submissions where id = %(brought_offer)s", world.values
        ).fetchone()
        assert row == ("submitted",)
    with acting(home, APP, "system") as connection:
        assert connection.execute("select take_delivery(%(open)s, 'x', 30)", world.values).fetchone() != (None,)
