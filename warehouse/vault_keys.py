"""The vault's master keys: from PROCURA_VAULT_KEYS, and from a file of the home that only its owner may read.

A key's id is the beginning of its SHA-256. Here: reading, making, adding and removing keys. Not here: what they seal
(vault.py), and in which order a rotation goes (vault_rotation.py).
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from cryptography.fernet import Fernet

from warehouse.audit.private_file import read_private, write_private
from warehouse.errors import BadInput, VaultRefused
from warehouse.redaction import remember
from warehouse.settings import Settings

ID_LENGTH = 12


@dataclass(frozen=True)
class VaultKeys:
    """Keys by id, never printed: `current` seals, all of them unseal.

    Attributes:
        next: The key that an unfinished rotation leads to.
        given: Ids of the keys that the environment holds; the product cannot remove these.
    """

    current: str
    by_id: dict[str, Fernet] = field(repr=False)
    next: str | None = None
    given: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Stored:
    """What the file says."""

    current: str
    keys: dict[str, str] = field(repr=False)
    next: str | None = None


def vault_keys(settings: Settings) -> VaultKeys:
    """Return the keys as they are now; made on first use where neither environment nor file has one.

    They are read each time: another process may have rotated them.

    Raises:
        NotPermitted: the file is open to others.
        VaultRefused: the file cannot be read as keys.
        BadInput: PROCURA_VAULT_KEYS holds something else than keys.
    """
    given = _given(settings)
    stored = _read(key_file(settings), must_exist=False)
    if stored is None and not given:
        stored = _make(settings)
    found = {**(_fernets(stored.keys, str(key_file(settings))) if stored else {}), **given}
    if given:
        return VaultKeys(next(iter(given)), found, None, frozenset(given))
    assert stored is not None  # noqa: S101 - made above
    return VaultKeys(stored.current, found, stored.next)


def key_file(settings: Settings) -> Path:
    """Where the keys of this home lie."""
    return settings.secrets / "vault_keys.json"


def add_key(settings: Settings) -> str:
    """Add a new key that does not seal yet, and return its id; an unfinished rotation's key is taken up again."""
    with _changing(settings) as stored:
        if stored.next is not None:
            return stored.next
        key = Fernet.generate_key()
        name = key_id(key)
        _write(settings, replace(stored, keys={**stored.keys, name: key.decode()}, next=name))
        return name


def use_key(settings: Settings, name: str) -> None:
    """Let a key seal from now on."""
    with _changing(settings) as stored:
        _write(settings, replace(stored, current=name))


def end_rotation(settings: Settings) -> None:
    """Write down that nothing is left on another key."""
    with _changing(settings) as stored:
        _write(settings, replace(stored, next=None))


def forget_keys(settings: Settings, names: set[str]) -> None:
    """Remove keys from the file; the caller has proved that nothing needs them."""
    with _changing(settings) as stored:
        kept = {name: key for name, key in stored.keys.items() if name not in names}
        _write(settings, replace(stored, keys=kept))


def key_id(key: bytes) -> str:
    """Name a key: the beginning of its SHA-256, which says nothing about the key."""
    return hashlib.sha256(key).hexdigest()[:ID_LENGTH]


def _given(settings: Settings) -> dict[str, Fernet]:
    if settings.vault_keys is None:
        return {}
    words = settings.vault_keys.get_secret_value().replace(",", " ").split()
    if not words:
        raise BadInput("PROCURA_VAULT_KEYS is empty.", todo="unset it, or put at least one key there.")
    return _fernets({key_id(word.encode()): word for word in words}, "PROCURA_VAULT_KEYS")


def _fernets(keys: dict[str, str], where: str) -> dict[str, Fernet]:
    remember(*keys.values())
    try:
        return {name: Fernet(key) for name, key in keys.items()}
    except (ValueError, TypeError):
        raise BadInput(
            f"{where} holds something that is no key.",
            kept="what was sealed.",
            todo="a key is 32 random bytes in URL-safe base64 (44 signs); several are parted by commas, the newest first.",
        ) from None


def _read(path: Path, *, must_exist: bool) -> _Stored | None:
    try:
        found = json.loads(read_private(path))
        stored = _Stored(found["current"], dict(found["keys"]), found.get("next"))
        if stored.current not in stored.keys or (stored.next and stored.next not in stored.keys):
            raise ValueError
    except FileNotFoundError:
        if must_exist:
            raise BadInput(
                "the vault's keys come from PROCURA_VAULT_KEYS, not from a file.", todo="change them there."
            ) from None
        return None
    except (ValueError, KeyError, TypeError):
        raise VaultRefused(
            f"{path} does not hold the vault's keys.", kept="what was sealed.", todo="restore it from your backup."
        ) from None
    return stored


def _make(settings: Settings) -> _Stored:
    """Make the first key; of several processes that try at once, the first one's holds."""
    with _locked(settings):
        stored = _read(key_file(settings), must_exist=False)
        if stored is None:
            key = Fernet.generate_key()
            stored = _Stored(key_id(key), {key_id(key): key.decode()})
            _write(settings, stored)
        return stored


@contextmanager
def _changing(settings: Settings) -> Iterator[_Stored]:
    """Hold the file for a change."""
    with _locked(settings):
        stored = _read(key_file(settings), must_exist=True)
        assert stored is not None  # noqa: S101 - it raises
        yield stored


@contextmanager
def _locked(settings: Settings) -> Iterator[None]:
    """Let one process or thread at a time change the file; the lock lies beside it, because the file itself is replaced."""
    settings.secrets.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock_file = os.open(settings.secrets / "vault_keys.lock", os.O_WRONLY | os.O_CREAT, 0o600)
    with os.fdopen(lock_file, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write(settings: Settings, stored: _Stored) -> None:
    """Replace the file whole or not at all; it reaches the disk before anything depends on it."""
    write_private(key_file(settings), json.dumps({"current": stored.current, "keys": stored.keys, "next": stored.next}))
