"""The signer looks before it signs; the second place is brought what it misses, and bears witness."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.factories_audit import superuser
from warehouse.audit.checkpoint import Checkpoint, write_checkpoint
from warehouse.audit.note import read_note
from warehouse.audit.signer import signer
from warehouse.audit.verify import verify_log
from warehouse.audit.witness import FolderWitness, faults, read_places
from warehouse.domain.audit_event import AuditEvent
from warehouse.errors import AuditBroken
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

AT = datetime(2026, 4, 10, tzinfo=UTC)


def deed(count: int = 1) -> None:
    for number in range(count):
        with open_ledger().deed(AuditEvent("a:b", f"thing {number}", "system")):
            pass


def sign(home: Settings, at: datetime = AT) -> Checkpoint:
    written = write_checkpoint(open_ledger(), home, at=at)
    assert written is not None
    return written


@pytest.fixture
def folder(home: Settings) -> Iterator[FolderWitness]:
    """The second place, restored afterwards."""
    deed()
    sign(home)
    place = FolderWitness(home, signer(home).origin)
    kept = home.resolved_home / "kept"
    shutil.copytree(place.root, kept)
    yield place
    shutil.rmtree(place.root, ignore_errors=True)
    shutil.copytree(kept, place.root)
    shutil.rmtree(kept)


def test_a_checkpoint_names_the_one_before_and_lies_in_the_second_place_too(home: Settings) -> None:
    deed(3)
    first = sign(home)
    deed(2)
    second = sign(home)
    said = read_note(second.note)
    assert (said.size, said.previous_size, said.previous_root) == (first.size + 2, first.size, first.root)
    place = FolderWitness(home, signer(home).origin)
    assert place.newest() == (second.size, second.note)
    assert place.leaves(second.size) == second.leaves
    assert {p.stat().st_mode & 0o777 for p in place.root.rglob("*.*")} == {0o600}


def test_signing_again_without_a_new_record_returns_the_last_one(home: Settings) -> None:
    deed()
    assert sign(home).note == sign(home, AT + timedelta(hours=1)).note


def test_who_asked_earlier_and_signs_later_signs_no_earlier_time(home: Settings) -> None:
    """Workers wait for each other: the one that began first may come last, and the log still holds."""
    later = AT + timedelta(days=30)
    deed()
    first = sign(home, later)
    deed()
    second = sign(home, later - timedelta(seconds=3))
    deed()
    third = sign(home, later + timedelta(seconds=1))
    assert [one.written_at for one in (first, second, third)] == [later, later, later + timedelta(seconds=1)]
    assert verify_log(open_ledger(), home, at=later).holds


def test_a_folder_that_cannot_be_written_stops_no_work_and_is_caught_up(home: Settings, tmp_path: Path) -> None:
    blocked = tmp_path / "no-folder"
    blocked.write_text("a file where the folder should be")
    elsewhere = home.model_copy(update={"audit_witness_dir": blocked})
    deed()
    written = sign(elsewhere)
    assert [str(blocked) in words for words in faults(elsewhere)] == [True]
    blocked.unlink()
    deed()
    again = sign(elsewhere)
    assert faults(elsewhere) == []
    sizes = FolderWitness(elsewhere, signer(home).origin).sizes()
    assert {written.size, again.size} <= set(sizes)
    assert read_places(elsewhere)["folder"].size == again.size
    sign(home)


def test_a_broken_record_is_not_signed(home: Settings) -> None:
    deed()
    size = sign(home).size
    deed(2)
    with superuser(home) as connection:
        connection.execute("alter table audit_logs disable trigger refuse_change")
        connection.execute("update audit_logs set actor = 'x' where seq = %s", [size + 2])
        with pytest.raises(AuditBroken, match=f"record {size + 2}: its column actor"):
            sign(home)
        connection.execute("update audit_logs set actor = 'system' where seq = %s", [size + 2])
        connection.execute("alter table audit_logs enable always trigger refuse_change")
    assert sign(home).size == size + 2


def test_a_log_that_was_rolled_back_is_not_signed_on(home: Settings, folder: FolderWitness) -> None:
    deed()
    size = sign(home).size
    with superuser(home) as connection:
        for table in ("audit_logs", "audit_checkpoints"):
            connection.execute(f"alter table {table} disable trigger refuse_change")
        connection.execute("create temporary table kept as select * from audit_logs where seq = %s", [size])
        connection.execute("create temporary table kept_too as select * from audit_checkpoints where size = %s", [size])
        connection.execute("delete from audit_logs where seq = %s", [size])
        connection.execute("delete from audit_checkpoints where size = %s", [size])
        with pytest.raises(AuditBroken, match="records are missing"):
            sign(home)
        deed(2)  # another history, of the same length and longer
        with pytest.raises(AuditBroken, match="holds another one"):
            sign(home)
        connection.execute("delete from audit_logs where seq >= %s", [size])
        connection.execute("insert into audit_logs select * from kept")
        connection.execute("insert into audit_checkpoints select * from kept_too")
        for table in ("audit_logs", "audit_checkpoints"):
            connection.execute(f"alter table {table} enable always trigger refuse_change")
    assert verify_log(open_ledger(), home, at=AT).holds


@pytest.mark.parametrize("change", ["edited", "dropped", "added"])
def test_a_second_place_that_says_something_else_is_found(home: Settings, folder: FolderWitness, change: str) -> None:
    deed()
    size = sign(home).size
    deed()
    last = sign(home)
    path = next(folder.root.rglob(f"{size:012d}.note"))
    if change == "edited":
        path.write_text(path.read_text().replace("\n", " \n", 1))
    elif change == "dropped":
        path.unlink()
    else:
        folder.put(last.size + 7, last.note, last.leaves, AT)
    verdict = verify_log(open_ledger(), home, at=AT)
    assert not verdict.holds
    assert str(folder.root) in verdict.first_fault or "is missing" in verdict.first_fault


def test_incremental_verification_looks_at_what_is_new_and_refuses_a_smaller_log(home: Settings) -> None:
    deed(5)
    whole = verify_log(open_ledger(), home, at=AT)
    deed(3)
    new = verify_log(open_ledger(), home, at=AT, since_last=True)
    assert (whole.holds, new.holds, new.checked, new.records) == (True, True, 3, whole.records + 3)
    with superuser(home) as connection:
        connection.execute("alter table audit_logs disable trigger refuse_change")
        connection.execute("create temporary table kept as select * from audit_logs where seq > %s", [new.records - 2])
        connection.execute("delete from audit_logs where seq > %s", [new.records - 2])
        for since_last in (True, False):
            smaller = verify_log(open_ledger(), home, at=AT, since_last=since_last)
            assert (smaller.position, "were accepted" in smaller.first_fault) == (new.records - 1, True)
        deed(4)
        other = verify_log(open_ledger(), home, at=AT, since_last=True)
        assert (other.position, "accepted at" in other.first_fault) == (new.records, True)
        assert not verify_log(open_ledger(), home, at=AT).holds
        connection.execute("delete from audit_logs where seq > %s", [new.records - 2])
        connection.execute("insert into audit_logs select * from kept")
        connection.execute("alter table audit_logs enable always trigger refuse_change")
    assert verify_log(open_ledger(), home, at=AT).holds


def test_two_processes_give_the_verdict_that_one_gives(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    from warehouse.audit import chunks

    monkeypatch.setattr(chunks, "WORTH_PROCESSES", 2)
    deed(3)
    sign(home)
    one = verify_log(open_ledger(), home, at=AT)
    assert verify_log(open_ledger(), home, at=AT, processes=True) == one
    with superuser(home) as connection:
        connection.execute("alter table audit_logs disable trigger refuse_change")
        connection.execute("update audit_logs set subject = subject || '!' where seq = 3")
        two = verify_log(open_ledger(), home, at=AT, processes=True)
        assert (two.position, two) == (3, verify_log(open_ledger(), home, at=AT))
        connection.execute("update audit_logs set subject = rtrim(subject, '!') where seq = 3")
        connection.execute("alter table audit_logs enable always trigger refuse_change")
