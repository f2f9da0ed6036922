"""Single steps of a recipe read from their tables: one verb, what it is about, and what goes with it.

Not here: what a recipe as a whole must have (recipe_reading.py).
"""

from dataclasses import dataclass, replace

from pipelines.submission.browser.recipe import BLOCKS, Sight, Sights, Step, Target, Verb
from pipelines.submission.browser.recipe_words import names_of, text_fault
from pipelines.submission.portals.hosts import entry_of
from pipelines.submission.portals.keys import Keys, near
from pipelines.submission.portals.text import to_key

MOST_STEPS = 200
DEEPEST = 4
TARGET_KEYS = ("label", "name", "placeholder", "role", "text", "css", "within", "in_row", "in_part", "frame", "place")
ROLES = (
    "button",
    "link",
    "tab",
    "menuitem",
    "checkbox",
    "radio",
    "switch",
    "option",
    "textbox",
    "combobox",
    "searchbox",
)
KEYS = ("Enter", "Tab", "Escape", "Space", "ArrowDown", "ArrowUp")
DIALOGS = ("accept", "dismiss")
WHICH_FILES = ("all", "this")


@dataclass(frozen=True)
class Allowed:
    """What steps at this place may do.

    Attributes:
        hosts: Where they may go.
        credentials: Which they may type.
        may_act: Whether one of them may be the last act.
        in_file: Whether {file.…} means one file.
    """

    hosts: tuple[str, ...]
    credentials: tuple[str, ...] = ()
    may_act: bool = False
    in_file: bool = False
    depth: int = 0


def read_steps(keys: Keys, key: str, allowed: Allowed) -> tuple[Step, ...]:
    """Read a list of steps."""
    tables = keys.tables(key)
    if len(tables) > MOST_STEPS or allowed.depth > DEEPEST:
        keys.fault(key, f"has more than {MOST_STEPS} steps, or steps inside steps inside steps")
        return ()
    return tuple(step for table in tables if (step := _step(table, allowed)) is not None)


def _step(keys: Keys, allowed: Allowed) -> Step | None:
    verbs = [verb for verb in Verb if verb.value in keys]
    if len(verbs) != 1:
        known = ", ".join(verb.value for verb in Verb)
        said = (
            f"has {' and '.join(verb.value for verb in verbs)}: one step does one thing"
            if verbs
            else f"does nothing: a step has one of {known}"
        )
        keys.fault("", said + (_meant(keys) if not verbs else ""))
        return None
    verb = verbs[0]
    step = Step(
        verb,
        to_key(keys.place),
        target=read_target(keys, allowed),
        seconds=keys.number("seconds", 0, low=0, high=3_600) if "seconds" in keys else None,
        dialog=keys.choice("dialog", DIALOGS),
        is_last_act=keys.flag("is_last_act"),
    )
    step = _READ[verb](keys, step, allowed)
    _check_last_act(keys, step, allowed)
    keys.done()
    return step


def _meant(keys: Keys) -> str:
    for key in keys.names():
        meant = near(key, [verb.value for verb in Verb])
        if meant and key not in TARGET_KEYS:
            return meant
    return ""


def read_target(keys: Keys, allowed: Allowed) -> Target:
    """Read which thing of the page is meant."""
    place = keys.raw("place")
    if place is not None and (
        isinstance(place, bool) or not isinstance(place, int) or not (place == -1 or 1 <= place <= 500)
    ):
        keys.fault("place", "is which one of several, from 1; -1 is the last")
        place = None
    texts = {name: _written(keys, name, allowed) for name in ("label", "placeholder", "text", "in_row", "in_part")}
    plain = {name: keys.text(name, longest=300) for name in ("name", "css", "within", "frame")}
    return Target(**texts, **plain, role=keys.choice("role", ROLES), place=place)


def _written(keys: Keys, key: str, allowed: Allowed, *, credentials: tuple[str, ...] = (), longest: int = 4_000) -> str:
    """Read a text that may hold {names}."""
    text = keys.text(key, longest=longest, has_lines=key == "fill")
    fault = text_fault(text, credentials=credentials, in_file=allowed.in_file)
    if fault:
        keys.fault(key, fault)
    return text


def read_sights(keys: Keys, key: str, allowed: Allowed | None = None) -> Sights:
    """Read what a page shows: a text, a table with text, css, address, or a list of these, any of which will do."""
    found = keys.raw(key)
    if found is None:
        return ()
    sights = []
    for number, one in enumerate(found if isinstance(found, list) else [found]):
        place = (*keys.place, key, number) if isinstance(found, list) else (*keys.place, key)
        table = Keys({"text": one} if isinstance(one, str) else one, place, keys.faults)
        sight = Sight(
            _written(table, "text", allowed or Allowed(())),
            table.text("css", longest=300),
            table.text("address", longest=500),
        )
        if not sight.words():
            table.fault("", 'is a text that can be seen, or { text = "…" }, { css = "…" }, { address = "*/done/*" }')
        table.done()
        sights.append(sight)
    return tuple(sights)


