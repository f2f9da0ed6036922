"""What the doctor says of files of offers, each on an example: lost, stray, damaged, half-written, waiting for a scan."""

import io
import os
from collections.abc import Iterable
from datetime import timedelta

import pytest

from pipelines.administration.operations import Finding
from pipelines.administration.stored_files import examine_files, remove_unnamed
from pipelines.submission.files import upload_file
from tests.factories_people import new_person
from tests.factories_submissions import new_submission
from warehouse.clock import now
from warehouse.ledger import submission_files
from warehouse.ledger.store import open_ledger
from warehouse.ledger.submission_files import FileRow
from warehouse.object_store import open_object_store
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough

LATER = timedelta(hours=2)


def up(data: bytes, name: str = "volume.txt") -> FileRow:
    owner = new_person()
    return upload_file(open_ledger(), new_submission(owner), io.BytesIO(data), name, at=now(), by=owner)


def look(subject: str, *, after: timedelta = LATER, reads_all: bool = False) -> Finding:
    found: Iterable[Finding] = examine_files(open_ledger(), open_object_store(), at=now() + after, reads_all=reads_all)
    return next(finding for finding in found if finding.subject == subject)


def test_rows_and_bytes_that_belong_together_are_no_fault(home: Settings) -> None:
    up(b"whole")
    assert all(f.is_good for f in examine_files(open_ledger(), open_object_store(), at=now() + LATER))


def test_lost_bytes_are_named_and_not_mended(home: Settings) -> None:
    file, store = up(b"to be lost", "prices.txt"), open_object_store()
    store.delete(file.storage_path)
    finding = look("files")
    assert not finding.is_good
    assert "prices.txt, version 1" in finding.what
    assert "Network maintenance" in finding.what
    assert "backup" in finding.todo
    assert finding.mend is None
    store.put(io.BytesIO(b"to be lost"), limit=100)
    assert look("files").is_good


def test_bytes_without_a_row_go_after_an_hour_and_named_ones_never(home: Settings) -> None:
    store, file = open_object_store(), up(b"named")
    stray = store.put(io.BytesIO(b"an upload that broke off"), limit=100).path
    assert look("stray files", after=timedelta(minutes=50)).is_good
    finding = look("stray files")
    assert not finding.is_good
    assert finding.mend is not None
    finding.mend()
    assert not store.has(stray)
    assert store.has(file.storage_path)
    assert remove_unnamed(open_ledger(), store, [file.storage_path, "../../etc/passwd", ""]) == 0
    assert store.has(file.storage_path)


def test_bytes_whose_row_is_being_written_are_waited_for(home: Settings) -> None:
    import threading

    store, file = open_object_store(), up(b"first")
    path = store.put(io.BytesIO(b"written this moment"), limit=100).path
    done: list[int] = []
    with open_ledger().housekeeping() as tx:
        submission_files.hold_bytes(tx, path)
        remover = threading.Thread(target=lambda: done.append(remove_unnamed(open_ledger(), store, [path])))
        remover.start()
        remover.join(1)
        assert done == []
        assert store.has(path)
    remover.join(20)
    assert done == [1], "no row came: then they go"
    assert store.has(file.storage_path)


def test_a_damaged_file_is_named(home: Settings) -> None:
    file = up(b"to be damaged", "terms.txt")
    place = home.files / file.storage_path
    place.write_bytes(b"to be damagex")
    finding = look("bytes of files", reads_all=True)
    assert not finding.is_good
    assert "terms.txt" in finding.what
    open_object_store().put(io.BytesIO(b"to be damaged"), limit=100)
    assert look("bytes of files").is_good


def test_half_written_files_of_killed_uploads_go(home: Settings) -> None:
    up(b"makes the folder")
    half = home.files / ".drafts" / "1-dead"
    half.write_bytes(b"half")
    os.utime(half, (0, 0))
    finding = look("drafts", after=timedelta())
    assert not finding.is_good
    assert finding.mend is not None
    finding.mend()
    assert not half.exists()


@pytest.mark.thorough
def test_the_command_finishes_scans_and_mends_what_is_safe(home: Settings) -> None:
    from typer.testing import CliRunner

    from cli.main import app
    from tests.pipelines.submission.test_files import as_superuser

    file = up(b"cut off")
    as_superuser(
        "update submission_files set scan_status = 'pending', created_at = now() - interval '1 hour' where id = %s",
        file.id,
    )
    told = CliRunner().invoke(app, ["doctor", "--all-files"]).output
    assert "1 files wait for a scan" in told
    assert "mended: 1 files wait" in CliRunner().invoke(app, ["doctor", "--fix"]).output
    assert "no file waits for its scan" in CliRunner().invoke(app, ["doctor"]).output
