"""Grants.gov, system to system: the application goes to its web service once, with the firm's own certificate.

Received under a tracking number, and known there under it, is the receipt. What may have been received is looked for by our
own reference in the application's title, and never sent again before it is certainly not there. docs/portal-grants.md.
"""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pipelines.submission.executor import Desk, Opens, Parcel
from pipelines.submission.grants_gov.answers import Faulted, Listed, Status, Taken, Unreadable
from pipelines.submission.grants_gov.application import (
    Application,
    application_file,
    faults_of_application,
    faults_of_names,
    read_application,
)
from pipelines.submission.grants_gov.line import NotSaid, NotUsable, own_certificate
from pipelines.submission.grants_gov.messages import Outgoing, Part, submit_application
from pipelines.submission.grants_gov.settings import NAME, GrantsSettings, read_settings
from pipelines.submission.grants_gov.talk import GrantsTalk, Kept
from pipelines.submission.grants_gov.verdict import of_detail, of_list, receipt_in, standing_of
from pipelines.submission.portals.hosts import LOOPBACK, entry_of
from pipelines.submission.portals.keys import Faults
from pipelines.submission.portals.limits import faults_of_files
from pipelines.submission.portals.profile import PortalProfile
from warehouse import clock
from warehouse.domain.delivery import (
    Absent,
    Accepted,
    Answer,
    EvidenceKind,
    Finding,
    NotDelivered,
    Refused,
    Standing,
    Transported,
    Unclear,
    Unknown,
)
from warehouse.domain.executor import OWN_REFERENCE, faults_of_fields
from warehouse.errors import NotFound, NotPermitted, VaultRefused
from warehouse.settings import current


@dataclass(frozen=True)
class _Work:
    """What is needed to ask Grants.gov about a parcel."""

    parcel: Parcel
    desk: Desk
    talk: GrantsTalk

    @property
    def title(self) -> str:
        """The application's title as it goes out."""
        return self.parcel.fields["filing_name"].strip().replace(OWN_REFERENCE, self.parcel.reference)


class GrantsGov:
    """The way to Grants.gov.

    Args:
        now: Says whether our certificate is still valid.
    """

    name = NAME

    def __init__(self, now: Callable[[], datetime] = clock.now) -> None:
        self._now = now

    def faults_of_profile(self, profile: PortalProfile) -> Faults:
        """Return what is wrong with the table [grants_gov] of a profile, by key."""
        return read_settings(profile)[1]

    def warnings_of_profile(self, profile: PortalProfile) -> Faults:
        """Return what may be so and should be known."""
        settings, _ = read_settings(profile)
        if settings is None or settings.forms:
            return []
        return [("grants_gov", "names no forms: an application that lacks one is found out by Grants.gov only")]

    def faults(self, parcel: Parcel) -> list[str]:
        """Say what stands against handing it over: fields, profile, limits, and an application that does not fit its files."""
        found = [f"{label} {fault}." for label, fault in faults_of_fields(NAME, parcel.fields).items()]
        profile = parcel.profile
        if profile is None:
            return [*found, "No portal profile says where Grants.gov's web service lies."]
        settings, wrong = read_settings(profile)
        found += [f"The portal profile's {key} {words}." for key, words in wrong]
        if current().offline and any(host.partition(":")[0] not in LOOPBACK for host in profile.hosts):
            found.append("The network is kept out (PROCURA_OFFLINE).")
        if settings is None or found:
            return found
        found = faults_of_files(parcel.files, profile) + faults_of_names(parcel.files)
        file = application_file(parcel, settings)
        if file is None:
            return [*found, f"The package holds no {settings.application}: that is the application with its forms."]
        if not file.path.is_file():  # asked before it is sent to approval: its bytes are not at hand
            return found
        read = read_application(file.path)
        if isinstance(read, str):
            return [*found, f"{file.name} {read}."]
        return found + faults_of_application(read, parcel, settings)

    def act(self, parcel: Parcel, desk: Desk) -> Answer:
        """Hand the application over once; one of ours that is alive there already is not joined by another."""
        settings, application = _settings(parcel), _application(parcel)
        try:
            context = self._context(parcel.profile, settings, desk.secret)
            work = _Work(parcel, desk, GrantsTalk(settings, context, desk))
        except (NotUsable, NotFound, NotPermitted, VaultRefused) as error:
            return Refused(error.what if not isinstance(error, NotUsable) else str(error))
        try:
            before = _found(work, acted_at=None)
        except (NotSaid, Faulted, Unreadable) as error:
            is_final = getattr(error, "is_final", False)
            words = f"Nothing was sent: Grants.gov was asked for our own applications, and {_said(error)}."
            return Refused(words) if is_final else NotDelivered(words)
        if isinstance(before, Accepted):
            return before
        if not isinstance(before, Absent):
            return Unknown(before.words)
        return self._hand_over(work, settings, _message(parcel, application, settings, desk))

    def _hand_over(self, work: _Work, settings: GrantsSettings, message: Outgoing) -> Answer:
        work.desk.step(f"Hand over {len(work.parcel.files)} files, {message.size:,} bytes, as {work.title!r}.")
        work.desk.begin_act()
        try:
            taken, kept = work.talk.hand_over(message)
        except Faulted as error:
            words = f"Grants.gov did not take it: {error}"
            return Refused(words) if error.is_final else Unknown(words)
        except NotSaid as error:
            words = f"It was handed over, and {_said(error)}."
            if not error.is_certain:
                return Unknown(words)
            return Refused(f"Grants.gov: {error}.") if error.is_final else NotDelivered(f"Nothing was taken: {error}.")
        except Unreadable as error:
            return Unknown(f"It was handed over, and {error}.")
        work.desk.step(f"Grants.gov names the tracking number {taken.number}. It is asked whether it knows it.")
        return _confirmed(work, taken, kept)

    def look_up(self, parcel: Parcel, desk: Desk) -> Finding:
        """Look for our reference among our own applications, and ask how that one stands."""
        settings = _settings(parcel)
        try:
            context = self._context(parcel.profile, settings, desk.secret)
            work = _Work(parcel, desk, GrantsTalk(settings, context, desk))
            return _found(work, acted_at=parcel.acted_at)
        except NotUsable as error:
            return Unclear(str(error))
        except (NotFound, NotPermitted, VaultRefused) as error:
            return Unclear(error.what)
        except (NotSaid, Faulted, Unreadable) as error:
            return Unclear(f"It could not be looked for: {_said(error)}.")

    def follow_up(self, profile: PortalProfile, number: str, secret: Opens) -> Standing | Unclear:
        """Ask how an application that was received stands: validated, rejected, at the agency."""
        settings, _ = read_settings(profile)
        if settings is None:
            return Unclear("the profile is not sound")
        try:
            talk = GrantsTalk(settings, self._context(profile, settings, secret))
            one = talk.numbered(number)
            if one is None or one.status is None:
                return Unclear(f"{number} is {'not listed' if one is None else repr(one.status_words)}")
            words = talk.detail(number)[0].words if one.status is Status.REJECTED else ""
        except NotUsable as error:
            return Unclear(str(error))
        except (NotSaid, Faulted, Unreadable) as error:
            return Unclear(_said(error))
        return standing_of(one.status, words)

    def _context(self, profile: PortalProfile | None, settings: GrantsSettings, secret: Opens) -> ssl.SSLContext:
        host = entry_of(settings.address, profile.hosts if profile else ())
        certificate, key = (secret(name, host=host).text for name in (settings.certificate, settings.private_key))
        return own_certificate(certificate, key, settings.ca_file, at=self._now())


