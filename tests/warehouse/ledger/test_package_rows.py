"""Rows of packages by raw SQL of the app: who works on an open draft writes them, nobody else, and nobody writes history anew."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from itertools import product

import psycopg
import pytest

from tests.factories_ledger import AT
from tests.factories_people import new_person
from tests.factories_submissions import new_file_row, new_submission
from warehouse.domain.access import Department, Person, Role
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.package import PackageItem
from warehouse.ledger.package_items import list_items, write_items
from warehouse.ledger.package_manifests import add_manifest, read_manifest
from warehouse.ledger.store import Deed, open_ledger
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough

BODY = b'{"version":1}'


@contextmanager
def deed_of(by: Person) -> Iterator[Deed]:
    with open_ledger().deed(AuditEvent("test:tried", "x", by.id), by) as deed:
        yield deed


def packed_offer(owner: Person, *, members: tuple[Person, ...] = ()) -> tuple[str, list[PackageItem]]:
    submission_id = new_submission(owner, members=members)
    documents = [new_file_row(submission_id, owner)[1] for _ in range(3)]
    items = [PackageItem(document_id, f"Volume {n}.pdf") for n, document_id in enumerate(documents, 1)]
    with deed_of(owner) as deed:
        write_items(deed, submission_id, items)
    return submission_id, items


def written(by: Person, statement: str, *parameters: object) -> int:
    """How many rows a statement wrote; refused counts as none."""
    try:
        with deed_of(by) as deed:
            return deed.execute(statement, parameters).rowcount
    except psycopg.errors.InsufficientPrivilege:
        return 0


def manifest(by: Person, submission_id: str, *, made_by: str, body: bytes = BODY, digest: str = "") -> int:
    return written(
        by,
        "insert into package_manifests (id, submission_id, number, body, manifest_hash, made_by, made_at)"
        " select gen_random_uuid(), %s, 1 + count(*), %s, %s, %s, now() from package_manifests where submission_id = %s",
        submission_id, body, digest or sha256(body).hexdigest(), made_by, submission_id,
    )  # fmt: skip


def test_items_keep_those_that_did_not_change_and_count_the_others_up(home: Settings) -> None:
    owner = new_person()
    submission_id, (one, two, three) = packed_offer(owner)
    swapped = [
        one,
        PackageItem(two.document_id, three.package_name),
        PackageItem(three.document_id, two.package_name, "II"),
    ]
    with deed_of(owner) as deed:
        write_items(deed, submission_id, swapped)
    with open_ledger().read(owner) as tx:
        assert list_items(tx, submission_id) == swapped
        rows = tx.rows("select version from package_items where submission_id = %s order by position", [submission_id])
    assert [row["version"] for row in rows] == [1, 2, 2]


@pytest.mark.parametrize(("role", "department"), list(product(Role, Department)))
def test_only_who_works_on_a_draft_writes_its_package(home: Settings, role: Role, department: Department) -> None:
    person, owner = new_person(role, department), new_person()
    can_share = role is Role.CONTRACT_OFFICER
    others, shared = packed_offer(owner)[0], packed_offer(owner, members=(person,) if can_share else ())[0]
    for submission_id, may_write in ((others, False), (shared, can_share)):
        for statement in (
            "update package_items set volume = 'x' where submission_id = %s",
            "insert into package_items (submission_id, document_id, position, package_name) select %s, gen_random_uuid(), 9, 'New.pdf'",
            "delete from package_items where submission_id = %s",
        ):
            assert (written(person, statement, submission_id) > 0) == may_write, statement
        assert (manifest(person, submission_id, made_by=person.id) > 0) == may_write


def test_a_manifest_is_made_in_the_own_name_and_its_hash_is_its_bytes(home: Settings) -> None:
    owner, member = new_person(), new_person()
    submission_id, _ = packed_offer(owner, members=(member,))
    assert manifest(member, submission_id, made_by=owner.id) == 0
    with pytest.raises(psycopg.errors.CheckViolation):
        manifest(owner, submission_id, made_by=owner.id, digest="0" * 64)
    with deed_of(owner) as deed:
        made = add_manifest(
            deed, submission_id, BODY, sha256(BODY).hexdigest(), manifest_id=str(uuid.uuid4()), made_by=owner.id, at=AT
        )
    assert (made.number, made.body, made.encoded) == (1, {"version": 1}, BODY)
    with open_ledger().read(member) as tx:
        assert read_manifest(tx, made.id) == made


@pytest.mark.parametrize("role", Role)
def test_what_was_sent_is_never_written_anew(home: Settings, role: Role) -> None:
    owner = new_person()
    submission_id, _ = packed_offer(owner)
    assert manifest(owner, submission_id, made_by=owner.id) == 1
    by = owner if role is Role.CONTRACT_OFFICER else new_person(role)
    for statement in (
        "update package_manifests set body = 'x', manifest_hash = encode(sha256('x'), 'hex') where submission_id = %s",
        "update package_manifests set voided_at = null, void_reason = null where submission_id = %s",
        "update package_manifests set frozen_at = now() where submission_id = %s",
        "delete from package_manifests where submission_id = %s",
        "update submissions set manifest_id = (select id from package_manifests limit 1) where id = %s",
    ):
        assert written(by, statement, submission_id) == 0, statement
