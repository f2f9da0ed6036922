"""What each source sends, as whole files: made up by the fakes, and the recorded ones where they lie beside the project.

A new connector adds its line to `MADE`; a test says when one is missing.
"""

import gzip
import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from tests.fakes import sam_gov, usaspending

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


MADE: dict[str, Callable[[], list[bytes]]] = {"sam_gov": _sam_gov, "usaspending": _usaspending}


@cache
def made(source: str) -> tuple[bytes, ...]:
    """Return the made-up files of a source."""
    return tuple(MADE[source]())


@cache
def recorded(folder: Path) -> tuple[bytes, ...]:
    """Return the beginnings of a source's recorded files, cut behind a whole line where they are long."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix in {".gz", ".json", ".jsonl", ".csv", ".xml"}:
            data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            found.append(data if len(data) <= RECORDED_BYTES else data[: data.rfind(b"\n", 0, RECORDED_BYTES) + 1])
    return tuple(one for one in found if one)
