"""Previews: what honest files show, that nothing of a hostile one reaches the page, and that none takes more than its bounds."""

import base64
import io
import json
import random
import time
import zipfile
from functools import cache
from pathlib import Path

import docx
import openpyxl
import pytest
from PIL import Image
from pypdf import PdfWriter

from pipelines.submission.files import upload_file
from pipelines.submission.previews import NOTHING, SECONDS, Preview, parse_answer, preview_of, read_preview
from pipelines.submission.previews_readers import MOST_PAGES, MOST_ROWS
from tests.factories_ledger import AT
from tests.factories_people import new_person
from tests.factories_submissions import new_submission
from tests.pipelines.submission.test_files import PROGRAM
from warehouse.domain.access import Department, Role
from warehouse.errors import NotFound, NotPermitted
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def show(folder: Path, data: bytes, media_type: str, name: str = "file.pdf") -> Preview:
    path = folder / "bytes"
    path.write_bytes(data)
    return read_preview(path, media_type, name)


def pdf(pages: int) -> bytes:
    target, writer = io.BytesIO(), PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(612, 792)
    writer.write(target)
    return target.getvalue()


def book(rows: int) -> bytes:
    target, made = io.BytesIO(), openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.title = "Price"
    for number in range(rows):
        sheet.append([f"Item {number}", number, None, "=1+1"])
    made.create_sheet("Empty")
    made.save(target)
    return target.getvalue()


def picture(kind: str, side: int = 300, **more: object) -> bytes:
    target = io.BytesIO()
    points = Image.frombytes("RGB", (side, side), random.Random(1).randbytes(3 * side * side))
    points.save(target, kind, **more)
    return target.getvalue()


def test_the_first_pages_of_a_pdf_are_pictures(tmp_path: Path) -> None:
    found = show(tmp_path, pdf(9), "application/pdf")
    assert [b.title for b in found.blocks] == [f"Page {n}" for n in range(1, MOST_PAGES + 1)]
    assert "of 9 pages" in found.note
    with Image.open(io.BytesIO(found.blocks[0].picture)) as page:
        assert page.width <= 1_000


def test_a_document_is_its_text_and_tables_in_order(tmp_path: Path) -> None:
    target, made = io.BytesIO(), docx.Document()
    made.add_heading("Approach")
    made.add_paragraph("We <script>alert(1)</script> maintain.")
    table = made.add_table(2, 2)
    table.cell(0, 0).text, table.cell(1, 1).text = "Risk", "Low"
    made.add_paragraph("End.")
    made.save(target)
    found = show(tmp_path, target.getvalue(), WORD)
    assert [bool(b.table) for b in found.blocks] == [False, True, False]
    assert found.blocks[0].text == "Approach\n\nWe <script>alert(1)</script> maintain."
    assert found.blocks[1].table == (("Risk", ""), ("", "Low"))


def test_a_workbook_is_its_stored_values(tmp_path: Path) -> None:
    found = show(tmp_path, book(500), SHEET)
    assert [b.title for b in found.blocks] == ["Price", "Empty: empty"], found.note
    assert found.blocks[0].table[0] == ("Item 0", "0")
    assert len(found.blocks[0].table) == MOST_ROWS
    assert "=1+1" not in str(found.blocks), "a formula without a stored value shows nothing"
    assert "200 rows" in found.note


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "GIF", "BMP"])
def test_a_picture_is_drawn_anew_without_what_else_its_file_holds(tmp_path: Path, kind: str) -> None:
    more = {"exif": b"Exif\x00\x00" + b"GPS-secret-place"} if kind in ("PNG", "JPEG") else {}
    (block,) = show(tmp_path, picture(kind, **more), f"image/{kind.lower()}").blocks
    assert b"GPS-secret-place" not in block.picture
    with Image.open(io.BytesIO(block.picture)) as drawn:
        assert drawn.size == (300, 300)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252", "utf-8-sig"])
def test_a_text_is_shown_without_signs_that_turn_it_round(tmp_path: Path, encoding: str) -> None:
    turned = "\u202e" if encoding.startswith("utf") else ""
    (block,) = show(tmp_path, f"Angebot für{turned} Köln\nZeile 2\x00".encode(encoding), "text/plain").blocks
    assert block.text == "Angebot für Köln\nZeile 2"


