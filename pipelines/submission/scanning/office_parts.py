"""The parts of an Office or OpenDocument file, as markup."""

from collections.abc import Iterator

from pipelines.submission.scanning.source import Source
from pipelines.submission.scanning.unpack import entry_chunks
from pipelines.submission.scanning.verdict import Stopped, refused
from pipelines.submission.scanning.xml_text import read_markup
from pipelines.submission.scanning.zip_kinds import OOXML
from pipelines.submission.scanning.zip_layout import Entry

XML_ENDINGS = (".xml", ".rels", ".vml")


def is_office(media_type: str) -> bool:
    """Whether it is one of the documents of Office that are looked into."""
    return media_type.startswith(OOXML)


def is_named_markup(entry: Entry) -> bool:
    """Whether a part says that it is XML."""
    return entry.name.lower().endswith(XML_ENDINGS)


def is_markup(source: Source, entry: Entry) -> bool:
    """Whether a part is XML, whatever it is called: kinds of parts are declared elsewhere."""
    if is_named_markup(entry) or entry.is_folder or not entry.size:
        return is_named_markup(entry)
    head = next(entry_chunks(source.data, entry, source.budget), b"")[:200]
    return head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").startswith(b"<")


def markup_of(source: Source, entry: Entry) -> str:
    """Return a part as markup.

    Raises:
        Stopped: it is locked, larger than may be, or hides itself.
    """
    held = bytearray()
    for chunk in entry_chunks(source.data, entry, source.budget):
        held += chunk
    return read_markup(bytes(held))


def parts(source: Source) -> Iterator[tuple[str, str]]:
    """Yield name and markup of each XML part, one in memory at a time."""
    for entry in source.zip.entries:
        if is_markup(source, entry):
            yield entry.name, markup_of(source, entry)


def check_not_locked(source: Source) -> None:
    """Refuse a document of which a part is sealed."""
    if any(entry.is_encrypted for entry in source.zip.entries):
        raise Stopped(refused("is locked by a password and cannot be looked into; packages may not hold passwords"))
