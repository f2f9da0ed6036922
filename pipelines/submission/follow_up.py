"""What becomes of an accepted offer at the portal: asked now and then where a way can tell, written down when it is new.

A portal may still reject by its own checks what it has received: then the delivery is refused after all, the offer rejected,
and its people are told in the portal's words. Not here: asking one portal (executors/), the look-up of what is in doubt
(reconcile.py).
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol, cast

from pipelines.submission.delivery_news import tell_rejected, tell_standing
from pipelines.submission.executor import Executor, Opens, find_executors
from pipelines.submission.portals.credentials import open_secret
from pipelines.submission.portals.profile import PortalProfile, parse_profile
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.delivery import Standing, Unclear
from warehouse.errors import ProcuraError
from warehouse.ledger import portal_profiles, portal_statuses
from warehouse.ledger.deliveries import Delivery
from warehouse.ledger.store import SYSTEM, Ledger
from warehouse.ledger.submissions import read_submission

FOLLOWED_FOR = timedelta(days=60)
"""After that long without a last word nobody asks any more."""
LOG = logging.getLogger("procura.deliveries")


class FollowsUp(Protocol):
    """What an executor may offer beside acting: asking how an accepted offer stands."""

    def follow_up(self, profile: PortalProfile, number: str, secret: Opens) -> Standing | Unclear:
        """Ask how the offer with this receipt number stands; changes nothing there."""


def follow_up_deliveries(
    ledger: Ledger, *, at: datetime, executors: Mapping[str, Executor] | None = None
) -> dict[str, int]:
    """Ask about each accepted offer of which more may be heard; return how many were asked about, and what came of it."""
    ways = {
        name: cast(FollowsUp, way)
        for name, way in (find_executors() if executors is None else executors).items()
        if hasattr(way, "follow_up")
    }
    with ledger.read() as tx:
        runs = portal_statuses.accepted_since(tx, ways, at - FOLLOWED_FOR)
    came = {"asked": len(runs), "new": 0, "rejected": 0, "unclear": 0}
    for run in runs:
        said = _asked(ledger, run, ways[run.executor])
        if isinstance(said, Unclear):
            came["unclear"] += 1
            LOG.warning("delivery %s: how it stands is not known: %s", run.id, said.words)
        elif _noted(ledger, run, said):
            came["new"] += 1
            came["rejected"] += said.is_rejection
    return came


def _asked(ledger: Ledger, run: Delivery, way: FollowsUp) -> Standing | Unclear:
    with ledger.read() as tx:
        row = portal_profiles.read_profile(tx, run.portal_profile_id)
    if row is None or not run.receipt_id:
        return Unclear("there is no profile, or no receipt, to ask by")
    try:
        profile = parse_profile(row.body)
        return way.follow_up(profile, run.receipt_id, partial(open_secret, ledger, profile))
    except ProcuraError as error:
        return Unclear(error.what)
    except Exception as error:
        LOG.exception("delivery %s: asking how it stands broke", run.id)
        return Unclear(f"asking broke: {type(error).__name__}")


def _noted(ledger: Ledger, run: Delivery, said: Standing) -> bool:
    verb = "rejected_there" if said.is_rejection else "standing_read"
    event = AuditEvent(
        f"delivery:{verb}", run.submission_id, SYSTEM,
        {"run": run.id, "manifest": run.manifest_id, "number": run.receipt_id, "status": said.status, "why": said.words},
        submission_ref=run.submission_id,
    )  # fmt: skip
    with ledger.deed(event) as deed:
        submission = read_submission(deed, run.submission_id)
        if submission is None or not portal_statuses.note_status(deed, run.id, said):
            deed.nothing_happened()
            return False
        key = f"delivery:{run.id}:{said.status}"
        if said.is_rejection:
            tell_rejected(deed, submission, run.receipt_id or "", said.words, key=key)
        elif said.is_news:
            tell_standing(deed, submission, said.status, run.receipt_id or "", key=key)
    return True
