import pytest

from warehouse.domain.access import ALLOWED, Action, Department, Person, Role, check, may
from warehouse.errors import NotPermitted


def person(role: Role) -> Person:
    return Person("1", "ann@example.com", role, Department.CONTRACTS)


def test_every_action_has_a_row() -> None:
    assert set(ALLOWED) == set(Action)


def test_a_viewer_may_read_and_change_nothing() -> None:
    viewer = person(Role.VIEWER)
    assert {action for action in Action if may(viewer, action)} == {Action.READ_OPPORTUNITIES, Action.READ_SOURCES}


def test_a_refusal_says_who_may() -> None:
    with pytest.raises(NotPermitted, match=r"ann@example\.com") as caught:
        check(person(Role.VIEWER), Action.SET_OPPORTUNITY_STATUS)
    assert "contract officer" in caught.value.todo


def test_only_admins_manage_people() -> None:
    assert may(person(Role.ADMIN), Action.MANAGE_PEOPLE)
    assert not may(person(Role.CONTRACT_OFFICER), Action.MANAGE_PEOPLE)
