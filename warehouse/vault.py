"""The vault: secrets sealed with a master key and bound to what they are for.

Fernet alone would accept a sealed value that was moved to another row or rolled back to an older one. So the sealed text
carries its purpose (which row, which field, which version), and unsealing for any other purpose is refused. A sealed value
begins with the id of its key, so that rotation can count what is on which key.
"""

import base64

from cryptography.fernet import InvalidToken

from warehouse.errors import VaultRefused
from warehouse.redaction import remember
from warehouse.settings import current
from warehouse.vault_keys import ID_LENGTH, VaultKeys, vault_keys

FORM = b"v1."
"""How a sealed value begins; then the key's id, a point, and a Fernet token over the purpose's length, purpose and text."""
_LENGTH_BYTES = 4


def seal(purpose: str, plaintext: bytes) -> bytes:
    """Seal a secret with the current key.

    Args:
        purpose: What it is for, down to the row, field and version: `totp:<profile id>`; asked for again by `unseal`.
        plaintext: The secret.

    Raises:
        NotPermitted, BadInput, VaultRefused: the master keys cannot be read.
    """
    return _encrypt(vault_keys(current()), _bound(purpose) + plaintext)


def unseal(purpose: str, sealed: bytes) -> bytes:
    """Return what was sealed for exactly this purpose.

    Raises:
        VaultRefused: it was sealed for something else, was changed, or its key is not here.
        NotPermitted, BadInput: the master keys cannot be read.
    """
    opened, wanted = _decrypt(vault_keys(current()), sealed, purpose), _bound(purpose)
    if not opened.startswith(wanted):
        end = _LENGTH_BYTES + int.from_bytes(opened[:_LENGTH_BYTES])
        raise VaultRefused(
            f"the sealed value of {purpose} is one of {opened[_LENGTH_BYTES:end].decode('utf-8', 'replace')}:"
            " it was moved or rolled back.",
            kept="nothing was opened.",
            todo="set it again, and look into the audit log for who could write to the database.",
        )
    plaintext = opened[len(wanted) :]
    remember(plaintext.decode("utf-8", "replace"))
    return plaintext


def reseal(sealed: bytes, keys: VaultKeys) -> bytes:
    """Seal the same with the current key; purpose and text stay as they are.

    Raises:
        VaultRefused: it cannot be opened.
    """
    return _encrypt(keys, _decrypt(keys, sealed, "a sealed value"))


def is_readable(sealed: bytes, keys: VaultKeys) -> bool:
    """Say whether one of these keys opens it, whatever it is for."""
    try:
        _decrypt(keys, sealed, "")
    except VaultRefused:
        return False
    return True


def key_of(sealed: bytes) -> str:
    """Return the id of the key that a sealed value says it is sealed with; empty where it is none."""
    head, rest = sealed[: len(FORM)], sealed[len(FORM) :]
    return (
        rest[:ID_LENGTH].decode("ascii", "replace") if head == FORM and rest[ID_LENGTH : ID_LENGTH + 1] == b"." else ""
    )


def _bound(purpose: str) -> bytes:
    """The purpose with its length before it, so that it cannot flow over into the text."""
    return len(purpose.encode()).to_bytes(_LENGTH_BYTES) + purpose.encode()


def _encrypt(keys: VaultKeys, bound: bytes) -> bytes:
    return FORM + keys.current.encode() + b"." + keys.by_id[keys.current].encrypt(bound)


def _decrypt(keys: VaultKeys, sealed: bytes, what: str) -> bytes:
    name = key_of(sealed)
    if not name:
        raise VaultRefused(
            f"what is stored for {what} is no sealed value.", kept="nothing was opened.", todo="set it again."
        )
    if name not in keys.by_id:
        raise VaultRefused(
            f"{what} is sealed with the key {name}, which is not here.",
            kept="the sealed value.",
            todo="restore secrets/vault_keys.json of the home, or PROCURA_VAULT_KEYS, from your backup; else set it again.",
        )
    token = sealed[len(FORM) + ID_LENGTH + 1 :]
    try:
        # Base64 has several spellings of one value, and Python's reader passes over signs that are none of it.
        if base64.urlsafe_b64encode(base64.urlsafe_b64decode(token)) != token:
            raise InvalidToken
        return keys.by_id[name].decrypt(token)
    except (InvalidToken, ValueError):
        raise VaultRefused(
            f"the sealed value of {what} was changed.", kept="nothing was opened.", todo="set it again."
        ) from None
