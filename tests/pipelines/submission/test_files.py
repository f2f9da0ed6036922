"""Files of an offer through their use cases: kept before they are acknowledged, versions in order, verdicts of the product."""

import io
import json
import threading
import zipfile
from collections.abc import Callable
from datetime import timedelta

import openpyxl
import psycopg
import pytest

from pipelines.submission import file_scans
from pipelines.submission.files import files_of, find_openable, override_scan, remove_file, restore_file, upload_file
from tests.factories_ledger import AT
from tests.factories_people import new_person
from tests.factories_submissions import new_submission
from warehouse.addresses import superuser_conninfo
from warehouse.domain.access import Department, Person, Role
from warehouse.domain.submission_file import FileKind, ScanStatus
from warehouse.errors import BadInput, NotFound, NotPermitted, ProcuraError, WrongState
from warehouse.ledger import submission_files
from warehouse.ledger.store import open_ledger
from warehouse.ledger.submission_files import FileRow
from warehouse.object_store import is_whole, open_object_store
from warehouse.settings import Settings, current

pytestmark = pytest.mark.thorough

PROGRAM = b"MZ" + bytes(200)
RAR = b"Rar!\x1a\x07\x01\x00" + bytes(100)


def up(
    submission_id: str, by: Person, data: bytes = b"Our approach.", name: str = "volume.txt", **more: object
) -> FileRow:
    return upload_file(open_ledger(), submission_id, io.BytesIO(data), name, at=AT, by=by, **more)  # type: ignore[arg-type]


def as_superuser(statement: str, *parameters: object) -> None:
    with psycopg.connect(**superuser_conninfo(current())) as connection:
        connection.execute("set role procura_owner")
        connection.execute(statement, parameters)


def allow_unscanned(value: str) -> None:
    as_superuser(
        "insert into system_settings values ('allow_unscanned_files', %s) on conflict (key) do update set value = excluded.value",
        value,
    )


def stored() -> set[str]:
    return {found.path for found in open_object_store().walk()}


def facts_of(action: str, submission_id: str) -> list[dict[str, object]]:
    with open_ledger().read() as tx:
        rows = tx.rows(
            "select body, actor from audit_logs where action = %s and submission_ref = %s order by seq",
            [action, submission_id],
        )
    return [{**json.loads(bytes(row["body"]))["facts"], "actor": row["actor"]} for row in rows]


def test_an_uploaded_file_is_kept_scanned_and_written_down(home: Settings) -> None:
    owner = new_person()
    submission_id = new_submission(owner)
    file = up(submission_id, owner)
    assert (file.version, file.size_bytes, file.scan_status, file.kind) == (1, 13, ScanStatus.CLEAN, FileKind.OFFER)
    assert file.media_type.startswith("text/")
    assert file.passes
    assert is_whole(open_object_store(), file.storage_path)
    (uploaded,), (scanned,) = facts_of("file:uploaded", submission_id), facts_of("file:scanned", submission_id)
    assert (uploaded["actor"], uploaded["sha256"], uploaded["version"]) == (owner.id, file.sha256, 1)
    assert (scanned["actor"], scanned["status"]) == ("system", "clean")
    assert "volume" not in str(uploaded), "a name may be personal: the log holds the hash"


def test_a_refused_file_is_kept_never_given_out_and_its_people_are_told(home: Settings) -> None:
    owner, member = new_person(), new_person()
    submission_id = new_submission(owner, members=[member])
    file = up(submission_id, member, PROGRAM, "offer.pdf")
    assert file.scan_status is ScanStatus.REFUSED
    assert file.scan_reason
    assert not file.passes
    assert file.storage_path in stored()
    with pytest.raises(NotPermitted, match="refused"):
        find_openable(open_ledger(), file.id, by=owner)
    with open_ledger().read() as tx:
        told = tx.rows("select person_id::text as id from notifications where kind = 'file_refused'")
    assert {row["id"] for row in told} == {owner.id, member.id}


def test_versions_follow_each_other_and_none_is_overwritten(home: Settings) -> None:
    owner = new_person()
    submission_id = new_submission(owner)
    first = up(submission_id, owner, b"one")
    second = up(submission_id, owner, b"two", "volume, final.txt", document_id=first.document_id)
    assert (second.document_id, second.version) == (first.document_id, 2)
    (document,) = files_of(open_ledger(), submission_id, by=owner)
    assert [(f.version, f.sha256) for f in document] == [(2, second.sha256), (1, first.sha256)]
    with open_ledger().read(owner) as tx:
        assert [f.id for f in submission_files.list_files(tx, submission_id)] == [second.id]


