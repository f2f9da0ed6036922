"""What kind of file it is, told by its bytes, and why a file is skipped."""

import gzip
import io
import json

import pytest

from pipelines.discovery.shapes import Form, Shape, Skip, detect
from tests.fakes.sam_gov import COLUMNS, csv_bytes, csv_row, envelope, json_lines, v2_record
from warehouse.landing import open_plain


def shape_of(body: bytes) -> Shape | Skip:
    """Detect a body, gzip or not."""
    return detect(open_plain(io.BytesIO(body)))


def reason_of(body: bytes) -> str:
    """Say why a body is skipped."""
    found = shape_of(body)
    assert isinstance(found, Skip), found
    return found.reason


DAILY = csv_bytes([csv_row(1)])
LINES = json_lines([v2_record(1), v2_record(2)])


@pytest.mark.parametrize(
    ("body", "form"),
    [
        (DAILY, Form.CSV),
        (b"\xef\xbb\xbf" + DAILY, Form.CSV),
        (gzip.compress(DAILY, mtime=0), Form.CSV),
        (csv_bytes([csv_row(1)], list(reversed(COLUMNS))), Form.CSV),
        (csv_bytes([csv_row(1)], quote_all=False), Form.CSV),
        (LINES, Form.LINES),
        (gzip.compress(LINES, mtime=0), Form.LINES),
        (b"\xef\xbb\xbf" + LINES, Form.LINES),
        (b"{broken\n" + LINES, Form.LINES),
        (envelope([v2_record(1)]), Form.ENVELOPE),
        (json.dumps({"opportunitiesData": [v2_record(1)]}).encode(), Form.ENVELOPE),
        (json.dumps([v2_record(1)], indent=2).encode(), Form.ENVELOPE),
    ],
)
def test_files_of_sam_gov_are_known(body: bytes, form: Form) -> None:
    found = shape_of(body)
    assert isinstance(found, Shape), found
    assert found.form is form


def test_a_long_envelope_is_known_by_its_beginning() -> None:
    body = envelope([v2_record(number, description="x" * 4000) for number in range(200)])
    found = shape_of(body)
    assert isinstance(found, Shape)
    assert found.form is Form.ENVELOPE


@pytest.mark.parametrize("column", ["NoticeId", "ResponseDeadLine", "Sol#"])
def test_a_missing_column_is_named(column: str) -> None:
    reason = reason_of(csv_bytes([csv_row(1)], [name for name in COLUMNS if name != column]))
    assert reason == f"the needed column {column} is missing"


def test_several_missing_columns_are_named() -> None:
    reason = reason_of(csv_bytes([csv_row(1)], [name for name in COLUMNS if name not in {"Title", "Type"}]))
    assert reason == "the needed columns Title, Type are missing"


def test_a_column_that_only_adds_may_be_missing() -> None:
    assert isinstance(shape_of(csv_bytes([csv_row(1)], [n for n in COLUMNS if n != "SecondaryContactFax"])), Shape)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "it is empty"),
        (b" \r\n\n", "it is empty"),
        (gzip.compress(b"", mtime=0), "it is empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, "binary"),
        (b"PK\x03\x04" + bytes(400), "ZIP archive or a spreadsheet"),
        (b"PK\x03\x04" + bytes(26) + DAILY, "ZIP archive or a spreadsheet"),
        ("NoticeId,Title\n".encode("utf-16"), "UTF-16"),
        (DAILY.decode().encode("utf-16"), "UTF-16"),
        (b"# Notes\n\nabout the data\n", "another shape"),
        (b"a,b,c\n1,2,3\n", "another shape"),
        (json_lines([{"noticeId": "1", "title": "t", "text": "x"}]), "another shape"),
        (json_lines([{"award_id": 1}]), "no noticeId"),
        (b'{"a": [1, 2', "another shape"),
        (DAILY.replace(b"\r\n", b"\r").replace(b"\n", b" "), "carriage returns"),
        (gzip.compress(DAILY, mtime=0)[:30] + b"\0" * 50, "damaged"),
    ],
)
def test_other_files_are_skipped_with_a_reason(body: bytes, words: str) -> None:
    assert words in reason_of(body)
