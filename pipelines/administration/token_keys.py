"""The keys that sign access tokens (Ed25519): a file of the home that only its owner may read, each key with an id.

Not here: what a token says (tokens.py). A token is believed only while its session lives, so these keys alone open
nothing.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from warehouse.errors import BadInput, NotPermitted
from warehouse.settings import Settings

ACCESS_LIFE = timedelta(minutes=10)
"""How long an access token is good for; a retired key is honoured as long."""
ID_LENGTH = 12


@dataclass(frozen=True)
class TokenKeys:
    """The key that signs, and all that may still verify at this instant, by id. Never printed."""

    current: str
    by_id: Mapping[str, Ed25519PrivateKey] = field(repr=False)


def token_keys(settings: Settings, *, at: datetime) -> TokenKeys:
    """Return the keys as they are now, made on first use; read each time, because another process may have rotated them.

    Raises:
        NotPermitted: the file is open to others.
        BadInput: the file cannot be read as keys.
    """
    path = key_file(settings)
    if not path.exists():
        _make(path)
    current, stored = _read(path)
    kept = {
        name: Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key["seed"]))
        for name, key in stored.items()
        if name == current or _is_honoured(key, at)
    }
    return TokenKeys(current, kept)


def rotate_token_key(settings: Settings, *, at: datetime, is_stolen: bool = False) -> str:
    """Sign with a new key from now on and return its id; tokens of the old one stay good for their ten minutes.

    Args:
        is_stolen: Honour nothing that an old key signed; programs refresh or sign in again.
    """
    path = key_file(settings)
    old = token_keys(settings, at=at)
    keep = {
        name: key | {"retired_at": key["retired_at"] or at.isoformat()}
        for name, key in _read(path)[1].items()
        if name in old.by_id and not is_stolen
    }
    name, key = _new_key()
    _fresh_file(path, {"current": name, "keys": {**keep, name: key}}).replace(path)
    return name


def key_file(settings: Settings) -> Path:
    """Where the keys of this home lie."""
    return settings.secrets / "token_keys.json"


def _is_honoured(key: dict[str, str], at: datetime) -> bool:
    return bool(key["retired_at"]) and at < datetime.fromisoformat(key["retired_at"]) + ACCESS_LIFE


def _new_key() -> tuple[str, dict[str, str]]:
    key = Ed25519PrivateKey.generate()
    name = hashlib.sha256(key.public_key().public_bytes_raw()).hexdigest()[:ID_LENGTH]
    return name, {"seed": key.private_bytes_raw().hex(), "retired_at": ""}


def _make(path: Path) -> None:
    """Make the first key; of several processes that try at once, the first one's holds."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    name, key = _new_key()
    fresh = _fresh_file(path, {"current": name, "keys": {name: key}})
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()


def _fresh_file(path: Path, content: object) -> Path:
    fresh = path.with_name(f"token_keys.{os.getpid()}.new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
        json.dump(content, handle)
        handle.flush()
        os.fsync(handle.fileno())
    return fresh


def _read(path: Path) -> tuple[str, dict[str, dict[str, str]]]:
    """Return the id of the key that signs, and all stored keys by id."""
    if path.stat().st_mode & 0o077:
        raise NotPermitted(f"{path} can be read by others.", kept="nothing was signed.", todo=f"chmod 600 {path}")
    try:
        found = json.loads(path.read_text())
        current = str(found["current"])
        keys = {name: {part: key[part] for part in ("seed", "retired_at")} for name, key in found["keys"].items()}
        for key in keys.values():
            Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key["seed"]))
        if current not in keys:
            raise ValueError
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadInput(
            f"{path} does not hold the keys of access tokens.",
            kept="all sessions.",
            todo="remove the file: a new key is made, and programs refresh their tokens.",
        ) from None
    return current, keys
