"""Files over HTTP: streamed to disk, resumed where a connection broke, bounded in time and size.

No key ever enters a message, a log or a stored address. Not here: which address, and what the file means (connectors).
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import stamina

from warehouse.errors import DiskFull, SourceFileMissing, SourceQuotaExceeded, SourceUnavailable
from warehouse.whole_file import FULL

if TYPE_CHECKING:
    import httpx

    from pipelines.discovery.connector import Progress

USER_AGENT = "Procura-Ops-Command/0.1 (discovery of public notices; one request a run)"
CONNECT_SECONDS = 5.0
READ_SECONDS = 60.0
MAX_BYTES = 8 * 1024**3
ATTEMPTS = 4


class _TryAgain(Exception):
    """The connection broke, or the server is busy: the same request may be repeated."""


@dataclass(frozen=True)
class Download:
    """A file on disk and what the server calls this version of it (for the next If-None-Match)."""

    path: Path
    validators: Mapping[str, str]


def download(
    url: str,
    target: Path,
    *,
    name: str,
    progress: "Progress",
    is_own: bool = False,
    known: Mapping[str, str] | None = None,
    max_bytes: int = MAX_BYTES,
    wait_seconds: float = 1.0,
) -> Download | None:
    """Stream an address into `target`; None when the server says that it is what we have (`known`).

    A `.part` file beside the target keeps what came before a break, for the next attempt of this call or of a later one.
    Content that came compressed stays as it came.

    Args:
        url: The address; keys in it are never shown.
        target: Where the whole file will lie.
        name: The source, for progress and messages.
        progress: Told bytes done and, when known, the total.
        is_own: Whether the operator has set this address; then it may be a private one.
        known: Validators of an earlier Download.
        max_bytes: Bound of the file's size.
        wait_seconds: First pause between attempts; doubled each time.

    Raises:
        SourceFileMissing: there is no such file.
        SourceUnavailable: no answer, a refusal, or a file beyond the bound.
        DiskFull: no room.
    """
    from pipelines.discovery.public_addresses import client_for

    transfer = _Transfer(url, target, name, progress, max_bytes)
    client = client_for(
        url, is_own=is_own, connect_seconds=CONNECT_SECONDS, read_seconds=READ_SECONDS, user_agent=USER_AGENT
    )
    with _faults_told(transfer, name), client:
        return _run(transfer, client, known or {}, wait_seconds)


def _run(
    transfer: "_Transfer", client: "httpx.Client", known: Mapping[str, str], wait_seconds: float
) -> Download | None:
    attempts = stamina.retry_context(on=_TryAgain, attempts=ATTEMPTS, wait_initial=wait_seconds, timeout=None)
    for attempt in attempts:
        with attempt:
            return transfer.run(client, known)
    raise AssertionError("unreachable")


@contextmanager
def _faults_told(transfer: "_Transfer", name: str) -> Iterator[None]:
    """Turn what the network and the disk raise into our own errors."""
    import httpx

    try:
        yield
    except _TryAgain as error:
        raise SourceUnavailable(
            f"{name} broke off {ATTEMPTS} times ({error}).",
            kept=f"{transfer.size:,} bytes; the next run continues there."
            if transfer.size
            else "what had landed before.",
            todo="nothing: it is tried again with the next run.",
        ) from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise SourceUnavailable(
            f"{name} cannot be reached ({plain_fault(error)}).",
            kept="what had landed before.",
            todo="check the network, or drop the file into the inbox.",
        ) from None
    except OSError as error:
        if error.errno not in FULL:
            raise
        transfer.forget()
        raise DiskFull(
            f"there is no room for the file of {name}.", kept="what had landed before.", todo="free some space."
        ) from error


class _Transfer:
    """One file on its way, over as many connections as it takes."""

    def __init__(self, url: str, target: Path, name: str, progress: "Progress", max_bytes: int) -> None:
        self._url, self._target, self._name, self._progress, self._max_bytes = url, target, name, progress, max_bytes
        self._part = target.with_name(f"{target.name}.part")
        self._note = target.with_name(f"{target.name}.part.json")

    @property
    def size(self) -> int:
        """Bytes that lie on disk already."""
        return self._part.stat().st_size if self._part.exists() else 0

    def forget(self) -> None:
        """Drop what was begun."""
        self._part.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    def run(self, client: "httpx.Client", known: Mapping[str, str]) -> Download | None:
        """Ask once, from where the last connection broke, and take the answer to its end."""
        import httpx

        try:
            with client.stream("GET", self._url, headers=self._conditions(known)) as response:
                if response.status_code == httpx.codes.NOT_MODIFIED:
                    return None
                self._check(response)
                if response.status_code != httpx.codes.PARTIAL_CONTENT:
                    self.forget()
                self._take(response)
        except (httpx.ReadError, httpx.ReadTimeout, httpx.RemoteProtocolError, httpx.WriteError) as error:
            raise _TryAgain(plain_fault(error)) from None
        validators = json.loads(self._note.read_text())["validators"]
        self._part.replace(self._target)
        self._note.unlink(missing_ok=True)
        return Download(self._target, validators)

    def _conditions(self, known: Mapping[str, str]) -> dict[str, str]:
        begun = json.loads(self._note.read_text()) if self._note.exists() and self.size else None
        if begun and begun["url"] == _without_query(self._url) and begun["validators"].get("etag"):
            return {"Range": f"bytes={self.size}-", "If-Range": begun["validators"]["etag"]}
        self.forget()
        names = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
        return {names[key]: value for key, value in known.items() if key in names}

    def _check(self, response: "httpx.Response") -> None:
        status = response.status_code
        if status == 416:  # what lies here does not fit what is there: from the beginning
            self.forget()
            raise _TryAgain("the file has changed meanwhile")
        if status == 429:
            raise SourceQuotaExceeded(
                f"{self._name} has answered too many requests (HTTP 429).",
                kept="what had landed before.",
                todo=f"wait {response.headers.get('retry-after', 'until tomorrow')}.",
            )
        if status >= 500:
            raise _TryAgain(f"HTTP {status}")
        if status not in {200, 206}:
            raise (SourceFileMissing if status == 404 else SourceUnavailable)(
                f"{self._name} refuses the file (HTTP {status}).",
                kept="what had landed before.",
                todo="look whether its address has changed (docs/settings.md), or drop the file into the inbox.",
            )

    def _take(self, response: "httpx.Response") -> None:
        validators = {key: response.headers[key] for key in ("etag", "last-modified") if key in response.headers}
        self._note.write_text(json.dumps({"url": _without_query(self._url), "validators": validators}))
        total = self._total(response)
        with self._part.open("ab") as part:
            for piece in response.iter_raw():  # as it comes: a gathered block would be lost with the connection
                part.write(piece)
                if part.tell() > self._max_bytes:
                    raise self._too_long()
                self._progress(f"fetching from {self._name}", part.tell(), total)

    def _total(self, response: "httpx.Response") -> int | None:
        length = response.headers.get("content-length", "")
        total = self.size + int(length) if length.isdigit() else None
        if total is not None and total > self._max_bytes:
            raise self._too_long()
        return total

    def _too_long(self) -> SourceUnavailable:
        self.forget()
        return SourceUnavailable(
            f"the file of {self._name} is longer than {self._max_bytes:,} bytes.",
            kept="what had landed before.",
            todo="look at its address: this is not the daily file.",
        )


def plain_fault(error: Exception) -> str:
    """Name an error without its text, which may hold the address and with it a key."""
    import httpx

    words = {
        httpx.ConnectTimeout: f"no connection within {CONNECT_SECONDS:g} s",
        httpx.ConnectError: "no connection",
        httpx.ReadTimeout: f"silent for {READ_SECONDS:g} s",
        httpx.InvalidURL: "the address is not one",
        httpx.UnsupportedProtocol: "the address is not one",
    }
    return words.get(type(error), type(error).__name__)


def _without_query(url: str) -> str:
    return url.partition("?")[0]
