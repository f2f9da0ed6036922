"""Profiles and their passwords: who works here. Reading and writing rows; who may do it is asked in pipelines/administration/people.py."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from warehouse.domain.access import Department, Person, Role
from warehouse.ledger.store import Deed, Transaction

PROFILE = "p.id, p.email, p.role, p.department, p.is_demo, p.is_disabled, p.created_at"


@dataclass(frozen=True)
class Profile:
    """A person as the list of people shows them.

    Attributes:
        has_password: Whether one is set; neither for who was invited and has not come yet, nor after a reset.
        has_second_factor: A confirmed one.
        link_expires_at: Until when an unused one-time link of theirs can be used; None where there is none.
    """

    person: Person
    is_disabled: bool
    created_at: datetime
    has_password: bool = False
    has_second_factor: bool = False
    link_expires_at: datetime | None = None


def to_person(row: dict[str, Any]) -> Person:
    """Read a person from a row with id, email, role, department and is_demo."""
    return Person(str(row["id"]), row["email"], Role(row["role"]), Department(row["department"]), row["is_demo"])


def _to_profile(row: dict[str, Any]) -> Profile:
    return Profile(to_person(row), row["is_disabled"], row["created_at"])


def tidy_email(email: str) -> str:
    """Return the spelling under which an address is kept."""
    return email.replace("\x00", "").strip().lower()  # PostgreSQL's texts hold no NUL, and no address does


def insert_profile(
    deed: Deed, profile_id: str, *, email: str, role: Role, department: Department, is_demo: bool, at: datetime
) -> Person | None:
    """Write a new profile; None when the address is taken."""
    row = deed.row(
        "insert into profiles (id, email, role, department, is_demo, created_at) values (%s, %s, %s, %s, %s, %s)"
        " on conflict (email) do nothing returning id, email, role, department, is_demo",
        [profile_id, tidy_email(email), role.value, department.value, is_demo, at],
    )
    return to_person(row) if row else None


def list_profiles(tx: Transaction, *, at: datetime) -> list[Profile]:
    """Return all people by address."""
    rows = tx.rows(
        f"select {PROFILE}, a.has_password, a.has_second_factor, a.link_expires_at"  # noqa: S608
        " from profiles p, account_state(p.id) a order by p.email"
    )
    return [
        replace(
            _to_profile(row),
            has_password=row["has_password"],
            has_second_factor=row["has_second_factor"],
            link_expires_at=row["link_expires_at"] if row["link_expires_at"] and row["link_expires_at"] > at else None,
        )
        for row in rows
    ]


def find_profile(tx: Transaction, email: str) -> Profile | None:
    """Return the profile of an address; None when there is none."""
    row = tx.row(f"select {PROFILE} from profiles p where p.email = %s", [tidy_email(email)])  # noqa: S608
    return _to_profile(row) if row else None


def find_profile_and_password(tx: Transaction, email: str) -> tuple[Profile, str | None] | None:
    """Return the profile of an address and its password's stored text, None where it has none yet."""
    row = tx.row(
        f"select {PROFILE}, w.password_hash from profiles p left join passwords w on w.profile_id = p.id"  # noqa: S608
        " where p.email = %s",
        [tidy_email(email)],
    )
    return (_to_profile(row), row["password_hash"]) if row else None


def find_person_by_id(tx: Transaction, profile_id: str) -> Person | None:
    """Return the person of a profile that is not disabled; None when there is none."""
    row = tx.row(f"select {PROFILE} from profiles p where p.id = %s and not p.is_disabled", [profile_id])  # noqa: S608
    return to_person(row) if row else None


def read_password(tx: Transaction, profile_id: str) -> str | None:
    """Return a password's stored text; None where there is none."""
    row = tx.row("select password_hash from passwords where profile_id = %s", [profile_id])
    return row["password_hash"] if row else None


def insert_password(deed: Deed, profile_id: str, password_hash: str, *, at: datetime) -> None:
    """Give a new person a password."""
    deed.execute("insert into passwords values (%s, %s, %s)", [profile_id, password_hash, at])


def write_password(deed: Deed, profile_id: str, password_hash: str, *, at: datetime) -> None:
    """Set or replace a password."""
    deed.execute(
        "insert into passwords (profile_id, password_hash, changed_at) values (%s, %s, %s) on conflict (profile_id)"
        " do update set password_hash = excluded.password_hash, changed_at = excluded.changed_at",
        [profile_id, password_hash, at],
    )


def void_password(deed: Deed, profile_id: str) -> None:
    """Take a password away: the account cannot sign in until a one-time link is used."""
    deed.execute("select void_password(%s)", [profile_id])


def set_disabled(deed: Deed, profile_id: str, is_disabled: bool) -> bool:
    """Shut or open an account; False when it is so already."""
    changed = deed.execute(
        "update profiles set is_disabled = %s where id = %s and is_disabled <> %s",
        [is_disabled, profile_id, is_disabled],
    )
    return changed.rowcount == 1


def update_role(deed: Deed, profile_id: str, role: Role, department: Department) -> None:
    """Give a person another role and department."""
    deed.execute(
        "update profiles set role = %s, department = %s where id = %s", [role.value, department.value, profile_id]
    )


def lock_admins(deed: Deed) -> set[str]:
    """Return the ids of all who can manage people: admins who can sign in, not invited ones who have not come yet.

    Locks the rows of all admins, so that two demotions cannot pass each other.
    """
    deed.execute("select from profiles where role = 'admin' for update")
    return {
        str(row["id"])
        for row in deed.rows(
            "select p.id from profiles p, account_state(p.id) a where p.role = 'admin' and not p.is_disabled and a.has_password"
        )
    }


def are_notices_demo(tx: Transaction) -> bool:
    """Say whether there are notices and all of them are the product's own demo ones."""
    row = tx.row(
        "select exists (select from opportunities where is_demo) and not exists (select from opportunities where not is_demo)"
        " as answer"
    )
    return bool(row and row["answer"])
