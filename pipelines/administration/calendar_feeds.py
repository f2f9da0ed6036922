"""Calendars behind a secret address: deadlines of what a person works on, for calendar programs that know no sign-in.

The address shows what the person sees at that moment and nothing else: it is read as them, and ends with the account. What
a calendar holds and may show no longer is cancelled there without a word of what it was. Not here: the route
(app/calendar_feed.py).
"""

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from pipelines.administration.app_links import page_link
from pipelines.administration.attempts import LONGEST_PAUSE, Counter, charge
from pipelines.administration.sessions import hashed, is_token, new_token
from warehouse.domain import access
from warehouse.domain.access import Action, Person, State
from warehouse.domain.audit_event import AuditEvent
from warehouse.errors import BadInput, NotFound, NotSignedIn, WrongState
from warehouse.ledger import calendar_feeds as rows
from warehouse.ledger.calendar_feeds import CalendarDate, Feed, ShownEvent
from warehouse.ledger.store import Ledger
from warehouse.redaction import remember
from warehouse.settings import current

MOST_FEEDS, MOST_DATES = 10, 1_000
LONGEST_NAME = 80
KEPT_FOR = timedelta(days=30)
"""What passed stays in a calendar for so long; after that it is neither shown nor cancelled."""
FREE_TRIES = 20
"""Unknown addresses from one client that cost nothing: an old one in a forgotten telephone asks each hour."""
SAFE_LASTS, DUE_LASTS = timedelta(minutes=30), timedelta(minutes=15)
PATH = "/calendar/"


@dataclass(frozen=True)
class NewFeed:
    """A new feed; its path within the app holds the secret and is shown once."""

    id: str
    token: str = field(repr=False)

    @property
    def path(self) -> str:
        """The address within the app."""
        return f"{PATH}{self.token}.ics"


@dataclass(frozen=True)
class Entry:
    """One event as it is now, before it is compared with what the feed has shown."""

    uid: str
    summary: str
    text: str
    url: str
    starts_at: datetime
    lasts: timedelta

    @property
    def content_hash(self) -> str:
        """What changes the event's sequence: everything of it."""
        parts = (self.summary, self.text, self.url, self.starts_at.isoformat(), str(self.lasts))
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def new_feed(ledger: Ledger, name: str, *, at: datetime, by: Person) -> NewFeed:
    """Make a secret address for a calendar program.

    Raises:
        NotPermitted: `by` may not.
        BadInput: no name, or ten addresses already.
    """
    access.check(by, Action.EDIT_CALENDAR, State.OWN)
    title = " ".join(name.replace("\x00", "").split())
    if not 1 <= len(title) <= LONGEST_NAME:
        raise BadInput("A calendar needs a name of 1 to 80 characters.", todo="say where you put it: my telephone.")
    made = NewFeed(str(uuid.uuid4()), new_token())
    remember(made.token)
    with ledger.deed(AuditEvent("calendar:made", made.id, by.id), by) as deed:
        if len(rows.list_feeds(deed, by.id)) >= MOST_FEEDS:
            raise BadInput(f"You have {MOST_FEEDS} calendars.", todo="revoke one that you do not use.")
        rows.insert_feed(deed, made.id, by.id, hashed(made.token), title, at=at)
    return made


def list_feeds(ledger: Ledger, *, by: Person) -> list[Feed]:
    """Return the own feeds that were not revoked."""
    access.check(by, Action.EDIT_CALENDAR, State.OWN)
    with ledger.read(by) as tx:
        return rows.list_feeds(tx, by.id)


def revoke_feed(ledger: Ledger, feed_id: str, *, at: datetime, by: Person) -> None:
    """End an own address at once.

    Raises:
        NotFound: `by` has no live one of this id.
    """
    access.check(by, Action.EDIT_CALENDAR, State.OWN)
    with ledger.deed(AuditEvent("calendar:revoked", feed_id, by.id), by) as deed:
        if not rows.revoke_feed(deed, feed_id, by.id, at=at):
            raise NotFound("There is no such calendar of yours.", kept="nothing was changed.")


