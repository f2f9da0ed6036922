"""What people do about deliveries: start one, look at it, decide what the machine could not, bring and confirm a receipt.

PostgreSQL asks all of it a second time (0012_deliveries.sql). Not here: what a worker does with a run (submit.py), what is
shown of one (delivery_sheet.py), how a number is found in a document (receipt_documents.py).
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import BinaryIO

from pipelines.submission.delivery_news import tell_delivered, tell_receipt
from pipelines.submission.delivery_refusals import delivery_refusals
from pipelines.submission.delivery_sheet import (
    AS_OF,
    DeliverySheet,
    ListedDelivery,
    WaitingDelivery,
    lead_of,
    read_sheet,
    told_of,
)
from pipelines.submission.held import held_for
from pipelines.submission.look_up import find_submission, stands
from pipelines.submission.portals.choice import choose_profile
from pipelines.submission.receipt_documents import BroughtDocument, read_document
from warehouse.audit.checkpoint import write_checkpoint
from warehouse.domain import access
from warehouse.domain.access import Action, Person
from warehouse.domain.audit_event import AuditEvent, Fact
from warehouse.domain.delivery import reference_of
from warehouse.domain.lead import fault_of_time
from warehouse.errors import BadInput, NotFound, WrongState
from warehouse.ledger import deliveries, receipts, submission_files
from warehouse.ledger.deliveries import Delivery, Evidence
from warehouse.ledger.package_manifests import read_manifest
from warehouse.ledger.receipts import Receipt
from warehouse.ledger.run_requests import DELIVERY, ask_for_run
from warehouse.ledger.store import Deed, Ledger
from warehouse.ledger.submissions import Submission, list_submissions
from warehouse.object_store import is_whole, open_object_store
from warehouse.settings import Settings

NOTHING = "nothing was sent and nothing was changed."
LONGEST_NUMBER, LONGEST_REASON = 200, 2_000
CLOCKS_DIFFER = timedelta(minutes=5)
"""How far the office's clock may be before ours."""


class Decision(StrEnum):
    """What a person says about a run that waits; a receipt is brought by `bring_receipt` instead."""

    NOT_DELIVERED = "not_delivered"
    """Nothing arrived, they looked: the run ends, and the offer may be delivered again."""
    LOOK_AGAIN = "look_again"


def start_delivery(
    ledger: Ledger, submission_id: str, wanted_hash: str, *, is_dry_run: bool, settings: Settings, at: datetime, by: Person
) -> str:  # fmt: skip
    """Open a run of an approved package, with its request for a worker; returns the run's id.

    Args:
        wanted_hash: SHA-256 of the package that `by` has looked at.
        is_dry_run: Everything but the last act; it changes no state.

    Raises:
        NotPermitted, NotFound: no such offer for `by`, or not theirs to deliver.
        WrongState: it is not approved, another package stands by now, the deadline passed or leaves too little time, no
            profile is in use, a delivery is under way, or PROCURA_AS_OF is set (a dry run aside). Nothing was sent.
    """
    verb = "dry_run_started" if is_dry_run else "started"
    with delivery_refusals(), ledger.deed(_event(verb, submission_id, by), by) as deed:
        submission = held_for(deed, submission_id, Action.DELIVER_PACKAGE, by=by)
        run = open_run(deed, submission, wanted_hash, is_dry_run=is_dry_run, settings=settings, at=at, by=by)
    return run


