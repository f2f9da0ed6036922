"""Bytes to text: valid UTF-8 stays as it is, everything else becomes something, and is said."""

from hypothesis import given
from hypothesis import strategies as st

from pipelines.discovery.decode import NUL_REMOVED, REPLACED, WINDOWS_1252, decode_line, decode_lines


@given(st.text(st.characters(exclude_characters="\0\ufffd", exclude_categories=("Cs",))))
def test_valid_utf8_stays(text: str) -> None:
    assert decode_line(text.encode()) == (text, [])


def test_windows_1252_bytes_among_utf8() -> None:
    raw = "contractor’s – “fee” €5 ".encode() + "naïve – café".encode("windows-1252")
    text, flags = decode_line(raw)
    assert text == "contractor’s – “fee” €5 naïve – café"
    assert flags == [WINDOWS_1252]


def test_bytes_without_a_meaning_are_replaced_and_flagged() -> None:
    text, flags = decode_line(b"a\x81b")
    assert text == "a\ufffdb"
    assert flags == [WINDOWS_1252, REPLACED]


def test_nul_is_removed_and_flagged() -> None:
    assert decode_line(b"a\0b") == ("ab", [NUL_REMOVED])


@given(st.binary(max_size=300))
def test_any_bytes_become_text(raw: bytes) -> None:
    text, _ = decode_line(raw)
    assert "\0" not in text
    text.encode()


@given(st.binary(max_size=400))
def test_lines_keep_their_bytes(raw: bytes) -> None:
    texts, raws, flags = decode_lines(raw)
    assert b"".join(raws) == raw
    assert len(texts) == len(raws)
    assert set(flags) <= set(range(len(raws)))
    assert all(line.count(b"\n") <= 1 for line in raws)


def test_one_bad_byte_changes_one_line_only() -> None:
    texts, _, flags = decode_lines("é one\n".encode() + b"caf\xe9 two\n" + "é three\n".encode())
    assert texts == ["é one\n", "café two\n", "é three\n"]
    assert flags == {1: [WINDOWS_1252]}
