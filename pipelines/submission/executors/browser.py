"""The browser recipe: a browser follows what a portal profile says, up to its last act, and reads the receipt back.

Only where the profile names who permits it. Not here: how a profile is written (docs/portal-profiles.md), how it is followed
(browser/recipe_run.py).
"""

from pipelines.submission.browser.home import NoBrowser
from pipelines.submission.browser.recipe import Recipe, Verb
from pipelines.submission.browser.recipe_reading import read_recipe, warnings_of
from pipelines.submission.browser.recipe_run import Conversation, talk
from pipelines.submission.browser.recipe_steps import is_meant
from pipelines.submission.browser.recipe_words import fields_of, names_of
from pipelines.submission.executor import Desk, Parcel
from pipelines.submission.portals.hosts import LOOPBACK, entry_of
from pipelines.submission.portals.keys import Faults
from pipelines.submission.portals.limits import faults_of_files
from pipelines.submission.portals.profile import PortalProfile
from warehouse import clock
from warehouse.domain.delivery import Answer, Finding, NotDelivered, Refused, Unclear
from warehouse.settings import current

NAME = "browser"


class BrowserRecipe:
    """The way in which a browser follows a recipe."""

    name = NAME

    def faults_of_profile(self, profile: PortalProfile) -> Faults:
        """Say what is wrong with the recipe of a profile."""
        return read_recipe(profile)[1]

    def warnings_of_profile(self, profile: PortalProfile) -> Faults:
        """Say what the recipe will miss."""
        recipe, _ = read_recipe(profile)
        return warnings_of(recipe) if recipe else []

    def faults(self, parcel: Parcel) -> list[str]:
        """Say what stands against it: no recipe, nobody who permits it, files that the portal does not take, missing lines."""
        profile = parcel.profile
        if profile is None:
            return ["The offer has no portal profile."]
        recipe, wrong = read_recipe(profile)
        if recipe is None:
            return [f"The profile {profile.name} is not sound: {wrong[0][0]} {wrong[0][1]}."]
        found = (
            []
            if profile.basis or parcel.is_dry_run
            else ["Nobody is named who permits that a machine works at this portal."]
        )
        return (
            found
            + _faults_of_place(parcel, profile)
            + _faults_of_files(parcel, profile, recipe)
            + _missing_lines(parcel, recipe)
        )

    def act(self, parcel: Parcel, desk: Desk) -> Answer:
        """Deliver by the recipe."""
        stands_against = self.faults(parcel)
        if stands_against:
            return Refused(" ".join(stands_against))
        profile, recipe = _of(parcel)
        try:
            return talk(profile, recipe, parcel, desk, now=clock.now(), about=Conversation.act)
        except NoBrowser as error:
            return NotDelivered(f"{error.what} {error.todo}".strip())

    def look_up(self, parcel: Parcel, desk: Desk) -> Finding:
        """Look for our reference by the recipe."""
        if parcel.profile is None or read_recipe(parcel.profile)[0] is None:
            return Unclear("There is no sound recipe to look it up by.")
        profile, recipe = _of(parcel)
        try:
            return talk(profile, recipe, parcel, desk, now=clock.now(), about=Conversation.look_up)
        except NoBrowser as error:
            return Unclear(f"{error.what} {error.todo}".strip())


def _of(parcel: Parcel) -> tuple[PortalProfile, Recipe]:
    profile = parcel.profile
    recipe = read_recipe(profile)[0] if profile else None
    if profile is None or recipe is None:
        raise ValueError("a parcel without a sound recipe")
    return profile, recipe


def _faults_of_place(parcel: Parcel, profile: PortalProfile) -> list[str]:
    """What was signed names the portal: a profile of another one delivers nothing."""
    address = parcel.fields.get("portal_address", "")
    if address and not entry_of(address, [*profile.hosts, *(host.partition(":")[0] for host in profile.hosts)]):
        return [f"The package is for {address}, and the profile {profile.name} is for {', '.join(profile.hosts)}."]
    if current().offline and any(host.partition(":")[0] not in LOOPBACK for host in profile.hosts):
        return ["The network is kept out (PROCURA_OFFLINE)."]
    return []


def _faults_of_files(parcel: Parcel, profile: PortalProfile, recipe: Recipe) -> list[str]:
    found = faults_of_files(parcel.files, profile)
    if not parcel.files:
        found.append("The package holds no file.")
    meant = [step for step in recipe.all_steps() if step.verb in {Verb.UPLOAD, Verb.EACH_FILE} and step.value != "this"]
    left_out = [file.name for file in parcel.files if not any(is_meant(step, file) for step in meant)]
    return found + [f"The recipe has no place for {name}." for name in left_out]


def _missing_lines(parcel: Parcel, recipe: Recipe) -> list[str]:
    has = fields_of(parcel)
    wanted = {
        name.word
        for text in recipe.texts()
        for name in names_of(text)
        if name.family == "field" and not name.is_optional
    }
    return [
        f"The portal asks for {word!r}: add a line {word}: … to what the forms ask for."
        for word in sorted(wanted)
        if not has.get(word.casefold())
    ]


EXECUTOR = BrowserRecipe()
