"""What acts in a web page: scripts, events, frames, forms that send, and what they are hidden in."""

import html
import re

from pipelines.submission.scanning.links import ACTING_ENDINGS, is_share, tidy

_ELEMENTS = re.compile(
    r"<\s*(?:[\w-]+:)?(script|iframe|frame|frameset|object|embed|applet|base|portal|layer|ilayer|bgsound|xml|html:script|isindex)(?=[\s/>])",
    re.I,
)
_EVENT = re.compile(r"<[a-z][^<>]*?[\s/\"']on[a-z]{3,30}\s*=", re.IGNORECASE | re.DOTALL)
_SCHEME = re.compile(
    r"(?:href|src|action|formaction|data|background|xlink:href|poster|to|from|values|content)\s*=\s*[\"']?\s*([^\"'>\s][^\"'>]{0,400})",
    re.I,
)
_BAD_SCHEME = re.compile(
    r"^(javascript|vbscript|livescript|mhtml|ms-[a-z-]+|search-ms|its|mk|res|view-source|data:(?!image/(png|jpe?g|gif|webp|bmp)))",
    re.I,
)
_STYLE = re.compile(r"expression\s*\(|behavior\s*:|-moz-binding|@import|javascript:", re.IGNORECASE)
_REFRESH = re.compile(r"http-equiv\s*=\s*[\"']?\s*refresh", re.IGNORECASE)


def why_page(page: str) -> str:
    """Return what acts in a page or piece of one, or nothing."""
    page = page.replace("\x00", "")
    plain = html.unescape(page)
    faults = {
        "is a web page in an encoding that hides scripts": re.search(
            r"charset\s*=\s*[\"']?\s*utf-7", page, re.IGNORECASE
        ),
        "is or holds a web page with scripts, frames or programs": _ELEMENTS.search(page),
        "is or holds a web page that runs scripts when something happens in it": _EVENT.search(page)
        or _STYLE.search(plain),
        "is a web page that leads on to another by itself": _REFRESH.search(page),
        "is a web page with a form that sends what is typed": re.search(r"<\s*form\b", page, re.IGNORECASE),
        "is a program of a web server or of Windows": re.search(r"<\s*(hta:application|\?php|%\s)|<%[@=]", page, re.I),
    }
    return next((fault for fault, is_so in faults.items() if is_so), "") or _why_address(page)


def _why_address(page: str) -> str:
    for found in _SCHEME.finditer(page):
        address = tidy(html.unescape(found[1]))
        if (
            _BAD_SCHEME.match(address)
            or (is_share(address) and not address.startswith("//"))
            or (address.lower().startswith("file:") and ACTING_ENDINGS.search(address))
        ):
            return "is a web page with a link that runs a script or opens a computer of the network"
    return ""
