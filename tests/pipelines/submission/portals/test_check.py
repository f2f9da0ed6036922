"""What is wrong with a profile, each with its line; and that the documented example is sound."""

import re
from collections.abc import Mapping

import pytest

from pipelines.submission.browser.recipe_reading import read_recipe
from pipelines.submission.portals.check import CheckedProfile, check_text
from pipelines.submission.portals.profile import parse_profile, read_profile
from warehouse.errors import BadInput
from warehouse.settings import ROOT

DOCUMENT = (ROOT / "docs/portal-profiles.md").read_text(encoding="utf-8")
EXAMPLE = re.search(r"```toml\n(.*?)```", DOCUMENT, re.S)[1]  # type: ignore[index]


def faults(text: str) -> Mapping[str, tuple[int, str]]:
    return {fault.key: (fault.line, fault.words) for fault in check_text(text).faults if not fault.is_warning}


def changed(old: str, new: str) -> str:
    assert EXAMPLE.count(old) >= 1, old
    return EXAMPLE.replace(old, new, 1)


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_the_documented_example_is_sound_and_could_be_activated() -> None:
    found = check_text(EXAMPLE)
    assert found.faults == ()
    assert found.is_sound
    assert found.may_be_activated


def test_every_documented_name_of_a_key_is_read() -> None:
    """A key of the tables in the document that the reader does not know would be a fault of the example."""
    section = DOCUMENT.split("## The keys of [browser]")[1].split("## How our reference")[0]
    keys = set(re.findall(r"`([a-z_]+)`", section)) - {
        "all",
        "few",
        "pattern",
        "from",
        "text",
        "address",
        "link",
        "css",
    }
    source = "".join(
        (ROOT / f"pipelines/submission/browser/{name}.py").read_text()
        for name in ("recipe_reading", "recipe_steps_reading")
    )
    assert [key for key in sorted(keys) if f'"{key}"' not in source and key not in {"go_to"}] == []


@pytest.mark.parametrize(
    ("old", "new", "key", "words"),
    [
        ("format = 1", "format = 2", "format", "format = 1"),
        ('name = "water-grants"', 'name = "Water Grants"', "name", "small letters"),
        ('executor = "browser"', 'executor = "browzer"', "executor", "did you mean browser?"),
        ('"apply.water-grants.example"]', '"https://apply.water-grants.example"]', "hosts", "is no host"),
        ('"apply.water-grants.example"]', '"apply.water-grants.example", "sam.gov"]', "hosts", "terms of SAM.gov"),
        ("on = 2026-03-02", 'on = "last week"', "basis.on", "2026-01-31"),
        ("settle_seconds = 120 ", "settle_second = 120 ", "timing.settle_second", "did you mean settle_seconds?"),
        ('file_bytes = "25 MB"', 'file_bytes = "25 megs"', "limits.file_bytes", '"25 MB"'),
        ('start = "https://apply', 'start = "http://apply', "browser.start", "https://"),
        ('start = "https://apply.water-grants.example/"', 'start = "https://other.example/"', "browser.start", "hosts"),
        ('label = "E-mail address"', 'lable = "E-mail address"', "browser.sign_in.steps[2].lable", "did you mean label?"),
        ('fill = "{credential.user}"', 'fil = "{credential.user}"', "browser.sign_in.steps[2]", "did you mean fill?"),
        ('fill = "{credential.user}"', 'fill = "{credential.usr}"', "browser.sign_in.steps[2].fill", "did you mean user?"),
        ('fill = "{credential.user}"', 'fill = "me: {credential.user}"', "browser.sign_in.steps[2].fill", "stands alone"),
        ('go_to = "/login"', 'go_to = "/login?p={credential.password}"', "browser.sign_in.steps[1].go_to", "typed by fill"),
        ('go_to = "/login"', 'go_to = "https://evil.example/login"', "browser.sign_in.steps[1].go_to", "profile's hosts"),
        ('go_to = "/login"', 'go_to = "//evil.example/login"', "browser.sign_in.steps[1].go_to", "profile's hosts"),
        ('go_to = "/applications"', 'go_to = "/{titel}"', "browser.look_up.steps[1].go_to", "did you mean title?"),
        ("{title} ({reference})", "{title}", "browser.steps", "{reference} is filled in nowhere"),
        ("{title} ({reference})", "{title} ({reference)", "browser.steps[3].fill", "single {"),
        ("{title} ({reference})", "{file.name} {reference}", "browser.steps[3].fill", "only inside for_each_file"),
        ('choose = "Small business"\n', 'choose = "Small business"\nfill = "x"\n', "browser.steps[5]", "one step does one thing"),
        ('label = "Summary"\n', "", "browser.steps[6]", "says not what it is about"),
        ('upload = "this"', 'upload = "all"', "browser.steps[9].steps[2].upload", 'is "this" inside'),
        ("is_last_act = true ", "is_last_act = false ", "browser.steps", "no step is the last act"),
        ('click = "Accept all"', 'click = "Accept all"\nis_last_act = true', "browser.steps[2].steps[1].is_last_act", "only a step of"),
        ('expect = "Step 2 of 3"', 'expect = ""', "browser.steps[8].expect.text", "is a text"),
        ('accepted = { text = "Application received", ', 'accepted = { txt = "Application received", ', "browser.accepted.txt", "no key"),
        ("accepted = {", "excepted = {", "browser.excepted", "did you mean accepted?"),
        (r"([A-Z]{2}-\d{4,})'\nreceived", r"[A-Z]{2}-\d{4,}'\nreceived", "browser.receipt.pattern", "groups"),
        (r"pattern = 'Confirmation", r"pattern = '(Confirmation", "browser.receipt.pattern", "regular expression"),
        ('received_zone = "America/New_York"', 'received_zone = "Eastern"', "browser.receipt.received_zone", "zone"),
        ('received_form = "%B %d, %Y %I:%M %p"', 'received_form = "month"', "browser.receipt.received_form", "how the time is written"),
        ('page = { text = "My applications" }', "", "browser.look_up", "page is missing"),
        ('done = "Sign out"', "", "browser.sign_in", "done is missing"),
        ("seconds = 120\n[[", 'seconds = "long"\n[[', "browser.steps[9].steps[4].seconds", "is a number"),
        ("permitted_by =", "permited_by =", "basis.permited_by", "did you mean permitted_by?"),
    ],
)  # fmt: skip
def test_each_fault_is_named_with_its_key_and_line(old: str, new: str, key: str, words: str) -> None:
    old, new = old.replace("\\n", "\n"), new.replace("\\n", "\n")
    text = changed(old, new)
    found = faults(text)
    assert key in found, found
    line, said = found[key]
    assert words in said
    name = key.rpartition(".")[2]
    if name in new:
        assert text.splitlines()[line - 1].lstrip().startswith((name, "[", "accepted"))


