"""The product's settings that an admin changes while it runs: one row a key.

What they mean and which values they take: pipelines/administration/system_settings.py. Not here: environment variables
(warehouse/settings.py).
"""

from warehouse.ledger.store import Deed, Transaction


def read_settings(tx: Transaction) -> dict[str, str]:
    """Return every stored value by key."""
    return {row["key"]: row["value"] for row in tx.rows("select key, value from system_settings order by key")}


def lock_setting(deed: Deed, key: str) -> str | None:
    """Return the present value of a setting and hold its row until the deed is done; None when it was never set."""
    row = deed.row("select value from system_settings where key = %s for update", [key])
    return row["value"] if row else None


def write_setting(deed: Deed, key: str, value: str) -> None:
    """Give a setting a value."""
    deed.execute(
        "insert into system_settings (key, value) values (%s, %s) on conflict (key) do update set value = excluded.value",
        [key, value],
    )
