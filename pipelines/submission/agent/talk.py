"""Talking with an agent over A2A: its card, one message, and its task until it ends. Both dialects, over JSON-RPC.

    0.2 and 0.3  /.well-known/agent.json (0.3: agent-card.json)   message/send, tasks/get    kind, "user", "completed"
    1.0          /.well-known/agent-card.json                     SendMessage, GetTask       ROLE_USER, TASK_STATE_COMPLETED

Whatever an agent answers is untrusted text: bounded, read as JSON, never followed anywhere. Specifications: a2a-protocol.org,
0.2.5 and 1.0; OpenManus speaks the former. Not here: what an answer is worth, which is nothing (executors/a2a.py).
"""

import base64
import json
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any
from urllib.parse import urljoin

import httpx

from pipelines.submission.executor import ParcelFile

CARDS = ("/.well-known/agent-card.json", "/.well-known/agent.json")
MOST_BYTES = 1_000_000
"""An answer of words; what is longer is not read to its end."""
CONNECT_SECONDS = 10
ENDED = frozenset({"completed", "failed", "canceled", "cancelled", "rejected", "input-required", "auth-required"})
"""States in which a task goes on no more by itself."""
NO_REDIRECT = "it answers with a redirect, which is not followed"


class Dialect(Enum):
    """Which of the two it speaks."""

    OLD = "0.2"
    ONE = "1.0"


class NotSaid(Exception):
    """No answer that can be read; the text says why.

    Attributes:
        is_certain: Nothing of the question reached the agent.
    """

    def __init__(self, words: str, *, is_certain: bool = False) -> None:
        super().__init__(words)
        self.is_certain = is_certain


@dataclass(frozen=True)
class Card:
    """What an agent says of itself, as far as it matters: where to ask it, and in which dialect."""

    name: str
    endpoint: str
    dialect: Dialect


@dataclass(frozen=True)
class Said:
    """What an agent said: its task's id and state ("" for a plain message), and all its words."""

    task: str
    state: str
    words: str

    @property
    def has_ended(self) -> bool:
        """Whether it goes on no more by itself."""
        return not self.task or self.state in ENDED


