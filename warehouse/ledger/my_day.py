"""What the Dashboard counts for who looks at it. Which offers count is row security's; each question takes milliseconds."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from warehouse.ledger.store import Row, Transaction


@dataclass(frozen=True)
class OwnWork:
    """A person's own work on open offers."""

    points_overdue: int
    points_soon: int
    rejected: int
    changed: int


@dataclass(frozen=True)
class OffersOnTheirWay:
    """Open offers that the person sees, by state."""

    draft: int
    pending_approval: int
    approved: int
    rejected: int
    submitted: int


@dataclass(frozen=True)
class Housekeeping:
    """What an admin looks after."""

    sources_failing: int
    credentials_ending: int
    without_second_factor: int
    people: int
    sends_failed: int


def own_work(tx: Transaction, person_id: str, *, at: datetime, ahead: timedelta) -> OwnWork:
    """Count what a person has to do: points of drafts that are theirs, offers of theirs that were rejected or met a change."""
    row = tx.row(
        "with mine as (select s.id, s.status, s.owner_id from submissions s where s.closed_at is null and (s.owner_id = %(person)s"
        "   or exists (select from submission_members m where m.submission_id = s.id and m.profile_id = %(person)s))),"
        " points as (select coalesce(t.due_at, o.due_date - make_interval(mins => t.due_before_minutes)) as due_at"
        "   from submission_tasks t join submissions s on s.id = t.submission_id join opportunities o on o.id = s.opportunity_id"
        "   where s.status = 'draft' and s.closed_at is null and not t.completed and t.waived_reason is null"
        "   and coalesce(t.owner_id, s.owner_id) = %(person)s)"
        " select (select count(*) from points where due_at <= %(at)s) as points_overdue,"
        " (select count(*) from points where due_at > %(at)s and due_at <= %(until)s) as points_soon,"
        " (select count(*) from mine where status = 'rejected' and owner_id = %(person)s) as rejected,"
        " (select count(distinct c.submission_id) from notice_changes c join mine on mine.id = c.submission_id"
        "   where c.acknowledged_at is null) as changed",
        {"person": person_id, "at": at, "until": at + ahead},
    )
    return OwnWork(**_one(row))


def offers_on_their_way(tx: Transaction) -> OffersOnTheirWay:
    """Count the offers that the acting person sees and that are not closed, by state."""
    counts = ", ".join(
        f"count(*) filter (where status = '{name}') as {name}" for name in OffersOnTheirWay.__dataclass_fields__
    )
    row = tx.row(f"select {counts} from submissions where closed_at is null")  # noqa: S608 - names of this file
    return OffersOnTheirWay(**_one(row))


def housekeeping(tx: Transaction, *, at: datetime, ahead: timedelta) -> Housekeeping:
    """Count what needs an admin; only an admin's transaction sees all of it."""
    row = tx.row(
        "select (select count(*) from connectors c where c.status <> 'active' and (c.last_success_at is not null"
        "   or exists (select from discovery_runs r where r.connector_id = c.id))) as sources_failing,"
        " (select count(*) from connector_credentials k where k.expires_at <= %(until)s or k.failures > 0) as credentials_ending,"
        " (select count(*) from profiles p, account_state(p.id) a where not p.is_disabled and not a.has_second_factor)"
        "   as without_second_factor,"
        " (select count(*) from profiles p where not p.is_disabled) as people,"
        " (select count(*) from notification_sendings s where s.state = 'failed' and s.claimed_at > %(at)s - interval '7 days')"
        "   as sends_failed",
        {"at": at, "until": at + ahead},
    )
    return Housekeeping(**_one(row))


def _one(row: Row | None) -> Row:
    assert row is not None  # noqa: S101 - an aggregate always answers one row
    return row
