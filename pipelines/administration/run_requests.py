"""Asking for a run: the page writes a row, a sensor in assets turns it into a run. Works with Dagster down."""

import uuid
from datetime import datetime

from psycopg.errors import UniqueViolation

from warehouse.domain import access
from warehouse.domain.access import Action, Person
from warehouse.domain.audit_event import AuditEvent
from warehouse.errors import AlreadyRunning
from warehouse.ledger.sources import insert_request
from warehouse.ledger.store import Ledger

DISCOVERY = "discovery"


def request_run(ledger: Ledger, job: str, *, by: Person, at: datetime) -> str:
    """Ask for a run of a job and return the request's id.

    Raises:
        NotPermitted: `by` may not ask for runs.
        AlreadyRunning: a run of this job is waiting or running already.
    """
    access.check(by, Action.REQUEST_RUN)
    request_id = str(uuid.uuid4())
    try:
        with ledger.deed(AuditEvent("run:requested", request_id, by.id, {"job": job}), by) as deed:
            insert_request(deed, request_id, job, by.id, at)
    except UniqueViolation as error:
        raise AlreadyRunning(
            "A run is waiting or running already.", kept="that run goes on.", todo="its progress is shown below."
        ) from error
    return request_id
