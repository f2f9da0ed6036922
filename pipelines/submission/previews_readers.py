"""How each kind of file is drawn, with its bounds: each reader turns a file into blocks of pictures, texts and tables.

Runs only in the child process (previews_child.py). Nothing is fetched, run or resolved: a page becomes points, a formula its
stored value, markup its text.
"""

import base64
import io
import zipfile
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image

Block = dict[str, Any]
Reader = Callable[[Path], tuple[list[Block], str]]

MOST_PAGES = 6
PAGE_WIDTH = 1_000
MOST_PICTURE_POINTS = 80_000_000
"""A page of 36 x 48 inches at 200 dpi has 69 million."""
PICTURE_SIDE = 1_600
MOST_CHARACTERS = 60_000
MOST_BLOCKS = 400
MOST_SHEETS, MOST_ROWS, MOST_COLUMNS, LONGEST_CELL = 3, 200, 30, 300
MOST_NAMES = 300
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"


class Unshowable(Exception):
    """Nothing is shown of this file, for the reason in words."""


def load_reader(media_type: str, name: str) -> Reader:
    """Return the reader of a kind with its packages loaded, before memory is bounded.

    Raises:
        Unshowable: there is none for this kind.
    """
    if media_type == "application/pdf":
        import pypdfium2  # type: ignore[import-untyped]  # noqa: F401
        from PIL import JpegImagePlugin, PngImagePlugin  # noqa: F401

        return read_pdf
    if media_type.startswith("image/") and media_type != "image/svg+xml":
        import PIL.Image

        PIL.Image.init()
        return read_picture
    if media_type.startswith(WORD):
        import docx  # noqa: F401

        return read_word
    if media_type.startswith(SHEET):
        import openpyxl  # noqa: F401

        return read_sheets
    if media_type == "application/zip":
        return read_names
    if media_type.startswith("text/") or media_type in {"application/json", "application/xml", "image/svg+xml"}:
        return read_text
    raise Unshowable(f"{name.rpartition('.')[2].upper() or 'This kind'} has no preview. Download it to open it.")


