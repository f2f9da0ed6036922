"""What each source sends, as whole files: made up by the fakes, and the recorded ones where they lie beside the project.

A new connector adds its line to `MADE`; a test says when one is missing.
"""

import gzip
import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from tests.fakes import govcon, grants_gov, newsapi, sam_gov, usaspending

SAMPLE_RECORDS = 4
RECORDED_BYTES = 60_000
"""Of a recorded file, so much is taken: its first records."""


def _lines(records: Sequence[object]) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def _sam_gov() -> list[bytes]:
    rows, records = range(SAMPLE_RECORDS), [sam_gov.v2_record(n) for n in range(SAMPLE_RECORDS)]
    daily = sam_gov.csv_bytes([sam_gov.csv_row(n) for n in rows])
    return [daily, gzip.compress(daily, mtime=0), sam_gov.envelope(records), _lines(records)]


def _usaspending() -> list[bytes]:
    records = [usaspending.award_record(n) for n in range(SAMPLE_RECORDS)]
    return [usaspending.envelope(records), _lines(records)]


def _grants_gov() -> list[bytes]:
    offered = [grants_gov.opportunity(n) for n in range(SAMPLE_RECORDS)]
    xml = grants_gov.extract(grants_gov.xml_record(one) for one in offered)
    hits, details = [grants_gov.hit(one) for one in offered], [grants_gov.detail(one) for one in offered]
    newer = [grants_gov.simpler(one) for one in offered]
    answers = [grants_gov.hits_page(hits), grants_gov.detail_answer(details[0]), grants_gov.simpler_page(newer)]
    return [xml, grants_gov.zipped(xml), *answers, _lines(hits), _lines(details), _lines(newer)]


def _govcon() -> list[bytes]:
    records = [govcon.govcon_record(n) for n in range(SAMPLE_RECORDS)]
    return [govcon.govcon_envelope(records), _lines(records)]


def _newsapi() -> list[bytes]:
    stories = [without_texts(newsapi.news_story(n)) for n in range(SAMPLE_RECORDS)]
    answer = {"status": "ok", "totalResults": len(stories), "articles": stories}
    return [json.dumps(answer).encode(), _lines(stories)]


def without_texts(story: dict[str, object]) -> dict[str, object]:
    """Return a story as it is landed: without what belongs to its publisher."""
    return {key: story[key] for key in ("source", "title", "url", "publishedAt")}


MADE: dict[str, Callable[[], list[bytes]]] = {
    "govcon": _govcon, "grants_gov": _grants_gov, "newsapi": _newsapi, "sam_gov": _sam_gov, "usaspending": _usaspending,
}  # fmt: skip


@cache
def made(source: str) -> tuple[bytes, ...]:
    """Return the made-up files of a source."""
    return tuple(MADE[source]())


@cache
def recorded(folder: Path) -> tuple[bytes, ...]:
    """Return the beginnings of a source's recorded files, cut behind a whole line where they are long."""
    found = []
    for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
        if path.is_file() and path.suffix in {".gz", ".json", ".jsonl", ".csv", ".xml"}:
            data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            found.append(data if len(data) <= RECORDED_BYTES else data[: data.rfind(b"\n", 0, RECORDED_BYTES) + 1])
    return tuple(one for one in found if one)
