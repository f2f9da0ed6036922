"""Profiles, parcels and desks of tests that follow recipes; and whether there is a browser to follow them with."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from pipelines.submission.browser.home import find_browser, launch
from pipelines.submission.browser.page_pictures import Pictures
from pipelines.submission.browser.page_typing import Typing
from pipelines.submission.browser.page_view import PageView
from pipelines.submission.browser.page_window import Window
from pipelines.submission.browser.recipe import Recipe
from pipelines.submission.browser.recipe_reading import read_recipe
from pipelines.submission.browser.recipe_steps import Follower
from pipelines.submission.executor import DryRun, MayNotAct, Parcel, ParcelFile, Secret
from pipelines.submission.portals.profile import PortalProfile, parse_profile
from pipelines.submission.portals.rehearsal import Kept
from warehouse import clock
from warehouse.domain.delivery import EvidenceKind
from warehouse.errors import NotPermitted

REFERENCE = "PRC-TEST-0001"
HEAD = """
format = 1
name = "pages"
title = "Pages"
executor = "browser"
hosts = ["{host}"]
credentials = ["user", "password"]
[basis]
permitted_by = "their owner"
on = 2026-01-02
text = "yes"
[timing]
settle_seconds = 1
[browser]
start = "{address}/"
step_seconds = 30
outcome_seconds = 30
"""
SECRETS = {"user": "bidder.one", "password": "blue glass 47 lamps"}


@dataclass
class Told:
    """A desk that only keeps: what was told, what was kept, whether the last act was begun."""

    secrets: Mapping[str, str] = field(default_factory=lambda: SECRETS)
    hosts: tuple[str, ...] = ()
    is_dry: bool = False
    against: str = ""
    steps: list[str] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    begun: int = 0

    def step(self, words: str, *, is_fault: bool = False) -> None:
        self.steps.append(words)

    def keep(self, kind: EvidenceKind, name: str, data: bytes, *, media_type: str) -> int:
        self.kept.append(Kept(kind, name, data, media_type))
        return len(self.kept)

    def secret(self, name: str, *, host: str) -> Secret:
        if self.hosts and host not in self.hosts:
            raise NotPermitted(f"{host} is no host of the profile.")
        return Secret(self.secrets[name])

    def begin_act(self) -> None:
        if self.is_dry:
            raise DryRun("here it ends")
        if self.against:
            raise MayNotAct(self.against)
        self.begun += 1

    def texts(self) -> str:
        """Everything that was kept as text."""
        return "\n".join(one.data.decode() for one in self.kept if one.kind is not EvidenceKind.SCREENSHOT)


def profile_of(address: str, recipe: str = "", *, head: str = HEAD) -> PortalProfile:
    """A profile of a server on this machine, with this for its [browser]."""
    return parse_profile(head.replace("{host}", address.removeprefix("http://")).replace("{address}", address) + recipe)


def recipe_of(profile: PortalProfile) -> Recipe:
    """The recipe of a profile, which must be sound."""
    recipe, faults = read_recipe(profile)
    assert recipe is not None, faults
    return recipe


@contextmanager
def parcel_in(
    folder: Path, profile: PortalProfile | None = None, *, entries: str = "", **files: bytes
) -> Iterator[Parcel]:
    """A parcel with files, in their package's order; `a__pdf=b"…"` is a.pdf."""
    staged = []
    for number, (name, data) in enumerate(files.items()):
        path = folder / f"{number:03d}" / name.replace("__", ".")
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
        staged.append(ParcelFile(path, path.name, sha256(data).hexdigest(), len(data), "application/pdf", ""))
    yield Parcel(
        "run", "offer", REFERENCE, "Pumps for the east bank", "N00014-26-R-0001", "Navy", clock.now() + timedelta(days=3),
        "ab" * 32, {"entries": entries}, {}, tuple(staged), profile, folder,
    )  # fmt: skip


@dataclass
class Opened:
    """A window with everything that works on it."""

    window: Window
    view: PageView
    typing: Typing
    pictures: Pictures
    desk: Told


@contextmanager
def started_browser() -> Iterator[Browser]:
    """Start a browser as deliveries do, in this very thread; for a whole module, since that takes a second."""
    executable = find_browser()
    if executable is None:
        pytest.skip("this machine has no browser")
    with sync_playwright() as playwright:
        browser = launch(playwright, executable)
        yield browser
        browser.close()


@contextmanager
def opened(
    browser: Browser, hosts: tuple[str, ...], *, assets_from: tuple[str, ...] = (), messages: tuple[str, ...] = ()
) -> Iterator[Opened]:
    """Open a guarded window."""
    desk = Told()
    with Window(browser, hosts, assets_from, desk.step, seconds=30) as window:
        view = PageView(window, messages=messages, sights=())
        typing = Typing(window, view, desk)
        yield Opened(window, view, typing, Pictures(window, view, typing, desk), desk)


def follower_on(on: Opened, recipe: Recipe, parcel: Parcel) -> Follower:
    """Return a follower of a recipe on an open window; it takes pictures only where something ends."""
    few = replace(recipe, pictures="few")
    return Follower(on.window, on.view, on.typing, on.pictures, few, parcel, on.desk, clock.now())
