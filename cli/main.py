"""The console script `procura`: gathers the groups of commands and is the outermost edge for errors.

One file of this folder is one group; each imports what it needs inside its commands, so that `procura --help` is fast.
"""

import signal
import sys

import typer

from cli import (
    access,
    audit,
    connector,
    discover,
    doctor,
    hold,
    keys,
    maintain_lake,
    notify,
    portal,
    qualify,
    quarantine,
    rank,
    rebuild_lake,
    retention,
    run,
    sql,
    status,
    submission,
    train,
    up,
    user,
)
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
app.command("maintain-lake")(maintain_lake.maintain_lake)
app.command("qualify")(qualify.qualify)
app.command("rank")(rank.rank)
app.command("train")(train.train)
app.command("sql")(sql.sql)
app.add_typer(user.app, name="user")
app.add_typer(retention.app, name="retention")
app.add_typer(hold.app, name="hold")
app.add_typer(access.app, name="access")
app.add_typer(audit.app, name="audit")
app.add_typer(connector.app, name="connector")
app.add_typer(keys.app, name="keys")
app.add_typer(submission.app, name="submission")
app.add_typer(portal.app, name="portal")
app.command("notify")(notify.notify)


def main() -> None:
    """Run one command; exit 0 only on success, errors on standard error in the form of the style guide."""
    _hear_interrupts()
    try:
        _start_logs()
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:  # noqa: BLE001 - the outermost edge: it records and gives a reference
        sys.exit(report_failure(error))


def _hear_interrupts() -> None:
    # A shell starts what it puts into the background deaf to Ctrl-C. Dagster then makes it deaf to SIGTERM too, and nothing but
    # a kill would end it.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _start_logs() -> None:
    # For help no log is needed, and none is made in a home that nobody asked for.
    if len(sys.argv) > 1 and "--help" not in sys.argv:
        from warehouse import logs

        logs.start("up" if sys.argv[1] == "up" else "cli")


if __name__ == "__main__":
    main()
