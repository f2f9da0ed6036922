from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from app.address import LISTS, NO_SET_ASIDE, NUMBERS, read_view, write_view
from warehouse.ledger.opportunity_filter import Sort

AT = datetime(2026, 4, 10, 12, tzinfo=UTC)
VALUES = st.lists(st.text(min_size=1, max_size=12), max_size=4)
NAMES = st.sampled_from([*LISTS, *NUMBERS, "q", "sort", "page", "closed", "view", "other"])


@given(st.dictionaries(NAMES, VALUES))
def test_any_address_gives_a_view_that_writes_and_reads_back_the_same(parameters: dict[str, list[str]]) -> None:
    view = read_view(parameters)
    written = write_view(view)
    again = read_view({name: [value] if isinstance(value, str) else value for name, value in written.items()})
    assert again == view
    view.to_filter(AT)


def test_an_address_is_short_when_everything_is_as_usual() -> None:
    assert write_view(read_view({})) == {}
    assert write_view(read_view({"page": ["1"], "sort": ["fit"], "q": ["  "], "fit": ["0"]})) == {}


def test_a_full_address_becomes_a_filter() -> None:
    view = read_view(
        {
            "q": [" roof  repair "],
            "agency": ["A", "B", "A"],
            "set_aside": [NO_SET_ASIDE, "SBA"],
            "status": ["new", "x"],
            "rec": ["pursue"],
            "fit": ["70"],
            "due": ["7"],
            "posted": ["1"],
            "closed": ["1"],
            "sort": ["safe"],
            "page": ["3"],
        }
    )
    wanted = view.to_filter(AT)
    assert (wanted.text, wanted.agencies, wanted.set_asides) == ("roof repair", ("A", "B"), ("", "SBA"))
    assert [s.value for s in wanted.statuses] == ["new"]
    assert (wanted.fit_min, wanted.due_within_days, wanted.closed, wanted.sort) == (70, 7, True, Sort.SAFE)
    assert wanted.posted_since == datetime(2026, 4, 9, 12, tzinfo=UTC)
    assert view.page == 3
    assert view.active == 8


def test_numbers_out_of_range_are_left_out() -> None:
    view = read_view({"fit": ["101"], "due": ["-1"], "posted": ["1e3"], "page": ["0"]})
    assert view.numbers == {}
    assert view.page == 1
