"""A view as a file: CSV and XLSX for a spreadsheet, a calendar of deadlines. Exactly the rows that were given.

Cells that a spreadsheet would run as a formula are disarmed (OWASP, CSV injection): a notice's title is anybody's text.
"""

import csv
import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from app.widgets import deadline, score
from warehouse.ledger.opportunities import OpportunityRow

FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
HEADER = (
    "opportunity_id", "fit_score", "recommendation", "status", "title", "solicitation_number", "notice_id", "kind", "notice_type",
    "agency", "sub_agency", "office", "naics_code", "psc_code", "set_aside_code", "set_aside", "place_city", "place_state",
    "value_usd", "posted_at", "response_deadline_at", "response_deadline_at_office", "response_deadline_precision",
    "response_deadline_as_published", "safe_deadline_at", "reasons", "source", "url",
)  # fmt: skip
WIDTHS = {"title": 60, "reasons": 60, "agency": 28, "sub_agency": 28, "office": 28, "set_aside": 28, "url": 40,
          "response_deadline_at_office": 28}  # fmt: skip
ALARM_BEFORE = timedelta(hours=24)
MOST_CELL_CHARACTERS = 32_000
"""A cell of XLSX holds 32,767 characters."""

Cell = str | int | Decimal | datetime | None


def cells(row: OpportunityRow) -> tuple[Cell, ...]:
    """Return a row's cells in the order of `HEADER`; instants are UTC."""
    office = deadline.office_moment(row) or None
    return (
        row.id, row.fit_score, row.recommendation.value if row.recommendation else None, row.status.value, row.title,
        row.solicitation_number, row.external_ref, row.kind, row.notice_type, row.agency, row.sub_agency, row.office,
        row.naics_code, row.psc_code, row.set_aside_code, row.set_aside_text, row.place_city, row.place_state,
        row.value_usd, row.posted_at, row.due_date, office, row.due_precision.value, row.due_raw,
        row.safe_deadline_at, score.why(row.fit_reasons, 5), row.source, row.url,
    )  # fmt: skip


def disarmed(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would take for a formula."""
    return f"'{text}" if text.lstrip(" \u00a0\ufeff").startswith(FORMULA_BEGINS) else text


def to_csv(rows: Sequence[OpportunityRow]) -> bytes:
    """Write CSV as spreadsheets open it by double click: UTF-8 with a mark, CRLF, instants in ISO 8601."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEADER)
    for row in rows:
        writer.writerow([_as_text(cell) for cell in cells(row)])
    return text.getvalue().encode("utf-8-sig")


def to_xlsx(rows: Sequence[OpportunityRow]) -> bytes:
    """Write a workbook with a frozen, filterable header; texts are texts, whatever they begin with."""
    import xlsxwriter

    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet("Opportunities")
    bold = book.add_format({"bold": True})
    instant, dollars = book.add_format({"num_format": "yyyy-mm-dd hh:mm"}), book.add_format({"num_format": "$#,##0.00"})
    for column, name in enumerate(HEADER):
        sheet.write_string(0, column, f"{name}_utc" if name.endswith("_at") else name, bold)
        sheet.set_column(column, column, WIDTHS.get(name, 18))
    for line, row in enumerate(rows, start=1):
        for column, cell in enumerate(cells(row)):
            if isinstance(cell, datetime):
                sheet.write_datetime(line, column, cell.replace(tzinfo=None), instant)  # a workbook knows no zones
            elif isinstance(cell, int):
                sheet.write_number(line, column, cell)
            elif isinstance(cell, Decimal):
                sheet.write_number(line, column, float(cell), dollars)
            elif cell:
                sheet.write_string(line, column, cell[:MOST_CELL_CHARACTERS])
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(1, len(rows)), len(HEADER) - 1)
    book.close()
    return target.getvalue()


def to_calendar(rows: Sequence[OpportunityRow], *, at: datetime) -> bytes:
    """Write an iCalendar file: one event a deadline, an alarm at the safe instant (a day before where there is none).

    Args:
        at: When the file is made.
    """
    from icalendar import Alarm, Calendar, Event

    calendar = Calendar()
    calendar.add("prodid", "-//Procura//Procura Ops Command//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", "Procura deadlines")
    for row in rows:
        if row.due_date is None:
            continue
        event, alarm = Event(), Alarm()
        event.add("uid", f"{row.id}@procura")
        event.add("dtstamp", at)
        event.add("dtstart", row.due_date)
        event.add("summary", f"Due: {row.title}")
        event.add("description", _event_text(row))
        if row.url:
            event.add("url", row.url)
        safe = row.safe_deadline_at or row.due_date - ALARM_BEFORE
        alarm.add("action", "DISPLAY")
        alarm.add("description", f"Send by now to be safe: {row.title}")
        alarm.add("trigger", safe)
        event.add_component(alarm)
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def _event_text(row: OpportunityRow) -> str:
    office = deadline.office_moment(row)
    parts = [f"Office's time: {office}", f"Solicitation: {row.solicitation_number or row.external_ref}",
             row.agency or "", f"Fit: {score.label(row.fit_score, row.recommendation)}"]  # fmt: skip
    return "\n".join(part for part in parts if part)


def _as_text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat()
    return disarmed(cell) if isinstance(cell, str) else str(cell)
