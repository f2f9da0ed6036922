"""A few records of the log, each with the proof that it is in it: what an outsider gets who must not see the rest.

The hashes of all leaves lie beside the checkpoints; the tree over them is built once, then each proof takes some twenty
hashes. Not here: the whole log (export.py), what the tree is (merkle.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from warehouse.audit.checkpoint import Checkpoint, checkpoints_after
from warehouse.audit.merkle import HASH_BYTES, Frontier, levels, split_at
from warehouse.audit.records import COLUMNS, Row

Built = Sequence[Sequence[bytes]]


@dataclass(frozen=True)
class ProvenRecord:
    """One record as its columns, and the way from its leaf to the root of the newest checkpoint, lowest hash first.

    Attributes:
        covered_by: The size of the checkpoint that was the first to cover it.
    """

    row: Row
    covered_by: int
    proof: tuple[bytes, ...]


@dataclass(frozen=True)
class ProvenCheckpoint:
    """A checkpoint, and the way that shows that its log is the beginning of the newest one's."""

    size: int
    note: str
    proof: tuple[bytes, ...]


@dataclass(frozen=True)
class Extract:
    """Records about one offer; the last checkpoint covers all of them, the others are those that first covered one."""

    records: tuple[ProvenRecord, ...]
    checkpoints: tuple[ProvenCheckpoint, ...]


def extract(connection: psycopg.Connection[Any], submission_ref: str, size: int) -> Extract:
    """Return the records about an offer among the first `size`, which a checkpoint must cover exactly."""
    checkpoints = [one for one in checkpoints_after(connection, 0) if one.size <= size]
    built = levels([leaf for one in checkpoints for leaf in _leaves(one)])
    rows = _rows_about(connection, submission_ref, size)
    records = tuple(
        ProvenRecord(row, _first_over(checkpoints, row[0]), tuple(inclusion_in(built, size, row[0] - 1)))
        for row in rows
    )
    named = {record.covered_by for record in records} | {size}
    proven = tuple(
        ProvenCheckpoint(one.size, one.note, tuple(consistency_in(built, one.size, size)))
        for one in checkpoints
        if one.size in named
    )
    return Extract(records, proven)


def inclusion_in(built: Built, size: int, index: int) -> list[bytes]:
    """Return what `merkle.inclusion_proof` returns, from the levels of a tree."""
    begin, end, steps = 0, size, []
    while end - begin > 1:
        middle = begin + split_at(end - begin)
        if index < middle:
            steps.append(_root(built, middle, end))
            end = middle
        else:
            steps.append(_root(built, begin, middle))
            begin = middle
    return steps[::-1]


def consistency_in(built: Built, old: int, size: int) -> list[bytes]:
    """Return what `merkle.consistency_proof` returns, from the levels of a tree."""
    if not 0 < old < size:
        return []
    begin, end, is_whole, steps = 0, size, True, list[bytes]()
    while old != end:
        middle = begin + split_at(end - begin)
        if old <= middle:
            steps.append(_root(built, middle, end))
            end = middle
        else:
            steps.append(_root(built, begin, middle))
            begin, is_whole = middle, False
    if not is_whole:
        steps.append(_root(built, begin, end))
    return steps[::-1]


def _root(built: Built, begin: int, end: int) -> bytes:
    """Return the root over a part that begins where a perfect subtree at least as large does."""
    nodes, place, left = [], begin, end - begin
    for height in range(left.bit_length() - 1, -1, -1):
        if left >> height & 1:
            nodes.append(built[height][place >> height])
            place += 1 << height
    return Frontier(left, nodes).root()


def _leaves(checkpoint: Checkpoint) -> list[bytes]:
    return [checkpoint.leaves[at : at + HASH_BYTES] for at in range(0, len(checkpoint.leaves), HASH_BYTES)]


def _first_over(checkpoints: Sequence[Checkpoint], seq: int) -> int:
    return next(one.size for one in checkpoints if one.size >= seq)


def _rows_about(connection: psycopg.Connection[Any], submission_ref: str, size: int) -> list[Row]:
    connection.execute("select set_config('TimeZone', 'UTC', true), set_config('DateStyle', 'ISO, YMD', true)")
    statement = f"select {COLUMNS} from audit_logs where submission_ref = %s and seq <= %s order by seq"  # noqa: S608 - the columns are above
    cursor = connection.cursor(row_factory=tuple_row, binary=True)
    return [
        (seq, at, actor, action, subject, ref, bytes(body), bytes(before), bytes(signature), key)
        for seq, at, actor, action, subject, ref, body, before, signature, key in cursor.execute(
            statement.encode(), [submission_ref, size]
        )
    ]
