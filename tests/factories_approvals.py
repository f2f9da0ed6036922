"""Packages on their way through real use cases: officers who proved their password just now, offers that were sent or approved."""

import io
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from pipelines.submission.approvals import Signed, send_to_approval, sign
from pipelines.submission.files import upload_file
from pipelines.submission.look_up import find_submission
from pipelines.submission.package import look_at_package, set_delivery, set_items
from tests.factories_people import new_person
from tests.factories_submissions import new_submission
from warehouse import clock
from warehouse.domain.access import Department, Person, Role
from warehouse.domain.package import PackageItem
from warehouse.ledger.package_manifests import Manifest
from warehouse.ledger.store import open_ledger
from warehouse.settings import current

HERE_FIELDS = {"portal_name": "PIEE", "portal_address": "https://piee.eb.mil", "entries": "UEI: ABC123DEF456"}


def signed_in(person: Person, *, minutes_ago: float = 0) -> Person:
    """Return the person in a session of their own whose password was proven so long ago."""
    handle, at = secrets.token_bytes(32), clock.now()
    with open_ledger().housekeeping() as tx:
        tx.execute(
            "insert into auth_sessions (id_hash, profile_id, created_at, last_seen_at, authenticated_at, idle_ends_at, expires_at)"
            " values (%s, %s, %s, %s, %s, %s, %s)",
            [
                handle,
                person.id,
                at,
                at,
                at - timedelta(minutes=minutes_ago),
                at + timedelta(hours=1),
                at + timedelta(hours=8),
            ],
        )
    return replace(person, session=handle)


def new_signer(department: Department, role: Role = Role.CONTRACT_OFFICER) -> Person:
    """Add an officer of a department who is signed in."""
    return signed_in(new_person(role, department))


def add_file(submission_id: str, by: Person, text: bytes = b"Our approach.", name: str = "Volume I.txt") -> str:
    """Upload a file and make it the package; returns its document's id."""
    at = clock.now()
    file = upload_file(open_ledger(), submission_id, io.BytesIO(text), name, at=at, by=by)
    look = look_at_package(open_ledger(), submission_id, at=at, by=by)
    items = [packed.item for packed in look.state.packed]
    set_items(open_ledger(), submission_id, [*items, PackageItem(file.document_id, name, "")],
              version=look.state.submission.version, at=at, by=by)  # fmt: skip
    return file.document_id


def ready_offer(
    owner: Person, *, members: tuple[Person, ...] = (), days_left: float = 10, executor: str = "assisted",
    fields: Mapping[str, str] = HERE_FIELDS, files: Mapping[str, bytes] | None = None, **of_notice: object,
) -> str:  # fmt: skip
    """Open an offer whose package may be sent: its files (one when none is given), a way to deliver, a deadline ahead."""
    at = clock.now()
    due = at + timedelta(days=days_left)
    submission_id = new_submission(owner, members=members, due_date=due, posted_at=at, first_posted_at=at, **of_notice)
    for name, text in (files or {"Volume I.txt": b"Our approach."}).items():
        add_file(submission_id, owner, text, name)
    version = find_submission(open_ledger(), submission_id, by=owner).version
    set_delivery(
        open_ledger(),
        submission_id,
        executor=executor,
        fields=dict(fields),
        limits={},
        version=version,
        at=at,
        by=owner,
    )
    return submission_id


def send(submission_id: str, by: Person) -> Manifest:
    """Send an offer to approval as it is now."""
    version = find_submission(open_ledger(), submission_id, by=by).version
    return send_to_approval(open_ledger(), submission_id, version=version, at=clock.now(), by=by)


def sign_as(submission_id: str, manifest: Manifest, by: Person) -> Signed:
    """Sign a package as a person who is signed in."""
    return sign(open_ledger(), submission_id, manifest.hash, settings=current(), at=clock.now(), by=by)


def approved_offer(
    owner: Person, legal: Person, finance: Person, *, members: tuple[Person, ...] = (), **of_offer: Any
) -> tuple[str, Manifest]:
    """Bring an offer through both signatures; returns its id and its package. `of_offer` is what `ready_offer` takes."""
    submission_id = ready_offer(owner, members=members, **of_offer)
    manifest = send(submission_id, members[0] if members else owner)
    sign_as(submission_id, manifest, legal)
    sign_as(submission_id, manifest, finance)
    return submission_id, manifest
