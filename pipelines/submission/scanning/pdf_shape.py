"""The shape of a PDF: where it begins and ends, circles in its trees, bombs in its streams, its pages."""

import re

from pipelines.submission.scanning import limits
from pipelines.submission.scanning.buffers import Bytes
from pipelines.submission.scanning.pdf_file import PdfFile
from pipelines.submission.scanning.pdf_filters import BOMB, PICTURES, filters_of, inflate, unpack_stream
from pipelines.submission.scanning.pdf_tokens import Name, Ref, Word, parse
from pipelines.submission.scanning.verdict import Finding, Findings, Stopped, not_scanned, refused

_HIDDEN = re.compile(
    rb"PK\x03\x04|PK\x05\x06|Rar!\x1a\x07|7z\xbc\xaf|MZ.{58}|\x7fELF|<script|<html|<\?php|#!/|\xd0\xcf\x11\xe0\xa1\xb1",
    re.IGNORECASE | re.DOTALL,
)
_DAMAGED = "has a damaged table of contents, so that readers may show different things; open it and save it again"


def why_shape(pdf: PdfFile, findings: Findings) -> tuple[str, Finding | None]:
    """Return why it is refused, and what is in doubt."""
    data = pdf.data
    start = data.find(b"%PDF-", 0, 1100)
    if data[:start].strip(b"\0\t\n\f\r \xef\xbb\xbf"):
        return "has other data before the PDF begins, as files that are two things at once do", None
    end = data.rfind(b"%%EOF")
    behind = data[end + 5 :].strip(b"\0\t\n\f\r \x1a") if end >= 0 else b""
    if behind and (len(behind) > 1024 or _HIDDEN.search(behind)):
        return "has other data hidden behind its end", None
    if _is_zip(data):
        return "is a PDF and an archive at once", None
    circle = _why_pages(pdf, findings)
    if circle:
        return circle, None
    return _why_table(pdf, start, end)


def _is_zip(data: Bytes) -> bool:
    at = data.rfind(b"PK\5\6", max(0, len(data) - 65557))
    if at < 0 or at + 22 > len(data):
        return False
    is_to_the_end = at + 22 + int.from_bytes(data[at + 20 : at + 22], "little") == len(data)
    is_in_stream = (
        data.find(b"endstream", at) >= 0 and data.rfind(b"stream", 0, at) > data.rfind(b"endstream", 0, at) + 3
    )
    return is_to_the_end or not is_in_stream


def _why_table(pdf: PdfFile, start: int, end: int) -> tuple[str, Finding | None]:
    """Follow the tables of contents back; a circle hangs readers."""
    told = list(re.finditer(rb"startxref[\0\t\n\f\r ]+(\d{1,12})", pdf.data))
    if not told or end < 0:
        return "", not_scanned(_DAMAGED)
    at, seen = int(told[-1][1]), set[int]()
    while at not in seen:
        seen.add(at)
        place = _table_at(pdf.data, at, start)
        if place is None:
            return "", not_scanned(_DAMAGED) if len(seen) == 1 else None
        trailer = pdf.data.find(b"trailer", place, place + (8 << 20)) if pdf.data[place : place + 4] == b"xref" else -1
        body = trailer + 7 if trailer >= 0 else place
        value = pdf.read(-1, body if trailer >= 0 else _after_obj(pdf.data, place)).value
        before = value.get("Prev") if isinstance(value, dict) else None
        if not isinstance(before, Word) or not before.isdigit() or int(before) == 0:
            return "", None
        at = int(before[:12])
    return "has a table of contents that runs in a circle, as attacks on readers do", None


def _after_obj(data: Bytes, place: int) -> int:
    found = re.compile(rb"obj").search(data, place, place + 64)
    return found.end() if found else place


def _table_at(data: Bytes, at: int, start: int) -> int | None:
    for place in (at, at + max(0, start)):
        found = re.match(
            rb"[\0\t\n\f\r ]{0,4}(xref|\d{1,10}[\0\t\n\f\r ]+\d{1,10}[\0\t\n\f\r ]+obj)", data[place : place + 40]
        )
        if found:
            return place + found.start(1)
    return None


def _why_pages(pdf: PdfFile, findings: Findings) -> str:
    """Walk the tree of pages from every root; count the pages."""
    tree = _Tree()
    for number, starts in pdf.places.items():
        head = pdf.data[starts[-1] : starts[-1] + 4096].partition(b"endobj")[0].partition(b"stream")[0]
        tree.note(pdf, pdf.data, number, starts[-1], head)
    for places, content in pdf.packed:
        for number, starts in places.items():
            if number:
                tree.note(pdf, content, number, starts[-1], content[starts[-1] : starts[-1] + 4096])
    findings["pages"] = len(tree.pages)
    return "has pages that contain themselves, as attacks on readers do" if _has_circle(tree.nodes) else ""


