"""Proofs out of a long log are those of the tree, and hold for the record they are made for alone."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse import clock
from warehouse.audit.chain import leaf_data
from warehouse.audit.checkpoint import write_checkpoint
from warehouse.audit.merkle import (
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    levels,
    tree_root,
    verify_consistency,
    verify_inclusion,
)
from warehouse.audit.note import read_note
from warehouse.audit.proofs import consistency_in, extract, inclusion_in
from warehouse.domain.audit_event import AuditEvent
from warehouse.ledger.store import SYSTEM, open_ledger
from warehouse.settings import Settings


def leaves_of(size: int) -> list[bytes]:
    return [hashlib.sha256(bytes([number % 256, number // 256])).digest() for number in range(size)]


@given(st.integers(1, 300), st.data())
def test_proofs_are_those_of_the_tree(size: int, data: st.DataObject) -> None:
    leaves = leaves_of(size)
    built, index, old = levels(leaves), data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size))
    assert inclusion_in(built, size, index) == inclusion_proof(leaves, index)
    assert consistency_in(built, old, size) == consistency_proof(leaves, old)
    assert verify_inclusion(leaves[index], index, size, tree_root(leaves), inclusion_in(built, size, index))
    assert not verify_inclusion(b"\x00" * 32, index, size, tree_root(leaves), inclusion_in(built, size, index))


@pytest.mark.thorough
def test_extract_holds_the_records_of_one_offer_and_the_checkpoints_that_first_covered_them(home: Settings) -> None:
    ledger = open_ledger()
    for number in range(9):
        ref = "offer-1" if number in {1, 2, 7} else "offer-2"
        with ledger.deed(AuditEvent("submission:noted", "s", SYSTEM, {"number": number}, submission_ref=ref)):
            pass
        if number in {2, 5}:
            write_checkpoint(ledger, home, at=clock.now())
    newest = write_checkpoint(ledger, home, at=clock.now())
    assert newest is not None
    with ledger.read() as tx:
        found = extract(tx.connection, "offer-1", newest.size)
    statements = [read_note(one.note) for one in found.checkpoints]
    last = statements[-1]
    assert last.size == newest.size
    assert [record.row[5] for record in found.records] == ["offer-1"] * 3
    assert [record.covered_by for record in found.records] == [statements[0].size] * 2 + [newest.size]
    for record in found.records:
        seq, *_, body, before, signature, key_id = record.row
        leaf = leaf_hash(leaf_data(key_id, before, signature, body))
        assert verify_inclusion(leaf, seq - 1, last.size, last.root, record.proof)
    for one, statement in zip(found.checkpoints, statements, strict=True):
        assert verify_consistency(statement.size, statement.root, last.size, last.root, one.proof)
