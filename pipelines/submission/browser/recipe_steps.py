"""Following the steps of a recipe on a window, each until it is done, is refused, or cannot be done as it says.

A page is looked at before and while each step waits: what it says counts more than what the step looks for. Not here: what
comes before the first step and from the last act on (recipe_run.py).
"""

import fnmatch
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urljoin

from pipelines.submission.browser.page_pictures import Pictures
from pipelines.submission.browser.page_typing import Typing
from pipelines.submission.browser.page_view import Look, PageView
from pipelines.submission.browser.page_window import Window
from pipelines.submission.browser.recipe import BLOCKS, Recipe, Sight, Sights, Step, Target, Verb, any_of
from pipelines.submission.browser.recipe_ends import IsBusy, IsClosed, PageChanged, RecipeEnd, SaysNo, SessionEnded
from pipelines.submission.browser.recipe_words import NoSuchField, names_of, written
from pipelines.submission.executor import Desk, Parcel, ParcelFile
from pipelines.submission.portals.hosts import entry_of, without_secrets

if TYPE_CHECKING:
    from playwright.sync_api import ElementHandle

WHEN_SECONDS = 1.0
"""How long a `when` waits for what it asks, unless it says otherwise: what a page adds comes soon after it."""
BUSY_STATUS = frozenset({429, *range(500, 600)})
POLL_MILLISECONDS = 80
Found = TypeVar("Found")


