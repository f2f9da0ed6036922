"""E-mail, exactly as the solicitation says: numbered messages go out over the firm's mail server, the office's answer is read back.

A server that took a message is no receipt, and its silence no absence: what was handed over can lie anywhere, so it is never
sent again unless every server on the way says that nothing arrived. docs/portal-email.md is the manual of the profile.
"""

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.submission.executor import Desk, Parcel
from pipelines.submission.mail.incoming import NotRead, read_letters
from pipelines.submission.mail.judging import Sent, judge
from pipelines.submission.mail.line import Talk
from pipelines.submission.mail.outgoing import Came, NotOpened, Said, opened
from pipelines.submission.mail.parts import Written, faults_of_split, plan, recipients_of, without_files, write_messages
from pipelines.submission.mail.settings import MailServer, MailSettings, faults_by_host, read_section
from pipelines.submission.mail.verdict import find
from pipelines.submission.portals.keys import Faults
from pipelines.submission.portals.profile import PortalProfile
from pipelines.submission.receipt_patterns import PatternsTooSlow
from warehouse.clock import now
from warehouse.domain.delivery import (
    Answer,
    EvidenceKind,
    Finding,
    NotDelivered,
    Refused,
    Transported,
    Unclear,
    Unknown,
)
from warehouse.domain.executor import faults_of_fields
from warehouse.errors import NotFound, NotPermitted, VaultRefused

NAME = "email"
TRIES = 3
"""How often missing numbers are tried on, when it is certain that they were not taken."""


class Email:
    """The way by e-mail.

    Args:
        clock: Dates the messages, and ends trying at the deadline.
        sleep: Waits between two tries, in seconds.
    """

    name = NAME

    def __init__(self, clock: Callable[[], datetime] = now, sleep: Callable[[float], None] = time.sleep) -> None:
        self._clock, self._sleep = clock, sleep

    def faults(self, parcel: Parcel) -> list[str]:
        """Say what stands against sending it: fields, the profile, files that fit no message."""
        faults = [f"{label} {fault}." for label, fault in faults_of_fields(NAME, parcel.fields).items()]
        if parcel.profile is None:
            return [*faults, "No portal profile says by which mail server it goes out."]
        faults += [f"The portal profile's {key} {words}." for key, words in self.faults_of_profile(parcel.profile)]
        return faults or faults_of_split(parcel, _settings(parcel))

    def faults_of_profile(self, profile: PortalProfile) -> Faults:
        """Return what is wrong with the table [email] of a profile, by key."""
        settings = read_section(_section(profile))
        if isinstance(settings, list):
            return settings
        faults = faults_by_host(settings, profile.hosts, profile.credentials)
        if settings.ca_file and not Path(settings.ca_file).is_file():
            faults.append(("email.ca_file", f"is {settings.ca_file}, where no file is"))
        return faults

    def warnings_of_profile(self, profile: PortalProfile) -> Faults:
        """Return what may be so and should be known."""
        settings = read_section(_section(profile))
        if isinstance(settings, list) or settings.office.own_server:
            return []
        return [("email.receipt", "names no own_server: an address in a letter is believed as it stands")]

    def act(self, parcel: Parcel, desk: Desk) -> Answer:
        """Send every numbered message; what one server took, it is not given again."""
        settings = _settings(parcel)
        with tempfile.TemporaryDirectory(dir=parcel.folder, prefix="mail-") as folder:
            messages = write_messages(plan(parcel, settings), parcel, settings, self._clock(), Path(folder))
            for message in messages:
                name = f"sent-{message.part.number}-of-{message.part.count}.txt"
                desk.keep(EvidenceKind.MAIL, name, without_files(message), media_type="text/plain")
            try:
                sign_in = _sign_in(settings.smtp, desk)
            except (NotFound, NotPermitted, VaultRefused) as error:
                return Refused(error.what)
            talk = Talk(*sign_in)
            try:
                return self._deliver(_Sending(parcel, settings, desk, sign_in, talk), messages)
            finally:
                if talk.lines:
                    desk.keep(EvidenceKind.TRACE, "smtp.txt", "\n".join(talk.lines).encode(), media_type="text/plain")

    def _deliver(self, sending: "_Sending", messages: Sequence[Written]) -> Answer:
        missing = list(messages)
        for left in reversed(range(TRIES)):
            said = sending.send(missing)
            missing = list(messages[len(sending.taken) :])
            if not missing:
                return Transported(f"{sending.where} took {_which(messages)}: {sending.taken[-1]}")
            if said.came is not Came.NOT_TAKEN or not sending.taken or not left or self._is_over(sending.parcel):
                break
            again = f"{missing[0].part.title.capitalize()} was not taken: {said.words}. It is tried again."
            sending.desk.step(again, is_fault=True)
            self._sleep(sending.settings.pause_seconds)
        return _answer(said, sending, missing)

    def _is_over(self, parcel: Parcel) -> bool:
        return parcel.deadline is not None and self._clock() >= parcel.deadline

    def look_up(self, parcel: Parcel, desk: Desk) -> Finding:
        """Read the mailbox for an answer of the office, or reports of servers."""
        settings = _settings(parcel)
        parts = plan(parcel, settings)
        to, cc = (frozenset(one.lower() for one in addresses) for addresses in recipients_of(parcel))
        sent = Sent(parcel.reference, parts, to, cc)
        try:
            user, password = _sign_in(settings.imap, desk)
            found = read_letters(
                settings, user, password, reference=parcel.reference, message_ids=[part.message_id for part in parts],
                since=parcel.acted_at,
            )  # fmt: skip
            desk.step(f"Read {settings.imap.host}: {len(found.letters)} letters may be about it.")
            if found.unread:
                desk.step(f"These folders could not be read: {', '.join(found.unread)}.", is_fault=True)
            seen = judge(found.letters, sent, settings.office)
        except (NotFound, NotPermitted, VaultRefused) as error:
            return Unclear(error.what)
        except (NotRead, PatternsTooSlow) as error:
            return Unclear(f"It could not be looked for: {error}.")
        return find(
            seen, sent, wants_each=settings.office.wants_each, now=self._clock(),
            keep=lambda kind, name, data, media_type: desk.keep(kind, name, data, media_type=media_type),
        )  # fmt: skip


