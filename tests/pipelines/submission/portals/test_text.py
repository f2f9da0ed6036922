"""TOML with its lines: the place of each key, and of what is no TOML."""

import tomllib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.submission.portals.text import LARGEST, Fault, TomlText, read_toml, to_key, to_place

TEXT = '''# what it is
a = 1
[b.c] # a comment
"q.r" = [ 1, # another
  "x]",
 {k = "v", m = [1, 2]},
]
d.e = """
two
"""
[[s]]
x = 1
[[s.t]]
y = "a\\"#"
[[s.t]]
z = 2026-05-27T07:32:00Z
[[s]]
u = 'lit\\'
'''
LINES = {
    "a": 2, "b.c": 3, "b.c.d": 8, "b.c.d.e": 8, "s[1]": 11, "s[1].x": 12, "s[1].t[1]": 13, "s[1].t[1].y": 14, "s[1].t[2]": 15,
    "s[1].t[2].z": 16, "s[2]": 17, "s[2].u": 18,
}  # fmt: skip


def read(text: str) -> TomlText:
    found = read_toml(text)
    assert isinstance(found, TomlText), found
    return found


@pytest.mark.parametrize(("key", "line"), LINES.items())
def test_each_key_has_its_line(key: str, line: int) -> None:
    assert read(TEXT).line_of(to_place(key)) == line


def test_entries_of_lists_and_inline_tables_have_theirs() -> None:
    found = read(TEXT).lines
    assert [found["b", "c", "q.r", place] for place in range(3)] == [4, 5, 6]
    assert found["b", "c", "q.r", 2, "m"] == 6


def test_missing_key_is_told_at_the_table_above_it() -> None:
    assert read(TEXT).fault("s[1].t[2].label", "is missing") == Fault(15, "s[1].t[2].label", "is missing")
    assert str(read(TEXT).fault("s[1].t[2].label", "is missing")) == "15: s[1].t[2].label: is missing"


@pytest.mark.parametrize(
    ("text", "line"), [("a = \n", 1), ("a = 1\nb = 'x", 2), ("a = 1\na = 2", 2), ("[x\n", 1), ("\n\n=", 3)]
)
def test_what_is_no_toml_is_told_with_its_line(text: str, line: int) -> None:
    found = read_toml(text)
    assert isinstance(found, Fault)
    assert found.line == line


def test_text_without_end_is_refused() -> None:
    assert isinstance(read_toml("#" * (LARGEST + 1)), Fault)
    assert isinstance(read_toml("a = " + "[" * 50_000), Fault)


def test_lines_end_as_windows_ends_them() -> None:
    assert read(TEXT.replace("\n", "\r\n")).line_of(("s", 1, "u")) == 18


names = st.text("abcXYZ019_-", min_size=1, max_size=6)
values = st.recursive(
    st.integers(-9, 9) | st.booleans() | st.text(max_size=8) | st.just(date(2026, 1, 2)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)


def written(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int() | date():
            return str(value)
        case str():
            return '"' + "".join(f"\\U{ord(sign):08x}" if not sign.isalnum() else sign for sign in value) + '"'
        case list():
            return "[\n" + ",\n".join(map(written, value)) + "]"
        case dict():
            return "{" + ", ".join(f"{key} = {written(one)}" for key, one in value.items()) + "}"
    raise TypeError(value)


@given(st.dictionaries(names, values, max_size=5))
def test_every_key_of_any_text_is_found_on_its_line(table: dict[str, object]) -> None:
    lines, expected = [], {}
    for key, value in table.items():
        expected[key] = "\n".join(lines).count("\n") + (2 if lines else 1)
        lines.append(f"{key} = {written(value)} # [not.this]")
    text = "\n".join(lines)
    assert tomllib.loads(text) == table
    found = read(text)
    assert {key: found.lines[key,] for key in table} == expected


@given(
    st.lists(st.integers(0, 99) | st.text("abc_-", min_size=1), min_size=1).filter(
        lambda parts: isinstance(parts[0], str)
    )
)
def test_a_place_and_its_key_say_the_same(parts: list[int | str]) -> None:
    assert to_place(to_key(tuple(parts))) == tuple(parts)
