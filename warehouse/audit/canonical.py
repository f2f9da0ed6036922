"""The bytes of an audit record: one way to write a record, so that what was signed can be read again byte for byte.

JSON with sorted keys, no blanks, UTF-8, instants in UTC with microseconds. Floats are refused: they have more than one
spelling.
"""

import json
from datetime import UTC, datetime

from warehouse.domain.audit_event import AuditEvent
from warehouse.errors import BadInput


def canonical_bytes(event: AuditEvent, *, seq: int, at: datetime) -> bytes:
    """Write one record.

    Raises:
        BadInput: a fact is not text, whole number, truth value or null; `at` has no zone.
    """
    if at.tzinfo is None:
        raise BadInput("an audit record needs an instant with a zone.", kept="nothing was written.")
    for name, value in event.facts.items():
        if not (value is None or isinstance(value, str | bool | int)):
            raise BadInput(
                f"the audit fact {name!r} is a {type(value).__name__}.",
                kept="nothing was written.",
                todo="pass text or whole numbers.",
            )
    record = {
        "seq": seq,
        "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": event.actor,
        "action": event.action,
        "subject": event.subject,
        "submission_ref": event.submission_ref,
        "facts": dict(event.facts),
    }
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
