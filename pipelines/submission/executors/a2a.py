"""An outside agent over A2A, OpenManus for one: it is told what to do, and nothing that it says is believed.

Off unless a profile names it and an admin activates that. It gets no password. After it was asked, only our own look-up says
whether the offer arrived: the profile's browser recipe or its mailbox; without one a person does. docs/portal-a2a.md.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pipelines.submission.agent.settings import NAME, AgentSettings, as_profile_of, read_settings
from pipelines.submission.agent.talk import AgentTalk, Card, NotSaid, Said
from pipelines.submission.browser.recipe_words import NoSuchField, written
from pipelines.submission.executor import Desk, Executor, Parcel, find_executors
from pipelines.submission.portals.hosts import LOOPBACK, entry_of
from pipelines.submission.portals.keys import Faults
from pipelines.submission.portals.profile import PortalProfile
from warehouse import clock
from warehouse.domain.delivery import Absent, Answer, EvidenceKind, Finding, NotDelivered, Refused, Unclear, Unknown
from warehouse.errors import NotFound, NotPermitted, VaultRefused
from warehouse.settings import current

LONGEST_WORDS = 100_000
RULES = (
    "You act for a firm that makes an offer to a government office. Do the following, in this order, and nothing else.",
    "Stop and say so as soon as a page looks different from what is described. Never make the offer a second time.",
)


@dataclass(frozen=True)
class _Asked:
    """What is needed to ask."""

    parcel: Parcel
    profile: PortalProfile
    settings: AgentSettings
    desk: Desk


class OutsideAgent:
    """The way by an agent of somebody else.

    Args:
        ways: The other ways, by which one looks or goes on.
        now: Says whether an agent that was asked may still be at work.
    """

    name = NAME

    def __init__(
        self, ways: Callable[[], Mapping[str, Executor]] = find_executors, now: Callable[[], datetime] = clock.now
    ) -> None:
        self._ways, self._now = ways, now

    def faults_of_profile(self, profile: PortalProfile) -> Faults:
        """Return what is wrong with the table [a2a], and with the table by which one looks or goes on."""
        settings, faults = read_settings(profile)
        for way in sorted({settings.looks_up, settings.fallback} - {""}) if settings else []:
            said = getattr(self._ways()[way], "faults_of_profile", None)
            faults += said(as_profile_of(profile, way)) if said else []
        return faults

    def warnings_of_profile(self, profile: PortalProfile) -> Faults:
        """Return what should be known before it is used."""
        settings, _ = read_settings(profile)
        if settings is None:
            return []
        found: Faults = []
        if not settings.looks_up:
            found.append(("a2a", "nobody can look whether an offer arrived: a person decides each time"))
        if settings.sends_files:
            found.append(("a2a.sends_files", "the files of the offer are given to the agent's operator"))
        return found

    def faults(self, parcel: Parcel) -> list[str]:
        """Say what stands against it: no profile, nobody who permits it, a line that the steps need and the package lacks."""
        profile = parcel.profile
        if profile is None:
            return ["No portal profile says which agent is asked."]
        wrong = [f"The portal profile's {key} {words}." for key, words in self.faults_of_profile(profile)]
        settings, _ = read_settings(profile)
        if wrong or settings is None:
            return wrong
        if profile.basis is None and not parcel.is_dry_run:
            return ["Nobody is named who permits that a machine works at this portal."]
        if fault := _fault_of_place(parcel, profile):
            return [fault]
        try:
            _task(parcel, settings, self._now())
        except NoSuchField as error:
            return [f"The agent is told {error}, and the package says nothing for it."]
        return (
            self._ways()[settings.fallback].faults(_for(parcel, profile, settings.fallback))
            if settings.fallback
            else []
        )

    def act(self, parcel: Parcel, desk: Desk) -> Answer:
        """Ask the agent once; or go on by the profile's other way, where it is certain that nothing was delivered."""
        asked = _asked(parcel, desk)
        if parcel.acted_at is not None and asked.settings.fallback:
            return self._go_on(asked, "It is certain that what the agent was asked for did not arrive.")
        try:
            token = _token(asked)
        except (NotFound, NotPermitted, VaultRefused) as error:
            return Refused(error.what)
        entry = asked.profile.hosts
        with AgentTalk(
            token, lambda address: bool(entry_of(address, entry)), answer_seconds=asked.settings.answer_seconds
        ) as talk:
            try:
                card = talk.card(asked.settings.address)
            except NotSaid as error:
                words = f"The agent was not asked: {error}."
                return self._go_on(asked, words) if asked.settings.fallback else NotDelivered(words)
            desk.step(f"The agent {card.name or 'without a name'} is asked; it speaks A2A {card.dialect.value}.")
            return self._ask(asked, talk, card, token)

    def _ask(self, asked: _Asked, talk: AgentTalk, card: Card, token: str) -> Answer:
        parcel, settings, desk = asked.parcel, asked.settings, asked.desk
        words = _task(parcel, settings, self._now())
        desk.keep(EvidenceKind.ANSWER, "what the agent was told.txt", words.encode(), media_type="text/plain")
        desk.begin_act()
        try:
            said = talk.send(card, words, parcel.files if settings.sends_files else ())
            said = talk.follow(card, said, wait_seconds=settings.wait_seconds, poll_seconds=settings.poll_seconds)
            told = _tell(said)
        except NotSaid as error:
            if error.is_certain:
                return NotDelivered(f"The agent was not asked: {error}.")
            said, told = Said("", "", ""), f"The agent was asked, and {error}."
        kept = (said.words or told).replace(token, "***") if token else said.words or told
        desk.keep(
            EvidenceKind.ANSWER,
            "what the agent says.txt",
            kept[:LONGEST_WORDS].encode("utf-8", "replace"),
            media_type="text/plain",
        )
        desk.step(f"{told.replace(token, '***') if token else told} That is no receipt: we look ourselves.")
        return Unknown("An outside agent was asked; what it says counts for nothing.")

    def look_up(self, parcel: Parcel, desk: Desk) -> Finding:
        """Look by the profile's other way; while the agent may still be at work, not being there says nothing."""
        asked = _asked(parcel, desk)
        way = asked.settings.looks_up
        if not way:
            return Unclear("The profile names no way to look whether it arrived.")
        found = self._ways()[way].look_up(_for(parcel, asked.profile, way), desk)
        if isinstance(found, Absent) and self._may_still_work(asked):
            return Unclear(f"{found.words} The agent that was asked may still be at work.")
        return found

    def _may_still_work(self, asked: _Asked) -> bool:
        promised, since = asked.settings.ends_after_seconds, asked.parcel.acted_at
        return promised is None or since is None or self._now() < since + timedelta(seconds=promised)

    def _go_on(self, asked: _Asked, why: str) -> Answer:
        way = asked.settings.fallback
        asked.desk.step(f"{why} It goes on by the {way} recipe.")
        return self._ways()[way].act(_for(asked.parcel, asked.profile, way), asked.desk)


