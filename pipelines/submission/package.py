"""The package of an offer: what goes into it and how it is delivered, until its bytes are written down to be signed.

Not here: the conditions it must meet (package_gates.py), two packages side by side (package_diff.py), who signs (approvals.py).
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from psycopg.types.json import Jsonb

from pipelines.submission.held import held_for
from pipelines.submission.package_bytes import fault_of_bytes
from pipelines.submission.package_edits import (
    StatedLimit,
    digest_of,
    facts_of_items,
    fault_of_items,
    faults_of_limits,
    names_changed,
    with_sources,
)
from pipelines.submission.package_gates import ask
from pipelines.submission.package_state import PackageState, body_of, encode_body, read_state
from pipelines.submission.refusals import refusals
from pipelines.submission.way_faults import with_faults_of_way
from warehouse.audit.canonical import instant
from warehouse.domain import access
from warehouse.domain.access import Action, Person
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.executor import faults_of_fields
from warehouse.domain.package import (
    MOST_PAGES,
    Gate,
    PackageItem,
)
from warehouse.domain.submission import SubmissionStatus
from warehouse.errors import BadInput, NotFound, ProcuraError, WrongState
from warehouse.ledger.package_items import list_items, write_items
from warehouse.ledger.package_manifests import Manifest, add_manifest, manifests_of
from warehouse.ledger.store import Deed, Ledger, Transaction
from warehouse.ledger.submission_files import read_file
from warehouse.ledger.submissions import Submission, read_submission
from warehouse.object_store import open_object_store


@dataclass(frozen=True)
class PackageLook:
    """A package for a page: its state, the answers of its gates, the manifest it would give, and those that were sent."""

    state: PackageState
    gates: tuple[Gate, ...]
    encoded: bytes
    sent: tuple[Manifest, ...]

    @property
    def hash(self) -> str:
        """The SHA-256 that would be signed."""
        return sha256(self.encoded).hexdigest()

    @property
    def present(self) -> Manifest | None:
        """The package that is being signed, or was; None while the offer is a draft."""
        return next((m for m in self.sent if m.id == self.state.submission.manifest_id), None)


def look_at_package(ledger: Ledger, submission_id: str, *, at: datetime, by: Person | None = None) -> PackageLook:
    """Return an offer's package as it is now; None is the operator at the machine.

    Raises:
        NotPermitted: `by` may read no offers.
        NotFound: there is none of this id that `by` may see.
    """
    if by is not None:
        access.check(by, Action.READ_SUBMISSIONS)
    with ledger.read(by) as tx:
        submission = read_submission(tx, submission_id)
        if submission is None:
            raise NotFound("There is no such offer, or it is not yours to see.", todo="ask its owner to share it.")
        state = with_faults_of_way(tx, read_state(tx, submission, at=at))
        return PackageLook(
            state, tuple(ask(state)), encode_body(body_of(state)), tuple(manifests_of(tx, submission.id))
        )


def set_items(
    ledger: Ledger, submission_id: str, items: Sequence[PackageItem], *, version: int, at: datetime, by: Person
) -> None:
    """Make these documents the package, in this order, under these names.

    Args:
        version: The offer's version that `by` has seen.

    Raises:
        NotPermitted: `by` does not work on the offer.
        WrongState: somebody changed it meanwhile, or it is no open draft.
        BadInput: a name is empty, too long or there twice, or a document is none of the offer's.
    """
    tidy = [PackageItem(i.document_id, i.package_name.strip(), i.volume.strip()) for i in items]
    if fault := fault_of_items(tidy):
        raise BadInput(fault, kept="the package as it was.", todo="correct it, then save again.")
    with refusals(), ledger.deed(_event("items_set", submission_id, by), by) as deed:
        found = _open_draft(deed, submission_id, version, by)
        before = list_items(deed, found.id)
        if before == tidy:
            deed.nothing_happened()
        _check_documents(read_state(deed, found, at=at), before, tidy)
        deed.note(**facts_of_items(before, tidy))
        write_items(deed, found.id, tidy)
        deed.execute("update submissions set version = version + 1 where id = %s", [found.id])


def set_delivery(
    ledger: Ledger,
    submission_id: str,
    *,
    executor: str,
    fields: Mapping[str, str],
    limits: Mapping[str, StatedLimit],
    version: int,
    at: datetime,
    by: Person,
) -> None:
    """Say how an offer is delivered, and what the solicitation states; who typed a limit is kept with it.

    Args:
        executor: The name of a way to deliver (warehouse/domain/executor.py).
        fields: What that way needs to be told; may be incomplete, a gate asks for the rest.
        limits: All of them, by the names of `warehouse.domain.package.TITLES`; what is left out is no longer stated.
        version: The offer's version that `by` has seen.

    Raises:
        NotPermitted: `by` does not work on the offer.
        WrongState: somebody changed it meanwhile, or it is no open draft.
        BadInput: a field or a limit is not as it must be; the message names each.
    """
    texts = {name: text.replace("\r\n", "\n").strip() for name, text in fields.items()}
    texts = {name: text for name, text in texts.items() if text}
    faults = faults_of_fields(executor, texts, is_complete=False) | faults_of_limits(limits)
    if faults:
        said = "; ".join(f"{label}: {fault}" for label, fault in faults.items())
        raise BadInput(f"{said}.", kept="what was saved before.", todo="correct it, then save again.")
    with refusals(), ledger.deed(_event("delivery_set", submission_id, by), by) as deed:
        found = _open_draft(deed, submission_id, version, by)
        stated = with_sources(found.delivery.get("limits", {}), limits, at=at, by=by)
        delivery = {**found.delivery, "fields": texts, "limits": stated}
        if (executor, delivery) == (found.executor, found.delivery):
            deed.nothing_happened()
        deed.note(
            executor=executor,
            was=found.executor,
            changed=names_changed(found, texts, stated),
            sha256=digest_of(delivery),
        )
        _write_delivery(deed, found, executor, delivery)


def count_pages(
    ledger: Ledger, submission_id: str, file_id: str, pages: int, *, version: int, at: datetime, by: Person
) -> None:
    """Say how many pages a file has that the product cannot count; it holds for this version of the file only.

    Raises:
        NotPermitted: `by` does not work on the offer.
        WrongState: somebody changed it meanwhile, it is no open draft, or the product can count this file itself.
        BadInput: it is no number of pages, or the file is not in the package.
    """
    if not 1 <= pages <= MOST_PAGES:
        raise BadInput(
            f"{pages} is no number of pages.", kept="nothing was changed.", todo=f"give 1 to {MOST_PAGES:,}."
        )
    with refusals(), ledger.deed(_event("pages_counted", submission_id, by), by) as deed:
        found = _open_draft(deed, submission_id, version, by)
        packed = next((p for p in read_state(deed, found, at=at).packed if p.file and p.file.id == file_id), None)
        if packed is None:
            raise BadInput("This file is not in the package.", kept="nothing was changed.", todo="add it first.")
        if packed.pages is not None and not packed.is_counted:
            raise WrongState(
                f"{packed.name} has {packed.pages} pages, as the product counted.", kept="nothing was changed."
            )
        counted = {**found.delivery.get("pages", {}), file_id: {"pages": pages, "by": by.id, "at": instant(at)}}
        deed.note(file=file_id, pages=pages)
        _write_delivery(deed, found, found.executor, {**found.delivery, "pages": counted})


def gates_of(tx: Transaction, submission: Submission, *, at: datetime) -> list[Gate]:
    """Ask every gate of an offer's package at a real instant."""
    return ask(with_faults_of_way(tx, read_state(tx, submission, at=at)))


