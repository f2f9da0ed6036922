"""Both vendors of models as tests meet them, on one port of this machine: their wire formats, and how they can fail."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

import pytest

from tests.fakes.loopback import Handler, serving
from tests.fakes.model_batches import ClaudeBatches, GptBatches, HungUp


class Manner(Enum):
    """How a vendor behaves."""

    ANSWERS = auto()
    MALFORMED = auto()
    """A text that is no JSON."""
    TRUNCATED = auto()
    """Half of an answer, and says that it ran out of tokens."""
    EMPTY = auto()
    SCORE_101 = auto()
    NAN = auto()
    REFUSES = auto()
    RATE_LIMITED = auto()
    """429 with retry-after, for ever."""
    RATE_LIMITED_ONCE = auto()
    FAILS_500 = auto()
    NO_MONEY = auto()
    NO_JSON = auto()
    """200 with a page instead of an answer."""
    HANGS_UP = auto()
    SILENT = auto()
    """Takes the question and never answers, until it is let go."""


def silent_points(**changed: dict[str, Any]) -> str:
    """Write an analysis in which all is silent but what is given: work={"verdict": …}."""
    keys = ("work", "experience", "eligibility", "competition", "terms")
    base = {"verdict": "silent", "confidence": 0, "claim": "", "quotes": []}
    return json.dumps({"points": [base | {"key": key} | changed.get(key, {}) for key in keys]})


def yes(_: str) -> str:
    """Say yes to whatever is triaged."""
    return json.dumps({"worth_reading": "yes", "reason": "The work could suit the firm.", "quotes": []})


@dataclass
class Vendor:
    """How one vendor behaves, what it says, and what it was asked."""

    manner: Manner = Manner.ANSWERS
    triage: Callable[[str], str] = yes
    """Notice -> text of the answer."""
    analysis: Callable[[str], str] = lambda _: silent_points()
    usage: dict[str, int] = field(default_factory=lambda: {"input": 1_000, "cached": 0, "written": 0, "output": 100})
    asked: list[dict[str, Any]] = field(default_factory=list)
    counted: list[dict[str, Any]] = field(default_factory=list)
    let_go: threading.Event = field(default_factory=threading.Event)
    answered: threading.Event = field(default_factory=threading.Event)

    def text(self, body: dict[str, Any], notice: str, is_triage: bool) -> str:
        """Return what the model says in its manner."""
        whole = self.triage(notice) if is_triage else self.analysis(notice)
        odd = {
            Manner.MALFORMED: "Certainly! I would give this a 100.", Manner.TRUNCATED: whole[: len(whole) // 2], Manner.EMPTY: "",
            Manner.SCORE_101: silent_points(work={"verdict": "for", "confidence": 101, "claim": "x", "quotes": []}),
            Manner.NAN: silent_points(work={"verdict": "for", "confidence": float("nan"), "claim": "x", "quotes": []}),
        }  # fmt: skip
        return odd.get(self.manner, whole)


@dataclass
class Vendors:
    """Both, and where they are."""

    anthropic: Vendor = field(default_factory=Vendor)
    openai: Vendor = field(default_factory=Vendor)
    url: str = ""
    at_request: Callable[[str, str], None] = lambda _moment, _address: None
    """Told of each request when it has come, and of one to the batches when it is carried out and when it is answered.

    It may raise HungUp at a batch's request that has come: the request never arrives.
    """

    def __post_init__(self) -> None:
        self.claude = ClaudeBatches(lambda body: _anthropic(self.anthropic, body))
        self.gpt = GptBatches(lambda body: _openai(self.openai, body))

    @property
    def asked(self) -> int:
        """How often anybody was asked for an answer."""
        return len(self.anthropic.asked) + len(self.openai.asked)

    def environment(self) -> dict[str, str]:
        """Return what points the SDKs here."""
        return {
            "ANTHROPIC_API_KEY": "sk-ant-test-key-of-nobody", "ANTHROPIC_BASE_URL": self.url,
            "OPENAI_API_KEY": "sk-test-key-of-nobody-at-all", "OPENAI_BASE_URL": f"{self.url}/v1",
        }  # fmt: skip


@contextmanager
def running_vendors() -> Iterator[Vendors]:
    """Serve both on a free port of this machine."""
    vendors, lock = Vendors(), threading.Lock()

    class Desk(Handler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._batches(b"")

        def do_DELETE(self) -> None:
            self._batches(b"")

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["content-length"]))
            if self.path.startswith(("/v1/messages/batches", "/v1/files", "/v1/batches")):
                return self._batches(sent)
            vendors.at_request("come", self.path)
            body = json.loads(sent)
            is_anthropic = self.path.startswith("/v1/messages")
            vendor = vendors.anthropic if is_anthropic else vendors.openai
            if self.path.endswith(("/count_tokens", "/input_tokens")):
                vendor.counted.append(body)
                return self._send(200, {"input_tokens": vendor.usage["input"], "object": "response.input_tokens"})
            vendor.asked.append(body)
            self._answer(vendor, body, is_anthropic)
            return None

        def _batches(self, sent: bytes) -> None:
            desk = vendors.claude if self.path.startswith("/v1/messages") else vendors.gpt
            try:
                vendors.at_request("come", self.path)
                with lock:
                    code, said = desk.route(self.command, self.path, sent)
            except HungUp:
                self.close_connection = True
                return
            vendors.at_request("done", self.path)
            self._send(code, said, {"retry-after": "0.01"} if code in {429, 500} else None)
            vendors.at_request("answered", self.path)

        def _answer(self, vendor: Vendor, body: dict[str, Any], is_anthropic: bool) -> None:
            manner = vendor.manner
            if manner is Manner.RATE_LIMITED or (manner is Manner.RATE_LIMITED_ONCE and len(vendor.asked) == 1):
                return self._send(429, _error(is_anthropic, "rate_limit_error", "slow down"), {"retry-after": "0.01"})
            if manner is Manner.FAILS_500:
                return self._send(500, _error(is_anthropic, "api_error", "broken"), {"retry-after": "0.01"})
            if manner is Manner.NO_MONEY:
                code = 400 if is_anthropic else 429
                said = "Your credit balance is too low" if is_anthropic else "You exceeded your current quota"
                headers = {"retry-after": "0.01"}
                return self._send(code, _error(is_anthropic, "insufficient_quota", said), headers)
            if manner is Manner.HANGS_UP:
                self.close_connection = True
                return None
            if manner is Manner.SILENT:
                vendor.let_go.wait(60)
                self.close_connection = True
                return None
            if manner is Manner.NO_JSON:
                return self._send(200, "<html>A proxy greets you</html>")
            self._send(200, _anthropic(vendor, body) if is_anthropic else _openai(vendor, body))
            vendor.answered.set()
            return None

        def _send(self, code: int, body: dict[str, Any] | str | bytes, headers: dict[str, str] | None = None) -> None:
            data = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
            self.send_response(code)
            self.send_header("content-type", "text/html" if isinstance(body, str) else "application/json")
            self.send_header("content-length", str(len(data)))
            self.send_header("request-id", "req_anthropic")
            self.send_header("x-request-id", "req_openai")
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

    with serving(Desk) as vendors.url:
        vendors.claude.base = vendors.url
        try:
            yield vendors
        finally:
            vendors.anthropic.let_go.set()
            vendors.openai.let_go.set()


@contextmanager
def vendors_here() -> Iterator[Vendors]:
    """Serve both and point this process's SDKs at them; clients made for earlier servers are forgotten."""
    from pipelines.qualification.providers.anthropic import PROVIDER as CLAUDE
    from pipelines.qualification.providers.openai import PROVIDER as GPT

    with running_vendors() as vendors, pytest.MonkeyPatch.context() as patch:
        for name, value in vendors.environment().items():
            patch.setenv(name, value)
        for provider in (CLAUDE, GPT):
            provider.__dict__.pop("_client", None)
        yield vendors
        for provider in (CLAUDE, GPT):
            provider.__dict__.pop("_client", None)


