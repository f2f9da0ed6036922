"""The directory of a zip, read strictly: what two readers could read in two ways is refused.

APPNOTE.TXT 6.3.10 (PKWARE, 2022). Python's zipfile is lenient where this must not be: it believes the central directory
alone, and takes what lies before and behind the archive.
"""

import struct
import unicodedata
from dataclasses import dataclass

from pipelines.submission.scanning import limits
from pipelines.submission.scanning.buffers import Bytes
from pipelines.submission.scanning.verdict import Stopped, not_scanned, refused

END, CENTRAL, LOCAL, END64, LOCATOR64, DESCRIPTOR = (b"PK" + rest for rest in (
    b"\5\6", b"\1\2", b"\3\4", b"\6\6", b"\6\7", b"\7\x08"
))  # fmt: skip
_ENCRYPTED = 0x1 | 0x40 | 0x2000


@dataclass(frozen=True)
class Entry:
    """One file of a zip."""

    name: str
    raw_name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    header_at: int
    mode: int
    """The mode of a Unix file, 0 when made elsewhere."""
    data_at: int = 0
    other_name: str = ""
    """The name in the Unicode extra field, when there is one."""

    @property
    def is_folder(self) -> bool:
        """Whether it only names a folder."""
        return self.name.endswith(("/", "\\")) and self.size == 0

    @property
    def is_encrypted(self) -> bool:
        """Whether its content, or the directory, is sealed by a password."""
        return bool(self.flags & _ENCRYPTED) or self.method == 99


@dataclass(frozen=True)
class ZipLayout:
    """All entries, in the directory's order."""

    entries: tuple[Entry, ...]

    def find(self, name: str) -> Entry | None:
        """Return an entry by its name, as Office finds parts: without regard to case."""
        wanted = name.lower().lstrip("/")
        return next((entry for entry in self.entries if entry.name.lower().replace("\\", "/") == wanted), None)


def read_layout(data: Bytes) -> ZipLayout:
    """Read the directory and compare it with the file.

    Raises:
        Stopped: something in it contradicts something else, or is hidden.
    """
    end = _find_end(data)
    count, size, offset, directory_end = _read_end(data, end)
    if offset + size != directory_end or offset > len(data):
        raise Stopped(
            refused("is an archive with other data before or inside it, which readers take in different ways")
        )
    entries = _read_directory(data, offset, directory_end)
    if len(entries) != count:
        raise Stopped(refused("is an archive whose directory does not hold what it says"))
    placed = tuple(_place(data, entry, offset) for entry in entries)
    _check_places(data, placed, offset)
    _check_sizes(data, placed)
    return ZipLayout(placed)


def _find_end(data: Bytes) -> int:
    least = max(0, len(data) - 22 - 65535)
    ends = []
    position = data.rfind(END, least)
    while position >= 0:
        ends.append(position)
        position = data.rfind(END, least, position)
    whole = [
        at
        for at in ends
        if at + 22 <= len(data) and at + 22 + int.from_bytes(data[at + 20 : at + 22], "little") == len(data)
    ]
    if len(whole) != 1 or whole[0] != ends[0]:
        raise Stopped(
            refused(
                "is an archive with other data behind it, or with two directories"
                if ends
                else "is an archive without its directory: damaged or cut off"
            )
        )
    return whole[0]


def _read_end(data: Bytes, end: int) -> tuple[int, int, int, int]:
    disk, first, here, count, size, offset = struct.unpack("<HHHHLL", data[end + 4 : end + 20])
    if disk or first or here != count:
        raise Stopped(not_scanned("is one volume of an archive in several"))
    if data[end - 20 : end - 16] != LOCATOR64:
        return count, size, offset, end
    at = int.from_bytes(data[end - 12 : end - 4], "little")
    if data[at : at + 4] != END64 or at + 12 + int.from_bytes(data[at + 4 : at + 12], "little") != end - 20:
        raise Stopped(refused("is an archive with two directories that contradict each other"))
    wide = struct.unpack("<QQQQ", data[at + 24 : at + 56])
    if wide[0] != wide[1]:
        raise Stopped(not_scanned("is one volume of an archive in several"))
    for small, limit, large in ((count, 0xFFFF, wide[1]), (size, 0xFFFFFFFF, wide[2]), (offset, 0xFFFFFFFF, wide[3])):
        if small not in (limit, large):
            raise Stopped(refused("is an archive with two directories that contradict each other"))
    return wide[1], wide[2], wide[3], at


def _read_directory(data: Bytes, offset: int, end: int) -> list[Entry]:
    entries: list[Entry] = []
    at = offset
    while at < end:
        if data[at : at + 4] != CENTRAL:
            if data[at : at + 4] == b"PK\5\5" and at + 6 + int.from_bytes(data[at + 4 : at + 6], "little") == end:
                break  # a digital signature of the directory
            raise Stopped(refused("is an archive whose directory is damaged"))
        fields = struct.unpack("<HHHHHHLLLHHHHHLL", data[at + 4 : at + 46])
        made_by, flags, method, crc, packed, size = fields[0], *fields[2:4], fields[6], fields[7], fields[8]
        lengths, attributes, header_at = fields[9:12], fields[14], fields[15]
        raw = data[at + 46 : at + 46 + lengths[0]]
        extra = data[at + 46 + lengths[0] : at + 46 + lengths[0] + lengths[1]]
        size, packed, header_at = _widen(extra, size, packed, header_at)
        mode = attributes >> 16 if made_by >> 8 in (3, 19) else 0
        entries.append(
            Entry(
                _decode(raw, flags),
                raw,
                flags,
                method,
                crc,
                packed,
                size,
                header_at,
                mode,
                other_name=_unicode_name(extra),
            )
        )
        if len(entries) > limits.MOST_FILES:
            raise Stopped(refused(f"holds more than {limits.MOST_FILES:,} files"))
        at += 46 + sum(lengths)
    return entries