def test_two_who_upload_versions_at_once_are_both_kept_in_order(home: Settings) -> None:
    owner, member = new_person(), new_person()
    submission_id = new_submission(owner, members=[member])
    first = up(submission_id, owner, b"one")
    faults: list[BaseException] = []

    def many(by: Person) -> None:
        try:
            for number in range(8):
                up(submission_id, by, f"{by.id} {number}".encode(), document_id=first.document_id)
        except ProcuraError as error:
            faults.append(error)

    threads = [threading.Thread(target=many, args=[by]) for by in (owner, member)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    (document,) = files_of(open_ledger(), submission_id, by=owner)
    assert [f.version for f in document] == list(range(17, 0, -1))


def test_the_same_bytes_again_are_told_kindly_and_stored_once(home: Settings) -> None:
    owner = new_person()
    submission_id, other = new_submission(owner), new_submission(owner)
    first = up(submission_id, owner, b"same")
    for more in ({}, {"document_id": first.document_id}):
        with pytest.raises(WrongState, match=r"exactly these bytes already: volume\.txt, version 1"):
            up(submission_id, owner, b"same", "copy.txt", **more)
    elsewhere = up(other, owner, b"same")
    assert elsewhere.storage_path == first.storage_path
    up(submission_id, owner, b"other", document_id=first.document_id)
    again = up(submission_id, owner, b"same", document_id=first.document_id)
    assert again.version == 3, "going back to what a document said before is a new version"


@pytest.mark.parametrize("data", [b"", b"x" * (1024**2 + 1)])
def test_empty_and_too_large_files_are_refused_and_leave_nothing(
    home: Settings, monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    owner = new_person()
    submission_id, before = new_submission(owner), stored()
    monkeypatch.setenv("PROCURA_FILES_MOST_MB", "1")
    current.cache_clear()
    try:
        with pytest.raises(BadInput):
            up(submission_id, owner, data)
    finally:
        monkeypatch.undo()
        current.cache_clear()
    assert stored() == before
    assert files_of(open_ledger(), submission_id, by=owner) == []


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\offer.pdf", "offer.pdf"),
        ("offer\u202efdp.exe", "offerfdp.exe"),
        ("a\x00b\nc.pdf", "abc.pdf"),
        ("CON.txt", "_CON.txt"),
        ("x" * 300 + ".pdf", "x" * 176 + ".pdf"),
        (" . ", "file"),
        ("Angebot für Köln (final) 日本.pdf", "Angebot für Köln (final) 日本.pdf"),
    ],
)
def test_names_are_tidied_and_the_given_one_is_kept_beside(home: Settings, given: str, kept: str) -> None:
    owner = new_person()
    file = up(new_submission(owner), owner, name=given)
    assert file.file_name == kept
    assert file.given_name == given.replace("\x00", "\ufffd")


def test_who_may_not_upload_leaves_no_byte(home: Settings) -> None:
    owner = new_person()
    submission_id, before = new_submission(owner), stored()
    for by in (new_person(), new_person(Role.ADMIN), new_person(Role.VIEWER), new_person(department=Department.LEGAL)):
        with pytest.raises(NotPermitted):
            up(submission_id, by, f"of {by.id}".encode())
    with pytest.raises(NotFound):
        up("nowhere", owner)
    file = up(submission_id, owner)
    with pytest.raises(NotFound):
        up(new_submission(owner), owner, b"x", document_id=file.document_id)
    assert stored() == before | {file.storage_path}


def test_a_department_brings_evidence_for_its_locked_point_and_nothing_else(home: Settings) -> None:
    owner, legal, finance = (
        new_person(),
        new_person(department=Department.LEGAL),
        new_person(department=Department.FINANCE),
    )
    submission_id = new_submission(owner)
    as_superuser(
        "insert into submission_tasks (submission_id, title, locked, department) values (%s, 'Terms read', true, 'legal')",
        submission_id,
    )
    file = up(submission_id, legal, b"evidence", kind=FileKind.EVIDENCE)
    assert file.kind is FileKind.EVIDENCE
    assert up(submission_id, legal, b"evidence 2", document_id=file.document_id).version == 2
    with pytest.raises(NotPermitted):
        up(submission_id, legal, b"offer")
    with pytest.raises(NotPermitted):
        up(submission_id, finance, b"evidence 3", kind=FileKind.EVIDENCE)


def test_files_stay_as_they_are_once_the_offer_is_no_draft(home: Settings) -> None:
    owner = new_person()
    submission_id = new_submission(owner)
    file = up(submission_id, owner)
    as_superuser("update submissions set status = 'pending_approval', sent_at = now() where id = %s", submission_id)
    deeds: list[Callable[[], object]] = [
        lambda: up(submission_id, owner, b"late"),
        lambda: remove_file(open_ledger(), file.document_id, at=AT, by=owner),
        lambda: restore_file(open_ledger(), file.document_id, by=owner),
    ]
    for deed in deeds:
        with pytest.raises(WrongState):
            deed()


