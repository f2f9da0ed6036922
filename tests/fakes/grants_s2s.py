"""Grants.gov's applicant web service as tests meet it: TLS that asks for a certificate, messages held against their schema.

It takes an application, lists own ones and says how one stands; what goes wrong is planned, one trouble an application. The
names, orders and patterns are those of the WSDL of V2.0 and its types; what it does between them is made up.
"""

import base64
import email
import email.policy
import hashlib
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from http.server import ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

import defusedxml.ElementTree

from tests.certificates import Authority, Pair
from tests.fakes.loopback import Handler

PATH = "/grantsws-applicant/services/v2/ApplicantWebServicesSoapPort"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SERVICE = "http://apply.grants.gov/services/ApplicantWebServices-V2.0"
COMMON = "http://apply.grants.gov/system/GrantsCommonElements-V1.0"
APPLICANT = "http://apply.grants.gov/system/ApplicantCommonElements-V1.0"
GRANT = "http://apply.grants.gov/system/MetaGrantApplication"
FILTERS = {"FundingOpportunityNumber", "GrantsGovTrackingNumber", "PackageID", "SubmissionTitle", "Status"}
BOMB = '<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
ERRORS = "<ValidationErrors><Error>SF424 field 8b: the UEI is not that of the submitter.</Error></ValidationErrors>"


class Trouble(Enum):
    """What goes wrong with one application."""

    NONE = auto()
    BUSY_BEFORE = auto()
    """503 in HTML, nothing taken."""
    DROP_BEFORE = auto()
    DROP_IN_THE_MIDDLE = auto()
    """The line ends while the message is still being sent."""
    DROP_AFTER = auto()
    HANG_AFTER = auto()
    FAIL_AFTER = auto()
    """500 in HTML, taken."""
    FAULT_AFTER = auto()
    """A server's fault without details, taken."""
    LATE = auto()
    """The line ends, and the application is taken a moment later."""
    MALFORMED = auto()
    BOMBED = auto()
    OVERSIZED = auto()
    REDIRECT = auto()
    NUMBERLESS = auto()
    FAULT_OF_SENDER = auto()
    FAULT_WITH_DETAILS = auto()
    REJECTED = auto()
    """Taken, and rejected at once by validation."""
    NO_DETAIL = auto()
    """Taken; asked how it stands, the service fails once."""
    RECEIVING = auto()
    """Taken; still being received when it is asked first."""


@dataclass
class Application:
    """An application that was taken."""

    number: str
    title: str
    package_id: str
    received_at: datetime
    xml: str
    files: dict[str, bytes]
    status: str = "Received"
    words: str = ""


@dataclass
class GrantsOffice:
    """How it behaves, and what it has.

    Attributes:
        plan: The troubles of the next applications, one each.
        is_down: Whether every question is answered with 503.
        hides: How many applications the list says to have beside those that it shows.
        most_bytes: Of one message.
        late_seconds: How much later one that is late is taken.
        on_taken: Called once an application is taken, before it is answered.
    """

    authority: Authority
    url: str = ""
    plan: list[Trouble] = field(default_factory=list)
    is_down: bool = False
    hides: int = 0
    most_bytes: int = 50_000_000
    closes_at: datetime | None = None
    late_seconds: float = 0.15
    on_taken: Callable[[], None] = lambda: None
    applications: list[Application] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    schema_faults: list[str] = field(default_factory=list)
    detail_troubles: list[Trouble] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def submits(self) -> int:
        """How often an application was handed over, taken or not."""
        return self.asked.count("SubmitApplication")

    def titled(self, reference: str) -> list[Application]:
        """Return the applications that carry a reference."""
        with self.lock:
            return [one for one in self.applications if reference in one.title]

    def reject(self, number: str) -> None:
        """Let validation reject an application that was received."""
        with self.lock:
            (one,) = (one for one in self.applications if one.number == number)
            one.status, one.words = "Rejected with Errors", f"Rejected with Errors {ERRORS}"


