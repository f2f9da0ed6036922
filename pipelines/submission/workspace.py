"""The story of a workspace: opened from an opportunity, named, valued and closed.

Its chapters are files of their own: sharing, notes, changes of the notice, checklist, files, package, approvals.
"""

import uuid
from datetime import datetime
from decimal import Decimal
from hashlib import sha256

import psycopg

from pipelines.submission.checklist import make_checklist
from pipelines.submission.held import held_for
from pipelines.submission.refusals import refusals
from warehouse.domain import access
from warehouse.domain.access import Action, Person
from warehouse.domain.audit_event import AuditEvent, Fact
from warehouse.domain.opportunity import OpportunityStatus
from warehouse.domain.retention import RecordClass
from warehouse.errors import BadInput, NotFound, ProcuraError, WrongState
from warehouse.ledger.retention import start_clock
from warehouse.ledger.store import Deed, Ledger, Row
from warehouse.ledger.submissions import list_submissions, read_submission

LONGEST_LABEL = 80
LONGEST_REASON = 1_000
LARGEST_USD = Decimal("9999999999999999.99")
ENDED = (OpportunityStatus.DISQUALIFIED, OpportunityStatus.SUBMITTED)
FIRST_LABEL = "Offer"


def open_workspace(ledger: Ledger, opportunity_id: str, *, label: str = FIRST_LABEL, at: datetime, by: Person) -> str:
    """Open an offer to an opportunity, with its checklist; returns the offer's id. Whoever opens it owns it.

    Raises:
        NotPermitted: `by` is no contract officer.
        NotFound: there is no such opportunity.
        WrongState: it is disqualified or submitted, or an open offer to it has this name.
        BadInput: the name is empty or longer than 80 characters.
    """
    access.check(by, Action.OPEN_SUBMISSION)
    name, submission_id = _tidy_label(label), str(uuid.uuid4())
    event = AuditEvent("submission:opened", submission_id, by.id, {"label": name}, submission_ref=submission_id)
    try:
        with refusals(), ledger.deed(event, by) as deed:
            opportunity = _answerable(deed, opportunity_id)
            deed.note(opportunity=opportunity["id"])
            deed.execute(
                "insert into submissions (id, opportunity_id, owner_id, label, notice_hash, created_at, state_changed_at)"
                " values (%s, %s, %s, %s, %s, %s, %s)",
                [submission_id, opportunity["id"], by.id, name, opportunity["content_hash"], at, at],
            )
            opened = read_submission(deed, submission_id)
            if opened is None:
                raise NotFound("The offer is not yours to see.", kept="nothing was changed.")
            deed.note(points=make_checklist(deed, opened, at=at, by=by))
    except psycopg.errors.UniqueViolation as error:
        raise _name_is_taken(ledger, opportunity_id, name, by) from error
    return submission_id


def rename(ledger: Ledger, submission_id: str, label: str, *, version: int, by: Person) -> None:
    """Give an offer another name.

    Args:
        version: The offer's version that `by` has seen.

    Raises:
        NotPermitted: `by` does not work on it.
        WrongState: somebody changed it meanwhile, it is closed, or another open offer has this name.
        BadInput: the name is empty or longer than 80 characters.
    """
    name = _tidy_label(label)
    opportunity_id = ""
    try:
        with refusals(), ledger.deed(_event("renamed", submission_id, by, {}), by) as deed:
            found = held_for(deed, submission_id, Action.EDIT_SUBMISSION, by=by, version=version)
            opportunity_id = found.opportunity_id
            if found.label == name:
                deed.nothing_happened()
            deed.note(was=found.label, to=name)
            deed.execute(
                "update submissions set label = %s, version = version + 1 where id = %s", [name, submission_id]
            )
    except psycopg.errors.UniqueViolation as error:
        raise _name_is_taken(ledger, opportunity_id, name, by) from error


