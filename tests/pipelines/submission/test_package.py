"""The package of an offer through its use cases: what goes in, how it is delivered, and the bytes that are signed."""

import io
import json
from typing import Any

import psycopg
import pytest

from pipelines.submission.files import remove_file, upload_file
from pipelines.submission.look_up import find_submission
from pipelines.submission.package import (
    StatedLimit,
    check_gates,
    check_is_as_shown,
    count_pages,
    gates_of,
    look_at_package,
    make_manifest,
    set_delivery,
    set_items,
    verify_bytes,
)
from tests.factories_approvals import HERE_FIELDS, add_file, ready_offer, send
from tests.factories_people import new_person
from tests.factories_submissions import new_file_row, new_submission
from warehouse import clock
from warehouse.addresses import superuser_conninfo
from warehouse.domain.access import Department, Person
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.package import Limits, PackageItem, Source
from warehouse.errors import BadInput, NotPermitted, WrongState
from warehouse.ledger.audit_records import RecordFilter, find_records
from warehouse.ledger.package_manifests import Manifest, manifests_of, read_manifest
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings, current

pytestmark = pytest.mark.thorough

AT = clock.now()


def version_of(submission_id: str, by: Person) -> int:
    return find_submission(open_ledger(), submission_id, by=by).version


def pack(submission_id: str, by: Person, *items: PackageItem, version: int | None = None) -> None:
    seen = version_of(submission_id, by) if version is None else version
    set_items(open_ledger(), submission_id, items, version=seen, at=AT, by=by)


def deliver(submission_id: str, by: Person, *, version: int | None = None, **changes: Any) -> None:
    wanted: dict[str, Any] = {"executor": "assisted", "fields": HERE_FIELDS, "limits": {}} | changes
    seen = version_of(submission_id, by) if version is None else version
    set_delivery(open_ledger(), submission_id, **wanted, version=seen, at=AT, by=by)


def items_of(submission_id: str, by: Person) -> list[PackageItem]:
    return [p.item for p in look_at_package(open_ledger(), submission_id, at=AT, by=by).state.packed]


def facts_of(submission_id: str, action: str) -> list[dict[str, Any]]:
    """What the log says of an offer, newest first."""
    with open_ledger().read() as tx:
        rows = find_records(tx, RecordFilter(subject=submission_id, action=action)).rows
    assert {row.submission_ref for row in rows} <= {submission_id}
    return [json.loads(row.body)["facts"] for row in rows]


@pytest.fixture(scope="module")
def signers(home: Settings) -> None:
    """People without whom nothing could be sent: somebody must be able to sign it."""
    for department in (Department.LEGAL, Department.FINANCE):
        new_person(department=department)


@pytest.fixture
def owner(signers: None) -> Person:
    return new_person()


def offer_with_files(owner: Person, *names: str) -> tuple[str, list[PackageItem]]:
    submission_id = new_submission(owner)
    documents = [new_file_row(submission_id, owner, name=name)[1] for name in names]
    return submission_id, [PackageItem(d, n, "") for d, n in zip(documents, names, strict=True)]


def test_files_are_added_ordered_renamed_and_removed(owner: Person) -> None:
    submission_id, (one, two, three) = offer_with_files(owner, "a.pdf", "b.pdf", "c.pdf")
    pack(submission_id, owner, one, two)
    # Two swap their names while a third comes: names are unique at each step on the way.
    swapped = PackageItem(one.document_id, "b.pdf", "Volume I"), PackageItem(two.document_id, "a.pdf", "")
    pack(submission_id, owner, three, *swapped)
    assert items_of(submission_id, owner) == [three, *swapped]
    pack(submission_id, owner, swapped[1])
    assert items_of(submission_id, owner) == [swapped[1]]
    look = look_at_package(open_ledger(), submission_id, at=AT, by=owner)
    assert [file.file_name for file in look.state.others] == ["a.pdf", "c.pdf"]
    told = [{k: v for k, v in facts.items() if k != "sha256"} for facts in facts_of(submission_id, "package:items_set")]
    assert {"files": 3, "added": 1, "removed": 0, "renamed": 2, "reordered": False} in told
    assert {"files": 1, "added": 0, "removed": 2, "renamed": 0, "reordered": False} in told


