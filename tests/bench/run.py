"""Run every comparison of this folder and write docs/performance.md.

make bench [ARGS="ledger_pages"]
"""

import importlib
import os
import platform
import re
import sys
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from tests.bench.measure import Figure
from warehouse import settings as settings_module
from warehouse.clock import now
from warehouse.lake.connection import close_lakes
from warehouse.ledger.store import close_ledgers
from warehouse.settings import ROOT
from warehouse.stores import open_stores

PARTS = (
    "raw_to_lake", "changed_rows", "ledger_pages", "audit_log", "second_start", "qualification", "fresh_notices", "scale",
)  # fmt: skip
PAGE = ROOT / "docs/performance.md"
_ROW = re.compile(r"^\| [a-z] \| .*$", re.MULTILINE)


def run_part(name: str) -> list[Figure]:
    """Run one comparison in a fresh home of its own."""
    part = importlib.import_module(f"tests.bench.{name}")
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PROCURA_HOME"], os.environ["PROCURA_OFFLINE"] = str(Path(folder) / "home"), "1"
        settings_module.current.cache_clear()
        settings = settings_module.current()
        with open_stores(settings):
            for figure in part.measure(settings):
                verdict = "" if figure.holds is None else "met" if figure.holds else "MISSED"
                print(f"({figure.part}) {figure.what}: {figure.value} [{figure.goal}] {verdict}", flush=True)
                figures.append(figure)
            close_ledgers()
            close_lakes()
    return figures


def page(figures: Sequence[Figure], before: str, day: date) -> str:
    """Write figures into the page: rows of the same parts make way, those of others stay with the day they are of."""
    measured = {figure.part for figure in figures}
    rows = [row for row in _ROW.findall(before) if row[2] not in measured]
    for figure in figures:
        verdict = "" if figure.holds is None else "met" if figure.holds else "**missed**"
        rows.append(f"| {figure.part} | {figure.what} | {figure.value} | {figure.goal} | {verdict} | {day} |")
    lines = [
        "# Performance",
        "",
        "Written by `make bench`: medians of three in one run, each thing and its yardstick in turn; parts i and j take an hour",
        "and run once. Ratios travel between machines, seconds do not.",
        f"Measured on {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}.",
        "",
        "| part | what | measured | goal | | on |",
        "|---|---|---|---|---|---|",
        *sorted(rows, key=lambda row: row[2]),
    ]
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str]) -> int:
    """Run the named parts, or all of them, and write their rows of the page. Exit 1 when a goal is missed."""
    wanted = [name for name in arguments if name in PARTS] or list(PARTS)
    figures = [figure for name in wanted for figure in run_part(name)]
    PAGE.write_text(page(figures, PAGE.read_text(encoding="utf-8"), now().date()), encoding="utf-8")
    return int(any(figure.holds is False for figure in figures))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
