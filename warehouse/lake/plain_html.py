"""Text out of HTML as offices write it: tags gone, breaks kept, entities decoded, also where all of it was escaped again."""

import html
import re

import nh3

_ESCAPED = re.compile(r"&(?:amp;)*(?:lt;\s*/?\s*(?:[a-z][a-z0-9]*|!--)|amp;(?:#\d+|[a-z][a-z0-9]*);)", re.IGNORECASE)
"""A tag or an entity behind one more escaping; a "<" in a sentence is none."""
_DEEPEST = 4
_TAG = re.compile(r"<\s*/?\s*[a-zA-Z!]")
_BREAK = re.compile(r"<\s*(?:br|/p|/div|/li|/tr|/h[1-6]|/ul|/ol)\b[^>]*>", re.IGNORECASE)
_CELL_END = re.compile(r"<\s*/t[dh]\s*>", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BLANKS = re.compile(r"[ \t\xa0]+")


def plain_html(text: str) -> str:
    """Return what a reader of the page would read; text without markup keeps its words. The same text again stays as it is."""
    for _ in range(_DEEPEST):
        if not _ESCAPED.search(text):
            break
        text = html.unescape(text)
    if _TAG.search(text):
        marked = _CELL_END.sub(" ", _BREAK.sub("\n", text))
        text = nh3.clean(marked, tags=set(), clean_content_tags={"script", "style"})
    if "&" in text:
        text = html.unescape(text)
    lines = [_BLANKS.sub(" ", line).strip() for line in _CONTROL.sub("", text).splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