def test_the_same_package_again_changes_and_tells_nothing(owner: Person) -> None:
    submission_id, items = offer_with_files(owner, "a.pdf")
    pack(submission_id, owner, *items)
    before = version_of(submission_id, owner), len(facts_of(submission_id, "package:items_set"))
    pack(submission_id, owner, *items)
    assert (version_of(submission_id, owner), len(facts_of(submission_id, "package:items_set"))) == before


def test_a_stale_page_changes_nothing_and_says_so(owner: Person) -> None:
    submission_id, items = offer_with_files(owner, "a.pdf")
    seen = version_of(submission_id, owner)
    pack(submission_id, owner, *items)
    for change in (
        lambda: pack(submission_id, owner, version=seen),
        lambda: deliver(submission_id, owner, version=seen),
    ):
        with pytest.raises(WrongState, match="changed this offer"):
            change()
    assert items_of(submission_id, owner) == items


def test_what_the_ledger_cannot_hold_is_refused_by_name(owner: Person) -> None:
    submission_id, (one, two) = offer_with_files(owner, "a.pdf", "b.pdf")
    bad = {
        "Two files are named b.pdf": [two, PackageItem(one.document_id, "B.pdf")],
        "1 to 200 characters": [PackageItem(one.document_id, "  ")],
        "no file name can": [PackageItem(one.document_id, "../a.pdf")],
        "there twice": [one, PackageItem(one.document_id, "c.pdf")],
        "not in this workspace": [PackageItem("00000000-0000-0000-0000-000000000000", "c.pdf")],
    }
    for said, items in bad.items():
        with pytest.raises(BadInput, match=said):
            pack(submission_id, owner, *items)
    assert items_of(submission_id, owner) == []


def test_evidence_never_leaves_the_firm(owner: Person) -> None:
    submission_id = new_submission(owner)
    file = upload_file(open_ledger(), submission_id, io.BytesIO(b"a proof"), "p.txt", kind="evidence", at=AT, by=owner)
    with pytest.raises(BadInput, match="not in this workspace"):
        pack(submission_id, owner, PackageItem(file.document_id, "p.txt"))


def test_strangers_do_not_touch_a_package(owner: Person) -> None:
    submission_id, items = offer_with_files(owner, "a.pdf")
    for stranger in (new_person(), new_person(department=Department.LEGAL)):
        with pytest.raises(NotPermitted):
            pack(submission_id, stranger, *items)
        with pytest.raises(NotPermitted):
            deliver(submission_id, stranger)


def test_delivery_keeps_who_stated_what_and_where_it_was_read(owner: Person) -> None:
    member = new_person()
    submission_id = new_submission(owner, members=[member])
    quote = "Offers shall not exceed 25 MB."
    deliver(submission_id, owner, limits={"total_bytes": StatedLimit(25_000_000, quote)})
    stated = {"total_bytes": StatedLimit(25_000_000, quote), "pages": StatedLimit({"Technical": 30})}
    deliver(submission_id, member, limits=stated)
    state = look_at_package(open_ledger(), submission_id, at=AT, by=owner).state
    assert (state.limits.total_bytes, state.limits.pages, state.fields) == (25_000_000, {"Technical": 30}, HERE_FIELDS)
    assert state.limits.sources["total_bytes"] == Source(owner.id, AT.isoformat(), quote)
    assert state.limits.sources["pages"].by == member.id
    assert facts_of(submission_id, "package:delivery_set")[0]["changed"] == "pages"
    deliver(submission_id, owner)
    assert look_at_package(open_ledger(), submission_id, at=AT, by=owner).state.limits == Limits()


