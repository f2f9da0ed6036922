"""A day at the desk: sign in, find, share, decide, be refused, sign out; on a store with notices."""

import csv
import io
import re
from datetime import timedelta
from pathlib import Path

import httpx
import psutil
import pytest
from playwright.sync_api import Page, expect

from app.cookies import session_cookie
from pipelines.qualification.profiles import ensure_company
from tests.browser.conftest import ADMIN, OFFICER, PASSWORD, VIEWER, Site, settle
from tests.factories_ledger import notice, opportunity, publish
from warehouse import clock
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

MARKUP = "<img src=x onerror=alert(1)> **bold** [click](https://evil.example) :red[x] ![](https://evil.example/p.png) $5 www.evil.example"


@pytest.fixture(scope="module", autouse=True)
def _notices(home: Settings) -> None:
    now = clock.now()
    rows = [opportunity(n, at=now, fit_score=max(5, 95 - n)) for n in range(1, 121)]
    rows[0].update(
        title="Roof repair at the armory", naics_code="238160", agency="DEPT OF THE INTERIOR", set_aside_code=None
    )
    rows[1].update(title=MARKUP, description=f"<p>{MARKUP}</p><script>alert(2)</script> read https://evil.example/more")
    rows[2].update(due_date=now + timedelta(hours=5), solicitation_number="SPRDL1-25-Q-0054")
    publish(rows)
    with open_ledger("procura_pipeline").housekeeping() as tx:
        changed = rows[0] | {
            "title": "Roof repair at the old armory",
            "description": "The contractor shall repair the roof.",
        }
        notice(tx, changed, 2, notice_id="b" * 32, due_date=now + timedelta(days=20), set_aside_code="SBA")


def titles(page: Page) -> list[str]:
    """Read the cards' titles, best first."""
    settle(page)
    return page.locator("[data-testid=stMain] [data-testid=stMarkdown] strong").all_inner_texts()


def cookie_of(page: Page) -> str:
    return next(c["value"] for c in page.context.cookies() if c["name"] == session_cookie())


def test_sign_in_leads_to_the_page_that_was_asked_for(site: Site) -> None:
    page = site.sign_in(VIEWER, path="/opportunities?q=roof&view=cards")
    assert page.url == f"{site.address}/opportunities?q=roof&view=cards"
    expect(page.get_by_text("Roof repair at the armory")).to_be_visible()


def test_script_cannot_read_the_session(site: Site) -> None:
    page = site.sign_in(VIEWER)
    assert session_cookie() not in page.evaluate("document.cookie")


def test_search_filter_and_back_live_in_the_address(site: Site) -> None:
    page = site.sign_in(VIEWER, path="/opportunities?view=cards")
    expect(page.get_by_text(re.compile(r"120 opportunities"))).to_be_visible()
    page.get_by_label("Search").fill("roof")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"q=roof"))
    expect(page.get_by_text(re.compile(r"1 opportunity"))).to_be_visible()
    page.go_back()
    expect(page.get_by_text(re.compile(r"120 opportunities"))).to_be_visible()
    expect(page.get_by_label("Search")).to_have_value("")
    page.get_by_role("button", name=re.compile("^Agency")).click()
    page.get_by_role("combobox", name=re.compile("Agency")).click()
    page.get_by_role("option", name=re.compile("Interior")).click()
    expect(page).to_have_url(re.compile(r"agency=DEPT"))
    expect(page.get_by_text(re.compile(r"1 opportunity"))).to_be_visible()
    page.reload()
    settle(page)
    expect(page.get_by_text(re.compile(r"1 opportunity"))).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Clear all").click()
    expect(page.get_by_text(re.compile(r"120 opportunities"))).to_be_visible()


def test_a_number_typed_without_its_dashes_finds_its_solicitation(site: Site) -> None:
    page = site.sign_in(VIEWER, path="/opportunities?view=cards&q=SPRDL125Q0054")
    expect(page.get_by_text("Network maintenance at site 3", exact=True)).to_be_visible()


