"""The rule of signatures: which steps a package passes, set by admins. What was sent already keeps its steps.

Not here: signing (approvals.py). A step of legal and one of finance for every offer always stay; PostgreSQL sees to it.
"""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import psycopg

from pipelines.submission.approval_refusals import approval_refusals
from warehouse.domain import access
from warehouse.domain.access import Action, Person
from warehouse.domain.approval import ApprovalStep
from warehouse.domain.audit_event import AuditEvent, Fact
from warehouse.errors import BadInput, NotFound, ProcuraError, WrongState
from warehouse.ledger import approval_rules
from warehouse.ledger.approval_rules import NewStep
from warehouse.ledger.store import Ledger

LARGEST_POSITION = 99
LONGEST_NAME = 60
LARGEST_USD = Decimal("9999999999999999.99")
AS_IT_WAS = "the steps as they were."


def list_steps(ledger: Ledger, *, with_inactive: bool = False, by: Person) -> list[ApprovalStep]:
    """Return the steps in the order in which they sign."""
    access.check(by, Action.READ_APPROVAL_STEPS)
    with ledger.read(by) as tx:
        return approval_rules.list_steps(tx, with_inactive=with_inactive)


def add_step(ledger: Ledger, new: NewStep, *, at: datetime, by: Person) -> None:
    """Let every package that is sent from now on pass one more step.

    Raises:
        NotPermitted: `by` is no admin.
        BadInput: its name, place or value is not as it must be.
        WrongState: another step has this name or place.
    """
    access.check(by, Action.EDIT_APPROVAL_STEPS)
    step = _checked(new)
    try:
        with (
            approval_refusals(),
            ledger.deed(AuditEvent("approval_step:added", step.name, by.id, _facts(step)), by) as deed,
        ):
            step_id = approval_rules.insert_step(deed, step, at=at, by_id=by.id)
            deed.note(id=step_id)
    except psycopg.errors.UniqueViolation as error:
        raise _taken(step) from error


def change_step(ledger: Ledger, step_id: str, new: NewStep, *, at: datetime, by: Person) -> None:
    """Change a step for every package that is sent from now on.

    Raises:
        NotPermitted, BadInput: as in `add_step`.
        NotFound: there is no such step.
        WrongState: another step has this name or place, or it is the last of legal or finance for every offer.
    """
    access.check(by, Action.EDIT_APPROVAL_STEPS)
    step = _checked(new)
    try:
        with (
            approval_refusals(),
            ledger.deed(AuditEvent("approval_step:changed", step_id, by.id, _facts(step)), by) as deed,
        ):
            if not approval_rules.update_step(deed, step_id, step, at=at, by_id=by.id):
                raise _gone()
    except psycopg.errors.UniqueViolation as error:
        raise _taken(step) from error


def end_step(ledger: Ledger, step_id: str, *, at: datetime, by: Person) -> None:
    """Take a step out of the rule; packages that were sent already still pass it.

    Raises:
        NotPermitted: `by` is no admin.
        NotFound: there is no such step.
        WrongState: it is the last of legal or finance for every offer.
    """
    access.check(by, Action.EDIT_APPROVAL_STEPS)
    with approval_refusals(), ledger.deed(AuditEvent("approval_step:ended", step_id, by.id), by) as deed:
        if not approval_rules.end_step(deed, step_id, at=at, by_id=by.id):
            raise _gone()


def _checked(new: NewStep) -> NewStep:
    name = " ".join(new.name.replace("\x00", "").split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise BadInput(f"A step's name has 1 to {LONGEST_NAME} characters.", kept=AS_IT_WAS)
    if not 1 <= new.position <= LARGEST_POSITION:
        raise BadInput(f"A step's place is 1 to {LARGEST_POSITION}.", kept=AS_IT_WAS)
    value = new.min_value_usd
    if value is not None and not (value.is_finite() and 0 < value <= LARGEST_USD):
        raise BadInput(f"{value} is no value from which on a step is asked.", kept=AS_IT_WAS, todo="give dollars.")
    return replace(new, name=name, min_value_usd=None if value is None else value.quantize(Decimal("0.01")))


def _facts(step: NewStep) -> dict[str, Fact]:
    value = step.min_value_usd
    return {"name": step.name, "position": step.position, "department": step.department.value,
            "min_value_usd": None if value is None else str(value)}  # fmt: skip


def _taken(step: NewStep) -> ProcuraError:
    return WrongState(
        f"Another step has the name {step.name} or the place {step.position}.", kept=AS_IT_WAS, todo="choose another."
    )


def _gone() -> ProcuraError:
    return NotFound("This step is not in the rule any more.", kept=AS_IT_WAS, todo="reload the page.")