def test_a_faulty_field_or_limit_is_refused_by_its_label(owner: Person) -> None:
    submission_id = new_submission(owner)
    bad: list[tuple[dict[str, Any], str]] = [
        ({"executor": "email", "fields": {"to": "nobody"}}, "To: 'nobody' is no e-mail address"),
        ({"executor": "email", "fields": {"subject": "Offer\nBcc: x@y.example"}}, "Subject: is one line"),
        ({"fields": {"portal_address": "http://portal.example"}}, "Address of the portal"),
        ({"fields": {"entries": "UEI ABC"}}, "line 1"),
        ({"fields": {"pigeon": "grey"}}, "pigeon: is no field"),
        ({"executor": "pigeon"}, "'pigeon' is none"),
        ({"limits": {"total_bytes": StatedLimit(0)}}, "All files together: is not between"),
        ({"limits": {"file_types": StatedLimit(["exe"])}}, "'exe' is no known file type"),
        ({"limits": {"name_template": StatedLimit("{nobody}.pdf")}}, "{nobody} is not known"),
        ({"limits": {"weight": StatedLimit(1)}}, "weight: is no limit"),
        ({"limits": {"pages": StatedLimit({"I": True})}}, "no whole number"),
        ({"limits": {"volumes": StatedLimit(["I"], "x" * 2_001)}}, "quote is too long"),
    ]
    for changes, said in bad:
        with pytest.raises(BadInput) as refused:
            deliver(submission_id, owner, **changes)
        assert said in refused.value.what
    deliver(submission_id, owner, fields={"portal_name": "half written"})


def test_pages_counted_by_hand_hold_for_one_version_of_a_file(owner: Person) -> None:
    submission_id = new_submission(owner)
    document_id = add_file(submission_id, owner)
    file = look_at_package(open_ledger(), submission_id, at=AT, by=owner).state.files[0][1]

    def count(pages: int, file_id: str) -> None:
        version = version_of(submission_id, owner)
        count_pages(open_ledger(), submission_id, file_id, pages, version=version, at=AT, by=owner)

    count(7, file.id)
    assert look_at_package(open_ledger(), submission_id, at=AT, by=owner).state.packed[0].pages == 7
    for pages, file_id in ((0, file.id), (3, "nothing")):
        with pytest.raises(BadInput):
            count(pages, file_id)
    upload_file(
        open_ledger(),
        submission_id,
        io.BytesIO(b"another text"),
        "Volume I.txt",
        document_id=document_id,
        at=AT,
        by=owner,
    )
    assert look_at_package(open_ledger(), submission_id, at=AT, by=owner).state.packed[0].pages is None


def test_a_ready_package_is_sent_with_the_hash_that_was_shown(owner: Person) -> None:
    submission_id = ready_offer(owner)
    look = look_at_package(open_ledger(), submission_id, at=clock.now(), by=owner)
    assert [g for g in look.gates if not g.passed] == []
    sent = send(submission_id, owner)
    assert (sent.hash, sent.encoded, sent.number) == (look.hash, look.encoded, 1)
    again = look_at_package(open_ledger(), submission_id, at=clock.now(), by=owner)
    assert again.present == sent
    assert again.hash == sent.hash, "asked again while it waits, the package is the same"
    with open_ledger().read(owner) as tx:
        assert manifests_of(tx, submission_id) == [sent]
        assert read_manifest(tx, "nothing") is None


def test_nothing_of_a_package_changes_once_it_was_sent(owner: Person) -> None:
    submission_id = ready_offer(owner)
    send(submission_id, owner)
    for change in (
        lambda: pack(submission_id, owner),
        lambda: deliver(submission_id, owner, executor="email", fields={}),
    ):
        with pytest.raises(WrongState, match="pending approval"):
            change()
    assert len(items_of(submission_id, owner)) == 1


def manifest_now(submission_id: str, by: Person) -> Manifest:
    submission = find_submission(open_ledger(), submission_id, by=by)
    with open_ledger().deed(AuditEvent("test:tried", submission_id, by.id), by) as deed:
        return make_manifest(deed, submission, at=clock.now(), by=by)


