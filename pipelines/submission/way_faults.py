"""What the way to deliver and its portal profile say against a package, asked as a worker will ask, and asking nobody outside.

A wrong address, a file too many or a profile that is not in use is better known before two people sign than after.
"""

from dataclasses import replace
from hashlib import sha256

from pipelines.submission.executor import find_executors
from pipelines.submission.package_state import PackageState, body_of, encode_body
from pipelines.submission.portals.choice import choose_profile
from pipelines.submission.portals.profile import parse_profile
from pipelines.submission.staging import foreseen
from warehouse.domain.executor import faults_of_fields
from warehouse.errors import ProcuraError
from warehouse.ledger.package_manifests import Manifest
from warehouse.ledger.portal_profiles import ProfileRow
from warehouse.ledger.store import Transaction
from warehouse.ledger.submissions import Submission


def faults_of_package(submission: Submission, manifest: Manifest, row: ProfileRow | None) -> tuple[str, ...]:
    """Say what stands against delivering a package by a profile's version; each a clause, empty when nothing does."""
    executor = find_executors().get(str(manifest.body["executor"]))
    if executor is None:
        return ("the product knows no such way to deliver",)
    try:
        parcel = foreseen(submission, manifest, parse_profile(row.body) if row else None)
    except ProcuraError as error:
        return (error.what.rstrip("."),)
    return tuple(fault.rstrip(".") for fault in executor.faults(parcel))


def with_faults_of_way(tx: Transaction, state: PackageState) -> PackageState:
    """Return the state of a package with what its way says of it; a package that lacks files or fields is not asked about."""
    if not state.files or faults_of_fields(state.submission.executor, state.fields):
        return state
    return replace(state, against=_faults_of_draft(tx, state))


def _faults_of_draft(tx: Transaction, state: PackageState) -> tuple[str, ...]:
    of = state.submission
    choice = choose_profile(tx, of.executor, state.fields)
    if choice.fault:
        return (choice.fault,)
    body = body_of(state)
    encoded = encode_body(body)
    package = Manifest(
        "", of.id, 0, sha256(encoded).hexdigest(), body, encoded, of.owner_id, state.at, None, None, None
    )  # fmt: skip
    return faults_of_package(of, package, choice.row)
