"""Deliveries through real use cases: an approved offer to an office of our own, a run, and a worker in this process."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from pipelines.administration.credentials import set_credential
from pipelines.submission.deliver import look_at_delivery, start_delivery
from pipelines.submission.delivery_sheet import RunLook
from pipelines.submission.portals.credentials import needs_of
from pipelines.submission.portals.profile import parse_profile
from pipelines.submission.portals.profiles import activate_profile, upload_profile
from pipelines.submission.submit import work_deliveries
from tests.factories_approvals import approved_offer, new_signer
from tests.factories_people import new_person
from tests.fakes.office import PROFILE, Office
from warehouse import clock
from warehouse.domain.access import Department, Person, Role
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.delivery import reference_of
from warehouse.ledger import portal_profiles
from warehouse.ledger.package_manifests import Manifest
from warehouse.ledger.store import open_ledger
from warehouse.settings import current

FIELDS = {"portal_profile": "office", "portal_address": "https://127.0.0.1", "entries": "UEI: ABC123DEF456"}


@dataclass(frozen=True)
class Team:
    """The people of an offer."""

    owner: Person
    legal: Person
    finance: Person


def new_team() -> Team:
    return Team(new_person(), new_signer(Department.LEGAL), new_signer(Department.FINANCE))


def use_profile(*, name: str = "office", settle: float = 0.1, patience: float = 60, attempts: int = 3) -> str:
    """Upload and activate a version of the office's profile, as an admin; returns its id."""
    admin, at = new_person(Role.ADMIN), clock.now()
    body = PROFILE.format(name=name, settle=settle, patience=patience, attempts=attempts)
    digest = sha256(body.encode()).hexdigest()
    with open_ledger().deed(AuditEvent("portal:uploaded", name, admin.id), admin) as deed:
        made, _ = portal_profiles.add_profile(
            deed, name=name, executor="browser", body=body, digest=digest, hosts=["127.0.0.1"], by=admin.id, at=at
        )
        portal_profiles.activate_profile(deed, made, by=admin.id, at=at)
    return made


def put_into_use(text: str, secrets: Mapping[str, str]) -> None:
    """Let an admin upload and activate a portal profile, with its credentials by their names."""
    admin, at = new_person(Role.ADMIN), clock.now()
    for need in needs_of(parse_profile(text)):
        set_credential(open_ledger(), need, SecretStr(secrets[need.field]), at=at)
    activate_profile(open_ledger(), upload_profile(open_ledger(), text, at=at, by=admin).id, at=at, by=admin)


def offer_to_office(team: Team, **of_offer: Any) -> tuple[str, Manifest]:
    """An approved offer whose way is the office's; the profile must be in use."""
    settings: dict[str, Any] = {"executor": "browser", "fields": FIELDS} | of_offer
    return approved_offer(team.owner, team.legal, team.finance, **settings)


def start(offer: str, manifest: Manifest, by: Person, *, is_dry_run: bool = False) -> str:
    return start_delivery(
        open_ledger(), offer, manifest.hash, is_dry_run=is_dry_run, settings=current(), at=clock.now(), by=by
    )


def work(office: Office, *, lease_seconds: int = 5) -> int:
    """Carry every run on until it has ended or waits for a person."""
    return work_deliveries(
        open_ledger(), current(), worker="test", until_idle=True, executors={office.name: office},
        lease_seconds=lease_seconds, pause_seconds=0.05,
    )  # fmt: skip


def newest_run(offer: str, by: Person) -> RunLook:
    return look_at_delivery(open_ledger(), offer, settings=current(), at=clock.now(), by=by).runs[0]


def new_office(folder: Path) -> Office:
    return Office(folder / "office.sqlite")


def reference(manifest: Manifest) -> str:
    return reference_of(manifest.id)
