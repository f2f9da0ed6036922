"""One request to a source that counts them: counted before it is sent, repeated with pauses, and its refusals told apart.

What a source says is one of: an answer, nothing (404 where that means so), no to the key, not today, or trouble of its own.
After three troubles in a row, over runs and processes, it is left alone for a while: five minutes, doubled each time, six
hours at most. No key ever enters a message, a log or a stored address. Not here: files (http.py), which questions there
are (connectors).
"""

import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx
import stamina

from pipelines.discovery.credential_question import Question, json_object
from pipelines.discovery.http import CONNECT_SECONDS, READ_SECONDS, USER_AGENT, plain_fault
from pipelines.discovery.public_addresses import client_for
from warehouse.errors import SourceDiffers, SourceKeyRefused, SourcePlanLacks, SourceQuotaExceeded, SourceUnavailable
from warehouse.ledger.source_budgets import Quota, budget_of, close_source, note_answer, take_request
from warehouse.ledger.store import Ledger

MAX_BYTES = 64 * 1024**2
ALL_SECONDS = 300.0
ATTEMPTS = 3
FAULTS_BEFORE_CLOSING = 3
FIRST_CLOSING = timedelta(minutes=5)
LONGEST_CLOSING = timedelta(hours=6)
LONGEST_WAIT = timedelta(days=7)
"""What a source asks us to wait is believed up to here."""
PATIENCE = timedelta(seconds=60)
"""So long a run waits for a source that counts by the minute; for more it ends, and the next run goes on."""
KEPT = "what had landed before."
_SAID = "{} has said that its requests are used up"
_STATED = re.compile(r"(\d{4})-(\w{3}|\d{2})-(\d{2})[T ](\d{2}):(\d{2}):(\d{2})")


class _Trouble(Exception):
    """The source's own trouble, in words; the same request may be repeated."""


class _Throttled(_Trouble):
    """The source wants to be left alone for a moment, until then."""

    def __init__(self, words: str, until: datetime) -> None:
        super().__init__(words)
        self.until = until


@dataclass(frozen=True)
class Counted:
    """A source as it is asked.

    Attributes:
        source: Its name in the ledger.
        title: Its name in words.
        quota: What it allows.
        is_own_address: Whether its address is the operator's.
        plan_status: The status by which it says that what was paid for does not hold this; None: it has no such.
    """

    ledger: Ledger
    source: str
    title: str
    quota: Quota
    is_own_address: bool
    wait_seconds: float = 1.0
    plan_status: int | None = None


def ask(counted: Counted, question: Question, *, at: datetime, empty_status: int | None = None) -> bytes | None:
    """Ask once more, with up to two repetitions where the source has trouble of its own; each is a counted request.

    Args:
        empty_status: The status by which this source says that it has nothing; then None is returned.

    Returns:
        The body as it came: JSON with what `question.expects` names, if it names something.

    Raises:
        SourceQuotaExceeded: it may not be asked now, by our count or by its own word; the message says until when.
        SourceKeyRefused: it refuses the key.
        SourcePlanLacks: it does not give this for what is paid (`plan_status`); never asked again by itself.
        SourceUnavailable: it does not answer, answers with something else, or refuses the question.
    """
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it would log addresses, and keys stand in some
    attempts = stamina.retry_context(
        on=_Trouble,
        attempts=ATTEMPTS,
        wait_initial=counted.wait_seconds,
        wait_jitter=counted.wait_seconds,
        timeout=None,
    )
    began = time.monotonic()
    try:
        with _client(counted, question) as client:
            for attempt in attempts:
                with attempt:
                    _take(counted, at + timedelta(seconds=time.monotonic() - began))
                    answer = _sent(client, question)
                    body = _judged(counted, answer, question, empty_status, at)
                    note_answer(counted.ledger, counted.source, is_good=True)
                    _heed_remaining(counted, answer, at)
                    return body
    except _Throttled as throttled:  # it was waited for, and said again
        raise _used_up(_SAID.format(counted.title), throttled.until) from None
    except _Trouble as trouble:
        raise _broken(counted, str(trouble), at) from None
    raise AssertionError("unreachable")


