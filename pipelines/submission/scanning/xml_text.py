"""XML parts of documents as plain markup: decoded, without comments and CDATA marks, so that patterns can be sought in them.

A parser would take seconds for a large sheet. Declarations of types and entities are refused: Office writes none.
"""

import html
import re

from pipelines.submission.scanning import limits
from pipelines.submission.scanning.verdict import Stopped, not_scanned, refused

_ASIDE = re.compile(r"<!--.*?-->|<!\[CDATA\[(.*?)\]\]>|<\?.*?\?>", re.DOTALL)
_DECLARED = re.compile(r"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]+)["']""")
_ATTRIBUTE = re.compile(r"""([\w.:-]+)\s*=\s*("[^"]*"|'[^']*')""")
TAG_REST = r"""(?:[^<>"']|"[^"]*"|'[^']*')*"""
"""What stands in a tag behind its name: a `>` within an attribute does not end it."""


def read_markup(content: bytes) -> str:
    """Return the markup.

    Raises:
        Stopped: it declares types or entities, or is of an encoding that hides it.
    """
    if len(content) > limits.LARGEST_TEXT:
        raise Stopped(not_scanned(f"holds a part of more than {limits.LARGEST_TEXT >> 20} MiB"))
    text = _decode(content)
    if "<!" in text or "<?" in text[1:]:
        if re.search(r"<!(DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)", text, re.IGNORECASE):
            raise Stopped(refused("declares entities in its XML, as attacks on readers do"))
        text = _ASIDE.sub(lambda found: html.escape(found[1] or ""), text)
    return text


def _decode(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16")
    if content[:4] == b"<\0?\0":
        return content.decode("utf-16-le")
    if content[:4] == b"\0<\0?":
        return content.decode("utf-16-be")
    if b"\0" in content:
        raise Stopped(refused("holds XML with NUL signs, which hides it from readers"))
    text = content.decode("utf-8-sig", errors="replace")
    if text.strip() and not text.lstrip().startswith("<"):
        raise Stopped(refused("holds XML in an unusual encoding, which hides it from readers"))
    declared = _DECLARED.match(text[:300])
    told = declared[1].lower() if declared else "utf-8"
    if told in ("utf-8", "utf8", "us-ascii", "ascii"):
        return text
    if told in ("iso-8859-1", "windows-1252", "iso-8859-15", "latin1"):
        return content.decode("cp1252", errors="replace")
    raise Stopped(refused("holds XML in an unusual encoding, which hides it from readers"))


def tags(markup: str, *names: str) -> list[dict[str, str]]:
    """Return the attributes (by local name, small letters) of each element of these local names."""
    pattern = re.compile(rf"<(?:[\w.-]+:)?({'|'.join(names)})(\s{TAG_REST})?/?>")
    return [{"": found[1], **attributes(found[2] or "")} for found in pattern.finditer(markup)]


def attributes(inside: str) -> dict[str, str]:
    """Return the attributes in a tag by local name in small letters, with their references resolved."""
    return {name.split(":")[-1].lower(): html.unescape(value[1:-1]) for name, value in _ATTRIBUTE.findall(inside)}


def contents(markup: str, *names: str) -> list[str]:
    """Return the text within each element of these local names, tags within it left out."""
    pattern = re.compile(rf"<((?:[\w.-]+:)?(?:{'|'.join(names)}))(?:\s{TAG_REST})?(?<!/)>(.*?)</\1\s*>", re.DOTALL)
    return [html.unescape(re.sub(r"<[^>]*>", "", found[2])) for found in pattern.finditer(markup)]
