"""Doing one thing with one thing of a page: typing, choosing, ticking, uploading; and whether it is there afterwards.

What cannot be done is said, never tried in another way. Not here: finding the thing (page_view.py), waiting for it
(recipe_steps.py).
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.submission.browser.page_view import PageView
from pipelines.submission.browser.page_window import Window
from pipelines.submission.browser.recipe_ends import PageChanged
from pipelines.submission.executor import Desk, Secret
from pipelines.submission.portals.hosts import entry_of, without_secrets

if TYPE_CHECKING:
    from playwright.sync_api import ElementHandle, Frame, Page

TYPE_AFTER_SECONDS = 0.7
"""A list that has not opened with what is wanted by then is searched in by typing."""
USER_NAMES = frozenset({"user", "username", "user_name", "email", "login", "account"})
"""Credentials that a portal shows everywhere once somebody is signed in: covered in their field, not hidden in texts."""


class Typing:
    """Types on the pages of one window; remembers which fields held a credential, and the secrets themselves."""

    def __init__(self, window: Window, view: PageView, desk: Desk) -> None:
        self._window, self._view, self._desk = window, view, desk
        self.secrets: set[str] = set()
        self.secret_fields: list[ElementHandle] = []

    def fill(self, element: "ElementHandle", text: str) -> None:
        """Type a text into a field or an editor, in place of what it held.

        Raises:
            PageChanged: it did not take the text, or not all of it.
        """
        kind = self._ask(element, "kind", verb="fill")
        match kind:
            case "field":
                element.fill(text)
                self._check_filled(str(element.input_value()), text)
            case "editable":
                self._type_over(element, self._window.page, text)
            case "frame":
                self._fill_frame(element, text)
            case _:
                self._fill_editor(element, text)

    def fill_secret(self, element: "ElementHandle", name: str) -> None:
        """Type a credential, if the field's frame lies on a host of the profile.

        Raises:
            PageChanged: it does not, or the field is no plain one.
            NotFound, NotPermitted, VaultRefused: the vault does not give it.
        """
        frame = element.owner_frame()
        host = entry_of(frame.url, self._window.hosts) if frame else ""
        if not host:
            where = without_secrets(frame.url) if frame else "nowhere"
            raise PageChanged(
                f"The field for the credential {name} is at {where}, which is no host of the profile: nothing was typed."
            )
        secret = self._desk.secret(name, host=host)
        self.secret_fields.append(element)
        if name not in USER_NAMES:
            self.secrets.add(secret.text)
        if frame is None or entry_of(frame.url, (host,)) != host:
            raise PageChanged("The page went elsewhere in the moment of typing: nothing was typed.")
        if not _type_secret(element, secret):
            raise PageChanged(f"The field for the credential {name} did not take it.")

    def choose(self, element: "ElementHandle", text: str, *, options: str, seconds: float) -> None:
        """Choose an entry of a list, a scripted list or a group of radio buttons.

        Raises:
            PageChanged: there is no such entry, or several, or it was not taken.
        """
        match self._ask(element, "kind", verb="choose"):
            case "select":
                self._choose_native(element, text, seconds)
            case "radios":
                found = self._all(element, "choice", element=element, text=text)
                self._one(found, f"choice {text!r}")
                self.tick(found[0], wanted=True)
            case _:
                self._choose_scripted(element, text, options, seconds)

    def tick(self, element: "ElementHandle", *, wanted: bool) -> None:
        """Set or take away a tick, by its label where the page hides the box itself.

        Raises:
            PageChanged: it is not as wanted afterwards.
        """
        if self._ticked(element) == wanted:
            return
        if self._ask(element, "kind", verb="tick") == "seen":
            element.click()
        else:
            label = self._all(element, "labelOf", element=element)
            self._one(label, "label of a hidden box")
            label[0].click()
        if self._ticked(element) != wanted:
            raise PageChanged("The box is not ticked as it should be after a click on it.")

    def upload(self, element: "ElementHandle", paths: Sequence[Path]) -> None:
        """Give files to a field.

        Raises:
            PageChanged: it takes one file at a time.
        """
        if len(paths) > 1 and not element.evaluate("e => e.multiple"):
            raise PageChanged(f"The field takes one file at a time, and {len(paths)} are to go: use for_each_file.")
        element.set_input_files(list(paths))

    def upload_by_chooser(self, press: Callable[[], None], paths: Sequence[Path]) -> None:
        """Give files to the choice of files that a button opens.

        Raises:
            PageChanged: it takes one file at a time.
        """
        with self._window.page.expect_file_chooser() as opened:
            press()
        chooser = opened.value
        if len(paths) > 1 and not chooser.is_multiple():
            raise PageChanged(
                f"The choice of files takes one at a time, and {len(paths)} are to go: use for_each_file."
            )
        chooser.set_files(list(paths))

    def _fill_editor(self, element: "ElementHandle", text: str) -> None:
        """A field that the page hides behind an editor of its own."""
        front = self._all(element, "front", element=element, verb="fill")
        self._one(front, "editor of a hidden field")
        if front[0].evaluate("e => e.localName") == "iframe":
            self._fill_frame(front[0], text)
        else:
            self._type_over(front[0], self._window.page, text)

    def _fill_frame(self, element: "ElementHandle", text: str) -> None:
        frame = element.content_frame()
        body = frame.query_selector("body") if frame else None
        if (
            frame is None
            or body is None
            or not body.evaluate("b => b.isContentEditable || b.ownerDocument.designMode === 'on'")
        ):
            raise PageChanged("The frame beside this label is no editor.")
        self._type_over(body, self._window.page, text)

    def _type_over(self, element: "ElementHandle", page: "Page", text: str) -> None:
        element.click()
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.press("Delete")
        page.keyboard.insert_text(text)
        shown = str(self._ask(element, "shown"))
        if text.split() and text.rsplit(maxsplit=1)[-1] not in shown:
            raise PageChanged("The editor does not show what was typed into it.")

    def _check_filled(self, shown: str, text: str) -> None:
        if len(shown) < len(text) and text.startswith(shown):
            raise PageChanged(f"The field took {len(shown)} of {len(text)} characters.")

    def _choose_native(self, element: "ElementHandle", text: str, seconds: float) -> None:
        end = time.monotonic() + seconds
        while True:
            all_of_it = element.evaluate("e => [...e.options].map(o => [o.textContent, o.value, o.disabled])")
            fitting = [
                place
                for place, (words, value, _) in enumerate(all_of_it)
                if self._fits(element, text, words) or value == text
            ]
            if fitting or time.monotonic() > end:
                break
            self._window.page.wait_for_timeout(100)
        if len(fitting) != 1 or all_of_it[fitting[0]][2]:
            listed = ", ".join(repr(" ".join(words.split())) for words, _, _ in all_of_it[:25])
            raise PageChanged(
                f"The list has {len(fitting) or 'no'} entry {text!r} that can be chosen; it has {listed}."
            )
        kept = element.evaluate("e => e.multiple ? [...e.selectedOptions].map(o => o.index) : []")
        element.select_option(index=[*kept, fitting[0]])

    def _choose_scripted(self, element: "ElementHandle", text: str, options: str, seconds: float) -> None:
        front = self._all(element, "front", element=element, verb="choose") or [element]
        before = self._options(text, options)
        if not before:
            front[0].click()
        self._pick_option(text, options, front[0], seconds)
        self._window.quiet()
        shown = [
            *(self._ask(element, "chosen") or []),
            str(self._ask(front[0], "shown") or ""),
        ]
        if not any(" ".join(text.split()).casefold().strip("….") in words.casefold() for words in shown):
            raise PageChanged(f"{text!r} was clicked in the list, and the field shows {shown[-1][:80]!r}.")

    def _pick_option(self, text: str, options: str, front: "ElementHandle", seconds: float) -> None:
        """Click the one entry of an opened list, once it is there; a list that is drawn anew meanwhile is looked at again."""
        from playwright.sync_api import Error

        begin, has_typed = time.monotonic(), False
        while True:
            found = self._options(text, options)
            if len(found) == 1:
                try:
                    found[0].click()
                except Error as error:
                    if "not attached to the DOM" not in str(error):
                        raise
                else:
                    return
            if not found and not has_typed and time.monotonic() - begin > TYPE_AFTER_SECONDS:
                has_typed = True
                if front.evaluate("() => document.activeElement?.matches('input,[contenteditable=true]')"):
                    self._window.page.keyboard.type(text, delay=5)
            if time.monotonic() - begin > seconds:
                raise PageChanged(f"The opened list has {len(found) or 'no'} entry {text!r}.")
            self._window.page.wait_for_timeout(60)

    def _options(self, text: str, options: str) -> "list[ElementHandle]":
        for frame in self._view.frames():
            found = self._view.elements(frame, "options", text=text, css=options)
            if found:
                return found
        return []

    def _ticked(self, element: "ElementHandle") -> bool:
        return bool(
            element.evaluate("e => e.localName === 'input' ? e.checked : e.getAttribute('aria-checked') === 'true'")
        )

    def _fits(self, element: "ElementHandle", wanted: str, text: str) -> bool:
        return bool(self._ask(element, "fits", wanted=wanted, texts=[text]))

    def _frame(self, element: "ElementHandle") -> "Frame":
        frame = element.owner_frame()
        if frame is None:
            raise PageChanged("The page changed while something was done on it.")
        return frame

    def _ask(self, element: "ElementHandle", task: str, **request: Any) -> Any:
        return self._view.ask(self._frame(element), task, **{"element": element, **request})

    def _all(self, of: "ElementHandle", task: str, **request: object) -> "list[ElementHandle]":
        return self._view.elements(self._frame(of), task, **request)

    def _one(self, found: "list[ElementHandle]", what: str) -> None:
        if len(found) != 1:
            raise PageChanged(f"The page has {len(found) or 'no'} {what}.")


def _type_secret(element: "ElementHandle", secret: Secret) -> bool:
    """Type it and say whether it is there; no error of the browser's driver comes out of here, they quote what was typed."""
    from playwright.sync_api import Error

    try:
        element.fill(secret.text)
        return element.input_value() == secret.text
    except Error:
        return False
