"""What comes of the last act, and of looking up: only what the recipe calls accepted is; everything doubtful stays unknown."""

# ruff: noqa: E501 - pages stand here as they are served

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pipelines.submission.browser.home import close_browser
from pipelines.submission.executor import MayNotAct, Parcel
from pipelines.submission.executors.browser import EXECUTOR
from tests.fakes.pages import Asked, Given, Pages, served
from tests.pipelines.submission.recipes import HEAD, REFERENCE, Told, parcel_in, profile_of, recipe_of
from warehouse.domain.delivery import Absent, Accepted, NotDelivered, Refused, Unclear, Unknown
from warehouse.errors import NotFound

pytestmark = pytest.mark.browser
FORM = (
    "<form method=post action=/send enctype=multipart/form-data><label>Title <input name=title></label>"
    "<input type=file name=f multiple><button>Send</button></form>"
)
RECIPE = """
messages = [".error"]
closed = "The call is closed"
accepted = "Thank you"
refused = "is not accepted"
@MORE@
[[browser.steps]]
fill = "{title} {reference}"
label = "Title"
[[browser.steps]]
upload = "all"
[[browser.steps]]
click = "Send"
is_last_act = true
@LAST@
[browser.receipt]
pattern = 'Number:? ([A-Z]-\\d+)'
@RECEIPT@
"""
LOOK_UP = """
[browser.look_up]
page = "My offers"
@LOOK@
[[browser.look_up.steps]]
go_to = "/offers"
[browser.look_up.receipt]
pattern = '([A-Z]-\\d+)'
@PLACE@
"""


@dataclass
class Portal:
    """A portal of two pages whose answer each test says."""

    pages: Pages
    parcel_folder: Path
    desk: Told = field(default_factory=Told)

    def parcel(self, *, look_up: str = "", seconds: int = 30, **parts: str) -> Parcel:
        """A parcel for a recipe with these parts: more, last, receipt; look and place of the look-up.

        `seconds` is short where nothing is expected to come.
        """
        text = RECIPE + look_up
        for name in ("MORE", "LAST", "RECEIPT", "LOOK", "PLACE"):
            text = text.replace(f"@{name}@", parts.get(name.lower(), ""))
        profile = profile_of(self.pages.address, text, head=HEAD.replace("_seconds = 30", f"_seconds = {seconds}"))
        recipe_of(profile)
        with parcel_in(
            Path(tempfile.mkdtemp(dir=self.parcel_folder)), profile, a__pdf=b"one", b__pdf=b"two" * 1000
        ) as parcel:
            return parcel

    def answers(self, given: str | Given) -> None:
        self.pages.pages["/send"] = given

    @property
    def got(self) -> list[Asked]:
        return self.pages.posted()


@pytest.fixture(scope="module")
def server() -> Iterator[Pages]:
    with served({}) as pages:
        yield pages
    close_browser()


@pytest.fixture
def portal(server: Pages, tmp_path: Path) -> Portal:
    server.pages.clear()
    server.pages["/"] = FORM
    server.asked.clear()
    return Portal(server, tmp_path)


def test_offer_arrives_byte_for_byte_under_its_names_and_the_receipt_is_read(portal: Portal) -> None:
    portal.answers("Thank you. Number: R-12")
    answer = EXECUTOR.act(portal.parcel(), portal.desk)
    assert isinstance(answer, Accepted), answer
    assert (answer.receipt.number, answer.receipt.quote) == ("R-12", "Thank you. Number: R-12")
    kept = portal.desk.kept[answer.receipt.evidence - 1]
    assert b"R-12" in kept.data
    assert [(one[1], one[2]) for one in portal.got[0].files() if one[0] == "f"] == [
        ("a.pdf", b"one"),
        ("b.pdf", b"two" * 1000),
    ]
    assert portal.desk.begun == 1


RECEIPTS = {
    "the page's address": ("", 'from = "address"', "/done/N-7", "number n-7", "N-7"),
    "a link": ("<a href='/get?Number:%20L-9'>Receipt</a>", 'from = "link"', "", "", "L-9"),
    "a part of the page": ("<p>Number: X-1</p><div class=r>Number: R-5</div>", 'css = ".r"', "", "", "R-5"),
    "a field that only shows it": ("<input readonly value='Number: F-3'>", 'css = "input"', "", "", "F-3"),
    "the row of a list": (f"<ul><li>Number: A-1 other<li>Number: A-2 {REFERENCE}<li>Number: A-3 x</ul>", 'from = "list"', "", "", "A-2"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "place", "address", "_", "number"), RECEIPTS.values(), ids=RECEIPTS.keys())