def open_run(
    deed: Deed, submission: Submission, wanted_hash: str, *, is_dry_run: bool, settings: Settings, at: datetime, by: Person | None
) -> str:  # fmt: skip
    """Open a run and its request within a deed whose offer is locked; None as `by` is the product itself.

    Raises:
        WrongState: as in `start_delivery`.
    """
    if settings.as_of is not None and not is_dry_run:
        raise _cannot(AS_OF, todo="start the product without it.")
    manifest = read_manifest(deed, submission.manifest_id)
    if manifest is None:
        raise _cannot("no package is approved", todo="send it to approval first.")
    executor, fields = told_of(submission, manifest)
    choice = choose_profile(deed, executor, fields)
    if choice.fault:
        raise _cannot(choice.fault, todo="the page Portal profiles says which are there.")
    needed = timedelta() if is_dry_run else lead_of(choice.row)
    if fault := fault_of_time(submission.due_date, needed=needed, at=at):
        raise _cannot(fault, todo="hand it over by a person, where the office still takes it.")
    profile_id = choice.row.id if choice.row else None
    run = deliveries.open_delivery(
        deed, submission.id, wanted_hash, is_dry_run=is_dry_run, portal_profile_id=profile_id,
        reference=reference_of(manifest.id),
    )  # fmt: skip
    ask_for_run(deed, DELIVERY, run, by=by.id if by else None, at=at)
    deed.note(run=run, manifest=manifest.id, manifest_hash=wanted_hash, executor=executor, profile=profile_id,
              profile_sha256=choice.row.sha256 if choice.row else None, reference=reference_of(manifest.id))  # fmt: skip
    return run


def look_at_delivery(
    ledger: Ledger, submission_id: str, *, settings: Settings, at: datetime, by: Person
) -> DeliverySheet:
    """Return what would be sent where, what speaks against it, and every run with its steps, evidence and receipts.

    Raises:
        NotPermitted: `by` may read no offers.
        NotFound: there is none of this id that `by` may see.
    """
    submission = find_submission(ledger, submission_id, by=by)
    with ledger.read(by) as tx:
        return read_sheet(tx, submission, is_as_of=settings.as_of is not None, at=at, by=by)


def list_deliveries(ledger: Ledger, *, by: Person, limit: int = 200) -> list[ListedDelivery]:
    """Return the newest runs of the offers that `by` sees, the newest first; dry runs too.

    Raises:
        NotPermitted: `by` may read no offers.
    """
    access.check(by, Action.READ_SUBMISSIONS)
    with ledger.read(by) as tx:
        runs = deliveries.newest_deliveries(tx, limit=limit)
        offers = {
            o.id: o for o in list_submissions(tx, "s.id = any(as_uuids(%s))", [[run.submission_id for run in runs]])
        }
    return [ListedDelivery(run, offers[run.submission_id]) for run in runs if run.submission_id in offers]


def list_waiting(ledger: Ledger, *, settings: Settings, at: datetime, by: Person) -> list[WaitingDelivery]:
    """Return the runs that wait for a person, the oldest first, each with all that is needed to decide.

    Raises:
        NotPermitted: `by` may read no offers.
    """
    access.check(by, Action.READ_SUBMISSIONS)
    with ledger.read(by) as tx:
        runs = deliveries.waiting_for_people(tx)
        offers = {
            o.id: o for o in list_submissions(tx, "s.id = any(as_uuids(%s))", [[run.submission_id for run in runs]])
        }
        found = []
        for run in runs:
            sheet = read_sheet(tx, offers[run.submission_id], is_as_of=settings.as_of is not None, at=at, by=by)
            found.append(WaitingDelivery(next(look for look in sheet.runs if look.delivery.id == run.id), sheet))
    return found


def count_waiting(ledger: Ledger, *, by: Person) -> int:
    """Count the runs that wait for a person, of the offers that `by` sees.

    Raises:
        NotPermitted: `by` may read no offers.
    """
    access.check(by, Action.READ_SUBMISSIONS)
    with ledger.read(by) as tx:
        return len(deliveries.waiting_for_people(tx))


def decide_delivery(
    ledger: Ledger, run_id: str, decision: Decision | str, reason: str, *, at: datetime, by: Person
) -> None:
    """Say of a run that waits that nothing arrived, or that it is to be looked for once more.

    Raises:
        NotPermitted, NotFound: no such run for `by`, or not theirs to decide.
        BadInput: no reason is given, or one of more than 2,000 characters.
        WrongState: it does not wait for a person, or a receipt waits to be confirmed.
    """
    wanted, why = Decision(decision), _tidy_reason(reason)
    run = _find_run(ledger, run_id, by)
    event = _event("decided", run.submission_id, by, {"run": run_id, "decision": wanted.value, "why": why})
    with delivery_refusals(), ledger.deed(event, by) as deed:
        held_for(deed, run.submission_id, Action.DECIDE_DELIVERY, by=by)
        deliveries.decide_delivery(deed, run_id, wanted.value, why)
        if wanted is Decision.LOOK_AGAIN:
            ask_for_run(deed, DELIVERY, run_id, by=by.id, at=at)


