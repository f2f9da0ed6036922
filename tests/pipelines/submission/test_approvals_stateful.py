"""Random people do random things to an offer, on the real PostgreSQL: whatever they do, nobody approves alone.

What the machine believes (who changed it, who signed which hash, who they were then) is kept apart from what the ledger says.
PROCURA_SEQUENCES says how many sequences the long campaign runs.
"""

import io
import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256
from typing import Any, ClassVar

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from psycopg.rows import dict_row

from pipelines.administration.people import disable_person, enable_person, set_role
from pipelines.submission import approvals, delegations, notice_changes, sharing
from pipelines.submission.approval_freeze import finish_approvals
from pipelines.submission.package import look_at_package, set_delivery, set_items
from tests.factories_approvals import HERE_FIELDS, signed_in
from tests.factories_people import new_person
from tests.factories_submissions import new_submission
from warehouse import clock
from warehouse.addresses import superuser_conninfo
from warehouse.domain.access import Department, Person, Role
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.package import PackageItem
from warehouse.domain.submission import MOVES
from warehouse.errors import NotSignedIn, ProcuraError
from warehouse.ledger.store import SYSTEM, open_ledger
from warehouse.object_store import open_object_store
from warehouse.settings import Settings
from warehouse.settings import current as current_settings

NAMES = ["c1", "c2", "c3", "l1", "l2", "l3", "f1", "f2", "f3", "a1", "v1"]
DEPARTMENTS = {
    "c": Department.CONTRACTS,
    "l": Department.LEGAL,
    "f": Department.FINANCE,
    "a": Department.LEGAL,
    "v": Department.LEGAL,
}
ROLES = {"a": Role.ADMIN, "v": Role.VIEWER}
PAIRS = {(move.before.value, move.after.value) for move in MOVES}
who = st.sampled_from([*NAMES, *["owner"] * 7, *["signer"] * 7])
"""A person by name, or whoever owns the offer, or whose step is open: random people alone would rarely get far."""
officers = st.sampled_from(NAMES[:9])


@dataclass
class Signature:
    """What the machine saw as somebody signed."""

    manifest_id: str
    manifest_hash: str
    by: str
    department: str


@dataclass
class World:
    """The people, made once; a connection that sees everything."""

    people: dict[str, Person]
    eye: psycopg.Connection[dict[str, Any]]
    path: str
    digest: str
    sequences: int = 0
    approved: int = 0
    done: dict[str, int] = field(default_factory=dict)


