"""One conversation with the web service: a question or an application goes out, its answer is kept and read.

Not here: what an answer comes to (verdict.py), when which is asked (executors/grants_gov.py).
"""

import ssl
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from pipelines.submission.executor import Desk
from pipelines.submission.grants_gov import messages
from pipelines.submission.grants_gov.answers import (
    Detail,
    Listed,
    Taken,
    Unreadable,
    read_body,
    read_detail,
    read_list,
    read_taken,
)
from pipelines.submission.grants_gov.line import NEVER_TAKEN, NotSaid, say
from pipelines.submission.grants_gov.messages import Outgoing
from pipelines.submission.grants_gov.settings import GrantsSettings
from warehouse.domain.delivery import EvidenceKind

HTTP_OK = 200


@dataclass(frozen=True)
class Kept:
    """An answer as it came, and where it was kept."""

    xml: str
    position: int


class GrantsTalk:
    """What can be asked of Grants.gov with a certificate that is good.

    Args:
        desk: Keeps each answer; None: nothing is kept.
    """

    def __init__(self, settings: GrantsSettings, context: ssl.SSLContext, desk: Desk | None = None) -> None:
        self._settings, self._context, self._desk = settings, context, desk

    def hand_over(self, message: Outgoing) -> tuple[Taken, Kept]:
        """Hand an application over.

        Raises:
            NotSaid, Faulted, Unreadable: nothing came back by which it is received.
        """
        body, kept = self._asked(message, self._settings.submit_seconds)
        return read_taken(body), kept

    def own(self, title: str) -> tuple[list[Listed], int, Kept]:
        """Ask for own applications of a title: what is listed, and how many there are said to be.

        Raises:
            NotSaid, Faulted, Unreadable: no list came back.
        """
        body, kept = self._asked(messages.submission_list("SubmissionTitle", title), self._settings.answer_seconds)
        listed, available = read_list(body)
        return listed, available, kept

    def numbered(self, number: str) -> Listed | None:
        """Ask for the own application of a tracking number; None where the list does not show it.

        Raises:
            NotSaid, Faulted, Unreadable: no list came back.
        """
        message = messages.submission_list("GrantsGovTrackingNumber", number)
        listed, _ = read_list(self._asked(message, self._settings.answer_seconds)[0])
        return next((one for one in listed if one.number == number), None)

    def detail(self, number: str) -> tuple[Detail, Kept]:
        """Ask how one application stands.

        Raises:
            NotSaid, Faulted, Unreadable: nothing came back that says it.
        """
        body, kept = self._asked(messages.status_detail(number), self._settings.answer_seconds)
        return read_detail(body), kept

    def _asked(self, message: Outgoing, seconds: float) -> tuple[Element, Kept]:
        said = say(self._settings, message, self._context, seconds=seconds)
        name = f"answer to {message.operation}.xml"
        position = (
            self._desk.keep(EvidenceKind.ANSWER, name, said.data, media_type="text/xml; charset=utf-8")
            if said.data and self._desk is not None
            else 0
        )
        try:
            body, xml = read_body(said.content_type, said.data)
        except Unreadable:
            if said.status == HTTP_OK:
                raise
            is_certain = said.status in NEVER_TAKEN
            raise NotSaid(f"it answers {said.status}", is_certain=is_certain, is_final=is_certain) from None
        if said.status != HTTP_OK:
            raise NotSaid(f"it answers {said.status}")
        return body, Kept(xml, position)
