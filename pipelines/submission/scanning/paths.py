"""Paths within archives: where unpacking them would write."""

import re
import unicodedata

_TURNING = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def why_unsafe(path: str) -> str:
    """Return what is wrong with a path, or nothing."""
    if not path or any(unicodedata.category(sign) in _TURNING for sign in path):
        return "holds a file with invisible signs in its name, or with none"
    plain = unicodedata.normalize("NFKC", path).replace("\\", "/")
    if plain.startswith(("/", "~")) or path.startswith("\\") or re.match(r"^[A-Za-z]:", plain):
        return "holds a file that would be written outside the folder it is unpacked to"
    if any(step.strip().rstrip(".") == "" and step.strip().startswith("..") for step in plain.split("/")):
        return "holds a file that would be written outside the folder it is unpacked to"
    if len(path.encode("utf-8", errors="surrogatepass")) > 1024:
        return "holds a file whose path is longer than disks hold"
    return ""
