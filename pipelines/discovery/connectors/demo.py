"""Demo notices, made by the product itself while there are no real ones: the same every time for one day.

They come as records of the v2 API and take the same way as real ones; ids begin with `demo-`, deadlines lie around the
given instant. Words: demo_words.yaml.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

import yaml

from pipelines.discovery.connector import Fetched, Progress, RecordKind
from pipelines.discovery.normalize import ReadsNotices
from pipelines.discovery.records import read_slices
from pipelines.discovery.sam_gov_feeds import V2_JSON
from pipelines.discovery.shapes import Shape, Skip, detect
from pipelines.discovery.slices import Slice
from warehouse.domain.codes import STATE_ZONES
from warehouse.domain.notice import BIDDABLE, NoticeType
from warehouse.lake.landings import Bookmark
from warehouse.settings import Settings

SOLICITATIONS = 340
CHAINS = 45
"""So many solicitations have one to three amendments: some 430 notices in all."""

WORDS = Path(__file__).parent.parent / "demo_words.yaml"
_TYPES = (
    [NoticeType.COMBINED] * 9
    + [NoticeType.SOLICITATION] * 6
    + [NoticeType.SOURCES_SOUGHT] * 3
    + [NoticeType.PRESOLICITATION] * 2
    + [NoticeType.SPECIAL_NOTICE, NoticeType.AWARD]
)


@dataclass(frozen=True)
class Need:
    """Something to buy: title, codes, what the work is, around how many dollars an award lies."""

    title: str
    naics: str
    psc: str
    dollars: int
    work: str


@dataclass(frozen=True)
class Office:
    """A buying office: its path of names and codes, where it sits, how its solicitation numbers begin."""

    path: list[str]
    codes: str
    city: str
    state: str
    zip: str
    prefix: str


@dataclass(frozen=True)
class Plan:
    """One solicitation to be made."""

    number: int
    need: Need
    office: Office
    kind: NoticeType
    set_aside: tuple[str | None, str | None]
    posted: date
    due: date


class Demo(ReadsNotices):
    """Notices of nobody: to see the product at work before a source was reached."""

    name = "demo"
    documentation_url = "https://sam.gov/opportunities"
    auth_type = "none"
    kind = RecordKind.NOTICES
    notice_feeds = MappingProxyType({"v2_json": V2_JSON})
    is_demo = True

    def fetch(
        self, settings: Settings, *, since: datetime | None, at: datetime, progress: Progress
    ) -> Iterator[Fetched]:
        """Make the notices of the day of `at`."""
        records = demo_records(at.date())
        path = settings.temporary / "demo.jsonl"
        try:
            path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
            yield Fetched(path, f"demo notices of {at.date()}")
        finally:
            path.unlink(missing_ok=True)

    def detect(self, stream: BinaryIO) -> Shape | Skip:
        """Read what `fetch` made."""
        return detect(stream)

    def slices(self, stream: BinaryIO, shape: Shape, start: Bookmark, max_records: int) -> Iterator[Slice]:
        """Yield the records behind a bookmark."""
        return read_slices(stream, shape, start, max_records=max_records)


CONNECTOR = Demo()


def demo_records(day: date) -> list[dict[str, Any]]:
    """Make the records of one day: the same solicitations every day, their times moved along with it."""
    words = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
    needs, offices = [Need(**need) for need in words["needs"]], [Office(**office) for office in words["offices"]]
    chance = random.Random("procura demo notices")  # noqa: S311 - texts for show, no secret
    records: list[dict[str, Any]] = []
    for number in range(1, SOLICITATIONS + 1):
        need, office, kind = chance.choice(needs), chance.choice(offices), chance.choice(_TYPES)
        posted = day - timedelta(days=min(int(chance.expovariate(0.15)), 40))
        due = max(day + timedelta(days=chance.randint(-2, 38)), posted)
        plan = Plan(number, need, office, kind, tuple(chance.choice(words["set_asides"])), posted, due)
        first = _record(chance, plan)
        records.append(first)
        if number <= CHAINS and kind in BIDDABLE:
            records += _amendments(chance, first, office, day)
    return records


def _record(chance: random.Random, plan: Plan) -> dict[str, Any]:
    need, office = plan.need, plan.office
    is_award = plan.kind is NoticeType.AWARD
    amount = f"{int(need.dollars * chance.uniform(0.6, 1.5)) // 1000 * 1000}.00"
    letter = "R" if need.dollars > 1_000_000 else "Q"
    return {
        "noticeId": f"demo-{plan.number:04d}",
        "title": need.title,
        "solicitationNumber": f"{office.prefix}{plan.posted.year % 100:02d}{letter}{plan.number:04d}",
        "fullParentPathName": ".".join(office.path),
        "fullParentPathCode": office.codes,
        "postedDate": plan.posted.isoformat(),
        "type": plan.kind.value,
        "baseType": plan.kind.value,
        "archiveType": "auto15",
        "archiveDate": (plan.due + timedelta(days=15)).isoformat(),
        "typeOfSetAside": plan.set_aside[0],
        "typeOfSetAsideDescription": plan.set_aside[1],
        "responseDeadLine": None if is_award else _deadline(chance, plan.due, office),
        "naicsCode": need.naics,
        "naicsCodes": [need.naics],
        "classificationCode": need.psc,
        "active": "Yes",
        "award": _award(chance, plan, amount) if is_award else None,
        "pointOfContact": [_contact(plan.number)],
        "description": _description(plan),
        "organizationType": "OFFICE",
        "officeAddress": {"zipcode": office.zip, "city": office.city, "countryCode": "USA", "state": office.state},
        "placeOfPerformance": _place(office),
        "additionalInfoLink": None,
        "uiLink": None,
        "resourceLinks": None,
    }


def _amendments(chance: random.Random, first: dict[str, Any], office: Office, day: date) -> Iterator[dict[str, Any]]:
    """Amend a solicitation one to three times: each is a notice of its own, with a later deadline and a changed text."""
    posted, due = date.fromisoformat(first["postedDate"]), day + timedelta(days=3)
    for step in range(1, chance.randint(2, 4)):
        posted, due = (
            min(posted + timedelta(days=chance.randint(1, 4)), day),
            due + timedelta(days=chance.randint(2, 7)),
        )
        yield {
            **first,
            "noticeId": f"{first['noticeId']}-a{step}",
            "title": f"{first['title']} (Amendment {step:04d})",
            "postedDate": posted.isoformat(),
            "responseDeadLine": _deadline(chance, due, office),
            "archiveDate": (due + timedelta(days=15)).isoformat(),
            "description": f"Amendment {step:04d}: the date for offers is extended and questions are answered.\n{first['description']}",
        }


def _deadline(chance: random.Random, due: date, office: Office) -> str | None:
    """Write a deadline as offices do: with their offset mostly, else a bare date, a time without zone, or none."""
    hour = time(chance.choice([10, 12, 13, 14, 15, 16, 17]), chance.choice([0, 0, 30]))
    form = chance.random()
    if form < 0.8:
        return datetime.combine(due, hour, ZoneInfo(STATE_ZONES[office.state])).isoformat()
    if form < 0.92:
        return due.isoformat()
    return datetime.combine(due, hour).isoformat() if form < 0.97 else None


_ASKED = {
    NoticeType.SOURCES_SOUGHT: "Interested firms are asked for a capability statement of at most ten pages. No contract follows.",
    NoticeType.PRESOLICITATION: "The solicitation is planned to follow in about two weeks.",
    NoticeType.AWARD: "The contract has been awarded.",
    NoticeType.SPECIAL_NOTICE: "An industry day will be held; places are limited to two a firm.",
}


def _description(plan: Plan) -> str:
    asked = _ASKED.get(plan.kind, "Offers are evaluated on technical approach, past performance and price.")
    return (
        f"{plan.office.path[-1]} needs a contractor to {plan.need.work}."
        f" The work is at {plan.office.city.title()}, {plan.office.state}. {asked}\n\n"
        "This is a demonstration notice made by Procura Ops Command itself. No office has published it and nobody can answer it."
    )


def _award(chance: random.Random, plan: Plan, amount: str) -> dict[str, Any]:
    name = (
        f"Example {chance.choice(['Technologies', 'Services', 'Builders', 'Supply', 'Engineering'])} {plan.number} LLC"
    )
    return {
        "date": plan.posted.isoformat(),
        "number": f"DEMO{plan.number:06d}",
        "amount": amount,
        "awardee": {"name": name},
    }


def _contact(number: int) -> dict[str, str | None]:
    return {
        "type": "primary",
        "title": "Contract Specialist",
        "fullName": f"Demo Contact {number}",
        "email": f"contact{number}@demo.example",
        "phone": None,
        "fax": None,
    }


def _place(office: Office) -> dict[str, Any]:
    return {
        "city": {"code": "", "name": office.city.title()},
        "state": {"code": office.state, "name": ""},
        "zip": office.zip,
        "country": {"code": "USA", "name": "UNITED STATES"},
    }
