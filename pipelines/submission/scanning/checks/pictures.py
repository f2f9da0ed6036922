"""Pictures: bombs, sizes that cannot be, and what is hidden behind their end."""

import io
import struct

from pipelines.submission.scanning import limits
from pipelines.submission.scanning.hidden import holds_program, why_behind
from pipelines.submission.scanning.picture_shapes import SHAPES, Shape
from pipelines.submission.scanning.source import Source
from pipelines.submission.scanning.verdict import Finding, Findings, Stopped, not_scanned, refused


def looks(media_type: str) -> bool:
    """Look at the kinds of which the shape is read."""
    return media_type in SHAPES or media_type == "image/tiff"


def look(source: Source, findings: Findings) -> Finding | None:
    """Read its shape without decoding it."""
    try:
        shape = _tiff(source) if source.media_type == "image/tiff" else SHAPES[source.media_type](source.data)
    except (struct.error, IndexError) as error:
        raise Stopped(not_scanned("is a damaged picture")) from error
    if not shape.width or not shape.height:
        return refused("is a picture of no size, as it breaks readers")
    if shape.decoded_bytes > limits.MOST_PICTURE_BYTES or (
        shape.decoded_bytes > 8 * limits.UNSUSPICIOUS_BYTES
        and shape.decoded_bytes > limits.HIGHEST_PICTURE_RATIO * len(source.data)
    ):
        return refused(f"is a picture of {shape.width:,} × {shape.height:,} points, made to burst readers")
    if source.media_type == "image/tiff":
        data = source.data[:]
        return refused("has a program hidden in the picture") if holds_program(data) else None
    reason = why_behind(source.data[shape.ends_at :])
    return refused(reason) if reason else None


def _tiff(source: Source) -> Shape:
    """Read the directories by Pillow, which decodes nothing yet; pages add up."""
    from PIL import Image, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = None  # our own limit counts bits, not points: drawings are black and white
    decoded, width, height = 0, 1, 1
    try:
        with Image.open(io.BytesIO(source.data[:]), formats=["TIFF"]) as image:
            for page in range(2000):
                try:
                    image.seek(page)
                except EOFError:
                    break
                source.budget.check_time()
                width, height = image.size
                depth = 1 if image.mode == "1" else 8 * len(image.getbands()) * (2 if ";16" in image.mode else 1)
                decoded += width * height * depth // 8
                if decoded > limits.MOST_PICTURE_BYTES:
                    break
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, TypeError, KeyError) as error:
        raise Stopped(not_scanned("is a damaged picture")) from error
    return Shape(width, height, decoded, len(source.data))
