"""The {names} of a recipe."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.submission.browser.recipe_words import NoSuchField, text_fault, written
from pipelines.submission.executor import Parcel
from tests.pipelines.submission.recipes import REFERENCE, parcel_in

NOW = datetime(2026, 1, 31, 22, 0, tzinfo=UTC)


@pytest.fixture
def parcel(tmp_path: Path) -> Parcel:
    with parcel_in(tmp_path, entries="UEI: ABC123DEF456\nTopic: Pumps: large", a__pdf=b"one", b__pdf=b"two!") as made:
        return replace(made, deadline=datetime(2026, 2, 3, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{reference}", REFERENCE),
        ("{title} ({reference})", f"Pumps for the east bank ({REFERENCE})"),
        ("{solicitation} {agency} {manifest}", f"N00014-26-R-0001 Navy {'ab' * 32}"),
        ("{today} {today:%m/%d/%Y} {deadline:%d.%m.}", "2026-01-31 01/31/2026 03.02."),
        ("{field.uei}/{field.Topic}/{field.Other?}/", "ABC123DEF456/Pumps: large//"),
        ("{{not a name}}", "{not a name}"),
        ("", ""),
    ],
)
def test_each_name_is_replaced(parcel: Parcel, text: str, said: str) -> None:
    assert text_fault(text) == ""
    assert written(text, parcel, now=NOW) == said


def test_names_of_a_file(parcel: Parcel) -> None:
    said = written(
        "{file.number} {file.name} {file.stem} {file.size} {file.sha256}", parcel, now=NOW, file=parcel.files[1]
    )
    assert said == f"2 b.pdf b 4 {parcel.files[1].sha256}"


def test_value_with_braces_is_taken_as_it_is(parcel: Parcel) -> None:
    odd = replace(parcel, title="{reference} {x")
    assert written("{title}", odd, now=NOW) == "{reference} {x"


def test_line_that_the_package_lacks_is_named(parcel: Parcel) -> None:
    with pytest.raises(NoSuchField, match="Cage code"):
        written("{field.Cage code}", parcel, now=NOW)


@pytest.mark.parametrize(
    "text", ["{nothing}", "{file.name}", "{credential.password}", "{field.}", "{x.y}", "{", "a } b", "{title:%Y}"]
)
def test_what_is_no_name_here_is_a_fault(text: str) -> None:
    assert text_fault(text)
