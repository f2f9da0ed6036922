"""Master keys and sealed columns as the ledger knows them: tables `vault_keys` and `vault_places`.

The keys themselves are in warehouse/vault_keys.py. Not here: in which order a rotation goes
(pipelines/administration/vault_rotation.py).
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from warehouse.ledger.store import Deed, Transaction
from warehouse.vault import key_of

ALL_AT_ONCE = 1_000_000
"""Sealed values are some a person and a source; a firm has thousands at most."""


@dataclass(frozen=True)
class SealedValue:
    """One sealed value and the column it lies in."""

    table_name: str
    column_name: str
    sealed: bytes

    @property
    def place(self) -> str:
        """The column in words."""
        return f"{self.table_name}.{self.column_name}"


def admitted_keys(tx: Transaction) -> set[str]:
    """Return the ids of the keys under which new values may come."""
    return {row["key_id"] for row in tx.rows("select key_id from vault_keys where state = 'admitted'")}


def key_states(tx: Transaction) -> dict[str, tuple[str, datetime]]:
    """Return each known key's state and since when it has it."""
    rows = tx.rows("select key_id, state, changed_at from vault_keys order by changed_at desc, key_id")
    return {row["key_id"]: (row["state"], row["changed_at"]) for row in rows}


def admit_keys(deed: Deed, names: Iterable[str], *, at: datetime) -> None:
    """Let new values come under these keys."""
    for name in names:
        deed.execute(
            "insert into vault_keys (key_id, state, changed_at) values (%s, 'admitted', %s)"
            " on conflict (key_id) do update set state = 'admitted', changed_at = excluded.changed_at"
            " where vault_keys.state <> 'admitted'",
            [name, at],
        )


def admit_only(deed: Deed, name: str, *, at: datetime) -> None:
    """Let new values come under this key alone; waits for the writers that are just using another."""
    deed.execute(
        "update vault_keys set state = 'old', changed_at = %s where state = 'admitted' and key_id <> %s", [at, name]
    )


def retire_keys(deed: Deed, names: Iterable[str], *, at: datetime) -> None:
    """Write down that nothing needs these keys any more."""
    deed.execute(
        "update vault_keys set state = 'retired', changed_at = %s where key_id = any(%s) and state = 'old'",
        [at, list(names)],
    )


def sealed_values(tx: Transaction, *, besides: str | None = None, at_most: int = ALL_AT_ONCE) -> list[SealedValue]:
    """Return sealed values: those under another key than `besides`, or all; at most so many of each column."""
    rows = tx.rows("select table_name, column_name, sealed from vault_sealed(%s, %s)", [besides, at_most])
    return [SealedValue(row["table_name"], row["column_name"], bytes(row["sealed"])) for row in rows]


def replace_sealed(deed: Deed, value: SealedValue, becomes: bytes) -> bool:
    """Put a resealed value where exactly this one lies; False where somebody has changed it meanwhile."""
    row = deed.row(
        "select vault_reseal(%s, %s, %s, %s) as is_done", [value.table_name, value.column_name, value.sealed, becomes]
    )
    return bool(row and row["is_done"])


def values_by_key(values: Iterable[SealedValue]) -> Counter[str]:
    """Count sealed values by the key they name."""
    return Counter(key_of(value.sealed) for value in values)
