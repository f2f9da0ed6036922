"""Bytes to text, as a browser, a spreadsheet or a word processor would take them."""

import codecs

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROLS = bytes(set(range(32)) - {9, 10, 11, 12, 13, 26, 27, 28, 29, 30, 31} | {127})


def decode(data: bytes) -> str | None:
    """Return the text, or None when these bytes are none (control signs in them, or NULs outside UTF-16)."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _try(data[len(mark) :], encoding)
    head = data[:4096]
    if b"\x00" in head:
        return _without_mark(data, head)
    if len(data.translate(None, _CONTROLS)) != len(data):
        return None
    text = _try(data, "utf-8")
    return text if text is not None else data.decode("cp1252", errors="replace")


def _without_mark(data: bytes, head: bytes) -> str | None:
    """Take UTF-16 without its mark: every second byte is a NUL, as in text of Western languages."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    half = max(1, len(head) // 2)
    if odd > 0.7 * half and even < 0.05 * half:
        return _try(data, "utf-16-le")
    if even > 0.7 * half and odd < 0.05 * half:
        return _try(data, "utf-16-be")
    return None


def _try(data: bytes, encoding: str) -> str | None:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    return None if "\x00" in text else text
