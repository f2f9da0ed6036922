"""How long records are kept, from when that is counted, and what holds them for longer. Pure.

Seven years is the longest time the rules of federal contracting ask for of a contractor's records (FAR 4.703 to 4.705 ask
for less, counted from final payment), so settings may lengthen these periods and never shorten them below the floor. Not
here: finding what is due (warehouse/lake/retention.py, warehouse/ledger/retention.py), removing it (pipelines).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from warehouse.errors import BadInput


class RecordClass(StrEnum):
    """What is kept for the same reason and equally long."""

    NOTICE = "notice"
    BID = "bid"
    AWARD = "award"
    AUDIT = "audit"
    MODEL_CACHE = "model_cache"
    SESSION_LOG = "session_log"


@dataclass(frozen=True)
class Period:
    """A length of time as people set it: whole years by the calendar, or days."""

    years: int = 0
    days: int = 0

    def before(self, at: datetime) -> datetime:
        """Return the instant this long before another: what began to count by then is due.

        Around a 29 February the earlier day is taken, so that nothing is due a day too soon.
        """
        try:
            earlier = at.replace(year=at.year - self.years)
        except ValueError:
            earlier = at.replace(year=at.year - self.years, day=28)
        earlier -= timedelta(days=self.days)
        return earlier if self.after(earlier) <= at else earlier - timedelta(days=1)

    def after(self, start: datetime) -> datetime:
        """Return when something that began to count at `start` is due."""
        try:
            later = start.replace(year=start.year + self.years)
        except ValueError:
            later = start.replace(year=start.year + self.years, month=3, day=1)
        return later + timedelta(days=self.days)

    def in_words(self) -> str:
        """Write it for a person: 7 years, 90 days."""
        number, unit = (self.years, "year") if self.years else (self.days, "day")
        return f"{number} {unit}{'' if number == 1 else 's'}"


@dataclass(frozen=True)
class Rule:
    """How one class is kept: from when (in words), how long by default, and never shorter than the floor."""

    record_class: RecordClass
    title: str
    clock: str
    default: Period
    floor: Period
    goes: str
    """What a purge does to it, in words."""


SEVEN_YEARS = Period(years=7)
RULES: dict[RecordClass, Rule] = {
    rule.record_class: rule
    for rule in (
        Rule(
            RecordClass.NOTICE,
            "Notices",
            "the archive date, or the last sighting where there is none; from your last decision or note where that is later",
            SEVEN_YEARS,
            SEVEN_YEARS,
            "every version, its scores and its landed files go; a hash of each stays",
        ),
        Rule(
            RecordClass.BID,
            "Bids",
            "final payment, or the close of the bid; while neither is known it does not begin",
            SEVEN_YEARS,
            SEVEN_YEARS,
            "workspace, files, approvals and receipts go; a hash stays, and the audit log",
        ),
        Rule(
            RecordClass.AWARD,
            "Awards",
            "final payment, or the end of performance; while neither is known it does not begin",
            SEVEN_YEARS,
            SEVEN_YEARS,
            "takes nothing: no award is kept yet",
        ),
        Rule(
            RecordClass.AUDIT,
            "Audit log",
            "the last event of its submission, else its own instant",
            SEVEN_YEARS,
            SEVEN_YEARS,
            "takes nothing: it holds hashes, no payloads, and verifies only whole",
        ),
        Rule(
            RecordClass.MODEL_CACHE,
            "Answers of language models",
            "when the model answered",
            Period(days=90),
            Period(days=1),
            "the answers go; asking again costs again",
        ),
        Rule(
            RecordClass.SESSION_LOG,
            "Sessions",
            "the end of the session",
            Period(days=400),
            Period(days=400),
            "the rows of ended sessions go",
        ),
    )
}
REMOVED_NEVER = frozenset({RecordClass.AUDIT, RecordClass.AWARD})
"""Classes of which a purge takes nothing, for the reason that their rule gives."""


def check_period(record_class: RecordClass, wanted: Period) -> Period:
    """Return the period if it may be set.

    Raises:
        BadInput: it is shorter than the floor.
    """
    rule = RULES[record_class]
    if (wanted.years, wanted.days) < (rule.floor.years, rule.floor.days):
        raise BadInput(
            f"{rule.title.lower()} are kept for at least {rule.floor.in_words()}, not {wanted.in_words()}.",
            kept="the period as it was.",
            todo="lengthen it, or leave it.",
        )
    return wanted


EARLIEST_PLAUSIBLE = date(1990, 1, 1)


def notice_clock(archive_on: date | None, posted_on: date | None, last_seen_at: datetime) -> tuple[datetime, str]:
    """Return from when a notice's time is counted, and which date that is.

    An archive date before the notice was posted, or before electronic posting, is a typing error of the source and does
    not count: it would let the record go at once.
    """
    if archive_on is None or archive_on < max(posted_on or EARLIEST_PLAUSIBLE, EARLIEST_PLAUSIBLE):
        return last_seen_at, "last seen"
    end_of_day = datetime(archive_on.year, archive_on.month, archive_on.day, tzinfo=last_seen_at.tzinfo)
    return end_of_day + timedelta(days=1), "archive date"


@dataclass(frozen=True)
class Decided:
    """What people did with an opportunity: when they decided last, whether there is a bid, and one that is held."""

    opportunity_id: str
    decided_at: datetime | None
    has_bid: bool
    has_held_bid: bool = False


class HoldKind(StrEnum):
    """What a legal hold may name."""

    OPPORTUNITY = "opportunity"
    SOLICITATION = "solicitation"
    AGENCY = "agency"
    SUBMISSION = "submission"
    PERSON = "person"
    RECORD_CLASS = "class"


HOLD_WORDS: dict[HoldKind, str] = {
    HoldKind.OPPORTUNITY: "one opportunity, by its id",
    HoldKind.SOLICITATION: "everything under a solicitation number, however it is punctuated",
    HoldKind.AGENCY: "everything of agencies and offices whose name holds this text",
    HoldKind.SUBMISSION: "one bid and its opportunity, by the bid's id",
    HoldKind.PERSON: "the sessions of one person, by the profile's id",
    HoldKind.RECORD_CLASS: f"a whole class: {', '.join(RecordClass)}, or all",
}
EVERYTHING = "all"


@dataclass(frozen=True)
class Hold:
    """A legal hold: what it names never goes in a purge until somebody else than who set it lifts it."""

    id: str
    kind: HoldKind
    subject: str
    reason: str
    set_by: str
    set_at: datetime
    lifted_by: str | None = None
    lifted_at: datetime | None = None
    lift_reason: str | None = None

    @property
    def is_active(self) -> bool:
        """Say whether it still holds."""
        return self.lifted_at is None


def tidy_subject(kind: HoldKind, subject: str) -> str:
    """Return what a hold names, tidied.

    Raises:
        BadInput: it names nothing, or no class there is.
    """
    tidy = " ".join(subject.split())
    if kind is HoldKind.RECORD_CLASS and tidy not in {*RecordClass, EVERYTHING}:
        raise BadInput(f"there is no class {tidy!r}.", todo=f"one of: {', '.join(RecordClass)}, {EVERYTHING}.")
    too_short = kind is HoldKind.AGENCY and len(tidy) < 3
    if too_short or not any(sign.isalnum() for sign in tidy) or len(tidy) > 300:
        raise BadInput(
            f"a hold on {HOLD_WORDS[kind]} cannot name {tidy!r}.",
            kept="no hold was set.",
            todo="name it in 3 to 300 characters." if too_short or tidy else "say what is to be held.",
        )
    return tidy
