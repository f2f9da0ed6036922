"""A checklist: which points a template gives an offer, when they are due, what waits for what. Pure rules.

Not here: the templates themselves (pipelines/submission/templates), points found in a notice's text
(pipelines/submission/points_in_text.py), what people did to a point (warehouse/ledger/submission_tasks.py).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Protocol

from warehouse.domain.access import Department
from warehouse.domain.deadlines import SAFE_TIME, previous_working_day


class Reliance(StrEnum):
    """What of a notice a point relies on: a change of it opens the point again."""

    DEADLINE = "deadline"
    SET_ASIDE = "set_aside"
    ATTACHMENTS = "attachments"
    TEXT = "text"


class Flag(StrEnum):
    """What a notice is, as far as conditions of templates ask it and no code says it."""

    SET_ASIDE = "set_aside"
    ATTACHMENTS = "attachments"
    DEFENSE = "defense"
    CONSTRUCTION = "construction"
    SUPPLIES = "supplies"
    SERVICES = "services"
    NO_DEADLINE = "no_deadline"


@dataclass(frozen=True)
class NoticeFacts:
    """What a template asks of a notice. Codes as its source gave them, texts never None."""

    source: str
    notice_type: str
    set_aside_code: str
    naics_code: str
    psc_code: str
    agency: str
    has_attachments: bool
    has_deadline: bool

    @property
    def flags(self) -> frozenset[Flag]:
        """Say what the notice is."""
        psc = self.psc_code.upper()
        told = {
            Flag.SET_ASIDE: bool(self.set_aside_code),
            Flag.ATTACHMENTS: self.has_attachments,
            Flag.DEFENSE: "DEFENSE" in self.agency.upper(),
            Flag.CONSTRUCTION: self.naics_code.startswith("23") or psc.startswith(("Y", "Z")),
            Flag.SUPPLIES: psc[:1].isdigit(),
            Flag.SERVICES: psc[:1].isalpha() and not psc.startswith(("Y", "Z")),
            Flag.NO_DEADLINE: not self.has_deadline,
        }
        return frozenset(flag for flag, is_so in told.items() if is_so)


@dataclass(frozen=True)
class Condition:
    """When a template or a point applies: every list that is not empty must hold one that fits. Codes fit by their start."""

    notice_types: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    set_asides: frozenset[str] = frozenset()
    naics: frozenset[str] = frozenset()
    psc: frozenset[str] = frozenset()
    agencies: frozenset[str] = frozenset()
    flags: frozenset[Flag] = frozenset()
    """All of them."""
    not_flags: frozenset[Flag] = frozenset()
    """None of them."""

    def holds(self, notice: NoticeFacts) -> bool:
        """Say whether a notice is as the condition asks."""
        return (
            _is_one(notice.notice_type, self.notice_types)
            and _is_one(notice.source, self.sources)
            and _is_one(notice.set_aside_code.upper(), self.set_asides)
            and _starts(notice.naics_code, self.naics)
            and _starts(notice.psc_code.upper(), self.psc)
            and (not self.agencies or any(name.upper() in notice.agency.upper() for name in self.agencies))
            and self.flags <= notice.flags
            and not self.not_flags & notice.flags
        )


def _is_one(value: str, wanted: frozenset[str]) -> bool:
    return not wanted or value in wanted


def _starts(code: str, wanted: frozenset[str]) -> bool:
    return not wanted or code.startswith(tuple(wanted))


@dataclass(frozen=True)
class DueBefore:
    """How long before the deadline: at 17:00, office's time, so many federal working days before, and so many minutes before that."""

    working_days: int = 0
    minutes: int = 0


@dataclass(frozen=True)
class Point:
    """One point of a template.

    Attributes:
        key: Its name within its template.
        department: Whose it is; `locked`: only they tick it.
        due: None where no time is set.
        depends_on: Keys of points that come first.
        evidence: What would prove it, in words; may be empty.
    """

    key: str
    title: str
    detail: str = ""
    is_required: bool = True
    department: Department | None = None
    locked: bool = False
    due: DueBefore | None = None
    depends_on: tuple[str, ...] = ()
    when: Condition = field(default_factory=Condition)
    evidence: str = ""
    relies_on: frozenset[Reliance] = frozenset()


@dataclass(frozen=True)
class Template:
    """Points for a kind of notice; `order` decides which template speaks first."""

    name: str
    title: str
    order: int
    applies: Condition
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Chosen:
    """A point that applies to a notice, with the template it comes from; `depends_on` holds full keys that apply too."""

    template_key: str
    point: Point
    depends_on: tuple[str, ...]
    relies_on: frozenset[Reliance]


