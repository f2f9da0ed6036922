"""Download links: for one session, for a minute, for a file that passes and may still be read."""

import base64
import io
from datetime import timedelta

import pytest

from pipelines.administration.sessions import person_of_session, sign_out_person
from pipelines.administration.sign_in import sign_in
from pipelines.submission.approvals import take_back
from pipelines.submission.delivery_refusals import delivery_refusals
from pipelines.submission.download_links import LIFETIME, link_to, link_to_evidence, redeem
from pipelines.submission.files import upload_file
from pipelines.submission.look_up import find_submission
from tests.factories_approvals import approved_offer, new_signer
from tests.factories_people import PASSWORD, new_person
from tests.factories_submissions import new_submission
from tests.pipelines.submission.test_files import PROGRAM, as_superuser, facts_of
from warehouse import clock
from warehouse.domain.access import Department, Person, Role
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.delivery import EvidenceKind
from warehouse.errors import NotFound, NotPermitted, NotSignedIn
from warehouse.ledger import deliveries
from warehouse.ledger.store import SYSTEM, open_ledger
from warehouse.ledger.submission_files import FileRow
from warehouse.object_store import open_object_store
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough


def signed_in(person: Person) -> Person:
    """The same person in a session of their own."""
    ledger, at = open_ledger(), clock.now()
    done = sign_in(ledger, person.email, PASSWORD, "127.0.0.1", at=at)
    return person_of_session(ledger, done.token, at=at)  # type: ignore[union-attr]


def up(owner: Person, data: bytes = b"Our approach.") -> FileRow:
    return upload_file(open_ledger(), new_submission(owner), io.BytesIO(data), "volume.txt", at=clock.now(), by=owner)


def token_of(home: Settings, file: FileRow, by: Person) -> str:
    return link_to(home, file.id, at=clock.now(), by=by).removeprefix("/files/")


def test_a_link_gives_its_file_and_writes_down_that_it_did(home: Settings) -> None:
    owner = signed_in(new_person())
    file = up(owner)
    found = redeem(open_ledger(), home, token_of(home, file, owner), at=clock.now(), by=owner)
    assert found.id == file.id
    (told,) = facts_of("file:downloaded", file.submission_id)
    assert (told["actor"], told["sha256"]) == (owner.id, file.sha256)


def test_a_link_ends_after_a_minute(home: Settings) -> None:
    owner = signed_in(new_person())
    token, at = token_of(home, up(owner), owner), clock.now()
    with pytest.raises(NotPermitted, match="has ended"):
        redeem(open_ledger(), home, token, at=at + LIFETIME, by=owner)
    redeem(open_ledger(), home, token, at=at + LIFETIME - timedelta(seconds=2), by=owner)


def test_a_link_opens_nothing_for_another_session_of_the_same_or_another_person(home: Settings) -> None:
    person = new_person()
    first, second = signed_in(person), signed_in(person)
    other = signed_in(new_person(Role.VIEWER, Department.CONTRACTS))
    token = token_of(home, up(first), first)
    for by in (second, other):
        with pytest.raises(NotPermitted, match="somebody else"):
            redeem(open_ledger(), home, token, at=clock.now(), by=by)


def test_every_changed_sign_of_a_link_spoils_it(home: Settings) -> None:
    owner = signed_in(new_person())
    token = token_of(home, up(owner), owner)
    raw = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    for place in range(len(raw)):
        changed = bytearray(raw)
        changed[place] ^= 1
        text = base64.urlsafe_b64encode(changed).rstrip(b"=").decode()
        with pytest.raises(NotPermitted):
            redeem(open_ledger(), home, text, at=clock.now(), by=owner)
    for text in ("", "x", "ä" * 75, token[:-4], token + "AAAA", "../" + token):
        with pytest.raises(NotPermitted):
            redeem(open_ledger(), home, text, at=clock.now(), by=owner)


