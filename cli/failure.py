"""How an error reaches the person at the keyboard: ours in their form, any other as a reference into the log."""

import secrets
import sys
import traceback
from pathlib import Path

from warehouse.clock import now
from warehouse.errors import DiskFull, ProcuraError, StoreUnavailable
from warehouse.logs import bound_outputs, open_output
from warehouse.redaction import redact_text
from warehouse.room import lacks_room
from warehouse.settings import current

NO_SPACE = 28  # errno.ENOSPC


def report_failure(error: Exception) -> int:
    """Print an error on standard error and return the exit code.

    What we expect is printed as it says itself. What we do not is written whole into logs/errors.log of the home, and
    only its reference is shown: a traceback helps nobody at a prompt and may hold what the log's owner alone may read.
    """
    known = expected(error)
    if known is not None:
        print(redact_text(str(known)), file=sys.stderr)
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
    import duckdb
    import psycopg

    is_of_a_store = isinstance(error, psycopg.OperationalError | duckdb.IOException)
    is_full = getattr(error, "errno", None) == NO_SPACE or "No space left on device" in str(error)
    if is_full or (is_of_a_store and lacks_room(current())):
        return DiskFull("the disk is full.", kept="what was finished before.", todo="free some space and repeat.")
    if is_of_a_store:
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
        bound_outputs(current())
        text = f"\n{now().isoformat()} reference {reference}\n{''.join(traceback.format_exception(error))}"
        with open_output(folder / "errors.log") as log:
            log.write(redact_text(text).encode("utf-8", "backslashreplace"))
    except (OSError, ProcuraError):
        # Nowhere to write: better shown than lost.
        print(redact_text("".join(traceback.format_exception(error))), file=sys.stderr)
        return "the lines above"
    return folder / "errors.log"
