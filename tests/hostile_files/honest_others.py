"""Honest archives, texts, tables, messages and pages."""
# ruff: noqa: E501 - a piece of a file format is shown as it stands in the file

import bz2
import email.message
import gzip
import io
import json
import lzma
import random
import tarfile
import zipfile
from collections.abc import Iterator

import zstandard

from tests.hostile_files import pdf_bytes
from tests.hostile_files.case import words
from tests.hostile_files.honest_documents import sheet_plain, word_plain

Files = Iterator[tuple[str, bytes]]


def _folder(rng: random.Random) -> dict[str, bytes]:
    return {
        "Offer/Volume I - Technical.pdf": pdf_bytes.write(pdf_bytes.objects(text=words(rng, 5))),
        "Offer/Volume II/prices.xlsx": sheet_plain(rng),
        "Offer/letter.docx": word_plain(rng),
        "Offer/notes é.txt": words(rng, 30).encode(),
        "Offer/empty.txt": b"",
    }


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED, comment: bytes = b"") -> bytes:
    """Return a zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        for name, content in files.items():
            made.writestr(name, content)
        made.comment = comment
    return out.getvalue()


class _Streamed(io.RawIOBase):
    """A pipe: zipfile then writes sizes behind each file."""

    def __init__(self) -> None:
        self.held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        self.held += bytes(data)  # type: ignore[arg-type]
        return len(bytes(data))  # type: ignore[arg-type]


def archives(rng: random.Random) -> Files:
    """Zips of every packing, streamed, commented, nested; tars and single files."""
    folder = _folder(rng)
    for name, method in (("stored", 0), ("deflated", 8), ("bzip2", 12), ("lzma", 14)):
        yield f"{name}.zip", zipped(folder, method)
    yield "comment.zip", zipped(folder, comment=b"made by the office")
    pipe = _Streamed()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as made:  # type: ignore[arg-type]
        for name, content in folder.items():
            made.writestr(name, content)
    yield "streamed.zip", bytes(pipe.held)
    yield "nested.zip", zipped({"inner.zip": zipped(folder), "read me.txt": b"see inner.zip"})
    yield "folders.zip", zipped({"a/": b"", "a/b/": b"", "a/b/c.txt": b"x"})
    yield (
        "from-a-mac.zip",
        zipped(
            {
                "r.pdf": folder["Offer/Volume I - Technical.pdf"],
                "__MACOSX/._r.pdf": b"\0\5\x16\7\0\2\0\0Mac OS X" + bytes(100),
                ".DS_Store": b"\0\0\0\1Bud1" + bytes(300),
            }
        ),
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made, made.open("big.csv", "w", force_zip64=True) as file:
        file.write(b"a,b\n1,2\n")
    yield "zip64.zip", out.getvalue()
    for ending, mode in (("tar", "w:"), ("tar.gz", "w:gz"), ("tgz", "w:gz"), ("tar.bz2", "w:bz2"), ("tar.xz", "w:xz")):
        out = io.BytesIO()
        with tarfile.open(
            fileobj=out, mode=mode, format=rng.choice([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])
        ) as tar:  # type: ignore[call-overload]
            for name, content in folder.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
        yield f"folder.{ending}", out.getvalue()
    table = ("item,price\n" + "".join(f"{words(rng, 2)},{rng.random()}\n" for _ in range(400))).encode()
    yield "table.csv.gz", gzip.compress(table)
    yield "table.csv.bz2", bz2.compress(table)
    yield "table.csv.xz", lzma.compress(table)
    yield "table.csv.zst", zstandard.compress(table)


def texts(rng: random.Random) -> Files:
    """Texts in several encodings, tables with signs, data formats."""
    yield "notes.txt", words(rng, 200).encode()
    yield "notes-utf16.txt", words(rng, 200).encode("utf-16")
    yield "notes-1252.txt", "the § 15.208 rule – “late is late”".encode("cp1252")
    yield "list.txt", b"- Call (555) 123-4567\n- run (twice)\n+1 202 555 0100\n@home | away!\n= results =\n"
    yield (
        "security.txt",
        b"Our staff knows PowerShell, JavaScript and cmd.exe. We never run macros. See <b>Annex</b>.\n",
    )
    yield (
        "prices.csv",
        ("item,price\n" + "".join(f'"{words(rng, 2)}",{rng.random():.2f}\n' for _ in range(100))).encode(),
    )
    yield (
        "signs.csv",
        b"item,change,phone\nA,-5.2%,+1 202 555 0100\nB,+3,@agency\nC,=SUM(B2:B3),- see (note)\nD,=A1+B1,-option|pipe\n",
    )
    yield "semicolons.csv", "Größe;Preis\n1;2,50\n".encode("cp1252")
    yield "link.csv", b'name,link\nSAM,"=HYPERLINK(""https://sam.gov"",""SAM"")"\n'
    yield "table.tsv", b"a\tb\n1\t2\n"
    yield "data.json", json.dumps({"opportunity": words(rng, 4), "value": 12}).encode()
    yield (
        "data.xml",
        b'<?xml version="1.0" encoding="UTF-8"?>\n<offer xmlns="urn:x"><item price="1">a &amp; b</item><![CDATA[<x>]]></offer>',
    )
    yield "data-utf16.xml", '<?xml version="1.0" encoding="UTF-16"?><offer>é</offer>'.encode("utf-16")
    yield "read me.md", b"# Title\n\n- a\n- b [link](https://sam.gov)\n"
    yield "meeting.ics", b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"
    yield "log.log", b"2026-01-01 10:00 INFO started\n" * 50
    yield "MZ notes.txt", b"MZ is the mark of Mark Zbikowski.\n"
    yield (
        "page.html",
        b"<!DOCTYPE html><html><head><meta charset='utf-8'><title>Offer</title><style>p{color:red}</style></head><body><p>Hello <a href='https://sam.gov'>SAM</a><img src='https://www.gsa.gov/a.png' alt='on=1'></p></body></html>",
    )
    yield "U.S. Army Corps v1.2 (final).txt", words(rng, 20).encode()
    yield "proposal.docx.pdf", pdf_bytes.write(pdf_bytes.objects(text=words(rng, 5)))
    yield "www.example.com.pdf", pdf_bytes.write(pdf_bytes.objects(text=words(rng, 5)))
    yield "Résumé – Müller.docx", word_plain(rng)
    yield "見積書.xlsx", sheet_plain(rng)
    yield "no ending", words(rng, 20).encode()


def messages(rng: random.Random) -> Files:
    """Messages with bodies, attachments, other messages."""
    message = email.message.EmailMessage()
    message["From"], message["To"], message["Subject"] = "co@agency.example", "bids@firm.example", "Amendment 2"
    message.set_content(words(rng, 40))
    yield "plain.eml", message.as_bytes()
    message.add_alternative(
        "<html><body><p style='color:red'>Hello <img src='cid:1'></p></body></html>", subtype="html"
    )
    yield "two-bodies.eml", message.as_bytes()
    message.add_attachment(
        pdf_bytes.write(pdf_bytes.objects()), maintype="application", subtype="pdf", filename="Amendment 2.pdf"
    )
    message.add_attachment(word_plain(rng), maintype="application", subtype="octet-stream", filename="Frägen.docx")
    yield "attachments.eml", message.as_bytes()
    outer = email.message.EmailMessage()
    outer["From"], outer["To"], outer["Subject"] = "pm@firm.example", "bids@firm.example", "Fwd"
    outer.set_content("see below")
    outer.add_attachment(message)
    yield "forwarded.eml", outer.as_bytes()
    yield "crlf.eml", outer.as_bytes().replace(b"\n", b"\r\n")


MAKERS = (archives, texts, messages)