def test_a_link_ends_with_the_right_with_the_session_and_with_the_key(home: Settings) -> None:
    owner, member = new_person(department=Department.OPERATIONS), new_person(department=Department.OPERATIONS)
    file = upload_file(
        open_ledger(), new_submission(owner, members=[member]), io.BytesIO(b"v"), "v.txt", at=clock.now(), by=owner
    )
    reader = signed_in(member)
    token = token_of(home, file, reader)
    as_superuser("delete from submission_members where profile_id = %s", member.id)
    with pytest.raises(NotFound):
        redeem(open_ledger(), home, token, at=clock.now(), by=reader)
    holder = signed_in(owner)
    token = token_of(home, file, holder)
    sign_out_person(open_ledger(), at=clock.now(), by=holder)
    with pytest.raises(NotSignedIn):
        redeem(open_ledger(), home, token, at=clock.now(), by=holder)
    again = signed_in(owner)
    token = token_of(home, file, again)
    (home.secrets / "download_links.key").unlink()
    with pytest.raises(NotPermitted):
        redeem(open_ledger(), home, token, at=clock.now(), by=again)


def test_what_was_refused_or_is_pending_is_given_to_nobody(home: Settings) -> None:
    owner = signed_in(new_person())
    refused, pending = up(owner, PROGRAM), up(owner)
    as_superuser("update submission_files set scan_status = 'pending' where id = %s", pending.id)
    for file, why in ((refused, "refused"), (pending, "not ended")):
        with pytest.raises(NotPermitted, match=why):
            redeem(open_ledger(), home, token_of(home, file, owner), at=clock.now(), by=owner)
        assert facts_of("file:downloaded", file.submission_id) == []


def test_a_link_to_nothing_is_not_made(home: Settings) -> None:
    with pytest.raises(NotFound):
        link_to(home, "no id", at=clock.now(), by=new_person())


def kept_evidence(owner: Person) -> tuple[str, str, int]:
    """A run of an approved offer that kept a page; the offer's id, the run's, the position of what was kept."""
    offer, manifest = approved_offer(owner, new_signer(Department.LEGAL), new_signer(Department.FINANCE))
    event = AuditEvent("delivery:opened", offer, owner.id, {}, submission_ref=offer)
    with delivery_refusals(), open_ledger().deed(event, owner) as deed:
        run = deliveries.open_delivery(
            deed, offer, manifest.hash, is_dry_run=False, portal_profile_id=None, reference="PRC-AAAA-BBBB"
        )
    stored = open_object_store().put(io.BytesIO(b"<p>Receipt R-1</p>"), limit=1_000)
    with open_ledger().deed(AuditEvent("delivery:saw", offer, SYSTEM, {}, submission_ref=offer)) as deed:
        position = deliveries.add_evidence(
            deed, run, EvidenceKind.PAGE, name="receipt page", media_type="text/html", sha256=stored.sha256,
            size=stored.size, path=stored.path,
        )  # fmt: skip
    return offer, run, position


def test_a_file_is_saved_under_its_name_in_the_package(home: Settings) -> None:
    owner = signed_in(new_person())
    file, name = up(owner), "Volume I – Technical, “final”.txt"
    link = link_to(home, file.id, at=clock.now(), by=owner, name=name)
    found = redeem(open_ledger(), home, link.removeprefix("/files/"), at=clock.now(), by=owner)
    assert (found.id, found.file_name) == (file.id, name)


def test_what_a_delivery_kept_is_given_to_who_sees_the_offer_and_written_down(home: Settings) -> None:
    owner = signed_in(new_person(department=Department.OPERATIONS))
    offer, run, position = kept_evidence(owner)
    link = link_to_evidence(home, run, position, at=clock.now(), by=owner)
    found = redeem(open_ledger(), home, link.removeprefix("/files/"), at=clock.now(), by=owner)
    assert found.file_name == "01 receipt page.html"
    assert open_object_store().open(found.storage_path).read() == b"<p>Receipt R-1</p>"
    (told,) = facts_of("evidence:downloaded", offer)
    assert told["actor"] == owner.id
    stranger = signed_in(new_person(department=Department.OPERATIONS))
    token = link_to_evidence(home, run, position, at=clock.now(), by=stranger).removeprefix("/files/")
    assert redeem(open_ledger(), home, token, at=clock.now(), by=stranger).id == found.id, (
        "an approved one is everybody's"
    )
    take_back(
        open_ledger(),
        offer,
        "A page is missing.",
        version=find_submission(open_ledger(), offer, by=owner).version,
        by=owner,
    )
    with pytest.raises(NotFound):
        redeem(open_ledger(), home, token, at=clock.now(), by=stranger)
    nothing = link_to_evidence(home, run, position + 1, at=clock.now(), by=owner)
    with pytest.raises(NotFound):
        redeem(open_ledger(), home, nothing.removeprefix("/files/"), at=clock.now(), by=owner)
