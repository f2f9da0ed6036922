"""The document of a receipt that a person brings: kept, looked into like any file, and read for the receipt's number.

A picture is not read: there a second person's eyes count, and the quote says so. Not here: how each kind gives its text
(receipt_readers.py, in a bounded child), who confirms (deliver.py).
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pipelines.submission.previews import read_texts
from pipelines.submission.scan import scan_file
from warehouse.domain.submission_file import ScanStatus, tidy_name
from warehouse.errors import BadInput
from warehouse.object_store import open_object_store
from warehouse.settings import Settings

MOST_BYTES = 25 * 1024 * 1024
"""A receipt is a page or a mail; a mail with everything attached that was sent has 25 MB at most."""
AROUND = 160
"""Characters of the document before and after the number, as the quote shows them."""
NOTHING = "nothing was kept as a receipt."
OF_PICTURES = "The document is a picture, which the product does not read; who confirms it compares the number: {}"


@dataclass(frozen=True)
class BroughtDocument:
    """A document that was kept.

    Attributes:
        quote: The words in which the number stands, or that it is a picture.
        was_read: Whether the product found the number itself.
    """

    name: str
    media_type: str
    sha256: str
    size: int
    storage_path: str
    quote: str
    was_read: bool


def read_document(stream: BinaryIO, name: str, number: str, *, settings: Settings) -> BroughtDocument:
    """Keep a document, have it scanned, and find the number in its text.

    Raises:
        BadInput: it is empty, too large or refused by its scan, or the number does not stand in its text.
        DiskFull, StoreUnavailable: it could not be kept.
    """
    store, tidy = open_object_store(settings), tidy_name(name)
    stored = store.put(stream, limit=min(MOST_BYTES, settings.files_most_mb * 1024**2))
    with store.local(stored.path) as path:
        judged = scan_file(path, name, settings=settings)
        if judged.status is ScanStatus.REFUSED:
            raise BadInput(f"{tidy} was refused: {judged.reason}", kept=NOTHING, todo="bring another form of it.")
        quote, was_read = _quote(path, judged.media_type, tidy, number)
    return BroughtDocument(tidy, judged.media_type, stored.sha256, stored.size, stored.path, quote, was_read)


def find_number(text: str, number: str) -> str:
    """Return the words around a receipt's number in a text; "" where it does not stand there by itself.

    Blanks, line ends and the kind of hyphen do not matter, nor upper and lower case; a part of a longer number is none.
    """
    flat, wanted = _flat(text), _flat(number)
    if not wanted:
        return ""
    found = re.search(rf"(?<![^\W_]){re.escape(wanted)}(?![^\W_])", flat, re.IGNORECASE)
    if found is None:
        return ""
    start, end = max(0, found.start() - AROUND), min(len(flat), found.end() + AROUND)
    return f"{'… ' if start else ''}{flat[start:end].strip()}{' …' if end < len(flat) else ''}"


def _quote(path: Path, media_type: str, name: str, number: str) -> tuple[str, bool]:
    if media_type.startswith("image/") and media_type != "image/svg+xml":
        return OF_PICTURES.format(number), False
    texts, note = read_texts(path, media_type, name)
    text = "\n".join(texts)
    if not text.strip():
        raise BadInput(
            f"{name} holds no text that can be read. {note}".strip(),
            kept=NOTHING,
            todo="bring a picture of it (PNG or JPEG): who confirms it compares the number.",
        )
    quote = find_number(text, number)
    if not quote:
        raise BadInput(
            f"The number {number} does not stand in {name}.", kept=NOTHING, todo="compare both, letter by letter."
        )
    return quote, True


def _flat(text: str) -> str:
    return " ".join(re.sub("[\u00ad\u2010-\u2015\u2212]", "-", text).split())
