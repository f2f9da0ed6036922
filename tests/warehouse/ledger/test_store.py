import threading

import psycopg
import pytest

from warehouse.audit.verify import verify_log
from warehouse.clock import now
from warehouse.domain.audit_event import AuditEvent
from warehouse.errors import BadInput
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings


def event(subject: str = "x") -> AuditEvent:
    return AuditEvent("setting:changed", subject, "system")


def audit_count() -> int:
    with open_ledger().read() as tx:
        row = tx.row("select count(*) as n from audit_logs")
    assert row is not None
    return int(row["n"])


def add_person(tx: object, email: str) -> None:
    tx.execute("insert into profiles (email, role) values (%s, 'viewer')", [email])  # type: ignore[attr-defined]


def test_a_deed_and_its_record_commit_together(home: Settings) -> None:
    before = audit_count()
    with open_ledger().deed(event("together")) as deed:
        add_person(deed, "together@example.com")
        deed.note(role="viewer")
    assert audit_count() == before + 1
    with open_ledger().read() as tx:
        row = tx.row("select convert_from(body, 'UTF8') as body from audit_logs order by seq desc limit 1")
    assert row is not None
    assert '"facts":{"role":"viewer"}' in row["body"]


def test_a_deed_that_fails_leaves_neither_change_nor_record(home: Settings) -> None:
    before = audit_count()
    with pytest.raises(psycopg.errors.UniqueViolation), open_ledger().deed(event()) as deed:
        add_person(deed, "twice@example.com")
        add_person(deed, "twice@example.com")
    assert audit_count() == before


def test_a_record_that_cannot_be_written_takes_the_change_back(home: Settings) -> None:
    with pytest.raises(BadInput), open_ledger().deed(event()) as deed:
        add_person(deed, "unproven@example.com")
        deed.note(share=0.5)  # type: ignore[arg-type]
    with open_ledger().read() as tx:
        assert tx.row("select 1 as one from profiles where email = 'unproven@example.com'") is None


def test_a_deed_in_which_nothing_happened_leaves_no_record(home: Settings) -> None:
    before = audit_count()
    with open_ledger().deed(event()) as deed:
        add_person(deed, "nobody@example.com")
        deed.nothing_happened()
    assert audit_count() == before


def test_reading_cannot_write(home: Settings) -> None:
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction), open_ledger().read() as tx:
        add_person(tx, "reader@example.com")


def test_many_at_once_make_one_chain_without_gap(home: Settings) -> None:
    before = audit_count()

    def work(number: int) -> None:
        for turn in range(5):
            with open_ledger().deed(event(f"{number}-{turn}")):
                pass

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    verdict = verify_log(open_ledger(), home, at=now())
    assert verdict.holds, verdict.first_fault
    assert verdict.records == before + 40
