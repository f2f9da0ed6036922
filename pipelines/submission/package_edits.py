"""What may be written into a package, and what the log says of a change. Pure.

Not here: writing it (package.py), what a package must hold before it is sent (package_gates.py).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Any

from pipelines.submission.package_gates_files import placeholders_of
from pipelines.submission.package_state import PackageState
from warehouse.audit.canonical import encode, instant
from warehouse.domain.access import Person
from warehouse.domain.executor import UNPRINTABLE
from warehouse.domain.package import LONGEST_QUOTE, LONGEST_VOLUME, TITLES, PackageItem, fault_of_limit
from warehouse.domain.package_names import PLACEHOLDER, fill, safe_name
from warehouse.ledger.submission_files import FileRow
from warehouse.ledger.submissions import Submission

MOST_ITEMS = 200
LONGEST_NAME = 200
"""What the ledger holds; what a portal takes is a gate's to say."""


@dataclass(frozen=True)
class StatedLimit:
    """A limit as somebody types it; `quote` holds the words of the solicitation that say it, where they were copied."""

    value: Any
    quote: str = ""


def fault_of_items(items: Sequence[PackageItem]) -> str:
    """Say why the ledger cannot hold these documents as a package; "" when it can."""
    if len(items) > MOST_ITEMS:
        return f"{len(items)} files are more than the {MOST_ITEMS} that a package holds."
    names, documents = [item.package_name.lower() for item in items], [item.document_id for item in items]
    for item in items:
        if not item.package_name or len(item.package_name) > LONGEST_NAME:
            return (
                f"A name has 1 to {LONGEST_NAME} characters; {item.package_name[:40]!r} has {len(item.package_name)}."
            )
        if len(item.volume) > LONGEST_VOLUME:
            return f"A volume has at most {LONGEST_VOLUME} characters."
        if UNPRINTABLE.search(item.package_name + item.volume) or "/" in item.package_name:
            return f"{item.package_name!r} holds a sign that no file name can."
        if names.count(item.package_name.lower()) > 1:
            return f"Two files are named {item.package_name}."
    return "A document is there twice." if len(set(documents)) < len(documents) else ""


def facts_of_items(before: Sequence[PackageItem], after: Sequence[PackageItem]) -> dict[str, int | str]:
    """Count what changes between two lists of documents, for the log."""
    was, now = {i.document_id: i for i in before}, {i.document_id: i for i in after}
    both = [key for key in now if key in was]
    return {
        "files": len(now),
        "added": sum(key not in was for key in now),
        "removed": sum(key not in now for key in was),
        "renamed": sum(was[key].package_name != now[key].package_name for key in both),
        "reordered": [key for key in was if key in now] != both,
        "sha256": digest_of([[i.document_id, i.package_name, i.volume] for i in after]),
    }


def faults_of_limits(limits: Mapping[str, StatedLimit]) -> dict[str, str]:
    """Say what is wrong with limits, by their title; empty when nothing is."""
    faults = {TITLES.get(name, name): fault_of_limit(name, limit.value) for name, limit in limits.items()}
    long = {
        TITLES.get(n, n): "the quote is too long" for n, limit in limits.items() if len(limit.quote) > LONGEST_QUOTE
    }
    return {title: fault for title, fault in (faults | long).items() if fault}


def with_sources(
    before: Mapping[str, Any], limits: Mapping[str, StatedLimit], *, at: datetime, by: Person
) -> dict[str, Any]:
    """Keep who stated what has not changed, and name `by` for what has."""
    stated: dict[str, Any] = {}
    for name, limit in limits.items():
        value = list(limit.value) if isinstance(limit.value, tuple) else limit.value
        quote, was = limit.quote.replace("\x00", "").strip(), before.get(name, {})
        same = (was.get("value"), was.get("quote")) == (value, quote)
        stated[name] = was if same else {"value": value, "quote": quote, "by": by.id, "at": instant(at)}
    return stated


def names_changed(found: Submission, fields: Mapping[str, str], limits: Mapping[str, Any]) -> str:
    """Name the fields and limits that change; what they say stays out of the log."""
    pairs = ((found.delivery.get("fields", {}), fields), (found.delivery.get("limits", {}), limits))
    names = [name for was, now in pairs for name in sorted({*was, *now}) if was.get(name) != now.get(name)]
    return ", ".join(names)


def digest_of(value: object) -> str:
    """Return the SHA-256 of a value in its one spelling."""
    return sha256(encode(value).encode()).hexdigest()


def propose_name(state: PackageState, file: FileRow, *, place: int, taken: Collection[str], volume: str = "") -> str:
    """Return a name for a file in the package: as the solicitation's template gives it, else its own made safe; no other's.

    Args:
        place: Where in the package it stands, from 1.
        taken: Names of the other files.
        volume: Without one, a template that asks for it is not followed yet.
    """
    template, values = state.limits.name_template, placeholders_of(state, place, volume, file)
    is_given = bool(template) and "{any}" not in template and all(values.get(n) for n in PLACEHOLDER.findall(template))
    name = PurePosixPath(fill(template, values) if is_given else safe_name(file.file_name))
    used = {other.lower() for other in taken}
    tries = (name.name, *(f"{name.stem} ({number}){name.suffix}" for number in range(2, MOST_ITEMS + 2)))
    return next(one for one in tries if one.lower() not in used)
