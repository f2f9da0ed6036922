"""Documents of Office: what they fetch from elsewhere when they are opened, and parts declared as macros under other names."""

import re

from pipelines.submission.scanning.links import is_plain_link, is_remote, is_share, tidy
from pipelines.submission.scanning.office_parts import is_office, parts
from pipelines.submission.scanning.source import Source
from pipelines.submission.scanning.verdict import Finding, Findings, refused
from pipelines.submission.scanning.xml_text import tags

_MACRO_KINDS = re.compile(
    r"vbaproject|macroenabled|xlmacrosheet|intlmacrosheet|macrosheet|dialogsheet|worddata|wordvbadata|activex|\.control\+|vbadata|webextension",
    re.IGNORECASE,
)
_MACRO_RELATIONS = re.compile(
    r"/(vbaProject|wordVbaData|xlMacrosheet|xlIntlMacrosheet|dialogsheet|activeXControlBinary|control|attachedToolbars|keyMapCustomizations)$",
    re.IGNORECASE,
)
_OWN_TEMPLATE = re.compile(r"^(file:/{0,3})?[a-z][:|][/\\].*\.do[tc]x?$", re.IGNORECASE)
_BOOKS = {"externallinkpath", "xlpathmissing", "externallink", "xlstartup", "xlalternatestartup", "xllibrary"}
_OBJECTS = set(
    [
        "oleobject",
        "frame",
        "subdocument",
        "afchunk",
        "mailmergesource",
        "mailmergeheadersource",
        "recipientdata",
        "package",
    ]
)


def looks(media_type: str) -> bool:
    """Look at documents of Office."""
    return is_office(media_type)


def look(source: Source, findings: Findings) -> Finding | None:
    """Read the declared kinds, every list of relationships, and actions of slides."""
    for name, markup in parts(source):
        reason = ""
        if name.lower().endswith("[content_types].xml"):
            kinds = [tag.get("contenttype", "") for tag in tags(markup, "Default", "Override")]
            reason = "contains macros or controls; save it without them" if any(map(_MACRO_KINDS.search, kinds)) else ""
            findings["has_macros"] = findings.get("has_macros", False) or bool(reason)
        elif name.lower().endswith(".rels"):
            reason = next(filter(None, (_why(tag) for tag in tags(markup, "Relationship"))), "")
        elif "imagedata" in markup and any(is_remote(tag.get("src", "")) for tag in tags(markup, "imagedata")):
            reason = "fetches a picture from elsewhere when it is opened; put it into the document"
        elif "ppaction://" in markup and re.search(r"ppaction://(program|macro|ole)", markup, re.IGNORECASE):
            reason = "starts a program or a macro by a click on a slide"
        if reason:
            return refused(reason)
    return None


def _why(relation: dict[str, str]) -> str:
    kind, target = relation.get("type", ""), relation.get("target", "")
    last = kind.rpartition("/")[2].lower()
    if relation.get("targetmode", "").strip().lower() == "external" and not _MACRO_RELATIONS.search(kind):
        return _why_external(last, target)
    if _MACRO_RELATIONS.search(kind):
        return "contains macros or controls; save it without them"
    return "points to a part outside itself" if is_remote(target) and last != "hyperlink" else ""


def _why_external(last: str, target: str) -> str:
    if last == "hyperlink":
        return "" if is_plain_link(target) else "has a link that starts something or opens a computer of the network"
    if last == "attachedtemplate":
        is_own = _OWN_TEMPLATE.match(tidy(target)) or not (is_remote(target) or "/" in tidy(target).replace("\\", "/"))
        return "" if is_own else "fetches its template from elsewhere when it is opened"
    if last in _BOOKS:
        lies_elsewhere = is_remote(target) or is_share(target) or _has_drive(target)
        return "takes values of a workbook that lies elsewhere" if lies_elsewhere else ""
    if last in _OBJECTS:
        return "embeds or links an object from outside the document"
    return "fetches a part (a picture, a film or the like) from elsewhere when it is opened; put it into the document"


def _has_drive(target: str) -> bool:
    return tidy(target).lower().startswith("file:")