def test_an_address_shows_a_colleague_the_same_view(site: Site) -> None:
    mine = site.sign_in(OFFICER, path="/opportunities?view=cards")
    mine.get_by_label("Order").click()
    mine.get_by_role("option", name="Due soonest").click()
    expect(mine).to_have_url(re.compile("sort=due"))
    mine.get_by_role("button", name="Page 2").click()
    expect(mine).to_have_url(re.compile("page=2"))
    expect(mine.get_by_text(re.compile("51 to 100"))).to_be_visible()
    theirs = site.sign_in(VIEWER, path=mine.url.removeprefix(site.address))
    expect(theirs.get_by_text(re.compile("51 to 100"))).to_be_visible()
    assert titles(theirs) == titles(mine)


def test_nonsense_in_the_address_is_ignored(site: Site) -> None:
    page = site.sign_in(
        VIEWER, path="/opportunities?view=x&page=-1&fit=9999&sort=drop&status=z&due=1e9&page=abc&naics=%25"
    )
    expect(page.get_by_text("Nothing matches.")).to_be_visible()
    page.get_by_role("button", name="Clear search and filters").click()
    expect(page.get_by_text(re.compile(r"120 opportunities"))).to_be_visible()


def test_officer_opens_one_and_decides(site: Site) -> None:
    page = site.sign_in(OFFICER, path="/opportunities?view=cards&q=roof")
    page.get_by_role("link", name="Open").first.click()
    expect(page).to_have_url(re.compile(r"/opportunity\?id=o00000001"))
    expect(page.get_by_role("heading", name="Roof repair at the armory")).to_be_visible()
    page.get_by_role("button", name="Start review").click()
    expect(page.get_by_role("button", name="Qualify", exact=True)).to_be_visible()
    page.get_by_role("button", name="Qualify", exact=True).click()
    expect(page.get_by_text(re.compile("by officer")).first).to_be_visible()
    page.reload()
    settle(page)
    expect(page.get_by_role("button", name="Review again")).to_be_visible()
    page.get_by_label("Note").fill("Call the office first")
    page.get_by_role("button", name="Save note").click()
    expect(page.get_by_text(re.compile("by officer")).nth(1)).to_be_visible()
    with open_ledger().read() as tx:
        row = tx.row("select status::text as status, note from opportunities where id = 'o00000001'")
        deeds = tx.rows("select action from audit_logs where subject = 'o00000001' order by seq")
    assert row == {"status": "qualified", "note": "Call the office first"}
    assert [d["action"] for d in deeds] == ["opportunity:status_set", "opportunity:status_set", "opportunity:noted"]


def test_viewer_is_told_who_decides(site: Site) -> None:
    page = site.sign_in(VIEWER, path="/opportunity?id=o00000005")
    expect(page.get_by_text("An admin or a contract officer decides.")).to_be_visible()
    expect(page.get_by_role("button", name="Start review")).to_have_count(0)
    expect(page.get_by_role("button", name="Save note")).to_have_count(0)


def test_amendments_say_what_changed(site: Site) -> None:
    page = site.sign_in(VIEWER, path="/opportunity?id=o00000001")
    for words in ("Chain of notices (2)", "Title:", "Deadline:", "Set-aside:", "Roof repair at the old armory"):
        expect(page.get_by_text(words).first).to_be_visible()


def test_markup_of_a_notice_is_shown_and_never_run(site: Site) -> None:
    page = site.sign_in(VIEWER, path="/opportunity?id=o00000002")
    foreign: list[str] = []
    page.on("request", lambda r: foreign.append(r.url) if not r.url.startswith(site.address) else None)
    page.reload()
    settle(page)
    expect(page.get_by_role("heading").first).to_contain_text("<img src=x onerror=alert(1)>")
    main = page.locator("[data-testid=stMain]")
    assert main.locator("img").count() == 0
    links = main.locator("a[href*=evil]").evaluate_all("l => l.map(a => [a.innerText, a.href, a.rel])")
    assert links, "the addresses of the text are listed"
    for words, address, rel in links:
        assert words.rstrip("/") == address.rstrip("/"), "a link shows where it leads"
        assert "noopener" in rel
    assert [u for u in foreign if not u.startswith(("data:", "blob:"))] == []