class AgentTalk:
    """One conversation with one agent; a context manager.

    Args:
        token: For the header Authorization; "" none.
        may_go_to: Whether an address is one of the profile's hosts.
    """

    def __init__(self, token: str, may_go_to: Callable[[str], bool], *, answer_seconds: float) -> None:
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"} | (
            {"Authorization": f"Bearer {token}"} if token else {}
        )
        self._may_go_to, self._seconds = may_go_to, answer_seconds
        self._client = httpx.Client(
            headers=headers, follow_redirects=False, trust_env=False,
            timeout=httpx.Timeout(answer_seconds, connect=min(CONNECT_SECONDS, answer_seconds)),
        )  # fmt: skip

    def __enter__(self) -> "AgentTalk":
        """Open it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close its connections."""
        self._client.close()

    def card(self, address: str) -> Card:
        """Read the agent's card.

        Raises:
            NotSaid: there is none that can be read, or it leads elsewhere.
        """
        why = ""
        for path in CARDS:
            try:
                told = self._asked("GET", urljoin(address, path), None)
            except NotSaid as error:
                why = why or str(error)
                continue
            return self._card(told, address)
        raise NotSaid(f"its card cannot be read: {why}", is_certain=True)

    def _card(self, told: Any, address: str) -> Card:
        card = told if isinstance(told, dict) else {}
        listed = card.get("supportedInterfaces")
        ways = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        one = next((w for w in ways if w.get("protocolBinding") == "JSONRPC" and _version(w).startswith("1.")), None)
        endpoint, dialect = (one.get("url"), Dialect.ONE) if one else (card.get("url"), Dialect.OLD)
        if not isinstance(endpoint, str) or not endpoint:
            raise NotSaid("its card names no address that speaks JSON-RPC", is_certain=True)
        endpoint = urljoin(address, endpoint)
        if not self._may_go_to(endpoint):
            raise NotSaid("its card leads to a host that the profile does not name", is_certain=True)
        return Card(str(card.get("name", ""))[:100], endpoint, dialect)

    def send(self, card: Card, words: str, files: Sequence[ParcelFile]) -> Said:
        """Send one message and return what comes back first.

        Raises:
            NotSaid: nothing that can be read came back.
        """
        parts = [_text_part(card.dialect, words), *(_file_part(card.dialect, file) for file in files)]
        message: dict[str, Any] = {"messageId": str(uuid.uuid4()), "parts": parts}
        if card.dialect is Dialect.ONE:
            message["role"] = "ROLE_USER"
            params = {"message": message, "configuration": {"acceptedOutputModes": ["text/plain"]}}
            return _said(self._called(card, "SendMessage", params))
        message |= {"role": "user", "kind": "message"}
        params = {"message": message, "configuration": {"acceptedOutputModes": ["text/plain"], "blocking": True}}
        return _said(self._called(card, "message/send", params))

    def follow(self, card: Card, said: Said, *, wait_seconds: float, poll_seconds: float) -> Said:
        """Ask after a task until it has ended, or for so long.

        Raises:
            NotSaid: nothing that can be read came back.
        """
        until = time.monotonic() + wait_seconds
        while not said.has_ended and time.monotonic() < until:
            time.sleep(poll_seconds)
            method = "GetTask" if card.dialect is Dialect.ONE else "tasks/get"
            said = _said(self._called(card, method, {"id": said.task}))
        return said

    def _called(self, card: Card, method: str, params: Mapping[str, Any]) -> Any:
        call_id = str(uuid.uuid4())
        told = self._asked("POST", card.endpoint, {"jsonrpc": "2.0", "id": call_id, "method": method, "params": params},
                           headers={"A2A-Version": "1.0"} if card.dialect is Dialect.ONE else None)  # fmt: skip
        if not isinstance(told, dict):
            raise NotSaid("its answer is no JSON-RPC")
        if isinstance(error := told.get("error"), dict):
            raise NotSaid(f"it answers with the error {error.get('code')}: {str(error.get('message'))[:300]}")
        if told.get("id") != call_id or "result" not in told:
            raise NotSaid("its answer is no JSON-RPC, or to another question")
        return told["result"]

    def _asked(self, verb: str, address: str, body: object, headers: Mapping[str, str] | None = None) -> Any:
        """Ask once and read the JSON of the answer, in time and within bounds."""
        until = time.monotonic() + self._seconds
        try:
            with self._client.stream(verb, address, json=body, headers=headers) as answer:
                data = bytearray()
                for (
                    piece
                ) in answer.iter_raw():  # what was packed stays packed: a small answer cannot become a large one
                    data += piece
                    if len(data) > MOST_BYTES:
                        raise NotSaid(f"its answer is longer than {MOST_BYTES:,} bytes")
                    if time.monotonic() > until:
                        raise NotSaid(f"its answer took longer than {self._seconds:g} seconds")
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise NotSaid(f"it cannot be reached: {type(error).__name__}", is_certain=True) from error
        except httpx.HTTPError as error:
            raise NotSaid(f"it does not answer: {type(error).__name__}") from error
        if answer.is_redirect:
            raise NotSaid(NO_REDIRECT)
        if answer.status_code != httpx.codes.OK:
            raise NotSaid(f"it answers {answer.status_code}")
        try:
            return json.loads(data)
        except (ValueError, RecursionError) as error:
            raise NotSaid("its answer is no JSON") from error


def _version(way: Mapping[str, Any]) -> str:
    return str(way.get("protocolVersion", ""))


def _text_part(dialect: Dialect, words: str) -> dict[str, Any]:
    return {"text": words} if dialect is Dialect.ONE else {"kind": "text", "text": words}


def _file_part(dialect: Dialect, file: ParcelFile) -> dict[str, Any]:
    data = base64.b64encode(file.path.read_bytes()).decode()
    if dialect is Dialect.ONE:
        return {"raw": data, "filename": file.name, "mediaType": file.media_type}
    return {"kind": "file", "file": {"name": file.name, "mimeType": file.media_type, "bytes": data}}


def _said(result: Any) -> Said:
    """Read a task or a message in either dialect; what is neither says nothing."""
    told = result if isinstance(result, dict) else {}
    told = next((told[key] for key in ("task", "message") if isinstance(told.get(key), dict)), told)
    status = told.get("status")
    if not isinstance(status, dict):
        return Said("", "", _words(told))
    state = str(status.get("state", "")).removeprefix("TASK_STATE_").replace("_", "-").lower()
    words = [_words(status.get("message")), *map(_words, _listed(told.get("artifacts")))]
    return Said(str(told.get("id", ""))[:200], state[:40], "\n".join(filter(None, words)))


def _words(holder: Any) -> str:
    parts = _listed(holder.get("parts")) if isinstance(holder, dict) else []
    texts = [part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str)]
    return "\n".join(texts)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
