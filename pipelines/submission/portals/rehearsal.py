"""A rehearsal: a profile is followed up to its last button, without pressing it; what was seen is kept by whoever asked.

Not here: the rows of rehearsals (profiles.py), how a recipe is followed (browser/recipe_run.py).
"""

import io
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from pipelines.submission.browser.home import close_browser
from pipelines.submission.browser.recipe_reading import read_recipe
from pipelines.submission.browser.recipe_words import names_of
from pipelines.submission.executor import DryRun, Executor, Parcel, ParcelFile, Secret, find_executors
from pipelines.submission.portals.credentials import open_secret
from pipelines.submission.portals.profile import PortalProfile
from warehouse.domain.delivery import Accepted, Answer, EvidenceKind, reference_of
from warehouse.domain.executor import entries
from warehouse.errors import BadInput, ProcuraError
from warehouse.ledger.store import Ledger
from warehouse.object_store import ObjectStore
from warehouse.redaction import redact_text

Secrets = Callable[[str, str], Secret]
"""Opens a credential by its name, for a host."""


@dataclass(frozen=True)
class Kept:
    """One thing that a rehearsal saw."""

    kind: EvidenceKind
    name: str
    data: bytes = field(repr=False)
    media_type: str


@dataclass(frozen=True)
class Rehearsed:
    """What a rehearsal came to.

    Attributes:
        reached_end: Whether the last button was found, with everything before it done.
        words: Where it ended, for a person.
        steps: What was done, and whether it is a fault.
    """

    reached_end: bool
    seconds: float
    words: str
    steps: tuple[tuple[str, bool], ...]
    kept: tuple[Kept, ...]


@dataclass
class RehearsalDesk:
    """The desk of a rehearsal: nothing goes to the ledger, and the last act never begins."""

    secrets: Secrets
    tell: Callable[[str], None] = lambda words: None
    steps: list[tuple[str, bool]] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)

    def step(self, words: str, *, is_fault: bool = False) -> None:
        """Tell what is being done."""
        self.steps.append((words, is_fault))
        self.tell(words)

    def keep(self, kind: EvidenceKind, name: str, data: bytes, *, media_type: str) -> int:
        """Keep what was seen, in memory."""
        self.kept.append(Kept(kind, name, data, media_type))
        return len(self.kept)

    def secret(self, name: str, *, host: str) -> Secret:
        """Return a credential of the profile."""
        return self.secrets(name, host)

    def begin_act(self) -> None:
        """End here.

        Raises:
            DryRun: always.
        """
        raise DryRun("the last act is reached, and this is a rehearsal")


def ledger_secrets(ledger: Ledger, profile: PortalProfile) -> Secrets:
    """Return what opens a profile's credentials out of the vault."""
    return lambda name, host: open_secret(ledger, profile, name, host=host)


def rehearse(
    profile: PortalProfile, parcel: Parcel, desk: RehearsalDesk, *, executor: Executor | None = None
) -> Rehearsed:
    """Follow a profile up to its last act; whatever happens is told, not raised."""
    begin = time.monotonic()
    way = executor or find_executors().get(profile.executor)
    try:
        if way is None:
            raise BadInput(f"the product knows no way {profile.executor}.")
        against = way.faults(parcel)
        reached, words = False, " ".join(against) if against else _ended(way.act(parcel, desk))
    except DryRun:
        reached, words = True, "The last act was reached and not done."
    except ProcuraError as error:
        reached, words = False, f"{error.what} {error.todo}".strip()
    except Exception as error:  # noqa: BLE001 - the outermost edge of a rehearsal: a browser that broke is what it came to
        reached, words = False, f"The browser broke off: {redact_text(str(error).strip().partition(chr(10))[0][:300])}"
        desk.step(words, is_fault=True)
    finally:
        close_browser()  # a page or a command rehearses once; a worker keeps its browser
    return Rehearsed(reached, time.monotonic() - begin, words, tuple(desk.steps), tuple(desk.kept))


