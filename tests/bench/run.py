"""Run every comparison of this folder and write docs/performance.md.

make bench [ARGS="ledger_pages"]
"""

import importlib
import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.bench.measure import Figure
from warehouse import settings as settings_module
from warehouse.lake.connection import close_lakes
from warehouse.ledger.store import close_ledgers
from warehouse.settings import ROOT
from warehouse.stores import open_stores

PARTS = (
    "raw_to_lake", "changed_rows", "ledger_pages", "audit_log", "second_start", "qualification", "fresh_notices", "scale",
)  # fmt: skip
PAGE = ROOT / "docs/performance.md"


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


def page(figures: Sequence[Figure]) -> str:
    """Write the figures as a page."""
    lines = [
        "# Performance",
        "",
        "Written by `make bench`: medians of three in one run, each thing and its yardstick in turn.",
        "Ratios travel between machines, seconds do not.",
        f"This run: {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}.",
        "",
        "| part | what | measured | goal | |",
        "|---|---|---|---|---|",
    ]
    for figure in figures:
        verdict = "" if figure.holds is None else "met" if figure.holds else "**missed**"
        lines.append(f"| {figure.part} | {figure.what} | {figure.value} | {figure.goal} | {verdict} |")
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str]) -> int:
    """Run the named parts, or all of them; only a whole run writes the page. Exit 1 when a goal is missed."""
    wanted = [name for name in arguments if name in PARTS] or list(PARTS)
    figures = [figure for name in wanted for figure in run_part(name)]
    if wanted == list(PARTS):
        PAGE.write_text(page(figures), encoding="utf-8")
    return int(any(figure.holds is False for figure in figures))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
