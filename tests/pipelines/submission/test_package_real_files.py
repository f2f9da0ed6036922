"""Honest files of every kind pass the gates that ask what the scan found: nobody is kept from sending a good offer."""

import io
import zipfile
from collections.abc import Callable

import docx
import openpyxl
import pypdf
import pytest
from PIL import Image

from pipelines.submission.files import upload_file
from pipelines.submission.package import look_at_package, set_items
from tests.factories_people import new_person
from tests.factories_submissions import new_submission
from warehouse import clock
from warehouse.domain.package import PackageItem
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough

ASKED = {
    "Files are chosen", "No file is empty", "Every file was scanned", "No file has macros", "No file has a password",
    "File types are allowed", "Names are as demanded",
}  # fmt: skip


def word() -> bytes:
    document, out = docx.Document(), io.BytesIO()
    document.add_paragraph("Our approach.")
    document.save(out)
    return out.getvalue()


def excel() -> bytes:
    out = io.BytesIO()
    openpyxl.Workbook().save(out)
    return out.getvalue()


def pdf() -> bytes:
    writer, out = pypdf.PdfWriter(), io.BytesIO()
    for _ in range(3):
        writer.add_blank_page(612, 792)
    writer.write(out)
    return out.getvalue()


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "png")
    return out.getvalue()


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as found:
        found.writestr("a.txt", "Our approach.")
    return out.getvalue()


KINDS: dict[str, Callable[[], bytes]] = {
    "docx": word,
    "xlsx": excel,
    "pdf": pdf,
    "png": picture,
    "zip": archive,
    "txt": lambda: b"Our approach.",
    "csv": lambda: b"item,price\nlabor,12\n",
    "rtf": lambda: rb"{\rtf1\ansi Our approach.}",
}


@pytest.mark.parametrize("ending", KINDS)
def test_an_honest_file_passes(home: Settings, ending: str) -> None:
    owner, at = new_person(), clock.now()
    submission_id = new_submission(owner)
    name = f"Volume I.{ending}"
    file = upload_file(open_ledger(), submission_id, io.BytesIO(KINDS[ending]()), name, at=at, by=owner)
    set_items(open_ledger(), submission_id, [PackageItem(file.document_id, name)], version=1, at=at, by=owner)
    look = look_at_package(open_ledger(), submission_id, at=at, by=owner)
    assert [(g.name, g.reason) for g in look.gates if g.name in ASKED and not g.passed] == []
    assert {g.name for g in look.gates} >= ASKED
    if ending == "pdf":
        assert look.state.packed[0].pages == 3