def choose(templates: Iterable[Template], notice: NoticeFacts) -> tuple[Chosen, ...]:
    """Return the points that apply to a notice, in order.

    A point of a later template takes the place of one of the same key of an earlier template. What a point depends on counts
    only where it applies too, and a point relies on whatever its predecessors rely on: opened again, they open it again.
    """
    found: dict[str, tuple[str, Point]] = {}
    for template in sorted(templates, key=lambda t: (t.order, t.name)):
        if template.applies.holds(notice):
            found.update(
                (p.key, (f"{template.name}/{p.key}", p)) for p in template.points if p.when.holds(notice)
            )  # fmt: skip
    depends = {key: tuple(k for k in point.depends_on if k in found) for key, (_, point) in found.items()}
    return tuple(
        Chosen(
            full,
            point,
            tuple(found[k][0] for k in depends[key]),
            frozenset().union(*(found[k][1].relies_on for k in {key, *all_before(key, depends)})),
        )
        for key, (full, point) in found.items()
    )


def all_before(key: str, depends_on: Mapping[str, Collection[str]]) -> frozenset[str]:
    """Return everything that comes before a point, directly or through others; itself where there is a circle."""
    seen: set[str] = set()
    waiting = list(depends_on.get(key, ()))
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            waiting.extend(depends_on.get(one, ()))
    return frozenset(seen)


def all_after(key: str, depends_on: Mapping[str, Collection[str]]) -> frozenset[str]:
    """Return everything that waits for a point, directly or through others."""
    before: dict[str, set[str]] = {}
    for one, firsts in depends_on.items():
        for first in firsts:
            before.setdefault(first, set()).add(one)
    return all_before(key, before)


def circle(depends_on: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """Return points that wait for themselves, in no particular order; empty where there are none."""
    return tuple(key for key in depends_on if key in all_before(key, depends_on))


def due_at(
    due: DueBefore, *, deadline_at: datetime | None, office: tzinfo, made_at: datetime, holidays: Collection[date]
) -> datetime | None:
    """Return when a point is due, or None without a deadline.

    What should have been done before the offer was opened is not late at once: it has until 17:00 of the next working day, or
    half of the time that is left, whichever is sooner. PostgreSQL says the same when a deadline moves (point_due_at of
    0008_workspaces.sql).

    Args:
        deadline_at: The notice's.
        office: The office's zone, an offset.
        made_at: When the point was made.
        holidays: Federal ones.
    """
    if deadline_at is None:
        return None
    instant = deadline_at
    day = deadline_at.astimezone(office).date()
    for _ in range(due.working_days):
        day = previous_working_day(day, holidays)
        instant = _at(day, SAFE_TIME, office)
    instant -= timedelta(minutes=due.minutes)
    if deadline_at <= made_at:
        return instant
    soonest = _at(_next_working_day(made_at.astimezone(office).date(), holidays), SAFE_TIME, office)
    return max(instant, min(soonest, made_at + (deadline_at - made_at) / 2))


def _next_working_day(day: date, holidays: Collection[date]) -> date:
    day += timedelta(days=1)
    while day.weekday() >= 5 or day in holidays:
        day += timedelta(days=1)
    return day


def _at(day: date, clock: time, zone: tzinfo) -> datetime:
    return datetime.combine(day, clock, zone)


class Counted(Protocol):
    """What progress asks of a point."""

    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def completed(self) -> bool: ...  # noqa: D102
    @property
    def waived_reason(self) -> str | None: ...  # noqa: D102
    @property
    def is_required(self) -> bool: ...  # noqa: D102
    @property
    def due_at(self) -> datetime | None: ...  # noqa: D102


@dataclass(frozen=True)
class Progress:
    """How far a checklist is; `overdue` are open ones whose time has passed, required or not."""

    total: int
    ticked: int
    waived: int
    required_open: int
    overdue: int

    @property
    def done(self) -> int:
        """Ticked or waived."""
        return self.ticked + self.waived

    @property
    def is_complete(self) -> bool:
        """Whether nothing that is required is open."""
        return self.required_open == 0


def progress(points: Sequence[Counted], *, at: datetime) -> Progress:
    """Count a checklist at an instant."""
    opened = [p for p in points if not p.completed and p.waived_reason is None]
    return Progress(
        total=len(points),
        ticked=sum(p.completed for p in points),
        waived=sum(p.waived_reason is not None and not p.completed for p in points),
        required_open=sum(p.is_required for p in opened),
        overdue=sum(p.due_at is not None and p.due_at < at for p in opened),
    )
