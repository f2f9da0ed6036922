# ruff: noqa: E501 - one attack is one line
"""Approval attacked with plain SQL, by every database role and as every kind of person: PostgreSQL alone refuses it.

What it cannot refuse is said in docs/security.md: the app's role does the sign-in, so its SQL may act as anybody.
"""

import json
import secrets
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import product
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from pipelines.submission import approvals
from pipelines.submission.look_up import find_submission
from pipelines.submission.sharing import end_sharing
from tests.factories_approvals import add_file, approved_offer, new_signer, ready_offer, send, sign_as, signed_in
from warehouse import clock
from warehouse.addresses import conninfo, superuser_conninfo
from warehouse.audit.canonical import encode
from warehouse.domain.access import Department, Person, Role
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.submission import MOVES, SubmissionStatus
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough

APP, PIPELINE, ANALYST = "procura_app", "procura_pipeline", "procura_analyst"


@dataclass
class World:
    """People of each kind, and one offer in each state, all of the same owner."""

    people: dict[str, Person]
    values: dict[str, Any] = field(default_factory=dict)


@pytest.fixture(scope="module")
def world(home: Settings) -> World:
    legal, finance = Department.LEGAL, Department.FINANCE
    people = {
        "owner": new_signer(Department.CONTRACTS), "member": new_signer(legal), "former": new_signer(legal),
        "legal": new_signer(legal), "legal2": new_signer(legal), "finance": new_signer(finance),
        "finance2": new_signer(finance), "admin": new_signer(legal, Role.ADMIN), "viewer": new_signer(legal, Role.VIEWER),
        "auditor": new_signer(Department.AUDIT, Role.VIEWER), "operations": new_signer(Department.OPERATIONS),
    }  # fmt: skip
    owner, member, former = people["owner"], people["member"], people["former"]
    found = World(people, {f"{name}_session": p.session for name, p in people.items()})
    found.values |= {f"{name}_id": p.id for name, p in people.items()}
    found.values["old_session"] = signed_in(people["legal"], minutes_ago=10.1).session
    found.values["future_session"] = signed_in(people["legal"], minutes_ago=-5).session
    ended = signed_in(people["legal"])
    with open_ledger().housekeeping() as tx:
        tx.execute("update auth_sessions set revoked_at = now() where id_hash = %s", [ended.session])
    found.values["ended_session"] = ended.session
    found.values["random"] = secrets.token_bytes(32)
    found.values["approved"], manifest = approved_offer(owner, people["legal2"], people["finance2"])
    found.values["approved_hash"] = manifest.hash
    for name in ("draft", "pending", "half", "rejected", "full"):
        submission_id = ready_offer(owner, members=(member, former))
        add_file(submission_id, former, f"Of {name}.".encode(), "Volume II.txt")
        end_sharing(open_ledger(), submission_id, former.id, by=owner)
        found.values[name] = submission_id
        if name != "draft":
            manifest = send(submission_id, owner)
            found.values |= {f"{name}_manifest": manifest.id, f"{name}_hash": manifest.hash}
        if name in ("half", "full"):
            sign_as(submission_id, manifest, people["legal"])
        if name == "full":  # as a kill leaves it before freezing
            seen = find_submission(open_ledger(), submission_id, by=people["finance"])
            approvals._decide(open_ledger(), seen, manifest, "", approves=True, by=people["finance"])
        if name == "rejected":
            approvals.reject(open_ledger(), submission_id, manifest.hash, "No.", by=people["legal"])
    return found


@contextmanager
def acting(home: Settings, role: str, person: str | None) -> Iterator[psycopg.Connection]:
    with psycopg.connect(make_conninfo("", **conninfo(role, settings=home))) as connection:
        if person is not None:
            connection.execute("select act_as(%s, null)", [person])
        yield connection
        connection.rollback()


@dataclass(frozen=True)
class Attack:
    """Statements of one transaction; the last one must be refused or touch nothing.

    Attributes:
        by: A person of the world, "system", or None for nobody.
        code: The sqlstate that refuses it; "" for any, or no row.
    """

    by: str | None
    statements: Sequence[str]
    code: str = ""
    role: str = APP


def one(by: str | None, statement: str, code: str = "", role: str = APP) -> Attack:
    return Attack(by, [statement], code, role)


SIGN = "select sign_step(%({o})s::uuid, %({o}_hash)s, %({s}_session)s, true, null)"
DENIED = "42501"


