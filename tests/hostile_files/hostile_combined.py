"""Hostile things within honest ones, of other kinds and in other wrappings."""
# ruff: noqa: PLW2901 - a piece of a file format is shown as it stands in the file

import bz2
import email.message
import gzip
import io
import lzma
import random
from collections.abc import Callable, Iterator

from tests.hostile_files import hostile_archives, hostile_office, hostile_others, hostile_pdfs, pdf_bytes
from tests.hostile_files.honest_documents import add_parts, word_plain
from tests.hostile_files.honest_others import zipped
from tests.hostile_files.hostile_archives import tarred

Files = Iterator[tuple[str, bytes]]


def _in_zip(name: str, content: bytes) -> tuple[str, bytes]:
    return "offer.zip", zipped({"Offer/letter.txt": b"x", f"Offer/{name}": content})


def _in_tar(name: str, content: bytes) -> tuple[str, bytes]:
    return "offer.tar.gz", gzip.compress(tarred([("x.txt", b"0", b"x", ""), (name, b"0", content, "")]))


def _in_message(name: str, content: bytes) -> tuple[str, bytes]:
    message = email.message.EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@x.example", "b@x.example", "Offer"
    message.set_content("see attached")
    message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return "offer.eml", message.as_bytes()


def _in_pdf(name: str, content: bytes) -> tuple[str, bytes]:
    parts = {
        6: b"<< /Type /Filespec /F (%s) /EF << /F 7 0 R >> >>" % name.encode("latin-1", "replace"),
        7: pdf_bytes.stream(content, packed=True),
    }
    return "offer.pdf", pdf_bytes.write_packed(pdf_bytes.objects(more=parts))


def _in_document(name: str, content: bytes) -> tuple[str, bytes]:
    return "offer.docx", add_parts(word_plain(random.Random(1)), {f"word/embeddings/{name}": content})


def _packed(name: str, content: bytes) -> tuple[str, bytes]:
    kind = random.Random(len(content)).choice(["gz", "bz2", "xz"])
    return f"{name}.{kind}", {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}[kind](content)


WRAPPINGS: tuple[Callable[[str, bytes], tuple[str, bytes]], ...] = (_in_zip, _in_tar, _in_message, _in_pdf, _packed)


def wrapped(rng: random.Random) -> Files:
    """One to three wrappings around what is hostile by itself."""
    makers = (
        hostile_pdfs.scripts, hostile_pdfs.hidden_scripts, hostile_pdfs.actions, hostile_office.macros, hostile_office.templates,
        hostile_office.fields, hostile_office.workbooks, hostile_office.old, hostile_office.rich_text, hostile_others.scripts,
        hostile_others.pages, hostile_others.pictures, hostile_archives.programs_inside, hostile_archives.links,
    )  # fmt: skip
    for maker in makers:
        for name, content in rng.sample(list(maker(rng)), 4):
            for _ in range(rng.randint(1, 3)):
                name, content = rng.choice(WRAPPINGS)(name, content)
            yield name, content


def in_documents(rng: random.Random) -> Files:
    """Every hostile document, and every content under another ending, embedded in a document of Word."""
    for maker in (hostile_office.macros, hostile_office.templates, hostile_office.workbooks, hostile_office.old,
                  hostile_others.xml, hostile_others.wrong_endings):  # fmt: skip
        for name, content in maker(rng):
            yield _in_document(name, content)


def with_junk(rng: random.Random) -> Files:
    """Hostile PDFs with random bytes where comments may stand, and line ends changed."""
    for name, content in rng.sample(list(hostile_pdfs.scripts(rng)) + list(hostile_pdfs.actions(rng)), 12):
        out = io.BytesIO()
        for line in content.split(b"\n"):
            out.write(line + rng.choice([b"\n", b"\n", b"\r\n", b"\n%" + rng.randbytes(8).hex().encode() + b"\n"]))
        yield name, out.getvalue()


MAKERS = (wrapped, in_documents, with_junk)
