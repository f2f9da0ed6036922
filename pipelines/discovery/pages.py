"""Pages of a source whose paging is not to be trusted: the ids on them tell how it counts, and when all have come.

SAM.gov documents `offset` as a page's number, and clients have met it as a record's: the second page says which it is, for
read as a record's number it repeats all of the first but one. Not here: asking (polite.py), keeping (windows.py).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.discovery.windows import Asked, Window
from warehouse.errors import SourceDiffers, SourceUnavailable

PAGES, RECORDS = "pages", "records"


@dataclass(frozen=True)
class Page:
    """The ids on one page in its order, and what the source says of the whole.

    Attributes:
        total: How many records there are in all; None: it does not say.
        is_last: Whether it says that no page follows.
    """

    ids: tuple[str, ...]
    total: int | None = None
    is_last: bool = False


@dataclass
class _Walk:
    """How far a walk is."""

    size: int
    counts_by: str
    number: int = 0
    reached: int = 0
    """Records up to which all has come, where the source counts by records."""
    seen: set[str] = field(default_factory=set)

    @property
    def offset(self) -> int:
        return self.reached if self.counts_by == RECORDS and self.number > 1 else self.number

    def take(self, page: Page) -> bool:
        """Take a page and say whether another one is to be asked for."""
        new = set(page.ids) - self.seen
        if self.number == 1 and not self.counts_by:
            self.counts_by = RECORDS if len(page.ids) - len(new) > len(page.ids) / 2 else PAGES
        self.reached = self.offset + len(page.ids) if self.counts_by == RECORDS or not self.number else self.reached
        self.seen |= new
        is_all = page.is_last or not page.ids or (page.total is not None and len(self.seen) >= page.total)
        # A short page is the last one, unless the source shortens them all: then the next one is empty.
        if not is_all and not new and len(page.ids) >= self.size:
            raise SourceDiffers(
                f"the source repeats itself from page {self.number + 1} on.",
                kept=f"the {len(self.seen):,} records before it.",
                todo="nothing: it is tried again with the next run.",
            )
        self.number += 1
        return not is_all and bool(new)


def walk(
    window: Window, asked: Asked, size: int, ask: Callable[[int], bytes | None], read: Callable[[Path], Page]
) -> Iterator[tuple[Path, int]]:
    """Yield each page's file with the offset it was asked for, those of an earlier run first; nothing is asked twice.

    Args:
        size: Records that a full page holds.
        ask: Asks for the page at an offset; None where there is nothing.
        read: Reads a page that was kept.

    Raises:
        SourceDiffers: the source gives full pages again and again that hold nothing new; or what `ask` raises.
    """
    at = _Walk(size, asked.counts_by)
    goes_on = True
    while goes_on:
        path = window.page(at.number)
        offset = at.offset
        if path is None:
            body = ask(offset)
            if body is None:
                return
            path = window.keep(at.number, body)
        try:
            page = read(path)
        except SourceUnavailable:
            path.unlink()  # what is no page must be asked for again
            raise
        goes_on = at.take(page)
        if at.counts_by != asked.counts_by:
            asked = window.note(asked, at.counts_by)
        if page.ids:
            yield path, offset
