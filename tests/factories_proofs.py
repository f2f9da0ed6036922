"""Offers that were delivered, by the ledger's own functions in the order in which a worker calls them."""

import io
from dataclasses import dataclass

from pipelines.submission.delivery_refusals import delivery_refusals
from tests.factories_approvals import approved_offer, new_signer
from tests.factories_people import new_person
from warehouse import clock
from warehouse.audit.checkpoint import write_checkpoint
from warehouse.domain.access import Department, Person
from warehouse.domain.audit_event import AuditEvent, Fact
from warehouse.domain.delivery import EvidenceKind, FoundReceipt, ReceiptSource, reference_of
from warehouse.ledger import deliveries, receipts
from warehouse.ledger.package_manifests import Manifest
from warehouse.ledger.store import SYSTEM, open_ledger
from warehouse.object_store import open_object_store
from warehouse.settings import current

FILES = {"Volume I.txt": b"Our approach.", "Volume II, prices.txt": b"A price."}
PAGE = b"<h1>Offer received</h1><p>Your confirmation number is R-2026-000123.</p>"


@dataclass(frozen=True)
class Delivered:
    """An offer, its package, and the run that delivered it."""

    offer: str
    manifest: Manifest
    run: str
    owner: Person


def open_run() -> Delivered:
    """Bring an offer through its signatures, and open its delivery."""
    owner = new_person()
    legal, finance = new_signer(Department.LEGAL), new_signer(Department.FINANCE)
    offer, manifest = approved_offer(owner, legal, finance, files=FILES)
    with (
        delivery_refusals(),
        open_ledger().deed(AuditEvent("delivery:opened", offer, owner.id, {}, submission_ref=offer), owner) as deed,
    ):
        run = deliveries.open_delivery(
            deed, offer, manifest.hash, is_dry_run=False, portal_profile_id=None, reference=reference_of(manifest.id)
        )
    return Delivered(offer, manifest, run, owner)


def delivered_offer(number: str = "R-2026-000123") -> Delivered:
    """Deliver an offer up to a receipt that was read from a portal's page, which is kept beside a picture."""
    made = open_run()
    with open_ledger().housekeeping() as tx:
        deliveries.take_delivery(tx, made.run, "worker", seconds=60)
    with _deed("delivery:intended", made) as deed:
        deliveries.hold_delivery(deed, made.run, 1, seconds=60)
        deliveries.change_delivery(deed, made.run, intended_at=clock.now(), phase="acting")
    write_checkpoint(open_ledger(), current(), at=clock.now())
    with _deed("delivery:act_begun", made) as deed:
        assert deliveries.begin_act(deed, made.run, 1, seconds=60) == ""
    page = keep(made.run, EvidenceKind.PAGE, "what the portal answered.html", PAGE)
    keep(made.run, EvidenceKind.SCREENSHOT, "receipt.png", b"\x89PNG\r\n\x1a\n and no more")
    with _deed("delivery:accepted", made, number=number, manifest_hash=made.manifest.hash) as deed:
        deliveries.add_step(deed, made.run, "The portal accepted the offer")
        held = deliveries.read_delivery(deed, made.run)
        assert held is not None
        found = FoundReceipt(number, f"Your confirmation number is {number}.", ReceiptSource.PORTAL, page)
        receipts.add_receipt(deed, held, found, at=clock.now())
        deliveries.submit_offer(deed, made.run)
    return made


def keep(run: str, kind: EvidenceKind, name: str, data: bytes) -> int:
    """Keep something that a run saw; return its position."""
    stored = open_object_store(current()).put(io.BytesIO(data), limit=1_000_000)
    with open_ledger().housekeeping() as tx:
        return deliveries.add_evidence(
            tx, run, kind, name=name, media_type="text/html", sha256=stored.sha256, size=stored.size, path=stored.path
        )  # fmt: skip


def _deed(action: str, made: Delivered, **facts: Fact):  # type: ignore[no-untyped-def]
    return open_ledger().deed(AuditEvent(action, made.run, SYSTEM, facts, submission_ref=made.offer))