def signing(by: str | None, offer: str, session: str, code: str, role: str = APP) -> Attack:
    return one(by, SIGN.format(o=offer, s=session), code, role)


ATTACKS: dict[str, Attack] = {
    # the offer's row
    "status by hand": one("owner", "update submissions set status = 'approved' where id = %(pending)s", DENIED),
    "status as an admin": one("admin", "update submissions set status = 'approved' where id = %(pending)s", DENIED),
    "status as the product": one("system", "update submissions set status = 'approved' where id = %(pending)s", DENIED),
    "signatures' state by hand": one("owner", "update submissions set approval_status = 'complete' where id = %(pending)s", DENIED),
    "another package by hand": one("owner", "update submissions set manifest_id = %(half_manifest)s where id = %(pending)s", DENIED),
    "when it was sent": one("owner", "update submissions set sent_at = null where id = %(pending)s", DENIED),
    "value while it is signed": one("owner", "update submissions set value_usd = 1, version = version + 1 where id = %(half)s", "PR409"),
    "delivery while it is signed": one("owner", "update submissions set executor = 'email', version = version + 1 where id = %(half)s", "PR409"),
    "fields once approved": one("owner", "update submissions set delivery = '{}', version = version + 1 where id = %(approved)s", "PR409"),
    "notice while it is signed": one("owner", "update submissions set notice_hash = 'x', version = version + 1 where id = %(half)s", "PR409"),
    "closing an approved one": one("owner", "update submissions set closed_at = now(), close_reason = 'x', version = version + 1 where id = %(approved)s", "PR409"),
    "a born approved offer": one("owner", "insert into submissions (id, opportunity_id, owner_id, status) select gen_random_uuid(), opportunity_id, owner_id, 'approved' from submissions limit 1", DENIED),
    "deleting an offer": one("owner", "delete from submissions where id = %(pending)s", DENIED),
    # rows of signatures
    "a forged signature": one("legal", "insert into approval_workflows (submission_id, step_name, approver_id, status, manifest_id, manifest_hash, position, department, decided_at, session_hash) values (%(pending)s, 'Legal', %(legal_id)s, 'legal_approved', %(pending_manifest)s, %(pending_hash)s, 9, 'legal', now(), 'x')", DENIED),
    "a forged signature by the product": one("system", "insert into approval_workflows (submission_id, step_name, manifest_id, manifest_hash, position, department) values (%(pending)s, 'x', %(pending_manifest)s, %(pending_hash)s, 9, 'legal')", DENIED),
    "signing by an update": one("legal", "update approval_workflows set status = 'legal_approved', approver_id = %(legal_id)s where submission_id = %(pending)s", DENIED),
    "another signer by an update": one("finance", "update approval_workflows set approver_id = %(finance_id)s where submission_id = %(half)s", DENIED),
    "a void signature brought back": one("legal", "update approval_workflows set voided_at = null where submission_id = %(rejected)s", DENIED),
    "a step that goes away": one("admin", "delete from approval_workflows where submission_id = %(half)s and status = 'pending'", DENIED),
    "all steps that go away": one("admin", "truncate approval_workflows", DENIED),
    "signatures from a file": one("owner", "copy approval_workflows from program 'true'", DENIED),
    # who wrote it
    "an author forgets": one("former", "delete from submission_authors where profile_id = %(former_id)s", DENIED),
    "an author becomes another": one("former", "update submission_authors set profile_id = %(legal_id)s where profile_id = %(former_id)s", DENIED),
    "an author that is none": one("owner", "insert into submission_authors (submission_id, profile_id) values (%(pending)s, %(legal2_id)s)", DENIED),
    "authors truncated": one("system", "truncate submission_authors", DENIED),
    "writing as nobody": Attack("member", ["select set_config('procura.role', 'system', true)", "insert into package_items (submission_id, document_id, position, package_name) values (%(draft)s, gen_random_uuid(), 7, 'x')"], DENIED),
    "writing as nobody, within the statement": one("member", "insert into package_items (submission_id, document_id, position, package_name) select %(draft)s::uuid, gen_random_uuid(), 7, 'x' || set_config('procura.role', 'system', true)", DENIED),
    # the package
    "another body": one("owner", "update package_manifests set body = 'x' where id = %(pending_manifest)s", DENIED),
    "another hash": one("owner", "update package_manifests set manifest_hash = %(half_hash)s where id = %(pending_manifest)s", DENIED),
    "frozen by hand": one("system", "update package_manifests set frozen_at = now() where id = %(full_manifest)s", DENIED),
    "a void package brought back": one("owner", "update package_manifests set voided_at = null where id = %(rejected_manifest)s", DENIED),
    "a package that goes away": one("owner", "delete from package_manifests where id = %(rejected_manifest)s", DENIED),
    "a package while another is signed": one("owner", "insert into package_manifests (id, submission_id, number, body, manifest_hash, made_by, made_at) values (gen_random_uuid(), %(half)s, 9, 'x', encode(sha256('x'), 'hex'), %(owner_id)s, now())", "PR409"),
    "a package with a false hash": one("owner", "insert into package_manifests (id, submission_id, number, body, manifest_hash, made_by, made_at) values (gen_random_uuid(), %(draft)s, 9, 'x', 'y', %(owner_id)s, now())", "23514"),
    "a package in another's name": one("owner", "insert into package_manifests (id, submission_id, number, body, manifest_hash, made_by, made_at) values (gen_random_uuid(), %(draft)s, 9, 'x', encode(sha256('x'), 'hex'), %(member_id)s, now())", DENIED),
    "a frozen package at birth": one("owner", "insert into package_manifests (id, submission_id, number, body, manifest_hash, made_by, made_at, frozen_at) values (gen_random_uuid(), %(draft)s, 9, 'x', encode(sha256('x'), 'hex'), %(owner_id)s, now(), now())", DENIED),
    "an item while it is signed": one("owner", "insert into package_items (submission_id, document_id, position, package_name) values (%(half)s, gen_random_uuid(), 7, 'x')", "PR409"),
    "another name while it is signed": one("owner", "update package_items set package_name = 'x' where submission_id = %(half)s"),
    "an item out while it is signed": one("owner", "delete from package_items where submission_id = %(half)s"),
    "an item out once approved": one("owner", "delete from package_items where submission_id = %(approved)s"),
    "an item moved to another offer": one("owner", "update package_items set submission_id = %(half)s where submission_id = %(draft)s", "PR409"),
    "other bytes of a file": one("owner", "update submission_files set sha256 = repeat('0', 64)", DENIED),
    "another place of a file": one("owner", "update submission_files set storage_path = 'x'", DENIED),
    "a file out while it is signed": one("owner", "update submission_files set removed_at = now(), removed_by = %(owner_id)s where submission_id = %(half)s"),
    "a file's next version while it is signed": one("owner", "insert into submission_files (id, submission_id, file_name, storage_path, document_id, version, size_bytes, sha256, media_type, uploaded_by) select gen_random_uuid(), submission_id, file_name, storage_path, document_id, version + 1, size_bytes, sha256, media_type, %(owner_id)s from submission_files where submission_id = %(half)s limit 1", "PR409"),
    # signing
    "the owner signs": signing("owner", "pending", "owner", "PR425"),
    "a member signs": signing("member", "pending", "member", "PR426"),
    "who left signs": signing("former", "pending", "former", "PR426"),
    "another department signs": signing("finance", "pending", "finance", "PR425"),
    "an admin signs": signing("admin", "pending", "admin", "PR425"),
    "a viewer signs": signing("viewer", "pending", "viewer", "PR425"),
    "an auditor signs": signing("auditor", "pending", "auditor", "PR425"),
    "the product signs": signing("system", "pending", "legal", "PR425"),
    "nobody signs": signing(None, "pending", "legal", "PR425"),
    "runs sign": signing("system", "pending", "legal", DENIED, PIPELINE),
    "an analyst signs": signing(None, "pending", "legal", DENIED, ANALYST),
    "one person signs both steps": signing("legal", "half", "legal", "PR425"),
    "the step that is signed already": signing("legal2", "half", "legal2", "PR425"),
    "all is signed already": signing("finance2", "full", "finance2", "PR424"),
    "a draft is signed": one("legal", "select sign_step(%(draft)s::uuid, 'x', %(legal_session)s, true, null)", "PR421"),
    "a rejected one is signed": signing("legal", "rejected", "legal", "PR421"),
    "an approved one is signed": signing("legal", "approved", "legal", "PR421"),
    "no offer is signed": one("legal", "select sign_step(gen_random_uuid(), 'x', %(legal_session)s, true, null)", "PR421"),
    "another hash is signed": one("legal", "select sign_step(%(pending)s::uuid, %(half_hash)s, %(legal_session)s, true, null)", "PR422"),
    "no hash is signed": one("legal", "select sign_step(%(pending)s::uuid, null, %(legal_session)s, true, null)", "PR422"),
    "no session": one("legal", "select sign_step(%(pending)s::uuid, %(pending_hash)s, null, true, null)", "PR401"),
    "an unknown session": one("legal", "select sign_step(%(pending)s::uuid, %(pending_hash)s, %(random)s, true, null)", "PR401"),
    "another's session": signing("legal", "pending", "legal2", "PR401"),
    "an ended session": signing("legal", "pending", "ended", "PR401"),
    "a password of long ago": signing("legal", "pending", "old", "PR428"),
    "a password of the future": signing("legal", "pending", "future", "PR428"),
    "neither yes nor no": one("legal", "select sign_step(%(pending)s::uuid, %(pending_hash)s, %(legal_session)s, null, null)", "PR433"),
    "a rejection without a reason": one("legal", "select sign_step(%(pending)s::uuid, %(pending_hash)s, %(legal_session)s, false, '  ')", "PR433"),
    "the owner rejects": one("owner", "select sign_step(%(pending)s::uuid, %(pending_hash)s, %(owner_session)s, false, 'x')", "PR425"),
    "another department by a setting": Attack("finance", ["select set_config('procura.department', 'legal', true)", SIGN.format(o="pending", s="finance")], "PR425"),
    "another role by a setting": Attack("viewer", ["select set_config('procura.role', 'contract_officer', true)", SIGN.format(o="pending", s="viewer")], "PR425"),
    "an admin by a setting": Attack("admin", ["select set_config('procura.role', 'contract_officer', true)", SIGN.format(o="pending", s="admin")], "PR425"),
    "another person by a setting, with the own session": Attack("member", ["select set_config('procura.person', %(legal_id)s, true)", SIGN.format(o="pending", s="member")], "PR401"),
    "no person by a setting": Attack("legal", ["select set_config('procura.person', '', true)", SIGN.format(o="pending", s="legal")], "PR425"),
    "own tables before ours": one("member", "create temp table submission_authors (submission_id uuid, profile_id uuid)", DENIED),
    "another path of names": Attack("member", ["set local search_path = pg_temp, public", SIGN.format(o="pending", s="member")], "PR426"),
    "row security off": Attack("owner", ["set local row_security = off", "update package_items set package_name = 'x' where submission_id = %(half)s"], DENIED),
    # the other functions
    "a signer freezes": one("legal", "select freeze_package(%(full)s::uuid)", DENIED),
    "the owner freezes": one("owner", "select freeze_package(%(full)s::uuid)", DENIED),
    "half signed is frozen": one("system", "select freeze_package(%(half)s::uuid)", "PR421"),
    "not signed is frozen": one("system", "select freeze_package(%(pending)s::uuid)", "PR421"),
    "a draft is frozen": one("system", "select freeze_package(%(draft)s::uuid)", "PR421"),
    "rejected is frozen": one("system", "select freeze_package(%(rejected)s::uuid)", "PR421"),
    "voided by hand": one("owner", "select void_package(%(approved)s::uuid, 'x')", DENIED),
    "voided by the product's hand": one("system", "select void_package(%(approved)s::uuid, 'x')", DENIED),
    "moved by hand": one("system", "select void_and_move(%(full)s::uuid, 'approved', 'x')", DENIED),
    "a signer says bytes changed": one("legal", "select void_changed_package(%(approved)s::uuid, %(approved_hash)s, 'x')", DENIED),
    "a member takes back": one("member", "select take_back(%(pending)s::uuid, 'x')", DENIED),
    "a signer takes back": one("legal", "select take_back(%(half)s::uuid, 'x')", DENIED),
    "an admin takes back": one("admin", "select take_back(%(approved)s::uuid, 'x')", DENIED),
    "the product takes back": one("system", "select take_back(%(approved)s::uuid, 'x')", DENIED),
    "a draft is taken back": one("owner", "select take_back(%(draft)s::uuid, 'x')", "PR409"),
    "taken back without a reason": one("owner", "select take_back(%(approved)s::uuid, ' ')", "PR433"),
    "a stranger sends": one("legal", "select start_approval(%(draft)s::uuid, %(pending_manifest)s::uuid, 1)", DENIED),
    "an admin sends": one("admin", "select start_approval(%(draft)s::uuid, %(pending_manifest)s::uuid, 1)", DENIED),
    "sent twice": one("owner", "select start_approval(%(pending)s::uuid, %(pending_manifest)s::uuid, (select version from submissions where id = %(pending)s))", "PR409"),
    "sent with another offer's package": one("owner", "select start_approval(%(draft)s::uuid, %(pending_manifest)s::uuid, (select version from submissions where id = %(draft)s))", "PR431"),
    "sent with no package": one("owner", "select start_approval(%(draft)s::uuid, null, (select version from submissions where id = %(draft)s))", "PR431"),
    "sent upon another version": one("owner", "select start_approval(%(draft)s::uuid, %(pending_manifest)s::uuid, 0)", "40001"),
    "sent by runs": one("system", "select start_approval(%(draft)s::uuid, %(pending_manifest)s::uuid, 1)", DENIED, PIPELINE),
    # owning what one signed
    "handed to its signer": one("owner", "update submissions set owner_id = %(legal_id)s, version = version + 1 where id = %(half)s", "PR409"),
    "handed to its signer by an admin": one("admin", "update submissions set owner_id = %(legal2_id)s, version = version + 1 where id = %(approved)s", "PR409"),
    "shared with its signer": one("owner", "insert into submission_members values (%(half)s, %(legal_id)s, %(owner_id)s, now())", "PR409"),
    "shared with the signer of an approved one": one("owner", "insert into submission_members values (%(approved)s, %(finance2_id)s, %(owner_id)s, now())", "PR409"),
    "taken over by its signer": one("legal", "update submissions set owner_id = %(legal_id)s, version = version + 1 where id = %(half)s"),
    # the rule
    "an officer's own step": one("owner", "insert into approval_steps (id, position, step_name, department, changed_by) values (gen_random_uuid(), 50, 'x', 'contracts', %(owner_id)s)", DENIED),
    "an officer takes a step away": one("legal", "update approval_steps set is_active = false"),
    "an admin takes finance away": one("admin", "update approval_steps set is_active = false, changed_by = %(admin_id)s where department = 'finance'", "PR436"),
    "an admin makes legal rare": one("admin", "update approval_steps set min_value_usd = 1e15, changed_by = %(admin_id)s where department = 'legal'", "PR436"),
    "an admin makes legal contracts": one("admin", "update approval_steps set department = 'contracts', changed_by = %(admin_id)s", "PR436"),
    "an admin in another's name": one("admin", "update approval_steps set step_name = 'x', changed_by = %(legal_id)s where department = 'legal'", DENIED),
    "a step deleted": one("admin", "delete from approval_steps", DENIED),
    "the rule as the product": one("system", "update approval_steps set is_active = false"),
    # standing in
    "standing in for oneself": one("legal", "insert into approval_delegations (from_id, to_id, department, starts_on, ends_on) values (%(legal_id)s, %(legal_id)s, 'legal', current_date, current_date + 1)"),
    "standing in in another's name": one("legal", "insert into approval_delegations (from_id, to_id, department, starts_on, ends_on) values (%(legal2_id)s, %(legal_id)s, 'legal', current_date, current_date + 1)", DENIED),
    "standing in across departments": one("legal", "insert into approval_delegations (from_id, to_id, department, starts_on, ends_on) values (%(legal_id)s, %(finance_id)s, 'legal', current_date, current_date + 1)", "PR437"),
    "standing in in another department": one("finance", "insert into approval_delegations (from_id, to_id, department, starts_on, ends_on) values (%(finance_id)s, %(finance2_id)s, 'legal', current_date, current_date + 1)", "PR437"),
    "an admin stands in": one("legal", "insert into approval_delegations (from_id, to_id, department, starts_on, ends_on) values (%(legal_id)s, %(admin_id)s, 'legal', current_date, current_date + 1)", "PR437"),
    # who one is
    "another department for oneself": one("owner", "update profiles set department = 'legal' where id = %(owner_id)s"),
    "another role for oneself": one("viewer", "update profiles set role = 'contract_officer' where id = %(viewer_id)s"),
    "enabled again by oneself": one("legal", "update profiles set is_disabled = false where id = %(legal_id)s"),
    # the house itself
    "as the owner of the tables": one("owner", "set role procura_owner", DENIED),
    "as the owner of the tables, by the product": one("system", "set session authorization procura_owner", DENIED),
    "triggers off for a replica": one("owner", "set session_replication_role = replica", DENIED),
    "triggers off": one("owner", "alter table submissions disable trigger all", DENIED),
    "a policy of one's own": one("owner", "create policy mine on approval_workflows for all to procura_app using (true)", DENIED),
    "a function of one's own in front": one("owner", "create function public.acting_person() returns text language sql as $$ select 'x' $$", DENIED),
    "a function replaced": one("owner", "create or replace function public.too_close_to_sign(offer uuid, person uuid) returns text language sql as $$ select null::text $$", DENIED),
    "a rule": one("owner", "create rule mine as on update to approval_steps do instead nothing", DENIED),
    "a right for oneself": one("owner", "grant update on submissions to procura_app"),
    "a record of the log by hand": one("owner", "insert into audit_logs values (1, now(), 'x', 'x', 'x', null, '', '', '', 'x')", DENIED),
    "inner functions": one("legal", "select * from acting_profile()", DENIED),
    "inner checks": one("legal", "select approval_fault(%(half)s::uuid, %(half_manifest)s::uuid)", DENIED),
}  # fmt: skip


