"""One conversation with a portal: sign in, look whether it is there already, follow the steps, the last act, read the receipt.

Before the last act everything that goes wrong means that nothing was delivered. From the last act on only what the recipe
calls accepted or refused counts, and everything else is unknown. Not here: single steps (recipe_steps.py).
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from pipelines.submission.browser.home import with_browser
from pipelines.submission.browser.page_pictures import Pictures
from pipelines.submission.browser.page_receipt import await_receipt
from pipelines.submission.browser.page_typing import Typing
from pipelines.submission.browser.page_view import Look, PageView
from pipelines.submission.browser.page_window import Window
from pipelines.submission.browser.recipe import LookUp, Recipe, Step, Verb, any_of
from pipelines.submission.browser.recipe_ends import IsBusy, PageChanged, RecipeEnd, SaysNo, SessionEnded
from pipelines.submission.browser.recipe_look_up import look_for
from pipelines.submission.browser.recipe_steps import BUSY_STATUS, POLL_MILLISECONDS, Follower, sights_written
from pipelines.submission.executor import Desk, Parcel
from pipelines.submission.portals.hosts import without_secrets
from pipelines.submission.portals.profile import PortalProfile
from warehouse.domain.delivery import Accepted, Answer, Finding, NotDelivered, Refused, Unclear, Unknown
from warehouse.errors import NotFound, NotPermitted, VaultRefused

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ElementHandle

Said = TypeVar("Said")
OF_THE_VAULT = (NotFound, NotPermitted, VaultRefused)
"""What the vault may say when a credential is asked for."""
SIGN_INS = 3
"""A session that ends in mid-form is begun anew so often; then something else is wrong."""
MESSAGE_SECONDS = 0.5
"""A message beside which nothing of what is accepted appears within this time is the answer."""


class Conversation:
    """One window on a portal, from its first page to its last."""

    def __init__(self, window: Window, recipe: Recipe, parcel: Parcel, desk: Desk, now: datetime) -> None:
        recipe = recipe.with_sights(lambda sights: sights_written(sights, parcel, now))
        view = PageView(window, messages=recipe.messages, sights=recipe.all_sights())
        typing = Typing(window, view, desk)
        self._pictures = Pictures(window, view, typing, desk)
        self._follower = Follower(window, view, typing, self._pictures, recipe, parcel, desk, now)
        self._window, self._recipe, self._parcel, self._desk = window, recipe, parcel, desk
        self._outcome: Answer | None = None
        self.has_begun = False
        """Whether the last act was begun: from then on it may have arrived."""

    def act(self) -> Answer:
        """Deliver, or say why it was not.

        Raises:
            MayNotAct, DryRun, Fenced: from the desk.
        """
        try:
            self._sign_in()
            there = self._already_there()
            return there or self._deliver()
        except SaysNo as no:
            return self._end("refused", Refused(str(no)))
        except IsBusy as busy:
            return self._end("no answer", NotDelivered(str(busy)))
        except RecipeEnd as end:
            return self._end("not as expected", NotDelivered(str(end)))
        except OF_THE_VAULT as error:
            if self.has_begun:
                raise  # what escapes from here on is unknown
            return self._end("no credential", NotDelivered(f"{error.what} {error.todo}".strip()))

    def look_up(self) -> Finding:
        """Look for our reference."""
        if self._recipe.look_up is None:
            return Unclear("The profile does not say how to look an offer up.")
        try:
            self._sign_in()
        except RecipeEnd as end:
            self._pictures.keep_page("no sign-in")
            return Unclear(f"Nobody could sign in to look: {end}")
        except OF_THE_VAULT as error:
            return Unclear(f"Nobody could sign in to look: {error.what} {error.todo}".strip())
        return look_for(self._follower, self._recipe.look_up)

    def close(self) -> None:
        """Keep the trace of it."""
        self._window.tell_kept_out()
        self._pictures.keep_trace()

    def _sign_in(self) -> None:
        follower, sign_in = self._follower, self._recipe.sign_in
        follower.signs_in = True
        look = follower.view.look()
        # "Your session has expired" stands on the page from which one is sent to sign in, and refuses nothing.
        follower.tolerated = frozenset(look.messages) if look else frozenset()
        self._open(sign_in.steps if sign_in else ())
        if sign_in is not None:
            follower.follow(sign_in.steps)
            try:
                follower.await_sight(sign_in.done, self._recipe.step_seconds)
            except PageChanged as end:
                if self._shows_sign_in_page():
                    raise SaysNo(f"The portal did not let us sign in, and says nothing more. {end}") from None
                raise
            self._desk.step("Signed in.")
            if self._recipe.pictures == "few":
                self._pictures.take("signed in")
        follower.signs_in = False

    def _open(self, steps: Sequence[Step]) -> None:
        """Begin at the start, unless the steps themselves say where."""
        if not steps or steps[0].verb is not Verb.GO_TO:
            self._desk.step(f"Open {without_secrets(self._recipe.start)}.")
            self._follower.go_to(self._recipe.start)

    def _shows_sign_in_page(self) -> bool:
        look = self._follower.view.look()
        return bool(look and self._recipe.sign_in and look.first(self._recipe.sign_in.page))

    def _already_there(self) -> Answer | None:
        """Look before acting: an attempt that nobody knows of may have arrived.

        Raises:
            RecipeEnd: it could not be looked for; nothing was sent.
        """
        look_up: LookUp | None = self._recipe.look_up
        if look_up is None:
            return None
        self._desk.step(f"Look whether {self._parcel.reference} is there already.")
        found = look_for(self._follower, look_up)
        if isinstance(found, Accepted):
            self._desk.step("It is there already: its receipt is read, nothing is sent again.")
            return found
        if isinstance(found, Refused):
            return found
        if isinstance(found, Unclear):
            raise PageChanged(f"Nobody can tell whether it is there already, so nothing was sent. {found.words}")
        return None

    def _deliver(self) -> Answer:
        self._follower.acts = self._act_last
        for time_of_it in range(1, SIGN_INS + 1):
            try:
                self._follower.uploaded = set()
                self._open(self._recipe.steps)
                self._follower.follow(self._recipe.steps)
                break
            except SessionEnded as ended:
                self._desk.step(f"{ended} What was filled in is begun anew.", is_fault=True)
                if time_of_it == SIGN_INS:
                    raise
                self._sign_in()
        if self._outcome is None:
            raise PageChanged("The recipe ended without its last act.")
        return self._outcome

    def _act_last(self, step: Step) -> None:
        """Everything up to the last act was done: look once more, begin, act, and wait for what comes of it."""
        element = self._follower.acts_on(step)
        self._check_is_ready()
        self._pictures.take("before the last act")
        self._pictures.note(step.key, f"{step.words()}: the last act")
        self._window.expect_dialogs(step.dialog)
        with self._last_connection():
            self._desk.begin_act()
            self.has_begun = True
            self._outcome = self._do_it(step, element)

    @contextmanager
    def _last_connection(self) -> Iterator[None]:
        """Let the browser ask once only (tunnel.py); a page that lives by an open socket keeps it."""
        if self._window.has_open_socket:
            yield
            return
        self._window.tunnel.begin_act(self._recipe.outcome_seconds)
        try:
            yield
        finally:
            self._window.tunnel.end_act()

    def _check_is_ready(self) -> None:
        missing = [file.name for file in self._parcel.files if file.name not in self._follower.uploaded]
        if missing:
            raise PageChanged(f"The recipe left out {', '.join(missing)}: nothing is handed in without it.")
        look = self._follower.view.look()
        early = look.first(self._recipe.accepted) or look.first(self._recipe.refused) if look else None
        if look is None or early is not None:
            raise PageChanged(
                f"{early.words() if early else 'The page'} is there before the last act: it could not tell what comes of it."
            )
        new = [message for message in look.messages if message not in self._follower.tolerated]
        if new:
            raise SaysNo(" / ".join(new))

    def _do_it(self, step: Step, element: "ElementHandle | None") -> Answer:
        from playwright.sync_api import Error

        self._window.status, self._window.failure = 0, ""
        try:
            if step.verb is Verb.CLICK and element is not None:
                element.click(no_wait_after=True)
            elif element is not None:
                element.press(step.value, no_wait_after=True)
            else:
                self._window.page.keyboard.press(step.value)
            return self._await_outcome()
        except Error as error:
            return self._end(
                "after the last act",
                Unknown(f"The browser broke off in the last act: {str(error).splitlines()[0][:200]}"),
            )

    def _await_outcome(self) -> Answer:
        """Wait for what the recipe calls accepted or refused; anything else is unknown."""
        end, message_since = time.monotonic() + self._recipe.outcome_seconds, 0.0
        while True:
            look = self._follower.view.look()
            if look is not None and look.first(self._recipe.loading) is None:
                if look.first(self._recipe.accepted):
                    return self._read_receipt()
                refused = self._refused(look)
                if refused is not None:
                    return self._end("refused", refused)
                new = [message for message in look.messages if message not in self._follower.tolerated]
                message_since = (message_since or time.monotonic()) if new else 0.0
                if new and time.monotonic() - message_since > MESSAGE_SECONDS:
                    return self._end("refused", Refused(" / ".join(new), is_certain=False))
            broken = self._broken(look)
            if broken:
                return self._end("after the last act", Unknown(broken))
            if time.monotonic() > end:
                expected = any_of(self._recipe.accepted)
                return self._end(
                    "after the last act",
                    Unknown(
                        f"Within {self._recipe.outcome_seconds:g} seconds of the last act nothing of {expected} was seen."
                    ),
                )
            self._window.page.wait_for_timeout(POLL_MILLISECONDS)

    def _refused(self, look: Look) -> Refused | None:
        for sights in (self._recipe.refused, self._recipe.closed):
            sight = look.first(sights)
            if sight is not None:
                said = " / ".join(look.messages) if sight.css and look.messages else look.words_around(sight)
                return Refused(said or sight.words())
        return None

    def _broken(self, look: Look | None) -> str:
        """Say why nothing will come any more; "" while it may."""
        window = self._window
        if window.tunnel.broke or window.failure:
            return f"The connection broke in the last act: {window.failure or 'without an answer'}."
        if window.status in BUSY_STATUS:
            return f"The portal answered HTTP {window.status} to the last act."
        if self._recipe.sign_in and look is not None and look.first(self._recipe.sign_in.page):
            return "The portal asked to sign in again at the last act."
        return ""

    def _read_receipt(self) -> Answer:
        """The portal says that it has it: the number is read where the recipe says, or it stays unknown."""
        place = self._recipe.receipt
        assert place is not None  # noqa: S101 - a recipe that acts has one
        self._window.tunnel.end_act()
        self._desk.step("The portal took it. Read the receipt.")
        self._pictures.take("after the last act")
        self._follower.acts = None
        try:
            self._follower.follow(place.steps)
            return Accepted(await_receipt(self._follower, place, self._recipe.step_seconds))
        except RecipeEnd as end:
            return self._end("no receipt", Unknown(f"The portal took it, but no receipt's number could be read: {end}"))

    def _end(self, name: str, answer: Answer) -> Answer:
        """Keep the page as it is; what cannot be kept any more takes nothing from the answer."""
        from playwright.sync_api import Error

        try:
            self._pictures.keep_page(name)
        except Error as error:
            self._pictures.note("", f"the page could not be kept: {str(error).splitlines()[0][:120]}")
        return answer


def talk(
    profile: PortalProfile,
    recipe: Recipe,
    parcel: Parcel,
    desk: Desk,
    *,
    now: datetime,
    about: Callable[[Conversation], Said],
) -> Said:
    """Open a window on a portal and talk, in the browser's thread; the trace is kept at the end, whatever came.

    Raises:
        NoBrowser: this machine has no browser, or it does not start.
        Exception: whatever comes of `about`.
    """

    def hold(browser: "Browser") -> Said:
        with Window(browser, profile.hosts, profile.assets_from, desk.step, seconds=recipe.step_seconds) as window:
            conversation = Conversation(window, recipe, parcel, desk, now)
            try:
                return about(conversation)
            finally:
                conversation.close()

    return with_browser(hold)
