"""The inbox: files that people drop into a folder a source. They are read in the order of their names, never moved or changed.

Not here: what becomes of them (discover.py).
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipelines.discovery.connector import Connector
from pipelines.discovery.shapes import Shape, Skip
from warehouse.errors import BadInput
from warehouse.landing import open_plain


@dataclass(frozen=True)
class Offered:
    """A file of an inbox: its name below the inbox, and its shape or why it is skipped."""

    path: Path
    name: str
    shape: Shape | Skip


def offered_files(inbox: Path, connector: Connector, since: datetime | None = None) -> Iterator[Offered]:
    """Yield the files below `<inbox>/<source>/`, sorted; hidden ones (of editors and file managers) are passed over.

    Args:
        inbox: The folder of all sources.
        connector: Of this source.
        since: Files last changed before it are offered as skipped, unread.
    """
    folder = inbox / connector.name
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(inbox)
        if path.is_file() and not any(part.startswith(".") for part in name.parts):
            yield Offered(path, str(name), _age(path, since) or _shape(path, connector))


def strangers(inbox: Path, sources: Collection[str]) -> list[dict[str, str]]:
    """Name what lies in an inbox beside the folders of sources, as skipped."""
    if not inbox.is_dir():
        return []
    wanted = ", ".join(f"{source}/" for source in sorted(sources))
    skipped = []
    for path in sorted(inbox.iterdir()):
        if path.name.startswith(".") or (path.is_dir() and path.name in sources):
            continue
        what = "folder" if path.is_dir() else "file"
        name = f"{path.name}/" if path.is_dir() else path.name
        skipped.append({"name": name, "reason": f"this {what} is of no known source; expected are {wanted}"})
    return skipped


def check_inbox(inbox: Path) -> None:
    """Refuse an inbox that somebody named and that is no folder.

    Raises:
        BadInput: there is no such folder, or it may not be read.
    """
    try:
        next(inbox.iterdir(), None)
    except OSError as error:
        raise BadInput(
            f"the inbox {inbox} cannot be read ({error.strerror}).",
            kept="nothing was changed.",
            todo="name a folder that holds one folder a source, such as sam_gov/.",
        ) from error


def _age(path: Path, since: datetime | None) -> Skip | None:
    changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    if since is None or changed >= since:
        return None
    return Skip(f"it was last changed on {changed:%Y-%m-%d}, before the day asked for ({since:%Y-%m-%d})")


def _shape(path: Path, connector: Connector) -> Shape | Skip:
    try:
        with path.open("rb") as stored:
            return connector.detect(open_plain(stored))
    except OSError as error:
        return Skip(f"it cannot be read ({error.strerror or error})")
