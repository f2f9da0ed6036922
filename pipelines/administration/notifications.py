"""The Inbox and how a person hears of things: reading, marking, paces, digest times, the own hook.

Not here: telling (warehouse/ledger/notifications.py), sending (notification_sending.py).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import available_timezones

from pydantic import SecretStr

from pipelines.administration.notification_channels import hook_kind, open_channels, send_to_hook
from pipelines.administration.notification_messages import Message
from warehouse.domain import access
from warehouse.domain.access import Action, Person, State
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.digest import DigestTimes
from warehouse.domain.notification import Channel, NotificationKind, Pace
from warehouse.errors import BadInput, WrongState
from warehouse.ledger import notifications as rows
from warehouse.ledger.notification_settings import (
    NotificationSettings,
    read_notification_settings,
    write_hook,
    write_notification_settings,
)
from warehouse.ledger.notifications import Notification
from warehouse.ledger.store import Ledger
from warehouse.settings import Settings, current


@dataclass(frozen=True)
class Ways:
    """Which ways out this installation has, for the page to say."""

    has_email: bool
    is_offline: bool


def read_inbox(
    ledger: Ledger,
    *,
    kinds: Collection[NotificationKind] = (),
    is_unread_only: bool = False,
    limit: int = 100,
    by: Person,
) -> list[Notification]:
    """Return the own notices, the newest first; those about an offer only while `by` sees the offer."""
    access.check(by, Action.READ_INBOX, State.OWN)
    with ledger.read(by) as tx:
        return rows.list_notifications(tx, by.id, kinds=kinds, is_unread_only=is_unread_only, limit=limit)


def count_unread(ledger: Ledger, *, by: Person) -> int:
    """Count the own notices that were not read."""
    access.check(by, Action.READ_INBOX, State.OWN)
    with ledger.read(by) as tx:
        return rows.count_unread(tx, by.id)


def mark_read(ledger: Ledger, ids: Collection[str] | None, *, at: datetime, by: Person) -> int:
    """Mark own notices as read, all of them where `ids` is None. It is no deed: the audit log has no record of it."""
    access.check(by, Action.READ_INBOX, State.OWN)
    with ledger.housekeeping() as tx:
        return rows.mark_read(tx, by.id, ids, at=at)


def read_settings(ledger: Ledger, *, by: Person) -> NotificationSettings:
    """Return how `by` wants to hear of things."""
    access.check(by, Action.EDIT_NOTIFICATIONS, State.OWN)
    with ledger.read(by) as tx:
        return read_notification_settings(tx, by.id)


def ways_out(settings: Settings) -> Ways:
    """Say by which ways messages leave this installation at all."""
    return Ways(Channel.EMAIL in open_channels(settings), settings.offline)


def save_settings(
    ledger: Ledger,
    paces: Mapping[NotificationKind, Pace],
    digest: DigestTimes,
    *,
    uses_email: bool,
    at: datetime,
    by: Person,
) -> None:
    """Keep how `by` wants to hear of things; what is told from now on follows it.

    Raises:
        NotPermitted: `by` may not.
        BadInput: an hour, a weekday or a zone that there is not.
    """
    access.check(by, Action.EDIT_NOTIFICATIONS, State.OWN)
    if (
        digest.hour not in range(24)
        or not set(digest.weekdays) <= set(range(1, 8))
        or digest.zone not in available_timezones()
    ):
        raise BadInput(
            "The digest needs an hour, weekdays and a zone of the tz database.", kept="your settings as they were."
        )
    with ledger.deed(AuditEvent("notification:settings_saved", by.id, by.id), by) as deed:
        was = read_notification_settings(deed, by.id)
        now = replace(was, paces={**was.paces, **paces}, uses_email=uses_email, digest=digest)
        if now == was:
            deed.nothing_happened()
        write_notification_settings(deed, by.id, now, at=at)
        changed = [kind.value for kind in NotificationKind if now.paces[kind] is not was.paces[kind]]
        deed.note(changed=", ".join(changed), email=uses_email)


def set_hook(ledger: Ledger, address: SecretStr, *, at: datetime, by: Person) -> str:
    """Seal the address of an own hook and say of what kind it is; it is never shown again.

    Raises:
        NotPermitted: `by` may not.
        BadInput: it is no hook of Slack or Teams.
    """
    access.check(by, Action.EDIT_NOTIFICATIONS, State.OWN)
    given = SecretStr(address.get_secret_value().strip())
    kind = hook_kind(given, current())
    with ledger.deed(AuditEvent("notification:hook_set", by.id, by.id, {"kind": kind}), by) as deed:
        write_hook(deed, by.id, kind, given, at=at)
    return kind


def remove_hook(ledger: Ledger, *, at: datetime, by: Person) -> None:
    """Take the own hook away."""
    access.check(by, Action.EDIT_NOTIFICATIONS, State.OWN)
    with ledger.deed(AuditEvent("notification:hook_removed", by.id, by.id), by) as deed:
        if read_notification_settings(deed, by.id).hook_kind is None:
            deed.nothing_happened()
        write_hook(deed, by.id, None, None, at=at)


def try_hook(address: SecretStr, *, by: Person) -> None:
    """Send a short message to an address before it is saved.

    Raises:
        WrongState: this installation is offline.
        BadInput, SourceUnavailable: it is no hook, or does not take the message.
    """
    access.check(by, Action.EDIT_NOTIFICATIONS, State.OWN)
    settings = current()
    if settings.offline:
        raise WrongState("This installation is offline (PROCURA_OFFLINE).", kept="the hook as it was.")
    send_to_hook(
        Message("Procura: a test", "This address gets your notices from Procura."),
        SecretStr(address.get_secret_value().strip()),
        settings,
    )