def read_pdf(path: Path) -> tuple[list[Block], str]:
    """Draw the first pages. Forms and scripts of the file are not even loaded."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError:
        raise Unshowable("This PDF is locked by a password, or damaged. Download it to open it.") from None
    blocks = []
    for number in range(min(len(document), MOST_PAGES)):
        page = document[number]
        width, height = page.get_size()
        scale = PAGE_WIDTH / max(width, height / 1.6, 1)
        picture = page.render(scale=min(scale, 4), draw_annots=True, may_draw_forms=False).to_pil()
        blocks.append(_picture(picture, f"Page {number + 1}"))
        page.close()
    return blocks, f"The first {MOST_PAGES} of {len(document)} pages." if len(document) > MOST_PAGES else ""


def read_picture(path: Path) -> tuple[list[Block], str]:
    """Draw a picture anew: what else its file holds, such as the place where it was taken, stays behind."""
    from PIL import Image, ImageSequence

    Image.MAX_IMAGE_PIXELS = MOST_PICTURE_POINTS
    with Image.open(path) as picture:
        if picture.width * picture.height > MOST_PICTURE_POINTS:
            raise Unshowable(f"This picture has {picture.width:,} x {picture.height:,} points. Download it to open it.")
        frames = getattr(picture, "n_frames", 1)
        blocks = []
        for number, frame in enumerate(islice(ImageSequence.Iterator(picture), MOST_PAGES), start=1):
            frame.draft("RGB", (PICTURE_SIDE, PICTURE_SIDE))
            frame.thumbnail((PICTURE_SIDE, PICTURE_SIDE))
            blocks.append(_picture(frame.copy(), f"Page {number}" if frames > 1 else ""))
    return blocks, f"The first {MOST_PAGES} of {frames} pages." if frames > MOST_PAGES else ""


def read_word(path: Path) -> tuple[list[Block], str]:
    """Give paragraphs and tables in their order, as text."""
    import docx
    from docx.table import Table

    blocks: list[Block] = []
    left, is_whole = MOST_CHARACTERS, True
    for part in docx.Document(str(path)).iter_inner_content():
        if left <= 0 or len(blocks) >= MOST_BLOCKS:
            is_whole = False
            break
        if isinstance(part, Table):
            rows = [[_cell(cell.text) for cell in row.cells[:MOST_COLUMNS]] for row in part.rows[:MOST_ROWS]]
            blocks.append({"table": rows})
            left -= sum(len(cell) for row in rows for cell in row)
        elif text := _readable(part.text)[:left]:
            left -= len(text)
            if blocks and "text" in blocks[-1]:
                blocks[-1]["text"] += f"\n\n{text}"
            else:
                blocks.append({"text": text})
    return (
        blocks,
        "Text and tables; pictures and headers are in the file." if is_whole else "Only the beginning is shown.",
    )


def read_sheets(path: Path) -> tuple[list[Block], str]:
    """Give the stored values of the first sheets; no formula is read, none is computed."""
    import openpyxl

    # As an open file: by its name openpyxl would refuse what has no ending. It ends with this process.
    book = openpyxl.load_workbook(path.open("rb"), read_only=True, data_only=True, keep_links=False)
    names = book.sheetnames
    blocks: list[Block] = []
    is_whole = len(names) <= MOST_SHEETS
    for name in names[:MOST_SHEETS]:
        sheet = book[name]
        if not hasattr(sheet, "iter_rows"):
            continue  # a sheet that is a chart
        rows = [
            [_cell(value) for value in row]
            for row in sheet.iter_rows(max_row=MOST_ROWS, max_col=MOST_COLUMNS, values_only=True)
        ]
        is_whole = is_whole and (sheet.max_row or 0) <= MOST_ROWS and (sheet.max_column or 0) <= MOST_COLUMNS
        table = _trimmed(rows)
        blocks.append({"title": name, "table": table} if table else {"title": f"{name}: empty"})
    most = f"at most {MOST_SHEETS} of {len(names)} sheets, {MOST_ROWS} rows and {MOST_COLUMNS} columns of each"
    return blocks, "Values as they were saved." if is_whole else f"Values as they were saved: {most}."


def read_names(path: Path) -> tuple[list[Block], str]:
    """List what an archive holds."""
    with zipfile.ZipFile(path) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    rows = [["Name", "Bytes"], *([_cell(e.filename), f"{e.file_size:,}"] for e in entries[:MOST_NAMES])]
    return [{"table": rows}], f"{len(entries):,} files; download it to open them."


def read_text(path: Path) -> tuple[list[Block], str]:
    """Give the beginning of a text."""
    with path.open("rb") as file:
        raw = file.read(4 * MOST_CHARACTERS)
        is_cut = bool(file.read(1))
    text = _decoded(raw)
    is_cut = is_cut or len(text) > MOST_CHARACTERS
    return [{"text": _readable(text[:MOST_CHARACTERS])}], "Only the beginning is shown." if is_cut else ""


def _picture(picture: "Image", title: str) -> Block:
    """Encode points anew; photographs as JPEG, what has few colours or is transparent as PNG."""
    target = io.BytesIO()
    if picture.mode in ("1", "L", "P", "RGBA", "LA", "PA"):
        picture.convert("RGBA" if picture.mode in ("P", "PA", "LA") else picture.mode).save(target, "PNG")
    else:
        picture.convert("RGB").save(target, "JPEG", quality=80)
    return {"title": title, "picture": base64.b64encode(target.getvalue()).decode()}


def _decoded(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start >= len(raw) - 4:  # only the cut is in the middle of a sign
            return raw[: error.start].decode("utf-8-sig")
        return raw.decode("cp1252", "replace")


def _readable(text: str) -> str:
    """Leave out signs that are not seen or that turn a line round."""
    return "".join(sign for sign in text if sign in "\n\t" or sign.isprintable()).strip()


def _cell(value: object) -> str:
    text = "" if value is None else " ".join(_readable(str(value)).split())
    return text if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]} …"


def _trimmed(rows: list[list[str]]) -> list[list[str]]:
    """Leave out what is empty below and to the right."""
    while rows and not any(rows[-1]):
        rows.pop()
    width = max((_width(row) for row in rows), default=0)
    return [row[:width] + [""] * (width - len(row)) for row in rows]


def _width(row: list[str]) -> int:
    return max((number for number, cell in enumerate(row, start=1) if cell), default=0)
