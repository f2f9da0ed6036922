"""A package as an executor gets it: its files under their package names in a folder, every byte read again and compared.

What cannot be read, or is not what was signed, stops the delivery before anything is done. Not here: verifying a package in
its place (package_bytes.py).
"""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from pipelines.submission.executor import Parcel, ParcelFile
from pipelines.submission.portals.profile import PortalProfile
from warehouse.domain.delivery import reference_of
from warehouse.domain.package import read_limits
from warehouse.errors import NotFound, WrongState
from warehouse.ledger.deliveries import Delivery
from warehouse.ledger.package_manifests import Manifest
from warehouse.ledger.store import Ledger
from warehouse.ledger.submission_files import read_file
from warehouse.ledger.submissions import Submission
from warehouse.object_store import PIECE_BYTES, ObjectStore, open_object_store
from warehouse.settings import Settings


@contextmanager
def staged(
    ledger: Ledger, settings: Settings, run: Delivery, submission: Submission, manifest: Manifest, *,
    profile: PortalProfile | None, with_bytes: bool = True,
) -> Iterator[Parcel]:  # fmt: skip
    """Give a package as a parcel for the time of the `with`; the folder is for the owner only and goes with it.

    Args:
        with_bytes: False for looking only: the files are named and not there.

    Raises:
        WrongState: the bytes of a file are gone or not those that were signed; the sentence names it.
        StoreUnavailable: the object store does not answer: nothing is said about its files.
        OSError: there is no room to stage them.
    """
    if sha256(manifest.encoded).hexdigest() != manifest.hash or manifest.hash != run.manifest_hash:
        raise WrongState("The manifest is not what was signed.", kept="nothing was sent.")
    settings.temporary.mkdir(mode=0o700, parents=True, exist_ok=True)
    # A name of its own each time: a worker that comes late must not write into the folder of the next one.
    folder = Path(tempfile.mkdtemp(prefix=f"delivery-{run.id}-{run.fence}-", dir=settings.temporary))
    try:
        files = _files_of(manifest, folder)
        if with_bytes:
            _stage(ledger, open_object_store(settings), manifest, files)
        parcel = _parcel(submission, manifest, profile=profile, files=files, folder=folder)
        yield replace(parcel, run_id=run.id, is_dry_run=run.is_dry_run, acted_at=run.acted_at)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def foreseen(submission: Submission, manifest: Manifest, profile: PortalProfile | None) -> Parcel:
    """Return the parcel as it would be staged, without bytes and without a run: for asking what stands against it.

    Raises:
        WrongState: a file of the package has no name that can be used.
    """
    nowhere = Path("not staged")
    return _parcel(submission, manifest, profile=profile, files=_files_of(manifest, nowhere), folder=nowhere)


def sweep(settings: Settings, run: Delivery) -> None:
    """Remove what killed workers of a run left behind; called by who holds it under a newer number."""
    for left in settings.temporary.glob(f"delivery-{run.id}-*"):
        fence = left.name.removeprefix(f"delivery-{run.id}-").partition("-")[0]
        if fence.isdigit() and int(fence) < run.fence:
            shutil.rmtree(left, ignore_errors=True)


def _files_of(manifest: Manifest, folder: Path) -> list[ParcelFile]:
    return [_file_of(entry, folder) for entry in manifest.body["files"]]


def _file_of(entry: Mapping[str, Any], folder: Path) -> ParcelFile:
    name = str(entry["name"])
    if "/" in name or "\\" in name or name in {"", ".", ".."} or "\x00" in name:
        raise WrongState(f"{name!r} is no name of a file.", kept="nothing was sent.")
    # A folder each: names may differ only in case, which some disks take for the same.
    place = folder / f"{int(entry['position']):03d}"
    return ParcelFile(
        place / name, name, str(entry["sha256"]), int(entry["size"]), str(entry["media_type"]), str(entry["volume"])
    )  # fmt: skip


def _stage(ledger: Ledger, store: ObjectStore, manifest: Manifest, files: list[ParcelFile]) -> None:
    with ledger.read() as tx:
        rows = [read_file(tx, str(entry["file_id"])) for entry in manifest.body["files"]]
    for file, row in zip(files, rows, strict=True):
        if row is None:
            raise WrongState(f"{file.name}: the ledger has no such file any more.", kept="nothing was sent.")
        try:
            size, digest = _copied(store, row.storage_path, file.path)
        except NotFound:
            raise WrongState(f"{file.name}: its bytes are gone.", kept="nothing was sent.") from None
        if (size, digest) != (file.size, file.sha256):
            raise WrongState(
                f"{file.name}: {size:,} bytes with SHA-256 {digest[:12]}… lie where {file.size:,} with"
                f" {file.sha256[:12]}… were signed.",
                kept="nothing was sent.",
            )  # fmt: skip


def _copied(store: ObjectStore, path: str, target: Path) -> tuple[int, str]:
    digest, size = sha256(), 0
    target.parent.mkdir(mode=0o700)
    with store.open(path) as stream, target.open("xb") as copy:
        while piece := stream.read(PIECE_BYTES):
            digest.update(piece)
            size += len(piece)
            copy.write(piece)
    target.chmod(0o400)
    return size, digest.hexdigest()


def _parcel(
    submission: Submission, manifest: Manifest, *, profile: PortalProfile | None, files: list[ParcelFile], folder: Path
) -> Parcel:
    stated = read_limits(limits if isinstance(limits := submission.delivery.get("limits"), Mapping) else {})
    return Parcel(
        run_id="",
        submission_id=submission.id,
        reference=reference_of(manifest.id),
        title=submission.title,
        solicitation_number=str(manifest.body["solicitation_number"] or ""),
        agency=submission.agency or "",
        deadline=submission.due_date,
        manifest_hash=manifest.hash,
        fields={name: str(text) for name, text in manifest.body["fields"].items()},
        limits={name: held for name, held in vars(stated).items() if held and name != "sources"},
        files=tuple(files),
        profile=profile,
        folder=folder,
    )
