from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.widgets import amendments, money, names, score
from app.widgets.deadline import Urgency, describe, left, moment, sortable, urgency
from app.widgets.quarantine import shown
from app.widgets.text import addresses, link, mail, plain, readable
from warehouse.domain.deadlines import DeadlinePrecision as Precision
from warehouse.domain.deadlines import office_zone
from warehouse.domain.fit import Reason, Recommendation
from warehouse.ledger.opportunities import ChainNotice

AT = datetime(2026, 4, 8, 14, tzinfo=UTC)
DUE = datetime(2026, 4, 10, 18, tzinfo=UTC)


def test_a_deadline_says_office_here_left_and_when_to_send() -> None:
    words = describe(
        DUE, -240, Precision.INSTANT, datetime(2026, 4, 9, 21, tzinfo=UTC), at=AT, here=ZoneInfo("Europe/Berlin")
    )
    assert words.office == "Fri 10 Apr 2026 14:00 EDT"
    assert words.here == "Fri 10 Apr 20:00 here"
    assert words.left == "in 2 d 4 h"
    assert words.send_by == "send by Thu 9 Apr 17:00"
    assert words.urgency is Urgency.AMBER


def test_here_is_left_out_where_it_is_the_office_s_own_time() -> None:
    assert describe(DUE, -240, Precision.INSTANT, None, at=AT, here=ZoneInfo("America/New_York")).here == ""


@pytest.mark.parametrize(
    ("hours", "expected", "level"),
    [
        (80, "in 3 d 8 h", Urgency.CALM),
        (71.9, "in 2 d 23 h", Urgency.AMBER),
        (23.5, "in 23 h 30 min", Urgency.RED),
        (0.1, "in 6 min", Urgency.RED),
        (-3, "passed 3 h 0 min ago", Urgency.PASSED),
        (24 * 12, "in 12 d", Urgency.CALM),
    ],
)
def test_left_and_urgency(hours: float, expected: str, level: Urgency) -> None:
    due = AT + timedelta(hours=hours)
    assert (left(due, AT), urgency(due, AT)) == (expected, level)


@pytest.mark.parametrize(
    ("precision", "mark"),
    [(Precision.ASSUMED_ZONE, "zone assumed"), (Precision.DATE, "day only"), (Precision.INSTANT, "")],
)
def test_what_was_assumed_carries_a_mark_and_its_reason(precision: Precision, mark: str) -> None:
    words = describe(DUE, -240, precision, None, at=AT)
    assert words.mark == mark
    assert bool(words.mark_help) == bool(mark)


def test_no_deadline_and_an_unreadable_one() -> None:
    assert describe(None, None, Precision.NONE, None, at=AT).office == "no deadline stated"
    assert describe(None, None, Precision.UNREADABLE, None, at=AT, raw="soon").office == "as published: soon"


@given(st.integers(-720, 840))
def test_every_offset_has_a_name(minutes: int) -> None:
    words = describe(DUE, minutes, Precision.INSTANT, None, at=AT)
    name = words.office.split(" ")[5]
    assert name.isalpha() or name.startswith("UTC")


def test_a_column_of_deadlines_sorts_by_time_within_a_zone() -> None:
    assert sortable(DUE, office_zone(DUE, -600)) == "2026-04-10 Fri 08:00 HST"


def test_a_zone_without_a_name_is_shown_as_published() -> None:
    tokyo = office_zone(DUE, 540)
    assert moment(DUE, tokyo) == "Sat 11 Apr 2026 03:00 UTC+09:00 (as published)"
    assert sortable(DUE, tokyo) == "2026-04-11 Sat 03:00 UTC+09:00"
    assert moment(DUE, ZoneInfo("Asia/Yerevan")) == "Fri 10 Apr 2026 22:00 UTC+04:00", (
        "a reader's own is no one's publication"
    )


def test_the_chain_calls_the_office_s_zone_as_the_page_does() -> None:
    due = chain_notice(1, due_date=DUE, due_offset_minutes=-420)
    assert amendments.due_text(due, "AZ") == "Fri 10 Apr 2026 11:00 MST"
    assert amendments.due_text(due, None) == "Fri 10 Apr 2026 11:00 PDT"


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        (None, ""),
        ("999", "$999"),
        ("1250", "$1.25k"),
        ("350000", "$350k"),
        ("1200000", "$1.2M"),
        ("20000000000", "$20B"),
        ("0", "$0"),
    ],
)
def test_dollars_are_short_in_tables(amount: str | None, expected: str) -> None:
    assert money.short(Decimal(amount) if amount else None) == expected


@pytest.mark.parametrize(
    "text",
    [
        "**bold**",
        "[x](https://evil.example)",
        "![x](y)",
        ":red[x]",
        "$a$",
        "<b>",
        "# head",
        "`code`",
        "a\nb",
        "- x",
        "1. x",
        "~~x~~",
    ],
)
def test_markdown_of_others_is_escaped(text: str) -> None:
    escaped = plain(text)
    assert "\n" not in escaped
    for sign in "*[]!:$<#`~":
        assert sign not in escaped.replace(f"\\{sign}", "")


