"""A source that takes a key, as tests meet it: it says yes, no, not today, or nothing at all."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.fakes.loopback import Handler, serving


@dataclass
class KeyedSource:
    """What the source answers, and what it was asked."""

    status: int = 200
    body: object = field(default_factory=lambda: {"totalRecords": 1, "articles": [], "data": []})
    headers: dict[str, str] = field(default_factory=dict)
    silent_seconds: float = 0
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """Path with its query, and the headers, of each request."""
    url: str = ""


@contextmanager
def running_source(source: KeyedSource) -> Iterator[KeyedSource]:
    """Serve it on a free port of this machine."""

    class Source(Handler):
        def do_GET(self) -> None:
            source.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            time.sleep(source.silent_seconds)
            body = source.body if isinstance(source.body, bytes) else json.dumps(source.body).encode()
            self.send_response(source.status)
            for name, value in source.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

    with serving(Source) as source.url:
        yield source
