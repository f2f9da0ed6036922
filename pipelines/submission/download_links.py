"""Links under which one session downloads one thing for a minute: signed, so that nobody makes or prolongs one.

Of files of an offer, also under their names in its package, and of what a delivery kept as evidence. A link says who may try,
not that they may: the right, and that the file passes, are asked again when it is used. Not here: the route that answers it
(app/download.py).
"""

import base64
import binascii
import hmac
import secrets as random_source
import struct
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from hashlib import sha256
from pathlib import PurePath

from pipelines.submission.files import check_passes, find_openable
from warehouse.audit.private_file import read_private, write_private
from warehouse.domain import access
from warehouse.domain.access import Action, Person
from warehouse.domain.audit_event import AuditEvent
from warehouse.errors import NotFound, NotPermitted
from warehouse.ledger import deliveries, submission_files
from warehouse.ledger.store import Ledger
from warehouse.redaction import remember
from warehouse.settings import Settings

PREFIX = "/files/"
LIFETIME = timedelta(seconds=60)
KEY_BYTES = 32
_SIGNED = sha256().digest_size
ENDINGS = {
    "image/png": ".png", "text/html": ".html", "text/plain": ".txt", "message/rfc822": ".eml", "application/json": ".json",
    "application/x-ndjson": ".jsonl", "application/pdf": ".pdf",
}  # fmt: skip
"""How a kept thing is saved whose name has no ending."""
_SAID = struct.Struct(">B16sIQ")
"""What it is, its id, its number there, until when in seconds of UTC; then the name in the package, and the signature."""


class _What(IntEnum):
    """What a link is to: a file of an offer, or one thing that a run kept, by its position."""

    FILE = 0
    EVIDENCE = 1


@dataclass(frozen=True)
class Given:
    """What a link gives: where the bytes lie, how many they are, under which name they are saved."""

    id: str
    file_name: str
    size_bytes: int
    storage_path: str


def link_to(settings: Settings, file_id: str, *, at: datetime, by: Person, name: str = "") -> str:
    """Return the address under which the session of `by` downloads a file within the next 60 seconds.

    Args:
        name: How it is called in a package; empty: as it is called in its offer.

    Raises:
        NotFound: `file_id` is no id.
    """
    return _link(settings, _What.FILE, file_id, 0, name, at=at, by=by)


def link_to_evidence(settings: Settings, run_id: str, position: int, *, at: datetime, by: Person) -> str:
    """Return the address under which the session of `by` downloads what a delivery kept, within the next 60 seconds.

    Raises:
        NotFound: `run_id` is no id.
    """
    return _link(settings, _What.EVIDENCE, run_id, position, "", at=at, by=by)


def redeem(ledger: Ledger, settings: Settings, token: str, *, at: datetime, by: Person) -> Given:
    """Return what a link gives to `by` now, and write down that it was downloaded.

    Raises:
        NotPermitted: the link is not one of ours for this session, has ended, or the file may not be given out.
        NotFound: it is not there for `by` any more.
    """
    what, wanted, position, name = _read(settings, token, at=at, by=by)
    access.check(by, Action.READ_FILES)
    return _evidence(ledger, wanted, position, by) if what is _What.EVIDENCE else _file(ledger, wanted, name, by)


def _file(ledger: Ledger, file_id: str, name: str, by: Person) -> Given:
    seen = find_openable(ledger, file_id, by=by)
    event = AuditEvent(
        "file:downloaded", file_id, by.id, {"sha256": seen.sha256, "version": seen.version},
        submission_ref=seen.submission_id,
    )  # fmt: skip
    with ledger.deed(event, by) as deed:
        found = submission_files.read_file(deed, file_id)
        if found is None:
            raise NotFound("There is no such file, or it is not yours to see.")
        check_passes(found)
    return Given(found.id, name or found.file_name, found.size_bytes, found.storage_path)


def _evidence(ledger: Ledger, run_id: str, position: int, by: Person) -> Given:
    with ledger.read(by) as tx:
        run = deliveries.read_delivery(tx, run_id)
        kept = next((one for one in deliveries.evidence_of(tx, run_id) if one.position == position), None)
    if run is None or kept is None:
        raise NotFound("There is no such evidence, or it is not yours to see.")
    event = AuditEvent(
        "evidence:downloaded", kept.id, by.id, {"sha256": kept.sha256, "name": kept.name}, submission_ref=run.submission_id
    )  # fmt: skip
    with ledger.deed(event, by):
        return Given(kept.id, _saved_as(kept), kept.size_bytes, kept.storage_path)


def _saved_as(kept: deliveries.Evidence) -> str:
    ending = "" if PurePath(kept.name).suffix else ENDINGS.get(kept.media_type.partition(";")[0], "")
    return f"{kept.position:02d} {kept.name}{ending}"


def _link(
    settings: Settings, what: _What, wanted: str, position: int, name: str, *, at: datetime, by: Person
) -> str:  # fmt: skip
    try:
        said = _SAID.pack(what, uuid.UUID(wanted).bytes, position, int((at + LIFETIME).timestamp())) + name.encode()
    except (ValueError, struct.error):
        raise NotFound("There is no such file.") from None
    token = base64.urlsafe_b64encode(said + _signature(settings, said, by)).rstrip(b"=").decode()
    return PREFIX + token


def _read(settings: Settings, token: str, *, at: datetime, by: Person) -> tuple[_What, str, int, str]:
    """Return what a token is for: its kind, id, position and name; one answer for every kind of fault."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _worthless() from None
    said, signature = raw[:-_SIGNED], raw[-_SIGNED:]
    if len(said) < _SAID.size or not hmac.compare_digest(signature, _signature(settings, said, by)):
        raise _worthless()
    what, wanted, position, until = _SAID.unpack(said[: _SAID.size])
    if at.timestamp() >= until:
        raise _worthless()
    return _What(what), str(uuid.UUID(bytes=wanted)), position, said[_SAID.size :].decode()


def _signature(settings: Settings, said: bytes, by: Person) -> bytes:
    # The session goes into the signature and not into the address: a link that somebody else sees says nothing of it.
    return hmac.new(_key(settings), b"\x1f".join([said, by.id.encode(), by.session or b""]), sha256).digest()


def _key(settings: Settings) -> bytes:
    path = settings.secrets / "download_links.key"
    if not path.exists():
        write_private(path, random_source.token_hex(KEY_BYTES), only_if_absent=True)
    text = read_private(path).strip()
    remember(text)
    return bytes.fromhex(text)


def _worthless() -> NotPermitted:
    return NotPermitted(
        "This download link has ended, or was made for somebody else.",
        kept="the file.",
        todo="go back to the workspace and press Download again.",
    )
