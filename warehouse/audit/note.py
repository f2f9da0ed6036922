"""A checkpoint as text: the signed note of C2SP (c2sp.org/signed-note, c2sp.org/tlog-checkpoint), signed with Ed25519.

    procura-audit/3f9a61c0b2d4          origin: which log
    1234                                size: how many records
    CsUYapGGPo4dkMgIAUqom/…=            RFC 6962 root over them
    at 2026-04-10T12:00:00.000000+00:00
    previous 1200 9tDDq…=               size and root of the checkpoint before; 0 and the empty root for the first

    — procura-audit/3f9a61c0b2d4 Az3grl…=

The last two lines of the text are extension lines: a checkpoint that is left out is missed. Not here: keys in files
(signer.py), the tree.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"
NUMBER = re.compile(r"0|[1-9][0-9]{0,17}")
AT = re.compile(r"at [0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}\+00:00")


class BadNote(ValueError):
    """A text is no checkpoint; says why."""


@dataclass(frozen=True)
class Statement:
    """What a checkpoint says; `at` as text."""

    origin: str
    size: int
    root: bytes
    at: str
    previous_size: int
    previous_root: bytes

    def text(self) -> str:
        """Return the bytes that are signed, as text."""
        return (
            f"{self.origin}\n{self.size}\n{_base64(self.root)}\nat {self.at}\n"
            f"previous {self.previous_size} {_base64(self.previous_root)}\n"
        )


@dataclass(frozen=True)
class Verifier:
    """A public key with the name it signs for; written as C2SP's vkey."""

    name: str
    key: bytes

    @property
    def key_hash(self) -> bytes:
        """The four bytes by which a signature line names its key."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.key).digest()[:4]

    def __str__(self) -> str:
        """Return the vkey: name, hash in hexadecimal, algorithm and key in base64."""
        return f"{self.name}+{self.key_hash.hex()}+{_base64(ED25519 + self.key)}"


def sign(statement: Statement, private: Ed25519PrivateKey) -> str:
    """Return the whole note."""
    text = statement.text()
    key_hash = Verifier(statement.origin, private.public_key().public_bytes_raw()).key_hash
    return f"{text}\n— {statement.origin} {_base64(key_hash + private.sign(text.encode()))}\n"


def read_note(note: str) -> Statement:
    """Read what a note says, without asking who signed it.

    Raises:
        BadNote: it is not written exactly as ours are.
    """
    lines = note.split("\n")
    if len(lines) != 8 or lines[5] or lines[7] or not AT.fullmatch(lines[3]):
        raise BadNote("it is not of the form of a checkpoint")
    origin, size, root, at, previous = lines[:5]
    words = previous.split(" ")
    if len(words) != 3 or words[0] != "previous" or not NUMBER.fullmatch(size) or not NUMBER.fullmatch(words[1]):
        raise BadNote("it is not of the form of a checkpoint")
    statement = Statement(origin, int(size), _hash(root), at[3:], int(words[1]), _hash(words[2]))
    if not origin or " " in origin or statement.text() != "\n".join(lines[:5]) + "\n":
        raise BadNote("it is not written the one way")
    return statement


def check_signature(note: str, verifier: Verifier) -> None:
    """Refuse a note that this key did not sign.

    Raises:
        BadNote: the signature line is another's, or does not fit the text.
    """
    text, _, line = note.rpartition("\n\n")
    words = line.split(" ")
    if len(words) != 3 or words[0] != "—" or words[1] != verifier.name or not line.endswith("\n"):
        raise BadNote("it carries no signature of this log")
    try:
        signature = base64.b64decode(words[2][:-1], validate=True)
    except (binascii.Error, ValueError):
        raise BadNote("its signature is not base64") from None
    if signature[:4] != verifier.key_hash or len(signature) != 68 or _base64(signature) != words[2][:-1]:
        raise BadNote("it was signed with another key")
    try:
        Ed25519PublicKey.from_public_bytes(verifier.key).verify(signature[4:], (text + "\n").encode())
    except InvalidSignature:
        raise BadNote("its signature does not fit its text") from None


def _hash(text: str) -> bytes:
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadNote("its root is not base64") from None
    if len(found) != 32:
        raise BadNote("its root is not a SHA-256")
    return found


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