def check_gates(gates: Sequence[Gate]) -> None:
    """Refuse while a gate says no.

    Raises:
        WrongState: the message names the first ones, with their reasons.
    """
    closed = [gate for gate in gates if not gate.passed]
    if closed:
        said = " ".join(f"{gate.name}: no. {gate.reason}" for gate in closed[:3])
        more = f" And {len(closed) - 3} more." if len(closed) > 3 else ""
        raise WrongState(f"The package is not ready. {said}{more}", kept="everything as it was.", todo=closed[0].todo)


def check_is_as_shown(ledger: Ledger, submission_id: str, shown_hash: str, *, at: datetime, by: Person) -> None:
    """Refuse to go on with a package that is not the one whose hash was shown: a new version of a file changes no offer's row.

    Raises:
        NotPermitted, NotFound: as in `look_at_package`.
        WrongState: a file, a point of the checklist or the notice changed meanwhile.
    """
    if look_at_package(ledger, submission_id, at=at, by=by).hash != shown_hash:
        raise WrongState(
            "The package is not the one that you saw: somebody changed a file, the checklist or the delivery.",
            kept="their change; nothing was sent.",
            todo="look at it again, then send it.",
        )


def make_manifest(deed: Deed, submission: Submission, *, at: datetime, by: Person) -> Manifest:
    """Write down what a package is, within the deed that sends it to approval; the offer's row is locked first.

    Raises:
        NotPermitted: `by` does not work on the offer.
        WrongState: somebody changed it since `submission` was read, it is no open draft, or a gate says no.
    """
    found = held_for(deed, submission.id, Action.SEND_TO_APPROVAL, by=by, version=submission.version)
    _check_is_open(found)
    state = read_state(deed, found, at=at)
    check_gates(ask(state))
    encoded = encode_body(body_of(state))
    digest = sha256(encoded).hexdigest()
    made = add_manifest(deed, found.id, encoded, digest, manifest_id=str(uuid.uuid4()), made_by=by.id, at=at)
    deed.note(files=len(state.packed))
    return made


