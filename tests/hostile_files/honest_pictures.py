"""Honest pictures: those of cameras, scanners, screens and drawings."""
# ruff: noqa: E501 - a piece of a file format is shown as it stands in the file

import io
import random
from collections.abc import Iterator

from PIL import Image, ImageDraw

Files = Iterator[tuple[str, bytes]]


def picture(rng: random.Random, width: int, height: int) -> Image.Image:
    """Return a picture with something on it."""
    made = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(made)
    for _ in range(30):
        corners = sorted(rng.randrange(width) for _ in range(2)), sorted(rng.randrange(height) for _ in range(2))
        draw.rectangle((corners[0][0], corners[1][0], corners[0][1], corners[1][1]), fill=tuple(rng.randbytes(3)))
    return made


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    """Return it in a format."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def pictures(rng: random.Random) -> Files:
    """Every format, with notes of cameras, several pages, transparency."""
    base = picture(rng, 320, 240)
    exif = Image.Exif()
    exif[0x010F], exif[0x8298] = "Canon", "© 2026"
    yield "photo.jpg", saved(base, "JPEG", exif=exif, quality=90)
    yield "progressive.jpeg", saved(base, "JPEG", progressive=True, dpi=(300, 300))
    yield "grey.jpg", saved(base.convert("L"), "JPEG", comment=b"scanned by the office")
    yield "two-in-one.jpg", saved(base, "JPEG") + saved(picture(rng, 80, 60), "JPEG")
    # A telephone's second picture is of some MB: any three bytes stand in it somewhere.
    yield (
        "second-of-2-MB.jpg",
        saved(base, "JPEG") + b"\xff\xd8\xff\xe0" + rng.randbytes(2_000_000) + b"<%#!/\x1f\x8b\x08",
    )
    yield "padded.jpg", saved(base, "JPEG") + bytes(700)
    yield "screen.png", saved(base, "PNG")
    yield "clear.png", saved(base.convert("RGBA"), "PNG", optimize=True)
    yield "indexed.png", saved(base.convert("P"), "PNG", dpi=(96, 96))
    yield "scan.tif", saved(base, "TIFF", compression="tiff_lzw")
    yield "fax.tiff", saved(base.convert("1"), "TIFF", save_all=True, append_images=[base.convert("1")] * 4)
    yield "logo.gif", saved(base.convert("P"), "GIF")
    yield (
        "moving.gif",
        saved(base.convert("P"), "GIF", save_all=True, append_images=[picture(rng, 320, 240).convert("P")] * 3),
    )
    yield "old.bmp", saved(base, "BMP")
    yield "web.webp", saved(base, "WEBP")
    yield "lossless.webp", saved(base, "WEBP", lossless=True)
    yield "drawing.png", saved(Image.new("1", (14400, 10800), 1), "PNG")
    yield (
        "plan.svg",
        b"<?xml version='1.0' encoding='UTF-8'?><!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN' 'http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd'><svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink'><a xlink:href='https://sam.gov'><text>x</text></a><rect fill='url(#g)' width='9' height='9'/><use xlink:href='#r'/></svg>",
    )


MAKERS = (pictures,)
