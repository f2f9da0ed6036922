"""How people want to hear of things: by kind and pace, when their digest comes, and the sealed address of their hook."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import SecretStr

from warehouse.domain.digest import DigestTimes
from warehouse.domain.notification import PACES, NotificationKind, Pace
from warehouse.ledger.store import Deed, Row, Transaction
from warehouse.vault import seal, unseal

COLUMNS = "s.paces, s.uses_email, s.digest_hour, s.digest_weekdays, s.zone, s.hook_kind"


@dataclass(frozen=True)
class NotificationSettings:
    """What a person chose; `hook_kind` is slack, teams, or None where no hook is set. The address itself is never here."""

    paces: Mapping[NotificationKind, Pace] = field(default_factory=lambda: dict(PACES))
    uses_email: bool = True
    digest: DigestTimes = field(default_factory=DigestTimes)
    hook_kind: str | None = None


def read_notification_settings(tx: Transaction, person_id: str) -> NotificationSettings:
    """Return what a person chose, or the defaults."""
    row = tx.row(f"select {COLUMNS} from notification_settings s where s.person_id = %s", [person_id])  # noqa: S608 - a text of this file
    return settings_from(row) if row else NotificationSettings()


def settings_from(row: Row) -> NotificationSettings:
    """Build a person's choice from a row of `COLUMNS`; nulls, as of a left join, are the defaults."""
    if row["paces"] is None:
        return NotificationSettings()
    chosen = {
        NotificationKind(kind): Pace(pace) for kind, pace in row["paces"].items() if kind in set(NotificationKind)
    }
    times = DigestTimes(row["digest_hour"], tuple(sorted(row["digest_weekdays"])), row["zone"])
    return NotificationSettings(PACES | chosen, row["uses_email"], times, row["hook_kind"])


def write_notification_settings(deed: Deed, person_id: str, chosen: NotificationSettings, *, at: datetime) -> None:
    """Keep what a person chose; the hook is written by itself."""
    deed.execute(
        "insert into notification_settings (person_id, paces, uses_email, digest_hour, digest_weekdays, zone, changed_at)"
        " values (%(person)s, %(paces)s, %(email)s, %(hour)s, %(days)s, %(zone)s, %(at)s)"
        " on conflict (person_id) do update set paces = excluded.paces, uses_email = excluded.uses_email,"
        " digest_hour = excluded.digest_hour, digest_weekdays = excluded.digest_weekdays, zone = excluded.zone,"
        " changed_at = excluded.changed_at",
        {
            "person": person_id, "paces": json.dumps({kind.value: pace.value for kind, pace in chosen.paces.items()}),
            "email": chosen.uses_email, "hour": chosen.digest.hour, "days": list(chosen.digest.weekdays),
            "zone": chosen.digest.zone, "at": at,
        },
    )  # fmt: skip


def write_hook(deed: Deed, person_id: str, kind: str | None, address: SecretStr | None, *, at: datetime) -> None:
    """Seal the address of a person's hook, or take it away; each change is a version of its own."""
    deed.execute(
        "insert into notification_settings (person_id, changed_at) values (%s, %s) on conflict (person_id) do nothing",
        [person_id, at],
    )
    row = deed.row("select hook_version from notification_settings where person_id = %s for update", [person_id])
    version = int(row["hook_version"]) + 1 if row else 1
    sealed = seal(_purpose(person_id, version), address.get_secret_value().encode()) if address else None
    deed.execute(
        "update notification_settings set hook_kind = %s, sealed_hook = %s, hook_version = %s, changed_at = %s"
        " where person_id = %s",
        [kind, sealed, version, at, person_id],
    )


def open_hook(tx: Transaction, person_id: str) -> SecretStr | None:
    """Open the address of a person's hook to send there; None where there is none. Only the product itself may.

    Raises:
        VaultRefused: it cannot be opened.
    """
    row = tx.row("select sealed, version from sealed_hook_of(%s)", [person_id])
    if row is None or row["sealed"] is None:
        return None
    return SecretStr(unseal(_purpose(person_id, row["version"]), bytes(row["sealed"])).decode())


def _purpose(person_id: str, version: int) -> str:
    return f"hook:{person_id}:{version}"
