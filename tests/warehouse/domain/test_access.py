from collections.abc import Iterable

import pytest

from warehouse.domain.access import (
    EVERYWHERE,
    RIGHTS,
    Action,
    Department,
    Person,
    Right,
    Role,
    State,
    check,
    may,
    who_may,
    words,
)
from warehouse.errors import NotPermitted

READ_BY_ALL = {
    Action.READ_OPPORTUNITIES,
    Action.READ_SOURCES,
    Action.READ_SUBMISSIONS,
    Action.READ_FILES,
    Action.READ_APPROVAL_STEPS,
    Action.READ_PORTALS,
    Action.READ_QUALIFICATION,
}


def person(role: Role) -> Person:
    return Person("1", "ann@example.com", role, Department.CONTRACTS)


def test_every_action_has_a_row() -> None:
    assert {right.action for right in RIGHTS} == set(Action)


def test_a_viewer_may_read_and_change_nothing() -> None:
    viewer = person(Role.VIEWER)
    assert {action for action in Action if may(viewer, action)} == READ_BY_ALL


def test_own_things_are_everybodys_own_and_nobody_elses() -> None:
    viewer = person(Role.VIEWER)
    assert may(viewer, Action.EDIT_ACCOUNT, State.OWN)
    assert not may(viewer, Action.EDIT_ACCOUNT, State.OTHERS)
    assert not may(viewer, Action.EDIT_ACCOUNT)


def test_a_refusal_says_who_may() -> None:
    with pytest.raises(NotPermitted, match=r"ann@example\.com") as caught:
        check(person(Role.VIEWER), Action.SET_OPPORTUNITY_STATUS)
    assert "contract officer" in caught.value.todo


def test_only_admins_manage_people() -> None:
    assert may(person(Role.ADMIN), Action.MANAGE_PEOPLE)
    assert not may(person(Role.CONTRACT_OFFICER), Action.MANAGE_PEOPLE)


SIGNING_FOR_THE_FIRM = ("approval:", "package:", "delivery:", "submission:sign", "submission:send")


def rights_of_admins_to_sign(rights: Iterable[Right]) -> list[str]:
    """Deeds that bind the firm and that an admin could do: who gives out rights must not use them."""
    return [r.action for r in rights if r.role is Role.ADMIN and str(r.action).startswith(SIGNING_FOR_THE_FIRM)]


def test_admins_administer_and_neither_approve_nor_submit() -> None:
    assert rights_of_admins_to_sign(RIGHTS) == []
    wrong = Right("approval:sign", Role.ADMIN, EVERYWHERE, frozenset(State))  # type: ignore[arg-type]
    fine = Right("approval:sign", Role.CONTRACT_OFFICER, EVERYWHERE, frozenset(State))  # type: ignore[arg-type]
    assert rights_of_admins_to_sign([*RIGHTS, wrong, fine]) == ["approval:sign"]


def test_an_action_is_named_subject_and_verb() -> None:
    assert [action for action in Action if action.value.count(":") != 1] == []


def test_no_row_says_twice_what_another_says() -> None:
    cells = [
        (r.action, r.role, department, state) for r in RIGHTS for department in r.departments for state in r.states
    ]
    assert len(cells) == len(set(cells))


def test_only_auditors_and_admins_read_the_whole_log() -> None:
    readers = {
        (role, department)
        for role in Role
        for department in Department
        if may(Person("1", "", role, department), Action.READ_AUDIT_LOG)
    }
    assert readers == {(Role.VIEWER, Department.AUDIT)} | {(Role.ADMIN, department) for department in Department}


def test_an_auditor_changes_nothing() -> None:
    auditor = Person("1", "", Role.VIEWER, Department.AUDIT)
    mine = {action for action in Action for state in State if may(auditor, action, state)}
    looks = {
        action for action in Action if action.value.endswith((":read", ":read_own", ":verify", ":export", ":prove"))
    }
    own = {
        Action.EDIT_ACCOUNT,
        Action.END_SESSION,
        Action.EDIT_SAVED_SEARCH,
        Action.EDIT_NOTIFICATIONS,
        Action.EDIT_CALENDAR,
    }
    assert mine - looks == own
    assert not any(may(auditor, action, state) for action in own for state in State if state is not State.OWN)


def test_the_table_is_told_in_words() -> None:
    assert words(Action.LIFT_HOLD, Role.ADMIN) == "yes (somebody else's)"
    assert words(Action.READ_AUDIT_LOG, Role.VIEWER) == "yes of audit"
    assert words(Action.MANAGE_PEOPLE, Role.VIEWER) == ""
    assert who_may(Action.READ_AUDIT_LOG) == "a viewer of audit, or an admin"