@contextmanager
def running_grants_office(authority: Authority, *, tls: ssl.TLSVersion | None = None) -> Iterator[GrantsOffice]:
    """Serve on a free port of this machine; whoever shows no certificate of the authority is ended in the handshake."""
    office, server_pair = GrantsOffice(authority), authority.issue("grants")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authority.file))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(server_pair.cert, server_pair.key)
    if tls is not None:
        context.maximum_version = tls

    class Talk(Handler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            _answer(self, office)

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def finish_request(self, request: Any, client_address: Any) -> None:
            with suppress(OSError):
                if (line := _shaken(context, request)) is not None:
                    with line:
                        super().finish_request(line, client_address)

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Say nothing: lines are broken here on purpose."""

    server = Server(("127.0.0.1", 0), Talk)
    office.url = f"https://127.0.0.1:{server.server_port}{PATH}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield office
    finally:
        office.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join()


def client_of(authority: Authority, name: str = "client", **valid: timedelta) -> Pair:
    """Issue a certificate with which one may call."""
    return authority.issue(name, is_client=True, **valid)


def _shaken(context: ssl.SSLContext, raw: socket.socket) -> ssl.SSLSocket | None:
    """Shake hands; one that is refused is told why, and its line read out, so that the word arrives."""
    line = context.wrap_socket(raw.dup(), server_side=True, do_handshake_on_connect=False)
    line.settimeout(20)
    try:
        line.do_handshake()
    except (ssl.SSLError, OSError):
        left = socket.socket(fileno=line.detach())
        with left, suppress(OSError):
            left.settimeout(1)
            left.shutdown(socket.SHUT_WR)
            while left.recv(65_536):
                pass
        return None
    return line


def _answer(handler: Handler, office: GrantsOffice) -> None:
    size = int(handler.headers.get("Content-Length", 0))
    operation = handler.headers.get("SOAPAction", "").strip('"').rpartition("/")[2]
    with office.lock:
        office.asked.append(operation)
        is_submit = operation == "SubmitApplication"
        trouble = office.plan.pop(0) if is_submit and office.plan else Trouble.NONE
    if trouble is Trouble.DROP_IN_THE_MIDDLE:
        handler.rfile.read(1000)
        return _drop(handler)
    data = handler.rfile.read(size)
    if office.is_down or trouble is Trouble.BUSY_BEFORE:
        return _give(handler, 503, b"<html>Service Unavailable</html>", "text/html")
    if trouble is Trouble.DROP_BEFORE:
        return _drop(handler)
    if size > office.most_bytes:
        return _fault(handler, "soap:Client", f"The message has {size} bytes.")
    root, files = _parts(handler.headers.get("Content-Type", ""), data)
    body = defusedxml.ElementTree.fromstring(root, forbid_dtd=True)[1][0]
    if fault := _schema_fault(body, files, operation):
        office.schema_faults.append(fault)
        return _fault(handler, "soap:Client", f"Unmarshalling Error: {fault}")
    if is_submit:
        return _submit(handler, office, body, files, trouble)
    return _list(handler, office, body) if operation == "GetSubmissionList" else _detail(handler, office, body)


def _submit(
    handler: Handler, office: GrantsOffice, body: Element, files: dict[str, bytes], trouble: Trouble
) -> None:  # fmt: skip
    if office.closes_at is not None and datetime.now(UTC) >= office.closes_at:
        return _fault(handler, "soap:Server", "The opportunity has closed.", details="<code>CLOSED</code>")
    if trouble is Trouble.FAULT_OF_SENDER:
        return _fault(handler, "soap:Client", "The GrantApplication is not valid.")
    if trouble is Trouble.FAULT_WITH_DETAILS:
        return _fault(handler, "soap:Server", "The submitter is not authorized.", details="<code>AOR</code>")
    if trouble is Trouble.REDIRECT:
        return _give(handler, 307, b"", "text/html", Location=f"{office.url}/elsewhere")
    if trouble is Trouble.LATE:
        threading.Timer(office.late_seconds, _take, (office, body, files, trouble)).start()
        return _drop(handler)
    taken = _take(office, body, files, trouble)
    office.on_taken()
    if trouble is Trouble.DROP_AFTER:
        return _drop(handler)
    if trouble is Trouble.HANG_AFTER:
        office.stopped.wait(20)
        return _drop(handler)
    if trouble is Trouble.FAIL_AFTER:
        return _give(handler, 500, b"<html>Internal Server Error</html>", "text/html")
    if trouble is Trouble.FAULT_AFTER:
        return _fault(handler, "soap:Server", "Could not write to the log.")
    if trouble is Trouble.NUMBERLESS:
        return _say(handler, "<s:SubmitApplicationResponse/>")
    said = (
        f"<s:SubmitApplicationResponse><c:GrantsGovTrackingNumber>{taken.number}</c:GrantsGovTrackingNumber>"
        f"<s:ReceivedDateTime>{_written(taken.received_at)}</s:ReceivedDateTime></s:SubmitApplicationResponse>"
    )
    if trouble is Trouble.MALFORMED:
        return _give(handler, 200, _envelope(said)[:-30], "text/xml")
    if trouble is Trouble.BOMBED:
        return _give(handler, 200, BOMB.encode() + _envelope(said.replace("</c:", "&b;</c:")), "text/xml")
    if trouble is Trouble.OVERSIZED:
        return _give(handler, 200, _envelope(said) + b" " * 2_000_000, "text/xml")
    return _say_in_parts(handler, said)


def _take(office: GrantsOffice, body: Element, files: dict[str, bytes], trouble: Trouble) -> Application:
    text = body.findtext(f"{{{SERVICE}}}GrantApplicationXML") or ""
    root = defusedxml.ElementTree.fromstring(text, forbid_dtd=True)
    header = next(child for child in root if child.tag.endswith("}GrantSubmissionHeader"))
    said = {child.tag.rpartition("}")[2]: (child.text or "").strip() for child in header}
    by_id = {
        one.findtext(f"{{{COMMON}}}FileContentId") or "": files[_href(one)]
        for one in body.findall(f"{{{COMMON}}}Attachment")
    }
    with office.lock:
        number = f"GRANT{len(office.applications) + 14_000_001:08d}"
        taken = Application(
            number, said["SubmissionTitle"], said.get("PackageID", ""), datetime.now(UTC), text, by_id
        )  # fmt: skip
        office.applications.append(taken)
        if trouble is Trouble.REJECTED:
            office.reject(number)
        if trouble is Trouble.RECEIVING:
            taken.status = "Receiving"
        if trouble is Trouble.NO_DETAIL:
            office.detail_troubles.append(trouble)
    return taken


def _list(handler: Handler, office: GrantsOffice, body: Element) -> None:
    wanted = [
        (one.findtext(f"{{{APPLICANT}}}Type"), one.findtext(f"{{{APPLICANT}}}Value"))
        for one in body.findall(f"{{{APPLICANT}}}SubmissionFilter")
    ]
    with office.lock:
        fits = [one for one in office.applications if all(_fits(one, kind, value) for kind, value in wanted)]
        rows = "".join(
            f"<a:SubmissionDetails><c:GrantsGovTrackingNumber>{one.number}</c:GrantsGovTrackingNumber>"
            f"<c:GrantsGovApplicationStatus>{one.status}</c:GrantsGovApplicationStatus>"
            f"<a:ReceivedDateTime>{_written(one.received_at)}</a:ReceivedDateTime>"
            f"<c:SubmissionTitle>{escape(one.title)}</c:SubmissionTitle><c:PackageID>{one.package_id}</c:PackageID>"
            "</a:SubmissionDetails>"
            for one in fits
        )
    count = f"<s:AvailableApplicationNumber>{len(fits) + office.hides}</s:AvailableApplicationNumber>"
    _say(handler, f"<s:GetSubmissionListResponse>{count}{rows}</s:GetSubmissionListResponse>")


def _fits(one: Application, kind: str | None, value: str | None) -> bool:
    said = {"SubmissionTitle": one.title, "GrantsGovTrackingNumber": one.number, "PackageID": one.package_id,
            "Status": one.status}  # fmt: skip
    return said.get(kind or "") == value


def _detail(handler: Handler, office: GrantsOffice, body: Element) -> None:
    number = body.findtext(f"{{{COMMON}}}GrantsGovTrackingNumber")
    with office.lock:
        one = next((one for one in office.applications if one.number == number), None)
        if office.detail_troubles:
            office.detail_troubles.pop()
            return _give(handler, 500, b"<html>Internal Server Error</html>", "text/html")
        if one is None:
            return _fault(handler, "soap:Server", f"{number} is not known.", details="<code>UNKNOWN</code>")
        words = one.words or one.status
        if one.status == "Receiving":
            one.status = "Received"
    _say(
        handler,
        f"<s:GetApplicationStatusDetailResponse><c:GrantsGovTrackingNumber>{number}</c:GrantsGovTrackingNumber>"
        f"<s:DetailedStatus>{escape(words)}</s:DetailedStatus></s:GetApplicationStatusDetailResponse>",
    )
    return None


# ---------------------------------------------------------------------------------------------------- the schema
def _schema_fault(body: Element, files: dict[str, bytes], operation: str) -> str:
    """Hold a request against what the WSDL and its types say; "" where it fits."""
    if body.tag != f"{{{SERVICE}}}{operation}Request":
        return f"{body.tag} is not the request of {operation}"
    names = [child.tag for child in body]
    if operation == "GetApplicationStatusDetail":
        number = body.findtext(f"{{{COMMON}}}GrantsGovTrackingNumber") or ""
        return "" if len(names) == 1 and re.fullmatch(r"GRANT[0-9]{8}", number) else "no tracking number"
    if operation == "GetSubmissionList":
        return _fault_of_filters(body)
    if names[:1] != [f"{{{SERVICE}}}GrantApplicationXML"] or set(names[1:]) - {f"{{{COMMON}}}Attachment"}:
        return f"the children are {names}"
    attachments = body.findall(f"{{{COMMON}}}Attachment")
    for one in attachments:
        if [child.tag for child in one] != [f"{{{COMMON}}}FileContentId", f"{{{COMMON}}}FileDataHandler"]:
            return "an attachment is not an id and its data"
        if not re.fullmatch(r"[^\s].{0,254}", one[0].text or "") or _href(one) not in files:
            return "an attachment has no id, or no part"
    return _fault_of_application(body[0].text or "", {str(one[0].text): files[_href(one)] for one in attachments})


def _fault_of_filters(body: Element) -> str:
    kinds = []
    for one in body:
        if one.tag != f"{{{APPLICANT}}}SubmissionFilter" or [child.tag for child in one] != [
            f"{{{APPLICANT}}}Type", f"{{{APPLICANT}}}Value"
        ]:  # fmt: skip
            return "a filter is not a type and its value"
        kinds.append(one[0].text)
        if one[0].text not in FILTERS or not 1 <= len(one[1].text or "") <= 255:
            return f"there is no filter {one[0].text}"
    return "a filter is there twice" if len(set(kinds)) < len(kinds) or len(kinds) > 5 else ""


def _fault_of_application(text: str, files: dict[str, bytes]) -> str:
    root = defusedxml.ElementTree.fromstring(text, forbid_dtd=True)
    if root.tag != f"{{{GRANT}}}GrantApplication":
        return f"{root.tag} is no GrantApplication"
    title = next((one.text or "" for one in root.iter() if one.tag.endswith("}SubmissionTitle")), "")
    if not 1 <= len(title) <= 240:
        return "the SubmissionTitle has no 1 to 240 signs"
    spoken = {}
    for holder in root.iter():
        said = {child.tag.rpartition("}")[2]: child for child in holder}
        if "FileLocation" in said and "HashValue" in said:
            href = next(value for key, value in said["FileLocation"].attrib.items() if key.endswith("href"))
            spoken[href] = "".join((said["HashValue"].text or "").split())
    if set(spoken) != set(files):
        return f"the forms speak of {sorted(spoken)}, and {sorted(files)} came"
    wrong = [
        href for href, digest in spoken.items()
        if base64.b64encode(hashlib.sha1(files[href], usedforsecurity=False).digest()).decode() != digest
    ]  # fmt: skip
    return f"the hash of {wrong} is another" if wrong else ""


def _href(attachment: Element) -> str:
    include = attachment[1][0] if len(attachment[1]) else None
    return unquote(include.attrib.get("href", "").removeprefix("cid:")) if include is not None else ""


# ---------------------------------------------------------------------------------------------------- the wire
def _parts(content_type: str, data: bytes) -> tuple[bytes, dict[str, bytes]]:
    if not content_type.startswith("multipart/related"):
        return data, {}
    message = email.message_from_bytes(
        f"Content-Type: {content_type}\r\nMIME-Version: 1.0\r\n\r\n".encode() + data, policy=email.policy.HTTP
    )
    start, found = message.get_param("start"), {}
    for part in list(message.walk())[1:]:
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        found[str(part["Content-ID"])] = payload
    root = found.pop(str(start))
    return root, {content_id.strip("<>"): payload for content_id, payload in found.items()}


def _envelope(inner: str) -> bytes:
    return (
        f'<e:Envelope xmlns:e="{SOAP}" xmlns:s="{SERVICE}" xmlns:c="{COMMON}" xmlns:a="{APPLICANT}"><e:Body>{inner}'
        "</e:Body></e:Envelope>"
    ).encode()


def _say(handler: Handler, inner: str) -> None:
    _give(handler, 200, _envelope(inner), "text/xml;charset=UTF-8")


def _say_in_parts(handler: Handler, inner: str) -> None:
    """Answer as a service with MTOM does, also where nothing goes with the answer."""
    head = '--b\r\nContent-Type: application/xop+xml; charset=UTF-8; type="text/xml"\r\nContent-ID: <root@cxf>\r\n\r\n'
    kind = 'multipart/related; type="application/xop+xml"; boundary="b"; start="<root@cxf>"; start-info="text/xml"'
    _give(handler, 200, head.encode() + _envelope(inner) + b"\r\n--b--\r\n", kind)


def _fault(handler: Handler, code: str, words: str, *, details: str = "") -> None:
    detail = f"<detail>{details}</detail>" if details else ""
    inner = f"<e:Fault><faultcode>{code}</faultcode><faultstring>{escape(words)}</faultstring>{detail}</e:Fault>"
    _give(handler, 500, _envelope(inner), "text/xml;charset=UTF-8")


def _give(handler: Handler, status: int, data: bytes, kind: str, **headers: str) -> None:
    handler.send_response(status)
    for name, value in {
        "Content-Type": kind,
        "Content-Length": str(len(data)),
        "Connection": "close",
        **headers,
    }.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(data)
    handler.close_connection = True


def _drop(handler: Handler) -> None:
    handler.close_connection = True
    with suppress(OSError):
        handler.connection.shutdown(socket.SHUT_RDWR)


def _written(at: datetime) -> str:
    """Write an instant as the office does, five hours west of Greenwich."""
    return (at - timedelta(hours=5)).replace(tzinfo=None).isoformat(timespec="milliseconds") + "-05:00"


def wait_until(holds: Callable[[], bool], *, seconds: float = 20) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.02)
