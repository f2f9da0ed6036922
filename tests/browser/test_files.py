"""Files of a workspace in the browser: several at once, versions, what was refused, a preview, a download."""

import io
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from pipelines.administration.people import find_by_email
from pipelines.submission.files import upload_file
from tests.browser.conftest import OFFICER, VIEWER, Site, settle
from tests.browser.screens import SCREENS
from tests.factories_people import new_person
from tests.factories_submissions import new_submission
from tests.pipelines.submission.test_files import PROGRAM, RAR, allow_unscanned
from tests.pipelines.submission.test_previews import book, pdf
from warehouse import clock
from warehouse.domain.access import Person
from warehouse.ledger.store import open_ledger


@pytest.fixture(scope="module")
def officer(people: None) -> Person:
    return find_by_email(open_ledger(), OFFICER).person


def payload(name: str, data: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}


def workspace(site: Site, submission_id: str, email: str = OFFICER, **more: object) -> Page:
    page = site.sign_in(email, path=f"/workspace?id={submission_id}&part=files", **more)  # type: ignore[arg-type]
    expect(page.get_by_role("heading", name="Files", exact=True)).to_be_visible()
    return page


def give(place: Page | Locator, *files: FilePayload) -> None:
    place.locator("[data-testid=stFileUploaderDropzoneInput]").first.set_input_files(list(files))


def openers(page: Page) -> Locator:
    """The button of each document; a list box has a part of the same name."""
    return page.locator("[class*='st-key-open-']").get_by_role("button")


def open_document(page: Page, number: int = 0) -> None:
    openers(page).nth(number).click()
    expect(page.get_by_role("dialog")).to_be_visible()


def test_several_files_are_added_at_once_and_each_says_what_became_of_it(site: Site, officer: Person) -> None:
    page = workspace(site, new_submission(officer))
    expect(page.get_by_text("No files yet")).to_be_visible()
    give(page, payload("volume.txt", b"Our approach."), payload("offer.pdf", PROGRAM), payload("empty.txt", b""))
    expect(page.get_by_text("Kept: volume.txt.")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("It can neither be opened nor packed").first).to_be_visible()
    expect(page.get_by_text("The file is empty.")).to_be_visible()
    give(page, payload("volume.txt", b"Our better approach."))
    expect(page.get_by_text("volume.txt as version 2")).to_be_visible(timeout=60_000)
    give(page, payload("copy.txt", b"Our better approach."))
    expect(page.get_by_text("exactly these bytes already")).to_be_visible(timeout=60_000)
    open_document(page, 1)
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Add the next version").click()
    give(page.get_by_role("dialog"), payload("final (3).txt", b"Our best approach."))
    expect(page.get_by_text("final (3).txt as version 3")).to_be_visible(timeout=60_000)


def test_a_document_is_looked_at_downloaded_removed_and_restored(site: Site, officer: Person, tmp_path: Path) -> None:
    submission_id, data = new_submission(officer), book(20)
    upload_file(open_ledger(), submission_id, io.BytesIO(data), "Prices für 2026.xlsx", at=clock.now(), by=officer)
    page = workspace(site, submission_id)
    open_document(page)
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Values as they were saved.")).to_be_visible(timeout=40_000)
    for _ in range(2):  # the page lives on under a download
        with page.expect_download() as coming:
            dialog.get_by_role("button", name="Download").first.click()
        assert coming.value.suggested_filename == "Prices für 2026.xlsx"
        coming.value.save_as(tmp_path / "got")
        assert (tmp_path / "got").read_bytes() == data
        settle(page)
    dialog.get_by_role("button", name="Remove").click()
    expect(dialog).to_be_hidden()
    page.get_by_text("Removed (1)").click()
    page.get_by_role("button", name="Restore").click()
    expect(openers(page)).to_be_visible()


def test_an_officer_lets_another_ones_file_pass_where_the_setting_allows_it(site: Site, officer: Person) -> None:
    colleague = new_person()
    submission_id = new_submission(colleague, members=[officer])
    upload_file(open_ledger(), submission_id, io.BytesIO(RAR), "drawings.rar", at=clock.now(), by=colleague)
    page = workspace(site, submission_id)
    open_document(page)
    expect(page.get_by_text("here nobody lets such files pass")).to_be_visible()
    page.keyboard.press("Escape")
    allow_unscanned("yes")
    open_document(page)
    page.get_by_label("How do you know that it is harmless?").fill("Drawn by ourselves, opened on a machine apart")
    page.get_by_role("button", name="Let this file pass").click()
    expect(page.get_by_text("Let pass by officer@").first).to_be_visible()
    allow_unscanned("no")


def test_a_viewer_looks_and_changes_nothing(site: Site, officer: Person) -> None:
    submission_id = new_submission(officer)
    upload_file(open_ledger(), submission_id, io.BytesIO(b"Our approach."), "volume.txt", at=clock.now(), by=officer)
    page = workspace(site, submission_id, VIEWER)
    expect(page.locator("[data-testid=stFileUploader]")).to_have_count(0)
    open_document(page)
    expect(page.get_by_role("dialog").get_by_text("Our approach.")).to_be_visible(timeout=40_000)
    expect(page.get_by_role("button", name="Remove")).to_have_count(0)


@pytest.mark.parametrize(("width", "dark"), SCREENS)
def test_the_part_looks_well_on_every_screen(
    site: Site, officer: Person, tmp_path: Path, width: int, dark: bool
) -> None:
    submission_id = new_submission(officer)
    for name, data in (
        ("Volume I - Technical approach, final and signed.pdf", pdf(3)),
        ("Prices.xlsx", book(12)),
        ("offer.pdf", PROGRAM),
        ("drawings.rar", RAR),
    ):
        upload_file(open_ledger(), submission_id, io.BytesIO(data), name, at=clock.now(), by=officer)
    page = workspace(site, submission_id, width=width, dark=dark)
    expect(page.get_by_text("refused", exact=True).first).to_be_visible()
    page.screenshot(path=tmp_path / f"files-{width}-{dark}.png", full_page=True)
    open_document(page, 2)
    expect(page.get_by_role("dialog").get_by_text("Item 11").last).to_be_attached(timeout=40_000)
    settle(page)
    page.screenshot(path=tmp_path / f"file-{width}-{dark}.png")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.context.close()