def test_no_manifest_is_made_past_a_gate_nor_of_a_state_that_was_not_seen(owner: Person) -> None:
    submission_id = ready_offer(owner)
    seen = find_submission(open_ledger(), submission_id, by=owner)
    deliver(submission_id, owner, fields={})
    with pytest.raises(WrongState, match="Delivery is described: no"):
        manifest_now(submission_id, owner)
    with (
        pytest.raises(WrongState, match="changed this offer"),
        open_ledger().deed(AuditEvent("test:tried", submission_id, owner.id), owner) as deed,
    ):
        make_manifest(deed, seen, at=clock.now(), by=owner)
    with open_ledger().read(owner) as tx:
        assert manifests_of(tx, submission_id) == []


def test_a_package_that_is_not_the_one_shown_is_not_sent(owner: Person) -> None:
    submission_id = ready_offer(owner)
    look = look_at_package(open_ledger(), submission_id, at=AT, by=owner)
    check_is_as_shown(open_ledger(), submission_id, look.hash, at=AT, by=owner)
    document_id = look.state.packed[0].item.document_id
    upload_file(
        open_ledger(), submission_id, io.BytesIO(b"cheaper"), "Volume I.txt", document_id=document_id, at=AT, by=owner
    )
    assert version_of(submission_id, owner) == look.state.submission.version
    with pytest.raises(WrongState, match="not the one that you saw"):
        check_is_as_shown(open_ledger(), submission_id, look.hash, at=AT, by=owner)


def test_gates_speak_of_the_real_stores(owner: Person) -> None:
    submission_id = ready_offer(owner)
    with open_ledger().read(owner) as tx:
        submission = find_submission(open_ledger(), submission_id, by=owner)
        check_gates(gates_of(tx, submission, at=clock.now()))
        with pytest.raises(WrongState, match="The deadline is ahead: no"):
            check_gates(gates_of(tx, submission, at=submission.due_date or AT))
    bare = new_submission(owner)
    _, document_id = new_file_row(bare, owner, clean=False)
    pack(bare, owner, PackageItem(document_id, "volume_1.pdf"))
    closed = {g.name for g in look_at_package(open_ledger(), bare, at=AT, by=owner).gates if not g.passed}
    assert closed == {"Every file was scanned", "Delivery is described"}


def test_what_would_stop_a_delivery_is_told_before_anybody_signs(owner: Person) -> None:
    submission_id = ready_offer(owner)
    name = "The way to deliver takes it"
    gates = {g.name: g for g in look_at_package(open_ledger(), submission_id, at=AT, by=owner).gates}
    assert (gates[name].passed, gates[name].warns) == (True, False)
    deliver(submission_id, owner, executor="email", fields={"to": "offers@agency.example", "subject": "Offer"})
    gates = {g.name: g for g in look_at_package(open_ledger(), submission_id, at=AT, by=owner).gates}
    assert (gates[name].passed, gates[name].warns) == (True, True)
    assert "no portal profile is in use for this way" in gates[name].reason


def test_changed_and_lost_bytes_are_found_when_they_are_read_again(owner: Person) -> None:
    submission_id = ready_offer(owner)
    add_file(submission_id, owner, b"What it costs.", "Volume II.txt")
    sent = send(submission_id, owner)
    assert verify_bytes(open_ledger(), sent) == []
    paths = {}
    with psycopg.connect(**superuser_conninfo(current())) as connection:
        for name, path in connection.execute(
            "select file_name, storage_path from submission_files where submission_id = %s", [submission_id]
        ):
            paths[name] = next(current().resolved_home.rglob(path.rpartition("/")[2]))
    changed, lost = paths["Volume I.txt"], paths["Volume II.txt"]
    kept = changed.read_bytes()
    changed.chmod(0o600)
    changed.write_bytes(kept.replace(b"O", b"0"))
    lost.unlink()
    faults = verify_bytes(open_ledger(), sent)
    assert len(faults) == 2
    assert faults[0].startswith("Volume I.txt: 13 bytes with SHA-256")
    assert faults[1] == "Volume II.txt: its bytes are gone."


def test_a_file_of_the_package_is_not_removed_under_it(owner: Person) -> None:
    submission_id = new_submission(owner)
    document_id = add_file(submission_id, owner)
    with pytest.raises(WrongState):
        remove_file(open_ledger(), document_id, at=AT, by=owner)
