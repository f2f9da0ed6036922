"""Opportunities for tests of what reads the ledger, written as publishing would write them."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from warehouse.domain.audit_event import AuditEvent
from warehouse.ledger.store import SYSTEM, open_ledger

AT = datetime(2026, 4, 10, 12, tzinfo=UTC)
REASONS = [
    {"kind": "naics", "text": "Same industry as 4 of your past awards", "evidence": "NAICS 541512", "points": 38},
    {
        "kind": "title",
        "text": "Shares the words network and maintenance with your awards",
        "evidence": "network",
        "points": 21,
    },
]


def opportunity(number: int, *, at: datetime = AT, **changes: Any) -> dict[str, Any]:
    """Build one open opportunity, due ten days after `at`; each number gives another one."""
    due = at + timedelta(days=10, minutes=number)
    row: dict[str, Any] = {
        "id": f"o{number:08d}",
        "source": "sam_gov",
        "external_ref": f"{number:032x}",
        "content_hash": f"{number:032x}",
        "solicitation_number": f"W9124-26-R-{number:04d}",
        "title": f"Network maintenance at site {number}",
        "agency": "DEPT OF DEFENSE",
        "sub_agency": "DEPT OF THE ARMY",
        "office": "W6QM MICC-FT BRAGG",
        "kind": "contract",
        "notice_type": "Solicitation",
        "naics_code": "541512",
        "psc_code": "DA01",
        "set_aside_code": "SBA",
        "set_aside_text": "Total Small Business Set-Aside (FAR 19.5)",
        "place_city": "Fayetteville",
        "place_state": "NC",
        "place_country": "USA",
        "posted_at": at - timedelta(days=3),
        "first_posted_at": at - timedelta(days=3),
        "due_date": due,
        "due_raw": due.isoformat(),
        "due_offset_minutes": -240,
        "due_precision": "instant",
        "safe_deadline_at": due - timedelta(days=1),
        "value_usd": None,
        "description": "The contractor shall maintain the network.",
        "url": f"https://sam.gov/opp/{number:032x}/view",
        "attachment_urls": [],
        "contacts": [],
        "flags": [],
        "notice_count": 1,
        "is_open": True,
        "is_demo": False,
        "row_hash": f"{number}",
        "fit_score": 72,
        "recommendation": "pursue",
        "fit_reasons": REASONS,
        "scorer": "test-1",
    }
    row.update(changes)
    if "due_date" in changes and "safe_deadline_at" not in changes:
        row["safe_deadline_at"] = changes["due_date"] - timedelta(days=1) if changes["due_date"] else None
    return row


def publish(rows: Iterable[dict[str, Any]]) -> None:
    """Write opportunities, each with one notice of its chain, as the pipeline would."""
    with open_ledger("procura_pipeline").deed(AuditEvent("opportunities:published", "opportunities", SYSTEM)) as tx:
        for row in rows:
            columns = list(row)
            marks = ", ".join(f"%({c})s::jsonb" if c in {"contacts", "fit_reasons"} else f"%({c})s" for c in columns)
            values = {c: json.dumps(v) if c in {"contacts", "fit_reasons"} else v for c, v in row.items()}
            tx.execute(f"insert into opportunities ({', '.join(columns)}) values ({marks})", values)
            notice(tx, row, 1)


def notice(tx: Any, row: dict[str, Any], ordinal: int, **changes: Any) -> None:
    """Write one notice of the chain of an opportunity."""
    values = {k: row[k] for k in ("notice_type", "title", "posted_at", "due_date", "due_raw", "due_offset_minutes",
                                  "due_precision", "set_aside_code", "description", "url")}  # fmt: skip
    values |= {"opportunity_id": row["id"], "notice_id": row["external_ref"], "content_hash": f"v{ordinal}",
               "ordinal": ordinal, "first_seen_at": row["posted_at"] or AT} | changes  # fmt: skip
    tx.execute(
        f"insert into opportunity_notices ({', '.join(values)}) values ({', '.join(f'%({c})s' for c in values)})",
        values,
    )
