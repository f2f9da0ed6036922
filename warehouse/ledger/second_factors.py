"""Second factors: sealed TOTP seeds and hashes of recovery codes. What a code must satisfy is decided in
pipelines/administration/second_factor.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from warehouse.ledger.store import Deed, Transaction


@dataclass(frozen=True)
class SecondFactor:
    """One seed of a person; `confirmed_at` None while it is being enrolled."""

    id: str
    sealed_seed: bytes = field(repr=False)
    created_at: datetime
    confirmed_at: datetime | None
    last_step: int | None


def find_second_factor(tx: Transaction, profile_id: str, *, is_confirmed: bool = True) -> SecondFactor | None:
    """Return a person's second factor, or the one being enrolled."""
    row = tx.row(
        "select id, sealed_seed, created_at, confirmed_at, last_step from second_factors"
        " where profile_id = %s and (confirmed_at is not null) = %s",
        [profile_id, is_confirmed],
    )
    if row is None:
        return None
    return SecondFactor(
        str(row["id"]), bytes(row["sealed_seed"]), row["created_at"], row["confirmed_at"], row["last_step"]
    )


def begin_second_factor(deed: Deed, profile_id: str, sealed_seed: bytes, *, at: datetime) -> None:
    """Keep a new seed that a code must still confirm; an unconfirmed earlier one is forgotten."""
    deed.execute("delete from second_factors where profile_id = %s and confirmed_at is null", [profile_id])
    deed.execute(
        "insert into second_factors (profile_id, sealed_seed, created_at) values (%s, %s, %s)",
        [profile_id, sealed_seed, at],
    )


def confirm_second_factor(deed: Deed, profile_id: str, factor_id: str, *, step: int, at: datetime) -> bool:
    """Make the enrolled seed the person's second factor in place of an earlier one; False when it is gone."""
    deed.execute("delete from second_factors where profile_id = %s and confirmed_at is not null", [profile_id])
    changed = deed.execute(
        "update second_factors set confirmed_at = %s, last_step = %s where id = %s and confirmed_at is null",
        [at, step, factor_id],
    )
    return changed.rowcount == 1


def accept_step(tx: Transaction, factor_id: str, step: int) -> bool:
    """Note the step of an accepted code; False when this step or a later one was accepted before."""
    changed = tx.execute(
        "update second_factors set last_step = %s where id = %s and (last_step is null or last_step < %s)",
        [step, factor_id, step],
    )
    return changed.rowcount == 1


def write_recovery_codes(deed: Deed, profile_id: str, hashes: Sequence[bytes], *, at: datetime) -> None:
    """Replace a person's recovery codes."""
    deed.execute("delete from recovery_codes where profile_id = %s", [profile_id])
    for code_hash in hashes:
        deed.execute(
            "insert into recovery_codes (profile_id, code_hash, made_at) values (%s, %s, %s)",
            [profile_id, code_hash, at],
        )


def use_recovery_code(tx: Transaction, profile_id: str, code_hash: bytes, *, at: datetime) -> bool:
    """Use a recovery code up; False when there is none like it, or it was used before."""
    used = tx.execute(
        "update recovery_codes set used_at = %s where profile_id = %s and code_hash = %s and used_at is null",
        [at, profile_id, code_hash],
    )
    return used.rowcount == 1


def count_recovery_codes(tx: Transaction, profile_id: str) -> int:
    """Return how many recovery codes are left."""
    row = tx.row("select count(*) as n from recovery_codes where profile_id = %s and used_at is null", [profile_id])
    return int(row["n"]) if row else 0


def remove_second_factor(deed: Deed, profile_id: str) -> bool:
    """Forget seeds and recovery codes; False when there was no confirmed seed."""
    deed.execute("delete from recovery_codes where profile_id = %s", [profile_id])
    deed.execute("delete from second_factors where profile_id = %s and confirmed_at is null", [profile_id])
    removed = deed.execute("delete from second_factors where profile_id = %s", [profile_id])
    return removed.rowcount == 1


def is_second_factor_required(tx: Transaction) -> bool:
    """Say whether the firm's setting asks everybody for a second factor."""
    row = tx.row("select value from system_settings where key = 'require_second_factor'")
    return row is not None and row["value"] == "on"


def void_second_factor(deed: Deed, profile_id: str) -> bool:
    """The same, by an admin who never reads it."""
    row = deed.row("select void_second_factor(%s) as removed", [profile_id])
    return bool(row and row["removed"])
