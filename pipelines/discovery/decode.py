"""Bytes to text as the sources need it: UTF-8 where it is valid, windows-1252 for the bytes that are not.

Decoded per line, so one bad byte changes one line only; what was done is told as flags. Not here: what the text means.
"""

import codecs

WINDOWS_1252 = "text_windows_1252"
"""Flag: some bytes were no UTF-8 and were read as windows-1252."""
REPLACED = "text_replaced"
"""Flag: some bytes are undefined in windows-1252 too, or came as U+FFFD already, and are U+FFFD now."""
NUL_REMOVED = "text_nul_removed"
"""Flag: NUL characters were removed (PostgreSQL refuses them)."""

_FALLBACK = "procura_windows_1252"


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    # One byte at a time: the next byte may begin valid UTF-8 again.
    bad = error.object[error.start : error.start + 1]
    return bad.decode("windows-1252", errors="replace"), error.start + 1


codecs.register_error(_FALLBACK, _as_windows_1252)


def decode_line(raw: bytes) -> tuple[str, list[str]]:
    """Decode one line or record and name what was odd about it; never fails."""
    flags: list[str] = []
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("utf-8", errors=_FALLBACK)
        flags.append(WINDOWS_1252)
    if "\ufffd" in text:
        flags.append(REPLACED)
    if "\0" in text:
        text = text.replace("\0", "")
        flags.append(NUL_REMOVED)
    return text, flags


def decode_lines(block: bytes) -> tuple[list[str], list[bytes], dict[int, list[str]]]:
    """Split a block at line feeds, which stay, and decode it.

    Returns:
        The lines as text, the same as bytes, and the flags of those lines (by index) that were odd.
    """
    lines = block.splitlines(keepends=True) if b"\r" not in block else _split_at_line_feeds(block)
    if b"\0" not in block:
        try:
            text = block.decode("utf-8")
        except UnicodeDecodeError:
            pass
        else:
            if "\ufffd" not in text:
                return [line.decode("utf-8") for line in lines], lines, {}
    decoded = [decode_line(line) for line in lines]
    return [text for text, _ in decoded], lines, {i: flags for i, (_, flags) in enumerate(decoded) if flags}


def _split_at_line_feeds(block: bytes) -> list[bytes]:
    lines = [line + b"\n" for line in block.split(b"\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines
