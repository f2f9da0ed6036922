"""Honest documents: PDFs of several producers, Word, Excel, PowerPoint, OpenDocument, RTF, old Office."""
# ruff: noqa: E501 - a piece of a file format is shown as it stands in the file

import datetime
import io
import random
import zipfile
from collections.abc import Iterator

import docx
import openpyxl
import openpyxl.chart
import openpyxl.comments
import xlsxwriter
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import Link
from pypdf.generic import Fit

from tests.hostile_files import ole_bytes, pdf_bytes
from tests.hostile_files.case import words
from tests.hostile_files.honest_pictures import picture

Files = Iterator[tuple[str, bytes]]


def pdf_by_hand(rng: random.Random) -> Files:
    """Different versions, line ends, object streams, forms, links, bookmarks, OpenAction GoTo, metadata, attachments."""
    yield "hand-1.4.pdf", pdf_bytes.write(pdf_bytes.objects(text=words(rng, 5)), version=b"1.4", eol=b"\r\n")
    yield "hand-cr.pdf", pdf_bytes.write(pdf_bytes.objects(text=words(rng, 5)), version=b"1.3", eol=b"\r")
    yield "packed.pdf", pdf_bytes.write_packed(pdf_bytes.objects(text=words(rng, 5)))
    yield "opens-at-page.pdf", pdf_bytes.write(pdf_bytes.objects(b"/OpenAction << /S /GoTo /D [3 0 R /Fit] >>"))
    yield (
        "opens-at-dest.pdf",
        pdf_bytes.write(pdf_bytes.objects(b"/OpenAction [3 0 R /XYZ null null 0] /PageMode /UseOutlines")),
    )
    yield "links.pdf", pdf_bytes.write(pdf_bytes.objects(page=b"/Annots [<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI (https://www.acquisition.gov/far/part-15) >> >> "
        b"<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI (mailto:co@agency.example) >> >> << /Subtype /Link /Rect [0 0 9 9] /Dest [3 0 R /Fit] >>]"))  # fmt: skip
    yield "form.pdf", pdf_bytes.write(pdf_bytes.objects(b"/AcroForm << /Fields [6 0 R] /DA (/Helv 0 Tf 0 g) /NeedAppearances true >>", b"/Annots [6 0 R]",
        more={6: b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (CAGE) /V (1ABC2) /F 4 /Rect [72 72 172 92] /P 3 0 R >>"}))  # fmt: skip
    yield "signed.pdf", pdf_bytes.append(pdf_bytes.write(pdf_bytes.objects(b"/AcroForm << /SigFlags 3 /Fields [6 0 R] >>", more={6: b"<< /FT /Sig /T (S1) /V 7 0 R >>"})),
        {7: b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /adbe.pkcs7.detached /ByteRange [0 1 2 3] /Contents <%s> >>" % rng.randbytes(600).hex().encode()})  # fmt: skip
    yield "pdfa3.pdf", pdf_bytes.write(pdf_bytes.objects(b"/AF [6 0 R] /Names << /EmbeddedFiles << /Names [(invoice.xml) 6 0 R] >> >> /MarkInfo << /Marked true >>",
        more={6: b"<< /Type /Filespec /F (invoice.xml) /UF (invoice.xml) /AFRelationship /Data /EF << /F 7 0 R >> >>",
              7: pdf_bytes.stream(b'<?xml version="1.0"?><Invoice><Total>12</Total></Invoice>', b"/Type /EmbeddedFile /Subtype /text#2Fxml", packed=True)}))  # fmt: skip
    yield (
        "text-about-scripts.pdf",
        pdf_bytes.write(
            pdf_bytes.objects(
                text="the keys \\(/JS /JavaScript /Launch\\) are not used",
                more={6: b"<< /Title (On /Launch and /JavaScript, part 2) >>"},
            )
        ),
    )
    yield (
        "named-actions.pdf",
        pdf_bytes.write(
            pdf_bytes.objects(
                page=b"/Annots [<< /Subtype /Link /Rect [0 0 9 9] /A << /S /Named /N /NextPage >> >> << /Subtype /Link /Rect [0 0 9 9] /A << /S /GoToR /F (Volume II.pdf) /D [0 /Fit] >> >>]"
            )
        ),
    )
    yield "xmp.pdf", pdf_bytes.write(pdf_bytes.objects(b"/Metadata 6 0 R /Lang (en-US) /ViewerPreferences << /DisplayDocTitle true >>", more={6: pdf_bytes.stream(
        b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta><?xpacket end="w"?>', b"/Type /Metadata /Subtype /XML")}))  # fmt: skip
    yield (
        "hash-names.pdf",
        pdf_bytes.write(
            pdf_bytes.objects(
                more={6: b"<< /Type /Font /BaseFont /ABCDEF+Times#20New#20Roman#2CBold /Subtype /TrueType >>"}
            )
        ),
    )
    yield (
        "three-revisions.pdf",
        pdf_bytes.append(
            pdf_bytes.append(pdf_bytes.write(pdf_bytes.objects()), {4: pdf_bytes.stream(b"BT ET")}), {5: pdf_bytes.FONT}
        ),
    )
    yield (
        "javascript-free-names.pdf",
        pdf_bytes.write(pdf_bytes.objects(b"/Names << /Dests << /Names [(JS) [3 0 R /Fit]] >> >>")),
    )


def pdf_by_pypdf(rng: random.Random) -> Files:
    """Many pages, bookmarks, links, attachments of Office files, metadata, packed streams."""
    for pages in (1, 3, 40):
        writer = PdfWriter()
        for _ in range(pages):
            writer.append(PdfReader(io.BytesIO(pdf_bytes.write(pdf_bytes.objects(text=words(rng, 8))))))
        writer.add_metadata({"/Title": words(rng, 4), "/Producer": "Acrobat Distiller 23"})
        writer.add_outline_item(title="Section L", page_number=0)
        if pages == 3:
            writer.add_annotation(0, Link(rect=(50, 550, 200, 650), url="https://sam.gov/opp/1"))
            writer.add_annotation(1, Link(rect=(50, 550, 200, 650), target_page_index=2, fit=Fit.fit()))
            writer.add_attachment("prices.csv", b"item,price\nA,12.50\n")
        if pages == 40:
            writer.compress_identical_objects()
            writer.add_attachment("cover.docx", word_plain(rng))
        out = io.BytesIO()
        writer.write(out)
        yield f"pypdf-{pages}.pdf", out.getvalue()


def pdf_of_pictures(rng: random.Random) -> Files:
    """Scanned pages by Pillow."""
    from PIL import Image

    for mode in ("1", "L", "RGB"):
        out = io.BytesIO()
        pages = [picture(rng, 400, 500).convert(mode) for _ in range(3)]
        pages[0].save(out, "PDF", save_all=True, append_images=pages[1:], resolution=150)
        yield f"scan-{mode}.pdf", out.getvalue()
    out = io.BytesIO()
    Image.new("RGB", (2550, 3300), "white").save(out, "PDF")
    yield "blank-page.pdf", out.getvalue()
    import pypdfium2

    document = pypdfium2.PdfDocument.new()
    document.new_page(612, 792)
    out = io.BytesIO()
    document.save(out)
    yield "pdfium.pdf", out.getvalue()


def word_plain(rng: random.Random) -> bytes:
    """Return a plain .docx."""
    document = docx.Document()
    document.add_heading(words(rng, 4), 0)
    for _ in range(5):
        document.add_paragraph(words(rng, 40))
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def add_parts(data: bytes, parts: dict[str, str | bytes], replace: dict[str, tuple[str, str]] | None = None) -> bytes:
    """Return a zip with further parts, and texts replaced in others (the first occurrence)."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after:
        for entry in before.infolist():
            content = before.read(entry)
            if replace and entry.filename in replace:
                old, new = replace[entry.filename]
                assert old.encode() in content, (entry.filename, old)
                content = content.replace(old.encode(), new.encode(), 1)
            if entry.filename not in parts:
                after.writestr(entry.filename, content)
        for name, part in parts.items():
            after.writestr(name, part)
    return out.getvalue()


def word(rng: random.Random) -> Files:
    """Pictures, tables, hyperlinks, page fields, contents, footers, comments, own template on a drive."""
    yield "plain.docx", word_plain(rng)
    document = docx.Document()
    out = io.BytesIO()
    picture(rng, 120, 90).save(out, "PNG")
    document.add_picture(io.BytesIO(out.getvalue()))
    table = document.add_table(rows=6, cols=4)
    table.style = "Table Grid"
    for row in table.rows:
        for cell in row.cells:
            cell.text = words(rng, 3)
    document.sections[0].footer.paragraphs[0].text = "Source selection information"
    document.core_properties.author = "Contracts"
    paragraph = document.add_paragraph("see | the matrix! =A1|B")
    document.add_comment(paragraph.runs, text="check", author="PM", initials="pm")
    held = io.BytesIO()
    document.save(held)
    yield "rich.docx", held.getvalue()
    rels, body = "word/_rels/document.xml.rels", "word/document.xml"
    link = '<Relationship Id="rId901" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink" Target="{}" TargetMode="External"/></Relationships>'
    for number, target in enumerate(
        (
            "https://sam.gov/x?y=1&amp;z=2",
            "mailto:co@agency.example",
            "ftp://ftp.agency.example/a.txt",
            "Volume%20II.docx",
            "file:///C:/Users/pm/Documents/plan.docx",
        )
    ):
        yield f"link-{number}.docx", add_parts(word_plain(rng), {}, {rels: ("</Relationships>", link.format(target))})
    for number, code in enumerate(
        (
            'TOC \\o "1-3" \\h \\z \\u',
            "PAGE",
            'HYPERLINK "https://www.sba.gov"',
            "MACROBUTTON NoMacro [Click here]",
            'IF 1 = 1 "a" "b"',
            "REF _Ref1 \\h",
            "SEQ Figure \\* ARABIC",
            'DATE \\@ "MMMM d, yyyy"',
        )
    ):
        field = f'<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> {code.replace(chr(34), "&quot;")} </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>1</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p><w:sectPr'
        yield f"field-{number}.docx", add_parts(word_plain(rng), {}, {body: ("<w:sectPr", field)})
    yield (
        "own-template.docx",
        add_parts(
            word_plain(rng),
            {
                "word/_rels/settings.xml.rels": '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate" Target="file:///C:\\Users\\pm\\AppData\\Roaming\\Microsoft\\Templates\\Proposal.dotx" TargetMode="External"/></Relationships>'
            },
        ),
    )
    yield (
        "with-sheet.docx",
        add_parts(word_plain(rng), {"word/embeddings/Microsoft_Excel_Sheet1.xlsx": sheet_plain(rng)}),
    )
    yield (
        "utf16.docx",
        add_parts(
            word_plain(rng), {"customXml/item1.xml": '<?xml version="1.0" encoding="UTF-16"?><a>b</a>'.encode("utf-16")}
        ),
    )
    yield (
        "footnotes.docx",
        add_parts(
            word_plain(rng),
            {
                "word/footnotes.xml": '<?xml version="1.0"?><w:footnotes xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:footnote w:id="1"><w:p><w:r><w:t>DDE is an old protocol.</w:t></w:r></w:p></w:footnote></w:footnotes>'
            },
        ),
    )


def sheet_plain(rng: random.Random) -> bytes:
    """Return a plain .xlsx."""
    book = openpyxl.Workbook()
    for row in range(20):
        book.active.append([words(rng, 2), rng.randint(1, 999), row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def sheets(rng: random.Random) -> Files:
    """Formulas, charts, links, comments, validation, many rows, sheet names with signs."""
    yield "plain.xlsx", sheet_plain(rng)
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "A|B costs"
    for row in range(1, 30):
        sheet.append([row, rng.random(), f"=SUM(A1:A{row})", '=IF(A1>3,"yes | no!","no")'])
    sheet["F1"] = "='A|B costs'!A1*2"
    sheet["F2"] = '=HYPERLINK("https://sam.gov","SAM")'
    sheet["F3"] = '=HYPERLINK("#Sheet2!A"&A1,"go")'
    sheet["F4"] = "=VLOOKUP(A1,A1:B9,2,FALSE)"
    sheet["A1"].comment = openpyxl.comments.Comment("check =cmd|x", "PM")
    sheet["F5"].hyperlink = "https://www.gsa.gov"
    chart = openpyxl.chart.BarChart()
    chart.add_data(openpyxl.chart.Reference(sheet, min_col=2, min_row=1, max_row=9))
    sheet.add_chart(chart, "H2")
    book.create_sheet("Sheet2")["A1"] = "'=cmd|' /C calc'!A0 as text"
    out = io.BytesIO()
    book.save(out)
    yield "rich.xlsx", out.getvalue()
    for number in range(4):
        out = io.BytesIO()
        with xlsxwriter.Workbook(out, {"in_memory": True}) as made:
            page = made.add_worksheet("Prices")
            for row in range(300 * (number + 1)):
                page.write_row(row, 0, [words(rng, 2), rng.random() * 1000, datetime.date(2026, 1, 1).isoformat()])
                page.write_formula(row, 4, f"=B{row + 1}*1.1", value=1)
            page.insert_chart(
                "G2", made.add_chart({"type": "line"}) if number % 2 else made.add_chart({"type": "pie"})
            ) if number < 0 else None
            page.write_url("G1", "https://www.acquisition.gov")
            page.data_validation("H1", {"validate": "list", "source": ["yes", "no"]})
            page.conditional_format(
                "B1:B9", {"type": "cell", "criteria": ">", "value": 5, "format": made.add_format({"bold": True})}
            )
            made.define_name("Rates", "=Prices!$B$1:$B$9")
        yield f"writer-{number}.xlsx", out.getvalue()
    linked = '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/externalLinkPath" Target="Rates.xlsx" TargetMode="External"/></Relationships>'
    yield "beside.xlsx", add_parts(sheet_plain(rng), {"xl/externalLinks/_rels/externalLink1.xml.rels": linked})
    yield "printer.xlsx", add_parts(sheet_plain(rng), {"xl/printerSettings/printerSettings1.bin": rng.randbytes(1200)})


def slides(rng: random.Random) -> Files:
    """A presentation, written by hand."""
    types = "application/vnd.openxmlformats-officedocument.presentationml."
    for number in range(3):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
            made.writestr(
                "[Content_Types].xml",
                f'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/ppt/presentation.xml" ContentType="{types}presentation.main+xml"/><Override PartName="/ppt/slides/slide1.xml" ContentType="{types}slide+xml"/></Types>',
            )
            made.writestr(
                "_rels/.rels",
                '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="ppt/presentation.xml"/></Relationships>',
            )
            made.writestr(
                "ppt/presentation.xml",
                "<p:presentation xmlns:p='http://schemas.openxmlformats.org/presentationml/2006/main'/>",
            )
            made.writestr(
                "ppt/slides/slide1.xml",
                f"<p:sld xmlns:p='http://schemas.openxmlformats.org/presentationml/2006/main'><p:txBody>{words(rng, 20)}</p:txBody><a:hlinkClick xmlns:a='x' action='ppaction://hlinksldjump'/></p:sld>",
            )
            made.writestr(
                "ppt/slides/_rels/slide1.xml.rels",
                '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink" Target="https://www.gsa.gov" TargetMode="External"/></Relationships>',
            )
            made.writestr("ppt/embeddings/Microsoft_Excel_Sheet1.xlsx", sheet_plain(rng))
            held = io.BytesIO()
            picture(rng, 60, 40).save(held, "JPEG")
            made.writestr("ppt/media/image1.jpeg", held.getvalue())
        yield f"slides-{number}.pptx", out.getvalue()


def open_documents(rng: random.Random) -> Files:
    """Texts and sheets of OpenDocument, written by hand."""
    for ending, kind in (("odt", "text"), ("ods", "spreadsheet"), ("odp", "presentation")):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as made:
            made.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}", zipfile.ZIP_STORED)
            made.writestr(
                "META-INF/manifest.xml",
                '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
                zipfile.ZIP_DEFLATED,
            )
            made.writestr(
                "content.xml",
                f'<?xml version="1.0"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="t" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:table="tb"><text:p>{words(rng, 40)}<text:a xlink:href="https://sam.gov">x</text:a></text:p><table:table-cell table:formula="of:=SUM([.A1:.A2])"/><draw:image xmlns:draw="d" xlink:href="Pictures/1.png"/></office:document-content>',
                zipfile.ZIP_DEFLATED,
            )
            made.writestr("styles.xml", "<a/>")
            made.writestr("Configurations2/", "")
            held = io.BytesIO()
            picture(rng, 60, 40).save(held, "PNG")
            made.writestr("Pictures/1.png", held.getvalue())
        yield f"document.{ending}", out.getvalue()


def rich_text(rng: random.Random) -> Files:
    """RTF with tables, pictures, links, letters outside ASCII."""
    yield (
        "letter.rtf",
        (r"{\rtf1\ansi\deff0{\fonttbl{\f0 Times;}}\f0 " + words(rng, 50) + r"\par caf\'e9 \u8212? end}").encode(),
    )
    yield (
        "link.rtf",
        rb"{\rtf1 {\field{\*\fldinst HYPERLINK \"https://sam.gov\"}{\fldrslt SAM}} the word \\objdata and DDE}"
        + b"\r\n",
    )
    yield (
        "picture.rtf",
        rb"{\rtf1 {\pict\pngblip\picw10\pich10 "
        + rng.randbytes(300).hex().encode()
        + rb"}\trowd\cellx100 a\cell\row}"
        + b"\0",
    )
    yield "memo.doc", (r"{\rtf1\ansi " + words(rng, 30) + "}").encode()


def old_office(rng: random.Random) -> Files:
    """Word, Excel and PowerPoint of before 2007."""
    text = bytearray(4096)
    text[:12] = b"\xec\xa5\xc1\0\0\0\0\0\0\0\0\x12"
    body = words(rng, 60).encode()
    text[1024 : 1024 + len(body)] = body
    yield (
        "letter.doc",
        ole_bytes.write(
            {"WordDocument": bytes(text), "1Table": bytes(4096), "\x05SummaryInformation": rng.randbytes(300)}
        ),
    )
    yield "prices.xls", ole_bytes.write({"Workbook": book_of(b"")})
    yield (
        "talk.ppt",
        ole_bytes.write(
            {
                "PowerPoint Document": b"\x0f\0\xe8\x03\x08\0\0\0\0\0\0\x0f\0\0\0\0".ljust(4096, b"\0"),
                "Current User": bytes(40),
            }
        ),
    )


def book_of(records: bytes, sheet_kind: int = 0) -> bytes:
    """Return the records of a workbook with further ones."""
    begin = b"\x09\x08\x10\0\0\6\5\0" + bytes(12)
    sheet = b"\0\0\0\0\0" + bytes([sheet_kind]) + b"\6\0Sheet1"
    return (begin + b"\x85\0" + len(sheet).to_bytes(2, "little") + sheet + records + b"\x0a\0\0\0").ljust(4096, b"\0")


MAKERS = (pdf_by_hand, pdf_by_pypdf, pdf_of_pictures, word, sheets, slides, open_documents, rich_text, old_office)
