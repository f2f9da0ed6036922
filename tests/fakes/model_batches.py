"""Both vendors' batches as tests meet them: creating, listing, looking, results; and how each question and each request can end."""

import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from typing import Any
from urllib.parse import parse_qs, urlsplit


class Fate(Enum):
    """What becomes of a question in a batch."""

    SUCCEEDED = auto()
    ERRORED = auto()
    CANCELED = auto()
    EXPIRED = auto()
    MISSING = auto()
    """The results never speak of it."""
    DOUBLED = auto()
    """The results tell its answer twice."""
    MALFORMED = auto()
    """A line that is no JSON."""
    ODD = auto()
    """A success without an answer in it."""


class Fault(Enum):
    """How one request goes wrong."""

    LIMITED = 429
    BROKEN = 500
    REJECTED = 400
    HANGS_UP = 0
    """Before anything is done."""
    LOSES_ANSWER = 1
    """Everything is done, and the line breaks before it is told."""
    CUTS = 2
    """Half of the answer arrives, as if it were the whole."""


class HungUp(Exception):
    """The line is to be broken."""


@dataclass
class Made:
    """One batch as the vendor holds it."""

    id: str
    created_at: datetime
    questions: list[tuple[str, dict[str, Any]]]
    metadata: dict[str, str]
    fate: Callable[[int, str], Fate]
    file: str = ""
    looks: int = 0
    lines: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    is_ended: bool = False


