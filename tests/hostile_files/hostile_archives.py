"""Hostile archives: bombs, paths, contradictions, hidden data, programs in them."""

import bz2
import gzip
import io
import lzma
import random
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator

import zstandard

from tests.hostile_files import pdf_bytes
from tests.hostile_files.honest_others import zipped

Files = Iterator[tuple[str, bytes]]
PROGRAM = b"MZ" + bytes(58) + struct.pack("<L", 128) + bytes(64) + b"PE\0\0" + bytes(200)


def bombs(rng: random.Random) -> Files:
    """Much from little."""
    zeros = bytes(40 << 20)
    yield "zeros.zip", zipped({"zeros.txt": zeros})
    yield "many.zip", zipped({f"{number}.txt": zeros[: 8 << 20] for number in range(20)})
    yield "nested.zip", zipped({"a.zip": zipped({"b.zip": zipped({"z.txt": zeros})})})
    yield "bomb.docx", zipped({"[Content_Types].xml": b"<a/>", "word/document.xml": zeros})
    yield "entries.zip", zipped({f"{number}": b"" for number in range(10_500)})
    yield "declared.zip", _patched(zipped({"a.txt": b"abc" * 50}), size=rng.randint(1, 3) << 30)


def packed_bombs(rng: random.Random) -> Files:
    """The same without an archive."""
    zeros = bytes(40 << 20)
    yield "zeros.txt.gz", gzip.compress(zeros)
    yield "zeros.txt.bz2", bz2.compress(zeros)
    yield "zeros.txt.xz", lzma.compress(zeros)
    yield "zeros.txt.zst", zstandard.compress(zeros)
    yield "twice.txt.gz", gzip.compress(gzip.compress(zeros))


def _patched(data: bytes, *, size: int) -> bytes:
    at = data.find(b"PK\1\2")
    return data[:22] + struct.pack("<L", size) + data[26 : at + 24] + struct.pack("<L", size) + data[at + 28 :]


def depth(rng: random.Random) -> Files:
    """Files within files without end."""
    data = zipped({"a.txt": b"x"})
    for level in range(rng.randint(9, 14)):
        data = zipped({f"{level}.zip": data}, zipfile.ZIP_STORED)
    yield "deep.zip", data
    packed = b"x"
    for _ in range(12):
        packed = gzip.compress(packed)
    yield "deep" + ".gz" * 12, packed


def overlapping(rng: random.Random) -> Files:
    """Entries over one content (as zbsm.zip)."""
    kernel = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = kernel.compress(bytes(1 << 20)) + kernel.flush()
    crc = zlib.crc32(bytes(1 << 20))
    for count in (2, 50, 400):
        local = b"PK\3\4" + struct.pack("<HHHHHLLLHH", 20, 0, 8, 0, 0, crc, len(body), 1 << 20, 1, 0) + b"a" + body
        central = b"".join(
            b"PK\1\2"
            + struct.pack("<HHHHHHLLLHHHHHLL", 20, 20, 0, 8, 0, 0, crc, len(body), 1 << 20, 1, 0, 0, 0, 0, 0, 0)
            + b"a"
            for _ in range(count)
        )
        yield (
            f"overlap-{count}.zip",
            local + central + b"PK\5\6" + struct.pack("<HHHHLLH", 0, 0, count, count, len(central), len(local), 0),
        )


def traversal(rng: random.Random) -> Files:
    """Paths that lead out."""
    for number, name in enumerate(
        (
            "../../etc/cron.d/x",
            "..\\..\\x.txt",
            "/etc/passwd",
            "C:\\Windows\\x.txt",
            "\\\\host\\share\\x.txt",
            "a/../../x.txt",
            "～/x.txt".replace("～", "~"),
            "a/．．/．．/x.txt",
            "C:x.txt",
            "a/ ../x",
            ".../../x.txt",
        )
    ):
        yield f"path-{number}.zip", zipped({name: b"x", "ok.txt": b"x"})
    for number, name in enumerate(("../x.txt", "/abs.txt", "a/../../../x")):
        yield f"path-{number}.tar", tarred([(name, tarfile.REGTYPE, b"x", "")])


