"""Pictures read block by block: size, and where the picture ends."""

import struct
from collections.abc import Callable
from dataclasses import dataclass

from pipelines.submission.scanning.buffers import Bytes
from pipelines.submission.scanning.verdict import Stopped, not_scanned


@dataclass(frozen=True)
class Shape:
    """What a picture unpacks to, and where it ends."""

    width: int
    height: int
    decoded_bytes: int
    ends_at: int
    texts: bytes = b""
    """Comments and the like."""


def _cut_off() -> Stopped:
    return Stopped(not_scanned("is a damaged picture"))


def png(data: Bytes) -> Shape:
    """Read the chunks up to IEND."""
    if data[12:16] != b"IHDR":
        raise _cut_off()
    width, height, depth, colour = struct.unpack(">LLBB", data[16:26])
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(colour, 4)
    at = 8
    while at + 12 <= len(data):
        length, kind = struct.unpack(">L4s", data[at : at + 8])
        at += 12 + length
        if kind == b"IEND":
            return Shape(width, height, height * (width * channels * depth // 8 + 1), at)
    raise _cut_off()


def gif(data: Bytes) -> Shape:
    """Read the blocks up to the trailer; frames add up."""
    width, height, flags = struct.unpack("<HHB", data[6:11])
    at = 13 + (3 << ((flags & 7) + 1) if flags & 0x80 else 0)
    decoded = 0
    while at < len(data):
        kind = data[at]
        if kind == 0x3B:
            return Shape(width, height, max(decoded, width * height), at + 1)
        if kind == 0x21:
            at = _blocks(data, at + 2)
        elif kind == 0x2C:
            wide, high, own = struct.unpack("<HHB", data[at + 5 : at + 10])
            decoded += wide * high
            at = _blocks(data, at + 11 + (3 << ((own & 7) + 1) if own & 0x80 else 0))
        else:
            raise _cut_off()
    raise _cut_off()


def _blocks(data: Bytes, at: int) -> int:
    while at < len(data) and data[at]:
        at += 1 + data[at]
    return at + 1


def jpeg(data: Bytes) -> Shape:
    """Read the segments up to the end of the image."""
    at, width, height, channels = 2, 0, 0, 3
    while at + 2 <= len(data):
        if data[at] != 0xFF:
            raise _cut_off()
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == 0xD9:
            return Shape(width, height, width * height * channels, at + 2)
        if marker in (0x01, *range(0xD0, 0xD8)):
            at += 2
            continue
        if marker in (0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF):
            height, width, channels = struct.unpack(">HHB", data[at + 5 : at + 10])
        at += 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
        if marker == 0xDA:
            at = _after_scan(data, at)
    if data[-2:-1] == b"\xff":
        return Shape(width, height, width * height * channels, len(data))
    raise _cut_off()


def _after_scan(data: Bytes, at: int) -> int:
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            raise _cut_off()
        if data[at + 1] != 0 and not 0xD0 <= data[at + 1] <= 0xD7:
            return at
        at += 2


def bmp(data: Bytes) -> Shape:
    """Read the header; its size says where the picture ends."""
    told = int.from_bytes(data[2:6], "little")
    if int.from_bytes(data[14:18], "little") == 12:
        width, height, _, bits = struct.unpack("<HHHH", data[18:26])
    else:
        width, height, _, bits = struct.unpack("<llHH", data[18:30])
    decoded = abs(width) * abs(height) * max(1, bits) // 8
    needed = int.from_bytes(data[10:14], "little") + (decoded if data[30:34] == bytes(4) or told == 26 else 0)
    return Shape(abs(width), abs(height), decoded, min(len(data), max(told, needed)))


def webp(data: Bytes) -> Shape:
    """Read the outer size; the inner one by the first chunk."""
    end = 8 + int.from_bytes(data[4:8], "little")
    kind = data[12:16]
    width = height = 1
    if kind == b"VP8X":
        width, height = 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    elif kind == b"VP8 ":
        width, height = (value & 0x3FFF for value in struct.unpack("<HH", data[26:30]))
    elif kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return Shape(width, height, width * height * 4, end)


SHAPES: dict[str, Callable[[Bytes], Shape]] = {
    "image/png": png, "image/gif": gif, "image/jpeg": jpeg, "image/bmp": bmp, "image/webp": webp,
}  # fmt: skip
