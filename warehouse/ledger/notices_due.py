"""What time alone brings about, read for everybody by the product itself: deadlines, overdue points, waiting signatures."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from warehouse.ledger.store import Transaction


@dataclass(frozen=True)
class InHand:
    """A deadline that somebody works towards: of an offer, or of an opportunity without one (`submission_id` None).

    Attributes:
        people: Ids of who works on it.
        since: From when on they do: what passed before is no news.
    """

    submission_id: str | None
    opportunity_id: str
    label: str
    title: str
    people: tuple[str, ...]
    since: datetime
    due_at: datetime
    safe_at: datetime | None
    due_offset_minutes: int | None
    place_state: str | None


@dataclass(frozen=True)
class OverduePoint:
    """A point of a checklist that should be done, and whose it is: its owner's, else the offer's owner's."""

    id: str
    submission_id: str
    person_id: str
    title: str
    due_at: datetime


@dataclass(frozen=True)
class WaitingStep:
    """A signature that is asked for, and a person who was told so; `since` is when."""

    id: str
    submission_id: str
    person_id: str
    title: str
    since: datetime


def offers_in_hand(tx: Transaction, *, at: datetime, ahead: timedelta, behind: timedelta) -> list[InHand]:
    """Return open offers that are not delivered and are due within `ahead`, or were within `behind`."""
    rows = tx.rows(
        "select s.id::text as submission_id, o.id as opportunity_id, s.label, o.title, s.created_at as since,"
        " s.owner_id::text as owner_id, array(select m.profile_id::text from submission_members m"
        "   where m.submission_id = s.id) as members,"
        " o.due_date as due_at,"
        " o.safe_deadline_at as safe_at, o.due_offset_minutes, o.place_state"
        " from submissions s join opportunities o on o.id = s.opportunity_id"
        " where s.closed_at is null and s.status <> 'submitted' and o.due_date between %s and %s order by o.due_date, s.id",
        [at - behind, at + ahead],
    )
    return [InHand(**{k: v for k, v in row.items() if k not in ("owner_id", "members")},
                   people=(row["owner_id"], *row["members"])) for row in rows]  # fmt: skip


def opportunities_in_hand(tx: Transaction, *, at: datetime, ahead: timedelta) -> list[InHand]:
    """Return opportunities in review or qualified that are due within `ahead` and whose decider has no open offer to them."""
    rows = tx.rows(
        "select null as submission_id, o.id as opportunity_id, '' as label, o.title, array[o.status_changed_by::text] as people,"
        " coalesce(o.status_changed_at, o.published_at) as since, o.due_date as due_at,"
        " o.safe_deadline_at as safe_at, o.due_offset_minutes, o.place_state"
        " from opportunities o where o.status in ('reviewing', 'qualified') and o.status_changed_by is not null"
        " and o.due_date > %s and o.due_date <= %s and not exists (select from submissions s where s.opportunity_id = o.id"
        "   and s.closed_at is null) order by o.due_date, o.id",
        [at, at + ahead],
    )
    return [InHand(**{**row, "people": tuple(row["people"])}) for row in rows]


def overdue_points(tx: Transaction, *, at: datetime) -> list[OverduePoint]:
    """Return points of open drafts that are neither done nor waived and whose time has come."""
    rows = tx.rows(
        "select * from (select t.id::text as id, s.id::text as submission_id, coalesce(t.owner_id, s.owner_id)::text as person_id,"
        "   t.title, coalesce(t.due_at, o.due_date - make_interval(mins => t.due_before_minutes)) as due_at"
        "  from submission_tasks t join submissions s on s.id = t.submission_id join opportunities o on o.id = s.opportunity_id"
        "  where s.closed_at is null and s.status = 'draft' and not t.completed and t.waived_reason is null) p"
        " where p.due_at <= %s order by p.due_at, p.id",
        [at],
    )
    return [OverduePoint(**row) for row in rows]


def waiting_steps(tx: Transaction, *, before: datetime) -> list[WaitingStep]:
    """Return open signatures and whom of their department was told before an instant that they wait."""
    rows = tx.rows(
        "select distinct on (w.id, n.person_id) w.id::text as id, w.submission_id::text as submission_id,"
        " n.person_id::text as person_id, o.title, n.at as since"
        " from approval_workflows w join submissions s on s.id = w.submission_id join opportunities o on o.id = s.opportunity_id"
        " join notifications n on n.submission_id = w.submission_id and n.kind = 'waiting_for_you' and n.at >= w.created_at"
        " join profiles p on p.id = n.person_id and p.department = w.department"
        " where w.status = 'pending' and w.voided_at is null and s.closed_at is null and n.at <= %s and n.key not like 'reminder:%%'"
        " and not exists (select from approval_workflows e where e.manifest_id = w.manifest_id and e.position < w.position"
        "   and e.status = 'pending') order by w.id, n.person_id, n.at",
        [before],
    )
    return [WaitingStep(**row) for row in rows]