def test_number_is_read_where_the_recipe_says(
    portal: Portal, body: str, place: str, address: str, _: str, number: str
) -> None:
    portal.pages.pages["/done/N-7"] = "Thank you"
    portal.answers(Given("", 303, (("location", address),)) if address else f"Thank you {body}")
    pattern = "/done/([A-Z]-\\d+)" if address else "Number:(?: |%20)([A-Z]-\\d+)"
    text = RECIPE.replace("Number:? ([A-Z]-\\d+)", pattern)
    for name, said in (("MORE", ""), ("LAST", ""), ("RECEIPT", place)):
        text = text.replace(f"@{name}@", said)
    with parcel_in(portal.parcel_folder, profile_of(portal.pages.address, text), a__pdf=b"one") as parcel:
        answer = EXECUTOR.act(parcel, portal.desk)
    assert isinstance(answer, Accepted), answer
    assert answer.receipt.number == number
    assert number.encode() in portal.desk.kept[answer.receipt.evidence - 1].data


def test_receipt_on_a_page_further_on_is_gone_to(portal: Portal) -> None:
    portal.pages.pages["/r"] = "Number: R-77"
    portal.answers("Thank you <a href=/r>Receipt</a>")
    steps = '[[browser.receipt.steps]]\nclick = "Receipt"'
    answer = EXECUTOR.act(portal.parcel(receipt=steps), portal.desk)
    assert isinstance(answer, Accepted), answer
    assert answer.receipt.number == "R-77"


def test_moment_of_receipt_is_read_in_the_portals_zone(portal: Portal) -> None:
    portal.answers("Thank you. Number: R-12. Received on 01/31/2026 05:04 PM")
    said = (
        'received = \'Received on (.+ [AP]M)\'\nreceived_form = "%m/%d/%Y %I:%M %p"\nreceived_zone = "America/Chicago"'
    )
    answer = EXECUTOR.act(portal.parcel(receipt=said), portal.desk)
    assert isinstance(answer, Accepted), answer
    assert answer.receipt.received_at is not None
    assert answer.receipt.received_at.isoformat() == "2026-01-31T23:04:00+00:00"


UNKNOWN = {
    "taken, but no number": ("Thank you", "no receipt's number"),
    "taken, and two numbers": ("Thank you. Number: R-1, Number: R-2", "Several numbers"),
    "an error page": (Given("oh", 500), "HTTP 500"),
    "another error page that thanks": (Given("Sorry", 503), "HTTP 503"),
    "nothing that is known": ("Hm", "nothing of the text 'Thank you'"),
    "the sign-in page": ("Please sign in first", "sign in again"),
}


@pytest.mark.parametrize(("given", "words"), UNKNOWN.values(), ids=UNKNOWN.keys())
def test_what_is_doubtful_after_the_last_act_is_unknown_and_pictured(
    portal: Portal, given: str | Given, words: str
) -> None:
    portal.answers(given)
    sign_in = (
        '[browser.sign_in]\npage = "Please sign in first"\ndone = "Title"\n[[browser.sign_in.steps]]\nexpect = "Title"'
    )
    answer = EXECUTOR.act(portal.parcel(more=sign_in, seconds=6), portal.desk)
    assert isinstance(answer, Unknown), answer
    assert words in answer.words
    assert len(portal.got) == 1
    assert any(one.name.endswith(".png") for one in portal.desk.kept)


def test_refusal_that_the_recipe_knows_is_certain_and_in_the_portals_words(portal: Portal) -> None:
    portal.answers("<p>a.exe is not accepted here</p>")
    assert EXECUTOR.act(portal.parcel(), portal.desk) == Refused("a.exe is not accepted here", is_certain=True)
    portal.answers("<h1>Sorry</h1><p>The call is closed since noon.</p>")
    assert EXECUTOR.act(portal.parcel(more=""), Told()) == Refused("The call is closed since noon.", is_certain=True)


def test_message_after_the_last_act_is_no_certain_refusal(portal: Portal) -> None:
    portal.answers(FORM + "<p class=error>Title is too short</p>")
    assert EXECUTOR.act(portal.parcel(), portal.desk) == Refused("Title is too short", is_certain=False)


def test_nothing_is_handed_in_where_success_is_seen_beforehand(portal: Portal) -> None:
    portal.pages.pages["/"] = f"<h1>Thank you for your interest</h1>{FORM}"
    answer = EXECUTOR.act(portal.parcel(), portal.desk)
    assert isinstance(answer, NotDelivered), answer
    assert "before the last act" in answer.words
    assert portal.got == []