class _Tree:
    """Numbers of pages, and of nodes with what is below them."""

    _page = re.compile(rb"/Type[\0\t\n\f\r ]*/Page[\0\t\n\f\r /<>\[\(]")
    _kids = re.compile(rb"/Kids[\0\t\n\f\r ]*[\[\d]")

    def __init__(self) -> None:
        self.nodes: dict[int, list[int]] = {}
        self.pages: set[int] = set()

    def note(self, pdf: PdfFile, data: Bytes, number: int, body: int, head: bytes) -> None:
        """Note an object when it is a page or a node."""
        if not self._page.search(head) and not self._kids.search(head):
            return
        value = parse(data, body)[0]
        if isinstance(value, dict) and value.get("Type") == Name("Page"):
            self.pages.add(number)
        elif isinstance(value, dict) and "Kids" in value:
            self.nodes.setdefault(number, []).extend(_refs(pdf, value["Kids"]))


def _refs(pdf: PdfFile, kids: object) -> list[int]:
    found = []
    for one in pdf.resolve(kids):
        if isinstance(one, list):
            found += [kid.number for kid in one if isinstance(kid, Ref)]
    return found


def _has_circle(nodes: dict[int, list[int]]) -> bool:
    done: set[int] = set()
    for root in nodes:
        path: list[tuple[int, int]] = [(root, 0)]
        on_path = {root}
        while path and root not in done:
            node, index = path.pop()
            children = [kid for kid in nodes.get(node, ()) if kid in nodes]
            if index >= len(children):
                on_path.discard(node)
                done.add(node)
                continue
            path.append((node, index + 1))
            kid = children[index]
            if kid in on_path:
                return True
            if kid not in done:
                path.append((kid, 0))
                on_path.add(kid)
    return False


def check_streams(pdf: PdfFile) -> None:
    """Measure what every stream unpacks to that could be a bomb.

    Raises:
        Stopped: one is.
    """
    for found in re.finditer(rb">>[\0\t\n\f\r ]*stream\r?\n", pdf.data):
        pdf.budget.check_time()
        for number, body in pdf.before(found.start(), most=1):
            thing = pdf.read(number, body)
            if thing.stream and isinstance(thing.value, dict):
                _check_stream(pdf, thing.value, pdf.data[thing.stream[0] : thing.stream[1]])


def _check_stream(pdf: PdfFile, value: dict[str, object], raw: bytes) -> None:
    told = [
        inner
        for one in pdf.resolve(value.get("Filter"))
        for each in (one if isinstance(one, list) else [one])
        for inner in pdf.resolve(each)
    ]
    filters = filters_of(told)
    is_picture = value.get("Subtype") == Name("Image")
    if is_picture:
        width, height = pdf.resolve_number(value.get("Width")), pdf.resolve_number(value.get("Height"))
        bits = (
            1
            if {"CCITTFaxDecode", "JBIG2Decode", "CCF"} & set(filters)
            else (pdf.resolve_number(value.get("BitsPerComponent")) or 8)
        )
        if width * height * bits // 8 > limits.MOST_PICTURE_BYTES or (
            width * height * bits // 8 > 8 * limits.UNSUSPICIOUS_BYTES
            and width * height * bits // 8 > 4000 * max(1, len(raw))
        ):
            raise Stopped(refused(BOMB))
    if (
        len(filters) > 1
        and filters.count("FlateDecode") + filters.count("LZWDecode") + filters.count("RunLengthDecode") > 1
    ) or len(filters) > 5:
        unpack_stream(raw, filters, pdf.budget, most=limits.LARGEST_INNER)
    elif filters[:1] == ["FlateDecode"] and len(raw) > 16384:
        _measure(pdf, raw, is_picture=is_picture or bool(PICTURES & set(filters)))


def _measure(pdf: PdfFile, raw: bytes, *, is_picture: bool) -> None:
    size = 0
    for chunk in inflate(raw):
        size += len(chunk)
        if size % (1 << 22) < len(chunk):
            pdf.budget.check_time()
        suspicious = size > limits.UNSUSPICIOUS_BYTES and size > limits.HIGHEST_RATIO * len(raw)
        if size > 4 * limits.LARGEST_INNER or (suspicious and (not is_picture or size > 8 * limits.UNSUSPICIOUS_BYTES)):
            raise Stopped(refused(BOMB))
