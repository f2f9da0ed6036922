"""The `[a2a]` section of a portal profile: an outside agent, what it is told, and who looks whether anything came of it.

docs/portal-a2a.md says it for who writes one. Not here: what all ways share (portals/profile.py), how one talks with it (talk.py).
"""

from dataclasses import dataclass, replace

from pipelines.submission.browser.recipe_words import text_fault
from pipelines.submission.portals.hosts import entry_of
from pipelines.submission.portals.keys import Faults, Keys
from pipelines.submission.portals.profile import PortalProfile

NAME = "a2a"
LOOKS = ("browser", "email")
"""The ways whose look-up may say whether an offer arrived."""
FALLBACKS = ("browser",)


@dataclass(frozen=True)
class AgentSettings:
    """How an agent is asked.

    Attributes:
        address: Under which its card lies; one of the profile's hosts.
        credential: The name in the vault of a bearer token for the agent; "" where it asks for none.
        steps: What it is told, a sentence each; with the {names} of a recipe, but no credential.
        sends_files: Whether it is given the files themselves. They leave the firm that way.
        answer_seconds: How long one answer of it may take.
        wait_seconds: How long its task is asked after.
        looks_up: The way whose look-up decides; "" where nobody can look, so that a person decides.
        fallback: The way that goes on once it is certain that nothing was delivered; "" none.
        ends_after_seconds: After so long, its operator promises, a task does nothing any more; None: nobody promises.
    """

    address: str
    credential: str
    steps: tuple[str, ...]
    sends_files: bool
    answer_seconds: float
    wait_seconds: float
    poll_seconds: float
    looks_up: str
    fallback: str
    ends_after_seconds: float | None


def read_settings(profile: PortalProfile) -> tuple[AgentSettings | None, Faults]:
    """Read a profile's section; the settings are None where anything is wrong with it."""
    faults: Faults = []
    keys = Keys(profile.sections.get(NAME, profile.section), (NAME,), faults)
    promised = keys.number("ends_after_seconds", 0, low=1, high=7 * 86_400) if "ends_after_seconds" in keys else None
    settings = AgentSettings(
        keys.text("address", is_required=True),
        keys.text("credential", longest=40),
        keys.texts("steps", longest=2_000, most=30),
        keys.flag("sends_files"),
        keys.number("answer_seconds", 120, low=1, high=1_800),
        keys.number("wait_seconds", 600, low=0, high=7_200),
        keys.number("poll_seconds", 2, low=0.05, high=60),
        keys.choice("looks_up", LOOKS, next((way for way in LOOKS if way in profile.sections), "")),
        keys.choice("fallback", FALLBACKS),
        promised,
    )
    keys.done()
    if settings.address and not entry_of(settings.address, profile.hosts):
        keys.fault("address", "is no https address of a host that hosts names")
    if settings.credential and settings.credential not in profile.credentials:
        keys.fault("credential", f"is {settings.credential}, which credentials does not name")
    if not settings.steps:
        keys.fault("steps" if "steps" in keys else "", 'steps says what the agent does: steps = ["Open …", "Press …"]')
    for step in settings.steps:
        if fault := text_fault(step):
            keys.fault("steps", fault)
    for key, way in (("looks_up", settings.looks_up), ("fallback", settings.fallback)):
        if way and way not in profile.sections:
            keys.fault(key, f"is {way}, and there is no table [{way}]")
    return (None if faults else settings), faults


def as_profile_of(profile: PortalProfile, way: str) -> PortalProfile:
    """Return the profile as another way reads it, with that way's own section."""
    return replace(profile, executor=way, section=profile.sections[way])
