"""The rules by which fields are read: deadlines in three forms and nineteen offsets, the group key, codes, links."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.lake.notice_engine import notice_engine, split_path, unescape_html

OFFSETS = [-720, -660, -600, -570, -540, -480, -420, -360, -300, -240, -180, 0, 60, 120, 180, 330, 345, 540, 840]
"""Nineteen offsets in minutes, those of Honolulu, India, Nepal and Japan among them."""


def ask(expression: str, **values: object) -> Any:
    """Evaluate one expression of the macros."""
    with notice_engine() as engine:
        row = engine.execute(f"select {expression}", values).fetchone()
    assert row is not None
    return row[0]


def time_of(raw: str | None, zone: str = "America/New_York", *, day_end: bool = True) -> tuple[str, datetime | None]:
    """Read a time of day as published: its form and the instant."""
    form = "time_form(x, local_of(x), stated_offset_of(x))"
    with notice_engine() as engine:
        row = engine.execute(
            f"select {form}, instant_of(local_of(x), stated_offset_of(x), {form}, z, $day_end)"
            " from (select cast($raw as varchar) as x, cast($zone as varchar) as z)",
            {"raw": raw, "zone": zone, "day_end": day_end},
        ).fetchone()
    assert row is not None
    return row


def offset_text(minutes: int, *, colon: bool = True) -> str:
    """Write an offset as sources do."""
    sign, rest = "-" if minutes < 0 else "+", abs(minutes)
    return f"{sign}{rest // 60:02d}{':' if colon else ''}{rest % 60:02d}"


locals_ = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)).map(lambda moment: moment.replace(microsecond=0))


@pytest.mark.thorough
@settings(max_examples=100)
@given(locals_, st.sampled_from(OFFSETS), st.sampled_from(["T", " "]), st.booleans())
def test_a_deadline_with_offset_is_that_instant(local: datetime, offset: int, between: str, colon: bool) -> None:
    raw = local.strftime(f"%Y-%m-%d{between}%H:%M:%S") + offset_text(offset, colon=colon)
    form, at = time_of(raw)
    assert form == "instant"
    assert at == local.replace(tzinfo=timezone(timedelta(minutes=offset)))


@settings(max_examples=60)
@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.sampled_from(["America/Los_Angeles", "Pacific/Guam"]))
def test_a_bare_date_is_the_end_of_that_day_at_the_office(day: date, zone: str) -> None:
    form, at = time_of(day.isoformat(), zone)
    assert form == "date"
    assert at == datetime.combine(day, time(23, 59, 59), ZoneInfo(zone))


@settings(max_examples=60)
@given(locals_.filter(lambda moment: moment.hour > 4))
def test_a_naive_time_is_in_the_assumed_zone(local: datetime) -> None:
    form, at = time_of(local.isoformat(), "America/Denver")
    assert form == "assumed_zone"
    assert at == local.replace(tzinfo=ZoneInfo("America/Denver"))


@pytest.mark.parametrize(
    ("raw", "form"),
    [
        (None, "none"),
        ("2026-04-24 23:24:04.649-04", "instant"),
        ("2026-04-24 23:24:04.6-05", "instant"),
        ("2026-05-01T16:30Z", "instant"),
        ("2026-05-01T16:30:00 +05:30", "instant"),
        ("2026-02-30", "unreadable"),
        ("2026-02-30T10:00:00-05:00", "unreadable"),
        ("2026-05-01T16:30:00+99:00", "unreadable"),
        ("2026-05-01T16:30:00-13:00", "unreadable"),
        ("2026-05-01T25:30:00", "unreadable"),
        ("9999-12-31T23:59:59Z", "unreadable"),
        ("May 1, 2026 4:30 pm", "unreadable"),
        ("TBD", "unreadable"),
    ],
)
def test_forms_of_times(raw: str | None, form: str) -> None:
    found, at = time_of(raw)
    assert found == form
    assert (at is None) == (form in {"none", "unreadable"})


@pytest.mark.thorough
@settings(max_examples=200)
@given(st.text(max_size=40))
def test_no_text_breaks_the_reading_of_times(raw: str) -> None:
    form, at = time_of(raw.replace("\0", ""))
    assert form in {"none", "unreadable", "date", "assumed_zone", "instant"}
    assert at is None or at.astimezone(UTC).year > 1900


def key_of(number: str | None, notice_id: str = "n1") -> str:
    """Return the solicitation key of a number."""
    return str(ask("solicitation_key_of(number_key($n, letters_and_digits($n)), $id)", n=number, id=notice_id))


@pytest.mark.parametrize(
    "spelling",
    ["SPRDL125Q0054", "2025-SPRDL125Q0054", "SPRDL1-25-Q-0054", " sprdl1 25 q 0054 ", "2025_SPRDL1-25-Q-0054"],
)
def test_spellings_of_one_number_meet(spelling: str) -> None:
    assert key_of(spelling) == "SPRDL125Q0054"


@pytest.mark.parametrize("placeholder", [None, "", "TBD", "N/A", "RFI", "tbd", "Q1", "---", "See attachment"])
def test_a_placeholder_groups_nothing(placeholder: str | None) -> None:
    assert key_of(placeholder, "a1") == "NOTICEa1"
    assert key_of(placeholder, "b2") == "NOTICEb2"


def test_a_year_that_is_part_of_the_number_stays() -> None:
    assert key_of("2026-0012") == "20260012"
    assert key_of("2026-123456789") == "2026123456789"
    assert key_of("20262026R0001X") == "20262026R0001X"


number_text = st.text("ABCDEFGHKLMNPQRSTVWXYZ0123456789", min_size=9, max_size=17).filter(
    lambda text: any(c.isdigit() for c in text) and any(c.isalpha() for c in text) and not text[:4].isdigit()
)


@settings(max_examples=150)
@given(number_text, st.data())
def test_case_punctuation_and_a_leading_year_do_not_matter(number: str, data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(number) - 1))
    mark = data.draw(st.sampled_from(["-", " ", ".", "/", "_", ""]))
    spelled = number[:cut] + mark + number[cut:]
    spelled = data.draw(
        st.sampled_from([spelled, spelled.lower(), f"2025-{spelled}", f"2026 {spelled}", f" {spelled} "])
    )
    assert key_of(spelled) == number


def opportunity_id(agency: str | None, number: str | None, notice_id: str = "n1", source: str = "sam_gov") -> str:
    """Return the id of the opportunity a notice belongs to."""
    return str(
        ask(
            "opportunity_id_of($source, letters_and_digits($agency), number_key($n, letters_and_digits($n)), $id)",
            source=source,
            agency=agency,
            n=number,
            id=notice_id,
        )
    )


def test_opportunity_id_hangs_on_source_agency_and_number_only() -> None:
    first = opportunity_id("DEPT OF DEFENSE", "W912HN-26-Q-0001", "a")
    assert first == opportunity_id("Dept. of Defense", "W912HN26Q0001", "b")
    assert first != opportunity_id("ENERGY, DEPARTMENT OF", "W912HN26Q0001", "a")
    assert first != opportunity_id("DEPT OF DEFENSE", "W912HN26Q0001", "a", source="demo")
    assert first.startswith("o")
    assert len(first) == 25


def test_a_notice_without_number_is_its_own_opportunity_whoever_posted_it() -> None:
    assert opportunity_id("DEPT OF DEFENSE", "TBD", "a") == opportunity_id(None, None, "a")
    assert opportunity_id("DEPT OF DEFENSE", "TBD", "a") != opportunity_id("DEPT OF DEFENSE", "TBD", "b")


@pytest.mark.parametrize(
    ("link", "kept"),
    [
        ("https://sam.gov/f/1/download?api_key=SECRET&token=", "https://sam.gov/f/1/download?token="),
        ("https://sam.gov/f/1/download?token=1&API_KEY=SECRET", "https://sam.gov/f/1/download?token=1"),
        ("https://sam.gov/f/1?api_key=SECRET", "https://sam.gov/f/1"),
        ("https://sam.gov/f/1?api_key=SECRET#top", "https://sam.gov/f/1#top"),
        ("https://sam.gov/f/1?x=2", "https://sam.gov/f/1?x=2"),
        ("  https://sam.gov/f/1 ", "https://sam.gov/f/1"),
        ("sam.gov/f/1", None),
        ("javascript:alert(1)", None),
        ("https://sam.gov/a b", None),
    ],
)
def test_links_lose_their_keys(link: str, kept: str | None) -> None:
    assert ask("link_of($x)", x=link) == kept


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("SBA", "SBA"),
        ('["SBA"]', "SBA"),
        ('["8A", "SBA"]', "8A"),
        ("NONE", None),
        ("none", None),
        ("[", None),
        ("see text", None),
    ],
)
def test_set_asides_are_read_by_code(raw: str, code: str | None) -> None:
    assert ask("set_aside_of(set_aside_text_of($x))", x=raw) == code


@pytest.mark.parametrize(
    ("raw", "code"),
    [("541330", "541330"), ("541330.0", "541330"), ("54", "54"), ("0", None), ("abc", None), ("5413301", None)],
)
def test_naics_are_read(raw: str, code: str | None) -> None:
    assert ask("naics_of($x)", x=raw) == code


@pytest.mark.parametrize(
    ("raw", "amount"),
    [
        ("350000.00", Decimal("350000.00")),
        ("$1,250.5", Decimal("1250.50")),
        ("0", Decimal(0)),
        ("-5", None),
        ("12 each", None),
        ("1" + "0" * 17, None),
    ],
)
def test_ceilings_are_read(raw: str, amount: Decimal | None) -> None:
    assert ask("dollars_of($x)", x=raw) == amount


def test_titles_lose_entities_and_blanks() -> None:
    assert ask("words_of($x)", x="  R&amp;D \n of  &quot;pumps&quot; ") == 'R&D of "pumps"'
    assert ask("words_of($x)", x=" \t ") is None
    assert unescape_html("R&PARTS AT&T &copy 2026") == "R&PARTS AT&T &copy 2026"
    assert "\0" not in unescape_html("a&#0;b")


def test_agency_paths_are_split_by_their_codes() -> None:
    assert split_path("U.S. ARMY.ST. LOUIS DISTRICT.OFFICE", "1.2.3") == ["U.S. ARMY", "ST. LOUIS DISTRICT", "OFFICE"]
    assert split_path("DEPT OF DEFENSE.W4LD", "1.2.3") == ["DEPT OF DEFENSE", "W4LD"]
    assert split_path("A.ONE.TWO.THREE", "1.2") == ["A.ONE", "TWO.THREE"]
