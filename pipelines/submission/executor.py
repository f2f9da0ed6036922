"""What a way of delivering must do, what it is given, and how the ways are found. One new way is one new file.

An executor never touches the ledger: what it does, sees and may still do goes through its `Desk`. Not here: when it acts and
what becomes of its answer (submit.py), how one way acts (executors/).
"""

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Protocol

from pipelines.submission import executors
from pipelines.submission.portals.profile import PortalProfile
from warehouse.domain.delivery import Answer, EvidenceKind, Finding


@dataclass(frozen=True)
class ParcelFile:
    """One file of a package, staged under its name in the package and read again: the bytes are those that were signed."""

    path: Path
    name: str
    sha256: str
    size: int
    media_type: str
    volume: str


@dataclass(frozen=True)
class Parcel:
    """What goes out, as its manifest says it; instants are UTC.

    Attributes:
        reference: Our own; it goes with the offer wherever the other side has a place for it.
        fields: What the way must be told, by the names of warehouse/domain/executor.py.
        limits: What the solicitation states: total_bytes, pages, volumes and the like.
        profile: The portal's, of the version that the run was opened with; None where the way needs none.
        acted_at: When the last act of an earlier attempt was begun; None on the first.
    """

    run_id: str
    submission_id: str
    reference: str
    title: str
    solicitation_number: str
    agency: str
    deadline: datetime | None
    manifest_hash: str
    fields: Mapping[str, str]
    limits: Mapping[str, object]
    files: Sequence[ParcelFile]
    profile: PortalProfile | None
    folder: Path
    is_dry_run: bool = False
    acted_at: datetime | None = None


@dataclass(frozen=True)
class Secret:
    """A credential of the vault, in clear text; it is never shown."""

    text: str = field(repr=False)


class Opens(Protocol):
    """Opens a credential of a profile, as `Desk.secret` does."""

    def __call__(self, name: str, *, host: str) -> Secret:
        """Return it; raises NotFound, NotPermitted or VaultRefused."""


class Desk(Protocol):
    """What an executor may do beside its own business; every call asks first whether the run is still this worker's.

    All of it may raise Fenced: another worker holds the run; the executor lets it pass and does nothing more.
    """

    def step(self, words: str, *, is_fault: bool = False) -> None:
        """Tell what is being done, for the page that shows it live."""

    def keep(self, kind: EvidenceKind, name: str, data: bytes, *, media_type: str) -> int:
        """Keep what was seen, in the object store under its SHA-256; return its position, which a receipt names."""

    def secret(self, name: str, *, host: str) -> Secret:
        """Return a credential of the profile.

        Raises:
            NotFound: the vault holds none of this name.
            NotPermitted: the host is none of the profile's.
        """

    def begin_act(self) -> None:
        """Say that the next call is the last act, after which the offer may have arrived. Called once, right before it.

        Raises:
            MayNotAct: the approval, the package, the deadline or the lease no longer stands: nothing may go out.
            DryRun: this is one: the executor stops here.
        """


class MayNotAct(Exception):
    """The last act may not begin; the text says why."""


class DryRun(Exception):
    """The last act is reached, and this run ends before it."""


class Fenced(Exception):
    """Another worker holds the run, or its lease ran out: this one does nothing more."""


class Executor(Protocol):
    """A way to deliver; a file of executors/ offers one as `EXECUTOR`.

    Whatever goes wrong is an answer, not an error. An error that escapes counts as unknown once the last act was begun, and as
    not delivered before.
    """

    name: str
    """As warehouse/domain/executor.py names it."""

    def faults(self, parcel: Parcel) -> list[str]:
        """Say what stands against delivering this, before anything is done; empty when nothing does. Asks nobody."""

    def act(self, parcel: Parcel, desk: Desk) -> Answer:
        """Deliver, up to the last act in a dry run (`desk.begin_act` raises DryRun there)."""

    def look_up(self, parcel: Parcel, desk: Desk) -> Finding:
        """Look for our reference at the other side; changes nothing there."""


@cache
def find_executors() -> Mapping[str, Executor]:
    """Return every way that has a file in executors/, by its name."""
    modules = (
        importlib.import_module(f"{executors.__name__}.{found.name}")
        for found in pkgutil.iter_modules(executors.__path__)
    )
    found = [module.EXECUTOR for module in modules if hasattr(module, "EXECUTOR")]
    return {one.name: one for one in found}