class _Sending:
    """The messages of one offer on their way, over as many lines as it takes."""

    def __init__(
        self, parcel: Parcel, settings: MailSettings, desk: Desk, sign_in: tuple[str, str], talk: Talk
    ) -> None:
        self.parcel, self.settings, self.desk = parcel, settings, desk
        self.taken: list[str] = []
        self.where = settings.smtp.host
        self._sign_in, self._talk = sign_in, talk
        self._has_begun = False

    def send(self, messages: Sequence[Written]) -> Said:
        """Send messages over one line until one is not taken; return what became of the last one."""
        to, cc = recipients_of(self.parcel)
        said = Said(Came.TAKEN, "")
        try:
            with opened(self.settings, *self._sign_in, self._talk) as line:
                for message in messages:
                    self.desk.step(f"Hand {message.part.title} to {self.where} for {', '.join(to + cc)}.")
                    said = line.send(message, to + cc, before_data=self._begin)
                    if said.came is not Came.TAKEN:
                        return said
                    self.taken.append(said.words)
                    self.desk.step(f"{self.where} took {message.part.title}: {said.words}. That is no receipt.")
        except NotOpened as error:
            return error.said
        return said

    def _begin(self) -> None:
        if not self._has_begun:
            self.desk.begin_act()
            self._has_begun = True


def _section(profile: PortalProfile) -> Mapping[str, Any]:
    """Return the table [email]: another way may look up with it."""
    return profile.sections.get(NAME, profile.section)


def _settings(parcel: Parcel) -> MailSettings:
    """Return the settings of a parcel without faults."""
    settings = read_section(_section(parcel.profile) if parcel.profile else {})
    if isinstance(settings, list):
        raise ValueError(f"the profile's {settings[0][0]} {settings[0][1]}")
    return settings


def _sign_in(server: MailServer, desk: Desk) -> tuple[str, str]:
    """Return user and password for a server, both "" where it asks for none."""
    user, password = (
        desk.secret(name, host=server.host).text if name else "" for name in (server.user, server.password)
    )
    return user, password


def _answer(said: Said, sending: _Sending, missing: Sequence[Written]) -> Answer:
    if said.came is Came.IN_DOUBT:
        return Unknown(f"{missing[0].part.title} to {sending.where}: {said.words}")
    if not sending.taken:
        return Refused(said.words) if said.came is Came.REFUSED else NotDelivered(said.words)
    # Part of an offer lies there: neither sending all of it again nor calling it delivered would be right.
    lacking = ", ".join(str(message.part.number) for message in missing)
    return Unknown(
        f"{sending.where} took {len(sending.taken)} of {missing[0].part.count} messages and certainly not number {lacking}: {said.words}"
    )


def _which(messages: Sequence[Written]) -> str:
    return "the message" if len(messages) == 1 else f"all {len(messages)} messages"


EXECUTOR = Email()
