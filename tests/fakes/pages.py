"""Small pages of a test, served on a free port of this machine; what was asked for and what was sent is kept."""

import email
import email.policy
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.fakes.loopback import Handler, serving


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    body: bytes
    headers: Mapping[str, str]

    def files(self) -> list[tuple[str, str, bytes]]:
        """Return field, file name and bytes of each part of a form with files."""
        head = f"Content-Type: {self.headers['content-type']}\r\n\r\n".encode()
        parts = email.message_from_bytes(head + self.body, policy=email.policy.HTTP).iter_parts()  # type: ignore[attr-defined]
        return [
            (
                str(part.get_param("name", header="content-disposition")),
                part.get_filename() or "",
                part.get_payload(decode=True),
            )
            for part in parts
        ]


@dataclass(frozen=True)
class Given:
    """An answer; `headers` beside the type of the content."""

    body: str | bytes = ""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    media_type: str = "text/html; charset=utf-8"


Answer = str | Given | Callable[[Asked], "str | Given"]


@dataclass
class Pages:
    """A running server: its address, its pages by path, and what it was asked."""

    address: str
    pages: dict[str, Answer]
    asked: list[Asked] = field(default_factory=list)

    @property
    def host(self) -> str:
        """Host and port."""
        return self.address.removeprefix("http://")

    def posted(self) -> list[Asked]:
        """Return what was sent."""
        return [one for one in self.asked if one.method == "POST"]

    def answer(self, asked: Asked) -> Given:
        """Return what a path gives."""
        self.asked.append(asked)
        found = self.pages.get(asked.path.partition("?")[0], Given("nothing here", 404))
        given = found(asked) if callable(found) else found
        return given if isinstance(given, Given) else Given(page(given))


def page(body: str) -> str:
    """Wrap a body into a whole page, unless it is one."""
    return (
        body
        if body.lstrip().lower().startswith("<!doctype")
        else f"<!doctype html><title>Pages</title><body>{body}</body>"
    )


@contextmanager
def served(pages: Mapping[str, Answer]) -> Iterator[Pages]:
    """Serve pages by their path."""
    server: Pages

    class Shown(Handler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            given = server.answer(Asked(self.command, self.path, body, headers))
            data = given.body.encode() if isinstance(given.body, str) else given.body
            self.send_response(given.status)
            self.send_header("content-type", given.media_type)
            self.send_header("content-length", str(len(data)))
            for name, value in given.headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = _serve

    with serving(Shown) as address:
        server = Pages(address, dict(pages))
        yield server