def test_a_removed_document_comes_back_whole(home: Settings) -> None:
    owner, stranger = new_person(), new_person()
    submission_id = new_submission(owner)
    file = up(submission_id, owner)
    with pytest.raises(NotPermitted):
        remove_file(open_ledger(), file.document_id, at=AT, by=stranger)
    for _ in range(2):
        remove_file(open_ledger(), file.document_id, at=AT, by=owner)
    with open_ledger().read(owner) as tx:
        assert submission_files.list_files(tx, submission_id) == []
    assert len(facts_of("file:removed", submission_id)) == 1
    assert file.storage_path in stored()
    restore_file(open_ledger(), file.document_id, by=owner)
    with open_ledger().read(owner) as tx:
        assert [f.id for f in submission_files.list_files(tx, submission_id)] == [file.id]


def test_a_document_in_use_is_not_removed(home: Settings) -> None:
    owner = new_person()
    submission_id = new_submission(owner)
    packed, shown = up(submission_id, owner, b"packed"), up(submission_id, owner, b"shown", kind=FileKind.EVIDENCE)
    as_superuser(
        "insert into package_items (submission_id, document_id, position, package_name) values (%s, %s, 1, 'I')",
        submission_id, packed.document_id,
    )  # fmt: skip
    as_superuser(
        "insert into submission_tasks (submission_id, title, evidence_file_id, completed, completed_at, completed_by)"
        " values (%s, 'SAM is current', %s, true, now(), %s)",
        submission_id, shown.id, owner.id,
    )  # fmt: skip
    for file, why in ((packed, "in the package"), (shown, "SAM is current")):
        with pytest.raises(WrongState, match=why):
            remove_file(open_ledger(), file.document_id, at=AT, by=owner)


def test_what_cannot_be_scanned_passes_by_a_named_officer_who_did_not_upload_it(home: Settings) -> None:
    owner, member, stranger = new_person(), new_person(), new_person()
    submission_id = new_submission(owner, members=[member])
    file = up(submission_id, owner, RAR, "drawings.rar")
    clean = up(submission_id, owner, b"clean")
    assert file.scan_status is ScanStatus.NOT_SCANNED
    ledger, reason = open_ledger(), "Made by ourselves, opened on a machine apart"
    with pytest.raises(WrongState, match="not let pass here"):
        override_scan(ledger, file.id, reason, at=AT, by=member)
    allow_unscanned("yes")
    with pytest.raises(NotPermitted, match="own file"):
        override_scan(ledger, file.id, reason, at=AT, by=owner)
    with pytest.raises(NotPermitted):
        override_scan(ledger, file.id, reason, at=AT, by=stranger)
    with pytest.raises(BadInput):
        override_scan(ledger, file.id, "fine", at=AT, by=member)
    with pytest.raises(WrongState):
        override_scan(ledger, clean.id, reason, at=AT, by=member)
    override_scan(ledger, file.id, reason, at=AT, by=member)
    found = find_openable(ledger, file.id, by=owner)
    assert (found.passes, found.override_by, found.override_reason) == (True, member.id, reason)
    with pytest.raises(WrongState):
        override_scan(ledger, file.id, reason, at=AT, by=member)
    allow_unscanned("no")


def test_the_ledger_itself_refuses_that_somebody_lets_an_own_file_pass(home: Settings) -> None:
    owner = new_person()
    file = up(new_submission(owner), owner, RAR)
    with pytest.raises(psycopg.errors.CheckViolation):
        as_superuser(
            "update submission_files set override_by = %s, override_at = now(), override_reason = 'x' where id = %s",
            owner.id, file.id,
        )  # fmt: skip


def test_a_scan_that_was_cut_off_is_finished(home: Settings) -> None:
    owner = new_person()
    file = up(new_submission(owner), owner, b"cut off")
    as_superuser(
        "update submission_files set scan_status = 'pending', media_type = 'application/octet-stream' where id = %s",
        file.id,
    )
    with pytest.raises(NotPermitted, match="not ended yet"):
        find_openable(open_ledger(), file.id, by=owner)
    assert file_scans.finish_scans(open_ledger(), at=AT) == 0
    assert [f.id for f in file_scans.waiting_scans(open_ledger(), at=AT + timedelta(minutes=1))] == [file.id]
    assert file_scans.finish_scans(open_ledger(), at=AT + timedelta(minutes=1)) == 0
    assert find_openable(open_ledger(), file.id, by=owner).passes


def test_a_scan_whose_bytes_do_not_come_stays_pending(home: Settings) -> None:
    owner = new_person()
    file = up(new_submission(owner), owner, b"lost bytes")
    as_superuser("update submission_files set scan_status = 'pending' where id = %s", file.id)
    open_object_store().delete(file.storage_path)
    assert file_scans.finish_scans(open_ledger(), at=AT + timedelta(minutes=1)) == 1


def test_a_macro_workbook_is_refused(home: Settings) -> None:
    book = io.BytesIO()
    openpyxl.Workbook().save(book)
    with zipfile.ZipFile(book, "a") as parts:
        parts.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504))
    owner = new_person()
    assert up(new_submission(owner), owner, book.getvalue(), "price.xlsx").scan_status is ScanStatus.REFUSED
