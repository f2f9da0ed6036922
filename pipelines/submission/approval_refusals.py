"""What PostgreSQL refuses about sending and signing, said as a person can use it.

Not here: what it refuses of any change of an offer (refusals.py).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from pipelines.submission.refusals import refusals
from warehouse.errors import BadInput, NotPermitted, NotSignedIn, ProcuraError, WrongState

NOTHING = "nothing was signed and nothing was changed."
LOOK = "look at it again; it may be signed as it stands now."


@dataclass(frozen=True)
class Refusal:
    """What a code of 0009_approvals.sql means; `{}` in `what` is what PostgreSQL said."""

    error: type[ProcuraError]
    what: str
    todo: str


REFUSALS: Mapping[str, Refusal] = {
    "PR401": Refusal(NotSignedIn, "This session has ended.", "sign in again."),
    "PR421": Refusal(WrongState, "This offer is no longer waiting for signatures: {}.", "reload the page."),
    "PR422": Refusal(WrongState, "The package was replaced since you opened it; you looked at another one.", LOOK),
    "PR423": Refusal(WrongState, "This package no longer counts.", "its owner sends the offer again."),
    "PR424": Refusal(WrongState, "All steps of this package are signed.", "reload the page."),
    "PR425": Refusal(NotPermitted, "This is not your step: {}.", "it waits for an officer of that department."),
    "PR426": Refusal(
        NotPermitted, "Two others sign what you worked on: {}.", "somebody of the department who did not work on it signs."
    ),
    "PR427": Refusal(
        NotPermitted, "You signed another step of this package; each step is another person's.", "somebody else of it signs."
    ),
    "PR428": Refusal(NotPermitted, "Signing asks for your password again.", "prove it here, then sign."),
    "PR429": Refusal(WrongState, "The deadline has passed: {}.", "nothing can be sent any more; the offer can be taken back or rejected."),
    "PR430": Refusal(WrongState, "The notice changed: {}.", "whoever works on the offer reads the change and acknowledges it."),
    "PR431": Refusal(WrongState, "The package is not what the offer holds: {}.", "its owner takes the offer back and sends it again."),
    "PR432": Refusal(WrongState, "Nobody could sign this: {}.", "an admin adds an officer to that department."),
    "PR433": Refusal(BadInput, "This says why: {}.", "write a sentence."),
    "PR436": Refusal(WrongState, "{}.", "add another step of that department first."),
    "PR437": Refusal(BadInput, "{}.", "choose another officer of your department, or other days."),
}  # fmt: skip


@contextmanager
def approval_refusals() -> Iterator[None]:
    """Turn what PostgreSQL refuses into the error with a sentence; stands around `ledger.deed(…)`.

    Raises:
        WrongState, NotPermitted, NotSignedIn, BadInput: as the code says.
    """
    with refusals():
        try:
            yield
        except psycopg.errors.UniqueViolation as error:
            if error.diag.constraint_name != "nobody_signs_two_steps":
                raise
            raise said(REFUSALS["PR427"], error) from error
        except psycopg.DatabaseError as error:
            found = REFUSALS.get(error.sqlstate or "")
            if found is None:
                raise
            raise said(found, error) from error


def said(refusal: Refusal, error: psycopg.DatabaseError, *, kept: str = NOTHING) -> ProcuraError:
    """Return the error that a code stands for, in a sentence with what PostgreSQL said."""
    what = refusal.what.format((error.diag.message_primary or "").replace("_", " "))
    return refusal.error(what[:1].upper() + what[1:], kept=kept, todo=refusal.todo)
