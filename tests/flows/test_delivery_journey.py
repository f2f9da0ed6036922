"""Four people bring one real notice from Opportunities to a portal's receipt, in the browser, with Dagster's web server stopped.

The product is its own `up`; the portal is the rehearsal portal. Then the log holds, and the proof of the delivery verifies
without the product, and says which file it is when one byte is another.
"""

import csv
import gzip
import io
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect, sync_playwright

from pipelines.administration.people import add_person
from pipelines.submission.browser.home import HOW_TO_INSTALL, find_browser
from tests.browser.conftest import ADMIN, OFFICER, PASSWORD, Site, settle
from tests.browser.test_manual import FINANCE, LEGAL, tick_what_is_left
from tests.fakes.portal.profile import OFFICE_LINE, profile_text
from tests.fakes.portal.running import RunningPortal, running_portal
from tests.flows.conftest import Product, wait_for
from warehouse import clock
from warehouse.domain.access import Department, Person, Role
from warehouse.ledger.store import open_ledger

pytestmark = [pytest.mark.slow, pytest.mark.flow, pytest.mark.browser, pytest.mark.shared, pytest.mark.timeout(1500)]
PEOPLE = {
    ADMIN: (Role.ADMIN, Department.OPERATIONS),
    OFFICER: (Role.CONTRACT_OFFICER, Department.CONTRACTS),
    LEGAL: (Role.CONTRACT_OFFICER, Department.LEGAL),
    FINANCE: (Role.CONTRACT_OFFICER, Department.FINANCE),
}
FILES = {
    "Technical volume.txt": b"How we do the work, step by step. " * 3_000,
    "Price volume.txt": b"One lot, 1,250,000 dollars. " * 400,
}
CREDENTIALS = ("bidder", "rehearse it twice")
SAMPLE = "sam_gov/ContractOpportunities_sample.csv.gz"
START_SECONDS = 300
RUN_MS = 180_000
"""A worker, a browser and a portal on a busy machine."""


@contextmanager
def open_browser() -> Iterator[Browser]:
    path = find_browser()
    if path is None:
        pytest.skip(f"no browser found; {HOW_TO_INSTALL}")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


