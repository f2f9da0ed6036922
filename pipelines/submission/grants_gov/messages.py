"""The messages of the applicant web service V2.0 as they are sent: SOAP 1.1, attachments as parts of their own (MTOM).

Names and order are those of its WSDL (docs/portal-grants.md says where each fact is from). Not here: how they are sent
(line.py), what is answered (answers.py).
"""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from xml.sax.saxutils import escape

from pipelines.submission.grants_gov.application import PIECE_BYTES

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SERVICE = "http://apply.grants.gov/services/ApplicantWebServices-V2.0"
COMMON = "http://apply.grants.gov/system/GrantsCommonElements-V1.0"
APPLICANT = "http://apply.grants.gov/system/ApplicantCommonElements-V1.0"
XOP = "http://www.w3.org/2004/08/xop/include"


@dataclass(frozen=True)
class Part:
    """One file that goes with an application, under the id by which its forms speak of it."""

    content_id: str
    path: Path
    size: int


class Outgoing:
    """A message as it travels; files are read piece by piece, for an application may have a gigabyte.

    Attributes:
        operation: As the WSDL names it.
        is_whole: Whether its last bytes were given away: until then nobody can have all of it.
    """

    def __init__(self, operation: str, root: bytes, parts: Sequence[Part] = ()) -> None:
        self.operation, self.root, self.is_whole = operation, root, False
        self._parts, self._boundary = parts, f"procura-{secrets.token_hex(16)}"

    @property
    def content_type(self) -> str:
        """The header of that name."""
        if not self._parts:
            return "text/xml; charset=utf-8"
        return (
            f'multipart/related; type="application/xop+xml"; start="<root@procura>"; start-info="text/xml";'
            f' boundary="{self._boundary}"'
        )

    @property
    def size(self) -> int:
        """How many bytes it has."""
        if not self._parts:
            return len(self.root)
        heads = sum(len(self._head(number, part)) + part.size for number, part in enumerate(self._parts))
        return len(self._root_part()) + heads + len(self._end())

    def pieces(self) -> Iterator[bytes]:
        """Give its bytes."""
        if self._parts:
            yield self._root_part()
            for number, part in enumerate(self._parts):
                yield self._head(number, part)
                yield from _read(part.path)
        self.is_whole = True
        yield self._end() if self._parts else self.root

    def _root_part(self) -> bytes:
        head = (
            f"--{self._boundary}\r\nContent-Type: application/xop+xml; charset=UTF-8; type=\"text/xml\"\r\n"
            "Content-Transfer-Encoding: binary\r\nContent-ID: <root@procura>\r\n\r\n"
        )  # fmt: skip
        return head.encode() + self.root

    def _head(self, number: int, part: Part) -> bytes:
        return (
            f"\r\n--{self._boundary}\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n"
            f"Content-ID: <{_part_id(number)}>\r\n\r\n"
        ).encode()

    def _end(self) -> bytes:
        return f"\r\n--{self._boundary}--\r\n".encode()


def submit_application(application: str, parts: Sequence[Part]) -> Outgoing:
    """Return the handing over of an application with its files."""
    attachments = "".join(
        f"<c:Attachment><c:FileContentId>{escape(part.content_id)}</c:FileContentId><c:FileDataHandler>"
        f'<x:Include xmlns:x="{XOP}" href="cid:{quote(_part_id(number))}"/></c:FileDataHandler></c:Attachment>'
        for number, part in enumerate(parts)
    )
    # A reader of XML makes one line end of two signs: what is meant as it stands is written as a number.
    text = escape(application, {"\r": "&#13;"})
    inner = f"<s:GrantApplicationXML>{text}</s:GrantApplicationXML>{attachments}"
    return Outgoing("SubmitApplication", _envelope("SubmitApplicationRequest", inner), parts)


def submission_list(kind: str, value: str) -> Outgoing:
    """Return the question for own applications: those whose SubmissionTitle or GrantsGovTrackingNumber is this."""
    inner = f"<a:SubmissionFilter><a:Type>{kind}</a:Type><a:Value>{escape(value)}</a:Value></a:SubmissionFilter>"
    return Outgoing("GetSubmissionList", _envelope("GetSubmissionListRequest", inner))


def status_detail(number: str) -> Outgoing:
    """Return the question how an application stands."""
    inner = f"<c:GrantsGovTrackingNumber>{escape(number)}</c:GrantsGovTrackingNumber>"
    return Outgoing("GetApplicationStatusDetail", _envelope("GetApplicationStatusDetailRequest", inner))


def _envelope(request: str, inner: str) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><e:Envelope xmlns:e="{SOAP}" xmlns:s="{SERVICE}" xmlns:c="{COMMON}"'
        f' xmlns:a="{APPLICANT}"><e:Header/><e:Body><s:{request}>{inner}</s:{request}></e:Body></e:Envelope>'
    ).encode()


def _part_id(number: int) -> str:
    return f"file-{number + 1}@procura"


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece
