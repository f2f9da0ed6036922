"""The largest log that a verification accepted: kept beside the database, so that a smaller or another one is refused."""

import json
from dataclasses import dataclass
from pathlib import Path

from warehouse.audit.merkle import Frontier
from warehouse.audit.private_file import write_private
from warehouse.audit.records import Link
from warehouse.settings import Settings


@dataclass(frozen=True)
class Accepted:
    """Where the last accepted verification ended."""

    origin: str
    link: Link
    frontier: Frontier
    checkpoint: int
    """Size of the last checkpoint that was seen to hold."""
    at: str


def read_accepted(settings: Settings, origin: str) -> Accepted | None:
    """Return what was accepted last for this log; None where nothing readable is there."""
    try:
        told = json.loads(_path(settings).read_text(encoding="utf-8"))
        if told["origin"] != origin:
            return None
        link = Link(int(told["size"]), bytes.fromhex(told["signature"]), str(told["last_at"]))
        frontier = Frontier(link.seq, [bytes.fromhex(node) for node in told["frontier"]])
        return Accepted(origin, link, frontier, int(told["checkpoint"]), str(told["at"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_accepted(settings: Settings, accepted: Accepted) -> None:
    """Remember what was accepted; a smaller one than is remembered is not."""
    known = read_accepted(settings, accepted.origin)
    if known is not None and known.link.seq > accepted.link.seq:
        return
    told = {
        "origin": accepted.origin, "size": accepted.link.seq, "root": accepted.frontier.root().hex(),
        "signature": accepted.link.signature.hex(), "last_at": accepted.link.at, "checkpoint": accepted.checkpoint,
        "frontier": [node.hex() for node in accepted.frontier.nodes], "at": accepted.at,
    }  # fmt: skip
    write_private(_path(settings), json.dumps(told))


def _path(settings: Settings) -> Path:
    return settings.resolved_home / "audit" / "accepted.json"
