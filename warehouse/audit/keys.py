"""The keys that sign audit records: a file of their own beside the database, readable by the owner only.

A key that was replaced still verifies what it signed, and nothing after: the file says up to which record each key was
in use. Not here: the key that signs checkpoints (signer.py).
"""

import hashlib
import json
import secrets as random_source
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from warehouse.addresses import conninfo
from warehouse.audit.private_file import read_private, write_private
from warehouse.errors import AuditBroken
from warehouse.redaction import remember
from warehouse.settings import Settings

KEY_BYTES = 32


@dataclass(frozen=True)
class AuditKeys:
    """Keys by id; `current` signs, all of them verify. Never printed.

    Attributes:
        retired: The last record that each replaced key may have signed.
    """

    current: str
    by_id: Mapping[str, bytes] = field(repr=False)
    retired: Mapping[str, int] = field(default_factory=dict)
    path: Path | None = field(default=None, repr=False, compare=False)
    version: tuple[int, int] = field(default=(0, 0), repr=False, compare=False)

    def newest(self) -> "AuditKeys":
        """Return these keys, or what their file holds by now: another process may have replaced the current one."""
        return self if self.path is None or _version(self.path) == self.version else _read(self.path)

    def fault_of_use(self, key_id: str, seq: int) -> str:
        """Say why this key cannot have signed this record; "" when it can."""
        if key_id not in self.by_id:
            return f"its key {key_id!r} is not known"
        first, last = self.span(key_id)
        if seq > last:
            return f"its key {key_id!r} was replaced after record {last:.0f}"
        return "" if seq > first else f"its key {key_id!r} was not in use before record {first + 1:.0f}"

    def span(self, key_id: str) -> tuple[float, float]:
        """Return after which record a key came into use, and its last record (infinite while it signs)."""
        last = self._last_of(key_id)
        return max((other for other in self.retired.values() if other < last), default=0), last

    def _last_of(self, key_id: str) -> float:
        return self.retired.get(key_id, float("inf"))


def audit_keys(settings: Settings) -> AuditKeys:
    """Return the keys, made on first use.

    Raises:
        NotPermitted: the file is open to others.
        AuditBroken: the file cannot be read as keys.
    """
    path = _path(settings)
    if not path.exists():
        key = random_source.token_bytes(KEY_BYTES)
        write_private(path, _text(AuditKeys(_name(key), {_name(key): key})), only_if_absent=True)
    return _read(path)


def rotate_audit_key(settings: Settings) -> str:
    """Let a new key sign from the next record on and return its id; every record so far stays verifiable.

    Takes the log's lock, so that no other process signs while the file changes; each of them looks at the file again
    under that lock before it signs.

    Raises:
        StoreUnavailable: PostgreSQL does not answer.
        AuditBroken: the key file cannot be read.
    """
    with psycopg.connect(make_conninfo("", **conninfo("procura_app", settings=settings)), connect_timeout=5) as link:
        head = link.execute("select seq from audit_head()").fetchone()
        keys, fresh = audit_keys(settings), random_source.token_bytes(KEY_BYTES)
        last = int(head[0]) if head else 0
        by_id = {**keys.by_id, _name(fresh): fresh}
        retired = {**keys.retired, keys.current: last}
        if last == max(keys.retired.values(), default=0):  # it never signed: as if it had not been
            del by_id[keys.current], retired[keys.current]
        write_private(_path(settings), _text(AuditKeys(_name(fresh), by_id, retired)))
    return _name(fresh)


def _path(settings: Settings) -> Path:
    return settings.secrets / "audit_keys.json"


def _name(key: bytes) -> str:
    return hashlib.sha256(key).hexdigest()[:12]


def _version(path: Path) -> tuple[int, int]:
    state = path.stat()
    return state.st_mtime_ns, state.st_ino


def _text(keys: AuditKeys) -> str:
    shown = {name: key.hex() for name, key in keys.by_id.items()}
    return json.dumps({"current": keys.current, "keys": shown, "retired": dict(keys.retired)})


def _read(path: Path) -> AuditKeys:
    version = _version(path)
    text = read_private(path)
    try:
        return keys_of(text, path, version)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise AuditBroken(
            f"{path} does not hold audit keys.", kept="the log itself.", todo="restore it from your backup."
        ) from None


def keys_of(text: str, path: Path | None = None, version: tuple[int, int] = (0, 0)) -> AuditKeys:
    """Read keys from the text of their file.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: it does not hold keys.
    """
    found = json.loads(text)
    by_id = {str(name): bytes.fromhex(text) for name, text in found["keys"].items()}
    remember(*by_id.values())
    retired = {str(name): int(last) for name, last in found.get("retired", {}).items()}
    if found["current"] not in by_id:
        raise KeyError(found["current"])
    return AuditKeys(found["current"], by_id, retired, path, version)
