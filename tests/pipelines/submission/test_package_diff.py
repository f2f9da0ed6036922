"""What is different between two packages, told thing by thing."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from pipelines.submission.package_diff import Difference, TextChange, difference_of
from pipelines.submission.package_state import PackageState, body_of
from tests.factories_packages import AT, FIELDS, change, good_state, packed, submission

BEFORE = good_state(packed=(packed(1), packed(2), packed(3)))


def told(**changes: Any) -> Difference:
    return difference_of(body_of(BEFORE), body_of(replace(BEFORE, **changes)))


def offer(**changes: Any) -> PackageState:
    return replace(BEFORE, submission=submission(**changes))


def test_the_same_package_has_no_difference() -> None:
    assert told().is_empty


def test_a_file_that_came_and_one_that_went() -> None:
    found = told(packed=(packed(1), packed(2), packed(4)))
    assert ([f.name for f in found.added], [f.name for f in found.removed]) == (["Volume 4.pdf"], ["Volume 3.pdf"])
    assert (found.changed, found.moved) == ((), ())


def test_a_replaced_file_shows_both_hashes() -> None:
    (one,) = told(packed=(packed(1), packed(2, version=2, sha256="a" * 64, size_bytes=7), packed(3))).changed
    assert (one.is_replaced, one.is_renamed, one.is_in_another_volume) == (True, False, False)
    assert (one.was.version, one.now.version, one.now.sha256, one.now.size) == (1, 2, "a" * 64, 7)
    assert one.was.sha256 != one.now.sha256


def test_another_name_and_another_volume() -> None:
    (one,) = told(packed=(packed(1), packed(2, name="Price.pdf", volume="Volume II"), packed(3))).changed
    assert (one.is_replaced, one.is_renamed, one.is_in_another_volume) == (False, True, True)
    assert (one.was.name, one.now.name) == ("Volume 2.pdf", "Price.pdf")


@pytest.mark.parametrize(
    ("order", "moved"), [((3, 1, 2), ["Volume 3.pdf"]), ((2, 1, 3), ["Volume 2.pdf"]), ((2, 3), []), ((4, 1, 2, 3), [])]
)
def test_only_what_moved_is_told_as_moved(order: tuple[int, ...], moved: list[str]) -> None:
    found = told(packed=tuple(packed(number) for number in order)).moved
    assert len(found) == len(moved)
    if order != (2, 1, 3):  # of two that swap, either may be said to have moved
        assert [change.now.name for change in found] == moved


def test_fields_value_deadline_and_notice() -> None:
    assert told(fields={"portal_name": "SAM", "entries": "UEI: 1"}).fields == (
        TextChange("entries", None, "UEI: 1"),
        TextChange("portal_address", FIELDS["portal_address"], None),
        TextChange("portal_name", "PIEE", "SAM"),
    )
    after = offer(
        value_usd=Decimal("99.5"), due_date=AT + timedelta(days=20), notice_hash="v2", executor="email"
    ).submission
    facts = {c.label: (c.was, c.now) for c in told(submission=after, changes=(change(1), change(2))).facts}
    assert facts == {
        "Value in dollars": ("125000.00", "99.50"),
        "Deadline": ("2026-04-20T12:00:00.000000+00:00", "2026-04-30T12:00:00.000000+00:00"),
        "Version of the notice": ("v1", "v2"),
        "Way to deliver": ("assisted", "email"),
        "Acknowledged changes of the notice": ("c1", "c1, c2"),
    }
