"""Limits as an offer holds them, and sizes in words."""

import pytest

from warehouse.domain.package import MOST_BYTES, TITLES, Limits, Source, fault_of_limit, read_limits, size_words

GOOD = {
    "total_bytes": 10_000_000, "file_bytes": 1, "file_types": ["pdf", "docx"], "volumes": ["Technical", "Price"],
    "pages": {"Technical": 30}, "name_template": "{volume}.pdf", "name_length": 80,
}  # fmt: skip
BAD = [
    ("total_bytes", 0), ("total_bytes", True), ("total_bytes", "10"), ("total_bytes", MOST_BYTES + 1), ("file_bytes", -1),
    ("file_types", []), ("file_types", ["exe"]), ("file_types", "pdf"), ("volumes", ["I", " i "]), ("volumes", [""]),
    ("volumes", ["x" * 81]), ("volumes", ["I"] * 41), ("pages", {}), ("pages", [1]), ("pages", {"I": 0}), ("pages", {"": 3}),
    ("name_template", ""), ("name_template", "{nobody}"), ("name_length", 201), ("weight", 1),
]  # fmt: skip


def test_limits_are_read_as_they_were_stored() -> None:
    stored = {name: {"value": value, "by": "p1", "at": "now", "quote": "said"} for name, value in GOOD.items()}
    limits = read_limits(stored)
    assert (limits.total_bytes, limits.file_types, limits.volumes) == (
        10_000_000,
        ("pdf", "docx"),
        ("Technical", "Price"),
    )
    assert (limits.pages, limits.name_template, limits.name_length) == ({"Technical": 30}, "{volume}.pdf", 80)
    assert limits.sources == dict.fromkeys(TITLES, Source("p1", "now", "said"))
    assert read_limits({}) == Limits()


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_faulty_limit_is_refused_and_never_read(name: str, value: object) -> None:
    assert fault_of_limit(name, value)
    assert read_limits({name: {"value": value}}) == Limits()
    assert read_limits({name: value}) == Limits()


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1_000, "1 kB"),
        (999_499, "999 kB"),
        (999_600, "1.0 MB"),
        (10_000_000, "10.0 MB"),
    ],
)
def test_sizes_in_words(size: int, words: str) -> None:
    assert size_words(size) == words
