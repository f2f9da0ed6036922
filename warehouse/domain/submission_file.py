"""Files of an offer: what a scan can say, what a file is for, and a name that is safe to show and to write.

Not here: what a scan looks for (pipelines/submission/scan.py), where bytes lie (warehouse/object_store.py).
"""

import re
import unicodedata
from enum import StrEnum
from pathlib import PurePosixPath

LONGEST_NAME = 180
"""Characters of a file's name: with a volume's prefix it still fits into 255 bytes of a portal's or a disk's name."""
NAMELESS = "file"
# Windows opens these as devices, whatever follows the first dot.
_DEVICES = re.compile(r"(?i)^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(\.|$)")
_FOR_NO_DISK = re.compile(r'[<>:"|?*]')
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Control characters, bidi overrides and joiners, surrogates, private and unassigned signs, line separators."""


class ScanStatus(StrEnum):
    """What is known of a file's dangers."""

    PENDING = "pending"
    CLEAN = "clean"
    REFUSED = "refused"
    NOT_SCANNED = "not_scanned"


class FileKind(StrEnum):
    """What a file is for: `evidence` shows that a point of the checklist is done and never leaves the firm."""

    OFFER = "offer"
    EVIDENCE = "evidence"


def tidy_name(given: str) -> str:
    """Return a name without path, invisible signs and signs that a disk refuses, of at most 180 characters.

    The ending stays: it is what a reader and a portal judge by. A device's name gets an underscore before it.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", given))[-1]
    seen = "".join(sign for sign in last if unicodedata.category(sign) not in _INVISIBLE)
    name = re.sub(r"\s+", " ", _FOR_NO_DISK.sub("_", seen)).strip().strip(".").strip()
    if not name:
        return NAMELESS
    if _DEVICES.match(name):
        name = f"_{name}"
    return _shortened(name)


def _shortened(name: str) -> str:
    if len(name) <= LONGEST_NAME:
        return name
    ending = PurePosixPath(name).suffix[:20]
    return name[: LONGEST_NAME - len(ending)].rstrip() + ending
