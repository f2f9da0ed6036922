"""Addresses of calendars and what each has shown. Only SHA-256 of a token is kept."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from warehouse.domain.access import Person
from warehouse.ledger.people import to_person
from warehouse.ledger.store import Deed, Transaction


@dataclass(frozen=True)
class Feed:
    """One address of a calendar; the token itself was shown once."""

    id: str
    name: str
    created_at: datetime
    last_read_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True)
class ShownEvent:
    """What a feed has shown of one event; `sequence` grows with each change."""

    uid: str
    sequence: int
    content_hash: str
    starts_at: datetime
    is_cancelled: bool
    changed_at: datetime


@dataclass(frozen=True)
class CalendarDate:
    """One deadline that a person's calendar holds: of an offer, or of an opportunity in hand."""

    submission_id: str | None
    opportunity_id: str
    label: str
    title: str
    solicitation_number: str | None
    agency: str | None
    status: str
    due_at: datetime
    safe_at: datetime | None


def list_feeds(tx: Transaction, person_id: str) -> list[Feed]:
    """Return a person's feeds that were not revoked, the newest first."""
    rows = tx.rows(
        "select id::text as id, name, created_at, last_read_at, revoked_at from calendar_feeds where person_id = %s"
        " and revoked_at is null order by created_at desc",
        [person_id],
    )
    return [Feed(**row) for row in rows]


def insert_feed(deed: Deed, feed_id: str, person_id: str, token_hash: bytes, name: str, *, at: datetime) -> None:
    """Keep a new feed."""
    deed.execute(
        "insert into calendar_feeds (id, person_id, token_hash, name, created_at) values (%s, %s, %s, %s, %s)",
        [feed_id, person_id, token_hash, name, at],
    )


def revoke_feed(deed: Deed, feed_id: str, person_id: str, *, at: datetime) -> bool:
    """End a feed; False where the person has no live one of this id."""
    done = deed.execute(
        "update calendar_feeds set revoked_at = %s where id = as_uuid(%s) and person_id = %s and revoked_at is null",
        [at, feed_id, person_id],
    )
    return done.rowcount == 1


def find_feed(tx: Transaction, token_hash: bytes) -> tuple[str, Person] | None:
    """Return a live feed's id and whose it is; None for unknown, revoked and disabled alike, by one statement."""
    row = tx.row(
        "select f.id::text as feed_id, p.id, p.email, p.role, p.department, p.is_demo from calendar_feeds f"
        " join profiles p on p.id = f.person_id where f.token_hash = %s and f.revoked_at is null and not p.is_disabled",
        [token_hash],
    )
    return (row["feed_id"], to_person(row)) if row else None


def dates_of(tx: Transaction, person_id: str, *, since: datetime, limit: int) -> list[CalendarDate]:
    """Return deadlines of open offers that the acting person sees, and of what they have in review or qualified."""
    rows = tx.rows(
        "(select s.id::text as submission_id, o.id as opportunity_id, s.label, o.title, o.solicitation_number, o.agency,"
        "  s.status::text as status, o.due_date as due_at, o.safe_deadline_at as safe_at"
        "  from submissions s join opportunities o on o.id = s.opportunity_id where s.closed_at is null and o.due_date > %(since)s"
        " union all"
        " select null, o.id, '', o.title, o.solicitation_number, o.agency, o.status::text, o.due_date, o.safe_deadline_at"
        "  from opportunities o where o.status in ('reviewing', 'qualified') and o.status_changed_by = %(person)s"
        "  and o.due_date > %(since)s) order by due_at, opportunity_id, submission_id limit %(limit)s",
        {"since": since, "person": person_id, "limit": limit},
    )
    return [CalendarDate(**row) for row in rows]


def lock_events(tx: Transaction, feed_id: str, *, since: datetime) -> dict[str, ShownEvent]:
    """Hold a feed and return what it has shown of events that start after an instant."""
    tx.execute("select from calendar_feeds where id = %s for update", [feed_id])
    rows = tx.rows(
        "select uid, sequence, content_hash, starts_at, is_cancelled, changed_at from calendar_events"
        " where feed_id = %s and starts_at > %s",
        [feed_id, since],
    )
    return {row["uid"]: ShownEvent(**row) for row in rows}


def write_events(tx: Transaction, feed_id: str, events: Collection[ShownEvent]) -> None:
    """Write down what a feed shows from now on of events that are new or changed."""
    for event in events:
        tx.execute(
            "insert into calendar_events (feed_id, uid, sequence, content_hash, starts_at, is_cancelled, changed_at)"
            " values (%s, %s, %s, %s, %s, %s, %s) on conflict (feed_id, uid) do update set sequence = excluded.sequence,"
            " content_hash = excluded.content_hash, starts_at = excluded.starts_at, is_cancelled = excluded.is_cancelled,"
            " changed_at = excluded.changed_at",
            [
                feed_id,
                event.uid,
                event.sequence,
                event.content_hash,
                event.starts_at,
                event.is_cancelled,
                event.changed_at,
            ],
        )


def touch_feed(tx: Transaction, feed_id: str, *, at: datetime) -> None:
    """Note that a calendar program came, at most once an hour."""
    tx.execute(
        "update calendar_feeds set last_read_at = %s where id = %s and (last_read_at is null or last_read_at < %s)",
        [at, feed_id, at - timedelta(hours=1)],
    )
