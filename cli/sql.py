"""`procura sql`: ask the lake and the ledger, read-only. What may be asked is decided by warehouse/lake/surface.py."""

import csv
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import print_json, print_rows
from warehouse.errors import ProcuraError
from warehouse.settings import Settings, current

if TYPE_CHECKING:
    from warehouse.lake.surface import Surface

WELCOME = "Read-only. Tables: core. and marts. (the lake), ledger. (PostgreSQL). End a statement with ; and the prompt with Ctrl-D."


class Format(StrEnum):
    """How an answer is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def sql(
    statement: Annotated[str | None, typer.Argument(help="One SELECT or EXPLAIN; without it a prompt opens.")] = None,
    output: Annotated[Format, typer.Option("--format", help="How the answer is written.")] = Format.TABLE,
) -> None:
    """Ask the lake (core., marts.) and the ledger (ledger.), read-only."""
    from warehouse.lake.surface import open_surface
    from warehouse.stores import open_stores

    settings = current()
    with open_stores(settings):
        surface = open_surface(settings)
        with closing(surface):
            if statement is None:
                _prompt(surface, settings, output)
            else:
                _answer(surface, statement, output)


def _answer(surface: "Surface", statement: str, output: Format) -> None:
    found = surface.run(statement)
    columns, rows = found.columns, found.rows
    if output is Format.CSV:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
    elif output is Format.JSON:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_rows(columns, rows)


def _prompt(surface: "Surface", settings: Settings, output: Format) -> None:
    print(WELCOME, file=sys.stderr)
    for statement in _statements(settings):
        try:
            _answer(surface, statement, output)
        except ProcuraError as error:
            if not sys.stdin.isatty():
                raise  # a script must see that it failed
            print(error, file=sys.stderr)  # a slip of the pen must not end the conversation


def _statements(settings: Settings) -> Iterator[str]:
    """Yield what is typed, a statement at a time: by prompt on a terminal, by line from a pipe."""
    if not sys.stdin.isatty():
        yield from _complete(sys.stdin)
        return
    from prompt_toolkit import PromptSession
    from prompt_toolkit.history import FileHistory

    session: PromptSession[str] = PromptSession(history=FileHistory(str(settings.run / "sql.history")))

    def typed() -> Iterator[str]:
        while True:
            try:
                yield session.prompt("procura> ")
            except KeyboardInterrupt:
                yield ""
            except EOFError:
                return

    yield from _complete(typed())


def _complete(lines: Iterator[str] | Sequence[str]) -> Iterator[str]:
    """Gather lines until one ends with a semicolon."""
    pending: list[str] = []
    for line in lines:
        pending.append(line.rstrip())
        text = "\n".join(pending).strip()
        if text.endswith(";"):
            pending.clear()
            yield text.rstrip(";")
        elif not text:
            pending.clear()
    rest = "\n".join(pending).strip()
    if rest:
        yield rest
