"""A recipe for a portal's pages, as data: sign-in, steps, what counts as taken, where the receipt stands, how to look it up.

docs/portal-profiles.md says each key. Not here: reading it from a profile (recipe_reading.py), following it (recipe_run.py).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum


class Verb(StrEnum):
    """What a step does; the key of the step that says so."""

    GO_TO = "go_to"
    FILL = "fill"
    CHOOSE = "choose"
    TICK = "tick"
    UPLOAD = "upload"
    CLICK = "click"
    PRESS = "press"
    EXPECT = "expect"
    GONE = "expect_gone"
    WHEN = "when"
    REPEAT = "repeat_until"
    EACH_FILE = "for_each_file"


BLOCKS = frozenset({Verb.WHEN, Verb.REPEAT, Verb.EACH_FILE})
"""Steps that hold steps."""


@dataclass(frozen=True)
class Target:
    """Which thing of a page is meant; all that is given must fit, and exactly one thing may.

    Attributes:
        label: The words beside a field.
        name: The field's name in the form.
        role: As screen readers call it: button, link, tab, checkbox.
        text: The words on a button or link.
        css: A selector, where nothing else helps.
        within: A selector of the part of the page in which it lies.
        in_row: Words of the row, entry or card in which it lies.
        in_part: Words of the part of the page in which it lies, a heading for example.
        frame: Name, title or id of the frame in which it lies.
        place: Which one of several, from 1; -1 is the last.
    """

    label: str = ""
    name: str = ""
    placeholder: str = ""
    role: str = ""
    text: str = ""
    css: str = ""
    within: str = ""
    in_row: str = ""
    in_part: str = ""
    frame: str = ""
    place: int | None = None

    @property
    def is_given(self) -> bool:
        """Whether it names anything by itself."""
        return bool(self.label or self.name or self.placeholder or self.role or self.text or self.css)

    def words(self) -> str:
        """Name it for a person."""
        said = self.label or self.text or self.placeholder or self.name or self.css or self.role or "it"
        where = f" in the row of {self.in_row!r}" if self.in_row else f" in {self.in_part!r}" if self.in_part else ""
        return f"{said!r}{where}"


@dataclass(frozen=True)
class Sight:
    """Something that a page shows; all that is given must be so.

    Attributes:
        text: Words that can be seen.
        css: A selector of something that can be seen.
        address: The page's address, with * for anything.
    """

    text: str = ""
    css: str = ""
    address: str = ""

    def words(self) -> str:
        """Name it for a person."""
        said = [f"the text {self.text!r}" if self.text else "", f"the element {self.css}" if self.css else ""]
        said.append(f"the address {self.address}" if self.address else "")
        return " and ".join(part for part in said if part)


Sights = tuple[Sight, ...]
"""Any of them."""


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes:
        key: Where it stands: browser.steps[3].
        value: What is filled, chosen or gone to, with {names}; for an upload which files.
        wanted: Whether a tick is set or taken away.
        sights: What is waited for, or decides whether and how often the steps inside are done.
        seconds: How long it may take; None: as the recipe says.
        volume: Only files of this volume.
        chooser: The button that opens the choice of a file, where the page has no field for it.
        dialog: What is answered when the page asks in a dialog of the browser: accept, dismiss, or "" where it must not ask.
        same_window: A link that would open a window opens in this one.
    """

    verb: Verb
    key: str
    value: str = ""
    target: Target = field(default_factory=Target)
    wanted: bool = True
    sights: Sights = ()
    seconds: float | None = None
    volume: str = ""
    chooser: str = ""
    options: str = ""
    steps: "tuple[Step, ...]" = ()
    at_most: int = 20
    dialog: str = ""
    same_window: bool = False
    is_last_act: bool = False

    def words(self) -> str:
        """Say it for a person; nothing secret is ever in it."""
        return _SAID[self.verb](self)


def any_of(sights: Sights) -> str:
    """Name sights of which any will do, for a person."""
    return " or ".join(sight.words() for sight in sights)


def _of(step: Step, word: str) -> str:
    return f" {word} {step.target.words()}" if step.target.is_given else ""


_SAID: Mapping[Verb, Callable[[Step], str]] = {
    Verb.GO_TO: lambda step: f"go to {step.value}",
    Verb.FILL: lambda step: f"fill {step.target.words()}",
    Verb.CHOOSE: lambda step: f"choose {step.value!r}{_of(step, 'in')}",
    Verb.TICK: lambda step: f"{'tick' if step.wanted else 'untick'} {step.target.words()}",
    Verb.UPLOAD: lambda step: f"upload {step.value}{_of(step, 'into')}",
    Verb.CLICK: lambda step: f"click {step.target.words()}",
    Verb.PRESS: lambda step: f"press {step.value}{_of(step, 'in')}",
    Verb.EXPECT: lambda step: f"expect {any_of(step.sights)}",
    Verb.GONE: lambda step: f"wait until {any_of(step.sights)} is gone",
    Verb.WHEN: lambda step: f"when the page shows {any_of(step.sights)}",
    Verb.REPEAT: lambda step: f"repeat until the page shows {any_of(step.sights)}",
    Verb.EACH_FILE: lambda step: f"for each file {step.value}",
}


