"""Records of the v2 API, one a line and in envelopes: every one read or quarantined, wherever reading begins."""

import gzip
import io
import json
from typing import Any, BinaryIO, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.discovery.connector import connector_of
from pipelines.discovery.connectors.sam_gov import SamGov
from pipelines.discovery.decode import NUL_REMOVED, REPLACED, WINDOWS_1252
from pipelines.discovery.records import read_slices
from pipelines.discovery.shapes import Shape, detect
from pipelines.discovery.slices import ReadSlice, Slice
from tests.fakes.sam_gov import envelope, json_lines, sam_id, v2_record
from warehouse.lake.landings import Bookmark


def slices_of(body: bytes, start: Bookmark | None = None, max_records: int = 1000) -> list[Slice]:
    """Read the slices of a body."""
    shape = detect(io.BytesIO(body))
    assert isinstance(shape, Shape), shape
    return list(read_slices(io.BytesIO(body), shape, start, max_records=max_records))


def notices_of(body: bytes, max_records: int = 1000) -> tuple[dict[str, dict[str, Any]], list[tuple[int, int, str]]]:
    """Read a body: rows by notice id, and (position, line, reason) of faults."""
    read: list[ReadSlice] = []
    landed = 0
    for part in slices_of(body, max_records=max_records):
        read.append(connector_of("sam_gov").to_rows(part))
        landed += part.landed
    rows = [row for notices in read for row in notices.rows.to_pylist()]
    faults = [(fault.position, fault.line, fault.reason) for notices in read for fault in notices.faults]
    assert landed == len(rows) + len(faults)
    return {row["notice_id"]: row for row in rows}, faults


def test_lines_are_read_in_slices() -> None:
    parts = slices_of(json_lines([v2_record(n) for n in range(25)]), max_records=10)
    assert [part.landed for part in parts] == [10, 10, 5]
    assert [part.is_last for part in parts] == [False, False, True]
    assert [row["position"] for part in parts for row in part.records.to_pylist()] == list(range(1, 26))


@pytest.mark.thorough
@pytest.mark.parametrize("bound", [1, 3, 1000])
def test_what_is_no_record_is_quarantined_with_its_place(bound: int) -> None:
    body = json_lines([v2_record(1)]) + b'{"noticeId": "x", \n\n[1, 2]\n' + json_lines([v2_record(2)])
    body += b'"text"\n' + json_lines([{**v2_record(3), "noticeId": None}, {**v2_record(4), "noticeId": "  "}])
    body += json_lines([v2_record(5)])
    rows, faults = notices_of(body, bound)
    assert set(rows) == {sam_id(1), sam_id(2), sam_id(5)}
    assert faults == [
        (2, 2, "it is not valid JSON"),
        (3, 4, "it is JSON, but no record"),
        (5, 6, "it is JSON, but no record"),
        (6, 7, "the notice id is missing or empty"),
        (7, 8, "the notice id is missing or empty"),
    ]


def test_faults_keep_their_bytes() -> None:
    bad = b'{"noticeId": "caf\xe9"\n'
    part = slices_of(json_lines([v2_record(1)]) + bad + json_lines([v2_record(2)]))[0]
    assert connector_of("sam_gov").to_rows(part).faults[0].raw == bad


@pytest.mark.parametrize("ahead", range(4))
def test_a_broken_record_whose_fault_is_quoted_in_the_middle_of_a_sign_is_set_aside_like_any_other(ahead: int) -> None:
    bad = b'{"noticeId": ' + b" " * ahead + "\u20ac".encode() * 2_000 + b', "title": "x"}\n'
    part = slices_of(json_lines([v2_record(1)]) + bad + json_lines([v2_record(2)]))[0]
    connector = connector_of("sam_gov")
    assert isinstance(connector, SamGov)
    assert connector.to_keys(part) is None
    read = connector.to_rows(part)
    assert [(fault.position, fault.reason) for fault in read.faults] == [(2, "it is not valid JSON")]
    assert set(read.rows["notice_id"].to_pylist()) == {sam_id(1), sam_id(2)}


@pytest.mark.parametrize(
    "tail", [b"", b"\n", b"\n\n  \n"], ids=["no line feed at the end", "one", "blank lines at the end"]
)
def test_the_end_of_a_file(tail: bytes) -> None:
    body = json_lines([v2_record(1), v2_record(2)]).rstrip(b"\n") + tail
    for bound in (1, 2, 10):
        parts = slices_of(body, max_records=bound)
        assert sum(part.landed for part in parts) == 2
        assert parts[-1].is_last


def test_a_byte_order_mark_and_windows_line_ends() -> None:
    rows, faults = notices_of(b"\xef\xbb\xbf" + json_lines([v2_record(1), v2_record(2)]).replace(b"\n", b"\r\n"))
    assert len(rows) == 2
    assert not faults