@dataclass
class Batches:
    """The batches of one vendor.

    Attributes:
        fate: Place in its batch and custom id -> what becomes of a question, as it is when the batch is made.
        ends_after: So many looks or listings find a batch still in progress.
        faults: Endpoint (upload, create, list, look, results, delete) -> what goes wrong with the next requests to it.
        strays: Further lines of results, of nobody's asking.
        is_failing: A batch is taken and then fails whole (the second vendor's way with a file that it does not accept).
        answered: Every question that was answered, and so is paid, as its body; once for each time.
    """

    answer: Callable[[dict[str, Any]], dict[str, Any]]
    base: str = ""
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    fate: Callable[[int, str], Fate] = lambda _place, _custom_id: Fate.SUCCEEDED
    ends_after: int = 0
    is_reversed: bool = True
    is_failing: bool = False
    strays: list[str] = field(default_factory=list)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    made: list[Made] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    answered: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)

    def respond(self, name: str, do: Callable[[], Any]) -> tuple[int, Any]:
        """Do what an endpoint does, in the manner of its next fault."""
        queue = self.faults.get(name, [])
        fault = queue.pop(0) if queue else None
        if fault is Fault.HANGS_UP:
            raise HungUp
        if fault in {Fault.LIMITED, Fault.BROKEN, Fault.REJECTED}:
            kind = {"type": "error", "code": "error", "message": "in the manner of a test"}
            return int(fault.value), {"type": "error", "error": kind}
        done = do()
        if fault is Fault.LOSES_ANSWER:
            raise HungUp
        if done is None:
            return 404, {"type": "error", "error": {"type": "not_found_error", "message": "there is none"}}
        if fault is Fault.CUTS:
            whole = done if isinstance(done, bytes) else json.dumps(done).encode()
            return 200, whole[: len(whole) // 2]
        return 200, done

    def create(self, prefix: str, questions: list[tuple[str, dict[str, Any]]], metadata: dict[str, str]) -> Made:
        """Take a batch."""
        made = Made(f"{prefix}{uuid.uuid4().hex}", self.clock(), questions, metadata, self.fate)
        self.made.append(made)
        return made

    def find(self, batch_id: str) -> Made | None:
        """Return a batch, a look further on."""
        made = next((one for one in self.made if one.id == batch_id and one.id not in self.deleted), None)
        if made:
            self._advance(made)
        return made

    def newest_first(self, after: str, limit: int) -> tuple[list[Made], bool]:
        """Return a page of the list, and whether more follows."""
        there = [one for one in reversed(self.made) if one.id not in self.deleted]
        start = next((i + 1 for i, one in enumerate(there) if one.id == after), 0)
        page = there[start : start + min(limit, 2)]  # pages of two, so that tests meet the second
        for one in page:
            self._advance(one)
        return page, start + len(page) < len(there)

    def _advance(self, made: Made) -> None:
        made.looks += 1
        if made.is_ended or made.looks <= self.ends_after:
            return
        made.is_ended = True
        for place, (custom_id, body) in enumerate(made.questions):
            fate = Fate.ERRORED if self.is_failing else made.fate(place, custom_id)
            if fate is Fate.MISSING:
                continue
            if fate is Fate.MALFORMED:
                made.lines.append('{"custom_id": "' + custom_id)
                continue
            is_answered = fate in {Fate.SUCCEEDED, Fate.DOUBLED, Fate.ODD}
            if is_answered:
                self.answered.append(json.dumps(body, sort_keys=True))
            line = json.dumps(self.line(custom_id, body, fate))
            into = made.lines if is_answered else made.faults
            into.extend([line] * (2 if fate is Fate.DOUBLED else 1))
        if self.is_reversed:
            made.lines.reverse()
        made.lines += self.strays

    def line(self, custom_id: str, body: dict[str, Any], fate: Fate) -> dict[str, Any]:
        """Write one line of results."""
        raise NotImplementedError

    def results(self, made: Made | None) -> bytes | None:
        """Write a file of results."""
        return None if made is None else "\n".join(made.lines + made.faults).encode()


class ClaudeBatches(Batches):
    """Message Batches."""

    def route(self, method: str, address: str, body: bytes) -> tuple[int, Any]:
        """Answer a request below /v1/messages/batches."""
        parts = urlsplit(address)
        found = re.fullmatch(r"/v1/messages/batches(?:/([^/]+))?(/results)?", parts.path)
        if not found:
            return 404, {}
        batch_id, query = found[1], {name: values[0] for name, values in parse_qs(parts.query).items()}
        if method == "POST":
            asked = [(one["custom_id"], one["params"]) for one in json.loads(body)["requests"]]
            return self.respond("create", lambda: self._shown(self.create("msgbatch_", asked, {})))
        if method == "DELETE":
            return self.respond(
                "delete", lambda: self.deleted.append(batch_id) or {"id": batch_id, "type": "message_batch_deleted"}
            )
        if batch_id is None:
            return self.respond("list", lambda: self._page(query))
        if found[2]:
            return self.respond("results", lambda: self.results(self.find(batch_id)))
        return self.respond("look", lambda: self._shown(self.find(batch_id)))

    def _page(self, query: dict[str, str]) -> dict[str, Any]:
        page, has_more = self.newest_first(query.get("after_id", ""), int(query.get("limit", 20)))
        return {
            "data": [self._shown(one) for one in page], "has_more": has_more,
            "first_id": page[0].id if page else None, "last_id": page[-1].id if page else None,
        }  # fmt: skip

    def _shown(self, made: Made | None) -> dict[str, Any] | None:
        if made is None:
            return None
        counts = dict.fromkeys(("processing", "succeeded", "errored", "canceled", "expired"), 0)
        counts["succeeded" if made.is_ended else "processing"] = len(made.questions)
        return {
            "id": made.id, "type": "message_batch", "processing_status": "ended" if made.is_ended else "in_progress",
            "created_at": made.created_at.isoformat(), "expires_at": (made.created_at + timedelta(days=1)).isoformat(),
            "request_counts": counts, "ended_at": made.created_at.isoformat() if made.is_ended else None,
            "results_url": f"{self.base}/v1/messages/batches/{made.id}/results" if made.is_ended else None,
            "archived_at": None, "cancel_initiated_at": None,
        }  # fmt: skip

    def line(self, custom_id: str, body: dict[str, Any], fate: Fate) -> dict[str, Any]:
        """Write one line of results."""
        result: dict[str, Any] = {"type": fate.name.lower()}
        if fate in {Fate.SUCCEEDED, Fate.DOUBLED}:
            result = {"type": "succeeded", "message": self.answer(body)}
        elif fate is Fate.ODD:
            result = {"type": "succeeded", "message": {}}
        elif fate is Fate.ERRORED:
            result["error"] = {"type": "error", "error": {"type": "invalid_request_error", "message": "no"}}
        return {"custom_id": custom_id, "result": result}


class GptBatches(Batches):
    """Files and batches."""

    def route(self, method: str, address: str, body: bytes) -> tuple[int, Any]:
        """Answer a request below /v1/files and /v1/batches."""
        parts = urlsplit(address)
        found = re.fullmatch(r"/v1/(files|batches)(?:/([^/]+))?(/content)?", parts.path)
        if not found:
            return 404, {}
        kind, named, query = found[1], found[2], {name: values[0] for name, values in parse_qs(parts.query).items()}
        if method == "POST":
            if kind == "files":
                return self.respond("upload", lambda: self._upload(body))
            return self.respond("create", lambda: self._shown(self._create(json.loads(body))))
        if method == "DELETE":
            return self.respond(
                "delete", lambda: self.deleted.append(named) or {"id": named, "object": "file", "deleted": True}
            )
        if kind == "files":
            return self.respond("results", lambda: self._content(named))
        if named is None:
            return self.respond("list", lambda: self._page(query))
        return self.respond("look", lambda: self._shown(self.find(named)))

    def _upload(self, body: bytes) -> dict[str, Any]:
        file_id = f"file-{len(self.files) + 1}"
        self.files[file_id] = b"\n".join(line for line in body.splitlines() if line.startswith(b'{"custom_id"'))
        return {
            "id": file_id,
            "object": "file",
            "bytes": 1,
            "created_at": 0,
            "filename": "x",
            "purpose": "batch",
            "status": "processed",
        }

    def _create(self, asked: dict[str, Any]) -> Made:
        lines = [json.loads(line) for line in self.files[asked["input_file_id"]].splitlines()]
        made = self.create("batch_", [(one["custom_id"], one["body"]) for one in lines], asked.get("metadata") or {})
        made.file = asked["input_file_id"]
        return made

    def _content(self, file_id: str) -> bytes | None:
        made = self.find(file_id.split("-", 2)[-1])
        if made is None or file_id in self.deleted:
            return None
        return "\n".join(made.lines if file_id.startswith("file-out-") else made.faults).encode()

    def _page(self, query: dict[str, str]) -> dict[str, Any]:
        page, has_more = self.newest_first(query.get("after", ""), int(query.get("limit", 20)))
        return {
            "object": "list", "data": [self._shown(one) for one in page], "has_more": has_more,
            "first_id": page[0].id if page else None, "last_id": page[-1].id if page else None,
        }  # fmt: skip

    def _shown(self, made: Made | None) -> dict[str, Any] | None:
        if made is None:
            return None
        status = "failed" if self.is_failing and made.is_ended else "completed" if made.is_ended else "in_progress"
        faults = {"object": "list", "data": [{"code": "invalid_json_line", "message": "no", "line": 1, "param": None}]}
        return {
            "id": made.id, "object": "batch", "endpoint": "/v1/responses", "completion_window": "24h", "status": status,
            "input_file_id": made.file, "created_at": int(made.created_at.timestamp()), "metadata": made.metadata,
            "errors": faults if status == "failed" else None,
            "output_file_id": f"file-out-{made.id}" if made.is_ended and made.lines else None,
            "error_file_id": f"file-err-{made.id}" if made.is_ended and made.faults else None,
            "request_counts": {"total": len(made.questions), "completed": 0, "failed": 0},
        }  # fmt: skip

    def line(self, custom_id: str, body: dict[str, Any], fate: Fate) -> dict[str, Any]:
        """Write one line of a file."""
        line: dict[str, Any] = {"id": f"batch_req_{custom_id}", "custom_id": custom_id, "response": None, "error": None}
        if fate in {Fate.SUCCEEDED, Fate.DOUBLED, Fate.ODD}:
            said = {} if fate is Fate.ODD else self.answer(body)
            return line | {"response": {"status_code": 200, "request_id": "req_batch", "body": said}}
        if fate is Fate.ERRORED:
            return line | {
                "response": {"status_code": 400, "request_id": "req_batch", "body": {"error": {"message": "no"}}}
            }
        code = "batch_expired" if fate is Fate.EXPIRED else "batch_cancelled"
        return line | {"error": {"code": code, "message": "no"}}
