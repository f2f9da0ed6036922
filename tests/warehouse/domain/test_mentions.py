"""A headline names a buyer only where people would read it so."""

import pytest

from warehouse.domain.mentions import headline_words, mentions, spoken, telling_words, topics_of

VA, DOD, ARMY = "VETERANS AFFAIRS, DEPARTMENT OF", "DEPT OF DEFENSE", "DEPT OF THE ARMY"
ENERGY, GSA, HHS = (
    "ENERGY, DEPARTMENT OF",
    "GENERAL SERVICES ADMINISTRATION",
    "HEALTH AND HUMAN SERVICES, DEPARTMENT OF",
)


@pytest.mark.parametrize(
    ("headline", "name"),
    [
        ("Veterans Affairs delays its rollout", VA),
        ("VA picks a vendor", VA),
        ("DoD picks four clouds", DOD),
        ("Defense Department buys radios", DOD),
        ("U.S. Army taps a firm", ARMY),
        ("Grants of the Department of Energy", ENERGY),
        ("What GSA plans", GSA),
        ("HHS awards a contract", HHS),
        ("Coast Guard orders cutters", "US COAST GUARD"),
        ("EPA fines a mill", "Environmental Protection Agency"),
    ],
)
def test_a_buyer_is_found_however_it_is_filed(headline: str, name: str) -> None:
    assert mentions(headline, name)
    assert telling_words(name) & headline_words(headline), "it is among the candidates"


@pytest.mark.parametrize(
    ("headline", "name"),
    [
        ("Energy prices rise", ENERGY),
        ("Self-defense classes", DOD),
        ("An army of bots", ARMY),
        ("Plant opens in Norfolk, VA", VA),
        ("dod and dont", DOD),
        ("Anything", ""),
        ("", VA),
    ],
)
def test_a_word_that_says_something_else_is_no_buyer(headline: str, name: str) -> None:
    assert not mentions(headline, name)


def test_a_filed_name_is_turned_into_the_one_people_write() -> None:
    assert spoken(VA) == "Department of Veterans Affairs"
    assert spoken(ARMY) == "Department of the Army"
    assert spoken("US COAST GUARD") == "US Coast Guard"


def test_topics_begin_a_word_as_keywords_of_the_profile_do() -> None:
    assert topics_of("Cybersecurity and HVAC upkeep", ["cyber", "hvac", "keep", " "]) == ("cyber", "hvac")
