"""The Audit page: who sees what, search and its address, one record whole, verify, a fault that is told, the export."""

import io
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pipelines.administration.audit_log import sign_log
from pipelines.administration.people import add_person
from tests.browser.conftest import ADMIN, OFFICER, PASSWORD, Site, settle
from tests.browser.screens import SCREENS
from tests.factories_audit import superuser
from warehouse import clock
from warehouse.audit.verify import public_key
from warehouse.domain.access import Department, Role
from warehouse.domain.audit_event import AuditEvent
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

AUDITOR = "auditor@firm.example"


@pytest.fixture(scope="module", autouse=True)
def deeds(home: Settings, people: None) -> None:
    """Sixty deeds, so that there is a second page; the last are not signed yet."""
    ledger = open_ledger()
    add_person(ledger, email=AUDITOR, role=Role.VIEWER, department=Department.AUDIT, password=PASSWORD, at=clock.now())
    for number in range(60):
        facts = {"from": "new", "to": "reviewing", "note": f"*looks* good <b>{number}</b>"}
        with ledger.deed(AuditEvent("opportunity:status_set", f"o{number % 8:08d}", "system", facts)):
            pass
    sign_log(ledger, home, at=clock.now())
    with ledger.deed(AuditEvent("setting:set", "autonomy_mode", "system", {"was": "manual", "now": "supervised"})):
        pass


def choose_first(page: Page) -> None:
    """Choose the first row of the grid, which is drawn on a canvas."""
    grid = page.get_by_test_id("stDataFrame").first
    box = grid.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 18, box["y"] + 52)
    settle(page)


def test_an_auditor_verifies_searches_and_reads_one_record(
    site: Site, home: Settings, screenshot: Callable[[Page, str], Path]
) -> None:
    page = site.sign_in(AUDITOR, path="/audit")
    expect(page.get_by_text("Its witness lies in")).to_be_visible()
    expect(page.get_by_text("for the next checkpoint")).to_be_visible()
    page.get_by_role("button", name="Verify the whole log").click()
    expect(page.get_by_text("The log is whole")).to_be_visible(timeout=30_000)
    page.get_by_label("To what").fill("autonomy_mode")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 record", exact=True)).to_be_visible()
    assert "subject=autonomy_mode" in page.url
    choose_first(page)
    expect(page.get_by_text("The exact bytes that were signed")).to_be_visible()
    expect(page.get_by_text('"now":"supervised","was":"manual"')).to_be_visible()
    screenshot(page, "audit-record-1440-light")
    address = page.url
    page.goto(address)
    settle(page)
    expect(page.get_by_text("The exact bytes that were signed")).to_be_visible()
    page.context.close()


def test_markup_in_a_fact_stays_text_and_pages_turn_in_the_address(site: Site) -> None:
    page = site.sign_in(ADMIN, path="/audit?action=opportunity%3A*&page=2")
    expect(page.get_by_text("51 to 60, newest first")).to_be_visible()
    choose_first(page)
    expect(page.get_by_text("*looks* good <b>9</b>", exact=True)).to_be_visible()
    page.get_by_role("button", name="All records of").click()
    expect(page.get_by_text("8 records", exact=True)).to_be_visible()
    page.context.close()


def test_an_officer_sees_own_deeds_only_and_no_buttons(site: Site) -> None:
    page = site.sign_in(OFFICER, path="/audit")
    expect(page.get_by_text("What you did yourself")).to_be_visible()
    expect(page.get_by_role("button", name="Verify what is new")).to_have_count(0)
    expect(page.get_by_role("button", name="Export")).to_have_count(0)
    page.goto("/audit?subject=autonomy_mode&actor=system&record=3")
    settle(page)
    expect(page.get_by_text("Nothing matches")).to_be_visible()
    expect(page.get_by_text("not yours to see")).to_be_visible()
    page.context.close()


def test_the_export_verifies_without_us(site: Site, home: Settings, tmp_path: Path) -> None:
    page = site.sign_in(AUDITOR, path="/audit")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    with zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes())) as archive:
        archive.extractall(tmp_path)
    (tmp_path / "key").write_text(f"{public_key(home)}\n")
    folder = tmp_path / "audit-log"
    command = [
        sys.executable,
        "-I",
        str(folder / "verify_audit.py"),
        str(folder),
        "--public-key",
        str(tmp_path / "key"),
    ]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout.partition(":")[0]) == (0, "consistent")
    page.context.close()


@pytest.mark.parametrize(("width", "dark"), SCREENS)
def test_a_fault_is_named_with_its_record(
    site: Site, home: Settings, width: int, dark: bool, screenshot: Callable[[Page, str], Path]
) -> None:
    page = site.sign_in(AUDITOR, path="/audit", width=width, dark=dark)
    screenshot(page, f"audit-whole-{width}-{'dark' if dark else 'light'}")
    page.set_viewport_size({"width": width, "height": 1000})
    with superuser(home) as connection:
        connection.execute("alter table audit_logs disable trigger refuse_change")
        connection.execute("update audit_logs set actor = 'nobody' where seq = 5")
        try:
            page.get_by_role("button", name="Verify the whole log").click()
            expect(page.get_by_text("record 5: its column actor")).to_be_visible(timeout=30_000)
            expect(page.get_by_text("refuse_change on audit_logs is switched off")).to_be_visible()
            wider = page.locator("[data-testid=stMain]").evaluate("e => e.scrollWidth - e.clientWidth")
            assert wider <= 0
            screenshot(page, f"audit-fault-{width}-{'dark' if dark else 'light'}")
        finally:
            connection.execute(
                "update audit_logs set actor = convert_from(body, 'UTF8')::jsonb ->> 'actor' where seq = 5"
            )
            connection.execute("alter table audit_logs enable always trigger refuse_change")
    page.context.close()