def _asked(parcel: Parcel, desk: Desk) -> _Asked:
    """Return a parcel without faults with its settings."""
    settings, faults = read_settings(parcel.profile) if parcel.profile else (None, [("profile", "is missing")])
    if settings is None or parcel.profile is None:
        raise ValueError(f"the profile's {faults[0][0]} {faults[0][1]}")
    return _Asked(parcel, parcel.profile, settings, desk)


def _fault_of_place(parcel: Parcel, profile: PortalProfile) -> str:
    """What was signed names the portal: a profile of another one asks nobody."""
    names = [host.partition(":")[0] for host in profile.hosts]
    address = parcel.fields.get("portal_address", "")
    if address and not entry_of(address, names):
        return f"The package is for {address}, and the profile {profile.name} is for {', '.join(profile.hosts)}."
    return "The network is kept out (PROCURA_OFFLINE)." if current().offline and not LOOPBACK.issuperset(names) else ""


def _for(parcel: Parcel, profile: PortalProfile, way: str) -> Parcel:
    return replace(parcel, profile=as_profile_of(profile, way))


def _token(asked: _Asked) -> str:
    """Open the agent's own token, for the agent's host."""
    name, host = asked.settings.credential, entry_of(asked.settings.address, asked.profile.hosts)
    return asked.desk.secret(name, host=host).text if name else ""


def _task(parcel: Parcel, settings: AgentSettings, now: datetime) -> str:
    """Write what the agent is told: the profile's sentences, the files by name and hash; never a credential.

    Raises:
        NoSuchField: the package says nothing for a {field.…}.
    """
    steps = [f"{number}. {written(step, parcel, now=now)}" for number, step in enumerate(settings.steps, 1)]
    files = [f"- {file.name}, {file.size} bytes, SHA-256 {file.sha256}" for file in parcel.files]
    return "\n".join(
        [*RULES, "", *steps, "", f"Our own reference is {parcel.reference}.", "Files of the offer:", *files]
    )


def _tell(said: Said) -> str:
    state = f"says {said.state!r}" if said.state else "answers"
    words = " ".join(said.words.split())
    going = "" if said.has_ended else " Its task has not ended."
    return f"The agent {state}: {words[:300] or 'nothing'}{'…' if len(words) > 300 else ''}{going}"


EXECUTOR = OutsideAgent()