def _client(counted: Counted, question: Question) -> httpx.Client:
    return client_for(
        question.url, is_own=counted.is_own_address, connect_seconds=CONNECT_SECONDS, read_seconds=READ_SECONDS,
        user_agent=USER_AGENT, follows=False,
    )  # fmt: skip


def _take(counted: Counted, at: datetime) -> None:
    """Count a request to come, after a short wait where that is all it needs."""
    while not take_request(counted.ledger, counted.source, counted.quota, at=at):
        refusal, until = _refusal(counted, at)
        if until - at > PATIENCE:
            raise refusal
        time.sleep((until - at).total_seconds())
        at = until


def _refusal(counted: Counted, at: datetime) -> tuple[SourceUnavailable, datetime]:
    with counted.ledger.read() as tx:
        budget = budget_of(tx, counted.source)
    if budget is None or budget.closed_until is None or budget.closed_until <= at:
        until = counted.quota.began(at) + counted.quota.period
        return _used_up(
            f"all {counted.quota.requests:,} requests that {counted.title} allows are used up", until
        ), until
    if budget.closed_because == "quota":
        return _used_up(_SAID.format(counted.title), budget.closed_until), budget.closed_until
    broken = SourceUnavailable(
        f"{counted.title} is left alone until {_moment(budget.closed_until)}: it was broken {budget.faults} times in a row.",
        kept=KEPT,
        todo="nothing: it is asked again after that.",
    )
    return broken, budget.closed_until


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


def _sent(client: httpx.Client, question: Question) -> _Answer:
    method = "GET" if question.body is None else "POST"
    end, body = time.monotonic() + ALL_SECONDS, bytearray()
    try:
        with client.stream(
            method,
            question.url,
            params=dict(question.params) or None,
            headers=dict(question.headers),
            json=question.body,
        ) as response:
            for piece in response.iter_bytes():
                body += piece
                if len(body) > MAX_BYTES:
                    raise _Trouble(f"an answer of more than {MAX_BYTES // 1024**2} MiB")
                if time.monotonic() > end:
                    raise _Trouble(f"an answer that was not there after {ALL_SECONDS:g} s")
            return _Answer(response.status_code, response.headers, bytes(body))
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeEncodeError) as error:
        raise _Trouble(plain_fault(error)) from None


def _judged(
    counted: Counted, answer: _Answer, question: Question, empty_status: int | None, at: datetime
) -> bytes | None:
    status, text = answer.status, answer.body[:4096].decode("utf-8", "replace").lower()
    found = json_object(answer.body)
    if status == counted.plan_status:
        raise SourcePlanLacks(
            f"{counted.title} does not give this for what is paid (HTTP {status}{_its_words(found, question)}).",
            kept=KEPT,
            todo="set the key of a larger plan on the page Credentials; it is not asked for it again by itself.",
        )
    if status == 429 or (
        status in {401, 402, 403} and any(word in text for word in ("exhausted", "exceeded", "throttled"))
    ):
        until = _stated_until(answer, found, at) or counted.quota.began(at) + counted.quota.period
        close_source(counted.ledger, counted.source, until=until, because="quota")
        if until - at <= PATIENCE:
            raise _Throttled(f"HTTP {status}", until)  # the next attempt waits for it
        raise _used_up(_SAID.format(counted.title), until)
    if status in {401, 403}:
        words = "says that the key has expired" if "expired" in text else "refuses the key"
        raise SourceKeyRefused(
            f"{counted.title} {words} (HTTP {status}{_code(found)}).",
            kept=KEPT,
            todo="set another key on the page Credentials.",
        )
    if status >= 500 or status == 408:
        raise _Trouble(f"HTTP {status}")
    # What a page in between answers is no JSON, and says nothing of the source.
    if status == empty_status and found is not None:
        return None
    if status != 200:
        raise SourceDiffers(
            f"{counted.title} refuses the question (HTTP {status}).",
            kept=KEPT,
            todo="look into its documentation: it may have changed.",
        )
    if found is None or (question.expects and question.expects not in found):
        raise _Trouble("something else than its answer")
    return answer.body


