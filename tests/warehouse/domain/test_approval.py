"""Which step is next, why somebody may not sign it, and the diagram of moves."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from warehouse.domain.access import Department, Person, Role
from warehouse.domain.approval import ChainStep, Delegation, next_step, why_not
from warehouse.domain.submission import MOVES, ApprovalStatus
from warehouse.domain.submission_diagram import moves_diagram

AT = datetime(2026, 4, 10, 12, tzinfo=UTC)


def step(position: int, department: Department, **changes: Any) -> ChainStep:
    made: dict[str, Any] = {
        "id": str(position), "manifest_id": "m", "manifest_hash": "h", "position": position, "name": department.value.title(),
        "department": department, "status": ApprovalStatus.PENDING, "approver_id": None, "approver": "", "decided_at": None,
        "reason": "", "on_behalf_of": "", "session_hash": "", "voided_at": None,
    }  # fmt: skip
    return ChainStep(**(made | changes))


def person(role: Role = Role.CONTRACT_OFFICER, department: Department = Department.LEGAL) -> Person:
    return Person("me", "me@firm.example", role, department)


OPEN = [step(2, Department.FINANCE), step(1, Department.LEGAL)]
SIGNED = [
    step(1, Department.LEGAL, status=ApprovalStatus.LEGAL_APPROVED, approver_id="me"),
    step(2, Department.FINANCE),
]
VOID = [step(1, Department.LEGAL, voided_at=AT)]


def test_the_open_step_of_the_lowest_place_is_next() -> None:
    assert next_step(OPEN) == OPEN[1]
    assert next_step(SIGNED) == SIGNED[1]
    assert next_step(VOID) is None
    assert next_step([]) is None


@pytest.mark.parametrize(
    ("by", "chain", "owner", "members", "authors", "said"),
    [
        (person(), OPEN, "x", (), (), ""),
        (person(), VOID, "x", (), (), "Nothing of it is open"),
        (person(Role.ADMIN), OPEN, "x", (), (), "Only contract officers"),
        (person(Role.VIEWER), OPEN, "x", (), (), "Only contract officers"),
        (person(), OPEN, "me", (), (), "You own"),
        (person(), OPEN, "x", ("me",), (), "You share"),
        (person(), OPEN, "x", (), ("me",), "You worked on"),
        (person(department=Department.FINANCE), SIGNED, "x", (), (), "You signed another step"),
        (person(department=Department.FINANCE), OPEN, "x", (), (), "The next step is for legal"),
    ],
)
def test_why_not_is_a_sentence(
    by: Person, chain: list[ChainStep], owner: str, members: tuple[str, ...], authors: tuple[str, ...], said: str
) -> None:
    found = why_not(by, chain, owner_id=owner, members=members, authors=authors)
    assert found.startswith(said)
    assert bool(found) == bool(said)


def test_standing_in_holds_on_both_its_ends_and_not_once_revoked() -> None:
    found = Delegation("d", "a", "a@x", "b", "b@x", Department.LEGAL, date(2026, 4, 10), date(2026, 4, 12), None)
    assert [found.holds_on(date(2026, 4, day)) for day in (9, 10, 12, 13)] == [False, True, True, False]
    revoked = Delegation("d", "a", "a@x", "b", "b@x", Department.LEGAL, date(2026, 4, 10), date(2026, 4, 12), AT)
    assert not revoked.holds_on(date(2026, 4, 11))


def test_the_diagram_has_an_arrow_for_each_move() -> None:
    lines = moves_diagram().splitlines()
    assert lines[:2] == ["stateDiagram-v2", "    [*] --> draft"]
    assert len(lines) == len(MOVES) + 2
    assert "    approved --> draft: notice changed (an amendment)" in lines
