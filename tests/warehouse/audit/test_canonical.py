from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.audit.canonical import canonical_bytes
from warehouse.domain.audit_event import AuditEvent
from warehouse.errors import BadInput

AT = datetime(2026, 4, 10, 12, tzinfo=UTC)


def test_the_order_of_facts_and_the_zone_of_the_instant_do_not_matter() -> None:
    one = canonical_bytes(AuditEvent("a:b", "s", "p", {"x": 1, "y": "z"}), seq=1, at=AT)
    other = canonical_bytes(
        AuditEvent("a:b", "s", "p", {"y": "z", "x": 1}), seq=1, at=AT.astimezone(timezone(timedelta(hours=9)))
    )
    assert one == other


@pytest.mark.parametrize("value", [0.5, [1], {"a": 1}, AT])
def test_a_fact_with_more_than_one_spelling_is_refused(value: object) -> None:
    with pytest.raises(BadInput):
        canonical_bytes(AuditEvent("a:b", "s", "p", {"x": value}), seq=1, at=AT)  # type: ignore[dict-item]


def test_an_instant_without_zone_is_refused() -> None:
    with pytest.raises(BadInput):
        canonical_bytes(AuditEvent("a:b", "s", "p"), seq=1, at=datetime(2026, 4, 10))


@pytest.mark.parametrize("value", [2**63, -(2**63)])
def test_a_number_beyond_64_bits_is_refused(value: int) -> None:
    with pytest.raises(BadInput, match="64 bits"):
        canonical_bytes(AuditEvent("a:b", "s", "p", {"x": value}), seq=1, at=AT)


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(BadInput, match="surrogate"):
        canonical_bytes(AuditEvent("a:b", "\ud800", "p"), seq=1, at=AT)


@given(
    st.dictionaries(st.text(max_size=9), st.text() | st.integers(-(2**63) + 1, 2**63 - 1) | st.booleans() | st.none()),
    st.text(),
)
def test_different_facts_never_share_their_bytes(facts: dict[str, str | int | bool | None], subject: str) -> None:
    base = canonical_bytes(AuditEvent("a:b", subject, "p", facts), seq=1, at=AT)
    assert base != canonical_bytes(AuditEvent("a:b", subject + "!", "p", facts), seq=1, at=AT)
    assert base != canonical_bytes(AuditEvent("a:b", subject, "p", {**facts, "a long new name": 1}), seq=1, at=AT)
