"""PDFs written by hand, in the styles of different producers."""

import zlib
from collections.abc import Mapping, Sequence

PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"


def stream(content: bytes, more: bytes = b"", *, packed: bool = False) -> bytes:
    """Return a stream object's body."""
    if packed:
        content, more = zlib.compress(content), more + b" /Filter /FlateDecode"
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), more, content)


def objects(
    catalog: bytes = b"", page: bytes = b"", text: str = "Volume I", more: Mapping[int, bytes] = {}
) -> dict[int, bytes]:
    """Return the objects of a document of one page; `catalog` and `page` are further entries."""
    made = {
        1: b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalog,
        2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: PAGE[:-2] + page + b" >>",
        4: stream(b"BT /F1 24 Tf 72 700 Td (%s) Tj ET" % text.encode("latin-1")),
        5: FONT,
    }
    made.update(more)
    return made


def write(made: Mapping[int, bytes], *, version: bytes = b"1.7", eol: bytes = b"\n", trailer: bytes = b"") -> bytes:
    """Write with a classic table."""
    out = bytearray(b"%PDF-" + version + eol + b"%\xe2\xe3\xcf\xd3" + eol)
    places = {}
    for number, body in made.items():
        places[number] = len(out)
        out += b"%d 0 obj" % number + eol + body + eol + b"endobj" + eol
    at, top = len(out), max(made) + 1
    out += b"xref" + eol + b"0 %d" % top + eol + b"0000000000 65535 f\r\n"
    for number in range(1, top):
        out += b"%010d 00000 n\r\n" % places[number] if number in places else b"0000000000 65535 f\r\n"
    out += b"trailer" + eol + b"<< /Size %d /Root 1 0 R %s >>" % (top, trailer) + eol
    return bytes(out + b"startxref" + eol + b"%d" % at + eol + b"%%EOF" + eol)


def write_packed(
    made: Mapping[int, bytes], *, filters: Sequence[str] = ("Flate",), objstm: bytes = b"/Type /ObjStm"
) -> bytes:
    """Write with object streams and a stream as table, as modern producers do."""
    loose = {number: body for number, body in made.items() if b"stream" in body}
    tight = {number: body for number, body in made.items() if number not in loose}
    head, bodies = b"", b""
    for number, body in tight.items():
        head += b"%d %d " % (number, len(bodies))
        bodies += body + b"\n"
    content = head + bodies
    names = []
    for name in filters:
        content = {"Flate": zlib.compress, "Hex": lambda data: data.hex().encode() + b">"}[name](content)
        names.insert(0, b"/" + {"Flate": b"FlateDecode", "Hex": b"ASCIIHexDecode"}[name])
    holder, table = max(made) + 1, max(made) + 2
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    places = {}
    for number, body in {**loose, holder: b"<< %s /N %d /First %d /Length %d /Filter [%s] >>\nstream\n%s\nendstream" % (
        objstm, len(tight), len(head), len(content), b" ".join(names), content)}.items():  # fmt: skip
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    at = len(out)
    rows = bytearray()
    for number in range(table + 1):
        if number in tight:
            rows += b"\2" + holder.to_bytes(4, "big") + list(tight).index(number).to_bytes(2, "big")
        elif number in places or number == table:
            rows += b"\1" + places.get(number, at).to_bytes(4, "big") + bytes(2)
        else:
            rows += b"\0" + bytes(4) + b"\xff\xff"
    packed = zlib.compress(bytes(rows))
    out += b"%d 0 obj\n<< /Type /XRef /Size %d /W [1 4 2] /Root 1 0 R /Length %d /Filter /FlateDecode >>\nstream\n" % (
        table,
        table + 1,
        len(packed),
    )
    return bytes(out + packed + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % at)


def append(before: bytes, made: Mapping[int, bytes]) -> bytes:
    """Append a revision with its own table."""
    last = int(before[before.rfind(b"startxref") + 9 :].split()[0])
    out = bytearray(before)
    rows = b""
    for number, body in made.items():
        rows += b"%d 1\n%010d 00000 n\r\n" % (number, len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    at = len(out)
    out += b"xref\n" + rows + b"trailer\n<< /Size 60 /Root 1 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n" % (last, at)
    return bytes(out)
