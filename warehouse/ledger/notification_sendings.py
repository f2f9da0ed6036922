"""The ways on which notices leave the product: planned once, claimed by one sender, tried again, settled.

A row that is claimed and never settled is one whose sender died, perhaps after the message had left: it is repeated once,
and the message says that it may be the second. Not here: what a message says and how it is sent (pipelines/administration).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from warehouse.domain.notification import Channel, NotificationKind, Pace
from warehouse.ledger.notification_settings import COLUMNS, settings_from
from warehouse.ledger.store import Row, Transaction

MOST_AT_ONCE = 500
MOST_IN_A_MESSAGE = 50
ABANDONED_AFTER = timedelta(minutes=10)
"""No send takes that long (pipelines/administration/notification_channels.py): who claimed it then is dead."""
TRIES = 8
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=4)
"""Eight tries with doubling pauses: a mail server may be away for a little over two hours, a working morning."""


@dataclass(frozen=True)
class Claim:
    """The notices that go to one person on one way in one message.

    Attributes:
        is_repeat: An earlier sender died while sending at least one of them.
        attempt: The highest count of tries among them, this one included.
    """

    person_id: str
    email: str
    channel: Channel
    notification_ids: tuple[str, ...]
    is_repeat: bool
    attempt: int
    claimed_at: datetime


def plan_sendings(tx: Transaction, channels: Collection[Channel], *, at: datetime) -> int:
    """Decide for each new notice on which ways it leaves and when; returns how many were decided.

    Args:
        channels: The ways that are configured at all; a notice that comes while none is stays in the Inbox alone.
    """
    rows = tx.rows(
        f"select n.id, n.kind, p.is_demo, {COLUMNS} from notifications n join profiles p on p.id = n.person_id"  # noqa: S608 - a text of that file
        " left join notification_settings s on s.person_id = n.person_id where n.planned_at is null"
        " order by n.at limit %s for update of n skip locked",
        [MOST_AT_ONCE],
    )
    for row in rows:
        for channel, pace, when in _ways(row, channels, at):
            tx.execute(
                "insert into notification_sendings (notification_id, channel, pace, next_try_at) values (%s, %s, %s, %s)"
                " on conflict do nothing",
                [row["id"], channel.value, pace.value, when],
            )
    tx.execute("update notifications set planned_at = %s where id = any(%s)", [at, [row["id"] for row in rows]])
    return len(rows)


def claim_sending(tx: Transaction, *, at: datetime) -> Claim | None:
    """Claim what is due for one person on one way; None where nothing is. The transaction must commit before it is sent."""
    first = tx.row(
        "select n.person_id, p.email, s.channel from notification_sendings s join notifications n on n.id = s.notification_id"  # noqa: S608 - a text of this file
        f" join profiles p on p.id = n.person_id where {_IS_DUE} order by s.next_try_at limit 1 for update of s skip locked",
        _due(at),
    )
    if first is None:
        return None
    rows = tx.rows(
        "update notification_sendings u set is_repeat = d.state = 'sending', state = 'sending', attempts = u.attempts + 1,"  # noqa: S608 - a text of this file
        " claimed_at = %(at)s from (select s.notification_id, s.channel, s.state from notification_sendings s"
        "   join notifications n on n.id = s.notification_id"
        f"  where {_IS_DUE} and n.person_id = %(person)s and s.channel = %(channel)s"
        "   order by n.at limit %(most)s for update of s skip locked) d"
        " where u.notification_id = d.notification_id and u.channel = d.channel"
        " returning u.notification_id::text as id, u.is_repeat, u.attempts",
        {**_due(at), "person": first["person_id"], "channel": first["channel"], "most": MOST_IN_A_MESSAGE},
    )
    return Claim(
        str(first["person_id"]), first["email"], Channel(first["channel"]), tuple(row["id"] for row in rows),
        any(row["is_repeat"] for row in rows), max(row["attempts"] for row in rows), at,
    )  # fmt: skip


def settle(tx: Transaction, claim: Claim, ids: Sequence[str], state: str, *, at: datetime, reason: str = "") -> None:
    """Write down how it ended for some of a claim's notices: sent, failed or dropped."""
    tx.execute(
        "update notification_sendings set state = %(state)s, reason = %(reason)s,"  # noqa: S608 - a text of this file
        " sent_at = case when %(state)s = 'sent' then %(at)s::timestamptz end"
        f" where {_IS_MINE}",
        {"state": state, "reason": reason, "at": at, **_mine(claim, ids)},
    )


def try_again(tx: Transaction, claim: Claim, ids: Sequence[str], *, at: datetime, reason: str) -> bool:
    """Put some of a claim's notices back to be tried later; False where that was the last try and they are given up."""
    if claim.attempt >= TRIES:
        settle(tx, claim, ids, "failed", at=at, reason=reason)
        return False
    pause = min(FIRST_PAUSE * 2 ** (claim.attempt - 1), LONGEST_PAUSE)
    tx.execute(
        "update notification_sendings set state = 'waiting', next_try_at = %(next)s, reason = %(reason)s"  # noqa: S608 - a text of this file
        f" where {_IS_MINE}",
        {"next": at + pause, "reason": reason, **_mine(claim, ids)},
    )
    return True


def give_up_abandoned(tx: Transaction, *, at: datetime) -> int:
    """Give up what was abandoned twice, and say how many: nobody knows whether it arrived, and it is in the Inbox."""
    done = tx.execute(
        "update notification_sendings set state = 'failed', reason = %s"
        " where state = 'sending' and is_repeat and claimed_at <= %s",
        ["the product stopped twice while sending: it may have arrived", at - ABANDONED_AFTER],
    )
    return done.rowcount


def count_due(tx: Transaction, *, at: datetime) -> Mapping[str, int]:
    """Count by state what waits, is due, and failed within the last seven days."""
    row = tx.row(
        f"select count(*) filter (where {_IS_DUE}) as due, count(*) filter (where s.state = 'waiting') as waiting,"  # noqa: S608 - a text of this file
        " count(*) filter (where s.state = 'failed' and s.claimed_at > %(at)s - interval '7 days') as failed"
        " from notification_sendings s where s.state in ('waiting', 'sending', 'failed')",
        _due(at),
    )
    return dict(row or {})


_IS_DUE = (
    "(s.state = 'waiting' and s.next_try_at <= %(at)s"
    " or s.state = 'sending' and not s.is_repeat and s.claimed_at <= %(abandoned)s)"
)
_IS_MINE = "notification_id = any(%(ids)s::uuid[]) and channel = %(channel)s and state = 'sending' and claimed_at = %(claimed)s"


def _due(at: datetime) -> dict[str, object]:
    return {"at": at, "abandoned": at - ABANDONED_AFTER}


def _mine(claim: Claim, ids: Sequence[str]) -> dict[str, object]:
    return {"ids": list(ids), "channel": claim.channel.value, "claimed": claim.claimed_at}


def _ways(row: Row, channels: Collection[Channel], at: datetime) -> list[tuple[Channel, Pace, datetime]]:
    chosen = settings_from(row)
    pace = chosen.paces[NotificationKind(row["kind"])]
    when = at if pace is Pace.AT_ONCE else chosen.digest.following(at)
    if pace is Pace.NEVER or when is None:
        return []
    wanted = {
        Channel.EMAIL: chosen.uses_email and not row["is_demo"],  # the demo account's address is nobody's
        Channel.HOOK: chosen.hook_kind is not None,
    }
    return [(channel, pace, when) for channel in channels if wanted[channel]]