@dataclass(frozen=True)
class SignIn:
    """How to sign in.

    Attributes:
        page: How the sign-in page is recognised; "" where it is not said, then an ended session is not noticed.
        done: What is there once somebody is signed in.
    """

    steps: tuple[Step, ...]
    done: Sights
    page: Sights = ()


@dataclass(frozen=True)
class ReceiptPlace:
    """Where a receipt's number stands.

    Attributes:
        pattern: A regular expression with one group, the number.
        source: text (what can be seen), address (the page's), link (addresses of links), list (words and links of the row
            that holds our reference).
        css: The part of the page that is looked at, or the list's rows; "": all of it.
        steps: What is to be done before it can be seen.
        received: A pattern with one group, when the office received it; `form` and `zone` say how that is read.
    """

    pattern: str
    source: str = "text"
    css: str = ""
    steps: tuple[Step, ...] = ()
    received: str = ""
    form: str = ""
    zone: str = ""


@dataclass(frozen=True)
class LookUp:
    """How our reference is found among the offers that the portal has.

    Attributes:
        page: How the list is recognised: without it nothing is said to be absent.
        nothing: What the list shows when it holds nothing.
        rows: A selector of the list's rows; "": rows, entries and cards of any kind.
        drafts: Words of a row that is not delivered yet.
        refusals: Words of a row that the office does not take.
        opens: The link of a row that leads to where the receipt stands.
        next: What leads to the list's next page.
        pages: How many pages are looked at, at most.
        receipt: In the row, or where `opens` leads.
    """

    steps: tuple[Step, ...]
    page: Sights
    receipt: ReceiptPlace
    nothing: Sights = ()
    rows: str = ""
    drafts: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    opens: Target | None = None
    next: Target | None = None
    pages: int = 10


@dataclass(frozen=True)
class Recipe:
    """All of it.

    Attributes:
        start: The address that addresses without a host belong to.
        messages: Selectors of where the portal says what it does not take.
        closed: How a call that takes no more offers looks.
        busy: How a portal looks that asks to try later.
        loading: What is seen while a page is not finished.
        accepted: What is seen once an offer was taken.
        refused: What is seen after the last act when it was certainly not.
        step_seconds: How long one step may take.
        outcome_seconds: How long the answer to the last act may take.
        pictures: "all": after each step; "few": only where something is decided.
    """

    start: str
    steps: tuple[Step, ...] = ()
    sign_in: SignIn | None = None
    messages: tuple[str, ...] = ()
    closed: Sights = ()
    busy: Sights = ()
    loading: Sights = ()
    accepted: Sights = ()
    refused: Sights = ()
    receipt: ReceiptPlace | None = None
    look_up: LookUp | None = None
    step_seconds: float = 20
    outcome_seconds: float = 60
    pictures: str = "all"

    def with_sights(self, write: Callable[[Sights], Sights]) -> "Recipe":
        """Return it with what a page shows rewritten, the sign-in's and the look-up's included; steps stay as they are."""
        sign_in, look_up = self.sign_in, self.look_up
        return replace(
            self,
            closed=write(self.closed),
            busy=write(self.busy),
            loading=write(self.loading),
            accepted=write(self.accepted),
            refused=write(self.refused),
            sign_in=sign_in and replace(sign_in, done=write(sign_in.done), page=write(sign_in.page)),
            look_up=look_up and replace(look_up, page=write(look_up.page), nothing=write(look_up.nothing)),
        )

    def all_sights(self) -> Iterator[Sight]:
        """Yield everything that a page may be asked to show."""
        parts = [self.closed, self.busy, self.loading, self.accepted, self.refused]
        steps = [self.steps]
        if self.sign_in:
            parts += [self.sign_in.page, self.sign_in.done]
            steps.append(self.sign_in.steps)
        if self.receipt:
            steps.append(self.receipt.steps)
        if self.look_up:
            parts += [self.look_up.page, self.look_up.nothing]
            steps += [self.look_up.steps, self.look_up.receipt.steps]
        for sights in [*parts, *(step.sights for group in steps for step in walk(group))]:
            yield from sights

    def texts(self) -> Iterator[str]:
        """Yield every text that may hold {names}."""
        groups = [self.steps, self.sign_in.steps if self.sign_in else (), self.look_up.steps if self.look_up else ()]
        for step in (step for group in groups for step in walk(group)):
            yield from (
                step.value,
                step.target.label,
                step.target.placeholder,
                step.target.text,
                step.target.in_row,
                step.target.in_part,
                step.chooser,
            )
        yield from (sight.text for sight in self.all_sights())

    def all_steps(self) -> Iterator[Step]:
        """Yield the steps up to the last act, those inside others too, in the order in which they are written."""
        yield from walk(self.steps)


def walk(steps: tuple[Step, ...]) -> Iterator[Step]:
    """Yield steps and the steps inside them."""
    for step in steps:
        yield step
        yield from walk(step.steps)