def test_several_are_marked_after_saying_how_many(site: Site) -> None:
    page = site.sign_in(OFFICER, path="/opportunities?fit=70&sort=due")
    grid = page.locator("[data-testid=stDataFrame] .dvn-scroller")
    for line in (1, 2, 3):
        grid.click(position={"x": 17, "y": 36 + 58 * line - 29}, modifiers=["ControlOrMeta"] if line > 1 else [])
        expect(page.get_by_text(f"{line} chosen")).to_be_visible()  # the table is drawn anew before the next click
    page.get_by_role("button", name="Start review of 3").click()
    expect(page.get_by_text("The status of 3 opportunities becomes reviewing.")).to_be_visible()
    page.get_by_role("button", name="Start review of 3 opportunities").click()
    expect(page.get_by_text("3 now reviewing.")).to_be_visible()


def test_open_in_the_table_leads_to_the_opportunity(site: Site) -> None:
    page = site.sign_in(VIEWER, path="/opportunities?q=roof")
    page.locator("[data-testid=stDataFrame] .dvn-scroller").click(position={"x": 30, "y": 36 + 29})
    expect(page).to_have_url(re.compile(r"/opportunity\?id=o00000001"))


def test_exports_hold_exactly_this_view(site: Site, tmp_path: Path) -> None:
    page = site.sign_in(VIEWER, path="/opportunities?q=roof")
    files = {}
    for label in ("CSV", "XLSX", "Calendar"):
        with page.expect_download() as download:
            page.get_by_role("button", name=label, exact=True).click()
        files[label] = tmp_path / download.value.suggested_filename
        download.value.save_as(files[label])
    rows = list(csv.DictReader(io.StringIO(files["CSV"].read_text("utf-8-sig"))))
    assert [row["title"] for row in rows] == ["Roof repair at the armory"]
    assert b"BEGIN:VALARM" in files["Calendar"].read_bytes()
    assert files["XLSX"].read_bytes()[:2] == b"PK"


def test_a_second_run_request_meets_a_kind_message(site: Site) -> None:
    page = site.sign_in(OFFICER, path="/sources")
    page.get_by_role("button", name="Discover now").click()
    expect(page.get_by_text("waiting to begin")).to_be_visible()
    page.get_by_role("button", name="Discover now").click()
    expect(page.get_by_text("A run is waiting or running already.")).to_be_visible()
    with open_ledger().read() as tx:
        assert len(tx.rows("select id from run_requests where job = 'discovery'")) == 1
    with open_ledger("procura_pipeline").housekeeping() as tx:
        tx.execute("update run_requests set state = 'success'")
    expect(page.get_by_text("finished").first).to_be_visible(timeout=10_000)


def test_viewer_cannot_start_a_run(site: Site) -> None:
    page = site.sign_in(VIEWER, path="/sources")
    expect(page.get_by_text("can start a run")).to_be_visible()
    expect(page.get_by_role("button", name="Discover now")).to_have_count(0)


def test_officer_edits_the_profile_after_seeing_what_it_changes(site: Site) -> None:
    ensure_company(open_ledger("procura_pipeline"))
    page = site.sign_in(OFFICER, path="/company_profile")
    expect(page.get_by_text("Past awards (")).to_be_visible()
    page.get_by_role("tab", name="Edit").click()
    settle(page)
    editor = page.get_by_role("textbox", name="The profile as text (YAML)")
    expect(editor).to_have_value(re.compile("^name: ", re.M))  # the box stands before its text does
    body = editor.input_value()
    editor.fill("naics_codes: [12345678]\n")
    page.get_by_role("button", name="Save profile").click()
    expect(page.get_by_text("two to six digits").first).to_be_visible()
    changed = re.sub("^name: .*$", "name: Another Firm LLC", body, flags=re.M)
    editor.fill(changed)
    page.get_by_role("button", name="Show what it would change").click()
    expect(page.get_by_text("stand at another place than today")).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Save profile").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    with open_ledger().read() as tx:
        row = tx.row("select name from company_profiles where is_current")
    assert row == {"name": "Another Firm LLC"}


