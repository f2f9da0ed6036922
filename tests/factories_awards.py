"""Makers of awards in the lake for tests, as a source would have left them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from warehouse.domain.buyer import buyer_key
from warehouse.lake.connection import Cursor, Lake

_COLUMNS: dict[str, Any] = {
    "source": "usaspending",
    "parent_piid": None,
    "description": "JANITORIAL SERVICES FOR BUILDING 7",
    "recipient_name": "HOLDER ONE LLC",
    "recipient_uei": "HOLDERONE001",
    "agency": "Department of Examples",
    "sub_agency": "Example Service",
    "naics_code": "561720",
    "psc_code": "S201",
    "set_aside_code": None,
    "place_state": "VA",
    "obligated_usd": Decimal("1250000.00"),
    "ceiling_usd": None,
    "signed_on": date(2024, 5, 1),
    "starts_on": date(2024, 6, 1),
    "ends_on": date(2026, 12, 31),
    "modified_on": date(2026, 4, 1),
    "flags": [],
    "first_seen_at": datetime(2026, 4, 2, tzinfo=UTC),
    "changed_at": datetime(2026, 4, 2, tzinfo=UTC),
    "landing_order": 1,
}


def award(number: str, **given: Any) -> dict[str, Any]:
    """Make one award; `number` is its PIID and stands in its id."""
    award_id = f"CONT_AWD_{number}_9999_-NONE-_-NONE-"
    own = {"award_id": award_id, "piid": number, "url": f"https://www.usaspending.gov/award/{award_id}"}
    row = {**_COLUMNS, **own, "content_hash": f"hash of {number}", **given}
    return row | {"agency_key": buyer_key(row["agency"])}


def land_awards(lake: Lake, rows: list[dict[str, Any]]) -> None:
    """Make these the awards of the lake."""

    def work(cursor: Cursor) -> None:
        cursor.execute("delete from core.awards")
        for row in rows:
            names = ", ".join(row)
            cursor.execute(
                f"insert into core.awards ({names}) values ({', '.join('?' * len(row))})", list(row.values())
            )

    lake.write(work)
