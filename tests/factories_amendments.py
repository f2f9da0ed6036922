"""Changed notices and offers in any state, for tests of what happens to an offer."""

import uuid
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from pipelines.discovery.amendments import record_amendments
from warehouse import clock
from warehouse.addresses import superuser_conninfo
from warehouse.domain.audit_event import AuditEvent
from warehouse.ledger import published
from warehouse.ledger.store import SYSTEM, open_ledger
from warehouse.settings import current


def amend(opportunity_id: str, **changes: Any) -> None:
    """Write a newer version of a notice as publishing does."""
    changes.setdefault("content_hash", uuid.uuid4().hex)
    changes.setdefault("row_hash", uuid.uuid4().hex)
    columns = ", ".join(f"{name} = %({name})s" for name in changes)
    with open_ledger("procura_pipeline").deed(AuditEvent("opportunities:published", "x", SYSTEM)) as deed:
        published.look_from(deed, clock.now())
        stood = published.offers(deed)
        deed.execute(f"update opportunities set {columns} where id = %(id)s", {**changes, "id": opportunity_id})
        record_amendments(deed, stood)


def put_in_state(submission_id: str, status: str) -> None:
    """Without the signatures that lead there: they are the approvals' to test."""
    with psycopg.connect(make_conninfo("", **superuser_conninfo(current()))) as connection:
        connection.execute("set role procura_owner")
        for name in ("offer_moves", "submitted_has_its_receipt"):
            connection.execute(f"alter table submissions disable trigger {name}")
        connection.execute("update submissions set status = %s, sent_at = now() where id = %s", [status, submission_id])
        for name in ("offer_moves", "submitted_has_its_receipt"):
            connection.execute(f"alter table submissions enable always trigger {name}")