def test_there_are_enough_of_them() -> None:
    assert len(ATTACKS) >= 100


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_by_sql_is_refused(home: Settings, world: World, name: str) -> None:
    attack = ATTACKS[name]
    person = world.people[attack.by].id if attack.by in world.people else attack.by
    with acting(home, attack.role, person) as connection:
        for statement in attack.statements[:-1]:
            connection.execute(statement, world.values)
        try:
            # PostgreSQL warns only where somebody grants a right that is not theirs to give.
            touched, code = connection.execute(attack.statements[-1], world.values).rowcount, ""
        except psycopg.Error as error:
            touched, code = 0, error.sqlstate or ""
        assert touched <= 0, f"{touched} rows"
        assert not attack.code or attack.code == code


def test_a_right_that_is_not_ones_own_is_not_given(home: Settings, world: World) -> None:
    with psycopg.connect(make_conninfo("", **conninfo(APP, settings=home)), autocommit=True) as connection:
        connection.execute("grant update on submissions to procura_app")
        row = connection.execute(
            "select has_column_privilege('procura_app', 'submissions', 'status', 'update')"
        ).fetchone()
    assert row == (False,)


FORGED: dict[str, tuple[str, Any]] = {
    "a file that is not there": ("file_id", "00000000-0000-4000-8000-000000000000"),
    "another hash of a file": ("sha256", "0" * 64),
    "another size": ("size", "1"),
    "another version": ("version", 2),
    "another name": ("name", "Other.txt"),
    "another document": ("document_id", "00000000-0000-4000-8000-000000000000"),
    "another volume": ("volume", "III"),
}


