"""Whether the bytes that a package names still lie where they should, read again from the object store.

Not here: a whole package (package.py), what becomes of one that does not verify (approvals.py).
"""

from collections.abc import Mapping
from contextlib import closing
from hashlib import sha256
from typing import Any

from warehouse.errors import NotFound
from warehouse.ledger.submission_files import FileRow
from warehouse.object_store import PIECE_BYTES, ObjectStore


def fault_of_bytes(store: ObjectStore, entry: Mapping[str, Any], row: FileRow | None) -> str:
    """Say what is wrong with one file of a manifest; "" when its bytes are those that were signed."""
    if row is None:
        return f"{entry['name']}: the ledger has no such file any more."
    try:
        size, digest = _read(store, row.storage_path)
    except NotFound:
        return f"{entry['name']}: its bytes are gone."
    if (size, digest) != (entry["size"], entry["sha256"]):
        return f"{entry['name']}: {size} bytes with SHA-256 {digest[:12]}… lie where {entry['size']} with {entry['sha256'][:12]}… were."
    return ""


def _read(store: ObjectStore, path: str) -> tuple[int, str]:
    digest, size = sha256(), 0
    with closing(store.open(path)) as stream:
        while piece := stream.read(PIECE_BYTES):
            digest.update(piece)
            size += len(piece)
    return size, digest.hexdigest()
