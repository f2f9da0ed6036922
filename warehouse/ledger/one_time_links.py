"""One-time links: rows of what lets a person set a password without knowing one. Only SHA-256 of the secret is kept."""

from dataclasses import dataclass
from datetime import datetime

from warehouse.domain.access import Person
from warehouse.ledger.people import to_person
from warehouse.ledger.store import Deed, Transaction


@dataclass(frozen=True)
class LinkRow:
    """A link that can still be used."""

    person: Person
    kind: str
    expires_at: datetime


def insert_link(
    deed: Deed, token_hash: bytes, profile_id: str, *, kind: str, made_by: str, at: datetime, expires_at: datetime
) -> None:
    """Write a new link; the person's earlier ones become worthless."""
    void_links(deed, profile_id, at=at)
    deed.execute(
        "insert into one_time_links (token_hash, profile_id, kind, made_at, made_by, expires_at)"
        " values (%s, %s, %s, %s, %s, %s)",
        [token_hash, profile_id, kind, at, made_by, expires_at],
    )


def find_link(tx: Transaction, token_hash: bytes, *, at: datetime) -> LinkRow | None:
    """Return a link that was not used, is not too old and whose person is not disabled; else None."""
    row = tx.row(
        "select p.id, p.email, p.role, p.department, p.is_demo, l.kind, l.expires_at from one_time_links l"
        " join profiles p on p.id = l.profile_id where l.token_hash = %s and l.used_at is null and l.voided_at is null"
        " and l.expires_at > %s and not p.is_disabled",
        [token_hash, at],
    )
    return LinkRow(to_person(row), row["kind"], row["expires_at"]) if row else None


def use_link(deed: Deed, token_hash: bytes, *, at: datetime) -> bool:
    """Use a link up; False when somebody was faster, or it has run out meanwhile."""
    used = deed.execute(
        "update one_time_links set used_at = %s"
        " where token_hash = %s and used_at is null and voided_at is null and expires_at > %s",
        [at, token_hash, at],
    )
    return used.rowcount == 1


def void_links(deed: Deed, profile_id: str, *, at: datetime) -> None:
    """Make a person's unused links worthless."""
    deed.execute(
        "update one_time_links set voided_at = %s where profile_id = %s and used_at is null and voided_at is null",
        [at, profile_id],
    )
