"""Looking for our reference in a portal's list of own offers: read, absent, or unclear. Nothing is changed there.

Absent is said only of a list that was recognised as the list, looked at to its last page. Not here: how often it must be
absent before something follows (the engine).
"""

import time
from typing import TYPE_CHECKING

from pipelines.submission.browser.page_receipt import await_receipt, keep_receipt, read_only, rows_of, texts_of_row
from pipelines.submission.browser.page_view import Look
from pipelines.submission.browser.recipe import LookUp, Step, Verb
from pipelines.submission.browser.recipe_ends import RecipeEnd
from pipelines.submission.browser.recipe_steps import Follower
from warehouse.domain.delivery import Absent, Accepted, Finding, Refused, Unclear

if TYPE_CHECKING:
    from playwright.sync_api import ElementHandle, Frame


def look_for(follower: Follower, look_up: LookUp) -> Finding:
    """Look for the parcel's reference; an answer in any case.

    Raises:
        Fenced: from the desk.
    """
    try:
        follower.follow(look_up.steps)
        return _look_through(follower, look_up)
    except RecipeEnd as end:
        follower.pictures.keep_page("look-up")
        return Unclear(f"The list of own offers could not be read: {end}")


def _look_through(follower: Follower, look_up: LookUp) -> Finding:
    reference, drafts = follower.parcel.reference, 0
    for number in range(1, look_up.pages + 1):
        look = _list_page(follower, look_up)
        rows = [] if look.first(look_up.nothing) else _rows(follower, look_up)
        for frame, row in rows:
            words = texts_of_row(follower, frame, row)[0]
            if _has(words, look_up.drafts):
                drafts += 1
                continue
            return _judge(follower, look_up, row, frame, words)
        if not _go_on(follower, look_up):
            follower.pictures.take("list without our reference")
            draft = f" A draft with it is there ({drafts}), which is not handed in." if drafts else ""
            return Absent(
                f"{reference} is on none of {number} {'page' if number == 1 else 'pages'} of own offers.{draft}"
            )
    follower.pictures.take("list")
    return Unclear(f"{reference} is not on the first {look_up.pages} pages of own offers, and there are more.")


def _list_page(follower: Follower, look_up: LookUp) -> Look:
    """Wait for the list; what it loads by itself is waited for too."""
    follower.await_sight(look_up.page, follower.recipe.step_seconds)
    follower.window.quiet()
    return follower.await_sight(look_up.page, follower.recipe.step_seconds)


def _rows(follower: Follower, look_up: LookUp) -> "list[tuple[Frame, ElementHandle]]":
    return [(frame, row) for frame in follower.view.frames() for row in rows_of(follower, frame, look_up.rows)]


def _judge(follower: Follower, look_up: LookUp, row: "ElementHandle", frame: "Frame", words: str) -> Finding:
    """Read what the row with our reference says, or the page that it leads to."""
    if _has(words, look_up.refusals):
        follower.pictures.keep_page("refused in the list")
        return Refused(words)
    place = look_up.receipt
    if look_up.opens is not None:
        target = type(look_up.opens)(**{**vars(look_up.opens), "in_row": follower.parcel.reference})
        follower.do(Step(Verb.CLICK, "browser.look_up.opens", target=target))
        return Accepted(await_receipt(follower, place, follower.recipe.step_seconds))
    texts = texts_of_row(follower, frame, row)
    found = read_only(follower.parcel, place.pattern, texts[1:] if place.source == "link" else texts)
    if found is not None:
        return Accepted(keep_receipt(follower, place, found, texts))
    follower.pictures.keep_page("reference without a receipt")
    return Unclear(f"Our reference is there, but no receipt's number like {place.pattern}: {words[:300]}")


def _go_on(follower: Follower, look_up: LookUp) -> bool:
    """Go to the next page of the list, if there is one, and wait until it is another one."""
    if look_up.next is None:
        return False
    found = follower.view.find(Verb.CLICK, look_up.next)
    if len(found) != 1 or found[0].evaluate(
        "e => e.disabled || e.getAttribute('aria-disabled') === 'true' || e.matches('.disabled,.disabled *')"
    ):
        return False
    before = follower.view.look()
    follower.do(Step(Verb.CLICK, "browser.look_up.next", target=look_up.next))
    end = time.monotonic() + follower.recipe.step_seconds
    while time.monotonic() < end:
        now = follower.view.look()
        if now is not None and before is not None and now.text != before.text:
            return True
        follower.window.page.wait_for_timeout(60)
    raise follower.changed("another page of the list after its link to the next one")


def _has(words: str, texts: tuple[str, ...]) -> bool:
    said = " ".join(words.split()).casefold()
    return any(" ".join(text.split()).casefold() in said for text in texts)
