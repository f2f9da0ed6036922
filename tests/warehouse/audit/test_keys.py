from datetime import UTC, datetime
from pathlib import Path

import pytest

from warehouse.audit.keys import audit_keys, rotate_audit_key
from warehouse.audit.verify import verify_log
from warehouse.domain.audit_event import AuditEvent
from warehouse.errors import AuditBroken, NotPermitted
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

AT = datetime(2026, 4, 10, tzinfo=UTC)


def test_keys_are_made_once_for_the_owner_only_and_never_shown(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    keys = audit_keys(settings)
    assert audit_keys(settings) == keys
    assert (settings.secrets / "audit_keys.json").stat().st_mode & 0o077 == 0
    assert keys.by_id[keys.current].hex() not in repr(keys)


def test_a_key_file_open_to_others_is_refused(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    audit_keys(settings)
    (settings.secrets / "audit_keys.json").chmod(0o644)
    with pytest.raises(NotPermitted, match="chmod 600"):
        audit_keys(settings)


def test_a_damaged_key_file_is_told_and_not_replaced(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    audit_keys(settings)
    path = settings.secrets / "audit_keys.json"
    path.write_text("{}")
    with pytest.raises(AuditBroken, match="backup"):
        audit_keys(settings)
    assert path.read_text() == "{}"


def test_a_replaced_key_verifies_what_it_signed_and_nothing_after(home: Settings) -> None:
    ledger = open_ledger()
    with ledger.deed(AuditEvent("a:b", "before", "system")):
        pass
    old = audit_keys(home)
    fresh = rotate_audit_key(home)
    with ledger.deed(AuditEvent("a:b", "after", "system")):
        pass
    keys = audit_keys(home)
    assert keys.current == fresh
    with ledger.read() as tx:
        last = tx.rows("select seq, key_id from audit_logs order by seq desc limit 2")
    assert [row["key_id"] for row in last] == [fresh, old.current], "a pool that was open before signs with the new key"
    assert verify_log(ledger, home, at=AT).holds
    end = int(last[1]["seq"])
    assert keys.fault_of_use(old.current, end) == ""
    assert "replaced" in keys.fault_of_use(old.current, end + 1)
    assert "not in use before" in keys.fault_of_use(fresh, end)
    assert "not known" in keys.fault_of_use("another", 1)


def test_a_key_that_never_signed_leaves_no_trace_when_it_is_replaced(home: Settings) -> None:
    with open_ledger().deed(AuditEvent("a:b", "c", "system")):
        pass
    unused = rotate_audit_key(home)
    rotate_audit_key(home)
    assert unused not in audit_keys(home).by_id
    assert verify_log(open_ledger(), home, at=AT).holds


def test_records_under_a_key_that_was_replaced_before_are_found(home: Settings) -> None:
    with open_ledger().deed(AuditEvent("a:b", "c", "system")):
        pass
    path = home.secrets / "audit_keys.json"
    kept = path.read_text()
    rotate_audit_key(home)
    after = path.read_text()
    path.write_text(kept)  # an old key file comes back, as with half a restore
    with open_ledger().deed(AuditEvent("a:b", "late", "system")) as deed:
        row = deed.row("select max(seq) as last from audit_logs")
    path.write_text(after)
    verdict = verify_log(open_ledger(), home, at=AT)
    assert row is not None
    assert (verdict.position, "replaced after" in verdict.first_fault) == (row["last"] + 1, True)
