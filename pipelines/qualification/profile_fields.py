"""Fields of a profile's YAML: how each kind of value is read, and how faults are collected with their lines.

Here: the kinds of field. Not here: which fields a profile has (company.py). Scalars are read as written, not as YAML
would guess them: 0815 stays a code, NO stays a state.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import yaml

from warehouse.errors import BadInput

_NULL = "tag:yaml.org,2002:null"


@dataclass
class Faults:
    """What is wrong with a text, collected so that a person sees all of it at once."""

    found: list[tuple[int, str]] = field(default_factory=list)

    def add(self, node: yaml.Node | None, where: str, fault: str) -> None:
        """Note a fault of the field `where` at the line of `node`."""
        line = node.start_mark.line + 1 if node is not None else 1
        self.found.append((line, f"line {line}, {where}: {fault}"))

    def check(self, what: str) -> None:
        """Refuse when anything was noted.

        Raises:
            BadInput: listing every fault in the order of lines.
        """
        if self.found:
            listed = "".join(f"\n    {fault}" for _, fault in sorted(self.found))
            n = len(self.found)
            raise BadInput(f"{what} has {n} {'fault' if n == 1 else 'faults'}:{listed}", todo="mend the lines named")


Field = Callable[[yaml.Node, str, Faults], Any]
"""Reads the value of one field; None when it is empty or at fault."""


@dataclass(frozen=True)
class Given:
    """The fields found in one mapping."""

    nodes: Mapping[str, yaml.Node]
    kinds: Mapping[str, Field | None]
    prefix: str
    faults: Faults

    def parsed(self) -> dict[str, Any]:
        """Read every scalar and list field that is neither empty nor at fault."""
        values: dict[str, Any] = {}
        for name, node in self.nodes.items():
            kind = self.kinds[name]
            value = kind(node, f"{self.prefix}{name}", self.faults) if kind else None
            if value is not None:
                values[name] = value
        return values

    def items(self, name: str) -> list[yaml.Node]:
        """List the entries of a field that holds a list of mappings."""
        return _items(self.nodes[name], f"{self.prefix}{name}", self.faults) if name in self.nodes else []


def fields_of(node: yaml.Node | None, kinds: Mapping[str, Field | None], prefix: str, faults: Faults) -> Given:
    """Find the fields of a mapping; unknown and repeated names are faults."""
    nodes: dict[str, yaml.Node] = {}
    if not isinstance(node, yaml.MappingNode):
        faults.add(node, prefix.rstrip(".") or "profile", "must be a list of 'field: value' lines")
        return Given(nodes, kinds, prefix, faults)
    for key, value in node.value:
        name = str(key.value)
        if name not in kinds:
            faults.add(key, f"{prefix}{name}", f"is not a field; known are {', '.join(kinds)}")
        elif name in nodes:
            faults.add(key, f"{prefix}{name}", "is given twice")
        else:
            nodes[name] = value
    return Given(nodes, kinds, prefix, faults)


def text(node: yaml.Node, where: str, faults: Faults) -> str | None:
    """Read a single value as written, without space around it."""
    if not isinstance(node, yaml.ScalarNode):
        faults.add(node, where, "must be a single value")
        return None
    value = "" if node.tag == _NULL else str(node.value).strip()
    return value or None


def texts(node: yaml.Node, where: str, faults: Faults) -> tuple[str, ...] | None:
    """Read a list of single values."""
    return _listed(node, where, faults, text)


def code(pattern: str, shape: str) -> Field:
    """Make the reader of a code: brought to capitals, matching `pattern` whole, explained as `shape`."""

    def read(node: yaml.Node, where: str, faults: Faults) -> str | None:
        value = text(node, where, faults)
        if value is None or re.fullmatch(pattern, value.upper()):
            return value and value.upper()
        faults.add(node, where, f"'{value}' is not {shape}")
        return None

    return read


def choice(words: Collection[str]) -> Field:
    """Make the reader of one of some words, in any case."""

    def read(node: yaml.Node, where: str, faults: Faults) -> str | None:
        value = text(node, where, faults)
        if value is None or value.lower() in words:
            return value and value.lower()
        faults.add(node, where, f"'{value}' is none of {', '.join(words)}")
        return None

    return read


def codes(one: Field) -> Field:
    """Make the reader of a list of codes."""
    return lambda node, where, faults: _listed(node, where, faults, one)


def amount(node: yaml.Node, where: str, faults: Faults) -> Decimal | None:
    """Read US dollars: digits, with commas or a dot if need be."""
    value = text(node, where, faults)
    if value is None:
        return None
    try:
        parsed = Decimal(value.replace(",", "").replace("_", "").lstrip("$"))
    except InvalidOperation:
        parsed = Decimal("NaN")
    if parsed.is_finite() and parsed >= 0:
        return parsed
    faults.add(node, where, f"'{value}' is not an amount in dollars")
    return None


def day(node: yaml.Node, where: str, faults: Faults) -> date | None:
    """Read a day as YYYY-MM-DD."""
    value = text(node, where, faults)
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        faults.add(node, where, f"'{value}' is not a day, such as 2025-09-30")
        return None


def _listed(node: yaml.Node, where: str, faults: Faults, one: Field) -> tuple[str, ...] | None:
    read = [one(item, f"{where}[{i}]", faults) for i, item in enumerate(_items(node, where, faults), start=1)]
    return tuple(value for value in read if value is not None) or None


def _items(node: yaml.Node, where: str, faults: Faults) -> list[yaml.Node]:
    if isinstance(node, yaml.SequenceNode):
        return list(node.value)
    if node.tag != _NULL:
        faults.add(node, where, "must be a list")
    return []
