"""Sign-ins that are half done: rows that open nothing but the next step, and only for minutes."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from warehouse.domain.access import Person
from warehouse.ledger.people import to_person
from warehouse.ledger.store import Transaction


class Step(StrEnum):
    """What must come next."""

    CODE = "code"
    """A code of the second factor."""
    ENROL = "enrol"
    """Enrolment of a second factor, which the firm asks for."""
    CONTINUE = "continue"
    """Nothing but handing a session that was opened inside the app over to the browser."""


@dataclass(frozen=True)
class StepRow:
    """A step that can still be taken."""

    person: Person
    step: Step
    wrong_codes: int
    session_hash: bytes | None
    earlier_hash: bytes | None


def insert_step(
    tx: Transaction,
    id_hash: bytes,
    profile_id: str,
    step: Step,
    *,
    at: datetime,
    expires_at: datetime,
    session_hash: bytes | None = None,
    earlier_hash: bytes | None = None,
) -> None:
    """Write a step; of `CONTINUE` with the session to hand over and the one that the browser still shows."""
    tx.execute(
        "insert into sign_in_steps (id_hash, profile_id, step, session_hash, earlier_hash, created_at, expires_at)"
        " values (%s, %s, %s, %s, %s, %s, %s)",
        [id_hash, profile_id, step.value, session_hash, earlier_hash, at, expires_at],
    )


def find_step(tx: Transaction, id_hash: bytes, *, at: datetime) -> StepRow | None:
    """Return a step that is not too old; else None. It dies with a disabling, a new password and a reset."""
    row = tx.row(
        "select p.id, p.email, p.role, p.department, p.is_demo, t.step, t.wrong_codes, t.session_hash, t.earlier_hash"
        " from sign_in_steps t join profiles p on p.id = t.profile_id"
        " join passwords w on w.profile_id = p.id and w.changed_at <= t.created_at"
        " where t.id_hash = %s and t.expires_at > %s and not p.is_disabled",
        [id_hash, at],
    )
    if row is None:
        return None
    session, earlier = row["session_hash"], row["earlier_hash"]
    return StepRow(
        to_person(row), Step(row["step"]), row["wrong_codes"],
        bytes(session) if session is not None else None, bytes(earlier) if earlier is not None else None,
    )  # fmt: skip


def count_wrong_code(tx: Transaction, id_hash: bytes) -> None:
    """Note a wrong code."""
    tx.execute("update sign_in_steps set wrong_codes = wrong_codes + 1 where id_hash = %s", [id_hash])


def use_step(tx: Transaction, id_hash: bytes) -> bool:
    """Use a step up; False when somebody was faster."""
    return tx.execute("delete from sign_in_steps where id_hash = %s", [id_hash]).rowcount == 1


def remove_old_steps(tx: Transaction, *, before: datetime) -> None:
    """Forget steps that were not taken in time."""
    tx.execute("delete from sign_in_steps where expires_at < %s", [before])
