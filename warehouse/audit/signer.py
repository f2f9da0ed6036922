"""The key that signs checkpoints: its own file in the home's secrets folder, made on first use; its public half to hand out.

In production the signer is another user of the machine, whose file the app cannot read (docs/security.md).
"""

import json
import secrets as random_source

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from warehouse.audit.note import Verifier
from warehouse.audit.private_file import read_private, write_private
from warehouse.errors import AuditBroken
from warehouse.settings import Settings


class Signer:
    """Who signs for one log. Never printed."""

    def __init__(self, origin: str, key: Ed25519PrivateKey) -> None:
        self.origin = origin
        self.key = key

    @property
    def verifier(self) -> Verifier:
        """The public half."""
        return Verifier(self.origin, self.key.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        """Say for which log, and nothing of the key."""
        return f"Signer({self.origin!r}, ***)"


def signer(settings: Settings) -> Signer:
    """Return the signer of this home's log, made on first use.

    Raises:
        NotPermitted: the file is open to others.
        AuditBroken: the file cannot be read as a key.
    """
    path = settings.secrets / "checkpoint_key.json"
    if not path.exists():
        fresh = {"origin": f"procura-audit/{random_source.token_hex(6)}", "key": random_source.token_bytes(32).hex()}
        write_private(path, json.dumps(fresh), only_if_absent=True)
    text = read_private(path)
    try:
        found = json.loads(text)
        return Signer(str(found["origin"]), Ed25519PrivateKey.from_private_bytes(bytes.fromhex(found["key"])))
    except (ValueError, KeyError, TypeError):
        raise AuditBroken(
            f"{path} does not hold the key of checkpoints.", kept="the log itself.", todo="restore it from your backup."
        ) from None