@dataclass
class Follower:
    """Follows steps; `uploaded` holds the names of the files that went into the page since the steps were begun.

    Attributes:
        tolerated: Messages that stood there before anything was done on the page: they refuse nothing.
        signs_in: Whether the sign-in page is where it should be.
        acts: Does the last act, in place of the step itself.
    """

    window: Window
    view: PageView
    typing: Typing
    pictures: Pictures
    recipe: Recipe
    parcel: Parcel
    desk: Desk
    now: datetime
    acts: Callable[[Step], None] | None = None
    signs_in: bool = False
    tolerated: frozenset[str] = frozenset()
    uploaded: set[str] = field(default_factory=set)
    _file: ParcelFile | None = None

    def follow(self, steps: Sequence[Step]) -> None:
        """Do steps one after the other.

        Raises:
            SaysNo, IsClosed, IsBusy, SessionEnded: the portal says so.
            PageChanged: a step cannot be done as it says.
            MayNotAct, DryRun, Fenced: from the desk.
        """
        for step in steps:
            self._check_ends()
            if step.verb in BLOCKS:
                _BLOCK[step.verb](self, step)
                continue
            self.desk.step(f"{_number(step)}: {self._said(step)}.")
            if step.is_last_act and self.acts is not None:
                self.acts(step)
                return
            self.do(step)

    def do(self, step: Step) -> None:
        """Do one step that is no block."""
        begin = time.monotonic()
        self.window.expect_dialogs(step.dialog)
        try:
            _DO[step.verb](self, step)
        except RecipeEnd as end:
            self.pictures.note(step.key, f"{step.words()}: {end}")
            raise
        except NoSuchField as missing:
            raise PageChanged(
                f"The package says nothing for {str(missing)!r}: add a line {missing}: … to what the forms ask for."
            ) from None
        self.pictures.note(step.key, step.words(), took=round(time.monotonic() - begin, 3))
        if self.recipe.pictures == "all":
            self.pictures.take(f"{_number(step)} {step.verb.value}")

    def go_to(self, address: str) -> None:
        """Go to an address of the profile; messages that it shows by itself refuse nothing."""
        from playwright.sync_api import Error

        whole = urljoin(self.window.page.url if self.window.host else self.recipe.start, address)
        if not entry_of(whole, self.window.hosts):
            raise PageChanged(f"{without_secrets(whole)} lies on no host of the profile: nobody goes there.")
        try:
            self.window.open(whole)
        except Error as error:
            self._check_navigation()
            raise IsBusy(f"{without_secrets(whole)} does not answer: {_first_line(error)}.") from None
        self._check_navigation()
        self.tolerated = frozenset(self._first_look().messages)

    def _first_look(self) -> Look:
        end = time.monotonic() + self.recipe.step_seconds
        while (look := self.view.look()) is None:
            if time.monotonic() > end:
                raise IsBusy(f"{without_secrets(self.window.page.url)} does not come to an end of loading.")
            self.window.page.wait_for_timeout(POLL_MILLISECONDS)
        return look

    def await_sight(self, sights: Sights, seconds: float) -> Look:
        """Wait until something is seen, and return that moment.

        Raises:
            as `follow`.
        """
        return self.await_it(lambda look: look if look.first(sights) else None, seconds, any_of(sights))

    def await_it(
        self, ask: Callable[[Look], Found | None], seconds: float, what: str, verb: Verb | None = None
    ) -> Found:
        """Ask again and again until there is an answer, unless the page says something that ends it."""
        end = time.monotonic() + seconds
        while True:
            look = self.view.look()
            if look is not None and look.first(self.recipe.loading) is None:
                self._check_look(look)
                found = ask(look)
                if found is not None:
                    return found
            self._check_navigation()
            if time.monotonic() > end:
                raise self.changed(what, verb)
            self.window.page.wait_for_timeout(POLL_MILLISECONDS)

    def find(self, step: Step, verb: Verb, target: Target | None = None) -> "ElementHandle":
        """Wait for the one thing that a step is about."""
        wanted, fitting = self._written_target(target or step.target), 0

        def only(_: Look) -> "ElementHandle | None":
            nonlocal fitting
            found = self.view.find(verb, wanted)
            fitting = len(found)
            return found[0] if fitting == 1 else None

        what = f"{verb.value.replace('_', ' ')} {wanted.words()}"
        try:
            return self.await_it(only, self._seconds(step), what, verb)
        except PageChanged:
            if fitting < 2:
                raise
            said = f"{fitting} things fit {what} at {without_secrets(self.window.page.url)}: in_part, in_row, within or place say which."
            raise PageChanged(said) from None

    def changed(self, what: str, verb: Verb | None = None) -> PageChanged:
        """Return the end of a step that found not what it looks for, with what there is instead."""
        seen = self.view.things(verb) if verb else []
        has = f"; the page has {', '.join(repr(one) for one in seen[:15])}" if seen else ""
        said = f"; the browser's dialog said {self.window.dialogs[-1]!r}" if self.window.dialogs else ""
        return PageChanged(f"Not found at {without_secrets(self.window.page.url)}: {what}{has}{said}.")

    def write(self, text: str) -> str:
        """Return a text with its names replaced."""
        return written(text, self.parcel, now=self.now, file=self._file)

    def acts_on(self, step: Step) -> "ElementHandle | None":
        """Return what the last act clicks or types into, tried without doing anything; None: the key goes to the page."""
        if step.verb is Verb.PRESS and not step.target.is_given:
            return None
        element = self.find(step, Verb.CLICK if step.verb is Verb.CLICK else Verb.FILL)
        if step.verb is Verb.CLICK:
            if step.same_window:
                self.view.ask(self.window.page.main_frame, "sameWindow", element=element)
            self._quietly(lambda: element.click(trial=True, timeout=self._seconds(step) * 1000), step)
        return element

    def _fill(self, step: Step) -> None:
        secret = next((name.word for name in names_of(step.value) if name.family == "credential"), "")
        if secret:
            self._on(step, Verb.FILL, lambda element: self.typing.fill_secret(element, secret))
            return
        text = self.write(step.value)
        self._on(step, Verb.FILL, lambda element: self.typing.fill(element, text))

    def _choose(self, step: Step) -> None:
        text, seconds = self.write(step.value), self._seconds(step)
        self._on(step, Verb.CHOOSE, lambda e: self.typing.choose(e, text, options=step.options, seconds=seconds))

    def _tick(self, step: Step) -> None:
        self._on(step, Verb.TICK, lambda element: self.typing.tick(element, wanted=step.wanted))

    def _upload(self, step: Step) -> None:
        files = self.files_of(step)
        if not files:
            return
        paths = [file.path for file in files]
        if step.chooser:
            button = Target(text=step.chooser, within=step.target.within)
            self._on(step, Verb.CLICK, lambda element: self.typing.upload_by_chooser(element.click, paths), button)
        else:
            self._on(step, Verb.UPLOAD, lambda element: self.typing.upload(element, paths))
        self.uploaded |= {file.name for file in files}
        self.desk.step(f"Uploaded {', '.join(f'{file.name} ({file.size:,} bytes)' for file in files)}.")

    def files_of(self, step: Step) -> list[ParcelFile]:
        """Return the files that a step is about, in the package's order."""
        if step.value == "this":
            return [self._file] if self._file else []
        return [file for file in self.parcel.files if is_meant(step, file)]

    def _click(self, step: Step) -> None:
        def click(element: "ElementHandle") -> None:
            if step.same_window:
                self.view.ask(self.window.page.main_frame, "sameWindow", element=element)
            element.click(timeout=self._seconds(step) * 1000)

        self._on(step, Verb.CLICK, click)

    def _press(self, step: Step) -> None:
        if step.target.is_given:
            self._on(step, Verb.FILL, lambda element: element.press(step.value))
        else:
            self._quietly(lambda: self.window.page.keyboard.press(step.value), step)
            self.window.quiet()

    def _expect(self, step: Step) -> None:
        self.await_sight(self.written_sights(step.sights), self._seconds(step))

    def _gone(self, step: Step) -> None:
        sights = self.written_sights(step.sights)
        self.await_it(
            lambda look: None if look.first(sights) else True, self._seconds(step), f"the end of {any_of(sights)}"
        )

    def _when(self, step: Step) -> None:
        if self._is_seen(step, WHEN_SECONDS):
            self.desk.step(f"{_number(step)}: {self._said(step)}, so it is.")
            self.follow(step.steps)

    def _repeat(self, step: Step) -> None:
        for _ in range(step.at_most):
            if self._is_seen(step, 0.0):
                return
            self.follow(step.steps)
        if not self._is_seen(step, self._seconds(step)):
            raise self.changed(f"{any_of(step.sights)} after {step.at_most} times")

    def _each_file(self, step: Step) -> None:
        for file in [file for file in self.parcel.files if is_meant(step, file)]:
            self._file = file
            self.follow(step.steps)
        self._file = None

    def _is_seen(self, step: Step, usual: float) -> bool:
        """Say whether what a block asks for is seen, soon enough."""
        sights = self.written_sights(step.sights)
        end = time.monotonic() + (usual if step.seconds is None else step.seconds)
        while True:
            look = self.view.look()
            if look is not None and look.first(sights):
                return True
            if time.monotonic() >= end and look is not None:
                return False
            self.window.page.wait_for_timeout(POLL_MILLISECONDS)

    def written_sights(self, sights: Sights) -> Sights:
        """Return sights with the names in their texts replaced."""
        return sights_written(sights, self.parcel, self.now, self._file)

    def _written_target(self, target: Target) -> Target:
        texts = {
            name: self.write(getattr(target, name)) for name in ("label", "placeholder", "text", "in_row", "in_part")
        }
        return Target(**{**vars(target), **texts})

    def _said(self, step: Step) -> str:
        words = step.words()
        try:
            return self.write(words)
        except (NoSuchField, KeyError, ValueError):  # a brace of a selector, or what is said better where it is used
            return words

    def _seconds(self, step: Step) -> float:
        return self.recipe.step_seconds if step.seconds is None else step.seconds

    def _check_ends(self) -> None:
        self._check_navigation()
        look = self.view.look()
        if look is not None:
            self._check_look(look)

    def _check_navigation(self) -> None:
        if self.window.status in BUSY_STATUS:
            raise IsBusy(f"The portal answered HTTP {self.window.status} at {without_secrets(self.window.page.url)}.")
        if self.window.failure:
            out = sorted(self.window.kept_out)
            raise IsBusy(f"The portal did not answer: {self.window.failure}.{' ' + out[-1] if out else ''}")

    def _check_look(self, look: Look) -> None:
        """End where the page says so: closed, busy, a message of refusal, the sign-in page in mid-form."""
        sign_in = self.recipe.sign_in
        closed, busy = look.first(self.recipe.closed), look.first(self.recipe.busy)
        if closed is not None:
            raise IsClosed(look.words_around(closed))
        if busy is not None:
            raise IsBusy(look.words_around(busy))
        if not self.signs_in and sign_in is not None and look.first(sign_in.page):
            raise SessionEnded(f"The portal asks to sign in again at {without_secrets(look.address)}.")
        new = [message for message in look.messages if message not in self.tolerated]
        if new:
            raise SaysNo(" / ".join(new))

    def _on(self, step: Step, verb: Verb, act: "Callable[[ElementHandle], None]", target: Target | None = None) -> None:
        """Find the thing that a step is about, do something with it, and wait until the page is quiet.

        A thing that the page replaced in between is looked for again: nothing was done with it.
        """
        for is_last in (False, False, False, True):
            element = self.find(step, verb, target)
            try:
                self._quietly(lambda held=element: act(held), step, tells_replaced=not is_last)  # type: ignore[misc]
            except _Replaced:
                continue
            self.window.quiet()
            return

    def _quietly(self, act: Callable[[], None], step: Step, *, tells_replaced: bool = False) -> None:
        """Do something with the page; what the browser's driver says about it becomes a sentence.

        The page is looked at first: a message on it says more than what could not be done.
        """
        from playwright.sync_api import Error

        try:
            act()
        except Error as error:
            if tells_replaced and "not attached to the DOM" in str(error):
                raise _Replaced from None
            self._check_ends()
            raise PageChanged(f"It was not possible to {self._said(step)}: {_first_line(error)}.") from None
        except PageChanged:
            self._check_ends()
            raise


