"""The key that signs audit records: a file of its own beside the database, readable by the owner only."""

import hashlib
import json
import os
import secrets as random_source
from dataclasses import dataclass, field

from warehouse.errors import AuditBroken, NotPermitted
from warehouse.settings import Settings

KEY_BYTES = 32


@dataclass(frozen=True)
class AuditKeys:
    """Keys by id; `current` signs, all of them verify. Never printed."""

    current: str
    by_id: dict[str, bytes] = field(repr=False)


def audit_keys(settings: Settings) -> AuditKeys:
    """Return the keys, made on first use.

    Raises:
        NotPermitted: the file is open to others.
        AuditBroken: the file cannot be read as keys.
    """
    path = settings.secrets / "audit_keys.json"
    if not path.exists():
        key = random_source.token_bytes(KEY_BYTES)
        name = hashlib.sha256(key).hexdigest()[:12]
        settings.secrets.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_name(f"audit_keys.{os.getpid()}.new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
            json.dump({"current": name, "keys": {name: key.hex()}}, handle)
            handle.flush()
            os.fsync(handle.fileno())
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass  # another process was first; its key holds
        finally:
            fresh.unlink()
    if path.stat().st_mode & 0o077:
        raise NotPermitted(f"{path} can be read by others.", kept="nothing was written.", todo=f"chmod 600 {path}")
    try:
        found = json.loads(path.read_text())
        return AuditKeys(found["current"], {name: bytes.fromhex(text) for name, text in found["keys"].items()})
    except (ValueError, KeyError, TypeError):
        raise AuditBroken(
            f"{path} does not hold audit keys.", kept="the log itself.", todo="restore it from your backup."
        ) from None
