"""Profiles as YAML: read, written, versioned, and every fault named at once."""

from contextlib import suppress
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.qualification.company import EXAMPLE_COMPANY, parse_company_profile, profile_version, to_yaml
from warehouse.domain.company import CompanyProfile, PastAward
from warehouse.domain.grants import APPLICANTS
from warehouse.errors import BadInput

FAULTY = """\
uei: SHORT
naics_codes: [541512, software]
places: [VA, Virginia]
set_asides: [SBA, VETERAN]
value_min_usd: 500
value_max_usd: 100
colour: blue
past_awards:
  - agency: DEPT OF DEFENSE
    amount_usd: a lot
  - title: Second
    posted_on: 30 September
"""


def test_example_firm_is_ready_to_use() -> None:
    profile = parse_company_profile(EXAMPLE_COMPANY.read_text(encoding="utf-8"))
    assert len(profile.past_awards) >= 6
    assert profile.past_awards[0].posted_on == date(2024, 9, 24)
    assert profile.value_max_usd == Decimal(7500000)
    assert parse_company_profile(to_yaml(profile)) == profile


def test_every_fault_is_named_with_its_line_and_field() -> None:
    with pytest.raises(BadInput) as caught:
        parse_company_profile(FAULTY)
    lines = caught.value.what.splitlines()
    assert lines[0] == "the company profile has 10 faults:"
    expected = [
        ("line 1", "name: is missing"),
        ("line 1", "uei: 'SHORT'"),
        ("line 1", "value_min_usd: 500 is more"),
        ("line 2", "naics_codes[2]: 'software'"),
        ("line 3", "places[2]: 'Virginia'"),
        ("line 4", "set_asides[2]: 'VETERAN'"),
        ("line 7", "colour: is not a field"),
        ("line 9", "past_awards[1].title: is missing"),
        ("line 10", "past_awards[1].amount_usd: 'a lot'"),
        ("line 12", "past_awards[2].posted_on: '30 September'"),
    ]
    for line, (where, fault) in zip(lines[1:], expected, strict=True):
        assert where in line
        assert fault in line


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "name: is missing"),
        ("- a\n- b", "must be a list of 'field: value' lines"),
        ("name: [A, B]", "must be a single value"),
        ("name: A\nkeywords: cyber", "must be a list"),
        ("name: A\nname: B", "is given twice"),
        ("name: A\npast_awards:\n  - one", "must be a list of 'field: value' lines"),
        ("name: 'A", "is not YAML"),
        ("[" * 20_000, "is not YAML"),
    ],
)
def test_wrong_shape_is_refused(text: str, fault: str) -> None:
    with pytest.raises(BadInput, match=fault):
        parse_company_profile(text)


def test_codes_are_read_as_written_not_as_yaml_guesses_them() -> None:
    text = "name: A\nplaces: [no, on]\npsc_codes: [0815, da10]\nset_asides: [BICiv]\nuei: ~\n"
    profile = parse_company_profile(text)
    assert (profile.places, profile.psc_codes, profile.uei) == (("NO", "ON"), ("0815", "DA10"), "")
    assert profile.set_asides == ("BICIV",)


def test_version_changes_with_content_only() -> None:
    profile = parse_company_profile(EXAMPLE_COMPANY.read_text(encoding="utf-8"))
    again = parse_company_profile("# a remark\n" + to_yaml(profile))
    assert profile_version(again) == profile_version(profile)
    assert profile_version(replace(profile, keywords=(*profile.keywords, "radar"))) != profile_version(profile)


_line = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1).map(str.strip).filter(bool)
_award = st.builds(
    PastAward,
    title=_line,
    agency=_line,
    naics_code=st.from_regex(r"[0-9]{2,6}", fullmatch=True).filter(str.isascii),
    amount_usd=st.one_of(st.none(), st.decimals(min_value=0, max_value=10**12, places=2)),
    posted_on=st.one_of(st.none(), st.dates()),
)
_profile = st.builds(
    CompanyProfile,
    name=_line,
    keywords=st.lists(_line, max_size=3).map(tuple),
    places=st.lists(st.sampled_from(["VA", "NO", "ON"]), max_size=3).map(tuple),
    applies_as=st.lists(st.sampled_from(sorted(APPLICANTS)), max_size=2).map(tuple),
    past_awards=st.lists(_award, max_size=3).map(tuple),
)


def test_a_profile_that_leaves_a_later_field_empty_keeps_the_version_it_had_before() -> None:
    assert profile_version(CompanyProfile(name="Harrow Lane Works", set_asides=("SDVOSBC",))) == "7c228ea629ddb741"
    named = CompanyProfile(name="Harrow Lane Works", set_asides=("SDVOSBC",), applies_as=("small_businesses",))
    assert profile_version(named) != "7c228ea629ddb741"


def test_what_an_applicant_may_be_is_one_of_the_known_words_in_any_case() -> None:
    assert parse_company_profile("name: A\napplies_as: [Small_Businesses]").applies_as == ("small_businesses",)
    with pytest.raises(BadInput, match=r"line 2, applies_as\[1\]: 'shops' is none of state_governments"):
        parse_company_profile("name: A\napplies_as: [shops]")


@given(_profile)
def test_written_profile_reads_back_the_same(profile: CompanyProfile) -> None:
    assert parse_company_profile(to_yaml(profile)) == profile


@given(st.text())
def test_odd_text_is_read_or_refused_but_never_breaks(text: str) -> None:
    with suppress(BadInput):
        parse_company_profile(text)
