"""People for tests of use cases: real accounts, for the ledger asks who acts."""

import uuid

from pipelines.administration.people import add_person
from tests.factories_ledger import AT
from warehouse.domain.access import Department, Person, Role
from warehouse.ledger.store import open_ledger

PASSWORD = "four quiet green lamps"


def new_person(role: Role = Role.CONTRACT_OFFICER, department: Department = Department.CONTRACTS) -> Person:
    """Add an account with an address of its own to this home."""
    return add_person(
        open_ledger(),
        email=f"{uuid.uuid4().hex[:8]}@firm.example",
        role=role,
        department=department,
        password=PASSWORD,
        at=AT,
    )
