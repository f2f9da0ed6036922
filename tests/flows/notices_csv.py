"""Invented notices in the shape of SAM.gov's daily bulk file; deadlines relative to the day the test runs."""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.fakes.sam_gov import COLUMNS

TOPICS = ("Cleaning of offices", "Network maintenance", "Roof repair", "Medical gloves", "Software licences")
NAICS = ("561720", "541512", "238160", "339113", "513210")


def write_bulk_csv(path: Path, records: int, first: int = 0) -> None:
    """Write a file of `records` notices, one a solicitation, all of them open; the same numbers give the same notices."""
    today = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, COLUMNS, restval="", quoting=csv.QUOTE_ALL)
        writer.writeheader()
        for number in range(first, first + records):
            kind = number % len(TOPICS)
            deadline = today + timedelta(days=5 + number % 30)
            writer.writerow(
                {
                    "NoticeId": f"{number:032x}",
                    "Title": f"{TOPICS[kind]} number {number}",
                    "Sol#": f"EX{number:08d}",
                    "Department/Ind.Agency": "DEPARTMENT OF EXAMPLES",
                    "Sub-Tier": "EXAMPLE SERVICE",
                    "Office": f"OFFICE {number % 7}",
                    "PostedDate": (today - timedelta(days=1 + number % 9)).strftime("%Y-%m-%d %H:%M:%S.000+00"),
                    "Type": "Solicitation",
                    "BaseType": "Solicitation",
                    "ArchiveType": "auto15",
                    "ArchiveDate": (deadline + timedelta(days=15)).strftime("%Y-%m-%d"),
                    "ResponseDeadLine": deadline.strftime("%Y-%m-%dT%H:%M:%S-04:00"),
                    "NaicsCode": NAICS[kind],
                    "ClassificationCode": "S201",
                    "PopState": "VA",
                    "PopCountry": "USA",
                    "Active": "Yes",
                    "State": "VA",
                    "City": "Richmond",
                    "CountryCode": "USA",
                    "Link": f"https://sam.example/opp/{number:032x}/view",
                    "Description": f"The contractor shall provide {TOPICS[kind].lower()}, lot {number}, for one year.",
                }
            )
