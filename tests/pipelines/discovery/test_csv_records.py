"""The daily file: every record read or quarantined, and damage kept to the record that has it."""

import gzip
import io
import random
from typing import BinaryIO, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.discovery.csv_records import ODD_QUOTES
from pipelines.discovery.decode import NUL_REMOVED, WINDOWS_1252
from pipelines.discovery.records import read_slices
from pipelines.discovery.shapes import Shape, detect
from pipelines.discovery.slices import Slice
from tests.fakes.sam_gov import COLUMNS, csv_bytes, csv_row, sam_id
from warehouse.lake.landings import Bookmark
from warehouse.lake.quarantine import Fault


def slices_of(body: bytes, start: Bookmark | None = None, max_records: int = 1000) -> list[Slice]:
    """Read a daily file's slices."""
    shape = detect(io.BytesIO(body))
    assert isinstance(shape, Shape), shape
    return list(read_slices(io.BytesIO(body), shape, start, max_records=max_records))


def read(body: bytes) -> tuple[dict[str, dict[str, object]], list[Fault]]:
    """Read a daily file: records by notice id, and faults."""
    parts = slices_of(body)
    rows = [row for part in parts for row in part.records.to_pylist()]
    faults = [fault for part in parts for fault in part.faults]
    assert sum(part.landed for part in parts) == len(rows) + len(faults)
    return {str(row["notice_id"]): row for row in rows}, faults


def lines_of(body: bytes) -> list[bytes]:
    """Split a file written by `csv_bytes` at the ends of its records."""
    return [line + b"\r\n" for line in body.split(b"\r\n")[:-1]]


def test_line_breaks_and_doubled_quotes_are_data() -> None:
    text = 'One\r\ntwo, "three"\nfour""'
    rows, faults = read(csv_bytes([csv_row(1, Description=text), csv_row(2)]))
    assert not faults
    assert rows[sam_id(1)]["description"] == text
    assert set(rows) == {sam_id(1), sam_id(2)}


@pytest.mark.parametrize("quote_all", [True, False])
def test_columns_are_read_by_name_in_any_order(quote_all: bool) -> None:
    shuffled = random.Random(3).sample(COLUMNS, len(COLUMNS))
    rows, _ = read(csv_bytes([csv_row(7)], shuffled, quote_all=quote_all))
    assert rows[sam_id(7)]["title"] == csv_row(7)["Title"]
    assert rows[sam_id(7)]["deadline"] == csv_row(7)["ResponseDeadLine"]


def test_unix_line_ends_and_a_byte_order_mark() -> None:
    rows, faults = read(b"\xef\xbb\xbf" + csv_bytes([csv_row(1), csv_row(2)]).replace(b"\r\n", b"\n"))
    assert len(rows) == 2
    assert not faults


def test_a_truncated_last_record_is_quarantined_and_the_rest_lands() -> None:
    body = csv_bytes([csv_row(number) for number in range(5)])
    rows, faults = read(body[:-20])
    assert len(rows) == 4
    assert [fault.position for fault in faults] == [5]
    assert "the file ends inside this record" in faults[0].reason
    assert faults[0].raw == lines_of(body)[5][:-20]


def test_a_missing_closing_quote_costs_one_record() -> None:
    body = lines_of(csv_bytes([csv_row(number) for number in range(50)]))
    body[10] = body[10].replace(b'side."\r\n', b"side.\r\n")
    rows, faults = read(b"".join(body))
    assert len(rows) == 49
    assert [(fault.position, fault.raw) for fault in faults] == [(10, body[10])]


def test_a_missing_quote_does_not_swallow_a_file_with_few_quotes() -> None:
    rows = [csv_row(number, Description="plain text") for number in range(50)]
    rows[30]["Description"] = "a text, with comma"
    body = lines_of(csv_bytes(rows, quote_all=False))
    body[10] = body[10].replace(b"plain text", b'"plain text')
    found, faults = read(b"".join(body))
    assert len(found) == 49
    assert [fault.raw for fault in faults] == [body[10]]


def test_too_few_and_too_many_columns_are_quarantined_one_by_one() -> None:
    body = lines_of(csv_bytes([csv_row(number) for number in range(6)]))
    body[2] = b'"only","three","columns"\r\n'
    body[4] = body[4][:-2] + b',"one more"\r\n'
    rows, faults = read(b"".join(body))
    assert len(rows) == 4
    assert [fault.reason for fault in faults] == ["it has 3 columns instead of 47", "it has 48 columns instead of 47"]


def test_inner_quotes_that_nobody_doubled_are_read_and_flagged() -> None:
    body = csv_bytes([csv_row(1, Title="PIPE@5"), csv_row(2)]).replace(b"PIPE@5", b'PIPE "5 inch')
    rows, faults = read(body)
    assert not faults
    assert rows[sam_id(1)]["reading_flags"] == [ODD_QUOTES]
    assert str(rows[sam_id(1)]["title"]).startswith("PIPE")


def test_a_record_without_notice_id_is_quarantined() -> None:
    rows, faults = read(csv_bytes([csv_row(1), csv_row(2, NoticeId="  "), csv_row(3)]))
    assert len(rows) == 2
    assert faults[0].reason == "the notice id is empty"
    assert b"pump station 2" in faults[0].raw


