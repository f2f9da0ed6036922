"""Streams of PDF, unpacked within limits (ISO 32000-2, 7.4)."""

import base64
import re
import zlib
from collections.abc import Iterator

from pipelines.submission.scanning import limits
from pipelines.submission.scanning.budget import Budget
from pipelines.submission.scanning.pdf_tokens import Name
from pipelines.submission.scanning.unpack import CHUNK
from pipelines.submission.scanning.verdict import Stopped, not_scanned, refused

PICTURES = frozenset({"DCTDecode", "DCT", "JPXDecode", "CCITTFaxDecode", "CCF", "JBIG2Decode"})
_LONG = {
    "Fl": "FlateDecode",
    "LZW": "LZWDecode",
    "A85": "ASCII85Decode",
    "AHx": "ASCIIHexDecode",
    "RL": "RunLengthDecode",
}
MOST_FILTERS = 5
BOMB = "holds a stream that unpacks to more than a reader can take, as a decompression bomb does"


def filters_of(told: object) -> list[str]:
    """Return the names of the filters, in order of unpacking."""
    names = told if isinstance(told, list) else [told]
    return [_LONG.get(name.text, name.text) for name in names if isinstance(name, Name)]


def unpack_stream(raw: bytes, filters: list[str], budget: Budget, *, most: int = limits.LARGEST_INNER) -> bytes:
    """Return a stream's content.

    Raises:
        Stopped: more than `most` bytes come out, or a filter is not known.
    """
    if len(filters) > MOST_FILTERS:
        raise Stopped(refused("holds a stream that is packed many times over, as a decompression bomb is"))
    for name in filters:
        if name in PICTURES:
            return raw
        raw = _unpack(name, raw, budget, most)
    return raw


def _unpack(name: str, raw: bytes, budget: Budget, most: int) -> bytes:
    if name == "FlateDecode":
        held = bytearray()
        for chunk in inflate(raw):
            held += chunk
            budget.unpack(len(chunk))
            if len(held) > most:
                raise Stopped(refused(BOMB))
        return bytes(held)
    if name == "ASCIIHexDecode":
        digits = re.sub(rb"[^0-9A-Fa-f]", b"", raw.partition(b">")[0])
        return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode())
    if name == "ASCII85Decode":
        return _ascii85(raw)
    if name == "RunLengthDecode":
        return _run_lengths(raw, most)
    if name == "LZWDecode":
        return _lzw(raw, budget, most)
    if name == "Crypt":
        return raw
    raise Stopped(not_scanned("holds a stream that is packed in an unknown way"))


def inflate(raw: bytes) -> Iterator[bytes]:
    """Yield what can be unpacked, up to where the data breaks, as readers do."""
    start = raw[:2]
    bits = 15 if len(start) == 2 and start[0] & 0x0F == 8 and (start[0] * 256 + start[1]) % 31 == 0 else -15
    unpacker = zlib.decompressobj(bits)
    tail = raw
    try:
        while tail and not unpacker.eof:
            given = unpacker.decompress(tail, CHUNK)
            tail = unpacker.unconsumed_tail
            if not given and not tail:
                return
            yield given
        yield unpacker.flush()[:CHUNK]
    except zlib.error:
        return


def _ascii85(raw: bytes) -> bytes:
    body = re.sub(rb"[\0\t\n\f\r ]", b"", raw).partition(b"~")[0].removeprefix(b"<~")
    try:
        return base64.a85decode(body)
    except ValueError as error:
        raise Stopped(not_scanned("holds a stream that is damaged")) from error


def _run_lengths(raw: bytes, most: int) -> bytes:
    held, at = bytearray(), 0
    while at < len(raw) and raw[at] != 128:
        count = raw[at]
        held += raw[at + 1 : at + 2 + count] if count < 128 else raw[at + 1 : at + 2] * (257 - count)
        at += count + 2 if count < 128 else 2
        if len(held) > most:
            raise Stopped(refused(BOMB))
    return bytes(held)


def _lzw(raw: bytes, budget: Budget, most: int) -> bytes:
    """Unpack LZW with early change, PDF's default."""
    table: list[bytes] = []
    held, before = bytearray(), b""
    width, bits, waiting = 9, 0, 0
    for sign in raw:
        waiting, bits = (waiting << 8 | sign) & 0xFFFFFF, bits + 8
        if bits < width:
            continue
        bits -= width
        code = waiting >> bits & (1 << width) - 1
        if code == 257:
            break
        if code == 256:
            table, before, width = [bytes([one]) for one in range(256)] + [b"", b""], b"", 9
            continue
        if not table:
            table = [bytes([one]) for one in range(256)] + [b"", b""]
        entry = table[code] if code < len(table) else before + before[:1]
        held += entry
        if before and len(table) < 4096:
            table.append(before + entry[:1])
        before = entry
        width = 9 + sum(len(table) + 1 >= limit for limit in (512, 1024, 2048))
        if len(held) > most:
            raise Stopped(refused(BOMB))
    budget.unpack(len(held))
    return bytes(held)
