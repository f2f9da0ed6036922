"""What a source takes as a credential, and the question that shows whether it works: one small request, told in words.

A connector names its own as `credentials` (connectors/<source>.py). Not here: where the secret comes from
(credential_check.py).
"""

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import SecretStr

from warehouse.domain.credential import CredentialNeed
from warehouse.settings import Settings

if TYPE_CHECKING:
    import httpx

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
ALL_SECONDS = 20.0
"""Somebody looks at a button meanwhile."""
MAX_BYTES = 256 * 1024


class Outcome(StrEnum):
    """What a source made of a credential."""

    WORKS = "works"
    REFUSED = "refused"
    EXPIRED = "expired"
    QUOTA = "quota"
    UNREACHABLE = "unreachable"

    @property
    def says_no(self) -> bool:
        """Whether the source has refused the credential itself."""
        return self in {Outcome.REFUSED, Outcome.EXPIRED}


@dataclass(frozen=True)
class Answer:
    """The outcome and one sentence about it; never the credential."""

    outcome: Outcome
    words: str


@dataclass(frozen=True)
class Question:
    """One request with the secret in it, and what an answer of the source itself holds.

    Attributes:
        expects: A name that a good answer has; empty where the source promises none.
    """

    url: str = field(repr=False)
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Mapping[str, object] | None = None
    expects: str = ""


@dataclass(frozen=True)
class TakenCredential:
    """A credential that a source takes, and how the source is asked about it at an instant."""

    need: CredentialNeed
    question: Callable[[Settings, SecretStr, datetime], Question]


def ask(question: Question) -> Answer:
    """Ask a source once, within 20 seconds or so, and say what it made of the credential. Redirects are not followed."""
    import httpx

    # It writes whole addresses at INFO, and some sources take their key in the address.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    try:
        with (
            httpx.Client(timeout=timeout) as client,
            client.stream(
                "GET" if question.body is None else "POST",
                question.url,
                params=dict(question.params),
                headers=dict(question.headers),
                json=question.body,
            ) as response,
        ):
            return _read(response.status_code, response.headers, _body(response), question.expects)
    except httpx.TimeoutException:
        return Answer(Outcome.UNREACHABLE, "It did not answer in time; nothing is known of the key.")
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeEncodeError) as error:
        # Its text may hold the address, and with it the key.
        return Answer(
            Outcome.UNREACHABLE, f"It cannot be reached ({type(error).__name__}); nothing is known of the key."
        )


def _body(response: "httpx.Response") -> bytes:
    import httpx

    end, body = time.monotonic() + ALL_SECONDS, b""
    for piece in response.iter_bytes():
        body += piece
        if len(body) > MAX_BYTES:
            break
        if time.monotonic() > end:
            raise httpx.ReadTimeout("too slow")
    return body


def _read(status: int, headers: Mapping[str, str], body: bytes, expects: str) -> Answer:
    text = body.decode("utf-8", "replace").lower()
    if status == 429 or (status in {401, 403} and ("exhausted" in text or "exceeded" in text)):
        return Answer(Outcome.QUOTA, f"It works no more today: its requests are used up{_until(headers, body)}.")
    if status in {401, 403}:
        if "expired" in text:
            return Answer(Outcome.EXPIRED, f"It has expired (HTTP {status}).")
        return Answer(Outcome.REFUSED, f"The source refuses it (HTTP {status}).")
    if status in {200, 404}:
        return _good(status, body, expects)
    return Answer(
        Outcome.UNREACHABLE, f"The source has trouble of its own (HTTP {status}); nothing is known of the key."
    )


def _good(status: int, body: bytes, expects: str) -> Answer:
    """A page of a captive portal comes with HTTP 200 too, and an address that is gone with 404."""
    found = json_object(body)
    if found is None or (status == 200 and expects and expects not in found):
        return Answer(Outcome.UNREACHABLE, "Something else than the source has answered; nothing is known of the key.")
    return Answer(Outcome.WORKS, "It works.")


def _until(headers: Mapping[str, str], body: bytes) -> str:
    found = json_object(body) or {}
    told = found.get("nextAccessTime")
    if isinstance(told, str) and len(told) <= 40 and told.isprintable():
        return f" until {told}"
    wait = headers.get("retry-after", "")
    return f"; again in {wait} s" if wait.isdigit() and len(wait) < 8 else ""


def json_object(body: bytes) -> dict[str, object] | None:
    """Return the object that an answer is; None where it is something else."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
