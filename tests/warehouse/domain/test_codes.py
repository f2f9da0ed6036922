"""Codes in words, and zones of states."""

import csv
import gzip
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from warehouse.domain.codes import STATE_ZONES, is_naics, is_psc, is_set_aside, naics_sector, psc_name


@pytest.mark.parametrize("code", ["541512", "54", "54151", "236220"])
def test_naics_of_two_to_six_digits(code: str) -> None:
    assert is_naics(code)


@pytest.mark.parametrize("code", ["", "5", "5415123", "99", "ABCDEF", "00"])
def test_what_is_no_naics(code: str) -> None:
    assert not is_naics(code)


@pytest.mark.parametrize("code", ["R499", "DA01", "16", "1680", "7A20", "J", "Z1AA"])
def test_psc_of_services_and_products(code: str) -> None:
    assert is_psc(code)


@pytest.mark.parametrize("code", ["", "I123", "0123", "R49999", "1", "r499"])
def test_what_is_no_psc(code: str) -> None:
    assert not is_psc(code)


def test_words_for_codes() -> None:
    assert naics_sector("541512") == "Professional, scientific, and technical services"
    assert psc_name("DA01") == "Information technology"
    assert psc_name("7A20") == "Information technology equipment"
    assert psc_name("1680") == "Aircraft components and accessories"
    assert is_set_aside("SDVOSBC")
    assert not is_set_aside("XYZ")


def test_every_state_and_territory_has_a_zone() -> None:
    states = [
        "AL",
        "AK",
        "AZ",
        "AR",
        "CA",
        "CO",
        "CT",
        "DE",
        "DC",
        "FL",
        "GA",
        "HI",
        "ID",
        "IL",
        "IN",
        "IA",
        "KS",
        "KY",
        "LA",
        "ME",
        "MD",
        "MA",
        "MI",
        "MN",
        "MS",
        "MO",
        "MT",
        "NE",
        "NV",
        "NH",
        "NJ",
        "NM",
        "NY",
        "NC",
        "ND",
        "OH",
        "OK",
        "OR",
        "PA",
        "RI",
        "SC",
        "SD",
        "TN",
        "TX",
        "UT",
        "VT",
        "VA",
        "WA",
        "WV",
        "WI",
        "WY",
        "PR",
        "GU",
        "VI",
        "AS",
        "MP",
        "AA",
        "AE",
        "AP",
        "FM",
        "MH",
        "PW",
    ]
    assert set(states) == set(STATE_ZONES)
    for zone in STATE_ZONES.values():
        assert ZoneInfo(zone)


@pytest.mark.shared
def test_reference_codes_are_well_formed(shared_data: Path) -> None:
    with gzip.open(shared_data / "reference" / "psc_codes.csv.gz", "rt", encoding="utf-8") as handle:
        codes = [next(iter(row.values())) for row in csv.DictReader(handle)]
    known = sum(map(is_psc, codes))
    assert known / len(codes) > 0.98
