"""Addresses that a file points to: which a reader may follow by a click, and which lie outside the file or act."""

import re
import urllib.parse

_PLAIN = (
    "http:",
    "https:",
    "mailto:",
    "ftp:",
    "ftps:",
    "tel:",
    "sms:",
    "news:",
    "sip:",
    "callto:",
    "urn:",
    "onenote:",
    "geo:",
    "fax:",
)
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]+:", re.IGNORECASE)
_DRIVE = re.compile(r"^(file:/{0,3})?/*[a-z][:|][/\\]", re.IGNORECASE)
ACTING_ENDINGS = re.compile(
    r"\.(exe|scr|com|pif|bat|cmd|vbs|vbe|js|jse|wsf|wsh|hta|ps1|psm1|lnk|url|msi|msp|jar|reg|cpl|dll|scf|iso|img|chm|xll|application|"
    r"settingcontent-ms|search-ms|library-ms|appref-ms)([?#\s].*)?$", re.IGNORECASE,
)  # fmt: skip


def tidy(address: str) -> str:
    """Return an address as a reader takes it: without signs that are ignored, percent signs resolved."""
    return urllib.parse.unquote(
        re.sub(r"[\x00-\x20\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]", "", address)
    ).strip()


def is_share(address: str) -> bool:
    """Whether it names a computer of the network (\\\\host\\share): opening it gives away the reader's password hash."""
    clean = tidy(address).replace("\\", "/").lower()
    if _DRIVE.match(clean):
        return False
    if clean.startswith("file:"):
        rest = clean[5:]
        return (
            rest.startswith("////")
            or (rest.startswith("//") and not rest.startswith("///"))
            or "@" in rest.split("/")[0]
        )
    return clean.startswith(("//", "/??/unc", "smb:", "cifs:", "nfs:", "webdav:", "davs:"))


def is_remote(address: str) -> bool:
    """Whether something is fetched from elsewhere: a share, a site, any scheme; not a name beside the file."""
    clean = tidy(address)
    return is_share(clean) or (bool(_SCHEME.match(clean)) and not _DRIVE.match(clean) and not clean.startswith("#"))


def is_plain_link(address: str) -> bool:
    """Whether a click on it is that of a plain hyperlink: a site, a mail address, a place or a file beside this one."""
    clean = tidy(address)
    if is_share(clean) and not clean.startswith("//"):
        return False
    if clean.startswith("//"):
        return True  # a site, by the scheme of the page
    if _DRIVE.match(clean) or clean.lower().startswith("file:"):
        return not ACTING_ENDINGS.search(clean)
    scheme = _SCHEME.match(clean)
    if scheme is None:
        return not ACTING_ENDINGS.search(clean) or "/" in clean
    return scheme[0].lower() in _PLAIN
