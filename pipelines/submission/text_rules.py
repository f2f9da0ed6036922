"""The rules of what is looked for in a notice's text, read from text_rules.toml beside this file. Not here: looking."""

import functools
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from re import Pattern
from typing import Any

FILE = Path(__file__).with_suffix(".toml")
USUAL_DAYS = 3


@dataclass(frozen=True)
class Rule:
    """One kind of point.

    Attributes:
        near: Words of which one stands in what is looked for: they are found fast, the anchor is tried around them.
        anchor: What is looked for; its first group, else all of it, is the value.
        title: The point's title; `{}` is the value as `write` puts it.
        says: What the anchor's sentence must say beside it; `says_not`: what it must not.
        days: Federal working days before the deadline at which it is due.
        most: How many points with different titles it may make.
    """

    kind: str
    near: tuple[str, ...]
    anchor: Pattern[str]
    title: str
    detail: str
    says: Pattern[str] | None
    says_not: Pattern[str] | None
    is_required: bool
    days: int
    most: int
    write: Callable[[str], str]

    def title_of(self, value: str) -> str:
        """Write the title for a value."""
        return self.title.format(self.write(value)) if "{}" in self.title else self.title


@functools.cache
def rules() -> tuple[Rule, ...]:
    """Return the rules in their order."""
    data = tomllib.loads(FILE.read_text(encoding="utf-8"))
    forms: dict[str, list[str]] = data["forms"]
    provisions: dict[str, str] = data["provisions"]
    words = {**data["words"], "form": _form_pattern(forms), "provision": _provision_pattern(provisions)}
    writers: dict[str, Callable[[str], str]] = {
        "": str,
        "upper": str.upper,
        "title": str.title,
        "form": lambda number: _form_name(number, forms),
        "provision": lambda number: f"{number}, {provisions[number]}",
    }
    return tuple(_rule(item, words, writers) for item in data["rules"])


def _rule(item: Mapping[str, Any], words: Mapping[str, str], writers: Mapping[str, Callable[[str], str]]) -> Rule:
    return Rule(
        kind=item["kind"],
        near=tuple(item["near"]),
        anchor=re.compile(_written_out(item["anchor"], words)),
        title=item["title"],
        detail=item.get("detail", ""),
        says=re.compile(_written_out(item["says"], words)) if "says" in item else None,
        says_not=re.compile(_written_out(item["says_not"], words)) if "says_not" in item else None,
        is_required=item.get("required", True),
        days=item.get("days", USUAL_DAYS),
        most=item.get("most", 1),
        write=writers[item.get("write", "")],
    )


def _written_out(pattern: str, words: Mapping[str, str]) -> str:
    # Twice, for a word may name another: <date> the <months>.
    for _ in range(2):
        pattern = re.sub(r"<([a-z]+)>", lambda m: words[m[1]], pattern)
    return pattern


def _form_pattern(forms: Mapping[str, list[str]]) -> str:
    sf, dd, of = ("|".join(sorted(forms[kind], key=len, reverse=True)) for kind in ("sf", "dd", "of"))
    return (
        rf"\b(?:sf|standard form)[ -]?({sf})\b|\bdd (?:form )?({dd})\b|\b(?:of|optional form)[ -]({of})\b"
    )  # fmt: skip


def _form_name(number: str, forms: Mapping[str, list[str]]) -> str:
    kind = next((kind for kind, numbers in forms.items() if number in numbers), "")
    return f"{'DD Form' if kind == 'dd' else kind.upper()} {number.upper()}"


def _provision_pattern(provisions: Mapping[str, str]) -> str:
    numbers = sorted(provisions, key=len, reverse=True)
    return r"\b(" + "|".join(re.escape(number) for number in numbers) + r")(?![\d-])"