def test_nothing_comes_after_the_last_act() -> None:
    found = faults(EXAMPLE.replace("[browser.receipt]", '[[browser.steps]]\nclick = "Home"\n[browser.receipt]', 1))
    assert "nothing comes after the last act" in found["browser.steps[13]"][1]


def test_two_last_acts_are_a_fault() -> None:
    step = 'label = "Summary"\n[[browser.steps]]\nclick = "Next"\n'
    assert "second last act" in str(faults(changed(step, f"{step}is_last_act = true\n")))


def test_what_is_no_toml_is_one_fault_with_its_line() -> None:
    text = changed('title = "Water', "title = Water")
    assert [fault.line for fault in check_text(text).faults] == [3]


def test_without_a_basis_it_may_be_checked_and_not_activated() -> None:
    begin, end = EXAMPLE.index("[basis]"), EXAMPLE.index("[timing]")
    found = check_text(EXAMPLE[:begin] + EXAMPLE[end:])
    assert found.is_sound
    assert not found.may_be_activated
    assert [(fault.key, fault.is_warning) for fault in found.faults] == [("basis", True)]


def warned(found: CheckedProfile) -> str:
    return " ".join(fault.words for fault in found.faults if fault.is_warning)


@pytest.mark.parametrize(
    ("begin", "end", "words"),
    [
        ("[browser.look_up]", None, "waits for a person"),
        ("messages = [", "closed =", "words of refusal"),
        ("closed =", "busy =", "takes no more offers"),
        ("page = \"Sign in to your", "done =", "ends in mid-form"),
    ],
)  # fmt: skip
def test_what_will_be_missed_is_a_warning(begin: str, end: str | None, words: str) -> None:
    start = EXAMPLE.index(begin)
    stop = EXAMPLE.index(end, start) if end else len(EXAMPLE)
    found = check_text(EXAMPLE[:start] + EXAMPLE[stop:])
    assert found.is_sound, found.faults
    assert words in warned(found)


def test_way_of_another_kind_may_hold_only_how_to_look_up() -> None:
    text = changed('executor = "browser"', 'executor = "a2a"')
    head, tail = text.split("[browser]", 1)
    sign_in = tail[tail.index("[browser.sign_in]") : tail.index("[[browser.steps]]")]
    look_up = tail[tail.index("[browser.look_up]") :]
    profile, found = read_profile(
        head + '[a2a]\n[browser]\nstart = "https://apply.water-grants.example/"\n' + sign_in + look_up
    )
    assert profile is not None, found
    recipe, wrong = read_recipe(profile)
    assert wrong == []
    assert recipe is not None
    assert recipe.steps == ()


def test_text_that_was_kept_and_is_no_profile_any_more_says_why() -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        parse_profile("format = 9")
