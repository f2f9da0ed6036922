"""Text of others, made harmless: nothing in a notice can become markup, a link, an image or a formula on a page."""

import html
import re

SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:^=&\"'])")
LABEL_SPECIAL = re.compile(r"[\\`*_{}\[\]<>~$^|]|:(?=\S)|&(?=#?\w+;)")
LINE_START = re.compile(r"[-+#=]|\d+[.)]")
HTML_TAG = re.compile(
    r"</?(?:p|br|div|span|ul|ol|li|table|tr|td|th|tbody|b|strong|i|em|u|a|font|h[1-6]|pre|hr|img|script|style)\b[^>]*>",
    re.I,
)
BREAKS = re.compile(r"</?(?:p|br|div|ul|ol|li|tr|table|h[1-6]|pre|hr)\b[^>]*>", re.I)
CELL_ENDS = re.compile(r"</t[dh]\s*>", re.I)
SELF_LINKING = re.compile(r"https?(?=:)|www(?=\.)|(?<=\S)@(?=\w)", re.I)
"""Where GitHub's Markdown makes a link by itself, escaped or not: an invisible word joiner behind it prevents that."""
EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
ADDRESS = re.compile(r"https?://[^\s<>\"'`\\{}|^]+", re.I)
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def plain(text: object) -> str:
    """Escape a text for a place where Streamlit reads Markdown (labels, captions, tables); line ends become blanks."""
    line = CONTROL.sub("", " ".join(str(text).split()))
    return _escaped(SELF_LINKING.sub("\\g<0>\u2060", line))


def label(text: object) -> str:
    """Escape a text for the label of a box or button, which screen readers read raw: as little as is harmless."""
    line = SELF_LINKING.sub("\\g<0>\u2060", CONTROL.sub("", " ".join(str(text).split())))
    # An invisible sign before it: what begins like a list or heading does not become one.
    return ("\u2060" if LINE_START.match(line) else "") + LABEL_SPECIAL.sub(r"\\\g<0>", line)


def code(text: object) -> str:
    """Return a text as Markdown's code, in which nothing is read as markup; what would end it is left out."""
    line = CONTROL.sub("", " ".join(str(text).split())).replace("`", "")
    return f"`{line}`" if line else ""


def _escaped(text: str) -> str:
    return SPECIAL.sub(r"\\\1", text)


def readable(text: str) -> str:
    """Return a notice's text without markup and invisible signs, its lines kept. For st.text, which reads no Markdown."""
    if HTML_TAG.search(text):
        import nh3

        kept = nh3.clean(CELL_ENDS.sub(" ", BREAKS.sub("\n", text)), tags=set(), clean_content_tags={"script", "style"})
        text = html.unescape(kept)
    elif "&" in text:
        text = html.unescape(text)
    lines = [re.sub(r"[ \t\xa0]+", " ", line).strip() for line in CONTROL.sub("", text).splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def addresses(text: str, limit: int = 20) -> list[str]:
    """Return the web addresses that a text names, each once, in order."""
    found = (match.rstrip(".,;:!?)]") for match in ADDRESS.findall(text))
    return list(dict.fromkeys(found))[:limit]


def link(address: str, label: str | None = None) -> str:
    """Return the Markdown of a link that shows where it leads; text only where it is no web address.

    Streamlit opens it in a new tab with rel="noopener noreferrer".
    """
    if not ADDRESS.fullmatch(address):
        return plain(address)
    target = address.replace("(", "%28").replace(")", "%29").replace("[", "%5B").replace("]", "%5D")
    return f"[{_escaped(label or address)}](<{target}>)"


def mail(address: str) -> str:
    """Return the Markdown of an e-mail address that can be copied and clicked; plain text where it is none."""
    if not EMAIL.fullmatch(address):
        return plain(address)
    return f"[{_escaped(address)}](<mailto:{address}>)"