def read_calendar(ledger: Ledger, token: str, client: str, *, at: datetime) -> bytes:
    """Return the calendar (RFC 5545) that a secret address opens.

    Args:
        client: Where the question comes from: unknown addresses from one place are counted.

    Raises:
        NotFound: unknown, revoked, or of a disabled account; the same words and the same work for each.
        WrongState: too many unknown ones from this client.
    """
    with ledger.read() as tx:
        # What is no token at all is looked up as well: the answer takes as long.
        found = rows.find_feed(tx, hashed(token if is_token(token) else ""))
    if found is None:
        wait = charge(ledger, [Counter(hashed(f"calendar\n{client}"), FREE_TRIES, LONGEST_PAUSE)], at=at)
        if wait:
            raise WrongState(f"Too many unknown calendars. Try again in {wait} s.")
        raise _unknown()
    remember(token)
    feed_id, person = found
    try:
        with ledger.read(person) as tx:
            dates = rows.dates_of(tx, person.id, since=at - KEPT_FOR, limit=MOST_DATES)
    except NotSignedIn:  # disabled between the two questions
        raise _unknown() from None
    entries = {entry.uid: entry for date in dates for entry in _entries(date)}
    with ledger.housekeeping() as tx:
        shown = rows.lock_events(tx, feed_id, since=at - KEPT_FOR)
        now = dict(_compared(entries, shown, at))
        rows.write_events(tx, feed_id, [event for uid, event in now.items() if shown.get(uid) != event])
        rows.touch_feed(tx, feed_id, at=at)
    return _written(entries, now)


def _entries(date: CalendarDate) -> Iterator[Entry]:
    kind, key = ("offer", date.submission_id) if date.submission_id else ("opportunity", date.opportunity_id)
    page = ("workspace", date.submission_id) if date.submission_id else ("opportunity", date.opportunity_id)
    url = page_link(current(), page[0], {"id": str(page[1])})
    title = " ".join(date.title.split())[:200] + (f" ({date.label})" if date.label not in ("", "Offer") else "")
    text = "\n".join(
        part for part in (date.solicitation_number, date.agency, f"Now: {date.status.replace('_', ' ')}") if part
    )
    yield Entry(f"{kind}-{key}-due@procura", f"Due: {title}", text, url, date.due_at, DUE_LASTS)
    if date.safe_at is not None:
        yield Entry(f"{kind}-{key}-safe@procura", f"Send by: {title}", text, url, date.safe_at - SAFE_LASTS, SAFE_LASTS)


def _compared(
    entries: dict[str, Entry], shown: dict[str, ShownEvent], at: datetime
) -> Iterator[tuple[str, ShownEvent]]:
    for uid, entry in entries.items():
        was = shown.get(uid)
        if was is None:
            yield uid, ShownEvent(uid, 0, entry.content_hash, entry.starts_at, False, at)
        elif was.content_hash != entry.content_hash or was.is_cancelled:
            yield uid, ShownEvent(uid, was.sequence + 1, entry.content_hash, entry.starts_at, False, at)
        else:
            yield uid, was
    for uid, was in shown.items():
        if uid not in entries:
            yield (
                uid,
                was if was.is_cancelled else replace(was, sequence=was.sequence + 1, is_cancelled=True, changed_at=at),
            )


def _written(entries: dict[str, Entry], shown: dict[str, ShownEvent]) -> bytes:
    from icalendar import Calendar, Event

    calendar = Calendar()
    calendar.add("prodid", "-//Procura//Procura Ops Command//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", "Procura deadlines")
    calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    for uid in sorted(shown, key=lambda uid: (shown[uid].starts_at, uid)):
        now, event = shown[uid], Event()
        event.add("uid", uid)
        event.add("dtstamp", now.changed_at)
        event.add("last-modified", now.changed_at)
        event.add("sequence", now.sequence)
        event.add("dtstart", now.starts_at)
        if now.is_cancelled:
            event.add("status", "CANCELLED")
            event.add("summary", "Cancelled")
        else:
            entry = entries[uid]
            event.add("duration", entry.lasts)
            event.add("status", "CONFIRMED")
            event.add("transp", "TRANSPARENT")
            event.add("summary", entry.summary)
            event.add("description", entry.text)
            if entry.url:
                event.add("url", entry.url)
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def _unknown() -> NotFound:
    return NotFound("There is no such calendar.")
