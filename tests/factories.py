"""Makers of lake rows for tests: versions of notices as the sources would have left them."""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from warehouse.lake.connection import Cursor, Lake

AS_OF = datetime(2026, 4, 10, tzinfo=UTC)

_COLUMNS: dict[str, Any] = {
    "source": "sam_gov",
    "solicitation_number": None,
    "title": "Janitorial services",
    "agency": "DEPT OF EXAMPLES",
    "sub_agency": "EXAMPLE SERVICE",
    "office": "OFFICE 1",
    "notice_type": "Solicitation",
    "notice_type_raw": None,
    "base_type": None,
    "posted_at": datetime(2026, 4, 1, 12, tzinfo=UTC),
    "posted_raw": None,
    "posted_precision": "instant",
    "response_deadline_at": datetime(2026, 4, 20, 18, tzinfo=UTC),
    "response_deadline_raw": "2026-04-20T14:00:00-04:00",
    "response_deadline_offset_minutes": -240,
    "response_deadline_precision": "instant",
    "archive_on": None,
    "archive_type": None,
    "naics_code": "561720",
    "naics_codes": ["561720"],
    "psc_code": "S201",
    "set_aside_code": None,
    "set_aside_raw": None,
    "set_aside_text": None,
    "place_street": None,
    "place_city": None,
    "place_state": "VA",
    "place_zip": None,
    "place_country": None,
    "office_city": None,
    "office_state": None,
    "office_zip": None,
    "office_country": None,
    "award_number": None,
    "award_on": None,
    "award_ceiling_usd": None,
    "awardee_name": None,
    "contacts": "[]",
    "description_text": "Cleaning of offices.",
    "description_url": None,
    "attachment_urls": [],
    "url": "https://example.test/notice",
    "is_active_raw": "Yes",
    "flags": [],
}


def notice(
    notice_id: str, *, group: str | None = None, seen: int = 1, position: int = 1, **given: Any
) -> dict[str, Any]:
    """Make one version of a notice and its sighting; `group` is the solicitation key, `seen` the landing's order."""
    row = {**_COLUMNS, "notice_id": notice_id, "solicitation_key": group or f"NOTICE{notice_id}", **given}
    row.setdefault("opportunity_id", opportunity_id(row["solicitation_key"], row["source"]))
    content = json.dumps({k: v for k, v in row.items() if k != "opportunity_id"}, default=str, sort_keys=True)
    row.setdefault("content_hash", hashlib.sha256(content.encode()).hexdigest()[:32])
    row["first_seen_at"] = datetime(2026, 4, min(seen, 28), tzinfo=UTC)
    row["first_seen_order"] = seen
    row["_position"] = position
    return row


def opportunity_id(group: str, source: str = "sam_gov") -> str:
    """Give the id that `notice` makes of a solicitation key."""
    return "o" + hashlib.sha256(f"{source}|{group}".encode()).hexdigest()[:24]


def land(lake: Lake, rows: Iterable[dict[str, Any]]) -> None:
    """Write versions and sightings; a version that is there already is only seen again, a key given twice as last."""
    given = list(rows)
    lake.write(lambda cursor: _land(cursor, given))


def _land(cursor: Cursor, rows: list[dict[str, Any]]) -> None:
    columns = [name for name in rows[0] if not name.startswith("_")]
    names = ", ".join(columns)
    cursor.execute(
        f"create or replace temp table given_versions as select {names}, 0::bigint as place from core.notice_versions limit 0"
    )
    cursor.executemany(
        f"insert into given_versions values ({', '.join('?' * (len(columns) + 1))})",
        [[*(row[name] for name in columns), row["_position"] * 100_000 + n] for n, row in enumerate(rows)],
    )
    key = "source, notice_id, content_hash"
    cursor.execute(
        f"insert into core.notice_versions ({names}) select {names} from given_versions"
        f" anti join core.notice_versions using ({key})"
        f" qualify row_number() over (partition by {key} order by first_seen_order, place) = 1"
    )
    cursor.execute(f"delete from core.notice_sightings where ({key}) in (select ({key}) from given_versions)")
    cursor.execute(
        f"insert into core.notice_sightings ({key}, feeds, last_seen_at, last_seen_order, last_seen_position)"
        f" select {key}, 'bulk_csv', first_seen_at, first_seen_order, place // 100000"
        f" from given_versions qualify row_number() over (partition by {key} order by first_seen_order desc, place desc) = 1"
    )


def empty_lake(lake: Lake) -> None:
    """Remove every row of the lake's core tables."""

    def clear(cursor: Cursor) -> None:
        for table in ("landings", "notice_versions", "notice_sightings", "quarantine", "opportunities",
                      "opportunity_aliases", "ledger_opportunities"):  # fmt: skip
            cursor.execute(f"delete from core.{table}")

    lake.write(clear)


def many_notices(lake: Lake, count: int, *, text: int = 0, per_group: int = 1, day: date = date(2026, 4, 1)) -> None:
    """Write `count` versions set-wise, open as of AS_OF; `text` characters of description each."""
    words = "md5(i::varchar) || ' word ' || sha256((i * 7)::varchar) || chr(10)"
    values = {
        **{name: "null" for name, value in _COLUMNS.items() if value is None},
        "source": "'sam_gov'", "notice_id": "printf('n%08d', i)", "content_hash": "md5(i::varchar)",
        "opportunity_id": f"'o' || left(sha256((i // {per_group})::varchar), 24)",
        "solicitation_number": f"printf('SOL-%d', i // {per_group})",
        "solicitation_key": f"printf('SOL%d', i // {per_group})",
        "title": "['Janitorial', 'Network', 'Pump', 'Roof', 'Training'][i % 5 + 1] || ' services lot ' || i",
        "agency": "'DEPT OF ' || ['DEFENSE', 'ENERGY', 'LABOR'][i % 3 + 1]", "sub_agency": "'SUB ' || i % 40",
        "office": "'OFFICE ' || i % 500", "notice_type": "'Solicitation'",
        "posted_at": f"timestamptz '{day} 00:00:00+00' + to_seconds(i % 80000)", "posted_precision": "'instant'",
        "response_deadline_at": "timestamptz '2026-04-20 18:00:00+00' + to_hours(i % 700)",
        "response_deadline_raw": "'2026'", "response_deadline_offset_minutes": "-240",
        "response_deadline_precision": "'instant'", "naics_code": "'54151' || i % 9",
        "naics_codes": "['541512']", "psc_code": "'D3' || printf('%02d', i % 50)", "place_state": "'VA'",
        "contacts": "'[]'", "description_text": f"left(repeat({words}, {text} // 100 + 1), {text})",
        "attachment_urls": "[]::varchar[]", "url": "'https://example.test/' || i", "is_active_raw": "'Yes'",
        "flags": "[]::varchar[]", "first_seen_at": "timestamptz '2026-04-01 00:00:00+00'", "first_seen_order": "1",
    }  # fmt: skip
    names, expressions = ", ".join(values), ", ".join(values.values())

    def write(cursor: Cursor) -> None:
        cursor.execute(f"insert into core.notice_versions ({names}) select {expressions} from range({count}) t(i)")
        cursor.execute(
            "insert into core.notice_sightings"
            " (source, notice_id, content_hash, feeds, last_seen_at, last_seen_order, last_seen_position)"
            " select source, notice_id, content_hash, 'bulk_csv', first_seen_at, 1,"
            " substr(notice_id, 2)::bigint from core.notice_versions"
        )

    lake.write(write)
