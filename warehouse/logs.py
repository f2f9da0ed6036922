"""Where log lines go: one redaction for everything a process says, JSON lines in the home, readable text on a terminal.

`start` is called once where a process begins. It takes over the loggers of uvicorn, Streamlit, Dagster, psycopg and httpx,
and puts the same redaction before standard error, for what writes there itself. Tracebacks are text: no values of variables
are ever shown. Not here: what is secret (redaction.py).
"""

import fcntl
import io
import logging
import os
import re
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO, cast
from urllib.parse import unquote

import structlog
from pydantic import SecretStr
from structlog.typing import EventDict, Processor

from warehouse import redaction
from warehouse.settings import Settings, current

MOST_BYTES = 10 * 1024 * 1024
"""Of one file; with KEPT older ones beside it, a process's log never takes more than 40 MB."""
KEPT = 3
NOISY = {
    **dict.fromkeys(("httpx", "httpcore", "urllib3", "botocore", "asyncio"), logging.WARNING),
    "alembic.runtime.plugins": logging.WARNING,
}
"""Their INFO names the address of every request, or says nothing."""
OWN_HANDLERS = {"uvicorn", "streamlit", "dagster", "psycopg", "httpx", "alembic", "sqlalchemy"}
"""Packages that give their loggers handlers of their own."""
_PASSWORD = re.compile(r"://[^:@/]*:(.+)@|password=('[^']*'|\S+)")


def log(name: str) -> Any:
    """Return the logger of a subject: `log("procura.app").warning("page failed", reference=…)`."""
    return structlog.stdlib.get_logger(name)


def start(process: str, *, takes_output: bool = False) -> None:
    """Set up the logs of this process.

    Args:
        process: Its name, that of its file: `logs/<process>.jsonl` in the home.
        takes_output: Redact standard output as well: for servers, which have nobody to show a secret to.
    """
    settings = current()
    remember_settings(settings)
    sys.stderr = cast(TextIO, RedactedStream(sys.stderr))
    if takes_output:
        sys.stdout = cast(TextIO, RedactedStream(sys.stdout))
    structlog.configure(
        processors=[*_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    _take_over(settings, process)


def adopt_loggers() -> None:
    """Take the handlers of their own from loggers of others; again after an import that made further ones."""
    for name, logger in logging.root.manager.loggerDict.items():
        if isinstance(logger, logging.Logger) and logger.handlers and name.partition(".")[0] in OWN_HANDLERS:
            logger.handlers.clear()
            logger.propagate = True


def remember_settings(settings: Settings) -> None:
    """Note every secret among the settings, so that it is never written."""
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            text = value.get_secret_value()
            redaction.remember(text, *text.replace(" ", "").split(","))
            for found in _PASSWORD.finditer(text):
                password = (found[1] or found[2]).strip("'")
                redaction.remember(password, unquote(password))


def redact_event(logger: Any, method: str, event: EventDict) -> EventDict:
    """Take secrets out of one log line: the one processor that every line of every process passes."""
    return cast(EventDict, redaction.redact(event))


def bound_outputs(settings: Settings) -> None:
    """Shorten what children wrote by themselves (`logs/*.log`): beyond the limit, the older part goes aside.

    Children hold the file open for appending, so it is copied and emptied instead of renamed.
    """
    for path in settings.logs.glob("*.log"):
        with suppress(OSError):  # a log that cannot be shortened must not end what it tells of
            if path.stat().st_size > MOST_BYTES:
                with (
                    os.fdopen(_open_private(path.with_suffix(".log.1"), os.O_TRUNC), "wb") as aside,
                    path.open("rb") as full,
                ):
                    full.seek(-MOST_BYTES // 2, io.SEEK_END)
                    shutil.copyfileobj(full, aside)
                os.truncate(path, 0)


def open_output(path: Path) -> io.BufferedWriter:
    """Open a file for what a child writes by itself, for appending, readable by the owner only."""
    handle = os.fdopen(_open_private(path, os.O_APPEND), "ab")
    os.fchmod(handle.fileno(), 0o600)
    return handle


class RedactedStream:
    """A text stream that takes secrets out of what is written to it; everything else is the stream's own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream: TextIO = stream._stream if isinstance(stream, RedactedStream) else stream

    def write(self, text: str) -> int:
        """Write a text without secrets; returns the length of what was given."""
        self._stream.write(redaction.redact_text(text))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        """Give the rest of the stream: isatty, fileno, encoding, flush."""
        return getattr(self._stream, name)


class BoundedFile(logging.Handler):
    """Appends lines to a file of bounded size that several processes may share; readable by the owner only."""

    def __init__(self, path: Path, *, most_bytes: int = MOST_BYTES, kept: int = KEPT) -> None:
        super().__init__()
        self._path, self._most, self._kept = path, most_bytes, kept
        self._file: int | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Append one record as one line."""
        try:
            line = (self.format(record) + "\n").encode("utf-8", "backslashreplace")
            os.write(self._ready(), line)
        except Exception:  # noqa: BLE001 - the outermost edge of logging: a full disk must not end the work
            self.handleError(record)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        super().close()

    def _ready(self) -> int:
        if self._file is None:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = _open_private(self._path, os.O_APPEND)
        if os.fstat(self._file).st_size > self._most:
            full, self._file = self._file, None
            self._rotate(full)
            os.close(full)
            return self._ready()
        return self._file

    def _rotate(self, full: int) -> None:
        """Move the full file aside, unless another process has done so already: then this one only opens the new."""
        fcntl.flock(full, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if os.stat(self._path).st_ino != os.fstat(full).st_ino:
                return
        for number in range(self._kept, 0, -1):
            older = self._path.with_name(f"{self._path.name}.{number}")
            newer = self._path.with_name(f"{self._path.name}.{number - 1}") if number > 1 else self._path
            with suppress(FileNotFoundError):
                newer.replace(older)


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]


def _formatter(renderer: Processor) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_shared(),
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            redact_event,
            renderer,
        ],
    )


def _take_over(settings: Settings, process: str) -> None:
    lines = BoundedFile(settings.logs / f"{process}.jsonl")
    lines.setFormatter(_formatter(structlog.processors.JSONRenderer(ensure_ascii=False)))
    words = logging.StreamHandler(sys.stderr)
    words.setLevel(logging.WARNING)
    plain = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback, timestamp_key="at"
    )
    words.setFormatter(_formatter(plain))
    root = logging.getLogger()
    for handler in root.handlers[:]:
        root.removeHandler(handler)
    root.addHandler(lines)
    root.addHandler(words)
    root.setLevel(getattr(logging, settings.log_level.upper(), logging.INFO))
    adopt_loggers()
    for name, level in NOISY.items():
        logging.getLogger(name).setLevel(level)


def _open_private(path: Path, flags: int) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | flags, 0o600)
