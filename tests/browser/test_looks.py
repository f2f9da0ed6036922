"""Each page at 1440 and 390 pixels, light and dark, full and empty: no overflow, no foreign host, a picture to look at."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.page import find_pages
from pipelines.qualification.profiles import ensure_company
from tests.browser.conftest import ADMIN, OFFICER, Site, settle
from tests.browser.screens import SCREENS
from tests.factories_ledger import notice, opportunity, publish
from warehouse import clock
from warehouse.lake.connection import Cursor, open_lake
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

TITLES = ("Network operations and cyber security support services", "Replace HVAC chiller, building 4412, and controls",
          "53--NUT,PLAIN,HEXAGON", "Help desk and end user support for the regional office, option years 1 to 4 included",
          "Janitorial services", "Software licence renewal: endpoint protection")  # fmt: skip
AGENCIES = (
    "DEPT OF DEFENSE",
    "VETERANS AFFAIRS, DEPARTMENT OF",
    "HOMELAND SECURITY, DEPARTMENT OF",
    "GENERAL SERVICES ADMINISTRATION",
)


def addresses() -> list[str]:
    """Return the addresses of all pages; the one about a thing with a thing."""
    paths = [("/" if info.is_first else f"/{path.stem}") for path, info in find_pages().by_file.items()]
    return [f"{p}?id=o00000001" if p == "/opportunity" else p for p in paths]


def fill() -> None:
    now = clock.now()
    rows = []
    for n in range(1, 161):
        score = (97 * n) % 101
        advice = "pursue" if score >= 70 else "watch" if score >= 40 else "pass"
        rows.append(
            opportunity(
                n,
                at=now,
                title=TITLES[n % 6],
                agency=AGENCIES[n % 4],
                fit_score=score,
                recommendation=advice,
                due_date=now + timedelta(hours=7 * n % 700 + 2),
                posted_at=now - timedelta(hours=3 * n),
                scored_at=now,
                set_aside_code=("SBA", None, "SDVOSBC", "8A")[n % 4],
                value_usd=(None, 125_000, 2_500_000)[n % 3],
                naics_code=("541512", "238220", "561720", "541519")[n % 4],
            )
        )
    publish(rows)
    with open_ledger("procura_pipeline").housekeeping() as tx:
        later = rows[0] | {
            "title": rows[0]["title"] + " (amended)",
            "description": "The contractor shall maintain the wide area network and report monthly.",
        }
        notice(tx, later, 2, notice_id="c" * 32, due_date=now + timedelta(days=20), set_aside_code="8A")
        tx.execute(
            "insert into connectors (name, auth_type, last_success_at) values ('sam_gov', 'none', now() - interval '31 hours')"
        )
        tx.execute(
            "insert into discovery_runs (connector_id, status, records_fetched, accepted, quarantined, versions, started_at,"
            " finished_at, skipped_files) select id, 'success', 6502, 6500, 2, 6500, now() - interval '31 hours',"
            """ now() - interval '1859 minutes', '[{"name": "notes.txt", "reason": "no known shape"}]' from connectors"""
        )


def quarantine() -> None:
    reasons = ((17, "47 columns expected, 12 found"), (6502, "the file ends within a quoted field"))

    def work(cursor: Cursor) -> None:
        for position, reason in reasons:
            cursor.execute(
                "insert into core.quarantine values (?, 'sam_gov', 'abc', 1, 'ContractOpportunitiesFullCSV.csv', ?, ?, ?, ?,"
                " now(), null)",
                [f"abc:{position}", position, position + 3, reason, b'0a1b,"Roof repair \xff at",\x00,SBA'],
            )

    open_lake().write(work)


def look(site: Site, width: int, dark: bool, name: str, screenshot: Callable[[Page, str], Path]) -> None:
    page = site.sign_in(OFFICER if name == "full" else ADMIN, width=width, dark=dark)
    foreign: list[str] = []
    page.on(
        "request", lambda r: foreign.append(r.url) if not r.url.startswith((site.address, "data:", "blob:")) else None
    )
    for address in addresses():
        page.goto(address)
        settle(page)
        expect(page.get_by_text("give your admin the reference")).to_have_count(0)
        if name == "full":
            expect(page.get_by_text("No opportunities yet")).to_have_count(0)
        wider = page.locator("[data-testid=stMain]").evaluate("e => e.scrollWidth - e.clientWidth")
        assert wider <= 0, f"{address} is {wider} pixels wider than a screen of {width}"
        label = address.strip("/").partition("?")[0] or "dashboard"
        screenshot(page, f"{label}-{name}-{width}-{'dark' if dark else 'light'}")
        page.set_viewport_size({"width": width, "height": 844 if width < 500 else 1000})
    assert foreign == []
    page.context.close()


@pytest.mark.parametrize(("width", "dark"), SCREENS)
def test_pages_on_an_empty_store(site: Site, width: int, dark: bool, screenshot: Callable[[Page, str], Path]) -> None:
    look(site, width, dark, "empty", screenshot)


@pytest.mark.parametrize(("width", "dark"), SCREENS)
def test_pages_on_a_full_store(
    site: Site, home: Settings, width: int, dark: bool, screenshot: Callable[[Page, str], Path]
) -> None:
    with open_ledger().read() as tx:
        is_empty = tx.row("select from opportunities limit 1") is None
    if is_empty:
        fill()
        quarantine()
        ensure_company(open_ledger("procura_pipeline"))
    look(site, width, dark, "full", screenshot)


@pytest.mark.parametrize(("width", "dark"), SCREENS)
def test_sign_in_page(site: Site, width: int, dark: bool, screenshot: Callable[[Page, str], Path]) -> None:
    page = site.open(width=width, dark=dark).new_page()
    page.goto("/opportunities")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    screenshot(page, f"sign-in-{width}-{'dark' if dark else 'light'}")
    page.context.close()