class _Replaced(Exception):
    """The page put another thing in the place of the one that was found."""


def sights_written(sights: Sights, parcel: Parcel, now: datetime, file: ParcelFile | None = None) -> Sights:
    """Return sights with the names in their texts replaced.

    Raises:
        NoSuchField: the package says nothing for one of them.
    """
    return tuple(Sight(written(sight.text, parcel, now=now, file=file), sight.css, sight.address) for sight in sights)


def is_meant(step: Step, file: ParcelFile) -> bool:
    """Say whether a file is one of those that an upload or a for_each_file names."""
    wanted = step.value.casefold()
    is_named = wanted in {"all", "*"} or fnmatch.fnmatchcase(file.name.casefold(), wanted)
    return is_named and (not step.volume or file.volume.casefold() == step.volume.casefold())


def _number(step: Step) -> str:
    """Name a step by its place: steps[3].steps[1] is 3.1, and what is not a step of the way itself says of what it is."""
    parts = step.key.split(".")
    numbers = ".".join(part.partition("[")[2].rstrip("]") for part in parts if part.startswith("steps["))
    section = " ".join(part.replace("_", " ") for part in parts[1:] if not part.startswith("steps["))
    return f"{section.capitalize()} {numbers}".strip() if section else f"Step {numbers}"


def _first_line(error: Exception) -> str:
    lines = [line.strip(" -") for line in str(error).splitlines() if line.strip()]
    blocked = next((line for line in lines if "intercepts pointer events" in line), "")
    return (blocked or (lines[0] if lines else type(error).__name__)).removeprefix("Error: ")[:200].rstrip(".")


_DO: dict[Verb, Callable[[Follower, Step], None]] = {
    Verb.GO_TO: lambda follower, step: follower.go_to(follower.write(step.value)),
    Verb.FILL: Follower._fill,
    Verb.CHOOSE: Follower._choose,
    Verb.TICK: Follower._tick,
    Verb.UPLOAD: Follower._upload,
    Verb.CLICK: Follower._click,
    Verb.PRESS: Follower._press,
    Verb.EXPECT: Follower._expect,
    Verb.GONE: Follower._gone,
}
_BLOCK: dict[Verb, Callable[[Follower, Step], None]] = {
    Verb.WHEN: Follower._when,
    Verb.REPEAT: Follower._repeat,
    Verb.EACH_FILE: Follower._each_file,
}
