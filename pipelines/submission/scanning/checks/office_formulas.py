"""Workbooks: formulas, names, links and connections that start programs or fetch from elsewhere."""

import re

from pipelines.submission.scanning.formulas import why_formula
from pipelines.submission.scanning.office_parts import parts
from pipelines.submission.scanning.source import Source
from pipelines.submission.scanning.verdict import Finding, Findings, refused
from pipelines.submission.scanning.xml_text import contents, tags
from pipelines.submission.scanning.zip_kinds import SHEET

_FORMULAS = (
    "f",
    "formula",
    "formula1",
    "formula2",
    "definedName",
    "calculatedColumnFormula",
    "totalsRowFormula",
    "oldFormula",
)


def looks(media_type: str) -> bool:
    """Look at workbooks."""
    return media_type.startswith(SHEET)


def look(source: Source, findings: Findings) -> Finding | None:
    """Read every formula and every link."""
    sheets = 0
    for name, markup in parts(source):
        lower = name.lower()
        sheets += bool(re.search(r"(^|/)worksheets/[^/]+\.xml$", lower))
        reason = _why_links(markup) or next(filter(None, map(why_formula, contents(markup, *_FORMULAS))), "")
        if reason:
            return refused(reason)
    findings["sheets"] = sheets
    return None


def _why_links(markup: str) -> str:
    if re.search(r"<(?:[\w.-]+:)?(ddeLink|ddeItem)\b", markup):
        return "takes values of another program by DDE"
    if re.search(
        r"<(?:[\w.-]+:)?(definedName)\b[^>]*\b(xlm|vbProcedure|macro)\s*=\s*[\"'](1|true)", markup, re.IGNORECASE
    ):
        return "names a macro"
    if "<connection" in markup or ":connection" in markup:
        return next(
            filter(None, (_why_connection(tag) for tag in tags(markup, "connection", "webPr", "dbPr", "oledbPr"))), ""
        )
    return ""


def _why_connection(tag: dict[str, str]) -> str:
    told = " ".join(tag.values())
    acts = tag.get("refreshonload", "0").lower() in ("1", "true") or (tag.get("", "") == "webPr" and tag.get("url"))
    if acts or (re.search(r"https?://|\\\\\\\\|DRIVER=|odcfile", told, re.IGNORECASE) and "Mashup" not in told):
        return "fetches data from elsewhere by a connection"
    return ""
