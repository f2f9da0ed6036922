"""How an error reaches the person at the keyboard: ours in their form, any other as a reference into the log."""

import secrets
import sys
import traceback
from pathlib import Path

from warehouse.clock import now
from warehouse.errors import DiskFull, ProcuraError, StoreUnavailable
from warehouse.settings import current

NO_SPACE = 28  # errno.ENOSPC


def report_failure(error: Exception) -> int:
    """Print an error on standard error and return the exit code.

    What we expect is printed as it says itself. What we do not is written whole into logs/errors.log of the home, and
    only its reference is shown: a traceback helps nobody at a prompt and may hold what the log's owner alone may read.
    """
    known = expected(error)
    if known is not None:
        print(known, file=sys.stderr)
        return 1
    reference = secrets.token_hex(4)
    where = _write_log(reference, error)
    print(
        f"{type(_first_cause(error)).__name__}: something went wrong that Procura does not know. Reference {reference}.",
        file=sys.stderr,
    )
    print(f"  To do: look up the reference in {where}, and report it with what you did.", file=sys.stderr)
    return 1


def expected(error: BaseException) -> ProcuraError | None:
    """Return our own error if this is one, or was caused by one (Dagster wraps what a step raises), or is a store's."""
    seen: BaseException | None = error
    while seen is not None:
        found = seen if isinstance(seen, ProcuraError) else _of_the_system(seen)
        if found is not None:
            return found
        seen = seen.__cause__ or seen.__context__
    return None


def _of_the_system(error: BaseException) -> ProcuraError | None:
    """Translate what disk and stores raise themselves where nobody met it closer."""
    if getattr(error, "errno", None) == NO_SPACE or "No space left on device" in str(error):
        return DiskFull("the disk is full.", kept="what was finished before.", todo="free some space and repeat.")
    import duckdb
    import psycopg

    if isinstance(error, psycopg.OperationalError | duckdb.IOException):
        return StoreUnavailable(
            "PostgreSQL does not answer, or has just been started again.",
            kept="everything up to the last finished transaction.",
            todo="try again in a moment; `procura status` says what runs.",
        )
    return None


def _first_cause(error: BaseException) -> BaseException:
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _write_log(reference: str, error: Exception) -> Path | str:
    try:
        folder = current().logs
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (folder / "errors.log").open("a", encoding="utf-8") as log:
            log.write(f"\n{now().isoformat()} reference {reference}\n{''.join(traceback.format_exception(error))}")
    except (OSError, ProcuraError):
        traceback.print_exception(error)  # nowhere to write: better shown than lost
        return "the lines above"
    return folder / "errors.log"
