import csv
import io
from datetime import UTC, timedelta
from decimal import Decimal

import openpyxl
import pytest
from icalendar import Calendar

from app import exports
from tests.factories_ledger import AT, opportunity
from warehouse.ledger.opportunities import OpportunityRow, to_row

FORMULAS = ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "\ufeff=1", "\n=cmd|' /C calc'!A0"]


def row(**changes: object) -> OpportunityRow:
    values = opportunity(1, **changes)
    return to_row({**values, "status": "new", "has_note": False})


def read_csv(rows: list[OpportunityRow]) -> list[dict[str, str]]:
    data = exports.to_csv(rows)
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("title", FORMULAS)
def test_no_cell_of_a_csv_is_a_formula(title: str) -> None:
    (read,) = read_csv([row(title=title)])
    assert read["title"] == f"'{title}"


@pytest.mark.parametrize("title", FORMULAS)
def test_no_cell_of_a_workbook_is_a_formula_or_a_link(title: str) -> None:
    book = openpyxl.load_workbook(io.BytesIO(exports.to_xlsx([row(title=title, office="https://evil.example")])))
    cells = {c.value: book.active.cell(2, c.column) for c in book.active[1]}
    assert cells["title"].data_type in ("s", "inlineStr")
    assert cells["office"].hyperlink is None


def test_csv_holds_quotes_line_breaks_and_both_times() -> None:
    (read,) = read_csv([row(title='He said "now",\nthen left', value_usd=Decimal("1250.50"))])
    assert read["title"] == 'He said "now",\nthen left'
    assert read["response_deadline_at"].endswith("+00:00")
    assert read["response_deadline_at_office"].endswith("EDT")
    assert read["value_usd"] == "1250.50"


def test_workbook_has_numbers_and_instants_as_such() -> None:
    book = openpyxl.load_workbook(io.BytesIO(exports.to_xlsx([row(value_usd=Decimal("1250.50"))])))
    cells = {c.value: book.active.cell(2, c.column).value for c in book.active[1]}
    assert cells["fit_score"] == 72
    assert cells["value_usd"] == 1250.5
    assert cells["response_deadline_at_utc"] == (AT + timedelta(days=10, minutes=1)).replace(tzinfo=None)


def test_calendar_rings_at_the_safe_instant() -> None:
    rows = [row(), row(id="o2", due_date=None, due_precision="none"), row(id="o3", safe_deadline_at=None)]
    calendar = Calendar.from_ical(exports.to_calendar(rows, at=AT))
    events = calendar.walk("VEVENT")
    assert [str(e["uid"]) for e in events] == ["o00000001@procura", "o3@procura"], "no event without a deadline"
    alarm = events[0].walk("VALARM")[0]
    assert alarm["trigger"].dt.astimezone(UTC) == rows[0].safe_deadline_at
    assert events[0]["dtstart"].dt.astimezone(UTC) == rows[0].due_date
    assert events[1].walk("VALARM")[0]["trigger"].dt.astimezone(UTC) == rows[2].due_date - timedelta(days=1)


def test_line_breaks_in_a_title_cannot_add_lines_to_a_calendar() -> None:
    data = exports.to_calendar([row(title="x\r\nATTACH:https://evil.example/y")], at=AT)
    assert b"\r\nATTACH" not in data


def test_nothing_is_a_header_alone() -> None:
    assert read_csv([]) == []
    assert openpyxl.load_workbook(io.BytesIO(exports.to_xlsx([]))).active.max_row == 1
    assert Calendar.from_ical(exports.to_calendar([], at=AT)).walk("VEVENT") == []
