"""Reading the keys of one table with every fault at once: wrong kinds, bounds, and keys that nobody knows.

Not here: lines (text.py), which keys there are.
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from pipelines.submission.portals.text import Place, to_key
from warehouse.domain.executor import UNPRINTABLE

Faults = list[tuple[str, str]]
"""What is wrong, by key as people write it."""
_SIZE = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)\s*(B|KB|MB|GB|KiB|MiB|GiB)", re.I)
_UNITS = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}


class Keys:
    """One table: each key is asked for once, what is wrong is noted, and what nobody asked for is a fault too."""

    def __init__(self, table: object, place: Place, faults: Faults) -> None:
        self.place, self.faults = place, faults
        self._table: Mapping[str, Any] = table if isinstance(table, Mapping) else {}
        self._asked: set[str] = set()
        if not isinstance(table, Mapping):
            self.faults.append((to_key(place), "is written as a table"))

    def __contains__(self, key: str) -> bool:
        """Say whether it is written."""
        return key in self._table

    def names(self) -> list[str]:
        """Return the keys that are written."""
        return [str(key) for key in self._table]

    def fault(self, key: str, words: str) -> None:
        """Note a fault of a key; "" is the table itself."""
        self.faults.append((to_key((*self.place, key) if key else self.place), words))

    def raw(self, key: str) -> Any:
        """Return what stands there, or None."""
        self._asked.add(key)
        return self._table.get(key)

    def text(self, key: str, *, longest: int = 500, is_required: bool = False, has_lines: bool = False) -> str:
        """Return a text without blanks around it, or "" where there is none."""
        found = self.raw(key)
        if found is None:
            if is_required:
                self.fault("", f"{key} is missing")
            return ""
        if not isinstance(found, str) or not found.strip():
            self.fault(key, 'is a text in quotes: key = "text"')
            return ""
        if len(found) > longest:
            self.fault(key, f"has {len(found):,} characters, {longest:,} are possible")
        if UNPRINTABLE.search(found.replace("\n", " ").replace("\t", " ") if has_lines else found):
            self.fault(key, "holds signs that cannot be seen")
        return found.strip()

    def texts(self, key: str, *, longest: int = 500, most: int = 50) -> tuple[str, ...]:
        """Return a list of texts; one text is a list of one."""
        found = self.raw(key)
        if found is None:
            return ()
        listed = [found] if isinstance(found, str) else found
        if not isinstance(listed, list) or not all(isinstance(text, str) and text.strip() for text in listed):
            self.fault(key, 'is a list of texts: ["one", "two"]')
            return ()
        if len(listed) > most or any(len(text) > longest for text in listed):
            self.fault(key, f"has more than {most} entries, or one of more than {longest} characters")
            return ()
        return tuple(text.strip() for text in listed)

    def number(self, key: str, default: float, *, low: float, high: float) -> float:
        """Return a number within bounds."""
        found = self.raw(key)
        if found is None:
            return default
        if isinstance(found, bool) or not isinstance(found, int | float) or not low <= found <= high:
            self.fault(key, f"is a number from {low:,g} to {high:,g}")
            return default
        return found

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Return true or false."""
        found = self.raw(key)
        if found is None:
            return default
        if not isinstance(found, bool):
            self.fault(key, "is true or false, without quotes")
            return default
        return found

    def choice(self, key: str, known: Sequence[str], default: str = "") -> str:
        """Return one of some words."""
        found = self.raw(key)
        if found is None:
            return default
        if found not in known:
            self.fault(key, f"is one of {', '.join(known)}{near(found, known)}")
            return default
        return str(found)

    def size(self, key: str) -> int | None:
        """Return a number of bytes: a number, or a text such as "25 MB" (a million bytes a MB)."""
        found = self.raw(key)
        if found is None:
            return None
        if isinstance(found, int) and not isinstance(found, bool) and found > 0:
            return found
        match = _SIZE.fullmatch(found.strip()) if isinstance(found, str) else None
        if match is None:
            self.fault(key, 'is a number of bytes, or a text such as "25 MB"')
            return None
        return int(float(match[1]) * _UNITS[match[2].lower()])

    def day(self, key: str) -> date | None:
        """Return a day, which TOML writes without quotes: 2026-01-31."""
        found = self.raw(key)
        if isinstance(found, str):
            try:
                return date.fromisoformat(found)
            except ValueError:
                found = None
                self.fault(key, "is a day: 2026-01-31")
        if isinstance(found, datetime):
            return found.date()
        if found is not None and not isinstance(found, date):
            self.fault(key, "is a day: 2026-01-31")
            return None
        return found

    def table(self, key: str) -> "Keys | None":
        """Return a table to read, or None where there is none."""
        found = self.raw(key)
        return None if found is None else Keys(found, (*self.place, key), self.faults)

    def tables(self, key: str) -> "list[Keys]":
        """Return a list of tables to read."""
        found = self.raw(key)
        if found is None:
            return []
        if not isinstance(found, list):
            self.fault(key, f"is a list of tables: [[{to_key((*self.place, key))}]]")
            return []
        return [Keys(table, (*self.place, key, number), self.faults) for number, table in enumerate(found)]

    def done(self, *, elsewhere: Iterable[str] = ()) -> None:
        """Note every key that nobody asked for; `elsewhere`: keys that another reader takes."""
        known = self._asked | set(elsewhere)
        for key in self._table:
            if key not in known:
                self.fault(str(key), f"is no key that is known here{near(str(key), sorted(known))}")


def near(word: object, known: Iterable[str]) -> str:
    """Say which known word was probably meant, as the end of a sentence; "" where none is near."""
    found = difflib.get_close_matches(str(word), list(known), 1, 0.6)
    return f"; did you mean {found[0]}?" if found else ""
