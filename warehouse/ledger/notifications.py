"""Notices to people: telling, reading and marking them.

Not here: how they leave the product (notification_sendings.py), when a timed one is due
(pipelines/administration/notices_due.py).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from warehouse.domain.notification import LONGEST_TEXT, NotificationKind
from warehouse.ledger.store import Deed, Row, Transaction


@dataclass(frozen=True)
class Notification:
    """One notice to one person; `title` is that of the opportunity it is about, empty for none."""

    id: str
    kind: NotificationKind
    text: str
    at: datetime
    read_at: datetime | None
    submission_id: str | None
    opportunity_id: str | None
    title: str
    key: str
    actor_email: str

    @property
    def search_id(self) -> str | None:
        """The saved search that it is about."""
        parts = self.key.split(":")
        return parts[1] if self.kind is NotificationKind.SAVED_SEARCH and len(parts) > 1 else None


def tell(
    deed: Deed,
    people: Collection[str],
    kind: NotificationKind,
    text: str,
    *,
    key: str,
    submission_id: str | None = None,
    opportunity_id: str | None = None,
) -> None:
    """Tell people what a deed did, in its transaction: no deed, no notice.

    The acting person and disabled accounts are left out, and nobody is told the same key twice.

    Args:
        people: Ids of profiles.
        text: One plain sentence; cut to 500 characters.
        key: What happened, so that it is told once: `approval:<manifest id>:rejected`; at most 200 characters.
        submission_id: The offer that it is about; seen only while the person sees the offer.
        opportunity_id: The opportunity that it is about.
    """
    tell_in(deed, people, kind, text, key=key, submission_id=submission_id, opportunity_id=opportunity_id)


def tell_in(
    tx: Transaction,
    people: Collection[str],
    kind: NotificationKind,
    text: str,
    *,
    key: str,
    submission_id: str | None = None,
    opportunity_id: str | None = None,
) -> int:
    """Tell as `tell` does where no deed happened but time passed; returns how many people had not heard it."""
    if not people:
        return 0
    words = " ".join(text.replace("\x00", "").split())
    shown = words if len(words) <= LONGEST_TEXT else words[: LONGEST_TEXT - 1] + "…"
    row = tx.row(
        "select tell_people(%s::uuid[], %s, %s, %s, %s::uuid, %s) as told",
        [sorted(set(people)), kind.value, shown, key, submission_id, opportunity_id],
    )
    return int(row["told"]) if row else 0


QUERY = (
    "select n.id::text as id, n.kind, n.text, n.at, n.read_at, n.submission_id::text as submission_id,"
    " coalesce(n.opportunity_id, s.opportunity_id) as opportunity_id, coalesce(o.title, '') as title, n.key,"
    " coalesce(p.email, '') as actor_email from notifications n left join submissions s on s.id = n.submission_id"
    " left join opportunities o on o.id = coalesce(n.opportunity_id, s.opportunity_id)"
    " left join profiles p on p.id = as_uuid(n.actor)"
)


def list_notifications(
    tx: Transaction,
    person_id: str,
    *,
    kinds: Collection[NotificationKind] = (),
    is_unread_only: bool = False,
    limit: int = 100,
) -> list[Notification]:
    """Return a person's notices, the newest first."""
    rows = tx.rows(
        f"{QUERY} where n.person_id = %(person)s and (not %(unread)s or n.read_at is null)"
        " and (%(kinds)s::text[] is null or n.kind = any(%(kinds)s)) order by n.at desc, n.id limit %(limit)s",
        {
            "person": person_id, "unread": is_unread_only, "limit": limit,
            "kinds": [kind.value for kind in kinds] or None,
        },
    )  # fmt: skip
    return [_notification(row) for row in rows]


def read_notifications(tx: Transaction, ids: Sequence[str]) -> list[Notification]:
    """Return the notices of these ids that the acting person still sees, the oldest first."""
    rows = tx.rows(f"{QUERY} where n.id = any(%s::uuid[]) order by n.at, n.id", [list(ids)])
    return [_notification(row) for row in rows]


def count_unread(tx: Transaction, person_id: str) -> int:
    """Count what a person has not read."""
    row = tx.row("select count(*) as n from notifications where person_id = %s and read_at is null", [person_id])
    return int(row["n"]) if row else 0


def mark_read(tx: Transaction, person_id: str, ids: Collection[str] | None, *, at: datetime) -> int:
    """Mark notices of a person as read, all of them where `ids` is None; returns how many were not yet."""
    done = tx.execute(
        "update notifications set read_at = %(at)s where person_id = %(person)s and read_at is null"
        " and (%(ids)s::text[] is null or id = any(as_uuids(%(ids)s)))",
        {"at": at, "person": person_id, "ids": None if ids is None else list(ids)},
    )
    return done.rowcount


def _notification(row: Row) -> Notification:
    return Notification(**{**row, "kind": NotificationKind(row["kind"])})
