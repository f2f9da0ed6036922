"""Labels of boxes: harmless as Markdown, and read aloud as they were written."""

import pytest

from app.widgets.text import code, label


@pytest.mark.parametrize(
    "text",
    ["SAM.gov registration active, and through the expected award", "Size under the notice's NAICS (13 CFR 121)",
     "Price - all lines"],
)  # fmt: skip
def test_an_ordinary_title_stays_as_it_is(text: str) -> None:
    assert label(text) == text


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("[click](https://evil.example)", r"\[click\](https\u2060\://evil.example)"),
        (":red[x] :material/lock:", r"\:red\[x\] \:material/lock:"),
        ("**bold** `code` $x$ <b>", r"\*\*bold\*\* \`code\` \$x\$ \<b\>"),
        ("1. first", "\u20601. first"),
        ("# head", "\u2060# head"),
        ("a &lt; b\u202e\n- c", r"a \&lt; b - c"),
        ("www.evil.example", "www\u2060.evil.example"),
    ],
)
def test_markup_becomes_text(text: str, escaped: str) -> None:
    assert label(text) == escaped.replace(r"\u2060", "\u2060")


@pytest.mark.parametrize(
    ("text", "written"),
    [("browser.steps[5]", "`browser.steps[5]`"), ("a`b\n**c**", "`ab **c**`"), ("\u202e", ""), ("", "")],
)
def test_code_holds_what_was_written_and_does_not_end_early(text: str, written: str) -> None:
    assert code(text) == written
