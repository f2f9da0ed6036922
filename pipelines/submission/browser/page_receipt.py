"""A receipt read from a page: the number by its pattern, when the office received it, and what is kept so that it can be read again."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pipelines.submission.browser.page_numbers import ReadNumber, SeveralNumbers, read_number
from pipelines.submission.browser.page_view import Look
from pipelines.submission.browser.recipe import ReceiptPlace
from pipelines.submission.browser.recipe_ends import PageChanged
from pipelines.submission.browser.recipe_steps import Follower
from pipelines.submission.browser.recipe_words import fields_of
from pipelines.submission.executor import Parcel
from pipelines.submission.portals.hosts import without_secrets
from warehouse.domain.delivery import FoundReceipt, ReceiptSource

if TYPE_CHECKING:
    from playwright.sync_api import ElementHandle, Frame

LONGEST_ROW = 1_000


def await_receipt(follower: Follower, place: ReceiptPlace, seconds: float) -> FoundReceipt:
    """Wait until the number stands where the recipe says, and keep the page.

    Raises:
        PageChanged and the like: it does not come to stand there, or several do.
    """

    def read(look: Look) -> tuple[ReadNumber, list[str]] | None:
        texts = _texts(follower, place, look)
        found = read_only(follower.parcel, place.pattern, texts)
        return (found, [*texts, look.text]) if found else None

    found, texts = follower.await_it(read, seconds, f"a receipt's number like {place.pattern}")
    return keep_receipt(follower, place, found, texts)


def read_only(parcel: Parcel, pattern: str, texts: Sequence[str]) -> ReadNumber | None:
    """Return the one number in some texts that is not something which we gave ourselves.

    Raises:
        PageChanged: there are several.
    """
    files = (word for file in parcel.files for word in (file.name, file.sha256))
    given = (
        parcel.reference,
        parcel.solicitation_number,
        parcel.title,
        parcel.manifest_hash,
        *fields_of(parcel).values(),
    )
    try:
        return read_number(pattern, texts, own=(*given, *files))
    except SeveralNumbers as several:
        raise PageChanged(f"Several numbers like {pattern} stand there, and none is taken: {several}.") from None


def keep_receipt(follower: Follower, place: ReceiptPlace, found: ReadNumber, texts: Sequence[str]) -> FoundReceipt:
    """Keep the page on which a number was read, and return the receipt."""
    follower.pictures.take("receipt")
    quote = without_secrets(found.quote) if place.source in {"address", "link"} else found.quote
    position = follower.pictures.keep_words("receipt", f"Receipt number: {found.number}\nRead from: {quote}")
    return FoundReceipt(found.number, quote, ReceiptSource.PORTAL, position, received_at(place, texts))


def received_at(place: ReceiptPlace, texts: Sequence[str]) -> datetime | None:
    """Return when the office says that it received it, UTC; None where it does not, or writes it in another way."""
    try:
        found = read_number(place.received, texts) if place.received else None
        if found is None:
            return None
        moment = datetime.strptime(found.number, place.form)  # noqa: DTZ007 - its zone follows
    except (ValueError, SeveralNumbers):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(place.zone))).astimezone(UTC)


def _texts(follower: Follower, place: ReceiptPlace, look: Look) -> list[str]:
    """Return what the pattern is held against, part by part."""
    if place.source == "address":
        return [follower.window.page.url]
    frames = follower.view.frames()
    if place.source == "link":
        return [link for frame in frames for link in follower.view.ask(frame, "links", css=place.css) or []]
    if place.source == "list":
        return [
            text
            for frame in frames
            for row in rows_of(follower, frame, place.css)
            for text in texts_of_row(follower, frame, row)
        ]
    if place.css:
        return [part for frame in frames for part in follower.view.ask(frame, "parts", css=place.css) or []]
    return [look.text]


def rows_of(follower: Follower, frame: "Frame", css: str) -> "list[ElementHandle]":
    """Return the rows of a list that hold our reference."""
    return follower.view.elements(frame, "rows", reference=follower.parcel.reference, css=css)


def texts_of_row(follower: Follower, frame: "Frame", row: "ElementHandle") -> list[str]:
    """Return what can be read in a row, and where its links lead."""
    words = follower.view.ask(frame, "rowText", element=row) or ""
    return [str(words)[:LONGEST_ROW], *(follower.view.ask(frame, "rowLinks", element=row) or [])]
