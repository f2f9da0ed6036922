"""What PostgreSQL refuses about delivering, said as a person can use it (codes of 0012_deliveries.sql)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psycopg

from pipelines.submission.approval_refusals import Refusal, said
from pipelines.submission.executor import Fenced
from pipelines.submission.refusals import refusals
from warehouse.errors import BadInput, NotPermitted, WrongState

FENCED = "PR450"
RELOAD = "reload the page."
REFUSALS: Mapping[str, Refusal] = {
    "PR409": Refusal(WrongState, "{}.", "bring the receipt of the office first."),
    "PR422": Refusal(WrongState, "The package was replaced since you looked at it.", "look at it again."),
    "PR433": Refusal(BadInput, "This says why: {}.", "write a sentence."),
    "PR441": Refusal(WrongState, "It cannot go out: {}.", "the gates of the package say what is missing."),
    "PR442": Refusal(WrongState, "A delivery of this offer is under way already.", "watch it, or wait until it has ended."),
    "PR443": Refusal(WrongState, "The portal profile is not in use: {}.", "an admin activates a version of it."),
    "PR444": Refusal(WrongState, "{}.", RELOAD),
    "PR445": Refusal(WrongState, "The offer may have arrived: {}.", "wait until it has ended, or decide it on the page Needs you."),
    "PR446": Refusal(WrongState, "{}.", RELOAD),
    "PR447": Refusal(NotPermitted, "Somebody else confirms the receipt that you brought.", "ask a colleague to look at it."),
    "PR448": Refusal(WrongState, "{}.", "confirm it or put it aside first."),
    "PR449": Refusal(WrongState, "{}.", "start the delivery again."),
}  # fmt: skip


@contextmanager
def delivery_refusals() -> Iterator[None]:
    """Turn what PostgreSQL refuses into the error with a sentence; stands around `ledger.deed(…)`.

    Raises:
        Fenced: another worker holds the run.
        WrongState, NotPermitted, BadInput: as the code says.
    """
    with refusals():
        try:
            yield
        except psycopg.errors.UniqueViolation as error:
            if error.diag.constraint_name in {"one_open_delivery", "one_open_request"}:
                raise said(REFUSALS["PR442"], error) from error
            if error.diag.constraint_name == "one_receipt_of_a_package":
                raise WrongState("This package has a receipt already.", kept="that receipt.", todo=RELOAD) from error
            raise
        except psycopg.DatabaseError as error:
            if error.sqlstate == FENCED:
                raise Fenced(error.diag.message_primary or "") from error
            found = REFUSALS.get(error.sqlstate or "")
            if found is None:
                raise
            raise said(found, error, kept="nothing was sent and nothing was changed.") from error
