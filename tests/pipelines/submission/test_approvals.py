"""A package on its way: sent, signed by two who did not write it, rejected, taken back; and every refusal in a sentence."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from pipelines.administration.people import disable_person, set_role
from pipelines.submission import approval_freeze, approvals
from pipelines.submission.approval_freeze import PATIENCE, finish_approvals, waiting_approvals
from pipelines.submission.approval_queue import look_at_sheet, my_decisions, my_queue
from pipelines.submission.look_up import find_submission
from pipelines.submission.sharing import hand_over, share
from tests.factories_approvals import (
    add_file,
    approved_offer,
    new_signer,
    ready_offer,
    send,
    sign_as,
    signed_in,
)
from tests.factories_people import new_person
from tests.factories_submissions import new_submission
from warehouse import clock
from warehouse.addresses import superuser_conninfo
from warehouse.audit.checkpoint import log_size, newest_checkpoint
from warehouse.domain.access import Department, Person, Role
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.submission import ApprovalStatus, SubmissionStatus
from warehouse.errors import BadInput, NotPermitted, NotSignedIn, ProcuraError, WrongState
from warehouse.ledger.package_manifests import Manifest, read_manifest
from warehouse.ledger.people import to_person
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings, current

PENDING, APPROVED = SubmissionStatus.PENDING_APPROVAL, SubmissionStatus.APPROVED
DRAFT, REJECTED = SubmissionStatus.DRAFT, SubmissionStatus.REJECTED


@pytest.fixture(scope="module")
def owner(home: Settings) -> Person:
    return new_person()


@pytest.fixture(scope="module")
def legal(home: Settings) -> Person:
    return new_signer(Department.LEGAL)


@pytest.fixture(scope="module")
def finance(home: Settings) -> Person:
    return new_signer(Department.FINANCE)


def as_owner_of_tables(statement: str, *parameters: object) -> None:
    with psycopg.connect(**superuser_conninfo(current())) as connection:
        connection.execute("set role procura_owner")
        connection.execute(statement, parameters)


def state(submission_id: str, by: Person) -> tuple[SubmissionStatus, ApprovalStatus]:
    found = find_submission(open_ledger(), submission_id, by=by)
    return found.status, found.approval_status


def version(submission_id: str, by: Person) -> int:
    return find_submission(open_ledger(), submission_id, by=by).version


def actions(submission_id: str) -> list[tuple[str, str]]:
    with open_ledger().read() as tx:
        rows = tx.rows("select action, actor from audit_logs where submission_ref = %s order by seq", [submission_id])
    return [(row["action"], row["actor"]) for row in rows]


def told(person: Person, kind: str, submission_id: str) -> int:
    with open_ledger().read() as tx:
        rows = tx.rows(
            "select from notifications where person_id = %s and kind = %s and submission_id = %s",
            [person.id, kind, submission_id],
        )
    return len(rows)


def refused(error: type[ProcuraError], deed: Callable[[], object]) -> str:
    with pytest.raises(error) as caught:
        deed()
    assert caught.value.kept or error is NotSignedIn
    return str(caught.value)


def bytes_of(manifest: Manifest) -> Path:
    """Where the first file of a package lies."""
    with open_ledger().read() as tx:
        row = tx.row("select storage_path from submission_files where id = %s", [manifest.body["files"][0]["file_id"]])
    assert row
    return current().files / row["storage_path"]


def overwrite(path: Path, data: bytes) -> None:
    path.chmod(0o600)
    path.write_bytes(data)


def test_legal_then_finance_sign_and_the_package_is_frozen_and_checkpointed(
    home: Settings, owner: Person, legal: Person, finance: Person
) -> None:
    submission_id = ready_offer(owner)
    manifest = send(submission_id, owner)
    assert state(submission_id, owner) == (PENDING, ApprovalStatus.PENDING)
    assert sign_as(submission_id, manifest, legal).reached is ApprovalStatus.LEGAL_APPROVED
    assert state(submission_id, owner) == (PENDING, ApprovalStatus.LEGAL_APPROVED)
    done = sign_as(submission_id, manifest, finance)
    assert (done.reached, done.is_frozen, done.still_to_do) == (ApprovalStatus.COMPLETE, True, "")
    assert state(submission_id, owner) == (APPROVED, ApprovalStatus.COMPLETE)
    assert actions(submission_id)[-4:] == [
        ("package:sent", owner.id), ("package:signed", legal.id), ("package:signed", finance.id), ("package:frozen", "system"),
    ]  # fmt: skip
    with open_ledger().read() as tx:
        frozen = read_manifest(tx, manifest.id)
        checkpoint = newest_checkpoint(tx.connection)
        last = tx.row("select max(seq) as seq from audit_logs where action = 'package:frozen'")
        assert log_size(tx.connection)
    assert frozen
    assert frozen.frozen_at
    assert not frozen.voided_at
    assert checkpoint
    assert last
    assert checkpoint.size >= last["seq"]


def test_everybody_concerned_is_told(home: Settings, owner: Person, legal: Person, finance: Person) -> None:
    member = new_person()
    submission_id, _ = approved_offer(owner, legal, finance, members=(member,))
    assert told(legal, "waiting_for_you", submission_id) == told(finance, "waiting_for_you", submission_id) == 1
    assert told(owner, "approved", submission_id) == told(member, "approved", submission_id) == 1


def test_only_the_department_of_the_open_step_signs(
    home: Settings, owner: Person, legal: Person, finance: Person
) -> None:
    submission_id = ready_offer(owner)
    manifest = send(submission_id, owner)
    for stranger in (
        finance, new_signer(Department.CONTRACTS), new_signer(Department.AUDIT),
        new_signer(Department.LEGAL, Role.ADMIN), new_signer(Department.LEGAL, Role.VIEWER),
    ):  # fmt: skip
        refused(NotPermitted, lambda by=stranger: sign_as(submission_id, manifest, by))  # type: ignore[misc]
    assert state(submission_id, owner) == (PENDING, ApprovalStatus.PENDING)
    sign_as(submission_id, manifest, legal)
    said = refused(NotPermitted, lambda: sign_as(submission_id, manifest, legal))
    assert "this step is for finance" in said


def test_nobody_signs_what_they_own_share_or_ever_changed(home: Settings, legal: Person, finance: Person) -> None:
    """Owner, member, somebody who left, somebody who handed it over: all officers of legal."""
    own = new_signer(Department.LEGAL)
    member, former = new_signer(Department.LEGAL), new_signer(Department.LEGAL)
    submission_id = ready_offer(former, members=(member,))
    add_file(submission_id, member, b"Our price.", "Volume II.txt")
    hand_over(open_ledger(), submission_id, own.id, at=clock.now(), by=former)
    with open_ledger().deed(_test_event(own), own) as deed:
        deed.execute("delete from submission_members where submission_id = %s", [submission_id])
    manifest = send(submission_id, own)
    for author in (own, member, former):
        refused(NotPermitted, lambda by=author: sign_as(submission_id, manifest, by))  # type: ignore[misc]
        refused(
            NotPermitted, lambda by=author: approvals.reject(open_ledger(), submission_id, manifest.hash, "No.", by=by)
        )  # type: ignore[misc]
    assert "worked on" in refused(NotPermitted, lambda: sign_as(submission_id, manifest, former))
    assert sign_as(submission_id, manifest, legal).reached is ApprovalStatus.LEGAL_APPROVED


def _test_event(by: Person) -> AuditEvent:
    return AuditEvent("test:changed", "x", by.id)


def test_who_signed_neither_comes_to_own_nor_to_share_the_offer(home: Settings, owner: Person, finance: Person) -> None:
    signer = new_signer(Department.LEGAL)
    submission_id = ready_offer(owner)
    manifest = send(submission_id, owner)
    sign_as(submission_id, manifest, signer)
    for deed in (
        lambda: hand_over(open_ledger(), submission_id, signer.id, at=clock.now(), by=owner),
        lambda: share(open_ledger(), submission_id, signer.id, at=clock.now(), by=owner),
    ):
        assert "neither owns nor shares" in refused(WrongState, deed)
    assert sign_as(submission_id, manifest, finance).is_frozen


@pytest.mark.parametrize("minutes_ago", [10.01, 60])
def test_an_old_proof_of_the_password_signs_nothing(home: Settings, owner: Person, minutes_ago: float) -> None:
    signer = signed_in(new_person(department=Department.LEGAL), minutes_ago=minutes_ago)
    submission_id = ready_offer(owner)
    manifest = send(submission_id, owner)
    assert "password" in refused(NotPermitted, lambda: sign_as(submission_id, manifest, signer))
    refused(NotPermitted, lambda: approvals.reject(open_ledger(), submission_id, manifest.hash, "No.", by=signer))
    assert state(submission_id, owner) == (PENDING, ApprovalStatus.PENDING)


def test_no_session_and_somebody_elses_session_sign_nothing(
    home: Settings, owner: Person, legal: Person, finance: Person
) -> None:
    submission_id = ready_offer(owner)
    manifest = send(submission_id, owner)
    refused(NotSignedIn, lambda: sign_as(submission_id, manifest, replace(legal, session=None)))
    refused(NotSignedIn, lambda: sign_as(submission_id, manifest, replace(legal, session=finance.session)))
    with open_ledger().housekeeping() as tx:
        ended = signed_in(legal)
        tx.execute("update auth_sessions set revoked_at = now() where id_hash = %s", [ended.session])
    refused(NotSignedIn, lambda: sign_as(submission_id, manifest, ended))


def test_a_stale_page_signs_nothing(home: Settings, owner: Person, legal: Person) -> None:
    """The offer was taken back, changed and sent again while somebody looked at the first package."""
    submission_id = ready_offer(owner)
    first = send(submission_id, owner)
    ledger = open_ledger()
    approvals.take_back(ledger, submission_id, "A page is missing.", version=version(submission_id, owner), by=owner)
    assert "rejected" in refused(WrongState, lambda: sign_as(submission_id, first, legal))
    approvals.take_back(ledger, submission_id, "", version=version(submission_id, owner), by=owner)
    add_file(submission_id, owner, b"The page.", "Volume II.txt")
    second = send(submission_id, owner)
    assert "replaced" in refused(WrongState, lambda: sign_as(submission_id, first, legal))
    assert sign_as(submission_id, second, legal).reached is ApprovalStatus.LEGAL_APPROVED


def test_a_stale_version_neither_sends_nor_takes_back(home: Settings, owner: Person) -> None:
    submission_id = ready_offer(owner)
    seen = version(submission_id, owner)
    add_file(submission_id, owner, b"More.", "Volume II.txt")
    refused(
        WrongState,
        lambda: approvals.send_to_approval(open_ledger(), submission_id, version=seen, at=clock.now(), by=owner),
    )
    assert state(submission_id, owner) == (DRAFT, ApprovalStatus.PENDING)
    send(submission_id, owner)
    refused(WrongState, lambda: approvals.take_back(open_ledger(), submission_id, "Why.", version=seen, by=owner))
    assert state(submission_id, owner)[0] is PENDING


def test_a_rejection_voids_every_signature_and_its_owner_takes_the_offer_up_again(
    home: Settings, owner: Person, legal: Person, finance: Person
) -> None:
    submission_id = ready_offer(owner)
    manifest = send(submission_id, owner)
    sign_as(submission_id, manifest, legal)
    ledger = open_ledger()
    refused(BadInput, lambda: approvals.reject(ledger, submission_id, manifest.hash, "  ", by=finance))
    approvals.reject(ledger, submission_id, manifest.hash, "The price lacks travel.", by=finance)
    assert state(submission_id, owner) == (REJECTED, ApprovalStatus.REJECTED)
    sheet = look_at_sheet(ledger, submission_id, by=owner)
    assert [step.status for step in sheet.chain] == [ApprovalStatus.LEGAL_APPROVED, ApprovalStatus.REJECTED]
    assert all(step.voided_at for step in sheet.chain)
    assert sheet.chain[1].reason == "The price lacks travel."
    assert told(owner, "rejected", submission_id) == told(legal, "rejected", submission_id) == 1
    refused(
        NotPermitted, lambda: approvals.take_back(ledger, submission_id, "", version=sheet.submission.version, by=legal)
    )
    approvals.take_back(ledger, submission_id, "", version=sheet.submission.version, by=owner)
    assert state(submission_id, owner) == (DRAFT, ApprovalStatus.PENDING)
    again = send(submission_id, owner)
    assert again.number == 2
    assert sign_as(submission_id, again, legal).reached is ApprovalStatus.LEGAL_APPROVED, (
        "who signed the first may sign the next"
    )


def test_an_approved_offer_opened_to_change_loses_its_signatures(
    home: Settings, owner: Person, legal: Person, finance: Person
) -> None:
    submission_id, manifest = approved_offer(owner, legal, finance)
    refused(
        BadInput,
        lambda: approvals.take_back(open_ledger(), submission_id, "", version=version(submission_id, owner), by=owner),
    )
    reached = approvals.take_back(
        open_ledger(), submission_id, "A typing error.", version=version(submission_id, owner), by=owner
    )
    assert reached is DRAFT
    assert state(submission_id, owner) == (DRAFT, ApprovalStatus.PENDING)
    with open_ledger().read(owner) as tx:
        void = read_manifest(tx, manifest.id)
    assert void
    assert void.voided_at
    assert "typing error" in (void.void_reason or "")
    assert told(legal, "voided", submission_id) == 1


def test_a_changed_byte_voids_the_signatures_before_the_next_one(
    home: Settings, owner: Person, legal: Person, finance: Person
) -> None:
    submission_id = ready_offer(owner)
    add_file(submission_id, owner, b"Bytes of their own: one.", "Volume II.txt")
    manifest = send(submission_id, owner)
    sign_as(submission_id, manifest, legal)
    with open_ledger().read() as tx:
        row = tx.row("select storage_path from submission_files where id = %s", [manifest.body["files"][1]["file_id"]])
    assert row
    overwrite(home.files / row["storage_path"], b"Bytes of their own: two.")
    said = refused(WrongState, lambda: sign_as(submission_id, manifest, finance))
    assert "not those that were sent" in said
    assert state(submission_id, owner) == (REJECTED, ApprovalStatus.REJECTED)
    assert told(owner, "voided", submission_id) == told(legal, "voided", submission_id) == 1
    assert ("package:voided", "system") in actions(submission_id)


def test_bytes_that_change_after_the_last_signature_are_not_frozen(
    home: Settings, owner: Person, legal: Person, finance: Person
) -> None:
    """As after a kill between the last signature and freezing."""
    submission_id = ready_offer(owner)
    add_file(submission_id, owner, b"Last signed, then changed: one.", "Volume II.txt")
    manifest = send(submission_id, owner)
    sign_as(submission_id, manifest, legal)
    approvals._decide(
        open_ledger(),
        find_submission(open_ledger(), submission_id, by=finance),
        manifest,
        "",
        approves=True,
        by=finance,
    )
    assert state(submission_id, owner) == (PENDING, ApprovalStatus.FINANCE_APPROVED)
    with open_ledger().read() as tx:
        row = tx.row("select storage_path from submission_files where id = %s", [manifest.body["files"][1]["file_id"]])
    assert row
    overwrite(home.files / row["storage_path"], b"Last signed, then changed: two.")
    assert submission_id in finish_approvals(open_ledger(), home, at=clock.now()).voided
    assert state(submission_id, owner) == (REJECTED, ApprovalStatus.REJECTED)


def test_what_a_kill_left_between_the_last_signature_and_freezing_is_completed_once(
    home: Settings, owner: Person, legal: Person, finance: Person
) -> None:
    submission_id = ready_offer(owner)
    manifest = send(submission_id, owner)
    sign_as(submission_id, manifest, legal)
    approvals._decide(
        open_ledger(),
        find_submission(open_ledger(), submission_id, by=finance),
        manifest,
        "",
        approves=True,
        by=finance,
    )
    assert not finish_approvals(open_ledger(), home, at=clock.now(), patience=PATIENCE).approved, "its process may live"
    assert not waiting_approvals(open_ledger(), at=clock.now())
    assert waiting_approvals(open_ledger(), at=clock.now() + 2 * PATIENCE) == [submission_id]
    assert finish_approvals(open_ledger(), home, at=clock.now()).approved == (submission_id,)
    assert state(submission_id, owner) == (APPROVED, ApprovalStatus.COMPLETE)
    assert finish_approvals(open_ledger(), home, at=clock.now()) == approval_freeze.Finished((), (), ())
    assert [action for action, _ in actions(submission_id)].count("package:frozen") == 1


def test_a_passed_deadline_is_not_signed_but_may_be_rejected(home: Settings, owner: Person, legal: Person) -> None:
    submission_id = ready_offer(owner)
    manifest = send(submission_id, owner)
    as_owner_of_tables("alter table opportunities disable trigger notice_meets_offers")
    try:
        as_owner_of_tables(
            "update opportunities set due_date = now() where id = (select opportunity_id from submissions where id = %s)",
            submission_id,
        )
    finally:
        as_owner_of_tables("alter table opportunities enable trigger notice_meets_offers")
    assert "deadline has passed" in refused(WrongState, lambda: sign_as(submission_id, manifest, legal))
    approvals.reject(open_ledger(), submission_id, manifest.hash, "Too late.", by=legal)
    assert state(submission_id, owner)[0] is REJECTED


def test_nothing_is_sent_that_nobody_could_sign(home: Settings, legal: Person, finance: Person) -> None:
    """The only other officer of finance wrote it."""
    for person in _officers(Department.FINANCE):
        if person.id != finance.id:
            disable_person(open_ledger(), person.email, at=clock.now())
    own = finance
    submission_id = ready_offer(own)
    assert "finance" in refused(WrongState, lambda: send(submission_id, own))
    assert state(submission_id, own) == (DRAFT, ApprovalStatus.PENDING)
    with open_ledger().read() as tx:
        assert not tx.rows("select from package_manifests where submission_id = %s", [submission_id])


def _officers(department: Department) -> list[Person]:
    with open_ledger().read() as tx:
        rows = tx.rows(
            "select id, email, role, department, is_demo from profiles where role = 'contract_officer' and department = %s"
            " and not is_disabled", [department.value],
        )  # fmt: skip
    return [to_person(row) for row in rows]


def test_a_disabled_or_moved_approver_leaves_the_step_to_somebody_else(
    home: Settings, owner: Person, finance: Person
) -> None:
    gone, moved, left = (new_signer(Department.LEGAL) for _ in range(3))
    submission_id = ready_offer(owner)
    manifest = send(submission_id, owner)
    disable_person(open_ledger(), gone.email, at=clock.now())
    set_role(open_ledger(), moved.email, Role.CONTRACT_OFFICER, Department.CONTRACTS, at=clock.now())
    refused(NotSignedIn, lambda: sign_as(submission_id, manifest, gone))
    refused(
        NotPermitted,
        lambda: sign_as(submission_id, manifest, signed_in(replace(moved, department=Department.CONTRACTS))),
    )
    could = {officer.id for officer in look_at_sheet(open_ledger(), submission_id, by=owner).could}
    assert left.id in could
    assert not could & {gone.id, moved.id}
    assert sign_as(submission_id, manifest, left).reached is ApprovalStatus.LEGAL_APPROVED
    assert sign_as(submission_id, manifest, finance).is_frozen


def test_a_signature_stands_when_its_signer_is_disabled_later(home: Settings, owner: Person, finance: Person) -> None:
    signer = new_signer(Department.LEGAL)
    submission_id = ready_offer(owner)
    manifest = send(submission_id, owner)
    sign_as(submission_id, manifest, signer)
    disable_person(open_ledger(), signer.email, at=clock.now())
    assert sign_as(submission_id, manifest, finance).is_frozen


def test_of_two_who_sign_the_same_step_at_once_one_does(home: Settings, owner: Person) -> None:
    first, second = new_signer(Department.LEGAL), new_signer(Department.LEGAL)
    submission_id = ready_offer(owner)
    manifest = send(submission_id, owner)
    outcomes: list[object] = []
    barrier = threading.Barrier(2)

    def go(by: Person) -> None:
        barrier.wait()
        try:
            outcomes.append(sign_as(submission_id, manifest, by).reached)
        except ProcuraError as error:
            outcomes.append(error)

    threads = [threading.Thread(target=go, args=(by,)) for by in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count(ApprovalStatus.LEGAL_APPROVED) == 1
    assert sum(isinstance(found, NotPermitted) for found in outcomes) == 1
    assert state(submission_id, owner) == (PENDING, ApprovalStatus.LEGAL_APPROVED)


def test_the_queue_says_what_i_may_sign_and_why_not_the_others(home: Settings, owner: Person) -> None:
    legal = new_signer(Department.LEGAL)
    mine, own = ready_offer(owner), ready_offer(legal)
    send(mine, owner)
    manifest = send(own, legal)
    found = {item.submission.id: item.why_not for item in my_queue(open_ledger(), by=legal)}
    assert found[mine] == ""
    assert "own this offer" in found[own]
    assert next(item.why_not for item in my_queue(open_ledger(), by=legal)) == "", "what I may sign comes first"
    assert "own this offer" in look_at_sheet(open_ledger(), own, by=legal).why_not
    assert manifest.body["files"][0]["name"] == "Volume I.txt"
    assert my_decisions(open_ledger(), by=legal) == []


def test_officers_of_any_department_with_a_step_see_what_they_sign(
    home: Settings, owner: Person, legal: Person, finance: Person
) -> None:
    operations = new_signer(Department.OPERATIONS)
    as_owner_of_tables(
        "insert into approval_steps (position, step_name, department) values (3, 'Operations', 'operations')"
    )
    try:
        submission_id = ready_offer(owner)
        manifest = send(submission_id, owner)
    finally:
        as_owner_of_tables("update approval_steps set is_active = false where position = 3")
    new_signer(Department.FINANCE)
    others = [p for p in _officers(Department.FINANCE) if p.id != finance.id]
    sign_as(submission_id, manifest, legal)
    assert sign_as(submission_id, manifest, signed_in(others[0])).reached is ApprovalStatus.LEGAL_APPROVED
    assert [item.submission.id for item in my_queue(open_ledger(), by=operations)] == [submission_id]
    assert sign_as(submission_id, manifest, operations).is_frozen


def test_an_offer_without_files_or_manifest_is_not_sent(home: Settings, owner: Person) -> None:
    submission_id = new_submission(owner, due_date=clock.now() + timedelta(days=3))
    refused(WrongState, lambda: send(submission_id, owner))
