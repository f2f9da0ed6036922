"""Ways in which what a source sends goes wrong, drawn by hypothesis: in its bytes, in its JSON, in its fields."""

import json
from typing import Any

from hypothesis import strategies as st

NASTY = (
    "", " ", "\u0000", "\ud800", "\ufeff", "null", "None", "NaN", "-", "0", "-1", "1e999", "9" * 40, "0000-00-00",
    "9999-12-31", "2026-02-30", "31/31/2026", "2026-04-10T25:61:00-99:00", "2026-04-10T14:00:00", "13/32/2026", "12319999",
    "Sometime soon", "<b>&amp;lt;", "<script>alert(1)</script>", '=HYPERLINK("x")', "a" * 5_000, '"', '""', ",", "\r\n",
    "'); drop table x; --", "\u0130", "\U00010400", "{}", "[]", '["SBA"]',
)  # fmt: skip
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.sampled_from(NASTY), st.text(max_size=30)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
PIECES = st.sampled_from(
    [
        b"\x00",
        b"\n",
        b"\r",
        b'"',
        b",",
        b"{",
        b"}",
        b"[",
        b"]",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"<",
        b"&",
        b"]]>",
        b"<!--",
    ]
)


@st.composite
def mutated(draw: st.DrawFn, sample: bytes) -> bytes:
    """Draw a file that was this sample before something happened to it, once to three times."""
    for _ in range(draw(st.integers(1, 3))):
        ways = [_cut, _flipped, _with_piece, _doubled, _without]
        values = _json_of(sample)
        if values is not None:
            ways += [_changed_json] * 7
        elif sample[:1] not in (b"<", b"\x1f", b"P"):
            ways += [_changed_cell] * 7
        sample = draw(st.sampled_from(ways))(draw, sample)
    return sample


def _json_of(data: bytes) -> list[Any] | None:
    """Return the values that a text of JSON, or of JSON a line, holds; None when it is none."""
    try:
        return [json.loads(data)]
    except (ValueError, RecursionError):
        pass
    try:
        return [json.loads(line) for line in data.splitlines() if line.strip()] or None
    except (ValueError, RecursionError):
        return None


def _changed_json(draw: st.DrawFn, data: bytes) -> bytes:
    values = _json_of(data) or [None]
    for _ in range(draw(st.integers(1, 4))):
        index = draw(st.integers(0, len(values) - 1))
        values[index] = _changed(draw, values[index], 0)
    plain = draw(st.booleans())
    return b"\n".join(json.dumps(value, ensure_ascii=plain).encode("utf-8", "surrogatepass") for value in values)


def _changed(draw: st.DrawFn, value: Any, depth: int) -> Any:
    """Change one place of a value: go down to a part of it, or replace, drop, wrap or add something here."""
    if isinstance(value, dict) and value:
        key = draw(st.sampled_from(sorted(value)))
        way = draw(st.sampled_from(["down"] * 4 + ["drop", "rename", "add"]))
        if way == "down":
            return value | {key: _changed(draw, value[key], depth + 1)}
        rest = {name: part for name, part in value.items() if way == "add" or name != key}
        return rest if way == "drop" else rest | {draw(st.text(max_size=12)): draw(VALUES)}
    if isinstance(value, list) and value:
        place = draw(st.integers(0, len(value) - 1))
        way = draw(st.sampled_from(["down"] * 4 + ["drop", "again", "add"]))
        if way == "down":
            return [*value[:place], _changed(draw, value[place], depth + 1), *value[place + 1 :]]
        if way == "drop":
            return [*value[:place], *value[place + 1 :]]
        return [*value, value[place] if way == "again" else draw(VALUES)]
    if draw(st.integers(0, 9)) == 0:
        for _ in range(draw(st.sampled_from([1, 50, 400]))):
            value = [value]
        return value
    return draw(VALUES)


def _changed_cell(draw: st.DrawFn, data: bytes) -> bytes:
    """Put something between two commas of a line, quoted or not."""
    lines = data.split(b"\n")
    at = draw(st.integers(0, len(lines) - 1))
    cells = lines[at].split(b",")
    text = draw(st.sampled_from(NASTY) | st.text(max_size=30)).encode("utf-8", "surrogatepass")
    quoted = b'"' + text.replace(b'"', b'""') + b'"'
    cells[draw(st.integers(0, len(cells) - 1))] = draw(st.sampled_from([text, quoted, b'"' + text, text + b'"']))
    lines[at] = b",".join(cells)
    return b"\n".join(lines)


def _place(draw: st.DrawFn, data: bytes) -> int:
    return draw(st.integers(0, len(data)))


def _cut(draw: st.DrawFn, data: bytes) -> bytes:
    return data[: _place(draw, data)]


def _flipped(draw: st.DrawFn, data: bytes) -> bytes:
    at = _place(draw, data)
    return data[:at] + bytes([draw(st.integers(0, 255))]) + data[at + 1 :]


def _with_piece(draw: st.DrawFn, data: bytes) -> bytes:
    at = _place(draw, data)
    return data[:at] + draw(PIECES) * draw(st.sampled_from([1, 2, 300, 20_000])) + data[at:]


def _doubled(draw: st.DrawFn, data: bytes) -> bytes:
    first, last = sorted((_place(draw, data), _place(draw, data)))
    return data[:last] + data[first:]


def _without(draw: st.DrawFn, data: bytes) -> bytes:
    first, last = sorted((_place(draw, data), _place(draw, data)))
    return data[:first] + data[last:]
