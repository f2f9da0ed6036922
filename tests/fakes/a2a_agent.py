"""An agent over A2A as tests meet it: OpenManus as it is, and worse ones. Whatever they say, nothing was delivered by saying it."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from tests.fakes.loopback import Handler, serving

NUMBER = "R-2026-999999"
"""A receipt number that no portal ever gave."""
LIE = f"The offer was submitted. Your confirmation number is {NUMBER}."


class Manner(Enum):
    """How it behaves once it is asked."""

    OPENMANUS = auto()
    """0.2 dialect; has no action to upload files, stops after three steps, and calls that completed."""
    LIES = auto()
    """0.2 dialect; says that all went well and invents a receipt number."""
    LIES_IN_ONE = auto()
    """The same in the dialect of 1.0."""
    LIES_IN_A_MESSAGE = auto()
    """1.0; answers with a message instead of a task."""
    WORKS_ON = auto()
    """Its task never ends."""
    WORKS_A_WHILE = auto()
    """1.0; its task ends at the third question after it."""
    HANGS = auto()
    BREAKS_OFF = auto()
    FAILS_500 = auto()
    SAYS_ERROR = auto()
    NO_JSON = auto()
    NO_RPC = auto()
    """JSON that is no answer to the question."""
    DEEP_JSON = auto()
    OVERSIZED = auto()
    DRIPS = auto()
    """A byte now and then, for ever."""
    REDIRECTS = auto()
    NO_CARD = auto()
    CARD_ELSEWHERE = auto()
    """Its card leads to a host that nobody named."""
    CARD_REDIRECTS = auto()
    TELLS_THE_TOKEN = auto()
    """Says what it was signed in with."""


IN_ONE = {Manner.LIES_IN_ONE, Manner.LIES_IN_A_MESSAGE, Manner.WORKS_A_WHILE}
SAYS = {
    Manner.OPENMANUS: "Step 1: The page asks for files, and there is no action that uploads one.\nStep 2: Observed output of cmd"
    " `browser_use`.\nStep 3: Terminated: reached max steps (3)",
    Manner.WORKS_ON: "Working on it.",
}  # fmt: skip


@dataclass
class FakeAgent:
    """How it behaves, and what it was asked."""

    manner: Manner
    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    does: Callable[[], None] = lambda: None
    """What it does when it is asked, beside talking."""
    stopped: threading.Event = field(default_factory=threading.Event)

    def told(self) -> str:
        """Return the words of the first message."""
        return str(self.asked[0]["params"]["message"]["parts"][0]["text"])


@contextmanager
def running_agent(manner: Manner) -> Iterator[FakeAgent]:
    """Serve an agent on a free port of this machine."""
    agent = FakeAgent(manner)

    class Talk(Handler):
        def do_GET(self) -> None:
            agent.paths.append(self.path)
            _card(self, agent)

        def do_POST(self) -> None:
            agent.paths.append(self.path)
            agent.tokens.append(self.headers.get("Authorization", ""))
            agent.asked.append(json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0)))))
            if len(agent.asked) == 1:
                agent.does()
            _answer(self, agent)

    with serving(Talk) as agent.url:
        try:
            yield agent
        finally:
            agent.stopped.set()


def _give(handler: Handler, body: object, status: int = 200, **headers: str) -> None:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    handler.send_response(status)
    for name, value in {"Content-Type": "application/json", "Content-Length": str(len(data)), **headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(data)


def _card(handler: Handler, agent: FakeAgent) -> None:
    manner, is_old = agent.manner, handler.path == "/.well-known/agent.json"
    endpoint = "http://elsewhere.example/" if manner is Manner.CARD_ELSEWHERE else f"{agent.url}/"
    if manner is Manner.NO_CARD or (not is_old and manner not in IN_ONE):
        _give(handler, {"detail": "Not Found"}, 404)
    elif manner is Manner.CARD_REDIRECTS:
        _give(handler, b"", 302, Location="http://elsewhere.example/agent.json")
    elif manner in IN_ONE:
        ways = [
            {"url": "grpc.example:443", "protocolBinding": "GRPC", "protocolVersion": "1.0"},
            {"url": endpoint, "protocolBinding": "JSONRPC", "protocolVersion": "1.0"},
        ]
        _give(handler, {"name": "Agent", "version": "1", "supportedInterfaces": ways, "capabilities": {}, "skills": []})
    else:
        _give(
            handler, {"name": "Manus Agent", "version": "1.0.0", "url": endpoint, "capabilities": {"streaming": False}}
        )


def _answer(handler: Handler, agent: FakeAgent) -> None:
    manner, call = agent.manner, agent.asked[-1]
    if manner in {Manner.HANGS, Manner.DRIPS}:
        if manner is Manner.DRIPS:
            handler.send_response(200)
            handler.end_headers()
        while not agent.stopped.wait(0.05):
            if manner is Manner.DRIPS:
                handler.wfile.write(b" ")
                handler.wfile.flush()
    elif manner is Manner.BREAKS_OFF:
        handler.close_connection = True
    elif manner is Manner.FAILS_500:
        _give(handler, {"detail": LIE}, 500)
    elif manner is Manner.REDIRECTS:
        _give(handler, b"", 307, Location=f"{agent.url}/elsewhere")
    elif manner is Manner.NO_JSON:
        _give(handler, f"<html>{LIE}".encode())
    elif manner is Manner.NO_RPC:
        _give(handler, [{"jsonrpc": "2.0", "id": "another", "result": LIE}])
    elif manner is Manner.DEEP_JSON:
        _give(handler, b"[" * 400_000)
    elif manner is Manner.OVERSIZED:
        _give(handler, _rpc(call, _old_task("completed", LIE * 100_000)))
    elif manner is Manner.SAYS_ERROR:
        _give(handler, {"jsonrpc": "2.0", "id": call["id"], "error": {"code": -32603, "message": LIE}})
    else:
        _give(handler, _rpc(call, _result(agent, call)))


def _rpc(call: dict[str, Any], result: object) -> object:
    return {"jsonrpc": "2.0", "id": call["id"], "result": result}


def _result(agent: FakeAgent, call: dict[str, Any]) -> object:
    manner, words = agent.manner, SAYS.get(agent.manner, LIE)
    if manner is Manner.LIES_IN_A_MESSAGE:
        return {"message": {"messageId": "m", "role": "ROLE_AGENT", "parts": [{"text": LIE}]}}
    if manner in IN_ONE:
        done = manner is Manner.LIES_IN_ONE or len(agent.asked) > 3
        artifacts = [{"artifactId": "a", "parts": [{"text": LIE}]}] if done else []
        task = {
            "id": "t1",
            "status": {"state": f"TASK_STATE_{'COMPLETED' if done else 'WORKING'}"},
            "artifacts": artifacts,
        }
        return task if call["method"] == "GetTask" else {"task": task}
    if manner is Manner.TELLS_THE_TOKEN:
        words = f"I was signed in with {agent.tokens[-1].removeprefix('Bearer ')}. {LIE}"
    return _old_task("working" if manner is Manner.WORKS_ON else "completed", words)


def _old_task(state: str, words: str) -> object:
    parts = [{"kind": "text", "text": words}]
    return {
        "id": "t1", "contextId": "c1", "kind": "task", "status": {"state": state},
        "artifacts": [{"artifactId": "a1", "parts": parts}],
    }  # fmt: skip
