"""What is on the pages of a window: read by one script, frame by frame, without changing anything.

Not here: the script (page_view.js), doing something with what is found (page_typing.py).
"""

import fnmatch
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pipelines.submission.browser.page_window import Window
from pipelines.submission.browser.recipe import Sight, Sights, Target, Verb
from pipelines.submission.browser.recipe_ends import PageChanged
from pipelines.submission.portals.hosts import entry_of

if TYPE_CHECKING:
    from playwright.sync_api import ElementHandle, Frame, JSHandle

LONGEST_WORDS = 600
Asked = TypeVar("Asked")


@dataclass(frozen=True)
class Look:
    """What is seen at one moment.

    Attributes:
        text: What can be read, of all frames.
        css: The selectors, of those that were asked for, of which something can be seen.
        messages: What stands where the portal says what it does not take.
    """

    address: str
    text: str
    css: frozenset[str]
    messages: tuple[str, ...]

    def shows(self, sight: Sight) -> bool:
        """Say whether all of a sight is there."""
        return (
            (not sight.text or _plain(sight.text) in _plain(self.text))
            and (not sight.css or sight.css in self.css)
            and (not sight.address or fnmatch.fnmatchcase(self.address.lower(), sight.address.lower()))
        )

    def first(self, sights: Sights) -> Sight | None:
        """Return the first of some sights that is there, or None."""
        return next((sight for sight in sights if self.shows(sight)), None)

    def words_around(self, sight: Sight) -> str:
        """Return the line in which a sight's text stands, which is how the page says it."""
        wanted = _plain(sight.text)
        for line in self.text.splitlines():
            if wanted and wanted in _plain(line):
                return " ".join(line.split())[:LONGEST_WORDS]
        return (sight.text or " ".join(self.messages) or sight.words())[:LONGEST_WORDS]


class PageView:
    """Reads the pages of a window; selectors that are asked for at every look are told once."""

    def __init__(self, window: Window, *, messages: Sequence[str], sights: Iterable[Sight]) -> None:
        self._window = window
        self._messages = list(messages)
        self._css = sorted({sight.css for sight in sights if sight.css})
        self._scripts: dict[Frame, JSHandle] = {}

    def frames(self, wanted: str = "") -> "list[Frame]":
        """Return the frames of the profile's hosts: all of them, or the one of this name, title or id."""
        page = self._window.page
        if not wanted:
            return [frame for frame in page.frames if frame is page.main_frame or self._is_ours(frame)]
        return [
            frame for frame in page.frames if frame.parent_frame and self._is_ours(frame) and wanted in _called(frame)
        ]

    def look(self) -> Look | None:
        """Return what is seen now; None while the page changes."""
        texts, css, messages = [], set(), []
        for frame in self.frames():
            seen = self.ask(frame, "look", css=self._css, messages=self._messages)
            if seen is None or not seen["isReady"]:
                if frame is self._window.page.main_frame:
                    return None
                continue
            texts.append(seen["text"])
            css |= set(seen["css"])
            messages += seen["messages"]
        return Look(self._window.page.url, "\n".join(texts), frozenset(css), tuple(messages))

    def find(self, verb: Verb, target: Target) -> "list[ElementHandle]":
        """Return the things of the page that a target means: of the first frame in which there is one."""
        for frame in self.frames(target.frame):
            found = self.elements(frame, "locate", verb=verb.value, want=_wanted(target))
            if found:
                return found
        return []

    def things(self, verb: Verb) -> list[str]:
        """Return what the page has that a step of this verb could mean, for a person."""
        found: list[str] = []
        for frame in self.frames():
            found += self.ask(frame, "things", verb=verb.value) or []
        return found

    def ask(self, frame: "Frame", task: str, **request: Any) -> Any:
        """Return the answer to one question; None while the page changes."""
        return self._asked(
            frame, lambda script: script.evaluate("(s, [task, request]) => s.ask(task, request)", [task, request])
        )

    def elements(self, frame: "Frame", task: str, **request: Any) -> "list[ElementHandle]":
        """Return the elements that answer one question, in the page's order; none while the page changes."""

        def ask(script: "JSHandle") -> "list[ElementHandle]":
            answer = script.evaluate_handle("(s, [task, request]) => [s.ask(task, request)].flat()", [task, request])
            found = sorted(answer.get_properties().items(), key=lambda pair: int(pair[0]))
            return [element for _, held in found if (element := held.as_element()) is not None]

        return self._asked(frame, ask) or []

    def _asked(self, frame: "Frame", ask: "Callable[[JSHandle], Asked]") -> "Asked | None":
        """Ask the script of a frame; one that went away with its page is brought into the next one once."""
        from playwright.sync_api import Error

        for _ in range(2):
            try:
                return ask(self._script(frame))
            except Error as error:
                self._scripts.pop(frame, None)
                if "is not a valid selector" in str(error):
                    found = re.search(r"'(.{1,200}?)' is not a valid selector", str(error))
                    raise PageChanged(f"This is no selector: {found[1] if found else 'one of the recipe'}.") from None
        return None

    def _script(self, frame: "Frame") -> "JSHandle":
        if frame not in self._scripts:
            self._scripts[frame] = frame.evaluate_handle(_source())
        return self._scripts[frame]

    def _is_ours(self, frame: "Frame") -> bool:
        # A frame without an address of its own (a text editor's) is a part of the page that made it.
        return bool(entry_of(frame.url, self._window.hosts)) or frame.url in {"about:blank", "about:srcdoc", ""}


@cache
def _source() -> str:
    return Path(__file__).with_name("page_view.js").read_text(encoding="utf-8")


def _called(frame: "Frame") -> set[str]:
    from playwright.sync_api import Error

    try:
        element = frame.frame_element()
        return {frame.name} | {element.get_attribute(name) or "" for name in ("id", "name", "title", "aria-label")}
    except Error:
        return set()


def _wanted(target: Target) -> dict[str, Any]:
    return {
        "label": target.label, "name": target.name, "placeholder": target.placeholder, "role": target.role,
        "text": target.text, "css": target.css, "within": target.within, "in_row": target.in_row, "in_part": target.in_part,
        "place": target.place,
    }  # fmt: skip


_TYPED = str.maketrans(
    dict.fromkeys("\u2018\u2019\u02bc", "'")
    | dict.fromkeys("\u201c\u201d", '"')
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015", "-")
)
"""Marks that a page sets, as they are typed on a keyboard."""


def _plain(text: str) -> str:
    return " ".join(text.translate(_TYPED).split()).casefold()