def _found(work: _Work, *, acted_at: datetime | None) -> Finding:
    """Look once; acted_at is None before the first act.

    Raises:
        NotSaid, Faulted, Unreadable: it could not be asked.
    """
    listed, available, kept = work.talk.own(work.title)
    one = of_list(listed, available, work.parcel.reference, acted_at=acted_at)
    if not isinstance(one, Listed):
        return one
    detail, _ = work.talk.detail(one.number)
    return of_detail(detail, one) or Accepted(receipt_in(kept.xml, one.number, kept.position, one.received_at))


def _confirmed(work: _Work, taken: Taken, kept: Kept) -> Answer:
    """Ask whether Grants.gov knows the number that it just gave: only then is it a receipt."""
    try:
        detail, _ = work.talk.detail(taken.number)
    except (NotSaid, Faulted, Unreadable) as error:
        return Transported(f"Grants.gov gave {taken.number}; asked whether it knows it, {_said(error)}.")
    one = Listed(taken.number, work.title, detail.status, detail.words, taken.received_at)
    finding = of_detail(detail, one)
    if finding is None:
        return Accepted(receipt_in(kept.xml, taken.number, kept.position, taken.received_at))
    return finding if isinstance(finding, Refused) else Transported(finding.words)


def _message(parcel: Parcel, application: Application, settings: GrantsSettings, desk: Desk) -> Outgoing:
    """Write what goes out, and keep the application as it does: one word differs from what was signed."""
    text, ids = application.with_reference(parcel.reference), application.content_ids()
    desk.keep(EvidenceKind.DOCUMENT, "application as handed over.xml", text.encode(), media_type="application/xml")
    files = [file for file in parcel.files if file.name != settings.application]
    return submit_application(text, [Part(ids[file.name], file.path, file.size) for file in files])


def _settings(parcel: Parcel) -> GrantsSettings:
    """Return the settings of a parcel without faults."""
    settings, faults = read_settings(parcel.profile) if parcel.profile else (None, [("profile", "is missing")])
    if settings is None:
        raise ValueError(f"the profile's {faults[0][0]} {faults[0][1]}")
    return settings


def _application(parcel: Parcel) -> Application:
    """Return the application of a parcel without faults."""
    file = application_file(parcel, _settings(parcel))
    read = read_application(file.path) if file else "is missing"
    if isinstance(read, str):
        raise ValueError(f"the application {read}")
    return read


def _said(error: Exception) -> str:
    return f"it answers with the fault {str(error)!r}" if isinstance(error, Faulted) else str(error)


EXECUTOR = GrantsGov()
