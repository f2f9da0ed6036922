"""Legal holds in the ledger. PostgreSQL says a second time that who set one does not lift it (0007_retention.sql)."""

from collections.abc import Iterable
from datetime import datetime

from warehouse.domain.retention import Hold, HoldKind
from warehouse.ledger.store import SYSTEM, Deed, Row, Transaction

_COLUMNS = "id, kind, subject, reason, set_by, set_at, lifted_by, lifted_at, lift_reason"


def list_holds(tx: Transaction, *, with_lifted: bool = False) -> list[Hold]:
    """Return the holds, the newest first."""
    rows = tx.rows(
        f"select {_COLUMNS} from legal_holds where %s or lifted_at is null order by set_at desc, id",  # noqa: S608 - a constant
        [with_lifted],
    )
    return [_hold(row) for row in rows]


def find_hold(tx: Transaction, hold_id: str) -> Hold | None:
    """Return one hold; None when there is none of this id."""
    row = tx.row(f"select {_COLUMNS} from legal_holds where id = as_uuid(%s)", [hold_id])  # noqa: S608 - a constant
    return _hold(row) if row else None


def insert_hold(deed: Deed, hold: Hold) -> bool:
    """Insert a hold; False when an active one names the same already. Waits for a purge that is being decided."""
    return (
        deed.execute(
            "insert into legal_holds (id, kind, subject, reason, set_by, set_at) values (%s, %s, %s, %s, %s, %s)"
            " on conflict (kind, lower(subject)) where lifted_at is null do nothing",
            [hold.id, hold.kind.value, hold.subject, hold.reason, hold.set_by, hold.set_at],
        ).rowcount
        > 0
    )


def lift_hold(deed: Deed, hold_id: str, *, by: str, at: datetime, reason: str) -> bool:
    """Lift a hold; False when it is lifted already, or `by` set it."""
    return (
        deed.execute(
            "update legal_holds set lifted_by = %s, lifted_at = %s, lift_reason = %s where id = as_uuid(%s) and lifted_at is null",
            [by, at, reason, hold_id],
        ).rowcount
        > 0
    )


def _hold(row: Row) -> Hold:
    return Hold(**{**row, "id": str(row["id"]), "kind": HoldKind(row["kind"])})


def names_behind(tx: Transaction, holds: Iterable[Hold]) -> dict[str, str]:
    """Return the addresses of the people who set or lifted some holds, by the ids that the holds keep."""
    ids = sorted({one for hold in holds for one in (hold.set_by, hold.lifted_by) if one})
    rows = tx.rows("select id::text as id, email from profiles where id = any(as_uuids(%s))", [ids])
    return {row["id"]: row["email"] for row in rows} | (
        {SYSTEM: "the operator at the machine"} if SYSTEM in ids else {}
    )
