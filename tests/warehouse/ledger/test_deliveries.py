"""A run from its opening to the receipt, as the ledger's own functions allow it."""

import pytest

from pipelines.submission.delivery_refusals import delivery_refusals
from pipelines.submission.executor import Fenced
from pipelines.submission.look_up import find_submission
from tests.factories_approvals import approved_offer, new_signer
from tests.factories_people import new_person
from warehouse import clock
from warehouse.domain.access import Department
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.delivery import EvidenceKind, FoundReceipt, Outcome, ReceiptSource, RunStatus, reference_of
from warehouse.domain.submission import SubmissionStatus
from warehouse.errors import WrongState
from warehouse.ledger import deliveries, receipts
from warehouse.ledger.store import SYSTEM, Deed, open_ledger
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough
RECEIPT = FoundReceipt("R-2026-0001", "Your receipt: R-2026-0001", ReceiptSource.PORTAL, 1)


def opened(home: Settings) -> tuple[str, str]:
    """An approved offer and the id of a run of it."""
    owner = new_person()
    offer, manifest = approved_offer(owner, new_signer(Department.LEGAL), new_signer(Department.FINANCE))
    with (
        delivery_refusals(),
        open_ledger().deed(AuditEvent("delivery:opened", offer, owner.id, {}, submission_ref=offer), owner) as deed,
    ):
        run = deliveries.open_delivery(
            deed, offer, manifest.hash, is_dry_run=False, portal_profile_id=None, reference=reference_of(manifest.id)
        )
    return offer, run


def by_product(offer: str) -> AuditEvent:
    return AuditEvent("delivery:tried", offer, SYSTEM, {}, submission_ref=offer)


def take(run: str, worker: str, *, seconds: int = 30) -> deliveries.Delivery | None:
    with open_ledger().housekeeping() as tx:
        return deliveries.take_delivery(tx, run, worker, seconds=seconds)


def keep(deed: Deed, run: str) -> None:
    deliveries.add_evidence(
        deed, run, EvidenceKind.PAGE, name="page", media_type="text/html", sha256="a" * 64, size=3, path="aa/" + "a" * 64
    )  # fmt: skip


def test_only_a_receipt_makes_an_offer_and_its_opportunity_submitted(home: Settings) -> None:
    offer, run = opened(home)
    taken = take(run, "one")
    assert taken is not None
    assert taken.fence == 1
    with open_ledger().deed(by_product(offer)) as deed:
        deliveries.hold_delivery(deed, run, 1, seconds=30)
        deliveries.change_delivery(deed, run, intended_at=clock.now(), phase="acting")
    with open_ledger().deed(by_product(offer)) as deed:
        assert deliveries.begin_act(deed, run, 1, seconds=30) == ""
    with pytest.raises(WrongState, match="receipt"), delivery_refusals(), open_ledger().deed(by_product(offer)) as deed:
        deliveries.submit_offer(deed, run)
    with delivery_refusals(), open_ledger().deed(by_product(offer)) as deed:
        deliveries.hold_delivery(deed, run, 1, seconds=30)
        keep(deed, run)
        held = deliveries.read_delivery(deed, run)
        assert held is not None
        assert held.outcome is Outcome.UNKNOWN
        receipts.add_receipt(deed, held, RECEIPT, at=clock.now())
        deliveries.submit_offer(deed, run)
    found = find_submission(open_ledger(), offer, by=new_person())
    assert found.status is SubmissionStatus.SUBMITTED
    with open_ledger().read() as tx:
        done = deliveries.read_delivery(tx, run)
        row = tx.row("select status::text from opportunities where id = %s", [found.opportunity_id])
    assert done is not None
    assert row == {"status": "submitted"}
    assert (done.status, done.outcome, done.receipt_id) == (RunStatus.SUCCESS, Outcome.ACCEPTED, "R-2026-0001")


def test_worker_that_wakes_up_late_does_nothing(home: Settings) -> None:
    offer, run = opened(home)
    assert take(run, "one", seconds=0) is not None
    second = take(run, "two")
    assert second is not None
    assert second.fence == 2
    assert take(run, "three") is None
    with pytest.raises(Fenced), delivery_refusals(), open_ledger().deed(by_product(offer)) as deed:
        deliveries.hold_delivery(deed, run, 1, seconds=30)
    with delivery_refusals(), open_ledger().deed(by_product(offer)) as deed:
        deliveries.hold_delivery(deed, run, 2, seconds=30)
        deliveries.change_delivery(deed, run, phase="checking")


def test_second_delivery_of_an_open_one_is_refused(home: Settings) -> None:
    offer, run = opened(home)
    owner = find_submission(open_ledger(), offer, by=new_person()).owner_id
    with open_ledger().read() as tx:
        carried = deliveries.read_delivery(tx, run)
    assert carried is not None
    assert carried.started_by == owner
    with (
        pytest.raises(WrongState, match="under way"),
        delivery_refusals(),
        open_ledger().deed(by_product(offer)) as deed,
    ):
        deliveries.open_delivery(
            deed, offer, carried.manifest_hash, is_dry_run=False, portal_profile_id=None, reference="PRC-AAAA-AAAA"
        )
