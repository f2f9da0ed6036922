"""Hard rules: what makes an opportunity impossible for a firm, whatever its score.

Here: pure checks, each naming the rule it found broken. Not here: evidence that only weighs (ranker.py).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pipelines.qualification.set_asides import OPEN_TO_ALL, restricting_codes, satisfies, set_aside_codes, unknown_codes
from warehouse.domain.company import CompanyProfile
from warehouse.domain.fit import Reason
from warehouse.domain.grants import APPLICANTS, ELIGIBILITY, OPEN_TO_OTHERS, words_of
from warehouse.domain.notice import BIDDABLE


class Rule(StrEnum):
    """Names of the hard rules; stored with the score they decided."""

    DEADLINE_PASSED = "deadline_passed"
    NOT_BIDDABLE = "not_biddable"
    SET_ASIDE_NOT_HELD = "set_aside_not_held"
    APPLICANT_NOT_MEANT = "applicant_not_meant"


class Answerable(Protocol):
    """What the rules read of an opportunity."""

    @property
    def notice_type(self) -> str:
        """Spelled as in warehouse.domain.notice.NoticeType."""

    @property
    def set_aside_code(self) -> str | None:
        """SAM.gov's code; None or empty when none is stated."""

    @property
    def eligibility_codes(self) -> Sequence[str]:
        """Who may apply for a grant, as codes of warehouse.domain.grants; empty when not stated, and for contracts."""

    @property
    def response_deadline_at(self) -> datetime | None:
        """Instant with zone; None when the source gives none."""


def check_rules(profile: CompanyProfile, opportunity: Answerable, as_of: datetime) -> Reason | None:
    """Name the first hard rule that excludes the opportunity, as a reason whose `kind` is the rule's name; else None.

    Args:
        profile: The firm.
        opportunity: One published opportunity.
        as_of: The instant at which the world is looked at, with zone.
    """
    return (
        _not_biddable(opportunity.notice_type)
        or _deadline_passed(opportunity.response_deadline_at, as_of)
        or _set_aside_not_held(profile.set_asides, opportunity.set_aside_code)
        or _applicant_not_meant(profile.applies_as, opportunity.eligibility_codes)
    )


def remarks(opportunity: Answerable) -> tuple[Reason, ...]:
    """Collect what a person should check although no rule excludes: reasons of zero points."""
    unknown = unknown_codes(opportunity.set_aside_code)
    if not unknown:
        return ()
    text = f"Set-aside code {', '.join(unknown)} is not one we know: check in the notice who may bid"
    return (Reason("set_aside", text, f"set_aside_code: {opportunity.set_aside_code}", 0),)


def _not_biddable(notice_type: str) -> Reason | None:
    if any(notice_type == biddable.value for biddable in BIDDABLE):
        return None
    text = f"A notice of type '{notice_type}' asks for no offer"
    return Reason(Rule.NOT_BIDDABLE.value, text, f"notice_type: {notice_type}", 0)


def _deadline_passed(deadline: datetime | None, as_of: datetime) -> Reason | None:
    # An offer that arrives at the exact instant is in time; one after it is late (FAR 52.212-1(f)).
    if deadline is None or as_of <= deadline:
        return None
    text = f"The deadline for responses has passed: {deadline:%Y-%m-%d %H:%M %Z}".rstrip()
    return Reason(Rule.DEADLINE_PASSED.value, text, f"response_deadline_at: {deadline.isoformat()}", 0)


def _set_aside_not_held(held: Iterable[str], published: str | None) -> Reason | None:
    """Exclude only when every code of the notice is known, restricts, and is one the firm does not satisfy."""
    codes = set_aside_codes(published)
    if unknown_codes(published) or any(code in OPEN_TO_ALL for code in codes):
        return None
    restricting = restricting_codes(published)
    eligible = frozenset(code.upper() for code in held)
    if not restricting or any(satisfies(eligible, code) for code in restricting):
        return None
    text = f"Set aside for {' or '.join(restricting)}, for which your profile states no eligibility"
    return Reason(Rule.SET_ASIDE_NOT_HELD.value, text, f"set_aside_code: {published}", 0)


def _applicant_not_meant(applies_as: Sequence[str], eligible: Sequence[str]) -> Reason | None:
    """Exclude only when the firm says what it is, and the grant names whom it means, by known codes and nobody else."""
    named = frozenset(eligible)
    is_closed = bool(named) and named <= ELIGIBILITY.keys() and named.isdisjoint(OPEN_TO_OTHERS)
    if not applies_as or not is_closed or any(APPLICANTS[word] in named for word in applies_as):
        return None
    text = f"Only for others: {'; '.join(words_of(ELIGIBILITY, eligible))}"
    return Reason(Rule.APPLICANT_NOT_MEANT.value, text, f"eligibility_codes: {', '.join(eligible)}", 0)
