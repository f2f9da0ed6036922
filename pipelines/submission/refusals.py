"""What PostgreSQL refuses about an offer, said as a person can use it. One place: every deed on an offer stands within it.

Not here: what a use case refuses by itself, before it asks the ledger.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from warehouse.errors import NotPermitted, ProcuraError, WrongState

WRONG_STATE = "PR409"
"""The sqlstate of our triggers for what an offer's state does not allow (0008_workspaces.sql)."""
TO_DO = {
    "the offer is pending approval": "wait for the signatures, or ask its owner to take it back.",
    "the offer is approved": "ask its owner to open it to change; the signatures are then void.",
    "the offer is rejected": "ask its owner to take it up again.",
    "the offer is submitted": "what was sent stays as it is.",
    "the offer is closed": "open another workspace for the same opportunity.",
    "the offer is gone": "look at the board of offers.",
    "another point comes first": "finish the points that it waits for.",
}
LOOK_AGAIN = "look at it again, then repeat yours."


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what PostgreSQL refuses into the error with a sentence; stands around `ledger.deed(…)`.

    Raises:
        WrongState: the state of the offer does not allow it, or somebody changed the same thing meanwhile.
        NotPermitted: row security or a trigger says that this person may not.
    """
    try:
        yield
    except psycopg.errors.SerializationFailure as error:
        raise changed_meanwhile() from error
    except psycopg.errors.DeadlockDetected as error:
        raise WrongState(
            "Somebody was saving in the same offer at this moment.", kept="their change.", todo="repeat yours."
        ) from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise _not_permitted(error) from error
    except psycopg.DatabaseError as error:
        if error.sqlstate != WRONG_STATE:
            raise
        raise _wrong_state(error) from error


def changed_meanwhile(what: str = "This") -> ProcuraError:
    """Return the refusal of a change that was made upon an earlier version."""
    return WrongState(
        f"{what} was changed by somebody else since you opened it.",
        kept="their change; yours was not saved.",
        todo=LOOK_AGAIN,
    )


def _wrong_state(error: psycopg.DatabaseError) -> ProcuraError:
    said = (error.diag.message_primary or "the offer does not allow it").replace("_", " ")
    return WrongState(f"{_sentence(said)}.", kept="everything as it was.", todo=TO_DO.get(said, LOOK_AGAIN))


def _not_permitted(error: psycopg.DatabaseError) -> ProcuraError:
    # Only what a trigger of ours raises is written for people; PostgreSQL's own words name tables.
    said = error.diag.message_primary or ""
    is_ours = "RAISE" in (error.diag.context or "")
    what = f"{_sentence(said)}." if is_ours else "This offer does not let you do that."
    return NotPermitted(what, kept="everything as it was.", todo="ask its owner.")


def _sentence(said: str) -> str:
    return said[:1].upper() + said[1:]