def _error(is_anthropic: bool, kind: str, said: str) -> dict[str, Any]:
    inner = {"type": kind, "code": kind, "message": said}
    return {"type": "error", "error": inner} if is_anthropic else {"error": inner}


def _anthropic(vendor: Vendor, body: dict[str, Any]) -> dict[str, Any]:
    is_triage = "worth_reading" in json.dumps(body["output_config"])
    text, usage = vendor.text(body, body["messages"][0]["content"], is_triage), vendor.usage
    refuses = vendor.manner is Manner.REFUSES
    stop = "refusal" if refuses else "max_tokens" if vendor.manner is Manner.TRUNCATED else "end_turn"
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": body["model"], "stop_reason": stop, "stop_sequence": None,
        "content": [] if refuses else [{"type": "text", "text": text}],
        "usage": {
            "input_tokens": usage["input"] - usage["cached"] - usage["written"], "output_tokens": usage["output"],
            "cache_read_input_tokens": usage["cached"], "cache_creation_input_tokens": usage["written"],
        },
    }  # fmt: skip


def _openai(vendor: Vendor, body: dict[str, Any]) -> dict[str, Any]:
    is_triage = body["text"]["format"]["name"] == "triage"
    text, usage = vendor.text(body, body["input"], is_triage), vendor.usage
    refuses, is_cut = vendor.manner is Manner.REFUSES, vendor.manner is Manner.TRUNCATED
    part = (
        {"type": "refusal", "refusal": "I cannot."}
        if refuses
        else {"type": "output_text", "text": text, "annotations": []}
    )
    return {
        "id": "resp_1", "object": "response", "created_at": 0, "model": body["model"], "status": "incomplete" if is_cut else "completed",
        "incomplete_details": {"reason": "max_output_tokens"} if is_cut else None, "error": None, "instructions": None, "metadata": {},
        "output": [{"id": "m", "type": "message", "role": "assistant", "status": "completed", "content": [part]}],
        "parallel_tool_calls": False, "tool_choice": "none", "tools": [], "temperature": 1, "top_p": 1,
        "usage": {
            "input_tokens": usage["input"], "output_tokens": usage["output"], "total_tokens": usage["input"] + usage["output"],
            "input_tokens_details": {"cached_tokens": usage["cached"], "cache_write_tokens": usage["written"]},
            "output_tokens_details": {"reasoning_tokens": 0},
        },
    }  # fmt: skip
