"""What commands print: one JSON object, a plain table, progress on standard error."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PATIENCE_SECONDS = 2.0
"""What takes less needs no bar."""


def print_json(value: object) -> None:
    """Print one JSON object on standard output; with --json nothing else goes there."""
    print(json.dumps(value, ensure_ascii=False, default=_plain))


def print_rows(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows as a table; numbers to the right, no colours where nobody looks."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, header_style="bold")
    for place, name in enumerate(columns):
        numbers = any(
            isinstance(row[place], int | float | Decimal) and not isinstance(row[place], bool) for row in rows
        )
        table.add_column(name, justify="right" if numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(shown(value)) for value in row))
    # Piped into a file, a line must not be folded at a terminal's width that is not there.
    Console(width=None if sys.stdout.isatty() else 400).print(table)


def shown(value: object) -> str:
    """Write one value for a person: nothing as a blank, instants in ISO form."""
    if value is None:
        return ""
    return value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode("utf-8", "replace")
    if isinstance(value, Mapping):
        return dict(value)
    return str(value) if isinstance(value, Path | Decimal) else repr(value)


@dataclass
class ProgressLine:
    """One bar on standard error that appears after two seconds; called as `line(what, done, total)`."""

    _bar: "Progress"
    _task: "TaskID"
    _visible_from: float

    def __call__(self, what: str, done: int, total: int | None = None) -> None:
        """Show how far `what` has come; `total` None: nobody knows yet."""
        self._bar.update(self._task, description=what, completed=done, total=total)
        if self._bar.get_time() >= self._visible_from and not self._bar.live.is_started:
            self._bar.start()


@contextmanager
def progress_line() -> Iterator[ProgressLine]:
    """Open a progress line; it leaves nothing behind, and nothing is written where standard error is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    # This very stream, whatever becomes of sys.stderr while the line is open (in_process.py sends it into a log).
    console = Console(file=sys.stderr, stderr=True)
    bar = Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=console, transient=True, disable=not console.is_terminal, redirect_stderr=False,
    )  # fmt: skip
    try:
        yield ProgressLine(bar, bar.add_task("", total=None), bar.get_time() + PATIENCE_SECONDS)
    finally:
        bar.stop()
