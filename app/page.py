"""What a page file offers: its place in the side bar and who may see it. The folder of pages is walked here.

One new page is one new file in app/pages: `PAGE`, `render()`, and `render()` called under the main guard.
"""

import functools
import importlib
import logging
import pkgutil
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import app.pages
from warehouse.domain.access import Action

FOLDER = Path(app.pages.__file__).parent


class Section(StrEnum):
    """The side bar's sections, in their order."""

    FIND = "Find"
    BID = "Bid"
    TRUST = "Trust"
    RUN = "Run"
    YOU = "You"


@dataclass(frozen=True)
class PageInfo:
    """A page's title, place and readers; its address is its file's name.

    Attributes:
        order: Place within the section.
        help: What the page is for, in one sentence, shown on hover.
        needs: The right to look at it; None for what every account has.
        is_listed: Whether the side bar shows it; a page about one thing is reached from lists.
        is_first: Whether it is what `/` shows.
    """

    title: str
    section: Section
    order: int
    help: str
    needs: Action | None = None
    is_listed: bool = True
    is_first: bool = False


@dataclass(frozen=True)
class FoundPages:
    """The pages by file, and by name the files that could not be imported."""

    by_file: dict[Path, PageInfo]
    broken: dict[str, str]


@functools.cache
def find_pages() -> FoundPages:
    """Import every file of app/pages once and return what it offers; a faulty file hides no other."""
    found: dict[Path, PageInfo] = {}
    broken: dict[str, str] = {}
    for module in sorted(pkgutil.iter_modules([str(FOLDER)]), key=lambda m: m.name):
        try:
            info = importlib.import_module(f"app.pages.{module.name}").PAGE
        except Exception as error:
            logging.getLogger("procura.app").exception("page %s cannot be imported", module.name)
            broken[module.name] = f"{type(error).__name__}: {error}"
        else:
            found[FOLDER / f"{module.name}.py"] = info
    order = list(Section)
    return FoundPages(dict(sorted(found.items(), key=lambda i: (order.index(i[1].section), i[1].order))), broken)
