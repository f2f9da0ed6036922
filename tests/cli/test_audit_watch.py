"""When the process that signs the log signs: after a hundred records, or when the oldest has waited for a minute."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from cli.audit_watch import MOST_RECORDS, look
from pipelines.administration.audit_log import sign_log
from warehouse.audit.checkpoint import newest_checkpoint
from warehouse.clock import now
from warehouse.domain.audit_event import AuditEvent
from warehouse.errors import AuditBroken
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings


def deeds(count: int) -> None:
    for number in range(count):
        with open_ledger().deed(AuditEvent("a:b", str(number), "system")):
            pass


def covered() -> int:
    with open_ledger().read() as tx:
        found = newest_checkpoint(tx.connection)
    return found.size if found else 0


def test_it_waits_for_a_hundred_records(home: Settings) -> None:
    deeds(1)
    sign_log(open_ledger(), home, at=now())
    before = covered()
    deeds(MOST_RECORDS - 1)
    look(open_ledger(), home)
    assert covered() == before
    deeds(1)
    look(open_ledger(), home)
    assert covered() == before + MOST_RECORDS


def test_or_for_a_minute(home: Settings) -> None:
    before = covered()
    deeds(1)
    look(open_ledger(), home)
    assert covered() == before
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=59), tick=True):
        look(open_ledger(), home)
    assert covered() == before + 1


def test_a_log_that_became_shorter_is_told_at_once(home: Settings) -> None:
    from tests.factories_audit import superuser

    deeds(1)
    sign_log(open_ledger(), home, at=now())
    with superuser(home) as connection:
        connection.execute("alter table audit_logs disable trigger refuse_change")
        connection.execute("delete from audit_logs where seq = (select max(seq) from audit_logs)")
    with pytest.raises(AuditBroken):
        look(open_ledger(), home)
