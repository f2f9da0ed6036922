"""What is shown of an offer's delivery: what would go where until when, what speaks against it, its runs, its receipt.

Read in one transaction in the name of who looks. Not here: deeds (deliver.py), what a worker does (submit.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipelines.submission.look_up import stands
from pipelines.submission.portals.choice import Choice, choose_profile
from pipelines.submission.way_faults import faults_of_package
from warehouse.domain import access
from warehouse.domain.access import Action, Person
from warehouse.domain.delivery import reference_of
from warehouse.domain.executor import EXECUTORS, ExecutorKind
from warehouse.domain.lead import fault_of_time
from warehouse.ledger import deliveries, receipts
from warehouse.ledger.deliveries import Delivery, Evidence, Step
from warehouse.ledger.package_manifests import Manifest, read_manifest
from warehouse.ledger.portal_profiles import ProfileRow
from warehouse.ledger.portal_statuses import PortalStatus, statuses_of
from warehouse.ledger.receipts import Receipt
from warehouse.ledger.store import Transaction
from warehouse.ledger.submissions import Submission

UNDER_WAY = "a delivery of this offer is under way"
AS_OF = "PROCURA_AS_OF is set: deliveries go out only in the present"


@dataclass(frozen=True)
class SheetFile:
    """One file as the manifest names it: what goes out, under which name. `file_id` is what a download link asks for."""

    position: int
    name: str
    volume: str
    size: int
    sha256: str
    media_type: str
    file_id: str


@dataclass(frozen=True)
class RunLook:
    """One run with all that it did, saw and brought; receipts the newest first, those put aside too."""

    delivery: Delivery
    steps: tuple[Step, ...]
    evidence: tuple[Evidence, ...]
    receipts: tuple[Receipt, ...]
    statuses: tuple[PortalStatus, ...] = ()
    """What the portal said of it since it was accepted, the first first."""

    @property
    def to_confirm(self) -> Receipt | None:
        """The receipt that somebody brought and nobody has judged yet."""
        return next((r for r in self.receipts if not r.counts and r.discarded_at is None), None)


@dataclass(frozen=True)
class DeliverySheet:
    """An offer's delivery at one instant.

    Attributes:
        manifest: The package that would go out, or went; None while the offer is a draft.
        kind: The way, with its fields' labels; None where the product knows none of this name.
        fields: What the way was told, as it was signed.
        profile: The version of the portal profile that would be used now.
        lead_needed: How long the delivery took when it was slowest; zero where nobody has measured.
        reference: Our own, which goes with the offer; "" while there is no package.
        against: What speaks against delivering it now, each a clause; empty when nothing does.
        runs: The newest first.
        receipt: The one that counts; None as long as there is none.
    """

    submission: Submission
    at: datetime
    manifest: Manifest | None
    kind: ExecutorKind | None
    files: tuple[SheetFile, ...]
    fields: Mapping[str, str]
    profile: ProfileRow | None
    lead_needed: timedelta
    reference: str
    against: tuple[str, ...]
    runs: tuple[RunLook, ...]
    receipt: Receipt | None
    may_start: bool
    may_decide: bool
    may_capture: bool
    may_confirm: bool

    @property
    def deadline(self) -> datetime | None:
        """Until when it must have arrived, UTC."""
        return self.submission.due_date

    @property
    def lead_left(self) -> timedelta | None:
        """How long is left; negative once it is over, None without a deadline."""
        return None if self.deadline is None else self.deadline - self.at

    @property
    def total_bytes(self) -> int:
        """All files together."""
        return sum(file.size for file in self.files)

    @property
    def open_run(self) -> RunLook | None:
        """The run that has not ended."""
        return next((run for run in self.runs if run.delivery.is_open), None)


@dataclass(frozen=True)
class ListedDelivery:
    """One run in the list of all, with the offer it belongs to."""

    delivery: Delivery
    submission: Submission


@dataclass(frozen=True)
class WaitingDelivery:
    """One run that waits for a person, with everything that the person needs to decide."""

    run: RunLook
    sheet: DeliverySheet

    @property
    def to_confirm(self) -> Receipt | None:
        """The receipt that waits for a second person."""
        return self.run.to_confirm


def read_sheet(
    tx: Transaction, submission: Submission, *, is_as_of: bool, at: datetime, by: Person
) -> DeliverySheet:  # fmt: skip
    """Read everything about an offer's delivery.

    Args:
        is_as_of: Whether the product looks at another instant than now, in which nothing is delivered.
        at: The real instant.
        by: Who looks; what they may do depends on how they stand to the offer.
    """
    manifest = read_manifest(tx, submission.manifest_id)
    executor, fields = told_of(submission, manifest)
    choice = choose_profile(tx, executor, fields)
    runs = tuple(read_run(tx, run) for run in deliveries.deliveries_of(tx, submission.id))
    needed = lead_of(choice.row)
    found = receipts.receipts_of(tx, submission.id)
    return DeliverySheet(
        submission=submission,
        at=at,
        manifest=manifest,
        kind=EXECUTORS.get(executor),
        files=files_of(manifest),
        fields=fields,
        profile=choice.row,
        lead_needed=needed,
        reference=reference_of(manifest.id) if manifest else "",
        against=_against(tx, submission, manifest, choice, runs, is_as_of=is_as_of, at=at),
        runs=runs,
        receipt=next((r for r in found if r.counts and r.manifest_id == submission.manifest_id), None),
        may_start=access.may(by, Action.DELIVER_PACKAGE, stands(submission, by)),
        may_decide=access.may(by, Action.DECIDE_DELIVERY, stands(submission, by)),
        may_capture=access.may(by, Action.CAPTURE_RECEIPT, stands(submission, by)),
        may_confirm=access.may(by, Action.CONFIRM_RECEIPT, stands(submission, by)),
    )


def read_run(tx: Transaction, run: Delivery) -> RunLook:
    """Read what one run did, saw and brought."""
    brought = tuple(r for r in receipts.receipts_of(tx, run.submission_id) if r.run_id == run.id)
    return RunLook(
        run, tuple(deliveries.steps_of(tx, run.id)), tuple(deliveries.evidence_of(tx, run.id)), brought,
        tuple(statuses_of(tx, run.id)),
    )  # fmt: skip


def told_of(submission: Submission, manifest: Manifest | None) -> tuple[str, dict[str, str]]:
    """Return the way and what it was told: as it was signed, else as the draft says it."""
    if manifest is not None:
        said = manifest.body
        return str(said["executor"]), {name: str(text) for name, text in said["fields"].items()}
    fields = submission.delivery.get("fields")
    return submission.executor, {n: str(t) for n, t in fields.items()} if isinstance(fields, Mapping) else {}


def files_of(manifest: Manifest | None) -> tuple[SheetFile, ...]:
    """Return the files of a package in its order."""
    return tuple(
        SheetFile(
            int(entry["position"]), str(entry["name"]), str(entry["volume"]), int(entry["size"]), str(entry["sha256"]),
            str(entry["media_type"]), str(entry["file_id"]),
        )
        for entry in (manifest.body["files"] if manifest else ())
    )  # fmt: skip


def lead_of(profile: ProfileRow | None) -> timedelta:
    """Return how much time a delivery by a profile needs: the slowest that was measured; zero where none was."""
    return timedelta(seconds=float(profile.measured_seconds or 0)) if profile else timedelta()


def _against(
    tx: Transaction, submission: Submission, manifest: Manifest | None, choice: Choice, runs: Sequence[RunLook],
    *, is_as_of: bool, at: datetime,
) -> tuple[str, ...]:  # fmt: skip
    if manifest is None:
        return (f"the offer is {submission.status.value.replace('_', ' ')}: no package is approved",)
    late = fault_of_time(submission.due_date, needed=lead_of(choice.row), at=at)
    stored = "" if late.startswith("the deadline") else deliveries.delivery_fault(tx, submission.id, manifest.id)
    under_way = UNDER_WAY if any(run.delivery.is_open for run in runs) else ""
    faults = (stored.replace("_", " "), late, choice.fault, under_way, AS_OF if is_as_of else "")
    found = tuple(fault for fault in faults if fault)
    return found or faults_of_package(submission, manifest, choice.row)
