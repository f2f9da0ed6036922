"""What is different between two packages of an offer, as data: files, fields, value, deadline, notice. Pure.

A document is the same one whatever its name, place or version; so a replaced file is told from one that went and one that came.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from warehouse.ledger.package_manifests import Manifest

FACTS: Mapping[str, str] = {
    "value_usd": "Value in dollars",
    "deadline": "Deadline",
    "notice_hash": "Version of the notice",
    "solicitation_number": "Solicitation number",
    "executor": "Way to deliver",
    "acknowledged_changes": "Acknowledged changes of the notice",
    "checklist_hash": "State of the checklist",
}
"""What a manifest says beside files and fields, in words."""


@dataclass(frozen=True)
class PackedFile:
    """A file as a manifest names it."""

    position: int
    name: str
    volume: str
    version: int
    size: int
    sha256: str


@dataclass(frozen=True)
class FileChange:
    """The same document in both packages, different in at least one thing."""

    was: PackedFile
    now: PackedFile

    @property
    def is_replaced(self) -> bool:
        """Other bytes."""
        return self.was.sha256 != self.now.sha256

    @property
    def is_renamed(self) -> bool:
        """Another name within the package."""
        return self.was.name != self.now.name

    @property
    def is_in_another_volume(self) -> bool:
        """Another volume."""
        return self.was.volume != self.now.volume


@dataclass(frozen=True)
class TextChange:
    """A field or a fact that says something else; None where one of the packages has none."""

    label: str
    was: str | None
    now: str | None


@dataclass(frozen=True)
class Difference:
    """What became of one package in the next.

    Attributes:
        changed: Documents with other bytes, another name or another volume.
        moved: Documents that stand in another order among those that both packages have.
        fields: What the way to deliver is told, by the name of the field.
        facts: Everything else.
    """

    added: tuple[PackedFile, ...]
    removed: tuple[PackedFile, ...]
    changed: tuple[FileChange, ...]
    moved: tuple[FileChange, ...]
    fields: tuple[TextChange, ...]
    facts: tuple[TextChange, ...]

    @property
    def is_empty(self) -> bool:
        """Whether both say the same."""
        return not (self.added or self.removed or self.changed or self.moved or self.fields or self.facts)


def difference(before: Manifest, after: Manifest) -> Difference:
    """Say what changed from one package to another."""
    return difference_of(before.body, after.body)


def difference_of(before: Mapping[str, Any], after: Mapping[str, Any]) -> Difference:
    """Say what changed from the body of one manifest to another, such as the one that a draft would give."""
    was = {entry["document_id"]: _packed(entry) for entry in before["files"]}
    now = {entry["document_id"]: _packed(entry) for entry in after["files"]}
    both = {key: FileChange(was[key], now[key]) for key in now if key in was}
    return Difference(
        added=tuple(file for key, file in now.items() if key not in was),
        removed=tuple(file for key, file in was.items() if key not in now),
        changed=tuple(c for c in both.values() if c.is_replaced or c.is_renamed or c.is_in_another_volume),
        moved=tuple(both[key] for key in _moved([key for key in was if key in now], list(both))),
        fields=_changes(before["fields"], after["fields"], {}),
        facts=_changes(_facts(before), _facts(after), FACTS),
    )


def _packed(entry: Mapping[str, Any]) -> PackedFile:
    return PackedFile(
        position=entry["position"],
        name=entry["name"],
        volume=entry["volume"],
        version=entry["version"] or 0,
        size=entry["size"] or 0,
        sha256=entry["sha256"] or "",
    )


def _moved(was: Sequence[str], now: Sequence[str]) -> list[str]:
    """Return what must have moved to make one order of the other: all but a longest run that keeps its order."""
    places = [was.index(key) for key in now]
    runs: list[list[int]] = []
    for index, place in enumerate(places):
        before = [run for run in runs if places[run[-1]] < place]
        runs.append([*_longest(before), index])
    kept = set(_longest(runs))
    return [key for index, key in enumerate(now) if index not in kept]


def _longest(runs: Sequence[list[int]]) -> list[int]:
    return max(runs, key=len) if runs else []


def _facts(body: Mapping[str, Any]) -> dict[str, str]:
    return {name: ", ".join(v) if isinstance(v, list) else str(v) for name in FACTS if (v := body.get(name))}


def _changes(was: Mapping[str, str], now: Mapping[str, str], labels: Mapping[str, str]) -> tuple[TextChange, ...]:
    names = [*(name for name in labels if name in was or name in now), *sorted({*was, *now} - {*labels})]
    return tuple(
        TextChange(labels.get(name, name), was.get(name), now.get(name))
        for name in names
        if was.get(name) != now.get(name)
    )
