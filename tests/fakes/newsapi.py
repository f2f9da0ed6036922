"""NewsAPI's `everything` as `shared/connectors.md` describes it: keys, pages, the Developer plan's end, its errors and moods."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.loopback import Handler, serving

PRIVATE = (
    "Somebody Writing",
    "A teaser of the story",
    "The beginning of the text … [+1506 chars]",
    "https://img.example/1.jpg",
)


def news_story(n: int, **changes: Any) -> dict[str, Any]:
    """Make one story as the API writes it; `changes` are its keys as they stand there."""
    author, description, content, picture = PRIVATE
    story = {
        "source": {"id": None, "name": "Example Times"},
        "author": author,
        "title": f"DoD buys network services, part {n} - Example Times",
        "description": description,
        "url": f"https://www.times.example/{n}?utm_source=feed",
        "urlToImage": picture,
        "publishedAt": f"2026-04-0{n % 8 + 1}T10:00:00Z",
        "content": content,
    }
    return story | changes


@dataclass
class News:
    """What it holds, how it behaves, and what it was asked.

    Attributes:
        stories: As `news_story` makes them; a question finds those with its words in the title.
        most: So many results of a question the plan gives.
        allowed: Requests until it says 429; None: no end.
        refusal: The code of a 401, such as apiKeyDisabled.
        moods: Answers of the next requests instead of the right one: a status, or a body of bytes.
    """

    stories: Sequence[Any] = ()
    key: str = "news-key-of-tests-0123456789"
    most: int = 100
    allowed: int | None = None
    refusal: str = ""
    moods: list[int | bytes] = field(default_factory=list)
    silent_seconds: float = 0
    asked: list[dict[str, str]] = field(default_factory=list)
    url: str = ""


@contextmanager
def running_news(news: News) -> Iterator[News]:
    """Serve it on a free port of this machine."""

    class Api(Handler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            news.asked.append({name: values[0] for name, values in parse_qs(parts.query).items()})
            time.sleep(news.silent_seconds)
            status, body = _answer(news, self.headers.get("X-Api-Key", ""), parts.path)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with serving(Api) as address:
        news.url = f"{address}/v2"
        yield news


def _answer(news: News, key: str, path: str) -> tuple[int, bytes]:
    asked = news.asked[-1]
    if news.allowed is not None and len(news.asked) > news.allowed:
        return 429, _error("rateLimited", "You have made too many requests recently.")
    if news.moods:
        mood = news.moods.pop(0)
        return (mood, _error("unexpectedError", "trouble")) if isinstance(mood, int) else (200, mood)
    if news.refusal or key != news.key:
        code = news.refusal or ("apiKeyInvalid" if key else "apiKeyMissing")
        return 401, _error(code, "Your API key is of no use.")
    if path != "/v2/everything" or not asked.get("q"):
        return 400, _error("parametersMissing", "Required parameters are missing.")
    size, page = int(asked.get("pageSize", 100)), int(asked.get("page", 1))
    if not 1 <= size <= 100:
        return 400, _error("parameterInvalid", "pageSize must be between 1 and 100.")
    if page * size > news.most:
        words = f"You have requested too many results. You are trying to request results {(page - 1) * size} to {page * size}."
        return 426, _error("maximumResultsReached", words)
    words = asked["q"].strip('"').lower()
    found = [one for one in news.stories if not isinstance(one, dict) or words in str(one.get("title")).lower()]
    body = {"status": "ok", "totalResults": len(found), "articles": found[(page - 1) * size : page * size]}
    return 200, json.dumps(body).encode()


def _error(code: str, message: str) -> bytes:
    return json.dumps({"status": "error", "code": code, "message": message}).encode()
