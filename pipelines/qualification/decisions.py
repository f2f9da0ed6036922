"""What people decide about an opportunity: its status and a note.

Not here: what the ranker says (qualify.py); only a receipt makes `submitted`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from warehouse.domain import access
from warehouse.domain.access import Action, Person
from warehouse.domain.audit_event import AuditEvent, Fact
from warehouse.domain.opportunity import NEXT, OpportunityStatus
from warehouse.errors import BadInput, NotFound, WrongState
from warehouse.ledger.store import Ledger

MOST_AT_ONCE = 500
LONGEST_NOTE = 4_000


@dataclass(frozen=True)
class Decided:
    """What a bulk decision did: ids that changed, and ids left as they were with their status."""

    changed: tuple[str, ...]
    left: dict[str, OpportunityStatus]


def set_status(ledger: Ledger, ids: Sequence[str], to: OpportunityStatus, *, by: Person, at: datetime) -> Decided:
    """Set the status of one or several opportunities; one transaction, one audit record for each that changed.

    Of several, those whose status does not allow it stay as they are and are named in the answer.

    Raises:
        NotPermitted: `by` may not decide.
        NotFound: one of the ids does not exist.
        WrongState: none of them can be set to `to` from where it is.
        BadInput: none or more than 500 were given.
    """
    access.check(by, Action.SET_OPPORTUNITY_STATUS)
    wanted = sorted(set(ids))
    if not 1 <= len(wanted) <= MOST_AT_ONCE:
        raise BadInput(f"{len(wanted)} opportunities were chosen.", todo=f"choose 1 to {MOST_AT_ONCE} at once.")
    with ledger.deed(AuditEvent("opportunity:status_set", wanted[0], by.id, {"to": to.value}), by) as deed:
        rows = deed.rows(
            "select id, status::text as status from opportunities where id = any(%s) order by id for update", [wanted]
        )
        before = {row["id"]: OpportunityStatus(row["status"]) for row in rows}
        if missing := [i for i in wanted if i not in before]:
            raise NotFound(
                f"{', '.join(missing[:3])} is not here any more.", kept="nothing was changed.", todo="reload the page."
            )
        changing = [i for i in wanted if to in NEXT[before[i]]]
        if not changing:
            raise _no_change(before, to)
        deed.execute(
            "update opportunities set status = %s, status_changed_at = %s, status_changed_by = %s where id = any(%s)",
            [to.value, at, by.id, changing],
        )
        events = [_event(i, before[i], to, by) for i in changing]
        deed.event = events[0]
        for event in events[1:]:
            deed.also(event)
    return Decided(tuple(changing), {i: before[i] for i in wanted if i not in changing})


def add_note(ledger: Ledger, opportunity_id: str, text: str, *, by: Person, at: datetime) -> None:
    """Write the note of an opportunity; an empty text removes it. The audit log keeps the text's SHA-256 only.

    Raises:
        NotPermitted: `by` may not.
        NotFound: there is no such opportunity.
        BadInput: the text is longer than 4,000 characters.
    """
    access.check(by, Action.NOTE_OPPORTUNITY)
    note = text.replace("\x00", "").strip()
    if len(note) > LONGEST_NOTE:
        raise BadInput(
            f"The note has {len(note):,} characters.",
            kept="the note as it was.",
            todo=f"keep it within {LONGEST_NOTE:,}.",
        )
    facts: dict[str, Fact] = {"sha256": sha256(note.encode()).hexdigest(), "characters": len(note)}
    with ledger.deed(AuditEvent("opportunity:noted", opportunity_id, by.id, facts), by) as deed:
        done = deed.execute(
            "update opportunities set note = %s, noted_at = %s, noted_by = %s where id = %s and note is distinct from %s",
            [note or None, at, by.id, opportunity_id, note or None],
        )
        if done.rowcount == 0:
            if deed.row("select id from opportunities where id = %s", [opportunity_id]) is None:
                raise NotFound("This opportunity is not here any more.", kept="nothing was changed.")
            deed.nothing_happened()


def _event(opportunity_id: str, was: OpportunityStatus, to: OpportunityStatus, by: Person) -> AuditEvent:
    return AuditEvent("opportunity:status_set", opportunity_id, by.id, {"was": was.value, "to": to.value})


def _no_change(before: dict[str, OpportunityStatus], to: OpportunityStatus) -> WrongState:
    now = " and ".join(sorted({status.value for status in before.values()}))
    ways = sorted(status.value for status, following in NEXT.items() if to in following)
    return WrongState(
        f"What is {now} cannot be set to {to.value}.",
        kept="nothing was changed.",
        todo=f"only from {' or '.join(ways)}." if ways else "only a receipt sets it.",
    )