class OfferMachine(RuleBasedStateMachine):
    """One offer, eleven people."""

    world: ClassVar[World]

    @initialize()
    def begin(self) -> None:
        self.world.sequences += 1
        self.world.eye.execute("update approval_delegations set revoked_at = now() where revoked_at is null")
        for name, person in self.world.people.items():
            self.world.eye.execute(
                "update profiles set role = %s, department = %s, is_disabled = false where id = %s",
                [ROLES.get(name[0], Role.CONTRACT_OFFICER).value, DEPARTMENTS[name[0]].value, person.id],
            )
        self.people = {
            name: replace(p, role=ROLES.get(name[0], Role.CONTRACT_OFFICER), department=DEPARTMENTS[name[0]])
            for name, p in self.world.people.items()
        }
        self.world.eye.execute(
            "update auth_sessions set revoked_at = null, authenticated_at = now(), idle_ends_at = now() + interval '1 hour',"
            " expires_at = now() + interval '1 hour' where id_hash = any(%s)", [[p.session for p in self.people.values()]],
        )  # fmt: skip
        self.offer = new_submission(self.people["c1"], due_date=clock.now() + timedelta(days=9))
        self.authors = {self.people["c1"].id}
        self.signatures: list[Signature] = []
        self.status = "draft"
        self.records = self.count_records()
        self.was_approved = False

    # ------------------------------------------------------------------------------------ looking
    def see(self, statement: str, *parameters: object) -> dict[str, Any]:
        row = self.world.eye.execute(statement, parameters).fetchone()
        assert row is not None
        return row

    def row(self) -> dict[str, Any]:
        return self.see(
            "select s.*, m.manifest_hash, m.body from submissions s left join package_manifests m on m.id = s.manifest_id where s.id = %s",
            self.offer,
        )

    def named(self, name: str) -> Person:
        """Find the person that a name of `who` stands for now."""
        if name in self.people:
            return self.people[name]
        if name == "owner":
            owner = str(self.row()["owner_id"])
            return next(p for p in self.people.values() if p.id == owner)
        found = self.world.eye.execute(
            "select w.department from approval_workflows w join submissions s on s.manifest_id = w.manifest_id"
            " where s.id = %s and w.status = 'pending' and w.voided_at is null order by w.position limit 1",
            [self.offer],
        ).fetchone()
        able = [
            p
            for p in self.people.values()
            if found and p.department.value == found["department"] and p.id not in self.authors
        ]
        return able[0] if able else self.people["c2"]

    def count_records(self) -> int:
        return int(self.see("select count(*) as n from audit_logs where submission_ref = %s", self.offer)["n"])

    def members(self) -> set[str]:
        rows = self.world.eye.execute(
            "select profile_id::text as id from submission_members where submission_id = %s", [self.offer]
        )
        return {row["id"] for row in rows}

    def attempt(self, name: str, deed: Callable[[], object]) -> bool:
        """Do something; a refusal in words is as good as anything, any other error is a fault."""
        try:
            deed()
        except ProcuraError:
            return False
        self.world.done[name] = self.world.done.get(name, 0) + 1
        return True

    # ------------------------------------------------------------------------------------ what people do
    @rule(by=who)
    def upload(self, by: str) -> None:
        person = self.named(by)

        def deed() -> None:
            file_id, document_id = str(uuid.uuid4()), str(uuid.uuid4())
            event = AuditEvent("file:uploaded", file_id, person.id, submission_ref=self.offer)
            try:
                with open_ledger().deed(event, person) as tx:
                    tx.execute(
                        "insert into submission_files (id, submission_id, file_name, storage_path, document_id, version, size_bytes,"
                        " sha256, media_type, uploaded_by) values (%s, %s, 'x.txt', %s, %s, 1, 6, %s, 'text/plain', %s)",
                        [file_id, self.offer, self.world.path, document_id, self.world.digest, person.id],
                    )
            except psycopg.DatabaseError as error:
                raise NotSignedIn(str(error)) from error
            self.authors.add(person.id)
            with open_ledger().housekeeping() as tx:
                tx.execute("update submission_files set scan_status = 'clean' where id = %s", [file_id])
            look = look_at_package(open_ledger(), self.offer, at=clock.now(), by=person)
            items = [p.item for p in look.state.packed]
            set_items(open_ledger(), self.offer, [*items, PackageItem(document_id, f"Volume {len(items) + 1}.txt")],
                      version=look.state.submission.version, at=clock.now(), by=person)  # fmt: skip

        self.attempt("upload", deed)

    @rule(by=who, number=st.integers(1, 3))
    def edit(self, by: str, number: int) -> None:
        person = self.named(by)

        def deed() -> None:
            set_delivery(open_ledger(), self.offer, executor="assisted", fields={**HERE_FIELDS, "entries": f"UEI: {number}"}, limits={},
                         version=self.row()["version"], at=clock.now(), by=person)  # fmt: skip
            self.authors.add(person.id)

        self.attempt("edit", deed)

    @rule(by=who, is_stale=st.sampled_from([False, False, False, True]))
    def send(self, by: str, is_stale: bool) -> None:
        person = self.named(by)
        version = self.row()["version"] - is_stale

        def deed() -> None:
            approvals.send_to_approval(open_ledger(), self.offer, version=version, at=clock.now(), by=person)
            assert not is_stale
            self.authors.add(person.id)

        self.attempt("send", deed)

    @rule(by=who, which=st.sampled_from(["now", "now", "now", "now", "former", "none"]), kills=st.booleans())
    def sign(self, by: str, which: str, kills: bool) -> None:
        person, before = self.named(by), self.row()
        former = self.signatures[0].manifest_hash if self.signatures else "x"
        wanted = {"now": before["manifest_hash"] or "x", "former": former, "none": ""}[which]
        profile = self.see("select role::text as role, department, is_disabled from profiles where id = %s", person.id)
        proven = self.world.eye.execute(
            "select authenticated_at > now() - interval '10 minutes' and revoked_at is null as is_recent"
            " from auth_sessions where id_hash = %s",
            [person.session],
        ).fetchone()
        members = self.members()

        def deed() -> None:
            if kills:  # as if the process died before freezing
                from pipelines.submission.approvals import _decide, _to_decide

                _decide(
                    open_ledger(), *_to_decide(open_ledger(), self.offer, wanted, person), "", approves=True, by=person
                )
            else:
                approvals.sign(
                    open_ledger(), self.offer, wanted, settings=current_settings(), at=clock.now(), by=person
                )
            assert wanted == before["manifest_hash"] == sha256(before["body"]).hexdigest()
            assert before["status"] == "pending_approval"
            assert (profile["role"], profile["is_disabled"]) == ("contract_officer", False)
            assert proven
            assert proven["is_recent"]
            assert person.id not in self.authors | members | {str(before["owner_id"])}
            # The same bytes may be sent again, and signed again: what counts is the package, not its hash alone.
            package = str(before["manifest_id"])
            assert not [s for s in self.signatures if s.manifest_id == package and s.by == person.id]
            self.signatures.append(Signature(package, wanted, person.id, profile["department"]))

        self.attempt("sign", deed)

    @rule(by=who)
    def reject(self, by: str) -> None:
        person, before = self.named(by), self.row()

        def deed() -> None:
            approvals.reject(open_ledger(), self.offer, before["manifest_hash"] or "x", "No.", by=person)
            assert person.id not in self.authors

        self.attempt("reject", deed)

    @rule(by=who, reason=st.sampled_from(["Why not.", ""]))
    def take_back(self, by: str, reason: str) -> None:
        person = self.named(by)
        before = self.row()

        def deed() -> None:
            approvals.take_back(open_ledger(), self.offer, reason, version=before["version"], by=person)
            assert str(before["owner_id"]) == person.id

        self.attempt("take back", deed)

    @rule(by=who, to=officers)
    def hand_over(self, by: str, to: str) -> None:
        person = self.named(by)
        if self.attempt(
            "hand over",
            lambda: sharing.hand_over(open_ledger(), self.offer, self.people[to].id, at=clock.now(), by=person),
        ):
            self.authors.add(self.people[to].id)

    @rule(by=who, to=officers)
    def share(self, by: str, to: str) -> None:
        person = self.named(by)
        self.attempt(
            "share",
            lambda: sharing.share(open_ledger(), self.offer, self.people[to].id, at=clock.now(), by=person),
        )

    @rule(by=who, to=officers)
    def end_sharing(self, by: str, to: str) -> None:
        person = self.named(by)
        self.attempt(
            "end sharing",
            lambda: sharing.end_sharing(open_ledger(), self.offer, self.people[to].id, by=person),
        )

    @rule(by=who, to=officers)
    def delegate(self, by: str, to: str) -> None:
        person = self.named(by)
        day = clock.now().date()
        days = {"starts_on": day, "ends_on": day + timedelta(days=1)}
        self.attempt(
            "delegate",
            lambda: delegations.delegate(open_ledger(), self.people[to].id, **days, at=clock.now(), by=person),
        )

    @rule(days=st.integers(8, 12))
    def the_notice_changes(self, days: int) -> None:
        offer = self.row()
        event = AuditEvent("opportunities:published", "opportunities", SYSTEM, submission_ref=self.offer)
        with open_ledger("procura_pipeline").deed(event) as deed:
            deed.execute(
                "update opportunities set due_date = %s, content_hash = %s where id = %s",
                [clock.now() + timedelta(days=days), uuid.uuid4().hex, offer["opportunity_id"]],
            )
        self.world.done["amend"] = self.world.done.get("amend", 0) + 1

    @rule(by=who)
    def acknowledge(self, by: str) -> None:
        person = self.named(by)
        rows = self.world.eye.execute(
            "select id::text as id from notice_changes where submission_id = %s and acknowledged_at is null",
            [self.offer],
        ).fetchall()
        if rows:
            ids = [row["id"] for row in rows]
            self.attempt(
                "acknowledge",
                lambda: notice_changes.acknowledge(open_ledger(), self.offer, ids, at=clock.now(), by=person),
            )

    # ------------------------------------------------------------------------------------ what happens to people
    @rule(name=officers, is_back=st.booleans())
    def disable(self, name: str, is_back: bool) -> None:
        self.attempt("disable", lambda: disable_person(open_ledger(), self.people[name].email, at=clock.now()))
        if is_back:
            self.attempt("enable", lambda: enable_person(open_ledger(), self.people[name].email, at=clock.now()))

    @rule(name=officers, role=st.sampled_from(list(Role)), department=st.sampled_from(list(Department)))
    def move(self, name: str, role: Role, department: Department) -> None:
        if self.attempt(
            "move", lambda: set_role(open_ledger(), self.people[name].email, role, department, at=clock.now())
        ):
            self.people[name] = replace(self.people[name], role=role, department=department)

    @rule(name=st.sampled_from(NAMES), minutes_ago=st.sampled_from([0.0, 0.0, 11.0]))
    def sign_in(self, name: str, minutes_ago: float) -> None:
        profile = self.see("select is_disabled from profiles where id = %s", self.people[name].id)
        if not profile["is_disabled"]:
            self.people[name] = signed_in(self.people[name], minutes_ago=minutes_ago)

    # ------------------------------------------------------------------------------------ what the product does
    @rule()
    def finish(self) -> None:
        finish_approvals(open_ledger(), current_settings(), at=clock.now())

    @rule(steps=st.integers(1, 5), then=st.sampled_from(["", "take back", "reject", "amend", "hand over", "move"]))
    def go_on(self, steps: int, then: str) -> None:
        """What a firm usually does next, so that random sequences reach far; and then somebody changes course."""
        for _ in range(steps):
            self.go_on_by_one()
            self.always()
        if then == "take back":
            self.take_back("owner", "Why not.")
        elif then == "reject":
            self.reject("signer")
        elif then == "amend":
            self.the_notice_changes(8)
        elif then == "hand over":
            self.hand_over("owner", "l1")
        elif then == "move":
            self.move("l1", Role.CONTRACT_OFFICER, Department.FINANCE)

    def go_on_by_one(self) -> None:
        now = self.row()
        owner = next((n for n, p in self.people.items() if p.id == str(now["owner_id"])), "c1")
        if now["status"] == "draft":
            self.acknowledge(owner)
            if not self.see("select count(*) as n from package_items where submission_id = %s", self.offer)["n"]:
                self.upload(owner)
                self.edit(owner, 1)
            self.send(owner, False)
        elif now["status"] == "rejected":
            self.take_back(owner, "")
        elif now["status"] == "pending_approval":
            open_step = self.world.eye.execute(
                "select department from approval_workflows where manifest_id = %s and status = 'pending' order by position limit 1",
                [now["manifest_id"]],
            ).fetchone()
            names = [n for n, p in self.people.items() if open_step and p.department.value == open_step["department"]]
            for name in names:
                self.sign(name, "now", False)
                if self.row()["version"] != now["version"]:
                    break
            else:
                self.finish()

    # ------------------------------------------------------------------------------------ what always holds
    @invariant()
    def always(self) -> None:
        if not hasattr(self, "offer"):
            return
        now, records = self.row(), self.count_records()
        if now["status"] != self.status:
            assert (self.status, now["status"]) in PAIRS, f"{self.status} became {now['status']}"
            assert records > self.records, "a move without its record"
            self.status = now["status"]
        self.records = records
        if now["status"] in ("approved", "submitted"):
            self.check_approved(now)
        if now["status"] == "draft":
            assert (now["manifest_id"], now["approval_status"]) == (None, "pending")

    def check_approved(self, now: dict[str, Any]) -> None:
        assert sha256(now["body"]).hexdigest() == now["manifest_hash"]
        signed = [s for s in self.signatures if s.manifest_id == str(now["manifest_id"])]
        assert {s.manifest_hash for s in signed} == {now["manifest_hash"]}
        assert {"legal", "finance"} <= {s.department for s in signed}
        assert len({s.by for s in signed}) == len(signed) >= 2
        assert not {s.by for s in signed} & (self.authors | self.members() | {str(now["owner_id"])})
        actors = self.world.eye.execute(
            "select actor from audit_logs where submission_ref = %s and action = 'package:signed'"
            " and convert_from(body, 'UTF8')::jsonb -> 'facts' ->> 'manifest' = %s",
            [self.offer, str(now["manifest_id"])],
        ).fetchall()
        assert {row["actor"] for row in actors} >= {s.by for s in signed}
        if not self.was_approved:
            self.was_approved = True
            self.world.approved += 1