def bring_receipt(
    ledger: Ledger, run_id: str, *, number: str, received_at: datetime | None, name: str, stream: BinaryIO,
    settings: Settings, at: datetime, by: Person,
) -> str:  # fmt: skip
    """Bring the office's receipt for a run that waits, with the document in which its number stands; returns its id.

    It counts once a second person has confirmed it.

    Args:
        number: As the office writes it.
        received_at: As the office says; None where it does not.
        name: The document's, as the browser gives it.
        stream: The document: PDF, text, mail (.eml), web page, Word, Excel or a picture.

    Raises:
        NotPermitted, NotFound: no such run for `by`, or not theirs.
        BadInput: the number is not found in the document, the document was refused by its scan, is empty or too large.
        WrongState: the run does not wait for a receipt, or has one already.
    """
    stated = _tidy(number)
    if not stated or len(stated) > LONGEST_NUMBER:
        raise BadInput("A receipt has a number.", kept=NOTHING, todo=f"give it, in 1 to {LONGEST_NUMBER} characters.")
    if received_at is not None and received_at > at + CLOCKS_DIFFER:
        raise BadInput(
            "The receipt would have been given in the future.", kept=NOTHING, todo="look at its day and zone."
        )
    run = _find_run(ledger, run_id, by)
    access.check(by, Action.CAPTURE_RECEIPT, stands(find_submission(ledger, run.submission_id, by=by), by))
    document = read_document(stream, name, stated, settings=settings)
    event = _event(
        "receipt_brought", run.submission_id, by, {"run": run_id, "number": stated, "sha256": document.sha256}
    )
    with delivery_refusals(), ledger.deed(event, by) as deed:
        submission = held_for(deed, run.submission_id, Action.CAPTURE_RECEIPT, by=by)
        made = _captured(deed, run_id, stated, received_at, document)
        deed.note(receipt=made, was_read=document.was_read)
        tell_receipt(deed, submission, stated, key=f"receipt:{made}:brought")
    return made


def confirm_receipt(ledger: Ledger, receipt_id: str, *, settings: Settings, at: datetime, by: Person) -> None:
    """Confirm, as a second person, that a receipt is the office's: the offer is submitted.

    Raises:
        NotPermitted, NotFound: no such receipt for `by`, or they brought it themselves.
        WrongState: it was judged already, or its document is not there any more.
    """
    receipt = _find_receipt(ledger, receipt_id, by)
    _check_document(ledger, receipt, by)
    event = _event(
        "receipt_confirmed", receipt.submission_id, by,
        {"receipt": receipt_id, "run": receipt.run_id, "number": receipt.number, "manifest_hash": receipt.manifest_hash},
    )  # fmt: skip
    with delivery_refusals(), ledger.deed(event, by) as deed:
        submission = held_for(deed, receipt.submission_id, Action.CONFIRM_RECEIPT, by=by)
        receipts.judge_receipt(deed, receipt_id, confirms=True)
        tell_delivered(deed, submission, receipt.number, key=f"delivery:{receipt.run_id}:accepted")
    write_checkpoint(ledger, settings, at=at)


def put_receipt_aside(ledger: Ledger, receipt_id: str, reason: str, *, by: Person) -> None:
    """Say that a receipt which somebody brought is not what it was said to be; another one can then be brought.

    Raises:
        NotPermitted, NotFound: no such receipt for `by`.
        BadInput: no reason is given, or one of more than 2,000 characters.
        WrongState: it was judged already.
    """
    why, receipt = _tidy_reason(reason), _find_receipt(ledger, receipt_id, by)
    event = _event(
        "receipt_put_aside", receipt.submission_id, by, {"receipt": receipt_id, "run": receipt.run_id, "why": why}
    )
    with delivery_refusals(), ledger.deed(event, by) as deed:
        held_for(deed, receipt.submission_id, Action.CONFIRM_RECEIPT, by=by)
        receipts.judge_receipt(deed, receipt_id, confirms=False, reason=why)


