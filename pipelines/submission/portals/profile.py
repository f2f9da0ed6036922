"""A portal profile as data: who permits automation, which hosts, how it is delivered there and what counts as a receipt.

A profile is a TOML text that an informed user writes from the portal's manual alone (docs/portal-profiles.md). This file holds
what all ways share; what one way needs beside is read by its own file of pipelines/submission/executors. Not here: all that
may be wrong with one, its way's part included (check.py), the rows (warehouse/ledger/portal_profiles.py).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from pipelines.submission.portals.hosts import forbidden, host_fault
from pipelines.submission.portals.keys import Faults, Keys, near
from pipelines.submission.portals.text import Fault, read_toml
from warehouse.domain.executor import EXECUTORS
from warehouse.errors import BadInput

FORMAT = 1
NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,59}")
CREDENTIAL = re.compile(r"[a-z][a-z0-9_]{0,39}")
BY_MACHINE = frozenset({"browser", "a2a"})
"""The ways in which a machine works at a portal: only where somebody permits it."""
WITHOUT_HOSTS = frozenset({"assisted"})
LONGEST_PATIENCE = 30 * 86_400


@dataclass(frozen=True)
class Basis:
    """On what ground a machine may work there: who permits it, since when, and in which words."""

    permitted_by: str
    on: date
    text: str


@dataclass(frozen=True)
class Limits:
    """What the portal takes of files; None and () where it does not say.

    Attributes:
        types: Endings of names, in small letters and without the point.
        name_characters: Of one file's name with its ending.
    """

    file_bytes: int | None = None
    total_bytes: int | None = None
    files: int | None = None
    types: tuple[str, ...] = ()
    name_characters: int | None = None


@dataclass(frozen=True)
class PortalProfile:
    """What all ways of delivering share.

    Attributes:
        executor: The way, a name of warehouse/domain/executor.py.
        hosts: The only hosts that are gone to, and that credentials are for.
        basis: None for a way in which a person acts.
        settle_seconds: How long what was sent may take until it is seen at the other side.
        patience_seconds: How long a person is not asked although nobody can tell whether it arrived.
        attempts: How often it is sent at most, each time after it is certain that nothing arrived.
        credentials: Names in the vault.
        section: What the way itself needs, as the file says it.
        sections: What each way is told, by its name: one way may look up with the section of another.
        assets_from: Hosts of which only pictures, styles and scripts are taken.
    """

    name: str
    title: str
    executor: str
    hosts: tuple[str, ...]
    basis: Basis | None
    settle_seconds: float
    patience_seconds: float
    attempts: int
    credentials: tuple[str, ...] = ()
    documentation: str = ""
    section: Mapping[str, Any] = field(default_factory=dict)
    sections: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    assets_from: tuple[str, ...] = ()


class ReadsProfiles(Protocol):
    """What an executor may offer beside acting: saying what is wrong with its part of a profile."""

    def faults_of_profile(self, profile: PortalProfile) -> Faults:
        """Return what is wrong, by key from the top of the file: ("email.smtp.port", "is a number"); lists count from 1."""


def parse_profile(text: str) -> PortalProfile:
    """Read the text of a profile that was checked when it was uploaded.

    Raises:
        BadInput: what all ways share is not as it must be; the way's own part is not looked at.
    """
    profile, faults = read_profile(text)
    if profile is None:
        said = faults[0]
        raise BadInput(f"the portal profile cannot be read: {said}.", todo="`procura portal check FILE` says where.")
    return profile


def read_profile(text: str) -> tuple[PortalProfile | None, list[Fault]]:
    """Read what all ways share; the profile is None where any of that is wrong."""
    read = read_toml(text)
    if isinstance(read, Fault):
        return None, [read]
    found: Faults = []
    profile = _profile(Keys(read.data, (), found))
    faults = [read.fault(key, words) for key, words in found]
    return (None if faults else profile), faults


def _profile(keys: Keys) -> PortalProfile:
    if keys.raw("format") != FORMAT:
        keys.fault("format" if "format" in keys else "", f"the first line says format = {FORMAT}")
    name = keys.text("name", longest=60, is_required=True)
    if name and not NAME.fullmatch(name):
        keys.fault("name", "is 2 to 60 small letters, digits and hyphens")
    executor = keys.choice("executor", sorted(EXECUTORS))
    if not executor and "executor" not in keys:
        keys.fault("", f"executor is missing: one of {', '.join(sorted(EXECUTORS))}")
    timing = keys.table("timing") or Keys({}, (), keys.faults)
    profile = PortalProfile(
        name,
        keys.text("title", longest=120, is_required=True),
        executor,
        _hosts(keys, executor),
        _basis(keys),
        timing.number("settle_seconds", 60, low=0.1, high=86_400),
        timing.number("patience_seconds", 86_400, low=0, high=LONGEST_PATIENCE),
        int(timing.number("attempts", 3, low=1, high=10)),
        _credentials(keys),
        keys.text("documentation", longest=1_000),
        limits=_limits(keys.table("limits")),
        assets_from=_assets(keys),
        sections=_sections(keys),
    )
    timing.done()
    keys.done()
    return _with_section(keys, profile)


def _hosts(keys: Keys, executor: str) -> tuple[str, ...]:
    hosts = keys.texts("hosts", most=20)
    for host in hosts:
        fault = host_fault(host) or (forbidden(host) if executor in BY_MACHINE else "")
        if fault:
            keys.fault("hosts", fault)
    if not hosts and executor and executor not in WITHOUT_HOSTS:
        keys.fault(
            "hosts" if "hosts" in keys else "", 'hosts names each host of the portal: hosts = ["portal.agency.gov"]'
        )
    return hosts


def _assets(keys: Keys) -> tuple[str, ...]:
    hosts = keys.texts("assets_from", most=20)
    for host in hosts:
        fault = host_fault(host)
        if fault:
            keys.fault("assets_from", fault)
    return hosts


def _basis(keys: Keys) -> Basis | None:
    table = keys.table("basis")
    if table is None:
        return None
    by, on = table.text("permitted_by", longest=300, is_required=True), table.day("on")
    text = table.text("text", longest=4_000, is_required=True, has_lines=True)
    if on is None and "on" not in table:
        table.fault("", "on is missing: the day since when it is permitted, on = 2026-01-31")
    table.done()
    return Basis(by, on, text) if by and on and text else None


def _limits(table: Keys | None) -> Limits:
    if table is None:
        return Limits()
    files = table.number("files", 0, low=1, high=10_000) if "files" in table else None
    characters = table.number("name_characters", 0, low=5, high=1_000) if "name_characters" in table else None
    limits = Limits(
        table.size("file_bytes"),
        table.size("total_bytes"),
        int(files) if files else None,
        tuple(kind.lower().lstrip(".") for kind in table.texts("types", longest=20)),
        int(characters) if characters else None,
    )
    table.done()
    return limits


def _credentials(keys: Keys) -> tuple[str, ...]:
    names = keys.texts("credentials", most=20)
    for name in names:
        if not CREDENTIAL.fullmatch(name):
            keys.fault("credentials", f"{name!r} is no name: small letters, digits and _, for example user, password")
    return names


def _sections(keys: Keys) -> dict[str, Mapping[str, Any]]:
    found = {name: keys.raw(name) for name in sorted(EXECUTORS) if name in keys}
    for name, section in found.items():
        if not isinstance(section, dict):
            keys.fault(name, f"is a table: [{name}]")
    return {name: section for name, section in found.items() if isinstance(section, dict)}


def _with_section(keys: Keys, profile: PortalProfile) -> PortalProfile:
    """Give the profile its way's own section; a section of another way needs a reason that only that way knows."""
    section = profile.sections.get(profile.executor)
    if section is None and profile.executor and profile.executor not in WITHOUT_HOSTS:
        others = near(profile.executor, list(profile.sections)) if profile.sections else ""
        keys.fault("", f"the table [{profile.executor}] is missing{others}")
    return PortalProfile(**{**vars(profile), "section": section or {}})
