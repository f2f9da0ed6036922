"""What time itself makes known: deadlines that come, safe instants, overdue points, signatures that wait.

Each is told once: its key names the thing and the instant, and the ledger takes a key once per person. It does not matter
when this runs: what came while nobody ran it is told late and says how late, and a deadline that has passed is told as
passed. Not here: sending (notification_sending.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipelines.administration.notification_messages import inert
from pipelines.administration.saved_searches import tell_new_matches
from warehouse.domain.deadlines import office_zone, zone_name
from warehouse.domain.notification import NotificationKind
from warehouse.ledger.notices_due import InHand, offers_in_hand, opportunities_in_hand, overdue_points, waiting_steps
from warehouse.ledger.notifications import tell_in
from warehouse.ledger.store import Ledger

DAYS_BEFORE = (1, 3, 7)
WAITS_TOO_LONG = timedelta(days=1)
TOLD_AFTER = timedelta(days=7)
"""A deadline that passed while the product did not run is still told, as passed, for so long."""


@dataclass(frozen=True)
class Told:
    """How many people were told of what, in one round."""

    deadlines: int
    points: int
    waiting: int
    searches: int


def tell_what_is_due(ledger: Ledger, *, at: datetime, world_at: datetime) -> Told:
    """Tell everybody what time has brought since the last round.

    Args:
        at: The real instant, for deadlines and signatures.
        world_at: The instant at which the product looks at published notices, for saved searches.
    """
    with ledger.housekeeping() as tx:
        in_hand = [*offers_in_hand(tx, at=at, ahead=timedelta(days=max(DAYS_BEFORE)), behind=TOLD_AFTER),
                   *opportunities_in_hand(tx, at=at, ahead=timedelta(days=max(DAYS_BEFORE)))]  # fmt: skip
        deadlines = sum(
            tell_in(
                tx, thing.people, kind, text, key=key, submission_id=thing.submission_id,
                opportunity_id=None if thing.submission_id else thing.opportunity_id,
            )
            for thing in in_hand
            for kind, key, text in deadline_news(thing, at=at)
        )  # fmt: skip
        points = sum(
            tell_in(
                tx, [point.person_id], NotificationKind.POINT_OVERDUE,
                f"“{inert(point.title, 120)}” was due {_ago(point.due_at, at)}.",
                key=f"overdue:{point.id}:{point.due_at:%Y-%m-%dT%H:%M}", submission_id=point.submission_id,
            )
            for point in overdue_points(tx, at=at)
        )  # fmt: skip
        waiting = sum(
            tell_in(
                tx, [step.person_id], NotificationKind.WAITING_FOR_YOU,
                f"“{inert(step.title, 160)}” has waited for your signature for {_span(at - step.since)}.",
                key=f"reminder:{step.id}", submission_id=step.submission_id,
            )
            for step in waiting_steps(tx, before=at - WAITS_TOO_LONG)
        )  # fmt: skip
    return Told(deadlines, points, waiting, tell_new_matches(ledger, at=at, world_at=world_at))


def deadline_news(thing: InHand, *, at: datetime) -> Iterable[tuple[NotificationKind, str, str]]:
    """Yield what there is to say of one deadline now: kind, key and text.

    Of several days that have come, only the nearest is told: who hears "in 1 day" need not hear "in 7 days".
    """
    due, name = thing.due_at, f"deadline:{thing.submission_id or thing.opportunity_id}:{thing.due_at:%Y-%m-%dT%H:%M}"
    what = f"“{inert(thing.title, 160)}”" + (f" ({inert(thing.label, 80)})" if thing.label not in ("", "Offer") else "")
    when = _moment(due, thing)
    if at >= due:
        if thing.submission_id and thing.since < due:
            yield NotificationKind.DEADLINE, f"{name}:passed", f"The deadline of {what} passed {_ago(due, at)}: {when}."
        return
    if thing.since < due and (days := next((d for d in DAYS_BEFORE if due - timedelta(days=d) <= at), None)):
        yield NotificationKind.DEADLINE, f"{name}:{days}", f"{what} is due in {_span(due - at)}: {when}."
    safe = thing.safe_at
    if safe is not None and safe <= at and thing.submission_id:
        yield (
            NotificationKind.SAFE_INSTANT,
            f"{name}:safe:{safe:%Y-%m-%dT%H:%M}",
            f"The safe instant of {what} was {_ago(safe, at)}; it is due in {_span(due - at)}: {when}.",
        )


def _moment(instant: datetime, thing: InHand) -> str:
    local = instant.astimezone(office_zone(instant, thing.due_offset_minutes, thing.place_state))
    return f"{local:%a} {local.day} {local:%b %H:%M} {zone_name(local)}"


def _ago(instant: datetime, at: datetime) -> str:
    return "just now" if at - instant < timedelta(minutes=1) else f"{_span(at - instant)} ago"


def _span(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"
