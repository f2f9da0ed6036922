"""How each kind of document gives its text, for finding a number in it; bounded, and only in the child process.

Nothing is drawn, fetched or run. Not here: the child (previews_child.py), kinds whose preview is their text already
(previews_readers.py).
"""

from email.message import Message
from html.parser import HTMLParser
from pathlib import Path

from pipelines.submission.mail.letters import content, header, parse_letter
from pipelines.submission.previews_readers import Block, Reader, Unshowable, load_reader

MOST_PAGES = 200
MOST_CHARACTERS = 2_000_000
MOST_PARTS = 200
UNSEEN = frozenset({"script", "style", "template", "noscript", "head"})


def load_text_reader(media_type: str, name: str) -> Reader:
    """Return what reads the text of a kind, with its packages loaded.

    Raises:
        Unshowable: there is none for this kind.
    """
    if media_type == "application/pdf":
        import pypdfium2  # type: ignore[import-untyped]

        return read_pdf
    if media_type == "message/rfc822":
        import pypdfium2  # noqa: F401

        return read_mail
    if media_type == "text/html":
        return read_page
    return load_reader(media_type, name)


def read_pdf(path: Path) -> tuple[list[Block], str]:
    """Give the text of each page."""
    return [{"text": text} for text in _pages(path.read_bytes())], ""


def read_page(path: Path) -> tuple[list[Block], str]:
    """Give what a reader of a web page would see."""
    return [{"text": text_of_page(_decoded(path.read_bytes()))}], ""


def read_mail(path: Path) -> tuple[list[Block], str]:
    """Give the subject, the texts, and the texts of attached mails, web pages and PDFs."""
    message = parse_letter(path.read_bytes())
    blocks = [{"text": f"{name}: {header(message, name)}"} for name in ("From", "To", "Date", "Subject")]
    for number, part in enumerate(message.walk()):
        if number >= MOST_PARTS:
            break
        if text := _text_of(part):
            blocks.append({"text": text})
    return blocks, ""


def text_of_page(page: str) -> str:
    """Return the text of a web page, without markup, scripts and styles."""
    reader = _Seen()
    reader.feed(page[:MOST_CHARACTERS])
    reader.close()
    return "".join(reader.texts)


class _Seen(HTMLParser):
    """Collects the text outside of what is not shown."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in UNSEEN
        self.texts.append(" " if tag in {"span", "b", "i", "em", "strong", "a", "font"} else "\n")

    def handle_endtag(self, tag: str) -> None:
        self._unseen = max(0, self._unseen - (tag in UNSEEN))

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.texts.append(data)


def _text_of(part: Message) -> str:
    if part.is_multipart():
        return "" if part.get_content_type() != "message/rfc822" else _headers(part)
    kind = part.get_content_type()
    if kind == "application/pdf":
        raw = part.get_payload(decode=True)
        return "\n".join(_pages(raw)) if isinstance(raw, bytes) else ""
    if kind not in {"text/plain", "text/html"}:
        return ""
    text = content(part)
    return text_of_page(text) if kind == "text/html" else text[:MOST_CHARACTERS]


def _headers(part: Message) -> str:
    held = part.get_payload()
    inner = held[0] if isinstance(held, list) and held else None
    if not isinstance(inner, Message):
        return ""
    return "\n".join(f"{name}: {header(inner, name)}" for name in ("From", "Date", "Subject"))


def _pages(data: bytes) -> list[str]:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError:
        raise Unshowable("This PDF is locked by a password, or damaged.") from None
    texts = []
    for number in range(min(len(document), MOST_PAGES)):
        texts.append(document[number].get_textpage().get_text_range()[:MOST_CHARACTERS])
    return texts


def _decoded(data: bytes) -> str:
    for name in ("utf-8", "cp1252"):
        try:
            return data.decode(name)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")
