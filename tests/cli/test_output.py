"""What scripts read from standard output, and what people see: one JSON and nothing else; lines that are never folded."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from cli.output import print_json, print_rows, progress_line, shown


def test_json_is_one_line_and_holds_every_kind_of_value(capsys: pytest.CaptureFixture[str]) -> None:
    print_json(
        {
            "at": datetime(2026, 4, 10, 12, tzinfo=UTC), "on": date(2026, 4, 10), "raw": b"a\xff",
            "value": Decimal("1.50"), "path": Path("/a b"), "name": "Büro",
        }
    )  # fmt: skip
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert json.loads(out) == {
        "at": "2026-04-10T12:00:00+00:00", "on": "2026-04-10", "raw": "a�",
        "value": "1.50", "path": "/a b", "name": "Büro",
    }  # fmt: skip


def test_a_piped_table_keeps_a_long_cell_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(["title", "n"], [("x" * 200, 5), ("[bold]markup[/bold]", 12_345)])
    out = capsys.readouterr().out
    assert "x" * 200 in out
    assert "[bold]markup[/bold]" in out, "a notice's text is no markup"


def test_nothing_is_shown_as_a_blank() -> None:
    assert shown(None) == ""
    assert shown(datetime(2026, 4, 10, tzinfo=UTC)) == "2026-04-10 00:00:00+00:00"


def test_progress_writes_nothing_where_nobody_sits_before_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_line() as line:
        line("reading", 1, 2)
        line("reading", 2, None)
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "")
