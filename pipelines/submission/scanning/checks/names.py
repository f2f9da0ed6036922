"""Names that mislead, or that a disk cannot hold."""

import re
import unicodedata

from pipelines.submission.scanning import limits
from pipelines.submission.scanning.endings import HIDDEN_PROGRAMS, PROGRAMS
from pipelines.submission.scanning.source import Source
from pipelines.submission.scanning.verdict import Finding, Findings, refused

_DEVICES = re.compile(r"^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(\.|$)", re.IGNORECASE)
_LOOKS_LIKE_A_DOT = "．․。｡﹒۔܁܂ꓸ"


def looks(media_type: str) -> bool:
    """Look at every file."""
    return True


def look(source: Source, findings: Findings) -> Finding | None:
    """Judge the last part of the name; the folders before it are the archive's business."""
    if source.is_part:
        return None
    name = re.split(r"[/\\]", source.name)[-1] if source.level else source.name
    reason = why_misleading(name)
    return refused(reason) if reason else None


def why_misleading(name: str) -> str:
    """Return what is wrong with a name, or nothing."""
    faults = {
        "has no name": not name.strip(),
        f"has a name of more than {limits.LONGEST_NAME} bytes, which disks do not hold": (
            len(name.encode("utf-8", errors="surrogatepass")) > limits.LONGEST_NAME
        ),
        "has invisible signs in its name, which can turn it round or hide its ending": any(
            unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") for sign in name
        ),
        "has a path in its name": "/" in name or "\\" in name,
        "has a name that begins or ends with spaces or dots, which disks cut off": (
            name != name.rstrip(" .\u00a0") or name.startswith(" ")
        ),
        "has the name of a device of Windows": _DEVICES.match(name),
    }
    return next((fault for fault, is_so in faults.items() if is_so), "") or _why_ending(name)


def _why_ending(name: str) -> str:
    pieces = [piece.strip().lower() for piece in re.split(r"[.:]", name)]
    ending = pieces[-1] if len(pieces) > 1 else ""
    if ending and not ending.isascii() and len(ending) <= 6:
        return "has an ending with signs that only look like letters"
    plain = unicodedata.normalize("NFKC", name)
    for sign in _LOOKS_LIKE_A_DOT:
        plain = plain.replace(sign, ".")
    last = plain.rpartition(".")[2].strip().lower()
    if last != ending and last in PROGRAMS | HIDDEN_PROGRAMS:
        return "has a sign in its name that only looks like a dot"
    if any(piece in HIDDEN_PROGRAMS for piece in pieces[1:-1]):
        return "has the ending of a program before its own ending"
    if re.search(r"\s{3,}\.?\w{1,5}$", name):
        return "has its ending pushed out of sight by spaces"
    return ""
