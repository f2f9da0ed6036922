"""What may lie behind the end of a picture, and what may not."""

import re

_STARTS = re.compile(
    rb"PK\x03\x04.\0|PK\x05\x06(?:\0\0|\xff\xff)|Rar!\x1a\x07|7z\xbc\xaf\x27\x1c|%PDF-|\x7fELF[\x01\x02][\x01\x02]\x01|\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1|"
    rb"ITSF[\x02-\x04]\0|MSCF\0\0\0\0|\xca\xfe\xba\xbe\0|BZh[1-9]1AY|\xfd7zXZ\0|ustar[\0 ]|"
    rb"\x1f\x8b\x08[\0-\x1f].{4}[\0\x02\x04][\0-\x0d\xff]|"
    rb"(?i:<script|<html|<\?php|<%[\x20-\x7e\r\n\t]{14}|#!/(?:usr|bin|sbin|opt|system)|powershell)", re.DOTALL,
)  # fmt: skip
"""Each of five bytes' worth or more: a second picture of some MB holds any three bytes by chance, and four now and then."""
_MZ = re.compile(rb"MZ.{58}", re.DOTALL)
MOST_UNKNOWN = 512
"""Bytes of a camera's or a scanner's own notes."""


def holds_program(data: bytes) -> bool:
    """Whether a program of Windows or Linux begins somewhere in these bytes."""
    for found in _MZ.finditer(data):
        at = found.start() + int.from_bytes(data[found.start() + 60 : found.start() + 64], "little")
        if data[at : at + 4] == b"PE\0\0":
            return True
    return bool(re.search(rb"\x7fELF[\x01\x02][\x01\x02]\x01", data))


def why_behind(behind: bytes) -> str:
    """Return what is wrong with what lies behind a picture, or nothing.

    Cameras hang a second picture (MPF), a short film (motion photos) or their own notes behind the first.
    """
    rest = behind.strip(b"\0 \r\n\t\xff")
    if not rest:
        return ""
    if _STARTS.search(rest) or rest[:2] in (b"MZ", b"#!") or holds_program(rest):
        return "has an archive, a program or a document hidden behind the picture"
    is_of_camera = (
        rest[:2] == b"\xff\xd8"
        or b"\xff\xd8\xff" in behind[:64]
        or rest[4:8] == b"ftyp"
        or b"SEFT" in rest[-16:]
        or b"ftypmp4" in rest[:64]
    )
    return "" if is_of_camera or len(rest) <= MOST_UNKNOWN else "has other data hidden behind the picture"