def verify_bytes(ledger: Ledger, manifest: Manifest, *, by: Person | None = None) -> list[str]:
    """Read every file of a package again and compare size and SHA-256; returns the faults, none when all is as signed.

    No transaction is open while bytes are read.

    Raises:
        StoreUnavailable: the object store does not answer: nothing is said about its files.
    """
    if sha256(manifest.encoded).hexdigest() != manifest.hash:
        return ["The manifest's own bytes do not have its hash."]
    with ledger.read(by) as tx:
        rows = [(entry, read_file(tx, str(entry["file_id"]))) for entry in manifest.body["files"]]
    store = open_object_store()
    return [fault for entry, row in rows if (fault := fault_of_bytes(store, entry, row))]


def _open_draft(deed: Deed, submission_id: str, version: int, by: Person) -> Submission:
    found = held_for(deed, submission_id, Action.EDIT_PACKAGE, by=by, version=version)
    _check_is_open(found)
    return found


def _check_is_open(found: Submission) -> None:
    if found.closed_at is not None or found.status is not SubmissionStatus.DRAFT:
        state = "closed" if found.closed_at is not None else found.status.value.replace("_", " ")
        raise WrongState(
            f"This offer is {state}: its package does not change.",
            kept="everything as it was.",
            todo="its owner can make it a draft again, unless it is closed or submitted.",
        )


def _event(verb: str, submission_id: str, by: Person) -> AuditEvent:
    return AuditEvent(f"package:{verb}", submission_id, by.id, submission_ref=submission_id)


def _check_documents(state: PackageState, before: Sequence[PackageItem], items: Sequence[PackageItem]) -> None:
    known = {file.document_id for _, file in state.files} | {file.document_id for file in state.others}
    known |= {item.document_id for item in before}
    if any(item.document_id not in known for item in items):
        raise BadInput(
            "A file is not in this workspace any more.", kept="the package as it was.", todo="upload it again."
        )


def _write_delivery(deed: Deed, found: Submission, executor: str, delivery: Mapping[str, Any]) -> None:
    done = deed.execute(
        "update submissions set executor = %s, delivery = %s, version = version + 1 where id = %s",
        [executor, Jsonb(dict(delivery)), found.id],
    )
    if done.rowcount != 1:
        raise _not_written()


def _not_written() -> ProcuraError:
    return WrongState(
        "This offer is not yours to change any more.", kept="everything as it was.", todo="ask its owner."
    )