def write_real_notice(shared_data: Path, inbox: Path) -> str:
    """Put one real solicitation into the inbox, posted yesterday and due in three weeks; return its number."""
    csv.field_size_limit(10_000_000)
    with gzip.open(shared_data / SAMPLE, "rt", encoding="utf-8", newline="") as handle:
        found = next(row for row in csv.DictReader(handle) if is_plain(row))
    now = datetime.now(UTC)
    found["PostedDate"] = f"{now - timedelta(days=1):%Y-%m-%d %H:%M:%S}.000+00"
    found["ResponseDeadLine"] = f"{now + timedelta(days=21):%Y-%m-%dT%H:%M:%S}-05:00"
    found["ArchiveDate"] = f"{now + timedelta(days=40):%Y-%m-%d}"
    inbox.mkdir(parents=True, exist_ok=True)
    with (inbox / "ContractOpportunities.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(found), quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerow(found)
    return found["Sol#"]


def is_plain(row: dict[str, str]) -> bool:
    """Whether it is an open solicitation whose text sets no limits that two short files would break."""
    text = row["Description"].lower()
    is_open = (
        row["Active"] == "Yes" and row["Type"] == row["BaseType"] == "Solicitation" and row["SetASideCode"] == "SBA"
    )
    return is_open and 600 < len(text) < 1_800 and "page" not in text and "volume" not in text and bool(row["Sol#"])


def add_people() -> dict[str, Person]:
    return {
        email: add_person(
            open_ledger(), email=email, role=role, department=department, password=PASSWORD, at=clock.now()
        )
        for email, (role, department) in PEOPLE.items()
    }


def test_four_people_bring_a_real_notice_to_a_receipt_with_the_dagster_webserver_stopped(
    product_here: Product, shared_data: Path, tmp_path: Path
) -> None:
    number = write_real_notice(shared_data, product_here.home / "inbox" / "sam_gov")
    product_here.up()
    wait_for("the app serves, and Dagster's web server is there", lambda: serves(product_here), START_SECONDS)
    wait_for("the notice is published", lambda: "open opportunities" in product_here.words, START_SECONDS)
    state = product_here.state
    web = int(state["processes"]["web"]["pid"])
    os.kill(web, signal.SIGSTOP)  # stopped, not dead: a dead one is started again
    try:
        people = add_people()
        with running_portal(tmp_path / "portal") as portal, open_browser() as browser:
            site = Site(str(state["app_url"]).rstrip("/"), browser)
            put_profile_into_use(site, portal)
            offer = make_package(site, people, number, portal)
            for email, department in ((LEGAL, "legal"), (FINANCE, "finance")):
                sign(site, email, department)
            receipt = deliver(site, offer)
            check_what_arrived(portal, receipt)
        check_log(product_here)
        check_proof(product_here, offer, receipt, tmp_path)
    finally:
        os.kill(web, signal.SIGCONT)
    assert product_here.stop() == 0


def serves(product: Product) -> bool:
    has_begun = (product.home / "run" / "up.json").exists()
    return (
        has_begun
        and "web" in product.state["processes"]
        and bool(product.state.get("app_url"))
        and product.is_healthy()
    )


def put_profile_into_use(site: Site, portal: RunningPortal) -> None:
    """The admin uploads the recipe, sets its credentials, rehearses it and activates it."""
    page = site.sign_in(ADMIN, path="/portal_profiles")
    page.get_by_text("Upload or check a profile").click()
    text = profile_text(portal.address)
    payload = FilePayload(name="rehearsal.toml", mimeType="application/toml", buffer=text.encode())
    page.locator("input[type=file]").first.set_input_files(payload)
    expect(page.get_by_role("textbox", name="The profile as text (TOML)")).to_have_value(text)
    page.get_by_role("button", name="Keep as the next version").click()
    expect(page.get_by_text("Kept: rehearsal, version 1.")).to_be_visible()
    page.goto("/credentials")
    settle(page)
    expect(page.get_by_text("Rehearsal Bid Portal: user")).to_be_visible()
    first = page.get_by_role("button", name="Set key").count() - len(CREDENTIALS)
    for secret in CREDENTIALS:
        page.get_by_role("button", name="Set key").nth(first).click()
        page.get_by_placeholder("Paste the key").fill(secret)
        page.get_by_role("button", name="Save key").click()
        expect(page.get_by_placeholder("Paste the key")).to_have_count(0)
        settle(page)
    page.goto("/portal_profiles?profile=rehearsal")
    settle(page)
    page.get_by_role("button", name="Rehearse …").click()
    page.get_by_role("textbox", name="What the forms ask for").fill(OFFICE_LINE)
    page.get_by_role("button", name="Rehearse now").click()
    expect(page.get_by_text("The last button was reached")).to_be_visible(timeout=RUN_MS)
    assert portal.store.offers() == []
    page.get_by_role("button", name="Activate …").click()
    page.get_by_role("button", name="Activate version 1").click()
    expect(page.get_by_text("Activated: deliveries use this version")).to_be_visible()
    page.context.close()


def make_package(site: Site, people: dict[str, Person], number: str, portal: RunningPortal) -> str:
    """The officer finds the notice, opens a workspace, uploads, packs and sends to legal; returns the offer's id."""
    page = site.sign_in(OFFICER, path=f"/opportunities?view=cards&q={number}")
    page.get_by_role("link", name="Open").first.click()
    page.get_by_role("button", name="Open a workspace").click()
    expect(page.get_by_role("heading", name="Checklist", exact=True)).to_be_visible()
    offer = re.search(r"id=([0-9a-f-]{36})", page.url).group(1)  # type: ignore[union-attr]
    page.locator("input[type=file]").first.set_input_files(
        [FilePayload(name=name, mimeType="text/plain", buffer=data) for name, data in FILES.items()]
    )
    expect(page.get_by_text("Kept: Technical volume.txt")).to_be_visible(timeout=RUN_MS)
    tick_what_is_left(offer, people)
    page.goto(f"/workspace?id={offer}&part=package")
    settle(page)
    page.get_by_role("button", name="Add all 2 that are scanned").click()
    expect(page.get_by_role("button", name="Take out")).to_have_count(2)
    settle(page)  # a list that is open while its part is drawn anew closes
    page.get_by_role("combobox", name="Way to deliver").click()
    page.get_by_role("option", name="Portal by recipe").click()
    page.get_by_role("textbox", name="Name of the portal's recipe").fill("rehearsal")
    page.get_by_role("textbox", name="Address of the portal").fill(portal.address.replace("http://", "https://"))
    page.get_by_role("textbox", name="What the forms ask for").fill(OFFICE_LINE)
    page.get_by_role("button", name="Save delivery").click()
    expect(page.get_by_text("The delivery is saved.")).to_be_visible()
    expect(page.get_by_text(re.compile("^Not yet"))).to_have_text([])  # else it says which gate says no
    page.get_by_role("button", name="Send to legal").click()
    expect(page.get_by_text("It waits for signatures")).to_be_visible()
    page.context.close()
    return offer


def sign(site: Site, email: str, department: str) -> None:
    page = site.sign_in(email, path="/approvals")
    page.get_by_role("link", name="Look and sign").click()
    page.get_by_role("button", name=f"Sign for {department}").click()
    expect(page.get_by_text("You have signed").first).to_be_visible()
    page.context.close()


def deliver(site: Site, offer: str) -> str:
    """The officer delivers it by the typed word and waits for the receipt; returns its number as the page shows it."""
    page = site.sign_in(OFFICER, path=f"/workspace?id={offer}&part=delivery")
    expect(page.get_by_text("nothing speaks against it")).to_be_visible()
    page.get_by_role("button", name="Deliver now …").click()
    page.get_by_role("textbox", name="Type DELIVER to confirm").fill("DELIVER")
    page.get_by_role("button", name="Deliver package 1").click()
    expect(page.get_by_text("The receipt is for exactly this package.")).to_be_visible(timeout=RUN_MS)
    receipt = shown_receipt(page)
    page.context.close()
    return receipt


def shown_receipt(page: Page) -> str:
    heading = page.get_by_role("heading", name=re.compile(r"^R-\d{4}-\d{6}$"))
    expect(heading).to_be_visible()
    return heading.inner_text()


def check_what_arrived(portal: RunningPortal, receipt: str) -> None:
    (offer,) = portal.store.offers()
    assert offer.number == receipt
    arrived = {file.name: sha256(file.data).hexdigest() for file in portal.store.files_of(offer)}
    assert arrived == {name: sha256(data).hexdigest() for name, data in FILES.items()}


def check_log(product: Product) -> None:
    """The stand-alone verifier says that the exported log is whole."""
    done = product.run("audit", "verify", "--json")
    assert done.returncode == 0, done.stdout + done.stderr


def check_proof(product: Product, offer: str, receipt: str, folder: Path) -> None:
    """The proof verifies by itself; with a byte of a file or of the log changed it says which."""
    proof = folder / "proof"
    made = product.run("submission", "proof", offer, "--out", str(proof))
    assert made.returncode == 0, made.stderr
    assert receipt in verified(proof, folder, returncode=0)
    log = proof / "audit" / "records.jsonl"
    for changed in (next(proof.rglob("*Price volume.txt")), log):
        copy = folder / f"changed-{changed.name}"
        shutil.copytree(proof, copy)
        spoil(copy / changed.relative_to(proof))
        assert changed.name in verified(copy, folder, returncode=1)


def verified(proof: Path, elsewhere: Path, *, returncode: int) -> str:
    """Run the verifier as a machine does that has nothing but Python and this folder."""
    done = subprocess.run(
        [sys.executable, "-I", str(proof / "verify_submission.py"), str(proof)], cwd=elsewhere, env={}, capture_output=True,
        text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == returncode, done.stdout + done.stderr
    return done.stdout + done.stderr


def spoil(path: Path) -> None:
    """Change one bit in the middle of a file."""
    data = io.BytesIO(path.read_bytes())
    middle = len(data.getvalue()) // 2
    data.seek(middle)
    data.write(bytes([data.getvalue()[middle] ^ 1]))
    path.write_bytes(data.getvalue())