def _code(found: dict[str, object] | None) -> str:
    """Name the source's own word for a refusal, where it has one: apiKeyInvalid, apiKeyDisabled."""
    code = (found or {}).get("code")
    return f", {code}" if isinstance(code, str) and code.isidentifier() and len(code) <= 40 else ""


def _its_words(found: dict[str, object] | None, question: Question) -> str:
    """Quote what a source says of a refusal; nothing where it says a secret of the question back."""
    told = next((found[name] for name in ("message", "error", "detail") if found and found.get(name)), "")
    if isinstance(told, dict):
        told = told.get("message", "")
    words = " ".join("".join(c if c.isprintable() else " " for c in str(told)).split())[:200]
    sent = [*question.params.values(), *(part for value in question.headers.values() for part in value.split())]
    return f": {words}" if words and not any(len(part) >= 8 and part in str(told) for part in sent) else ""


def _heed_remaining(counted: Counted, answer: _Answer, at: datetime) -> None:
    """Leave a source alone that says with a good answer that it was the last one: others may use the same key."""
    if answer.headers.get("x-ratelimit-remaining", "").strip() == "0":
        until = _stated_until(answer, None, at) or counted.quota.began(at) + counted.quota.period
        close_source(counted.ledger, counted.source, until=until, because="quota")


def _broken(counted: Counted, words: str, at: datetime) -> SourceUnavailable:
    faults = note_answer(counted.ledger, counted.source, is_good=False)
    if faults >= FAULTS_BEFORE_CLOSING:
        pause = min(FIRST_CLOSING * 2 ** min(faults - FAULTS_BEFORE_CLOSING, 10), LONGEST_CLOSING)
        close_source(counted.ledger, counted.source, until=at + pause, because="broken")
    return SourceUnavailable(
        f"{counted.title} does not answer as it should ({words}).",
        kept=KEPT,
        todo="nothing: it is tried again with the next run.",
    )


def _used_up(what: str, until: datetime) -> SourceQuotaExceeded:
    return SourceQuotaExceeded(
        f"{what}, until {_moment(until)}.", kept=KEPT, todo="nothing: it is asked again after that."
    )


def _stated_until(answer: _Answer, found: dict[str, object] | None, at: datetime) -> datetime | None:
    """Read until when the source wants to be left alone; nothing beyond a week is believed, nor what has passed."""
    stated = _access_time(found) or _retry_after(answer.headers.get("retry-after", ""), at)
    return min(stated, at + LONGEST_WAIT) if stated is not None and stated > at else None


def _access_time(found: dict[str, object] | None) -> datetime | None:
    """Read SAM.gov's `nextAccessTime`, flat or within `fault`: 2026-Sep-09 00:00:00+0000 UTC."""
    inner = (found or {}).get("fault")
    for place in (found or {}, inner if isinstance(inner, dict) else {}):
        match = _STATED.match(str(place.get("nextAccessTime", "")))
        if match:
            form = "%Y-%m-%d" if match[2].isdigit() else "%Y-%b-%d"
            try:
                return datetime.strptime(
                    f"{match[1]}-{match[2]}-{match[3]} {':'.join(match.groups()[3:])}", f"{form} %H:%M:%S"
                ).replace(tzinfo=UTC)
            except ValueError:
                return None
    return None


def _retry_after(stated: str, at: datetime) -> datetime | None:
    """Read both forms of Retry-After: seconds, or an instant."""
    if stated.strip().isdigit() and len(stated) < 9:
        return at + timedelta(seconds=int(stated))
    try:
        moment = parsedate_to_datetime(stated)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _moment(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
