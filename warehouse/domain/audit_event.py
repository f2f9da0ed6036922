"""What an audit record says: who did what to which thing, with facts. No floats, no secrets, no personal payloads."""

from collections.abc import Mapping
from dataclasses import dataclass, field

Fact = str | int | bool | None


@dataclass(frozen=True)
class AuditEvent:
    """One deed: `action` is subject:verb (opportunity:status_set), `subject` the id of the thing it happened to.

    `facts` are flat; long or personal payloads enter by their SHA-256, so that retention can remove them and the log
    still verifies.
    """

    action: str
    subject: str
    actor: str
    facts: Mapping[str, Fact] = field(default_factory=dict)
    submission_ref: str | None = None