def test_an_archive_is_a_list_of_names(tmp_path: Path) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("volume/one.txt", b"1234")
    (block,) = show(tmp_path, target.getvalue(), "application/zip").blocks
    assert block.table == (("Name", "Bytes"), ("volume/one.txt", "4"))


def test_a_kind_without_preview_says_so(tmp_path: Path) -> None:
    found = show(tmp_path, b"ID3", "audio/mpeg", "speech.mp3")
    assert found.blocks == ()
    assert found.note.startswith("MP3 has no preview")


@cache
def bombs() -> dict[str, tuple[bytes, str]]:
    """Files that are small here and would be large or endless there."""
    wide, many, deep = io.BytesIO(), io.BytesIO(), io.BytesIO()
    Image.new("1", (40_000, 40_000)).save(wide, "PNG")
    with zipfile.ZipFile(many, "w", zipfile.ZIP_DEFLATED) as parts:
        with zipfile.ZipFile(io.BytesIO(book(2))) as honest:
            for entry in honest.infolist():
                if entry.filename != "xl/worksheets/sheet1.xml":
                    parts.writestr(entry.filename, honest.read(entry))
        head = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">'
        cell = b'<c r="A1" t="inlineStr"><is><t>' + b"A" * 300_000_000 + b"</t></is></c>"
        parts.writestr("xl/worksheets/sheet1.xml", head + cell + b"</row></sheetData></worksheet>")
    with zipfile.ZipFile(deep, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr(
            "[Content_Types].xml", b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
        )
        parts.writestr("word/document.xml", b"<w>" * 5_000_000)
    return {
        "wide picture": (wide.getvalue(), "image/png"),
        "workbook": (many.getvalue(), SHEET),
        "document": (deep.getvalue(), WORD),
        "broken pdf": (pdf(2)[:300], "application/pdf"),
        "noise as pdf": (b"%PDF-1.7\n" + random.Random(5).randbytes(50_000), "application/pdf"),
        "noise as picture": (b"\x89PNG\r\n\x1a\n" + random.Random(6).randbytes(50_000), "image/png"),
        "empty": (b"", "application/zip"),
    }


BOMBS = ["broken pdf", "document", "empty", "noise as pdf", "noise as picture", "wide picture", "workbook"]


@pytest.mark.thorough
@pytest.mark.parametrize("name", BOMBS)
def test_a_file_that_breaks_or_bursts_shows_a_sentence_in_time(tmp_path: Path, name: str) -> None:
    data, media_type = bombs()[name]
    began = time.monotonic()
    found = show(tmp_path, data, media_type)
    assert time.monotonic() - began < SECONDS + 5
    assert found.blocks == ()
    assert "Download it" in found.note


def test_only_a_well_formed_answer_is_shown() -> None:
    html = base64.b64encode(b"<svg onload=alert(1)>").decode()
    for answer in (
        b"", b"{", b"[]", b"null", json.dumps({"blocks": [{"picture": html}], "note": ""}).encode(),
        json.dumps({"blocks": [{"table": "x"}], "note": ""}).encode(), b"[" * 100_000,
        json.dumps({"blocks": ["x"], "note": ""}).encode(), json.dumps({"blocks": [{"picture": "?"}], "note": ""}).encode(),
    ):  # fmt: skip
        assert parse_answer(answer) == Preview((), NOTHING)


def test_only_what_passed_is_shown_and_only_to_who_sees_the_offer(home: Settings) -> None:
    owner, ledger = new_person(), open_ledger()
    submission_id = new_submission(owner)
    clean = upload_file(ledger, submission_id, io.BytesIO(b"Our approach."), "a.txt", at=AT, by=owner)
    refused = upload_file(ledger, submission_id, io.BytesIO(PROGRAM), "a.pdf", at=AT, by=owner)
    assert preview_of(ledger, clean.id, by=owner).blocks[0].text == "Our approach."
    with pytest.raises(NotPermitted):
        preview_of(ledger, refused.id, by=owner)
    with pytest.raises(NotFound):
        preview_of(ledger, clean.id, by=new_person(Role.VIEWER, Department.OPERATIONS))
