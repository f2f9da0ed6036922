"""One spelling of a buyer's name: sources write the same department in many ways."""

import re
from functools import lru_cache

_FILLERS = frozenset({"DEPARTMENT", "DEPT", "OF", "THE", "AND", "US", "UNITED", "STATES"})


@lru_cache(maxsize=10_000)
def buyer_key(name: str | None) -> str:
    """Bring a buyer's name to its telling words in order: "VETERANS AFFAIRS, DEPARTMENT OF" is "AFFAIRS VETERANS"."""
    found = re.findall(r"[^\W_]+", (name or "").upper().replace(".", ""))
    return " ".join(sorted(word for word in found if word not in _FILLERS))
