"""Profiles: who works here. Reading and writing rows; who may do it is asked in pipelines/administration/people.py."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from warehouse.domain.access import Department, Person, Role
from warehouse.ledger.store import Deed, Transaction


@dataclass(frozen=True)
class Profile:
    """A person as the list of people shows them."""

    person: Person
    is_disabled: bool
    created_at: datetime


def to_person(row: dict[str, Any]) -> Person:
    """Read a person from a row with id, email, role, department and is_demo."""
    return Person(str(row["id"]), row["email"], Role(row["role"]), Department(row["department"]), row["is_demo"])


def tidy_email(email: str) -> str:
    """Return the spelling under which an address is kept."""
    return email.strip().lower()


def insert_profile(
    deed: Deed,
    profile_id: str,
    *,
    email: str,
    role: Role,
    department: Department,
    password_hash: str,
    is_demo: bool,
    at: datetime,
) -> Person | None:
    """Write a new profile; None when the address is taken."""
    row = deed.row(
        "insert into profiles (id, email, role, department, password_hash, is_demo, created_at)"
        " values (%s, %s, %s, %s, %s, %s, %s)"
        " on conflict (email) do nothing returning id, email, role, department, is_demo",
        [profile_id, tidy_email(email), role.value, department.value, password_hash, is_demo, at],
    )
    return to_person(row) if row else None


def list_profiles(tx: Transaction) -> list[Profile]:
    """Return all people by address."""
    rows = tx.rows("select id, email, role, department, is_demo, is_disabled, created_at from profiles order by email")
    return [Profile(to_person(row), row["is_disabled"], row["created_at"]) for row in rows]


def find_profile(tx: Transaction, email: str) -> tuple[Profile, str | None] | None:
    """Return the profile of an address and its password's stored text; None when there is none."""
    row = tx.row(
        "select id, email, role, department, is_demo, is_disabled, created_at, password_hash from profiles where email = %s",
        [tidy_email(email)],
    )
    return (Profile(to_person(row), row["is_disabled"], row["created_at"]), row["password_hash"]) if row else None


def update_role(deed: Deed, profile_id: str, role: Role, department: Department) -> None:
    """Give a person another role and department."""
    deed.execute(
        "update profiles set role = %s, department = %s where id = %s", [role.value, department.value, profile_id]
    )


def lock_admins(deed: Deed) -> set[str]:
    """Return the ids of all who can manage people; locks their rows, so that two demotions cannot pass each other."""
    return {
        str(row["id"])
        for row in deed.rows("select id from profiles where role = 'admin' and not is_disabled for update")
    }


def are_notices_demo(tx: Transaction) -> bool:
    """Say whether there are notices and all of them are the product's own demo ones."""
    row = tx.row(
        "select exists (select from opportunities where is_demo) and not exists (select from opportunities where not is_demo)"
        " as answer"
    )
    return bool(row and row["answer"])