def find_evidence(ledger: Ledger, run_id: str, position: int, *, by: Person) -> Evidence:
    """Return the row of one thing that a run kept; its bytes lie in the object store at `storage_path`.

    Raises:
        NotPermitted: `by` may read no files.
        NotFound: there is none that `by` may see.
    """
    access.check(by, Action.READ_FILES)
    with ledger.read(by) as tx:
        found = next((e for e in deliveries.evidence_of(tx, run_id) if e.position == position), None)
    if found is None:
        raise NotFound("There is no such evidence, or it is not yours to see.", todo="reload the page.")
    return found


def read_evidence(ledger: Ledger, run_id: str, position: int, *, by: Person) -> tuple[Evidence, bytes]:
    """Return one thing that a run kept, with its bytes.

    Raises:
        NotPermitted, NotFound: as in `find_evidence`, or the bytes are lost.
    """
    found = find_evidence(ledger, run_id, position, by=by)
    with open_object_store().open(found.storage_path) as stream:
        return found, stream.read()


def _captured(
    deed: Deed, run_id: str, number: str, received_at: datetime | None, document: BroughtDocument
) -> str:  # fmt: skip
    submission_files.hold_bytes(deed, document.storage_path)
    if not open_object_store().has(document.storage_path):  # a purge of the same bytes came between
        raise WrongState("The document was not kept.", kept="everything as it was.", todo="upload it again.")
    row = {"name": document.name, "media_type": document.media_type, "sha256": document.sha256,
           "size_bytes": document.size, "storage_path": document.storage_path}  # fmt: skip
    return receipts.capture_receipt(
        deed, run_id, number=number, stated_at=received_at, quote=document.quote, document=row
    )


def _check_document(ledger: Ledger, receipt: Receipt, by: Person) -> None:
    """Read the document of a receipt again: what is confirmed is what was brought."""
    with ledger.read(by) as tx:
        kept = next((e for e in deliveries.evidence_of(tx, receipt.run_id) if e.id == receipt.evidence_id), None)
    if kept is None or not is_whole(open_object_store(), kept.storage_path):
        raise WrongState(
            "The receipt's document is not what was brought.", kept="nothing was confirmed.", todo="bring it again."
        )


def _find_run(ledger: Ledger, run_id: str, by: Person) -> Delivery:
    access.check(by, Action.READ_SUBMISSIONS)
    with ledger.read(by) as tx:
        found = deliveries.read_delivery(tx, run_id)
    if found is None:
        raise NotFound("There is no such delivery, or it is not yours to see.", todo="ask the offer's owner.")
    return found


def _find_receipt(ledger: Ledger, receipt_id: str, by: Person) -> Receipt:
    access.check(by, Action.CONFIRM_RECEIPT)
    with ledger.read(by) as tx:
        found = receipts.read_receipt(tx, receipt_id)
    if found is None:
        raise NotFound("There is no such receipt, or it is not yours to see.", todo="ask the offer's owner.")
    return found


def _tidy(text: str) -> str:
    return " ".join(text.replace("\x00", "").split())


def _tidy_reason(reason: str) -> str:
    why = _tidy(reason)
    if not why or len(why) > LONGEST_REASON:
        raise BadInput(f"The reason has {len(why):,} characters.", kept=NOTHING, todo="say why, in a sentence.")
    return why


def _cannot(fault: str, *, todo: str) -> WrongState:
    return WrongState(f"It cannot go out: {fault}.", kept=NOTHING, todo=todo)


def _event(verb: str, submission_id: str, by: Person, facts: dict[str, Fact] | None = None) -> AuditEvent:
    return AuditEvent(f"delivery:{verb}", submission_id, by.id, facts or {}, submission_ref=submission_id)
