"""A slice of raw records -> stories as the lake keeps them: headline, publisher, address, day, and nothing else of them.

The text, the teaser, the author and the picture of a story belong to others: `facts_only` takes them out of an answer before
its bytes are kept anywhere. Not here: what was known before (warehouse/lake/articles.py).
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import pyarrow as pa

from pipelines.discovery.slice_reading import read_slice
from pipelines.discovery.slices import ReadSlice, Slice
from warehouse.lake.notice_engine import notice_engine, unescape_html

KEPT = ("title", "url", "publishedAt")
NOT_OURS = ("author", "description", "content", "urlToImage")
REMOVED = "[Removed]"
"""What NewsAPI gives in place of a story that was taken back."""
LONGEST_TITLE, LONGEST_ADDRESS = 500, 2_000
TRACKING = re.compile(
    r"^(utm_.*|[gdy]clid|fbclid|msclkid|mc_[ce]id|igshid|cmpid|ocid|s?ncid|smid|src|ref|ref_src|spm|taid|guccounter|_ga)$",
    re.I,
)
"""Parameters that follow readers and say nothing of the story."""


def facts_only(body: bytes) -> bytes:
    """Return an answer of NewsAPI with the facts of its stories alone; what is no answer stays as it is for its fault to be told."""
    answer = json.loads(body)
    stories = answer.get("articles")
    if isinstance(stories, list):
        answer = {"status": answer.get("status"), "totalResults": answer.get("totalResults")}
        answer["articles"] = [_facts(story) if isinstance(story, dict) else None for story in stories]
    return json.dumps(answer).encode()


def read_stories(part: Slice, source: str) -> ReadSlice:
    """Read the fields of a slice; what is no JSON or has no headline or web address becomes a fault.

    Returns:
        ARTICLE_COLUMNS, position (bigint) and is_removed (the source has taken the story back: it is counted, not kept).
    """
    return read_slice(part, lambda part: _read(part, source), id_name="the story's headline or web address")


def address_of(url: str) -> str | None:
    """Return a story's address with its host in lower case and without what follows readers; None where it is no web address."""
    try:
        parts = urlsplit(url.strip())
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return None
    if parts.scheme.lower() not in {"http", "https"} or "." not in host or parts.username or len(url) > LONGEST_ADDRESS:
        return None
    if any(c.isspace() or not c.isprintable() for c in url.strip()):
        return None
    query = urlencode(
        [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if not TRACKING.match(name)]
    )
    place = host if port in {None, 80, 443} else f"{host}:{port}"
    return urlunsplit((parts.scheme.lower(), place, parts.path.rstrip("/") or "/", query, ""))


def title_key(title: str, publisher: str | None) -> str:
    """Return a headline's letters and digits, without the publisher that some write behind it."""
    bare = re.sub(rf"\s+[-–|]\s+{re.escape(publisher)}$", "", title, flags=re.I) if publisher else title
    return re.sub(r"[\W_]+", "", bare.casefold())


def _facts(story: Mapping[str, Any]) -> dict[str, Any]:
    source = story.get("source")
    name = source.get("name") if isinstance(source, dict) else None
    return {"source": {"name": name}} | {key: story.get(key) for key in KEPT}


def _read(part: Slice, source: str) -> pa.Table:
    with notice_engine() as engine:
        engine.register("records", part.records)
        found = engine.execute(
            "select position, json_extract_string(text, '$.title'), json_extract_string(text, '$.url'),"
            " json_extract_string(text, '$.source.name'), json_extract_string(text, '$.publishedAt') from records order by position"
        ).fetchall()
    return pa.Table.from_pylist([{"source": source} | _row(*one) for one in found], schema=_SCHEMA)


def _row(
    position: int, title: str | None, url: str | None, publisher: str | None, published: str | None
) -> dict[str, Any]:
    name = _line(publisher)[:200] or None
    headline, address = _line(title)[:LONGEST_TITLE], address_of(url or "")
    plain = re.sub(r"^https?://(www\.|m\.)?", "", address or "")
    return {
        "position": position,
        "lacks_id": not headline or (address is None and headline != REMOVED),
        "is_removed": headline == REMOVED,
        "article_id": sha256(plain.encode()).hexdigest()[:32],
        "title": headline,
        "title_key": title_key(headline, name) or headline,
        "publisher": name,
        "url": address or "",
        "published_at": _instant(published),
    }


def _line(text: str | None) -> str:
    sound = unescape_html(text or "").encode("utf-8", "ignore").decode()
    return " ".join("".join(c if c.isprintable() else " " for c in sound).split())


def _instant(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text or "")
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


_SCHEMA = pa.schema(
    [
        ("position", pa.int64()),
        ("lacks_id", pa.bool_()),
        ("is_removed", pa.bool_()),
        ("source", pa.string()),
        ("article_id", pa.string()),
        ("title", pa.string()),
        ("title_key", pa.string()),
        ("publisher", pa.string()),
        ("url", pa.string()),
        ("published_at", pa.timestamp("us", "UTC")),
    ]
)
