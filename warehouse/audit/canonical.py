"""The bytes of an audit record: one way to write a record, so that what was signed can be read again byte for byte.

JSON with sorted keys, no blanks, UTF-8, instants in UTC with microseconds. Floats are refused: they have more than one
spelling; so are whole numbers beyond 64 bits and half surrogates, which other readers cannot hold.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from warehouse.domain.audit_event import AuditEvent
from warehouse.errors import BadInput

LARGEST_FACT = 2**63 - 1
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def encode(value: object) -> str:
    """Write a value the one way: sorted keys, no blanks, nothing escaped that need not be."""
    return _ENCODER.encode(value)


def instant(at: datetime) -> str:
    """Write an instant the one way: UTC with microseconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def canonical_bytes(event: AuditEvent, *, seq: int, at: datetime) -> bytes:
    """Write one record.

    Raises:
        BadInput: a fact is not text, whole number, truth value or null; a text is no Unicode; `at` has no zone.
    """
    if at.tzinfo is None:
        raise BadInput("an audit record needs an instant with a zone.", kept="nothing was written.")
    fault = fault_of_facts(event.facts)
    if fault:
        raise BadInput(fault, kept="nothing was written.", todo="pass text or whole numbers.")
    record = {
        "seq": seq,
        "at": instant(at),
        "actor": event.actor,
        "action": event.action,
        "subject": event.subject,
        "submission_ref": event.submission_ref,
        "facts": dict(event.facts),
    }
    try:
        return encode(record).encode()
    except UnicodeEncodeError:
        raise BadInput("a text of the audit record holds half a surrogate pair.", kept="nothing was written.") from None


def fault_of_facts(facts: Mapping[Any, object]) -> str:
    """Say which fact may not be in a record, and why; "" when all may."""
    for name, value in facts.items():
        if not isinstance(name, str):
            return f"the name of an audit fact is a {type(name).__name__}."
        if not (value is None or isinstance(value, str | bool | int)):
            return f"the audit fact {name!r} is a {type(value).__name__}."
        if isinstance(value, int) and abs(value) > LARGEST_FACT:
            return f"the audit fact {name!r} is beyond 64 bits."
    return ""
