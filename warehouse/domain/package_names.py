"""Names of files in a package: what every portal takes, and what one solicitation demands. Pure.

Not here: that two files of one package are not named alike (pipelines/submission/package_gates.py).
"""

import re
import unicodedata
from collections.abc import Mapping
from pathlib import PurePosixPath

LONGEST_NAME = 100
"""In characters, where the solicitation states nothing: what portals in use take at least."""
LONGEST_ENDING = 20
ALLOWED = re.compile(r"[A-Za-z0-9 ._()&,+-]+")
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.I)
"""Names that Windows takes for a device, whatever their extension."""
PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
PLACEHOLDERS: Mapping[str, str] = {
    "solicitation_number": "the solicitation's number",
    "volume": "the volume of the file",
    "number": "the file's place in the package, 1 and up",
    "document": "the name of the document, without its ending",
    "any": "anything",
}
"""What a template may hold within braces, in words."""


def fault_of_name(name: str, *, longest: int | None = None) -> str:
    """Say why a name would not be taken everywhere; "" when it would."""
    limit = longest or LONGEST_NAME
    if len(name) > limit:
        return f"has {len(name)} characters, {limit} are possible"
    if odd := sorted({sign for sign in name if not ALLOWED.fullmatch(sign)}):
        return f"holds {' '.join(repr(sign) for sign in odd[:5])}; letters, digits, blanks and . _ - ( ) & , + are safe"
    if name != name.strip(" .") or ".." in name:
        return "begins or ends with a blank or a dot, or holds two dots"
    if RESERVED.fullmatch(name):
        return "is the name of a device on Windows"
    return "" if PurePosixPath(name).suffix else "has no ending such as .pdf"


def safe_name(name: str) -> str:
    """Return the nearest name that is taken everywhere; it keeps its ending."""
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    kept = re.sub(r"\s+", " ", "".join(sign if ALLOWED.fullmatch(sign) else "-" for sign in ascii_only))
    before, dot, after = re.sub(r"\.{2,}", ".", kept).rstrip(" .").rpartition(".")
    stem, ending = (before, after) if dot else (after, "")
    suffix = f".{ending.strip()[:LONGEST_ENDING]}".rstrip(" .") if ending.strip() else ""
    stem = stem.strip(" .") or "file"
    if RESERVED.fullmatch(stem + suffix):
        stem = f"_{stem}"
    return stem[: LONGEST_NAME - len(suffix)].rstrip(" .") + suffix


def fault_of_template(template: str) -> str:
    """Say what is wrong with a template; "" when nothing is."""
    if unknown := [name for name in PLACEHOLDER.findall(template) if name not in PLACEHOLDERS]:
        return f"{{{unknown[0]}}} is not known; there are {', '.join(f'{{{name}}}' for name in PLACEHOLDERS)}"
    rest = PLACEHOLDER.sub("", template)
    if "{" in rest or "}" in rest:
        return "a brace has no partner"
    return "" if not rest or ALLOWED.fullmatch(rest) else "holds signs that no file name should"


def fill(template: str, values: Mapping[str, str]) -> str:
    """Return the name that a template gives; signs of a value that no name should hold become dashes."""
    return PLACEHOLDER.sub(lambda found: _part(values.get(found[1], "")), template)


def follows(name: str, template: str, values: Mapping[str, str]) -> bool:
    """Say whether a name is as a template demands; `document`, `any` and what is not known stand for any text."""
    parts: list[str] = []
    end = 0
    for found in PLACEHOLDER.finditer(template):
        known = "" if found[1] in ("document", "any") else _part(values.get(found[1], ""))
        parts += [re.escape(template[end : found.start()]), re.escape(known) if known else ".+"]
        end = found.end()
    return re.fullmatch("".join([*parts, re.escape(template[end:])]), name, re.I) is not None


def _part(text: str) -> str:
    return "".join(sign if ALLOWED.fullmatch(sign) and sign != "." else "-" for sign in text.strip())
