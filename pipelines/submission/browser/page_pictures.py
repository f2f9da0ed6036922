"""What a run saw, kept as evidence: pictures with every secret covered, the page's words, its reduced markup, and the trace.

A picture on which a secret could be read is not taken. The browser's own traces are never made: they hold what was typed.
"""

import json
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from pipelines.submission.browser.page_typing import Typing
from pipelines.submission.browser.page_view import PageView
from pipelines.submission.browser.page_window import Window
from pipelines.submission.executor import Desk
from pipelines.submission.portals.hosts import without_secrets
from warehouse.domain.delivery import EvidenceKind
from warehouse.redaction import HIDDEN, redact_text

if TYPE_CHECKING:
    from playwright.sync_api import Locator

COVERED = "input[type=password],[data-covered],[autocomplete=one-time-code]"
PICTURE_SECONDS = 10
TALLEST = 6_000
"""Pixels; of a page that is taller the part in sight is taken."""
SHORTEST_SECRET = 3


class Pictures:
    """Takes pictures of one window and writes its trace."""

    def __init__(self, window: Window, view: PageView, typing: Typing, desk: Desk) -> None:
        self._window, self._view, self._typing, self._desk = window, view, typing, desk
        self._begin = time.monotonic()
        self._lines: list[str] = []
        self._count = 0

    def note(self, key: str, words: str, **facts: object) -> None:
        """Write a line of the trace."""
        line: Mapping[str, object] = {
            "seconds": round(time.monotonic() - self._begin, 3),
            "step": key,
            "words": words,
            "address": without_secrets(self._window.page.url),
            "status": self._window.status,
            **facts,
        }
        self._lines.append(self._clean(json.dumps(line, ensure_ascii=False)))

    def take(self, name: str) -> int | None:
        """Keep a picture of what is seen now; None where none could be taken."""
        from playwright.sync_api import Error

        self._count += 1
        try:
            picture = self._picture()
        except Error as error:
            self.note("", f"no picture: {str(error).splitlines()[0][:120]}")
            return None
        if picture is None:
            self.note("", "no picture: a secret can be read on the page")
            return None
        return self._desk.keep(
            EvidenceKind.SCREENSHOT, f"{self._count:02d} {_tidy(name)}.png", picture, media_type="image/png"
        )

    def keep_words(self, name: str, first: str = "") -> int:
        """Keep what can be read now, below some words of ours, and return its place among the evidence."""
        look = self._view.look()
        said = (
            f"{without_secrets(self._window.page.url)}\n{first}\n\n{look.text if look else '(the page was changing)'}\n"
        )
        return self._desk.keep(
            EvidenceKind.PAGE, f"{_tidy(name)}.txt", self._clean(said).encode(), media_type="text/plain"
        )

    def keep_page(self, name: str) -> None:
        """Keep everything about a page that was not as expected: picture, words and reduced markup."""
        self.take(name)
        self.keep_words(name)
        markup = self._view.ask(self._window.page.main_frame, "reduced")
        if markup:
            self._desk.keep(
                EvidenceKind.PAGE, f"{_tidy(name)}.html.txt", self._clean(markup).encode(), media_type="text/plain"
            )

    def keep_trace(self) -> None:
        """Keep the trace, as JSON lines."""
        if self._lines:
            self._desk.keep(
                EvidenceKind.TRACE,
                "trace.jsonl",
                "\n".join(self._lines).encode() + b"\n",
                media_type="application/x-ndjson",
            )

    def _picture(self) -> bytes | None:
        page = self._window.page
        self._cover()
        look = self._view.look() if self._typing.secrets else None
        if look is not None and any(secret in look.text for secret in self._secrets()):
            return None
        height = page.evaluate("() => document.documentElement.scrollHeight")
        covers: list[Locator] = [frame.locator(COVERED) for frame in self._view.frames()]
        return page.screenshot(
            full_page=height <= TALLEST,
            mask=covers,
            mask_color="#7a7a7a",
            animations="disabled",
            caret="hide",
            timeout=PICTURE_SECONDS * 1000,
        )

    def _cover(self) -> None:
        """Mark each field in which a credential was typed, and any other that holds one now: a page may copy or show it."""
        for element in self._typing.secret_fields:
            with suppress(Exception):  # its page is gone
                element.evaluate("e => e.setAttribute('data-covered', '')")
        for frame in self._view.frames() if self._typing.secrets else ():
            values = self._view.ask(frame, "values") or []
            places = [place for place, value in enumerate(values) if any(secret in value for secret in self._secrets())]
            if places:
                self._view.ask(frame, "cover", places=places)

    def _secrets(self) -> list[str]:
        return [secret for secret in self._typing.secrets if len(secret) >= SHORTEST_SECRET]

    def _clean(self, text: str) -> str:
        for secret in self._secrets():
            text = text.replace(secret, HIDDEN)
        return redact_text(text)


def _tidy(name: str) -> str:
    return re.sub(r"[^\w .,()'-]+", " ", name).strip()[:80] or "page"