def test_addresses_do_not_link_themselves() -> None:
    assert "http\u2060\\:" in plain("http://x.example")
    assert "www\u2060\\." in plain("www.x.example")


@given(st.text())
def test_escaping_loses_no_visible_sign(text: str) -> None:
    assert plain(text).count("x") == text.count("x")


def test_markup_of_a_notice_becomes_lines() -> None:
    assert readable("<p>One</p><p>Two &amp; three<br/>four</p>") == "One\n\nTwo & three\nfour"
    assert readable("<script>alert(1)</script><style>x</style>kept") == "kept"
    assert readable("sizes < 5 and > 3 & more") == "sizes < 5 and > 3 & more"
    assert readable("a\u202eb\u200bc\x00") == "abc"
    assert readable("<table><tr><td>a</td><td>b</td></tr></table>") == "a b"


@given(st.text())
def test_any_text_of_a_notice_can_be_shown(text: str) -> None:
    readable(text)
    addresses(text)


def test_only_web_addresses_become_links() -> None:
    assert link("javascript:alert(1)").startswith("javascript\\:")
    shown, target = link("https://a.example/x(y)[z]").removesuffix(">)").split("](<")
    assert shown.removeprefix("[").replace("\\", "") == "https://a.example/x(y)[z]"
    assert target == "https://a.example/x%28y%29%5Bz%5D"
    assert mail("no address") == "no address"
    assert mail("a@b.gov").endswith("(<mailto:a@b.gov>)")
    text = "see https://a.example/x. and https://a.example/x, (http://b.example)"
    assert addresses(text) == ["https://a.example/x", "http://b.example"]


def chain_notice(ordinal: int, **changes: object) -> ChainNotice:
    values = {
        "ordinal": ordinal, "notice_id": f"n{ordinal}", "notice_type": "Solicitation", "title": "Roof repair", "posted_at": AT,
        "due_date": DUE, "due_raw": "x", "due_offset_minutes": -240, "due_precision": Precision.INSTANT, "set_aside_code": None,
        "description": "The contractor shall repair the roof within 30 days.", "url": None, "first_seen_at": AT,
    }  # fmt: skip
    return ChainNotice(**{**values, **changes})  # type: ignore[arg-type]


def test_an_amendment_names_each_change() -> None:
    later = chain_notice(
        2, title="Roof and gutter repair", due_date=DUE + timedelta(days=7), set_aside_code="SBA",
        description="The contractor shall repair the roof and gutters within 45 days.",
    )  # fmt: skip
    step = amendments.steps([chain_notice(1), later])[0]
    assert [field for field, _, _ in step.changes] == ["Title", "Deadline", "Set-aside"]
    assert ("Set-aside", "none", "Total small business") in step.changes
    assert (step.words_added, step.words_removed) == (3, 1)
    assert [(p.removed, p.added) for p in step.passages] == [("", "and gutters"), ("30", "45")]


def test_a_version_that_changed_nothing_visible_is_left_out_and_a_new_notice_is_not() -> None:
    same_notice = chain_notice(2, notice_id="n1")
    reposted = chain_notice(3)
    assert [s.notice.ordinal for s in amendments.steps([chain_notice(1), same_notice, reposted])] == [3, 1]


def test_very_long_texts_are_compared_by_lines_in_time() -> None:
    old = "\n".join(f"line {n} of the text" for n in range(8_000))
    passages, removed, added = amendments.text_changes(old, old.replace("line 77 of", "line 77 out of"))
    assert passages == ()
    assert (removed, added) == (5, 6)


def test_names_do_not_shout() -> None:
    assert names.office("DEPT OF THE ARMY") == "Dept of the Army"
    assert names.office("VETERANS AFFAIRS, DEPARTMENT OF") == "Veterans Affairs, Department of"
    assert names.office("W6QM MICC-FT BRAGG") == "W6QM MICC-FT Bragg"
    assert names.office("Already Fine") == "Already Fine"
    assert names.office(None) == ""


def test_codes_are_named_once_for_their_group() -> None:
    assert names.grouped("naics", ["238220", "541512", "238210", "99"]) == (
        "Construction: 238220, 238210 · Professional, scientific, and technical services: 541512 · Others: 99"
    )


def test_fit_in_words() -> None:
    reasons = [Reason("naics", "Same industry.", "NAICS", 38), Reason("title", "Shares *words*", "", -2)]
    assert score.label(83, Recommendation.PURSUE) == "83 Pursue"
    assert score.label(None, None) == "not scored"
    assert score.why(reasons) == "Same industry; Shares *words*"
    assert score.hover(reasons) == "- Same industry\\. (+38)\n- Shares \\*words\\* (-2)"


def test_bytes_in_quarantine_can_be_told_apart() -> None:
    assert shown(b"a,\xff\x00b") == "a,\\xff\\x00b"
