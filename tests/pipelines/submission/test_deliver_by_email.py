"""An approved offer by e-mail through the engine: real stores, a real mail server, a real mailbox."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from pipelines.administration.credentials import set_credential
from pipelines.submission.executor import Fenced
from pipelines.submission.executors.email import Email
from pipelines.submission.look_up import find_submission
from pipelines.submission.portals.check import check_text
from pipelines.submission.portals.credentials import needs_of
from pipelines.submission.portals.profile import parse_profile
from pipelines.submission.submit import work_deliveries
from tests.certificates import Authority
from tests.factories_approvals import approved_offer
from tests.factories_deliveries import Team, new_team, newest_run, start
from tests.factories_people import new_person
from tests.fakes.mail_office import (
    PASSWORD,
    USER,
    MailOffice,
    Stage,
    Trouble,
    bounces,
    is_away,
    is_silent,
    running_mail_office,
)
from tests.fakes.office_letters import OFFICE
from warehouse import clock
from warehouse.domain.access import Role
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.delivery import EvidenceKind, Outcome, Phase, ReceiptSource, RunStatus
from warehouse.domain.submission import SubmissionStatus
from warehouse.ledger import portal_profiles
from warehouse.ledger.receipts import receipts_of
from warehouse.ledger.store import open_ledger
from warehouse.object_store import open_object_store
from warehouse.settings import Settings, current

pytestmark = pytest.mark.thorough
PROFILE = """
format = 1
name = "agency-mail"
title = "Mail of the agency"
executor = "email"
hosts = ["127.0.0.1"]
credentials = ["mail_user", "mail_password"]
[timing]
settle_seconds = 0.1
patience_seconds = 3
[email]
from = "Offers <offers@firm.example>"
ca_file = "{authority}"
wait_seconds = 5
answer_seconds = 5
[email.smtp]
host = "127.0.0.1"
port = {office.smtp_port}
user = "mail_user"
password = "mail_password"
[email.imap]
host = "127.0.0.1"
port = {office.imap_port}
user = "mail_user"
password = "mail_password"
[email.receipt]
from = ["{sender}"]
numbers = ['Confirmation number:\\s*([A-Z0-9-]+)']
"""
FIELDS = {"to": OFFICE, "subject": "Offer W912-26-R-0001"}


@pytest.fixture(scope="module")
def team(home: Settings) -> Team:
    return new_team()


@pytest.fixture
def office(team: Team, tmp_path: Path) -> Iterator[MailOffice]:
    authority = Authority(tmp_path)
    with running_mail_office(authority.issue()) as served:
        use_mail_profile(PROFILE.format(authority=authority.file, office=served, sender=OFFICE))
        yield served


def use_mail_profile(body: str) -> None:
    """Upload and activate a version, and set what it needs in the vault."""
    checked = check_text(body)
    assert checked.is_sound, checked.faults
    admin, at = new_person(Role.ADMIN), clock.now()
    profile = parse_profile(body)
    with open_ledger().deed(AuditEvent("portal:uploaded", profile.name, admin.id), admin) as deed:
        made, _ = portal_profiles.add_profile(
            deed, name=profile.name, executor="email", body=body, digest=sha256(body.encode()).hexdigest(),
            hosts=profile.hosts, by=admin.id, at=at,
        )  # fmt: skip
        portal_profiles.activate_profile(deed, made, by=admin.id, at=at)
    for need in needs_of(profile):
        secret = USER if need.field == "mail_user" else PASSWORD
        set_credential(open_ledger(), need, SecretStr(secret), at=clock.now())


def deliver(team: Team, email: Any = None) -> str:
    """Approve an offer, start its delivery and carry it on until it ends or waits for a person; returns the offer."""
    files = {"Volume I.txt": b"Our approach.\n.\nMore of it.", "Prices.txt": b"Ten."}
    offer, manifest = approved_offer(team.owner, team.legal, team.finance, executor="email", fields=FIELDS, files=files)
    start(offer, manifest, team.owner)
    carry_on(email or Email())
    return offer


def carry_on(email: Any) -> None:
    work_deliveries(
        open_ledger(), current(), worker="test", until_idle=True, executors={"email": email}, lease_seconds=5,
        pause_seconds=0.05,
    )  # fmt: skip


def test_only_the_offices_receipt_makes_it_submitted(team: Team, office: MailOffice) -> None:
    offer = deliver(team)
    look = newest_run(offer, team.owner)
    assert (look.delivery.status, look.delivery.outcome) == (RunStatus.SUCCESS, Outcome.ACCEPTED), look.delivery
    assert look.delivery.transported_at is not None
    assert look.delivery.receipt_id == "R-2026-0001"
    assert find_submission(open_ledger(), offer, by=team.owner).status is SubmissionStatus.SUBMITTED
    (arrived,) = office.arrived
    assert set(arrived.files.values()) == {b"Our approach.\n.\nMore of it.", b"Ten."}
    with open_ledger().read(team.owner) as tx:
        (receipt,) = receipts_of(tx, offer)
    assert (receipt.source, receipt.quote) == (ReceiptSource.EMAIL, "Confirmation number: R-2026-0001")
    kept = {one.id: one for one in look.evidence}[receipt.evidence_id]
    with open_object_store().open(kept.storage_path) as stream:
        assert b"Confirmation number: R-2026-0001" in stream.read()


def test_without_an_answer_it_waits_for_a_person_and_is_never_sent_again(team: Team, office: MailOffice) -> None:
    office.does = is_silent
    offer = deliver(team)
    run = newest_run(offer, team.owner).delivery
    assert run.phase is Phase.WITH_A_PERSON
    assert run.outcome is Outcome.UNKNOWN
    assert len(office.arrived) == 1
    assert find_submission(open_ledger(), offer, by=team.owner).status is SubmissionStatus.APPROVED


def test_an_answer_without_a_number_is_kept_once_however_often_it_is_looked_at(team: Team, office: MailOffice) -> None:
    office.does = is_away
    offer = deliver(team)
    look = newest_run(offer, team.owner)
    assert look.delivery.phase is Phase.WITH_A_PERSON
    assert len([one for one in look.evidence if one.kind is EvidenceKind.MAIL and one.name.startswith("letter-")]) == 1
    assert sum("letters may be about it" in step.words for step in look.steps) > 1


def test_a_bounce_for_everybody_ends_it_as_refused(team: Team, office: MailOffice) -> None:
    office.does = bounces
    run = newest_run(deliver(team), team.owner).delivery
    assert (run.status, run.outcome) == (RunStatus.FAILED, Outcome.REFUSED)
    assert "550 5.1.1" in run.message


def test_what_was_certainly_not_taken_is_sent_again_and_arrives_once(team: Team, office: MailOffice) -> None:
    office.troubles += [
        Trouble(Stage.RCPT, "450 4.2.1 greylisted", on=1),
        Trouble(Stage.CONTENT, "421 4.3.2 bye", on=2),
    ]
    run = newest_run(deliver(team), team.owner).delivery
    assert run.outcome is Outcome.ACCEPTED
    assert len(office.arrived) == 1


@pytest.mark.parametrize("stage", [Stage.BEFORE, Stage.AFTER])
def test_what_is_in_doubt_is_looked_for_and_not_sent_again(team: Team, office: MailOffice, stage: Stage) -> None:
    office.troubles.append(Trouble(stage))
    run = newest_run(deliver(team), team.owner).delivery
    assert office.begun == 1
    if stage is Stage.AFTER:
        assert run.outcome is Outcome.ACCEPTED
    else:
        assert (run.outcome, run.phase) == (Outcome.UNKNOWN, Phase.WITH_A_PERSON)


def test_a_worker_that_vanished_after_the_last_dot_is_followed_by_one_that_only_looks(
    team: Team, office: MailOffice
) -> None:
    class Vanishing(Email):
        def act(self, parcel: Any, desk: Any) -> Any:
            super().act(parcel, desk)
            raise Fenced("gone")

    offer = deliver(team, Vanishing())
    carry_on(Email())
    run = newest_run(offer, team.owner).delivery
    assert run.outcome is Outcome.ACCEPTED
    assert len(office.arrived) == 1
    assert run.fence > 1


def test_no_secret_is_in_what_a_delivery_kept(team: Team, office: MailOffice) -> None:
    look = newest_run(deliver(team), team.owner)
    assert {one.kind for one in look.evidence} == {EvidenceKind.MAIL, EvidenceKind.TRACE}
    for one in look.evidence:
        with open_object_store().open(one.storage_path) as stream:
            assert PASSWORD.encode() not in stream.read()
    assert PASSWORD not in repr(look)