def run(home: Settings, sequences: int) -> World:
    stored = open_object_store().put(io.BytesIO(b"bytes."), limit=100)
    people = {n: signed_in(new_person(ROLES.get(n[0], Role.CONTRACT_OFFICER), DEPARTMENTS[n[0]])) for n in NAMES}
    with psycopg.connect(**superuser_conninfo(home), autocommit=True, row_factory=dict_row) as eye:
        world = World(people, eye, stored.path, stored.sha256)

        class Machine(OfferMachine):
            pass

        Machine.world = world
        run_state_machine_as_test(
            Machine,
            settings=settings(
                max_examples=sequences, stateful_step_count=14, deadline=None, database=None,
                suppress_health_check=list(HealthCheck), phases=[Phase.generate],
            ),
        )  # fmt: skip
    return world


@pytest.mark.thorough
def test_whatever_people_do_nobody_approves_alone(home: Settings) -> None:
    world = run(home, 25)
    assert world.approved > 0, world.done


@pytest.mark.slow
@pytest.mark.timeout(4 * 3600)
def test_whatever_people_do_in_ten_thousand_sequences_nobody_approves_alone(home: Settings) -> None:
    wanted = int(os.environ.get("PROCURA_SEQUENCES", "10000"))
    world = run(home, wanted)
    print(f"{world.sequences} sequences, {world.approved} approved, deeds that were done: {world.done}")
    assert world.sequences >= wanted
    assert world.approved > wanted // 20
