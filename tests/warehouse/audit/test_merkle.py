"""The tree against RFC 6962's own recursive definition, and its proofs against every change of them."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.audit import merkle

LEAVES = st.lists(st.binary(max_size=8), max_size=70).map(lambda data: [merkle.leaf_hash(one) for one in data])
SOME = LEAVES.filter(bool)


def plain_root(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word, over leaf hashes."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + plain_root(leaves[:split]) + plain_root(leaves[split:])).digest()


def test_the_known_roots_of_rfc_6962_come_out() -> None:
    data = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    roots = {
        1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    }
    leaves = [merkle.leaf_hash(bytes.fromhex(one)) for one in data]
    assert {size: merkle.tree_root(leaves[:size]).hex() for size in roots} == roots


@given(LEAVES)
def test_growing_leaf_by_leaf_gives_the_root_of_the_definition_at_every_size(leaves: list[bytes]) -> None:
    tree, built = merkle.Frontier(), merkle.levels(leaves)
    for size in range(len(leaves) + 1):
        assert tree.root() == plain_root(leaves[:size]) == merkle.part_of(built, size).root()
        assert merkle.Frontier.from_bytes(size, tree.to_bytes()).root() == tree.root()
        tree.extend(leaves[size : size + 1])


@given(st.integers(0, 5), SOME)
def test_trees_that_were_built_apart_join(height: int, leaves: list[bytes]) -> None:
    before = [merkle.leaf_hash(bytes([n])) for n in range(64)]
    part = merkle.part_of(merkle.levels(leaves[:64]), min(64, len(leaves)))
    tree = merkle.Frontier()
    tree.extend(before)
    tree.append_part(part)
    assert tree.root() == plain_root(before + leaves[:64])


@given(SOME, st.data())
def test_an_inclusion_proof_holds_for_its_leaf_and_for_no_other(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    proof, root = merkle.inclusion_proof(leaves, index), merkle.tree_root(leaves)
    assert merkle.verify_inclusion(leaves[index], index, len(leaves), root, proof)
    assert not merkle.verify_inclusion(merkle.leaf_hash(b"another"), index, len(leaves), root, proof)
    assert not merkle.verify_inclusion(leaves[index], index, len(leaves), sha256(root).digest(), proof)
    assert not merkle.verify_inclusion(leaves[index], index, len(leaves), root, [*proof, root])
    assert not merkle.verify_inclusion(leaves[index], len(leaves), len(leaves), root, proof)
    if proof:
        assert not merkle.verify_inclusion(leaves[index], index, len(leaves), root, proof[:-1])


@given(SOME, st.data())
def test_a_consistency_proof_holds_for_the_beginning_and_for_no_other(leaves: list[bytes], data: st.DataObject) -> None:
    old = data.draw(st.integers(0, len(leaves)))
    proof = merkle.consistency_proof(leaves, old)
    roots = merkle.tree_root(leaves[:old]), merkle.tree_root(leaves)
    assert merkle.verify_consistency(old, roots[0], len(leaves), roots[1], proof)
    assert not merkle.verify_consistency(old, sha256(roots[0]).digest(), len(leaves), roots[1], proof)
    assert not merkle.verify_consistency(old, roots[0], len(leaves), roots[1], [*proof, roots[1]])
    if old:
        assert not merkle.verify_consistency(old, roots[0], len(leaves), sha256(roots[1]).digest(), proof)
    assert not merkle.verify_consistency(len(leaves) + 1, roots[0], len(leaves), roots[1], proof)


def test_what_is_no_frontier_is_refused() -> None:
    with pytest.raises(ValueError, match="perfect subtrees"):
        merkle.Frontier.from_bytes(3, b"0" * 32)
    with pytest.raises(ValueError, match="does not fit"):
        merkle.Frontier(1, [b"0" * 32]).append_part(merkle.Frontier(2, [b"1" * 32]))