def _fields_of(extra: bytes) -> list[tuple[int, bytes]]:
    found, at = [], 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack("<HH", extra[at : at + 4])
        found.append((kind, extra[at + 4 : at + 4 + length]))
        at += 4 + length
    return found


def _widen(extra: bytes, size: int, packed: int, header_at: int) -> tuple[int, int, int]:
    wide = next((content for kind, content in _fields_of(extra) if kind == 1), b"")
    values, at = [], 0
    for value in (size, packed, header_at):
        if value == 0xFFFFFFFF and at + 8 <= len(wide):
            values.append(int.from_bytes(wide[at : at + 8], "little"))
            at += 8
        else:
            values.append(value)
    return values[0], values[1], values[2]


def _unicode_name(extra: bytes) -> str:
    content = next((content for kind, content in _fields_of(extra) if kind == 0x7075), b"")
    return content[5:].decode("utf-8", errors="replace")


def _decode(raw: bytes, flags: int) -> str:
    try:
        return raw.decode("utf-8") if flags & 0x800 or not raw.isascii() else raw.decode("ascii")
    except UnicodeDecodeError:
        return raw.decode("cp437")


def _place(data: Bytes, entry: Entry, directory_at: int) -> Entry:
    at = entry.header_at
    if at + 30 > directory_at or data[at : at + 4] != LOCAL:
        raise Stopped(refused("is an archive whose directory points to where no file is"))
    flags, method = struct.unpack("<HH", data[at + 6 : at + 10])
    crc, packed, size, name_length, extra_length = struct.unpack("<LLLHH", data[at + 14 : at + 30])
    raw = data[at + 30 : at + 30 + name_length]
    data_at = at + 30 + name_length + extra_length
    if raw != entry.raw_name or method != entry.method or (flags ^ entry.flags) & 1:
        raise Stopped(
            refused(
                "is an archive in which a file has two names or two kinds of packing: in the directory and before its content"
            )
        )
    size, packed, _ = _widen(data[at + 30 + name_length : data_at], size, packed, 0)
    told = (packed, size, crc) != (entry.packed, entry.size, entry.crc)
    if told and not (flags & 8 and (packed, size, crc) == (0, 0, 0)) and not (flags & 8 and entry.flags & 8):
        raise Stopped(refused("is an archive in which the size of a file is told in two ways"))
    if data_at + entry.packed > directory_at:
        raise Stopped(refused("is an archive whose files lie over one another or over its directory"))
    if entry.other_name and entry.raw_name.isascii() and entry.other_name != entry.name:
        raise Stopped(refused("is an archive in which a file has two names"))
    return Entry(**{**entry.__dict__, "data_at": data_at})


def _check_places(data: Bytes, entries: tuple[Entry, ...], directory_at: int) -> None:
    at = 4 if data[:4] == DESCRIPTOR else 0  # an archive that was prepared for volumes and fits into one
    for entry in sorted(entries, key=lambda one: one.header_at):
        _check_gap(data, at, entry.header_at)
        at = entry.data_at + entry.packed
        if entry.flags & 8:
            at = _after_descriptor(data, at, entry)
    _check_gap(data, at, directory_at)


def _after_descriptor(data: Bytes, at: int, entry: Entry) -> int:
    signed = data[at : at + 4] == DESCRIPTOR
    start = at + 4 if signed else at
    for width in (4, 8):
        told = struct.unpack(
            "<LLL" if width == 4 else "<LQQ", data[start : start + 4 + 2 * width].ljust(4 + 2 * width, b"\0")
        )
        if told == (entry.crc, entry.packed, entry.size):
            return start + 4 + 2 * width
    return at  # some writers set the flag and leave it out; the gap is judged then


def _check_gap(data: Bytes, start: int, end: int) -> None:
    if end < start:
        raise Stopped(refused("is an archive whose files lie over one another, as in a decompression bomb"))
    if end > start and (end - start > 65536 or bytes(data[start:end]).strip(b"\0")):
        raise Stopped(refused("is an archive with data hidden between its files"))


def _check_sizes(data: Bytes, entries: tuple[Entry, ...]) -> None:
    total = sum(entry.size for entry in entries)
    if total > limits.MOST_UNPACKED:
        raise Stopped(refused(f"unpacks to more than {limits.MOST_UNPACKED >> 20} MiB, as a decompression bomb does"))
    worst = max(
        (entry.size / max(1, entry.packed) for entry in entries if entry.size > limits.UNSUSPICIOUS_BYTES), default=0
    )
    if worst > limits.HIGHEST_RATIO or (
        total > 4 * limits.UNSUSPICIOUS_BYTES and total > limits.HIGHEST_RATIO * len(data)
    ):
        raise Stopped(
            refused(f"unpacks to more than {limits.HIGHEST_RATIO} times its size, as a decompression bomb does")
        )


def folded(name: str) -> str:
    """Return what a disk that knows no case takes for the same name."""
    return unicodedata.normalize("NFC", name.replace("\\", "/")).casefold().strip("/")