def tarred(members: list[tuple[str, bytes, bytes, str]]) -> bytes:
    """Return a tar of name, type, content and target of each."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:") as tar:
        for name, kind, content, target in members:
            member = tarfile.TarInfo(name)
            member.type, member.size, member.linkname = kind, len(content), target
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


def links(rng: random.Random) -> Files:
    """Links and devices in place of files."""
    for number, (kind, target) in enumerate(
        (
            (tarfile.SYMTYPE, "/etc/passwd"),
            (tarfile.LNKTYPE, "../x"),
            (tarfile.CHRTYPE, ""),
            (tarfile.BLKTYPE, ""),
            (tarfile.FIFOTYPE, ""),
        )
    ):
        yield f"link-{number}.tar", tarred([("ok.txt", tarfile.REGTYPE, b"x", ""), ("l", kind, b"", target)])
        yield f"link-{number}.tar.gz", gzip.compress(tarred([("l", kind, b"", target)]))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        link = zipfile.ZipInfo("l")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        made.writestr(link, "/etc/passwd")
    yield "link.zip", out.getvalue()


def contradictions(rng: random.Random) -> Files:
    """Directory and content that differ, names twice, data around."""
    good = zipped({"report.txt": b"report" * 9, "b.txt": b"b"}, zipfile.ZIP_STORED)
    yield "names-differ.zip", good.replace(b"report.txt", b"report.exe", 1)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("A.txt", "1")
        made.writestr("a.TXT", "2")
    yield "twice.zip", out.getvalue()
    yield "prepended.zip", rng.randbytes(900) + good
    yield "prepended-text.zip", b"#!/bin/sh\nexit\n" + good
    yield "appended.zip", good + rng.randbytes(900)
    yield "two-directories.zip", good + zipped({"other.txt": b"x"})
    yield "crc.zip", good.replace(b"reportreport", b"REPORTreport", 1)
    at = good.find(b"PK\1\2")
    hidden = b"PK\3\4" + struct.pack("<HHHHHLLLHH", 20, 0, 0, 0, 0, 0, 4, 4, 5, 0) + b"h.exe" + b"MZ12"
    moved = good[:at] + hidden + good[at:-6] + struct.pack("<L", at + len(hidden)) + good[-2:]
    yield "hidden-between.zip", moved
    yield "cut.zip", good[:-30]
    first_twice = tarred([("a.txt", tarfile.REGTYPE, b"1", ""), ("a.txt", tarfile.REGTYPE, b"2", "")])
    yield "twice.tar", first_twice
    yield "appended.tar", first_twice[:1024].replace(b"", b"") + bytes(1024) + rng.randbytes(2000)
    yield "appended.gz", gzip.compress(b"x") + b"PK\3\4" + rng.randbytes(100)
    yield "appended.bz2", bz2.compress(b"x") + rng.randbytes(100)
    yield "file-and-folder.zip", zipped({"a": b"x", "a/b.txt": b"y"})
    yield "extra-name.zip", _with_other_name(good)


def _with_other_name(good: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        entry = zipfile.ZipInfo("a.txt")
        other = b"\x01" + struct.pack("<L", zlib.crc32(b"a.txt")) + b"evil.exe"
        entry.extra = struct.pack("<HH", 0x7075, len(other)) + other
        made.writestr(entry, "x")
    return out.getvalue()


def locked(rng: random.Random) -> Files:
    """Entries under a password."""
    for number, flag in enumerate((1, 0x41, 0x2001)):
        good = bytearray(zipped({"a.txt": rng.randbytes(50)}, zipfile.ZIP_STORED))
        for sign, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
            at = good.find(sign) + place
            good[at : at + 2] = struct.pack("<H", flag)
        yield f"locked-{number}.zip", bytes(good)


def other_archives(rng: random.Random) -> Files:
    """Kinds of archives that are not looked into."""
    yield "sealed.7z", b"7z\xbc\xaf\x27\x1c\0\4" + rng.randbytes(200)
    yield "sealed.rar", b"Rar!\x1a\x07\x01\0" + rng.randbytes(200)
    yield "old.rar", b"Rar!\x1a\x07\0" + rng.randbytes(200)


def programs_inside(rng: random.Random) -> Files:
    """Programs and scripts at any depth."""
    for name, content in (
        ("setup.exe", PROGRAM),
        ("readme.txt", PROGRAM),
        ("x.js", b"WScript.Echo(1)"),
        ("doc.pdf.exe", b"x"),
        ("x.pdf", PROGRAM),
        ("a/b/run.bat", b"@echo off"),
        ("x.lnk", b"L\0\0\0\x01\x14\x02\0" + bytes(80)),
    ):
        yield f"holds-{name.replace('/', '-').replace('.', '-')}.zip", zipped({"Offer/ok.txt": b"x", name: content})
    yield "deeper.zip", zipped({"in.zip": zipped({"in.tar": tarred([("e.scr", tarfile.REGTYPE, PROGRAM, "")])})})
    yield "gz.txt.gz", gzip.compress(PROGRAM)
    stored = io.BytesIO()
    with gzip.GzipFile(filename="invoice.exe", fileobj=stored, mode="wb") as file:
        file.write(b"text")
    yield "invoice.txt.gz", stored.getvalue()
    script = pdf_bytes.write(pdf_bytes.objects(b"/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>"))
    yield "script-inside.zip", zipped({"offer.pdf": script})


MAKERS = (
    bombs,
    packed_bombs,
    other_archives,
    depth,
    overlapping,
    traversal,
    links,
    contradictions,
    locked,
    programs_inside,
)