def _ended(answer: Answer) -> str:
    """Say how it came that the last act was not even reached."""
    return f"Our reference is there already: {answer.receipt.number}." if isinstance(answer, Accepted) else answer.words


@contextmanager
def sample_parcel(
    profile: PortalProfile, *, files: Sequence[tuple[str, bytes]] = (), fields: str = "", at: datetime, scratch: Path
) -> Iterator[Parcel]:
    """Give a parcel that no offer stands behind, for the time of the `with`.

    Args:
        files: Name and bytes of each; without any, samples of types that the portal takes.
        fields: Lines "Label: value"; what a recipe asks for beside gets a sample.

    Raises:
        BadInput: the portal takes none of the types of which there are samples, or two files have one name.
    """
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    given = list(files) or _samples(profile)
    if len({name for name, _ in given}) < len(given):
        raise BadInput("Two of the files have the same name.", todo="rename one.")
    with tempfile.TemporaryDirectory(prefix="rehearsal-", dir=scratch) as folder:
        staged = [_staged(Path(folder), number, name, data) for number, (name, data) in enumerate(given)]
        tag = reference_of(sha256(f"{profile.name} {at.isoformat()}".encode()).hexdigest())
        yield Parcel(
            "rehearsal", "rehearsal", tag, f"Rehearsal {tag}", "REHEARSAL-1", "Rehearsal", at + timedelta(days=10),
            sha256(tag.encode()).hexdigest(), {"portal_profile": profile.name, "entries": _lines(profile, fields)}, {},
            tuple(staged), profile, Path(folder), is_dry_run=True,
        )  # fmt: skip


def stored(store: ObjectStore, kept: Sequence[Kept], *, limit: int) -> list[Mapping[str, Any]]:
    """Put what was kept into the object store, and return it as the rows of rehearsals hold it."""
    rows: list[Mapping[str, Any]] = []
    for one in kept:
        put = store.put(io.BytesIO(one.data or b"\n"), limit=limit)
        rows.append({
            "name": one.name, "kind": one.kind.value, "media_type": one.media_type, "sha256": put.sha256,
            "storage_path": put.path, "size": put.size,
        })  # fmt: skip
    return rows


def _staged(folder: Path, number: int, name: str, data: bytes) -> ParcelFile:
    if "/" in name or "\\" in name or name in {"", ".", ".."}:
        raise BadInput(f"{name!r} is no name of a file.")
    path = folder / f"{number:03d}" / name
    path.parent.mkdir()
    path.write_bytes(data)
    return ParcelFile(path, name, sha256(data).hexdigest(), len(data), "application/octet-stream", "")


def _lines(profile: PortalProfile, fields: str) -> str:
    """Return the lines that were given, and a sample for each further one that the recipe asks for."""
    recipe, _ = read_recipe(profile) if profile.executor == "browser" else (None, [])
    has = {label.casefold() for label, _ in entries(fields)}
    wanted = {
        name.word: f"{name.word}: Rehearsal"
        for text in (recipe.texts() if recipe else ())
        for name in names_of(text)
        if name.family == "field" and not name.is_optional and name.word.casefold() not in has
    }
    return "\n".join([fields, *wanted.values()]).strip()


def _samples(profile: PortalProfile) -> list[tuple[str, bytes]]:
    types = profile.limits.types
    makers: Mapping[str, Callable[[], bytes]] = {
        "pdf": _sample_pdf,
        "txt": lambda: b"A rehearsal: nothing of this is an offer.\n",
    }
    known = [ending for ending in (types or ("pdf", "txt")) if ending in makers]
    if not known:
        raise BadInput(
            f"{profile.title} takes {', '.join(types)}, of which there is no sample.", todo="give files of your own."
        )
    wanted = known[:2] if profile.limits.files != 1 else known[:1]
    return [(f"Rehearsal {number}.{ending}", makers[ending]()) for number, ending in enumerate(wanted, 1)]


def _sample_pdf() -> bytes:
    from pypdf import PdfWriter

    writer, target = PdfWriter(), io.BytesIO()
    writer.add_blank_page(612, 792)
    writer.write(target)
    return target.getvalue()