@contextmanager
def sending(home: Settings, world: World, change: Any) -> Iterator[tuple[psycopg.Connection, str]]:
    """Send the draft with a package whose body was changed; the transaction is rolled back."""
    owner = world.people["owner"]
    with open_ledger().read(owner) as tx:
        from pipelines.submission.package_state import body_of, read_state
        from warehouse.ledger.submissions import read_submission

        found = read_submission(tx, world.values["draft"])
        assert found
        body = json.loads(json.dumps(body_of(read_state(tx, found, at=clock.now()))))
    change(body)
    data = encode(body).encode()
    with acting(home, APP, owner.id) as connection:
        made = str(uuid.uuid4())
        connection.execute("select from submissions where id = %s for update", [found.id])
        connection.execute(
            "insert into package_manifests (id, submission_id, number, body, manifest_hash, made_by, made_at)"
            " values (%s, %s, 7, %s, %s, %s, now())", [made, found.id, data, sha256(data).hexdigest(), owner.id],
        )  # fmt: skip
        yield connection, f"select start_approval('{found.id}', '{made}', {found.version})"


def test_the_package_as_it_is_may_be_sent(home: Settings, world: World) -> None:
    with sending(home, world, lambda body: None) as (connection, start):
        connection.execute(start)


@pytest.mark.parametrize("name", FORGED)
def test_a_package_that_says_something_else_of_a_file_is_not_sent(home: Settings, world: World, name: str) -> None:
    key, value = FORGED[name]
    with sending(home, world, lambda body: body["files"][0].update({key: value})) as (connection, start):
        with pytest.raises(psycopg.DatabaseError) as refused:
            connection.execute(start)
        assert refused.value.sqlstate == "PR431"


