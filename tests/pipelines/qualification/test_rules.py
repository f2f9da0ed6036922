"""Hard rules: each with an opportunity that keeps it and one that breaks it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.qualification.rules import check_rules, remarks
from warehouse.domain.company import CompanyProfile
from warehouse.domain.notice import NoticeType

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
VETERAN = CompanyProfile(name="Harrow Lane Works", set_asides=("SDVOSBC",))
UNRESTRICTED = CompanyProfile(name="Big Firm")


@dataclass(frozen=True)
class Notice:
    notice_type: str = NoticeType.SOLICITATION.value
    set_aside_code: str | None = None
    response_deadline_at: datetime | None = None
    eligibility_codes: tuple[str, ...] = ()


def broken(profile: CompanyProfile, notice: Notice) -> str | None:
    reason = check_rules(profile, notice, NOW)
    return reason.kind if reason else None


def test_open_notice_with_time_left_breaks_no_rule() -> None:
    assert broken(VETERAN, Notice(response_deadline_at=NOW + timedelta(days=3))) is None


def test_notice_without_a_deadline_is_still_open() -> None:
    assert broken(VETERAN, Notice(response_deadline_at=None)) is None


def test_deadline_is_kept_at_the_exact_instant_and_missed_one_second_later() -> None:
    assert broken(VETERAN, Notice(response_deadline_at=NOW)) is None
    assert broken(VETERAN, Notice(response_deadline_at=NOW - timedelta(seconds=1))) == "deadline_passed"


def test_broken_rule_quotes_its_evidence() -> None:
    reason = check_rules(VETERAN, Notice(response_deadline_at=NOW - timedelta(days=1)), NOW)
    assert reason is not None
    assert "2026-03-01T12:00:00+00:00" in reason.evidence


@pytest.mark.parametrize(
    "kind", ["Solicitation", "Combined Synopsis/Solicitation", "Presolicitation", "Sources Sought"]
)
def test_notice_that_asks_for_a_response_is_biddable(kind: str) -> None:
    assert broken(VETERAN, Notice(notice_type=kind)) is None


@pytest.mark.parametrize("kind", ["Award Notice", "Justification", "Special Notice", "Sale of Surplus Property", ""])
def test_notice_that_asks_for_no_offer_is_excluded(kind: str) -> None:
    assert broken(VETERAN, Notice(notice_type=kind)) == "not_biddable"


@pytest.mark.parametrize("code", [None, "", "  ", "NONE", "none", "SBP", '["NONE"]'])
def test_open_competition_excludes_nobody(code: str | None) -> None:
    assert broken(UNRESTRICTED, Notice(set_aside_code=code)) is None


@pytest.mark.parametrize(
    "code", ["SBA", "8A", "HZC", "SDVOSBC", "WOSB", "EDWOSB", "ISBEE", "IEE", "BICiv", "VSA", "LAS"]
)
def test_firm_without_eligibility_is_excluded_from_every_set_aside(code: str) -> None:
    assert broken(UNRESTRICTED, Notice(set_aside_code=code)) == "set_aside_not_held"


@pytest.mark.parametrize(
    ("held", "code"),
    [
        ("SBA", "SBA"),
        ("SDVOSBC", "SBA"),
        ("8A", "SBA"),
        ("HZC", "SBA"),
        ("EDWOSB", "SBA"),
        ("SDVOSBC", "SDVOSBS"),
        ("SDVOSBS", "VSA"),
        ("EDWOSB", "WOSB"),
        ("EDWOSBSS", "WOSBSS"),
        ("8A", "8AN"),
        ("ISBEE", "IEE"),
        ("IEE", "BICiv"),
        ("sba", '["SBA"]'),
    ],
)
def test_eligibility_also_serves_the_wider_set_aside(held: str, code: str) -> None:
    assert broken(CompanyProfile(name="A", set_asides=(held,)), Notice(set_aside_code=code)) is None


@pytest.mark.parametrize(
    ("held", "code"), [("SBA", "8A"), ("WOSB", "EDWOSB"), ("VSA", "SDVOSBC"), ("SDVOSBC", "HZC"), ("IEE", "ISBEE")]
)
def test_eligibility_does_not_serve_the_narrower_set_aside(held: str, code: str) -> None:
    assert broken(CompanyProfile(name="A", set_asides=(held,)), Notice(set_aside_code=code)) == "set_aside_not_held"


def test_unknown_set_aside_excludes_nobody_but_is_remarked() -> None:
    notice = Notice(set_aside_code="XYZ9")
    assert broken(UNRESTRICTED, notice) is None
    assert [(remark.points, "XYZ9" in remark.text) for remark in remarks(notice)] == [(0, True)]
    assert remarks(Notice(set_aside_code="SBA")) == ()


@given(st.one_of(st.none(), st.text()), st.lists(st.text()), st.text())
def test_odd_codes_never_raise(code: str | None, held: list[str], kind: str) -> None:
    profile = CompanyProfile(name="A", set_asides=tuple(held))
    check_rules(profile, Notice(notice_type=kind, set_aside_code=code), NOW)
    remarks(Notice(set_aside_code=code))


@pytest.mark.parametrize(
    ("applies_as", "eligible", "rule"),
    [
        (("small_businesses",), ("00", "12"), "applicant_not_meant"),
        (("small_businesses",), ("00", "23"), None),
        (("small_businesses", "individuals"), ("21",), None),
        (("small_businesses",), ("00", "99"), None),  # anybody
        (("small_businesses",), ("00", "25"), None),  # who else stands in the text
        (("small_businesses",), ("00", "other"), None),  # a code that nobody knows
        (("small_businesses",), (), None),  # a contract, or not stated
        ((), ("00",), None),  # the firm does not say what it is
    ],
)
def test_a_grant_for_others_alone_is_excluded_and_no_other(
    applies_as: tuple[str, ...], eligible: tuple[str, ...], rule: str | None
) -> None:
    grant = Notice(notice_type=NoticeType.GRANT.value, eligibility_codes=eligible)
    assert broken(CompanyProfile(name="A", applies_as=applies_as), grant) == rule


def test_the_reason_names_whom_a_grant_means() -> None:
    profile = CompanyProfile(name="A", applies_as=("small_businesses",))
    reason = check_rules(profile, Notice(notice_type=NoticeType.GRANT.value, eligibility_codes=("00", "20")), NOW)
    assert reason is not None
    assert "State governments; Private institutions of higher education" in reason.text
    assert reason.evidence == "eligibility_codes: 00, 20"