def test_nothing_is_handed_in_when_a_file_was_left_out(portal: Portal) -> None:
    text = RECIPE.replace(
        '[[browser.steps]]\nupload = "all"\n',
        '[[browser.steps]]\nupload = "a.pdf"\n[[browser.steps]]\nwhen = "Never"\nseconds = 0\n[[browser.steps.steps]]\nupload = "b.pdf"\n',
    )
    for name in ("MORE", "LAST", "RECEIPT"):
        text = text.replace(f"@{name}@", "")
    with parcel_in(portal.parcel_folder, profile_of(portal.pages.address, text), a__pdf=b"1", b__pdf=b"2") as parcel:
        answer = EXECUTOR.act(parcel, portal.desk)
    assert isinstance(answer, NotDelivered), answer
    assert "left out b.pdf" in answer.words
    assert portal.desk.begun == 0


def test_desk_that_refuses_the_last_act_is_obeyed(portal: Portal) -> None:
    portal.desk.against = "the deadline passed 3 minutes ago"
    with pytest.raises(MayNotAct, match="deadline"):
        EXECUTOR.act(portal.parcel(), portal.desk)
    assert portal.got == []
    assert any(one.name == "trace.jsonl" for one in portal.desk.kept)


def test_dialog_before_the_last_act_is_accepted_only_where_the_recipe_says_so(portal: Portal) -> None:
    portal.pages.pages["/"] = FORM.replace("<form ", "<form onsubmit=\"return confirm('Sure?')\" ")
    portal.answers("Thank you. Number: R-12")
    assert isinstance(EXECUTOR.act(portal.parcel(seconds=6), portal.desk), Unknown)
    assert portal.got == []
    with parcel_in(portal.parcel_folder / "b", portal.parcel(last='dialog = "accept"').profile, a__pdf=b"1") as parcel:
        assert isinstance(EXECUTOR.act(parcel, Told()), Accepted)


def test_credential_that_is_not_set_delivers_nothing_and_says_how_to_set_it(portal: Portal) -> None:
    class Empty(Told):
        def secret(self, name: str, *, host: str):  # type: ignore[no-untyped-def]
            raise NotFound(f"The credential {name} is not set.", todo="set it.")

    sign_in = (
        '[browser.sign_in]\ndone = "Title"\n[[browser.sign_in.steps]]\nfill = "{credential.password}"\nlabel = "Title"'
    )
    assert EXECUTOR.act(portal.parcel(more=sign_in), Empty()) == NotDelivered(
        "The credential password is not set. set it."
    )


def test_portal_that_does_not_answer_is_tried_again_later(portal: Portal) -> None:
    with served({"/": "x"}) as gone:
        address = gone.address
    profile = profile_of(
        address,
        portal.parcel().profile.section["start"]
        and RECIPE.replace("@MORE@", "").replace("@LAST@", "").replace("@RECEIPT@", ""),
    )  # type: ignore[union-attr]
    with parcel_in(portal.parcel_folder / "c", profile, a__pdf=b"1") as parcel:
        answer = EXECUTOR.act(parcel, portal.desk)
    assert isinstance(answer, NotDelivered), answer
    assert "not answer" in answer.words


ROW = f"<tr><td>A-1<td>PRC-OTHER<td>Received<tr><td>A-2<td>{REFERENCE}<td>@STATE@"
FINDINGS = {
    "there": ("My offers <table>" + ROW + "</table>", "", Accepted, "A-2"),
    "not there": ("My offers <table><tr><td>A-1<td>PRC-OTHER</table>", "", Absent, "on none of 1 page"),
    "a page that is not the list": ("Welcome", "", Unclear, "could not be read"),
    "a page that is not the list, with the reference": (f"Welcome <table><tr><td>A-9<td>{REFERENCE}</table>", "", Unclear, "could not be read"),
    "an error": (Given("My offers", 502), "", Unclear, "HTTP 502"),
    "a draft": ("My offers <table>" + ROW.replace("@STATE@", "Draft") + "</table>", 'drafts = ["draft"]', Absent, "A draft"),
    "refused": ("My offers <table>" + ROW.replace("@STATE@", "Returned") + "</table>", 'refusals = ["Returned"]', Refused, "Returned"),
    "an empty search that repeats what was searched": (f"My offers <table><tr><td>Nothing for {REFERENCE}</table>", 'nothing = "Nothing for"', Absent, ""),
    "the reference without a number": (f"My offers <table><tr><td>{REFERENCE}<td>pending</table>", "", Unclear, "no receipt's number"),
    "two numbers in its row": (f"My offers <table><tr><td>A-1<td>A-2<td>{REFERENCE}</table>", "", Unclear, "Several numbers"),
    "cards": (f"My offers <div class=card>A-1 PRC-OTHER</div><div class=card>A-2 {REFERENCE}</div>", "", Accepted, "A-2"),
    "rows as the recipe names them": (f"My offers <p>A-1 x</p><p>A-2 {REFERENCE}</p>", 'rows = "p"', Accepted, "A-2"),
}  # fmt: skip


