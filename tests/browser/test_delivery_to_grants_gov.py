"""An application to Grants.gov in the browser: its fields, its plan, its receipt, what is said of it later, its profile."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from pipelines.submission.executor import find_executors
from pipelines.submission.follow_up import follow_up_deliveries
from pipelines.submission.submit import work_deliveries
from tests.browser.conftest import ADMIN, Site
from tests.browser.test_delivery import FINANCE, LEGAL, OWNER, confirm_with, deliver_page, team
from tests.certificates import Authority
from tests.factories_approvals import approved_offer, ready_offer
from tests.factories_deliveries import put_into_use
from tests.fakes.grants_parcel import FIELDS, package_files, profile_text, secrets_of
from tests.fakes.grants_s2s import client_of, running_grants_office
from warehouse import clock
from warehouse.domain.access import Person
from warehouse.ledger.store import open_ledger
from warehouse.settings import current

__all__ = ["team"]
FILES = package_files({"Narrative.txt": b"Our approach. " * 3_000, "Budget (1).txt": b"Ten. " * 900})


def test_an_application_is_handed_over_validated_and_rejected_before_the_reader(
    site: Site, team: dict[str, Person], screenshot: Callable[[Page, str], Path], tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    with running_grants_office(authority) as office:
        put_into_use(profile_text(office), secrets_of(client_of(authority)))
        told = {"executor": "grants_gov", "fields": FIELDS, "files": FILES, "solicitation_number": None}
        draft = ready_offer(team[OWNER], title="Water research, second round", **told)  # type: ignore[arg-type]
        page = site.sign_in(OWNER, path=f"/workspace?id={draft}&part=package")
        expect(page.get_by_role("textbox", name="Application filing name")).to_have_value(FIELDS["filing_name"])
        screenshot(page, "grants-package-1440")
        offer, _ = approved_offer(team[OWNER], team[LEGAL], team[FINANCE], title="Water research, first round", **told)
        page = deliver_page(site, offer)
        expect(page.get_by_text("nothing speaks against it")).to_be_visible()
        screenshot(page, "grants-plan-1440")
        confirm_with(page, "DELIVER", "Deliver")
        expect(page.get_by_text("A worker takes it within some seconds")).to_be_visible()
        work_deliveries(
            open_ledger(), current(), worker="test", until_idle=True, executors=find_executors(), pause_seconds=0.05
        )
        expect(page.get_by_role("heading", name=office.applications[0].number)).to_have_count(1)
        office.applications[0].status = "Validated"
        follow_up_deliveries(open_ledger(), at=clock.now())
        page.reload()
        expect(page.get_by_text("Validated").first).to_be_visible()
        screenshot(page, "grants-receipt-1440")
        office.reject(office.applications[0].number)
        follow_up_deliveries(open_ledger(), at=clock.now())
        page.reload()
        expect(page.get_by_text("the UEI is not that of the submitter").first).to_be_visible()
        expect(page.get_by_text("refused").first).to_be_visible()
        screenshot(page, "grants-rejected-1440")
        admin = site.sign_in(ADMIN, path="/portal_profiles")
        expect(admin.get_by_text("Grants.gov, system to system").first).to_be_visible()
        screenshot(admin, "grants-profiles-1440")
