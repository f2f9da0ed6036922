"""The [browser] section of a profile read into a recipe, with everything that is wrong with it.

Not here: single steps (recipe_steps_reading.py), what all ways share (portals/profile.py).
"""

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pipelines.submission.browser.recipe import LookUp, ReceiptPlace, Recipe, SignIn, Step, Target, Verb, walk
from pipelines.submission.browser.recipe_steps_reading import Allowed, read_sights, read_steps, read_target
from pipelines.submission.browser.recipe_words import names_of
from pipelines.submission.portals.hosts import entry_of
from pipelines.submission.portals.keys import Faults, Keys
from pipelines.submission.portals.profile import PortalProfile
from pipelines.submission.receipt_patterns import fault_of_pattern

SECTION = "browser"
SOURCES = ("text", "address", "link", "list")
MOST_MINUTES = 30


@dataclass(frozen=True)
class _Reading:
    """What each reader below needs to know of the profile."""

    profile: PortalProfile

    def allowed(self, *, may_type_secrets: bool = False, is_whole: bool = False) -> Allowed:
        return Allowed(self.profile.hosts, self.profile.credentials if may_type_secrets else (), may_act=is_whole)


def read_recipe(profile: PortalProfile) -> tuple[Recipe | None, Faults]:
    """Read the recipe of a profile; None where anything is wrong with it.

    A profile of another way may hold only how to look up: then nothing else is asked for.
    """
    faults: Faults = []
    keys = Keys(profile.sections.get(SECTION, {}), (SECTION,), faults)
    recipe = _recipe(keys, _Reading(profile), acts=profile.executor == SECTION or "steps" in keys)
    return (None if faults else recipe), faults


def _recipe(keys: Keys, reading: _Reading, *, acts: bool) -> Recipe:
    start = keys.text("start", longest=1_000, is_required=True)
    if start and not entry_of(start, reading.profile.hosts):
        keys.fault(
            "start", "is an address of one of the profile's hosts: https:// (http:// only on this machine itself)"
        )
    sights = {name: read_sights(keys, name) for name in ("closed", "busy", "loading", "accepted", "refused")}
    recipe = Recipe(
        start=start,
        steps=read_steps(keys, "steps", reading.allowed(may_type_secrets=True, is_whole=True)),
        sign_in=_sign_in(keys.table("sign_in"), reading),
        messages=keys.texts("messages", longest=300),
        receipt=_receipt(keys.table("receipt"), reading),
        step_seconds=keys.number("step_seconds", 20, low=1, high=60 * MOST_MINUTES),
        outcome_seconds=keys.number("outcome_seconds", 60, low=1, high=60 * MOST_MINUTES),
        pictures=keys.choice("pictures", ("all", "few"), "all"),
        closed=sights["closed"],
        busy=sights["busy"],
        loading=sights["loading"],
        accepted=sights["accepted"],
        refused=sights["refused"],
    )
    look_up = _look_up(keys.table("look_up"), reading, recipe.receipt)
    keys.done()
    recipe = replace(recipe, look_up=look_up)
    for check in (_check_acts, _check_reference) if acts else (_check_looks,):
        check(keys, recipe)
    return recipe


def _sign_in(keys: Keys | None, reading: _Reading) -> SignIn | None:
    if keys is None:
        return None
    steps = read_steps(keys, "steps", reading.allowed(may_type_secrets=True))
    sign_in = SignIn(steps, read_sights(keys, "done"), read_sights(keys, "page"))
    if not steps:
        keys.fault("", "steps are missing: [[browser.sign_in.steps]]")
    if not sign_in.done:
        keys.fault("", 'done is missing: what is seen once somebody is signed in, done = "Sign out"')
    keys.done()
    return sign_in


def _receipt(keys: Keys | None, reading: _Reading, *, needs_pattern: bool = True) -> ReceiptPlace | None:
    if keys is None:
        return None
    place = ReceiptPlace(
        _pattern(keys, "pattern", is_required=needs_pattern),
        keys.choice("from", SOURCES, "text"),
        keys.text("css", longest=300),
        read_steps(keys, "steps", reading.allowed()),
        _pattern(keys, "received", is_required=False),
        keys.text("received_form", longest=60),
        keys.text("received_zone", longest=60),
    )
    if place.received:
        _check_moment(keys, place)
    keys.done()
    return place


def _pattern(keys: Keys, key: str, *, is_required: bool) -> str:
    pattern = keys.text(key, longest=300, is_required=is_required)
    fault = fault_of_pattern(pattern) if pattern else ""
    if fault:
        keys.fault(key, fault)
    return pattern


