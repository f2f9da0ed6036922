"""Files of offers, as `procura doctor` looks at them: rows and bytes belong together, and nothing half-written lies about.

Also what a purge calls: bytes go only while no row names them. Not here: scans that were cut off
(pipelines/submission/file_scans.py).
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from pipelines.administration.operations import Finding
from warehouse.ledger import submission_files
from warehouse.ledger.store import Ledger
from warehouse.object_store import ObjectStore, is_path, is_whole

GRACE = timedelta(hours=1)
"""Bytes come before their row: what is younger may belong to an upload that is under way."""
MOST_NAMED = 20
SAMPLE_BYTES = 256 * 1024**2
"""A doctor who reads gigabytes is not asked twice; `--all-files` reads everything."""
RESTORE = (
    "restore the files from your newest backup that has them, then ask again; what no backup has must be uploaded anew."
)


def examine_files(ledger: Ledger, store: ObjectStore, *, at: datetime, reads_all: bool = False) -> Iterator[Finding]:
    """Yield what is wrong between rows and bytes.

    Args:
        reads_all: Read every file again; else the smallest, up to 256 MB in all.
    """
    # Objects first: bytes whose row is written meanwhile are then known by their row.
    found = list(store.walk())
    sizes = {one.path: one.size for one in found}
    with ledger.read() as tx:
        named = submission_files.named_paths(tx)
    yield _lost(named, sizes, store.where)
    stray = [one.path for one in found if one.path not in named and one.modified_at < at - GRACE]
    what = (
        f"{len(stray)} files in {store.where} belong to no row: uploads that broke off" if stray else "no stray files"
    )
    yield Finding("stray files", not stray, what, "remove them.", lambda: _mend_stray(ledger, store, stray))
    drafts = list(store.drafts(before=at - GRACE))
    what = f"{len(drafts)} half-written files of killed uploads" if drafts else "no half-written files of offers"
    yield Finding("drafts", not drafts, what, "remove them.", lambda: _run(remove for _, remove in drafts))
    yield _damaged(store, named, sizes, reads_all=reads_all)


def remove_unnamed(ledger: Ledger, store: ObjectStore, paths: Iterable[str]) -> int:
    """Remove bytes that no row names and return how many; an upload of the same bytes waits, and is then refused or kept."""
    count = 0
    for path in paths:
        with ledger.housekeeping() as tx:
            submission_files.hold_bytes(tx, path)
            if is_path(path) and not submission_files.is_named(tx, path):
                store.delete(path)
                count += 1
    return count


def _lost(named: dict[str, str], sizes: dict[str, int], where: str) -> Finding:
    """Rows whose bytes are gone: nothing can be mended here, a person must know which."""
    lost = sorted(words for path, words in named.items() if path not in sizes)
    if not lost:
        return Finding("files", True, f"{len(named)} files of offers, all of them in {where}")
    more = f" and {len(lost) - MOST_NAMED} more" if len(lost) > MOST_NAMED else ""
    what = f"the bytes of {len(lost)} of {len(named)} files are not in {where}: {'; '.join(lost[:MOST_NAMED])}{more}"
    return Finding("files", False, what, RESTORE)


def _damaged(store: ObjectStore, named: dict[str, str], sizes: dict[str, int], *, reads_all: bool) -> Finding:
    """Read files again and compare them with the hash that is their name."""
    wanted = sorted((size, path) for path, size in sizes.items() if path in named)
    left, read, damaged = SAMPLE_BYTES, 0, []
    for size, path in wanted:
        if not reads_all and size > left:
            break
        left, read = left - size, read + 1
        if not is_whole(store, path):
            damaged.append(named[path])
    if damaged:
        return Finding("bytes of files", False, f"damaged: {'; '.join(damaged[:MOST_NAMED])}", RESTORE)
    return Finding("bytes of files", True, f"{read} of {len(wanted)} files read again and whole")


def _mend_stray(ledger: Ledger, store: ObjectStore, stray: Iterable[str]) -> None:
    remove_unnamed(ledger, store, stray)


def _run(removals: Iterable[Callable[[], None]]) -> None:
    for remove in removals:
        remove()
