"""Rows of the rule of signatures (which steps a package passes) and of who stands in for whom.

Not here: the signatures themselves (approvals.py). Triggers keep a step of legal and one of finance, and delegations fit.
"""

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from warehouse.domain.access import Department
from warehouse.domain.approval import ApprovalStep, Delegation
from warehouse.ledger.store import Deed, Transaction


@dataclass(frozen=True)
class NewStep:
    """What an admin says of a step; `min_value_usd` None: for every offer."""

    position: int
    name: str
    department: Department
    min_value_usd: Decimal | None = None


def list_steps(tx: Transaction, *, with_inactive: bool = False) -> list[ApprovalStep]:
    """Return the steps in the order in which they sign."""
    rows = tx.rows(
        "select s.id::text as id, s.position, s.step_name as name, s.department, s.min_value_usd, s.is_active, s.changed_at,"
        " coalesce(p.email, '') as changed_by from approval_steps s left join profiles p on p.id = s.changed_by"
        " where s.is_active or %s order by s.is_active desc, s.position, s.step_name",
        [with_inactive],
    )
    return [ApprovalStep(**{**row, "department": Department(row["department"])}) for row in rows]


def insert_step(deed: Deed, new: NewStep, *, at: datetime, by_id: str) -> str:
    """Add a step; returns its id."""
    step_id = str(uuid.uuid4())
    deed.execute(
        "insert into approval_steps (id, position, step_name, department, min_value_usd, changed_at, changed_by)"
        " values (%s, %s, %s, %s, %s, %s, %s)",
        [step_id, new.position, new.name, new.department.value, new.min_value_usd, at, by_id],
    )
    return step_id


def update_step(deed: Deed, step_id: str, new: NewStep, *, at: datetime, by_id: str) -> bool:
    """Change a step that is active; False where there is none."""
    done = deed.execute(
        "update approval_steps set position = %s, step_name = %s, department = %s, min_value_usd = %s, changed_at = %s, changed_by = %s"
        " where id = as_uuid(%s) and is_active",
        [new.position, new.name, new.department.value, new.min_value_usd, at, by_id, step_id],
    )
    return done.rowcount == 1


def end_step(deed: Deed, step_id: str, *, at: datetime, by_id: str) -> bool:
    """Take a step out of the rule; False where there is none that is active."""
    done = deed.execute(
        "update approval_steps set is_active = false, changed_at = %s, changed_by = %s where id = as_uuid(%s) and is_active",
        [at, by_id, step_id],
    )
    return done.rowcount == 1


def list_delegations(tx: Transaction, *, since: date, profile_id: str | None = None) -> list[Delegation]:
    """Return delegations that were not revoked and end on a day or later: everybody's, or those that name a person."""
    rows = tx.rows(
        "select d.id::text as id, d.from_id::text as from_id, f.email as from_email, d.to_id::text as to_id, t.email as to_email,"
        " d.department, d.starts_on, d.ends_on, d.revoked_at from approval_delegations d join profiles f on f.id = d.from_id"
        " join profiles t on t.id = d.to_id where d.revoked_at is null and d.ends_on >= %(since)s"
        " and (%(person)s::uuid is null or %(person)s in (d.from_id, d.to_id)) order by d.starts_on, f.email",
        {"since": since, "person": profile_id},
    )
    return [Delegation(**{**row, "department": Department(row["department"])}) for row in rows]


def insert_delegation(
    deed: Deed, from_id: str, to_id: str, department: Department, *, starts_on: date, ends_on: date, at: datetime
) -> str:
    """Let somebody stand in; returns the delegation's id."""
    delegation_id = str(uuid.uuid4())
    deed.execute(
        "insert into approval_delegations (id, from_id, to_id, department, starts_on, ends_on, set_at)"
        " values (%s, %s, %s, %s, %s, %s, %s)",
        [delegation_id, from_id, to_id, department.value, starts_on, ends_on, at],
    )
    return delegation_id


def revoke_delegation(deed: Deed, delegation_id: str, *, at: datetime) -> bool:
    """End a delegation of the acting person; False where there is none."""
    done = deed.execute("update approval_delegations set revoked_at = %s where id = as_uuid(%s)", [at, delegation_id])
    return done.rowcount == 1