@pytest.mark.parametrize(
    ("key", "value"),
    [("files", []), ("files", None), ("value_usd", "5.00"), ("deadline", None), ("executor", "email"), ("notice_hash", "x"),
     ("submission_id", "00000000-0000-4000-8000-000000000000"), ("opportunity_id", "x")],
)  # fmt: skip
def test_a_package_that_says_something_else_of_the_offer_is_not_sent(
    home: Settings, world: World, key: str, value: Any
) -> None:
    with sending(home, world, lambda body: body.update({key: value})) as (connection, start):
        with pytest.raises(psycopg.DatabaseError) as refused:
            connection.execute(start)
        assert refused.value.sqlstate in ("PR430", "PR431")


def test_a_package_in_another_order_or_without_a_file_is_not_sent(home: Settings, world: World) -> None:
    def swap(body: dict[str, Any]) -> None:
        first, second = body["files"]
        first["position"], second["position"] = second["position"], first["position"]

    for change in (swap, lambda body: body["files"].pop()):
        with sending(home, world, change) as (connection, start):
            with pytest.raises(psycopg.DatabaseError) as refused:
                connection.execute(start)
            assert refused.value.sqlstate == "PR431"


@pytest.mark.parametrize(
    "spoil",
    [
        "update submission_files set scan_status = 'refused' where submission_id = %s",
        "update submission_files set scan_status = 'not_scanned' where submission_id = %s",
        "update submission_files set scan_status = 'pending' where submission_id = %s",
        "update submission_files set removed_at = now(), removed_by = uploaded_by where submission_id = %s",
    ],
)
def test_a_file_that_no_longer_passes_is_neither_sent_nor_signed_nor_frozen(
    home: Settings, world: World, spoil: str
) -> None:
    with sending(home, world, lambda body: None) as (connection, start):
        as_superuser_of(connection, home, spoil, world.values["draft"])
        with pytest.raises(psycopg.DatabaseError) as refused:
            connection.execute(start)
        assert refused.value.sqlstate == "PR431"
        undo(home, world.values["draft"])
    for offer, by, statement in (
        ("pending", "legal", SIGN.format(o="pending", s="legal")),
        ("full", "system", "select freeze_package(%(full)s::uuid)"),
    ):
        with acting(home, APP, "system" if by == "system" else world.people[by].id) as connection:
            as_superuser_of(connection, home, spoil, world.values[offer])
            with pytest.raises(psycopg.DatabaseError) as refused:
                connection.execute(statement, world.values)
            assert refused.value.sqlstate == "PR431"
            undo(home, world.values[offer])


