import base64
from dataclasses import replace
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from warehouse.audit import verify_audit
from warehouse.audit.note import BadNote, Statement, Verifier, check_signature, read_note, sign

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
SAID = Statement("procura-audit/0011", 12, b"r" * 32, "2026-04-10T12:00:00.000000+00:00", 7, b"p" * 32)
VERIFIER = Verifier(SAID.origin, KEY.public_key().public_bytes_raw())


def test_a_note_reads_back_as_it_was_signed() -> None:
    note = sign(SAID, KEY)
    assert read_note(note) == SAID
    check_signature(note, VERIFIER)
    assert note.startswith("procura-audit/0011\n12\n")
    assert str(VERIFIER).split("+")[:2] == ["procura-audit/0011", VERIFIER.key_hash.hex()]


def test_the_key_hash_is_the_one_of_c2sp() -> None:
    # c2sp.org/signed-note: SHA-256(name, newline, algorithm 0x01, key), its first four bytes.
    wanted = sha256(b"procura-audit/0011\n\x01" + VERIFIER.key).digest()[:4]
    line = sign(SAID, KEY).splitlines()[-1]
    assert base64.b64decode(line.split(" ")[2])[:4] == wanted


@pytest.mark.parametrize(
    "verifier",
    [Verifier(SAID.origin, OTHER.public_key().public_bytes_raw()), replace(VERIFIER, name="procura-audit/else")],
)
def test_another_signer_is_refused(verifier: Verifier) -> None:
    with pytest.raises(BadNote):
        check_signature(sign(SAID, KEY), verifier)


@given(st.data())
def test_a_note_with_one_letter_changed_is_refused(data: st.DataObject) -> None:
    note = sign(SAID, KEY)
    place = data.draw(st.integers(0, len(note) - 1))
    letter = data.draw(st.characters(codec="utf-8").filter(lambda one: one != note[place]))
    changed = note[:place] + letter + note[place + 1 :]
    with pytest.raises(BadNote):
        read_note(changed)
        check_signature(changed, VERIFIER)
    with pytest.raises(verify_audit.Fault):
        verify_audit.Note(changed, "it").check((VERIFIER.name, VERIFIER.key), 0)


@pytest.mark.thorough
@given(st.binary(max_size=64), st.binary(min_size=32, max_size=32), st.integers(0, 511))
def test_the_stand_alone_ed25519_agrees_with_the_library(message: bytes, seed: bytes, flip: int) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), key.sign(message)
    assert verify_audit.ed25519_verifies(public, message, signature)
    changed = bytearray(signature)
    changed[flip // 8] ^= 1 << flip % 8
    assert not verify_audit.ed25519_verifies(public, message, bytes(changed))
    assert not verify_audit.ed25519_verifies(public, message + b"x", signature)


def test_the_first_example_of_rfc_8032_verifies() -> None:
    public = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    signature = bytes.fromhex(
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    )
    assert verify_audit.ed25519_verifies(public, b"", signature)
    beyond = signature[:32] + (int.from_bytes(signature[32:], "little") + verify_audit.L).to_bytes(32, "little")
    assert not verify_audit.ed25519_verifies(public, b"", beyond)
