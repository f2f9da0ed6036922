"""New keys for what signs: audit records and access tokens. What the old ones signed stays verifiable as they say themselves.

Not here: the vault's keys, whose values are sealed again (vault_rotation.py).
"""

from datetime import datetime

from pipelines.administration.token_keys import rotate_token_key
from warehouse.audit.keys import rotate_audit_key
from warehouse.domain.audit_event import AuditEvent
from warehouse.ledger.store import SYSTEM, Ledger
from warehouse.settings import Settings


def rotate_audit(ledger: Ledger, settings: Settings) -> str:
    """Sign audit records with a new key and return its id; the record of it is the first one under that key."""
    name = rotate_audit_key(settings)
    _record(ledger, "audit", name)
    return name


def rotate_api(ledger: Ledger, settings: Settings, *, at: datetime) -> str:
    """Sign access tokens with a new key and return its id."""
    name = rotate_token_key(settings, at=at)
    _record(ledger, "api", name)
    return name


def _record(ledger: Ledger, which: str, name: str) -> None:
    with ledger.deed(AuditEvent("keys:rotated", which, SYSTEM, {"which": which, "key": name})):
        pass  # the change is in a file; the log knows of it
