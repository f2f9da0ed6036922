"""Who has to do with an offer: who sees it, who may work on it, what they are called."""

from collections.abc import Sequence
from dataclasses import dataclass

from warehouse.domain.access import Person
from warehouse.ledger.people import to_person
from warehouse.ledger.store import Transaction


@dataclass(frozen=True)
class Reader:
    """A person who may see an offer."""

    id: str
    email: str


def people_who_see(tx: Transaction, submission_id: str) -> list[Reader]:
    """Return everybody who may see an offer, by address: what the policy `concerned_see` says (0008_workspaces.sql)."""
    rows = tx.rows(
        "select p.id::text as id, p.email from profiles p, submissions s where s.id = as_uuid(%s) and not p.is_disabled and ("
        " p.role = 'admin' or p.department in ('contracts', 'audit')"
        " or p.department in ('legal', 'finance') and (p.role = 'contract_officer' or s.sent_at is not null)"
        " or p.department = 'operations' and s.status in ('approved', 'submitted')"
        " or p.id = s.owner_id"
        " or exists (select from submission_members m where m.submission_id = s.id and m.profile_id = p.id)) order by p.email",
        [submission_id],
    )
    return [Reader(row["id"], row["email"]) for row in rows]


def officers(tx: Transaction) -> list[Person]:
    """Return everybody who may work on offers, by address."""
    rows = tx.rows(
        "select id, email, role::text as role, department, is_demo from profiles"
        " where role = 'contract_officer' and not is_disabled order by email"
    )
    return [to_person(row) for row in rows]


def emails_of(tx: Transaction, ids: Sequence[str]) -> dict[str, str]:
    """Return addresses by id; unknown ids are left out."""
    rows = tx.rows("select id::text as id, email from profiles where id = any(as_uuids(%s))", [list(ids)])
    return {row["id"]: row["email"] for row in rows}
