"""Names of files in a package: safe ones, and those that a solicitation demands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.domain.package_names import (
    LONGEST_NAME,
    fault_of_name,
    fault_of_template,
    fill,
    follows,
    safe_name,
)

VALUES = {"solicitation_number": "W9124/26-R.1", "volume": "Volume I", "number": "2", "document": "approach"}


@pytest.mark.parametrize("name", ["Volume I.pdf", "a.b (2), c&d+e-f_g.PDF", "x" * 96 + ".pdf"])
def test_names_that_every_portal_takes(name: str) -> None:
    assert fault_of_name(name) == ""


@pytest.mark.parametrize(
    "name",
    ["", "a", "a/b.pdf", "a\\b.pdf", "ä.pdf", "a#.pdf", " a.pdf", "a.pdf ", ".pdf", "a..pdf", "nul.pdf", "COM1.txt", "x" * 97 + ".pdf",
     "a\u202efdp.exe", "a\n.pdf"],
)  # fmt: skip
def test_names_that_some_portal_would_refuse(name: str) -> None:
    assert fault_of_name(name)


@given(st.text(max_size=300))
def test_a_safe_name_is_safe_or_lacks_only_its_ending(name: str) -> None:
    assert fault_of_name(safe_name(name)) in ("", "has no ending such as .pdf")
    assert fault_of_name(safe_name(f"{name}.pdf")) == ""


@pytest.mark.parametrize(
    ("template", "said"), [("{company}.pdf", "not known"), ("{volume.pdf", "brace"), ("a/{volume}.pdf", "signs")]
)
def test_a_template_that_makes_no_sense_is_refused(template: str, said: str) -> None:
    assert said in fault_of_template(template)


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ("{solicitation_number}_{volume}.pdf", "W9124-26-R-1_Volume I.pdf"),
        ("{number} {document}.pdf", "2 approach.pdf"),
        ("Offer.pdf", "Offer.pdf"),
    ],
)
def test_what_a_template_gives_follows_it(template: str, filled: str) -> None:
    assert fault_of_template(template) == ""
    assert fill(template, VALUES) == filled
    assert follows(filled, template, VALUES)
    assert follows(filled.upper(), template, VALUES)
    assert not follows(f"x{filled}", template, VALUES)


def test_what_nobody_knows_stands_for_any_text() -> None:
    assert follows("W9124-26-R-1_anything.pdf", "{solicitation_number}_{any}.pdf", VALUES)
    assert follows("X_Volume I.pdf", "{solicitation_number}_{volume}.pdf", VALUES | {"solicitation_number": ""})
    assert not follows("W9124-26-R-2_x.pdf", "{solicitation_number}_{any}.pdf", VALUES)
    assert not follows("_Volume I.pdf", "{any}_{volume}.pdf", VALUES)


def test_the_longest_safe_name_keeps_its_ending() -> None:
    assert safe_name("x" * 300 + ".docx") == "x" * (LONGEST_NAME - 5) + ".docx"