def _check_moment(keys: Keys, place: ReceiptPlace) -> None:
    try:
        ZoneInfo(place.zone or "none")
    except (ZoneInfoNotFoundError, ValueError):
        keys.fault(
            "received_zone" if place.zone else "",
            "received_zone names the zone of the portal's times: America/New_York",
        )
    form = place.form or ""
    try:
        has_day = bool(form) and datetime.strptime(datetime(2026, 2, 3, 4, 5).strftime(form), form).date().day == 3  # noqa: DTZ001, DTZ007 - a trial of the form
    except ValueError:
        has_day = False
    if not has_day:
        keys.fault("received_form" if form else "", 'received_form says how the time is written: "%m/%d/%Y %I:%M %p"')


def _look_up(keys: Keys | None, reading: _Reading, receipt: ReceiptPlace | None) -> LookUp | None:
    if keys is None:
        return None
    own = _receipt(keys.table("receipt"), reading)
    look_up = LookUp(
        read_steps(keys, "steps", reading.allowed()),
        read_sights(keys, "page"),
        own or receipt or ReceiptPlace(""),
        read_sights(keys, "nothing"),
        keys.text("rows", longest=300),
        keys.texts("drafts", longest=100),
        keys.texts("refusals", longest=100),
        _target(keys, "opens"),
        _target(keys, "next"),
        int(keys.number("pages", 10, low=1, high=200)),
    )
    if not look_up.steps:
        keys.fault("", "steps are missing: how to come to the list of own offers, [[browser.look_up.steps]]")
    if not look_up.page:
        keys.fault("", 'page is missing: what is always seen on the list, page = "My submissions"')
    if not look_up.receipt.pattern and (own is not None or receipt is None):
        keys.fault("", "receipt is missing: where the number stands, [browser.look_up.receipt]")
    keys.done()
    return look_up


def _target(keys: Keys, key: str) -> Target | None:
    table = keys.table(key) if not isinstance(keys.raw(key), str) else None
    if table is None:
        return Target(text=str(keys.raw(key))) if key in keys else None
    target = read_target(table, Allowed(()))
    if not target.is_given:
        table.fault("", 'names a button or link: { text = "Next" }')
    table.done()
    return target


def _check_acts(keys: Keys, recipe: Recipe) -> None:
    """A recipe that delivers has one last act, what counts as taken, and where the receipt stands."""
    if not recipe.steps:
        keys.fault("", "steps are missing: [[browser.steps]]")
        return
    last = [step for step in recipe.all_steps() if step.is_last_act]
    if not last:
        keys.fault("steps", "no step is the last act: the one that hands the offer in says is_last_act = true")
    for step in last[1:]:
        keys.faults.append((step.key, "is a second last act: exactly one step is"))
    if last and recipe.steps[-1] is not last[0]:
        keys.faults.append(
            (last[0].key, "nothing comes after the last act: steps to the receipt stand in browser.receipt.steps")
        )
    if not recipe.accepted:
        keys.fault("", 'accepted is missing: what is seen once the offer was taken, accepted = "Thank you"')
    if recipe.receipt is None:
        keys.fault("", "receipt is missing: where the confirmation number stands, [browser.receipt]")
    if not any(step.verb is Verb.UPLOAD for step in recipe.all_steps()):
        keys.fault("steps", 'no step uploads anything: upload = "all"')


def _check_looks(keys: Keys, recipe: Recipe) -> None:
    if recipe.look_up is None:
        keys.fault("", "look_up is missing: this profile's way of delivering looks its reference up with it")


def _check_reference(keys: Keys, recipe: Recipe) -> None:
    """Our reference must go with the offer wherever it is looked up by it."""
    goes_out = any(
        name.word == "reference" and not name.family
        for step in recipe.all_steps()
        if step.verb in {Verb.FILL, Verb.CHOOSE, Verb.GO_TO}
        for name in names_of(step.value)
    )
    if recipe.look_up is not None and recipe.steps and not goes_out:
        keys.fault(
            "steps",
            "{reference} is filled in nowhere, so nobody could look it up: put it where the portal shows it, the title if nowhere else",
        )


def warnings_of(recipe: Recipe) -> Faults:
    """Return what stands in nobody's way but will be missed."""
    if not recipe.steps:
        return []
    missing = {
        "without look_up every delivery that is not confirmed at once waits for a person": recipe.look_up,
        "without messages the portal's own words of refusal are not recognised": recipe.messages,
        "without closed a call that takes no more offers is not recognised": recipe.closed,
        "without sign_in.page a session that ends in mid-form is not recognised": recipe.sign_in is None or recipe.sign_in.page,
    }  # fmt: skip
    return [(SECTION, words) for words, is_there in missing.items() if not is_there]


def uploads_of(recipe: Recipe) -> list[Step]:
    """Return the steps that upload, in their order."""
    return [step for step in walk(recipe.steps) if step.verb is Verb.UPLOAD]
