"""The Merkle tree of RFC 6962 over leaf hashes: roots, inclusion and consistency proofs, and their verification. Pure.

A tree only grows to the right, so what is needed to go on is its frontier: the roots of its perfect subtrees, largest
first. Proofs are verified as RFC 9162 section 2.1 says.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of one leaf's data."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """A growing tree, kept as the roots of its perfect subtrees; about 20 hashes for a million leaves."""

    def __init__(self, size: int = 0, nodes: Iterable[bytes] = ()) -> None:
        self.size = size
        self.nodes = list(nodes)
        if len(self.nodes) != size.bit_count() or any(len(node) != HASH_BYTES for node in self.nodes):
            raise ValueError(f"a tree of {size} leaves has not {len(self.nodes)} perfect subtrees")

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        node, size = leaf, self.size
        while size & 1:
            node = node_hash(self.nodes.pop(), node)
            size >>= 1
        self.nodes.append(node)
        self.size += 1

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add leaf hashes in order."""
        for leaf in leaves:
            self.append(leaf)

    def append_part(self, part: "Frontier") -> None:
        """Add another tree's leaves by its perfect subtrees; the size so far must be a multiple of the largest of them."""
        rest = part.size
        for root in part.nodes:
            height = rest.bit_length() - 1
            rest -= 1 << height
            if self.size % (1 << height):
                raise ValueError(f"a tree of height {height} does not fit after {self.size} leaves")
            node, size = root, self.size >> height
            while size & 1:
                node = node_hash(self.nodes.pop(), node)
                size >>= 1
            self.nodes.append(node)
            self.size += 1 << height

    def root(self) -> bytes:
        """Return the tree's root; that of no leaves is the hash of nothing."""
        if not self.nodes:
            return EMPTY_ROOT
        root = self.nodes[-1]
        for node in reversed(self.nodes[:-1]):
            root = node_hash(node, root)
        return root

    def copy(self) -> "Frontier":
        """Return another one that grows by itself."""
        return Frontier(self.size, self.nodes)

    def to_bytes(self) -> bytes:
        """Return the nodes, one after the other; the size is told apart."""
        return b"".join(self.nodes)

    @classmethod
    def from_bytes(cls, size: int, nodes: bytes) -> "Frontier":
        """Read what `to_bytes` wrote.

        Raises:
            ValueError: that many bytes are no frontier of this size.
        """
        return cls(size, (nodes[at : at + HASH_BYTES] for at in range(0, len(nodes), HASH_BYTES)))


def levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """Return all perfect subtrees over these leaves: level 0 the leaves, each next one half as long."""
    found = [list(leaves)]
    while len(found[-1]) > 1:
        below = found[-1]
        pairs = zip(below[0::2], below[1::2], strict=False)
        found.append([sha256(b"\x01" + left + right).digest() for left, right in pairs])
    return found


def part_of(built: Sequence[Sequence[bytes]], size: int) -> Frontier:
    """Return the frontier of the first `size` leaves from their levels."""
    nodes, begin = [], 0
    for height in range(size.bit_length() - 1, -1, -1):
        if size >> height & 1:
            nodes.append(built[height][begin >> height])
            begin += 1 << height
    return Frontier(size, nodes)


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes."""
    return part_of(levels(leaves), len(leaves)).root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the hashes that lead from leaf `index` (from 0) to the root, lowest first."""
    if not 0 <= index < len(leaves):
        raise ValueError(f"there is no leaf {index} among {len(leaves)}")
    if len(leaves) == 1:
        return []
    split = split_at(len(leaves))
    if index < split:
        return [*inclusion_proof(leaves[:split], index), tree_root(leaves[split:])]
    return [*inclusion_proof(leaves[split:], index - split), tree_root(leaves[:split])]


def consistency_proof(leaves: Sequence[bytes], old: int) -> list[bytes]:
    """Return the hashes that show that the tree of the first `old` leaves is the beginning of this one."""
    if not 0 <= old <= len(leaves):
        raise ValueError(f"a tree of {len(leaves)} leaves never had {old}")
    return _subproof(leaves, old, is_whole=True) if 0 < old < len(leaves) else []


def _subproof(leaves: Sequence[bytes], old: int, *, is_whole: bool) -> list[bytes]:
    if old == len(leaves):
        return [] if is_whole else [tree_root(leaves)]
    split = split_at(len(leaves))
    if old <= split:
        return [*_subproof(leaves[:split], old, is_whole=is_whole), tree_root(leaves[split:])]
    return [*_subproof(leaves[split:], old - split, is_whole=False), tree_root(leaves[:split])]


def split_at(size: int) -> int:
    """Return the largest power of two smaller than the size: where a tree of that many leaves is divided."""
    return 1 << (size - 1).bit_length() - 1


def verify_inclusion(leaf: bytes, index: int, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Say whether a leaf hash is leaf `index` of the tree of that size and root."""
    if not 0 <= index < size:
        return False
    node, last, found = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            found = node_hash(step, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, step)
        node, last = node >> 1, last >> 1
    return last == 0 and found == root


def verify_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Say whether the old tree is the beginning of the new one."""
    if not 0 <= old <= new:
        return False
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    if old == new:
        return not proof and old_root == new_root
    steps = list(proof) if old & (old - 1) else [old_root, *proof]
    if not steps:
        return False
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    first = second = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            first, second = node_hash(step, first), node_hash(step, second)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            second = node_hash(second, step)
        node, last = node >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root
