"""The console script `procura`: gathers the groups of commands and is the outermost edge for errors.

One file of this folder is one group; each imports what it needs inside its commands, so that `procura --help` is fast.
"""

import sys

import typer

from cli import discover, doctor, quarantine, rank, rebuild_lake, run, sql, status, up, user
from cli.failure import report_failure

app = typer.Typer(
    name="procura",
    help="Procura Ops Command: find, decide, deliver and prove offers to the US government.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)
app.command("up")(up.up)
app.command("down")(status.down)
app.command("status")(status.status)
app.command("doctor")(doctor.doctor)
app.command("run")(run.run)
app.command("discover")(discover.discover)
app.add_typer(quarantine.app, name="quarantine")
app.command("rebuild-lake")(rebuild_lake.rebuild_lake)
app.command("rank")(rank.rank)
app.command("sql")(sql.sql)
app.add_typer(user.app, name="user")


def main() -> None:
    """Run one command; exit 0 only on success, errors on standard error in the form of the style guide."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:  # noqa: BLE001 - the outermost edge: it records and gives a reference
        sys.exit(report_failure(error))


if __name__ == "__main__":
    main()