def _go_to(keys: Keys, step: Step, allowed: Allowed) -> Step:
    address = _written(keys, "go_to", allowed)
    is_within = address.startswith(("/", "{field.", "{portal_address}")) and not address.startswith("//")
    if address and not is_within and not entry_of(address, allowed.hosts):
        keys.fault("go_to", "is an address of one of the profile's hosts, or begins with /")
    return replace(step, value=address)


def _fill(keys: Keys, step: Step, allowed: Allowed) -> Step:
    _needs_target(keys, step, "label")
    value = keys.raw("fill")
    text = "" if value == "" else _written(keys, "fill", allowed, credentials=allowed.credentials, longest=20_000)
    secret = [name.word for name in names_of(text) if name.family == "credential"]
    if secret and text != f"{{credential.{secret[0]}}}":
        keys.fault("fill", "a credential stands alone in its field")
    return replace(step, value=text)


def _choose(keys: Keys, step: Step, allowed: Allowed) -> Step:
    _needs_target(keys, step, "label")
    return replace(step, value=_written(keys, "choose", allowed), options=keys.text("options", longest=300))


def _tick(keys: Keys, step: Step, allowed: Allowed) -> Step:
    found = keys.raw("tick")
    if isinstance(found, bool):
        _needs_target(keys, step, "label")
        return replace(step, wanted=found)
    if step.target.label:
        keys.fault("tick", "is true or false beside a label, or the label itself")
    return replace(step, target=replace(step.target, label=_written(keys, "tick", allowed)))


def _upload(keys: Keys, step: Step, allowed: Allowed) -> Step:
    which = keys.text("upload", longest=300)
    if which == "this" and not allowed.in_file:
        keys.fault(
            "upload", '"this" stands only inside for_each_file; "all" means every file, "*.pdf" those of the name'
        )
    if allowed.in_file and which and which != "this":
        keys.fault("upload", 'is "this" inside for_each_file: one file at a time')
    return replace(
        step, value=which, volume=keys.text("volume", longest=200), chooser=_written(keys, "chooser", allowed)
    )


def _click(keys: Keys, step: Step, allowed: Allowed) -> Step:
    step = replace(step, same_window=keys.flag("same_window"))
    if keys.raw("click") is True:
        _needs_target(keys, step, "css")
        return step
    if step.target.text:
        keys.fault("text", "the words of the button stand in click itself")
    return replace(step, target=replace(step.target, text=_written(keys, "click", allowed)))


def _press(keys: Keys, step: Step, allowed: Allowed) -> Step:
    return replace(step, value=keys.choice("press", KEYS))


def _expect(keys: Keys, step: Step, allowed: Allowed) -> Step:
    return replace(step, sights=read_sights(keys, step.verb.value, allowed))


def _block(keys: Keys, step: Step, allowed: Allowed) -> Step:
    inside = replace(allowed, depth=allowed.depth + 1, may_act=False)
    if step.verb is Verb.EACH_FILE:
        if allowed.in_file:
            keys.fault("", "a for_each_file stands inside another one")
        inside = replace(inside, in_file=True)
        step = replace(step, value=keys.text("for_each_file", longest=300), volume=keys.text("volume", longest=200))
    else:
        step = replace(step, sights=read_sights(keys, step.verb.value, allowed))
    if step.verb is Verb.REPEAT:
        step = replace(step, at_most=int(keys.number("at_most", 20, low=1, high=200)))
    steps = read_steps(keys, "steps", inside)
    if not steps:
        keys.fault("", f"holds no steps: [[{to_key(keys.place).partition('[')[0]}.steps]] below it")
    return replace(step, steps=steps)


def _needs_target(keys: Keys, step: Step, usual: str) -> None:
    if not step.target.is_given:
        keys.fault("", f'says not what it is about: {usual} = "…", or one of {", ".join(TARGET_KEYS[:6])}')


def _check_last_act(keys: Keys, step: Step, allowed: Allowed) -> None:
    if step.is_last_act and not allowed.may_act:
        keys.fault("is_last_act", "only a step of browser.steps itself hands the offer in")
    if step.is_last_act and step.verb not in {Verb.CLICK, Verb.PRESS}:
        keys.fault("is_last_act", "the last act is a click or a press")
    if step.verb in BLOCKS and step.target.is_given:
        keys.fault("", "is about no single thing: label, css and the like stand in its steps")


_READ = {
    Verb.GO_TO: _go_to,
    Verb.FILL: _fill,
    Verb.CHOOSE: _choose,
    Verb.TICK: _tick,
    Verb.UPLOAD: _upload,
    Verb.CLICK: _click,
    Verb.PRESS: _press,
    Verb.EXPECT: _expect,
    Verb.GONE: _expect,
    Verb.WHEN: _block,
    Verb.REPEAT: _block,
    Verb.EACH_FILE: _block,
}