@pytest.mark.parametrize(("given", "look", "kind", "words"), FINDINGS.values(), ids=FINDINGS.keys())
def test_what_the_list_shows_decides(portal: Portal, given: str | Given, look: str, kind: type, words: str) -> None:
    portal.pages.pages["/offers"] = given
    found = EXECUTOR.look_up(
        portal.parcel(look_up=LOOK_UP, look=look, seconds=6 if kind is Unclear else 30), portal.desk
    )
    assert isinstance(found, kind), found
    assert words in (found.receipt.number if isinstance(found, Accepted) else found.words)  # type: ignore[attr-defined]
    assert portal.got == []


def paged(last: int) -> Pages:
    def page(asked: Asked) -> str:
        number = int(asked.path.partition("=")[2] or 1)
        row = f"<tr><td>A-{number}<td>{REFERENCE if number == last else 'PRC-OTHER'}"
        return f"My offers, page {number}<table>{row}</table>" + (
            f"<a href='/offers?p={number + 1}'>Next</a>" if number < 4 else "<a class=disabled>Next</a>"
        )

    return page  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("last", "look", "kind"),
    [(3, 'next = "Next"', Accepted), (9, 'next = "Next"', Absent), (9, 'next = "Next"\npages = 2', Unclear)],
)
def test_list_is_gone_through_page_by_page(portal: Portal, last: int, look: str, kind: type) -> None:
    portal.pages.pages["/offers"] = paged(last)  # type: ignore[assignment]
    assert isinstance(EXECUTOR.look_up(portal.parcel(look_up=LOOK_UP, look=look), portal.desk), kind)


def test_number_that_stands_on_the_offers_own_page_is_read_there(portal: Portal) -> None:
    portal.pages.pages["/offers"] = (
        f"My offers <ul><li>PRC-OTHER <a href=/1>Open</a><li>{REFERENCE} <a href=/2>Open</a></ul>"
    )
    portal.pages.pages["/2"] = "Your offer. Number: R-2"
    look_up = LOOK_UP.replace("'([A-Z]-\\d+)'", "'Number: ([A-Z]-\\d+)'")
    found = EXECUTOR.look_up(portal.parcel(look_up=look_up, look='opens = "Open"'), portal.desk)
    assert isinstance(found, Accepted), found
    assert found.receipt.number == "R-2"


def test_list_that_fills_late_is_waited_for(portal: Portal) -> None:
    portal.pages.pages["/rows"] = f"<table><tr><td>A-2<td>{REFERENCE}</table>"
    portal.pages.pages["/offers"] = (
        "My offers <p class=spinner>loading</p><div id=d></div><script>setTimeout(async () => { d.innerHTML = await (await fetch('/rows')).text(); document.querySelector('.spinner').remove() }, 900)</script>"
    )
    found = EXECUTOR.look_up(portal.parcel(look_up=LOOK_UP, more='loading = { css = ".spinner" }'), portal.desk)
    assert isinstance(found, Accepted), found


def test_what_is_there_already_is_not_sent_again(portal: Portal) -> None:
    portal.pages.pages["/offers"] = "My offers <table>" + ROW + "</table>"
    answer = EXECUTOR.act(portal.parcel(look_up=LOOK_UP), portal.desk)
    assert isinstance(answer, Accepted), answer
    assert (answer.receipt.number, portal.got, portal.desk.begun) == ("A-2", [], 0)


def test_nothing_is_sent_where_nobody_can_tell_whether_it_is_there(portal: Portal) -> None:
    portal.pages.pages["/offers"] = "Welcome"
    answer = EXECUTOR.act(portal.parcel(look_up=LOOK_UP, seconds=6), portal.desk)
    assert isinstance(answer, NotDelivered), answer
    assert "nothing was sent" in answer.words
    assert portal.got == []