def as_superuser_of(connection: psycopg.Connection, home: Settings, statement: str, *parameters: object) -> None:
    with psycopg.connect(make_conninfo("", **superuser_conninfo(home)), autocommit=True) as mighty:
        mighty.execute("set role procura_owner")
        mighty.execute(statement, parameters)


def undo(home: Settings, submission_id: str) -> None:
    with psycopg.connect(make_conninfo("", **superuser_conninfo(home)), autocommit=True) as mighty:
        mighty.execute("set role procura_owner")
        mighty.execute(
            "update submission_files set scan_status = 'clean', removed_at = null, removed_by = null where submission_id = %s",
            [submission_id],
        )


def test_a_signature_without_its_record_in_the_log_is_not_committed(home: Settings, world: World) -> None:
    with psycopg.connect(make_conninfo("", **conninfo(APP, settings=home))) as connection:
        connection.execute("select act_as(%s, null)", [world.people["legal"].id])
        connection.execute(SIGN.format(o="pending", s="legal"), world.values)
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="no signature without its record"):
            connection.commit()
    event = AuditEvent("test:other", "x", world.people["legal"].id, submission_ref=world.values["draft"])
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="no signature without its record"),
        open_ledger().deed(event, world.people["legal"]) as deed,
    ):
        deed.execute(SIGN.format(o="pending", s="legal"), world.values)