def test_profile_being_edited_survives_a_visit_of_another_page_until_one_starts_over(site: Site) -> None:
    ensure_company(open_ledger("procura_pipeline"))
    page = site.sign_in(OFFICER, path="/company_profile?part=Edit")
    editor = page.get_by_role("textbox", name="The profile as text (YAML)")
    expect(editor).to_have_value(re.compile("^name: ", re.M))
    editor.fill("name: Half typed\n")
    editor.press("Control+Enter")
    settle(page)
    page.get_by_role("link", name="Sources", exact=True).click()
    expect(page.get_by_role("heading", name="Sources")).to_be_visible()
    page.get_by_role("link", name="Company profile", exact=True).click()
    page.get_by_role("tab", name="Edit").click()
    expect(editor).to_have_value("name: Half typed\n")
    page.get_by_role("button", name="Start over").click()
    expect(editor).to_have_value(re.compile("^naics_codes:", re.M))


def test_viewer_reads_the_profile_and_cannot_change_it(site: Site) -> None:
    ensure_company(open_ledger("procura_pipeline"))
    page = site.sign_in(VIEWER, path="/company_profile")
    expect(page.get_by_text("An admin or a contract officer can change it.")).to_be_visible()
    expect(page.get_by_role("button", name="Save profile")).to_have_count(0)


def test_signing_out_ends_every_window_and_a_replayed_cookie_is_refused(site: Site) -> None:
    page = site.sign_in(ADMIN, path="/opportunities?view=cards")
    other = page.context.new_page()
    other.goto("/opportunities?view=cards")
    settle(other)
    session = cookie_of(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    other.get_by_label("Search").fill("roof")
    other.keyboard.press("Enter")
    expect(other.get_by_text("Your session has ended")).to_be_visible()
    replay = httpx.get(f"{site.address}/", headers={"accept": "text/html"}, cookies={session_cookie(): session})
    assert replay.status_code == 303
    assert httpx.get(f"{site.address}/media/x", cookies={session_cookie(): session}).status_code == 401
    assert websocket_status(site, session) == 403


def websocket_status(site: Site, session: str | None) -> int:
    headers = {
        "connection": "Upgrade", "upgrade": "websocket", "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    }  # fmt: skip
    if session:
        headers["cookie"] = f"{session_cookie()}={session}"
    return httpx.get(f"{site.address}/_stcore/stream", headers=headers).status_code


def test_without_a_session_nothing_is_reached(site: Site) -> None:
    assert httpx.get(f"{site.address}/", headers={"accept": "text/html"}).status_code == 303
    assert websocket_status(site, None) == 403
    assert httpx.put(f"{site.address}/_stcore/upload_file/a/b", content=b"x" * 20_000).status_code == 401
    assert httpx.get(f"{site.address}/media/x.csv").status_code == 401


def test_wrong_password_is_said_on_the_form(site: Site) -> None:
    page = site.open().new_page()
    page.goto("/")
    page.get_by_label("E-mail address").fill(VIEWER)
    page.get_by_label("Password").fill(PASSWORD + "x")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("not right")
    expect(page.get_by_label("E-mail address")).to_have_value(VIEWER)


def test_a_store_that_goes_away_is_said_kindly_and_comes_back(site: Site, home: Settings) -> None:
    page = site.sign_in(VIEWER, path="/opportunities?view=cards")
    pid = int((home.postgres_data / "postmaster.pid").read_text().splitlines()[0])
    children = [p.pid for p in psutil.Process(pid).children()]
    for process in [pid, *children]:
        psutil.Process(process).suspend()
    try:
        answer = httpx.get(
            f"{site.address}/", headers={"accept": "text/html"}, cookies={session_cookie(): cookie_of(page)}, timeout=20
        )
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
    finally:
        for process in [pid, *children]:
            psutil.Process(process).resume()
    page.get_by_label("Search").fill("roof")
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("1 opportunity"))).to_be_visible(timeout=20_000)
