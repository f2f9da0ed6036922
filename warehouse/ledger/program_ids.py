"""Refresh tokens of programs: ids that lead to a session as a browser's do, each good for one use.

Their hashes are made differently (pipelines/administration/tokens.py), so neither kind is ever taken for the other.
"""

from datetime import datetime

from warehouse.ledger.store import Transaction


def use_up(tx: Transaction, id_hash: bytes, *, at: datetime) -> bool:
    """Take an id out of use; False when it is unknown or was used before. Of two at once, one is served."""
    used = tx.execute(
        "update auth_session_ids set first_used_at = %s, honoured_until = %s where id_hash = %s and honoured_until is null",
        [at, at, id_hash],
    )
    return used.rowcount == 1
