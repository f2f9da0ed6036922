"""Documents of OpenDocument: macros, events, links outside, formulas."""

import re

from pipelines.submission.scanning.checks.archives_zip import descend, why_entries
from pipelines.submission.scanning.formulas import why_formula
from pipelines.submission.scanning.links import is_plain_link, is_remote
from pipelines.submission.scanning.office_parts import check_not_locked, is_named_markup, markup_of
from pipelines.submission.scanning.source import Source
from pipelines.submission.scanning.verdict import Finding, Findings, refused, worse
from pipelines.submission.scanning.xml_text import attributes
from pipelines.submission.scanning.zip_kinds import ODF
from warehouse.domain.submission_file import ScanStatus


def looks(media_type: str) -> bool:
    """Look at OpenDocument and EPUB."""
    return media_type.startswith(ODF) or media_type == "application/epub+zip"


def look(source: Source, findings: Findings) -> Finding | None:
    """Judge each part."""
    check_not_locked(source)
    fault = why_entries(source.zip.entries)
    if fault:
        return refused(fault)
    found: Finding | None = None
    for entry in source.zip.entries:
        name = entry.name.lower()
        if re.match(r"(basic|scripts|dialogs)/.*[^/]$", name):
            findings["has_macros"] = True
            return refused("contains macros; save it without them")
        if entry.is_folder or name == "mimetype":
            continue
        if is_named_markup(entry):
            markup = markup_of(source, entry)
            reason = _why(markup)
            findings["is_encrypted"] = findings.get("is_encrypted", False) or "locked" in reason
            found = worse(found, refused(reason) if reason else None)
        else:
            found = worse(found, _judge_part(name, descend(source, entry, is_part=True)))
        if found is not None and found.status is ScanStatus.REFUSED:
            return found
    return found


def _judge_part(name: str, finding: Finding | None) -> Finding | None:
    is_object = re.match(r"object[^/]*$", name)
    return finding or (refused("contains an embedded object of another program") if is_object else None)


def _why(markup: str) -> str:
    if re.search(r"<(?:\w+:)?encryption-data\b", markup):
        return "is locked by a password and cannot be looked into; packages may not hold passwords"
    if re.search(
        r"<script:event-listener|<office:script\b|<presentation:event-listener[^>]*action=\"(execute|macro)|<(applet|draw:applet|draw:plugin)\b",
        markup,
    ):
        return "runs a script when something happens in it"
    if re.search(r"<(?:text:dde-connection|office:dde-source|table:dde-link)", markup):
        return "takes values of another program by DDE"
    for tag in re.finditer(r"<([\w.:-]+)(\s(?:[^<>\"']|\"[^\"]*\"|'[^']*')*)", markup):
        reason = _why_tag(tag[1], tag[2]) if "href" in tag[2] or "formula" in tag[2] else ""
        if reason:
            return reason
    return ""


def _why_tag(name: str, inside: str) -> str:

    told = attributes(inside)
    href, formula = told.get("href", ""), told.get("formula", "")
    if formula:
        reason = why_formula(formula.partition(":=")[2] or formula)
        if reason:
            return reason
    if not href or href.startswith("#"):
        return ""
    if name in (
        "text:a",
        "draw:a",
        "text:bookmark-ref",
        "form:button",
        "table:cell-range-source",
        "xforms:submission",
        "a",
        "area",
    ):
        return (
            ""
            if is_plain_link(href) and name not in ("form:button",)
            else "has a link that starts something or opens a computer of the network"
        )
    return "fetches a part from elsewhere when it is opened" if is_remote(href) else ""
