"""XML and SVG by themselves: entity bombs, scripts, and documents of Office in one XML file."""

import base64
import binascii
import re

import defusedxml.ElementTree
from defusedxml.common import DefusedXmlException

from pipelines.submission.scanning.links import is_plain_link, is_remote
from pipelines.submission.scanning.source import Source
from pipelines.submission.scanning.verdict import Finding, Findings, refused
from pipelines.submission.scanning.web_page import why_page
from pipelines.submission.scanning.xml_text import read_markup, tags

_ACTING = (
    "http://schemas.microsoft.com/developer/msbuild", "urn:schemas-microsoft-com:asm", "<pcsettings", "<scriptlet", "<package><job",
    "<component", "<job", "msxsl:script", "xmlns:vbs", "schemas.microsoft.com/windows/2004/02/mit/task", "<xdp:xdp", "<ttxforms",
    "urn:schemas-microsoft-com:vba",
)  # fmt: skip


def looks(media_type: str) -> bool:
    """Look at XML and SVG."""
    return media_type in ("application/xml", "image/svg+xml")


def look(source: Source, findings: Findings) -> Finding | None:
    """Read it as a browser, as Office and as a parser would."""
    if re.search(r"<!(ENTITY|ATTLIST)|<!DOCTYPE[^>]*\[", source.text, re.IGNORECASE):
        return refused("declares entities in its XML, as attacks on readers do")
    try:
        defusedxml.ElementTree.fromstring(
            source.text.encode("utf-8") if not source.text.lstrip().startswith("<?xml") else _plain(source.text)
        )
    except DefusedXmlException:
        return refused("declares entities in its XML, as attacks on readers do")
    except (SyntaxError, ValueError):
        findings["is_well_formed"] = False
    markup = read_markup(re.sub(r"<!DOCTYPE[^>]*>", "", _without_head(source.text)).encode("utf-8"))
    reason = (
        _why_office(markup, findings)
        or (_why_picture(markup) if source.media_type == "image/svg+xml" else "")
        or _why(markup)
    )
    return refused(reason) if reason else None


def _without_head(text: str) -> str:
    return re.sub(r"^\s*<\?xml.*?\?>", "", text, flags=re.DOTALL)


def _plain(text: str) -> bytes:
    return _without_head(text).encode("utf-8")


def _why(markup: str) -> str:
    lower = markup.lower()
    if any(sign in lower for sign in _ACTING):
        return "is XML that makes a program act when it is opened"
    if "http://www.w3.org/1999/xhtml" in lower or "<script" in lower:
        return why_page(markup)
    return ""


def _why_picture(markup: str) -> str:
    lower = markup.lower()
    if re.search(r"<(?:[\w-]+:)?(foreignobject|iframe|embed|object|handler|audio|video)\b", lower):
        return "is a picture that holds a web page"
    for tag in tags(markup, "use", "image", "feImage", "a", "script", "style", "animate", "set", "link"):
        href = tag.get("href", "") or tag.get("src", "")
        if tag[""] == "a" and href and not is_plain_link(href):
            return "is a picture with a link that runs a script"
        if (
            tag[""] != "a"
            and href
            and is_remote(href)
            and not re.match(r"data:image/(png|jpe?g|gif|webp);base64,", href, re.IGNORECASE)
        ):
            return "is a picture that fetches from elsewhere or runs a script"
        if any("javascript:" in re.sub(r"\s", "", value.lower()) for value in tag.values()):
            return "is a picture that runs a script"
    if re.search(r"@import|url\(\s*[\"']?\s*(https?:|//|\\\\|file:)", lower):
        return "is a picture that fetches from elsewhere or runs a script"
    return why_page(markup)


def _why_office(markup: str, findings: Findings) -> str:
    """Read a document of Office in one XML file: its macros and relationships are as those of the zip."""
    lower = markup.lower()
    if (
        "schemas.microsoft.com/office" not in lower
        and "schemas.microsoft.com/office/2006/xmlpackage" not in lower
        and "urn:oasis:names:tc:opendocument" not in lower
    ):
        return ""
    if (
        "vbaproject" in lower
        or "editdata.mso" in lower
        or 'macrospresent="yes"' in lower
        or "<office:script" in lower
        or "event-listener" in lower
        or _holds_macros(markup)
    ):
        findings["has_macros"] = True
        return "contains macros; save it without them"
    if "activex" in lower or "<w:ocx" in lower or "oleobject" in lower:
        return "contains embedded objects or controls"
    for tag in tags(markup, "Relationship"):
        if tag.get("targetmode", "").lower() == "external" and not tag.get("type", "").lower().endswith("/hyperlink"):
            return "fetches a part from elsewhere when it is opened"
    if re.search(r"\bDDE(AUTO)?\s", re.sub(r"<[^>]*>", "", markup)):
        return "starts another program by a DDE field when it is opened"
    from pipelines.submission.scanning.formulas import why_formula

    formulas = re.findall(r"""[Ff]ormula\s*=\s*("[^"]*"|'[^']*')""", markup)
    return next(
        filter(
            None,
            (
                why_formula(formula[1:-1].replace("&quot;", '"').replace("&apos;", "'").lstrip("="))
                for formula in formulas
            ),
        ),
        "",
    )


def _holds_macros(markup: str) -> bool:
    for packed in re.findall(r"binData[^>]*>([A-Za-z0-9+/=\s]{16,})<", markup):
        try:
            head = base64.b64decode(packed[:400].translate({9: None, 10: None, 13: None, 32: None})[:128])
        except binascii.Error:
            continue
        if head.startswith((b"\xd0\xcf\x11\xe0", b"ActiveMime")):
            return True
    return False
