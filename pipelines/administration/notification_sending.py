"""Sending: what waits leaves the product, message by message, each claimed before it is sent and settled after.

Two senders side by side never send the same. A sender that dies after a message left and before that was written down
repeats it once, and the message says so. Not here: what becomes due by itself (notices_due.py).
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pipelines.administration.notification_channels import open_channels, send_mail, send_to_hook
from pipelines.administration.notification_messages import Message, compose
from warehouse.domain.access import Department, Person, Role
from warehouse.domain.notification import Channel
from warehouse.errors import BadInput, NotSignedIn, ProcuraError, VaultRefused
from warehouse.ledger import notification_sendings as sendings
from warehouse.ledger.notification_sendings import Claim
from warehouse.ledger.notification_settings import open_hook
from warehouse.ledger.notifications import Notification, read_notifications
from warehouse.ledger.store import Ledger
from warehouse.settings import Settings

LONGEST_ROUND_SECONDS = 240
"""A round ends well before its first claims could be taken for abandoned (10 minutes); the next one goes on."""
NO_LONGER_SEEN, READ_ALREADY = "no longer theirs to see", "read in the Inbox before"


@dataclass(frozen=True)
class Sent:
    """What a round of sending did, in messages; `dropped` and `failed` are notices."""

    planned: int
    sent: int
    retried: int
    dropped: int
    failed: int

    def as_json(self) -> dict[str, int]:
        """Return the object that `--json` prints."""
        return vars(self).copy()


def look_ahead(ledger: Ledger, *, at: datetime) -> Mapping[str, int]:
    """Count what is due now, what waits, and what failed within seven days."""
    with ledger.read() as tx:
        return sendings.count_due(tx, at=at)


def plan(ledger: Ledger, settings: Settings, *, at: datetime) -> int:
    """Decide for every new notice on which ways it leaves; returns how many were decided."""
    planned = 0
    while True:
        with ledger.housekeeping() as tx:
            now = sendings.plan_sendings(tx, open_channels(settings), at=at)
        planned += now
        if now < sendings.MOST_AT_ONCE:
            return planned


def send_due(ledger: Ledger, settings: Settings, *, at: datetime) -> Sent:
    """Send what is due, one message for each person and way; a way that fails holds up no other."""
    planned, counts = plan(ledger, settings, at=at), {"sent": 0, "retried": 0, "dropped": 0, "failed": 0}
    with ledger.housekeeping() as tx:
        counts["failed"] += sendings.give_up_abandoned(tx, at=at)
    began = time.monotonic()
    while open_channels(settings) and time.monotonic() - began < LONGEST_ROUND_SECONDS:
        with ledger.housekeeping() as tx:
            claim = sendings.claim_sending(tx, at=at)
        if claim is None:
            break
        for name, count in _send_claim(ledger, settings, claim, at=at).items():
            counts[name] += count
    return Sent(planned, **counts)


def _send_claim(ledger: Ledger, settings: Settings, claim: Claim, *, at: datetime) -> dict[str, int]:
    notices = _still_theirs(ledger, claim)
    wanted = [notice for notice in notices if notice.read_at is None]
    kept = {notice.id for notice in wanted}
    gone = [one for one in claim.notification_ids if one not in {notice.id for notice in notices}]
    read = [notice.id for notice in notices if notice.id not in kept]
    with ledger.housekeeping() as tx:
        sendings.settle(tx, claim, gone, "dropped", at=at, reason=NO_LONGER_SEEN)
        sendings.settle(tx, claim, read, "dropped", at=at, reason=READ_ALREADY)
    counts = {"dropped": len(gone) + len(read)}
    if not wanted:
        return counts
    ids = [notice.id for notice in wanted]
    try:
        _hand_over(ledger, settings, claim, compose(wanted, settings, is_repeat=claim.is_repeat))
    except (BadInput, VaultRefused) as error:
        with ledger.housekeeping() as tx:  # it would be refused again and again, until somebody sets it anew
            sendings.settle(tx, claim, ids, "failed", at=at, reason=error.what)
        return counts | {"failed": len(ids)}
    except ProcuraError as error:
        with ledger.housekeeping() as tx:
            is_put_back = sendings.try_again(tx, claim, ids, at=at, reason=error.what)
        return counts | ({"retried": 1} if is_put_back else {"failed": len(ids)})
    with ledger.housekeeping() as tx:
        sendings.settle(tx, claim, ids, "sent", at=at)
    return counts | {"sent": 1}


def _still_theirs(ledger: Ledger, claim: Claim) -> list[Notification]:
    """Read the notices as the person whom they are for: what they may no longer see is not sent; a disabled account gets none."""
    # Only the id counts: role and department are the ledger's own to look up.
    person = Person(claim.person_id, claim.email, Role.VIEWER, Department.CONTRACTS)
    try:
        with ledger.read(person) as tx:
            return read_notifications(tx, claim.notification_ids)
    except NotSignedIn:
        return []


def _hand_over(ledger: Ledger, settings: Settings, claim: Claim, message: Message) -> None:
    if claim.channel is Channel.EMAIL:
        send_mail(message, claim.email, settings)
        return
    with ledger.read() as tx:
        address = open_hook(tx, claim.person_id)
    if address is None:
        raise BadInput("the hook was taken away.", kept="the notice in the Inbox.")
    send_to_hook(message, address, settings)
