"""Who may do what: one table, asked by use cases, never by pages."""

from dataclasses import dataclass
from enum import StrEnum

from warehouse.errors import NotPermitted


class Role(StrEnum):
    """The ledger's enum `user_role`."""

    ADMIN = "admin"
    CONTRACT_OFFICER = "contract_officer"
    VIEWER = "viewer"


class Department(StrEnum):
    """Decides which approval step a contract officer may sign; `audit` makes a viewer an auditor."""

    CONTRACTS = "contracts"
    LEGAL = "legal"
    FINANCE = "finance"
    AUDIT = "audit"
    OPERATIONS = "operations"


class Action(StrEnum):
    """Deeds that need a right, named subject:action."""

    READ_OPPORTUNITIES = "opportunity:read"
    SET_OPPORTUNITY_STATUS = "opportunity:set_status"
    NOTE_OPPORTUNITY = "opportunity:note"
    EDIT_COMPANY_PROFILE = "company_profile:edit"
    READ_SOURCES = "source:read"
    REQUEST_RUN = "run:request"
    MANAGE_PEOPLE = "person:manage"


@dataclass(frozen=True)
class Person:
    """Who acts: id of the profile, address, role and department."""

    id: str
    email: str
    role: Role
    department: Department
    is_demo: bool = False


EVERYONE = frozenset(Role)
DECIDERS = frozenset({Role.ADMIN, Role.CONTRACT_OFFICER})
ALLOWED: dict[Action, frozenset[Role]] = {
    Action.READ_OPPORTUNITIES: EVERYONE,
    Action.SET_OPPORTUNITY_STATUS: DECIDERS,
    Action.NOTE_OPPORTUNITY: DECIDERS,
    Action.EDIT_COMPANY_PROFILE: DECIDERS,
    Action.READ_SOURCES: EVERYONE,
    Action.REQUEST_RUN: DECIDERS,
    Action.MANAGE_PEOPLE: frozenset({Role.ADMIN}),
}


def may(person: Person, action: Action) -> bool:
    """Say whether to show the button."""
    return person.role in ALLOWED[action]


def check(person: Person, action: Action) -> None:
    """Refuse what this person may not do.

    Raises:
        NotPermitted: the role lacks the right; the sentence says which roles have it.
    """
    if not may(person, action):
        who = " or ".join(sorted(r.value.replace("_", " ") for r in ALLOWED[action]))
        raise NotPermitted(
            f"{person.email} ({person.role.value.replace('_', ' ')}) may not do {action.value}.",
            kept="nothing was changed.",
            todo=f"ask an {who}." if who.startswith("a") else f"ask a {who}.",
        )
