"""What a delivery kept, made inert to be looked at: pictures, texts, the readable part of a mail. Never the thing itself.

Not here: giving the bytes out (download_links.py), how files are drawn (previews.py).
"""

from pipelines.submission.deliver import find_evidence
from pipelines.submission.mail.letters import header, parse_letter, text_of
from pipelines.submission.previews import Block, Preview, read_preview
from warehouse.domain.access import Person
from warehouse.domain.delivery import EvidenceKind
from warehouse.ledger.deliveries import Evidence
from warehouse.ledger.store import Ledger
from warehouse.object_store import ObjectStore, open_object_store

PNG = b"\x89PNG\r\n\x1a\n"
MOST_MAIL_BYTES = 2_000_000
MOST_CHARACTERS = 60_000
HEADS = ("From", "To", "Date", "Subject")
AS_TEXT = {"application/x-ndjson": "text/plain", "application/jsonl": "text/plain", "text/html": "text/plain"}
"""Kinds that are shown as the text they are."""


def preview_of_evidence(
    ledger: Ledger, run_id: str, position: int, *, by: Person, store: ObjectStore | None = None
) -> Preview:  # fmt: skip
    """Return what a kept thing looks like; what cannot be shown gives a note instead.

    Raises:
        NotPermitted: `by` may read no files.
        NotFound: there is none that `by` may see, or its bytes are lost.
    """
    kept = find_evidence(ledger, run_id, position, by=by)
    return _shown(kept, store or open_object_store())


def _shown(kept: Evidence, store: ObjectStore) -> Preview:
    if kept.kind is EvidenceKind.SCREENSHOT:
        with store.open(kept.storage_path) as stream:
            picture = stream.read()
        # Our own browser made it; whatever else lies there is not given out as a picture.
        return Preview((Block(picture=picture),) if picture.startswith(PNG) else (), "")
    if kept.media_type == "message/rfc822":
        with store.open(kept.storage_path) as stream:
            return Preview((Block(text=mail_text(stream.read(MOST_MAIL_BYTES))),))
    with store.local(kept.storage_path) as path:
        plain_type = kept.media_type.partition(";")[0].strip()
        return read_preview(path, AS_TEXT.get(plain_type, plain_type), kept.name)


def mail_text(raw: bytes) -> str:
    """Return who wrote what to whom and when, and the readable part of a mail; what is malformed stays as it came."""
    letter = parse_letter(raw)
    heads = [f"{name}: {said}" for name in HEADS if (said := header(letter, name))]
    body = "".join(sign for sign in text_of(letter) if sign in "\n\t" or sign.isprintable()).strip()
    return "\n".join([*heads, "", body])[:MOST_CHARACTERS]
