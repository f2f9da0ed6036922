"""What the product starts by itself: dry runs of approved packages, and their delivery where mode, value and profile allow it.

Each package once: what failed is asked for again by a person, never by the machine. Not here: the table of modes
(warehouse/domain/autonomy.py), carrying a run (submit.py).
"""

import logging
from datetime import datetime
from decimal import Decimal, InvalidOperation

from pipelines.submission.deliver import open_run
from pipelines.submission.delivery_refusals import delivery_refusals
from pipelines.submission.delivery_sheet import told_of
from pipelines.submission.portals.choice import choose_profile
from pipelines.submission.portals.profile import parse_profile
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.autonomy import MAY_START, AutonomyMode, OwnStart, fault_of_start
from warehouse.errors import BadInput, NotPermitted, WrongState
from warehouse.ledger import deliveries
from warehouse.ledger.package_manifests import Manifest, read_manifest
from warehouse.ledger.store import SYSTEM, Ledger, Transaction
from warehouse.ledger.submissions import Submission, list_submissions
from warehouse.ledger.system_settings import read_settings
from warehouse.settings import Settings

LOG = logging.getLogger("procura.deliveries")


def start_by_itself(ledger: Ledger, settings: Settings, *, at: datetime) -> list[str]:
    """Open the runs that the product may start by itself, each with its request; returns their ids."""
    with ledger.read() as tx:
        mode, _ = autonomy_of(tx)
        if settings.as_of is not None or not MAY_START[mode]:
            return []
        offers = list_submissions(tx, "s.status = 'approved' and s.closed_at is null and o.due_date > now()")
        wanted = [(offer, manifest, start) for offer in offers for manifest, start in _starts(tx, offer)]
    return [
        run for offer, manifest, start in wanted if (run := _start(ledger, settings, offer, manifest, start, at=at))
    ]


def fault_of_own_start(tx: Transaction, submission: Submission, *, is_dry_run: bool) -> str:
    """Say why the product may not go on with what it started by itself; "" when it may."""
    mode, ceiling = autonomy_of(tx)
    start = OwnStart.DRY_RUN if is_dry_run else OwnStart.DELIVERY
    return fault_of_start(start, mode, value_usd=submission.value_usd, ceiling_usd=ceiling)


def autonomy_of(tx: Transaction) -> tuple[AutonomyMode, Decimal]:
    """Return the mode and the ceiling in dollars; what is stored and makes no sense is the most careful one."""
    stored = read_settings(tx)
    try:
        mode = AutonomyMode(stored.get("autonomy_mode", AutonomyMode.MANUAL))
        ceiling = Decimal(stored.get("autonomy_ceiling_usd", "0"))
    except (ValueError, InvalidOperation):
        return AutonomyMode.MANUAL, Decimal(0)
    return mode, ceiling


def _starts(tx: Transaction, offer: Submission) -> list[tuple[Manifest, OwnStart]]:
    """Return what would be started for an offer: at most one thing, and nothing that was begun before."""
    manifest = read_manifest(tx, offer.manifest_id)
    runs = deliveries.deliveries_of(tx, offer.id)
    if manifest is None or any(run.is_open for run in runs) or not _is_permitted(tx, offer, manifest):
        return []
    done = {OwnStart.DRY_RUN if run.is_dry_run else OwnStart.DELIVERY for run in runs if run.manifest_id == manifest.id}
    if OwnStart.DELIVERY in done:
        return []
    for start in (OwnStart.DELIVERY, OwnStart.DRY_RUN):
        if start not in done and not fault_of_own_start(tx, offer, is_dry_run=start is OwnStart.DRY_RUN):
            return [(manifest, start)]
    return []


def _is_permitted(tx: Transaction, offer: Submission, manifest: Manifest) -> bool:
    """Whether the profile in use says who permits that a machine works there."""
    row = choose_profile(tx, *told_of(offer, manifest)).row
    try:
        return row is not None and parse_profile(row.body).basis is not None
    except BadInput:
        return False


def _start(
    ledger: Ledger, settings: Settings, offer: Submission, manifest: Manifest, start: OwnStart, *, at: datetime
) -> str:
    is_dry_run = start is OwnStart.DRY_RUN
    verb = "dry_run_started" if is_dry_run else "started"
    event = AuditEvent(f"delivery:{verb}", offer.id, SYSTEM, {"by_itself": True}, submission_ref=offer.id)
    try:
        with delivery_refusals(), ledger.deed(event) as deed:
            return open_run(deed, offer, manifest.hash, is_dry_run=is_dry_run, settings=settings, at=at, by=None)
    except (WrongState, NotPermitted) as error:
        LOG.info("offer %s is not started by itself: %s", offer.id, error.what)
        return ""