def set_value(ledger: Ledger, submission_id: str, value_usd: Decimal | None, *, version: int, by: Person) -> None:
    """Say what the offer is worth, in dollars; None for not known yet. Thresholds of approval ask for it.

    Raises:
        NotPermitted: `by` does not work on it.
        WrongState: somebody changed it meanwhile, or it is no open draft.
        BadInput: the value is negative, no number, or beyond what the ledger holds.
    """
    if value_usd is not None and not (value_usd.is_finite() and 0 <= value_usd <= LARGEST_USD):
        raise BadInput(f"{value_usd} is no value of an offer.", kept="the value as it was.", todo="give dollars.")
    value = None if value_usd is None else value_usd.quantize(Decimal("0.01"))
    with refusals(), ledger.deed(_event("valued", submission_id, by, {}), by) as deed:
        found = held_for(deed, submission_id, Action.EDIT_SUBMISSION, by=by, version=version)
        if found.value_usd == value:
            deed.nothing_happened()
        deed.note(was=_text(found.value_usd), to=_text(value))
        deed.execute(
            "update submissions set value_usd = %s, version = version + 1 where id = %s", [value, submission_id]
        )


def close(ledger: Ledger, submission_id: str, reason: str, *, version: int, at: datetime, by: Person) -> None:
    """Close an offer that is given up or done with: it is read only from then on, and its time of keeping begins.

    Raises:
        NotPermitted: `by` is neither its owner nor an admin.
        WrongState: somebody changed it meanwhile, or it is on its way (waiting for signatures, or approved).
        BadInput: no reason is given, or one of more than 1,000 characters.
    """
    why = reason.replace("\x00", "").strip()
    if not 1 <= len(why) <= LONGEST_REASON:
        raise BadInput(
            "A workspace is closed with a reason.",
            kept="it is open.",
            todo=f"say why, in 1 to {LONGEST_REASON:,} characters.",
        )
    facts: dict[str, Fact] = {"reason_sha256": sha256(why.encode()).hexdigest(), "characters": len(why)}
    with refusals(), ledger.deed(_event("closed", submission_id, by, facts), by) as deed:
        found = held_for(deed, submission_id, Action.CLOSE_SUBMISSION, by=by, version=version)
        deed.note(status=found.status.value)
        deed.execute(
            "update submissions set closed_at = %s, close_reason = %s, version = version + 1 where id = %s",
            [at, why, submission_id],
        )
        start_clock(deed, RecordClass.BID, submission_id, starts_at=at, source="close", by=by.id, at=at)


def _event(verb: str, submission_id: str, by: Person, facts: dict[str, Fact]) -> AuditEvent:
    return AuditEvent(f"submission:{verb}", submission_id, by.id, facts, submission_ref=submission_id)


def _answerable(deed: Deed, opportunity_id: str) -> Row:
    """Return the opportunity that an id leads to; held, so that a changed notice meets the offer or is met by it."""
    found = deed.row(
        "select id, content_hash, status::text as status from opportunities where id = coalesce("
        " (select o.merged_into from opportunities o where o.id = %(id)s),"
        " (select a.opportunity_id from opportunity_aliases a where a.alias_id = %(id)s), %(id)s) for share",
        {"id": opportunity_id},
    )
    if found is None:
        raise NotFound(
            "This opportunity is not here any more.", kept="nothing was changed.", todo="search for it again."
        )
    status = OpportunityStatus(found["status"])
    if status in ENDED:
        raise WrongState(
            f"This opportunity is {status.value}.",
            kept="nothing was changed.",
            todo="review it again first." if status is OpportunityStatus.DISQUALIFIED else "its offer was sent.",
        )
    return found


def _name_is_taken(ledger: Ledger, opportunity_id: str, name: str, by: Person) -> ProcuraError:
    """Return the refusal that leads to the offer which has the name."""
    with ledger.read(by) as tx:
        there = list_submissions(
            tx,
            "s.opportunity_id = %s and lower(s.label) = lower(%s) and s.closed_at is null",
            [opportunity_id, name],
        )
    who = f"{there[0].owner_email} has" if there else "A colleague has"
    where = f"work with them in /workspace?id={there[0].id}, or " if there else "ask them to share it, or "
    return WrongState(
        f"{who} an open offer of the name “{name}” to this opportunity.",
        kept="their offer; yours was not saved.",
        todo=f"{where}choose another name.",
    )


def _tidy_label(label: str) -> str:
    name = " ".join(label.replace("\x00", "").split())
    if not 1 <= len(name) <= LONGEST_LABEL:
        raise BadInput(
            f"A name of {len(name)} characters is not possible.",
            kept="nothing was changed.",
            todo=f"use 1 to {LONGEST_LABEL}.",
        )
    return name


def _text(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")
