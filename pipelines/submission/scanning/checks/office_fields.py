"""Documents of Word: fields that start programs (DDE) or fetch from elsewhere, also when split over many runs."""

import html
import re

from pipelines.submission.scanning.links import is_plain_link, is_remote
from pipelines.submission.scanning.office_parts import parts
from pipelines.submission.scanning.source import Source
from pipelines.submission.scanning.verdict import Finding, Findings, refused
from pipelines.submission.scanning.xml_text import TAG_REST, attributes
from pipelines.submission.scanning.zip_kinds import WORD

_PIECE = re.compile(
    rf"<(?:[\w.-]+:)?(?:(?P<mark>fldChar|fldSimple|altChunk)(?P<attributes>\s{TAG_REST})?/?>|"
    rf"(?P<text>instrText|delInstrText)(?:\s{TAG_REST})?(?<!/)>(?P<code>[^<]*)<)",
)
_ADDRESS = re.compile(r'"((?:\\.|[^"\\])*)"|(\S+)')
_FETCHING = ("INCLUDEPICTURE", "INCLUDETEXT", "INCLUDE", "IMPORT", "LINK", "RD", "DATABASE")


def looks(media_type: str) -> bool:
    """Look at documents of Word."""
    return media_type.startswith(WORD)


def look(source: Source, findings: Findings) -> Finding | None:
    """Join the code of every field and read it."""
    for _, markup in parts(source):
        if "instrText" not in markup and "fldSimple" not in markup and "delInstrText" not in markup:
            continue
        reason = next(filter(None, map(why_field, _codes(markup))), "")
        if reason:
            return refused(reason)
    return None


def _codes(markup: str) -> list[str]:
    """Return the code of each field; inner fields as part of the outer one as well."""
    done: list[str] = []
    open_fields: list[list[str]] = [[]]
    for piece in _PIECE.finditer(markup):
        if piece["text"]:
            for field in open_fields:
                field.append(html.unescape(piece["code"]))
            continue
        marks = attributes(piece["attributes"] or "")
        if piece["mark"] == "fldSimple":
            done.append(marks.get("instr", ""))
        elif marks.get("fldchartype") == "begin":
            open_fields.append([])
        elif marks.get("fldchartype") == "end" and len(open_fields) > 1:
            done.append("".join(open_fields.pop()))
    return done + ["".join(field) for field in open_fields]


def why_field(code: str) -> str:
    """Return what is wrong with a field's code, or nothing."""
    clean = re.sub(r"[\u200b-\u200f\u202a-\u202e\u2060\ufeff\x00-\x08\x0e-\x1f]", "", code).strip()
    name = clean.split(None, 1)[0].upper().strip('"\\') if clean else ""
    if re.search(r"\bDDE(AUTO)?\b", clean, re.IGNORECASE) and (
        name.startswith("DDE")
        or re.search(r"\bDDE(AUTO)?\s+[\"'\\]*(c:|cmd|mshta|powershell|excel|winword|msexcel|\S+\.exe)", clean, re.I)
    ):
        return "starts another program by a DDE field when it is opened"
    words = [quoted.replace("\\\\", "\\") or plain for quoted, plain in _ADDRESS.findall(clean)]
    if name in _FETCHING and any(is_remote(word) or word.startswith("\\\\") for word in words[1:]):
        return "fetches a text, a picture or data from elsewhere by a field"
    if name == "HYPERLINK" and len(words) > 1 and not words[1].startswith("\\") and not is_plain_link(words[1]):
        return "has a link that starts something or opens a computer of the network"
    return ""