def test_mixed_encodings_and_nul_are_flagged() -> None:
    body = csv_bytes([csv_row(1, Title="Caf@ du parc"), csv_row(2, Title="A#B"), csv_row(3, Title="Städte")])
    rows, faults = read(body.replace(b"Caf@", b"Caf\xe9").replace(b"A#B", b"A\0B"))
    assert not faults
    assert (rows[sam_id(1)]["title"], rows[sam_id(1)]["reading_flags"]) == ("Café du parc", [WINDOWS_1252])
    assert (rows[sam_id(2)]["title"], rows[sam_id(2)]["reading_flags"]) == ("AB", [NUL_REMOVED])
    assert (rows[sam_id(3)]["title"], rows[sam_id(3)]["reading_flags"]) == ("Städte", [])


def test_empty_lines_are_no_records() -> None:
    body = lines_of(csv_bytes([csv_row(1), csv_row(2)]))
    rows, faults = read(body[0] + b"\r\n" + body[1] + b"\r\n\r\n" + body[2] + b"\r\n")
    assert len(rows) == 2
    assert not faults


def test_a_cut_gzip_lands_its_good_rows() -> None:
    rng = random.Random(1)
    noise = ["".join(rng.choices("abcdefghijklmnop ", k=3000)) for _ in range(400)]
    packed = gzip.compress(csv_bytes([csv_row(i, Description=text) for i, text in enumerate(noise)]))
    stream = cast(BinaryIO, gzip.GzipFile(fileobj=io.BytesIO(packed[: len(packed) // 2])))
    shape = detect(cast(BinaryIO, gzip.GzipFile(fileobj=io.BytesIO(packed))))
    assert isinstance(shape, Shape)
    parts = list(read_slices(stream, shape))
    assert 100 < sum(part.records.num_rows for part in parts) < 400
    assert "damaged or cut off" in parts[-1].faults[-1].reason
    assert parts[-1].is_last


def test_reading_goes_on_at_every_bookmark() -> None:
    body = lines_of(csv_bytes([csv_row(number) for number in range(23)]))
    body[7] = b'"broken\r\n'
    whole = b"".join(body)
    once = [row for part in slices_of(whole) for row in part.records.to_pylist()]
    bookmark, again, faults = Bookmark(), [], 0
    while True:
        part = slices_of(whole, bookmark, max_records=4)[0]
        again += part.records.to_pylist()
        faults += len(part.faults)
        bookmark = part.end
        if part.is_last:
            break
    assert again == once
    assert faults == 1
    assert bookmark.position == 23


field_text = st.text(st.characters(exclude_characters="\0\r\ufffd", exclude_categories=("Cs",)), max_size=40)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(field_text, field_text), min_size=2, max_size=12),
    st.booleans(),
    st.sampled_from(["cut a quote", "drop a column", "cut the line", "add garbage"]),
    st.data(),
)
def test_damage_to_one_record_leaves_the_others(
    texts: list[tuple[str, str]], quote_all: bool, damage: str, data: st.DataObject
) -> None:
    rows = [csv_row(i, Title=title, Description=text) for i, (title, text) in enumerate(texts)]
    victim = data.draw(st.integers(0, len(rows) - 1))
    before = csv_bytes(rows[:victim], quote_all=quote_all)
    header = csv_bytes([], quote_all=quote_all)
    after = csv_bytes(rows[victim + 1 :], quote_all=quote_all)[len(header) :]
    middle = csv_bytes([rows[victim]], quote_all=quote_all)[len(header) :]
    if damage == "cut a quote":
        quotes = [i for i, byte in enumerate(middle) if byte == ord('"')]
        place = data.draw(st.sampled_from(quotes)) if quotes else 0
        middle = middle[:place] + middle[place + 1 :]
    elif damage == "drop a column":
        middle = b",".join(middle.split(b",")[1:])
    elif damage == "cut the line":
        middle = middle[: data.draw(st.integers(0, max(0, len(middle) - 3)))] + b"\r\n"
    else:
        middle = data.draw(st.binary(max_size=60)).replace(b"\0", b"") + b"\r\n"
    found, _ = read(before + middle + after)
    for number, row in enumerate(rows):
        if number != victim:
            assert found[row["NoticeId"]]["title"] == row["Title"]
            assert found[row["NoticeId"]]["description"] == row["Description"]


@settings(max_examples=60)
@given(st.lists(st.tuples(field_text, field_text), max_size=15), st.booleans(), st.integers(1, 5))
def test_whatever_a_writer_writes_is_read(texts: list[tuple[str, str]], quote_all: bool, bound: int) -> None:
    rows = [csv_row(i, Title=title, Description=text) for i, (title, text) in enumerate(texts)]
    parts = slices_of(csv_bytes(rows, quote_all=quote_all), max_records=bound)
    found = [row for part in parts for row in part.records.to_pylist()]
    assert [(row["title"], row["description"]) for row in found] == texts
    assert not [fault for part in parts for fault in part.faults]