def waits(connection: psycopg.Connection, statement: str, values: Any) -> bool:
    """Whether a statement waits for another transaction."""
    connection.execute("set local lock_timeout = '300ms'")
    try:
        with connection.transaction():
            connection.execute(statement, values)
    except psycopg.errors.LockNotAvailable:
        return True
    return False


def test_what_a_signature_leans_on_waits_until_it_is_given(home: Settings, world: World) -> None:
    with acting(home, APP, world.people["legal"].id) as signing_now:
        signing_now.execute(SIGN.format(o="pending", s="legal"), world.values)
        for by, statement in (
            ("legal2", SIGN.format(o="pending", s="legal2")),
            ("owner", "select take_back(%(pending)s::uuid, 'x')"),
            ("owner", "insert into submission_members values (%(pending)s, %(legal_id)s, %(owner_id)s, now())"),
            ("owner", "update submissions set owner_id = %(legal_id)s, version = version + 1 where id = %(pending)s"),
            ("admin", "update profiles set is_disabled = true where id = %(legal_id)s"),
            ("admin", "update profiles set department = 'finance' where id = %(legal_id)s"),
            ("admin", "update auth_sessions set revoked_at = now() where id_hash = %(legal_session)s"),
        ):
            with acting(home, APP, world.people[by].id) as other:
                assert waits(other, statement, world.values), statement


