"""Invented notices as v2 records, one a line: every key a real record has, texts of one to two kilobytes."""

import json
import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

WORDS = [
    *(
        "contractor",
        "shall",
        "provide",
        "maintenance",
        "network",
        "valve",
        "inspection",
        "report",
        "facility",
        "support",
    ),
    *("software", "system", "delivery", "government", "quote", "proposal", "technical", "site", "labor", "equipment"),
]
AGENCIES = [
    ("DEPT OF DEFENSE", "DEPT OF THE NAVY", "NAVSUP FLT LOG CTR"),
    ("VETERANS AFFAIRS, DEPARTMENT OF", "VETERANS AFFAIRS, DEPARTMENT OF", "36C24E NETWORK CONTRACT OFFICE"),
    ("INTERIOR, DEPARTMENT OF THE", "GEOLOGICAL SURVEY", "OFFICE OF ACQUISITION"),
]


def records(
    count: int, *, salt: str = "", first: int = 0, posted: date = date(2026, 4, 1), open_days: int = 0
) -> Iterator[str]:
    """Yield lines; another salt gives the same notices with other contents (a line that is not salted stays equal).

    Args:
        first: The number of the first notice: another one gives other notices.
        posted: The day on which all were posted.
        open_days: Due so many days later; 0: on one of the days of May.
    """
    chance = random.Random(4711 + first)
    for number in range(first, first + count):
        text = " ".join(chance.choices(WORDS, k=chance.randint(100, 250)))
        agency = AGENCIES[number % 3]
        due = posted + timedelta(days=open_days) if open_days else date(2026, 5, 1 + number % 28)
        archived = max(due + timedelta(days=15), date(2026, 7, 1))
        yield json.dumps(
            {
                "noticeId": f"{number:032x}", "title": f"{text[:40]} lot {number}{salt}", "solicitationNumber": f"W91{number:07d}",
                "fullParentPathName": ".".join(agency), "fullParentPathCode": "097.1700.N00104", "postedDate": f"{posted}",
                "type": "Solicitation", "baseType": "Solicitation", "archiveType": "auto15", "archiveDate": f"{archived}",
                "typeOfSetAsideDescription": None, "typeOfSetAside": ("SBA", None, "NONE")[number % 3],
                "responseDeadLine": f"{due}T14:00:00-04:00", "naicsCode": "541512", "naicsCodes": ["541512"],
                "classificationCode": "DA01", "active": "Yes", "award": None,
                "pointOfContact": [{"fax": "", "type": "primary", "email": "a@example.gov", "phone": "", "title": None, "fullName": "A B"}],
                "description": text, "organizationType": "OFFICE",
                "officeAddress": {"zipcode": "17055", "city": "MECHANICSBURG", "countryCode": "USA", "state": "PA"},
                "placeOfPerformance": {"city": {"code": "1", "name": "Norfolk"}, "state": {"code": "VA", "name": "Virginia"}},
                "additionalInfoLink": None, "uiLink": f"https://sam.gov/opp/{number:032x}/view", "links": [], "resourceLinks": None,
            }
        )  # fmt: skip


def write_records(path: Path, lines: Iterator[str]) -> Path:
    """Write lines as a file and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines)
    return path