def test_odd_characters_are_read_and_flagged() -> None:
    lines = [
        json.dumps(v2_record(1, title="Caf@")).encode().replace(b"Caf@", b"Caf\xe9"),
        json.dumps(v2_record(2, title="A#B")).encode().replace(b"#", b"\\u0000"),
        json.dumps(v2_record(3, title="A#B")).encode().replace(b"#", b"\\ud800"),
        json.dumps(v2_record(4, title="path \\u0000 stays")).encode(),
        json.dumps(v2_record(5, title="Städte 🏛"), ensure_ascii=False).encode(),
    ]
    rows, faults = notices_of(b"\n".join(lines))
    assert not faults
    shown = {number: (rows[sam_id(number)]["title"], rows[sam_id(number)]["flags"]) for number in range(1, 6)}
    assert shown[1] == ("Café", [WINDOWS_1252])
    assert shown[2] == ("AB", [NUL_REMOVED])
    assert shown[3] == ("A\ufffdB", [REPLACED])
    assert shown[4] == ("path \\u0000 stays", [])
    assert shown[5] == ("Städte 🏛", [])


def test_a_cut_gzip_lands_its_good_lines() -> None:
    packed = gzip.compress(json_lines([v2_record(n, description=str(n) * 400) for n in range(3000)]))
    shape = detect(io.BytesIO(json_lines([v2_record(1)])))
    assert isinstance(shape, Shape)
    stream = cast(BinaryIO, gzip.GzipFile(fileobj=io.BytesIO(packed[: len(packed) // 2])))
    parts = list(read_slices(stream, shape))
    assert sum(part.records.num_rows for part in parts) > 500
    assert "damaged or cut off" in parts[-1].faults[-1].reason
    assert parts[-1].is_last


def test_reading_goes_on_at_every_bookmark() -> None:
    body = json_lines([v2_record(n) for n in range(11)]).replace(b"\n", b"\n\n", 4)
    once = [row for part in slices_of(body) for row in part.records.to_pylist()]
    bookmark, again = Bookmark(), []
    while True:
        part = slices_of(body, bookmark, max_records=3)[0]
        again += part.records.to_pylist()
        bookmark = part.end
        if part.is_last:
            break
    assert [row["text"] for row in again] == [row["text"] for row in once]
    assert bookmark.offset == len(body)


@pytest.mark.thorough
@settings(max_examples=15)
@given(st.lists(st.one_of(st.just(b"good"), st.binary(max_size=30)), min_size=1, max_size=12), st.integers(1, 5))
def test_garbage_between_lines_costs_only_itself(lines: list[bytes], bound: int) -> None:
    lines = [b"good", *(line.replace(b"\n", b" ").replace(b"\r", b" ") for line in lines)]
    body = b"\n".join(json.dumps(v2_record(i)).encode() if line == b"good" else line for i, line in enumerate(lines))
    rows, _ = notices_of(body, bound)
    assert {sam_id(i) for i, line in enumerate(lines) if line == b"good"} <= set(rows)


def test_an_envelope_is_read_item_by_item() -> None:
    body = envelope([v2_record(1), 5, "text", None, {"title": "no id"}, v2_record(2)])  # type: ignore[list-item]
    rows, faults = notices_of(body, 2)
    assert set(rows) == {sam_id(1), sam_id(2)}
    assert [position for position, _, _ in faults] == [2, 3, 4, 5]


def test_a_truncated_envelope_lands_its_good_items() -> None:
    body = envelope([v2_record(n) for n in range(6)])
    rows, faults = notices_of(body[: body.rindex(b'"noticeId"') + 200])
    assert len(rows) == 5
    assert faults[0][0] == 6
    assert "the envelope ends inside it" in faults[0][2]


def test_a_damaged_item_costs_that_item() -> None:
    body = envelope([v2_record(n) for n in range(6)])
    rows, faults = notices_of(body.replace(b'"Maintenance of pump station 2",', b'"Maintenance of pump "station 2",'))
    assert set(rows) == {sam_id(n) for n in (0, 1, 3, 4, 5)}
    assert [position for position, _, _ in faults] == [3]


def test_an_envelope_goes_on_at_a_bookmark() -> None:
    body = envelope([v2_record(n) for n in range(5)])
    first = slices_of(body, max_records=3)[0]
    rest = slices_of(body, first.end, max_records=3)
    assert [part.landed for part in rest] == [2]
    assert rest[0].records["position"].to_pylist() == [4, 5]


def test_a_list_of_records_and_a_single_record_are_read_too() -> None:
    assert len(notices_of(json.dumps([v2_record(1), v2_record(2)], indent=1).encode())[0]) == 2
    assert len(notices_of(json.dumps(v2_record(1), indent=1).encode())[0]) == 1