def test_a_person_who_is_being_disabled_or_moved_signs_only_if_that_fails(home: Settings, world: World) -> None:
    for change in ("is_disabled = true", "department = 'contracts'", "role = 'viewer'"):
        with acting(home, APP, world.people["admin"].id) as admin, acting(home, APP, world.people["legal"].id) as legal:
            admin.execute(f"update profiles set {change} where id = %(legal_id)s", world.values)
            assert waits(legal, SIGN.format(o="pending", s="legal"), world.values), change


# ------------------------------------------------------------------------------------------------ the table of moves
def test_the_moves_of_the_ledger_are_those_of_the_table(home: Settings) -> None:
    with psycopg.connect(make_conninfo("", **superuser_conninfo(home))) as connection:
        found = {
            (before, after)
            for before, after in product(SubmissionStatus, SubmissionStatus)
            if connection.execute("select may_move(%s, %s)", [before.value, after.value]).fetchone() == (True,)
        }
    assert found == {(move.before, move.after) for move in MOVES}


@pytest.mark.parametrize("offer", ["draft", "pending", "half", "full", "rejected", "approved"])
def test_even_the_owner_of_the_tables_makes_no_other_move(home: Settings, world: World, offer: str) -> None:
    with psycopg.connect(make_conninfo("", **superuser_conninfo(home))) as connection:
        connection.execute("set role procura_owner")
        row = connection.execute("select status::text from submissions where id = %s", [world.values[offer]]).fetchone()
        assert row
        now = SubmissionStatus(row[0])
        allowed = {move.after for move in MOVES if move.before is now} | {now}
        for to in set(SubmissionStatus) - allowed | {SubmissionStatus.APPROVED} - {now}:
            with pytest.raises(psycopg.DatabaseError) as refused, connection.transaction():
                connection.execute("update submissions set status = %s where id = %s", [to.value, world.values[offer]])
            assert refused.value.sqlstate == "PR409"
        connection.rollback()


@pytest.mark.parametrize(
    "forged",
    [
        "update approval_workflows set voided_at = now() where submission_id = %(full)s and department = 'legal'",
        "update approval_workflows set approver_id = %(owner_id)s where submission_id = %(full)s and department = 'legal'",
        "update approval_workflows set manifest_hash = 'x' where submission_id = %(full)s",
        "insert into submission_members values (%(full)s, %(finance_id)s, %(owner_id)s, now())",
    ],
)
def test_the_last_step_asks_everything_again_whatever_came_before(home: Settings, world: World, forged: str) -> None:
    """As the owner of the tables, triggers of the parts switched off: the offer itself still refuses."""
    with psycopg.connect(make_conninfo("", **superuser_conninfo(home))) as connection:
        connection.execute("set role procura_owner")
        connection.execute("alter table approval_workflows disable trigger user")
        connection.execute("alter table submission_members disable trigger user")
        connection.execute(forged, world.values)
        connection.execute("update package_manifests set frozen_at = now() where id = %(full_manifest)s", world.values)
        with pytest.raises(psycopg.DatabaseError, match="the offer is not approved"):
            connection.execute("update submissions set status = 'approved' where id = %(full)s", world.values)
        connection.rollback()


def test_no_attack_has_left_a_trace(home: Settings, world: World) -> None:
    """The last of this file: every offer is where it was."""
    with open_ledger().read() as tx:
        now = {
            name: tx.row(
                "select status::text as status, approval_status::text as signed from submissions where id = %s",
                [world.values[name]],
            )
            for name in ("draft", "pending", "half", "full", "rejected", "approved")
        }
    assert {name: (row["status"], row["signed"]) for name, row in now.items() if row} == {
        "draft": ("draft", "pending"), "pending": ("pending_approval", "pending"), "half": ("pending_approval", "legal_approved"),
        "full": ("pending_approval", "finance_approved"), "rejected": ("rejected", "rejected"), "approved": ("approved", "complete"),
    }  # fmt: skip
