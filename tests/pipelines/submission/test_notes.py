"""Notes of a workspace: who may write, who is named and told, what the audit log keeps of them."""

from hashlib import sha256
from itertools import product

import pytest

from pipelines.submission.activity import read_activity
from pipelines.submission.look_up import find_submission
from pipelines.submission.notes import add_note, name_people, read_notes
from pipelines.submission.workspace import close
from tests.factories_ledger import AT
from tests.factories_people import new_person
from tests.factories_submissions import new_submission
from warehouse.domain.access import Department, Person, Role
from warehouse.errors import BadInput, NotFound, NotPermitted, WrongState
from warehouse.ledger.store import open_ledger
from warehouse.ledger.submission_people import Reader, people_who_see
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough

ANN, ANNE, BOB, OTHER_BOB = (
    Reader(str(number), email)
    for number, email in enumerate(
        ["ann@firm.example", "anne.lee@firm.example", "bob@firm.example", "bob@other.example"]
    )
)
READERS = [ANN, ANNE, BOB, OTHER_BOB]


@pytest.mark.parametrize(
    ("text", "people", "ambiguous", "unknown"),
    [
        ("@ann look", (ANN,), (), ()),
        ("(@Anne.Lee), please.", (ANNE,), (), ()),
        ("Ask @ann. And @ann again!", (ANN,), (), ()),
        ("@bob", (), ("bob",), ()),
        ("@bob@other.example and @nobody", (OTHER_BOB,), (), ("nobody",)),
        ("write to ann@firm.example", (), (), ()),
        ("50 @ 3 $, a@ann", (), (), ()),
    ],
)
def test_a_name_is_an_address_or_the_part_before_its_at(
    text: str, people: tuple[Reader, ...], ambiguous: tuple[str, ...], unknown: tuple[str, ...]
) -> None:
    named = name_people(text, READERS)
    assert (named.people, named.ambiguous, named.unknown) == (people, ambiguous, unknown)


@pytest.fixture
def owner(home: Settings) -> Person:
    return new_person()


def test_who_is_named_is_told_and_the_log_keeps_a_hash_only(owner: Person) -> None:
    legal = new_person(department=Department.LEGAL)
    submission_id = new_submission(owner)
    text = f"@{legal.email.split('@')[0]} may we promise <b>this</b>?"
    written = add_note(open_ledger(), submission_id, text, at=AT, by=owner)
    assert written.told == (legal.email,)
    (note,) = read_notes(open_ledger(), submission_id, by=legal)
    assert (note.body, note.author_email, note.mentions) == (text, owner.email, (legal.email,))
    with open_ledger().read(legal) as tx:
        assert [row["kind"] for row in tx.rows("select kind from notifications")] == ["mentioned"]
    noted = read_activity(open_ledger(), submission_id, by=owner)[0]
    assert noted.facts["sha256"] == sha256(text.encode()).hexdigest()
    assert text not in str(noted.facts)


def test_who_may_not_see_the_offer_cannot_be_named(owner: Person) -> None:
    stranger = new_person(Role.VIEWER, Department.FINANCE)
    submission_id = new_submission(owner)
    written = add_note(open_ledger(), submission_id, f"@{stranger.email}", at=AT, by=owner)
    assert (written.told, written.unknown) == ((), (stranger.email,))


def test_people_who_see_are_those_whom_row_security_lets_see(owner: Person) -> None:
    member = new_person(department=Department.OPERATIONS)
    submission_id = new_submission(owner, members=[member])
    people = [new_person(role, department) for role, department in product(Role, Department)]
    with open_ledger().read(owner) as tx:
        named = {reader.id for reader in people_who_see(tx, submission_id)}
    for person in (*people, owner, member):
        try:
            find_submission(open_ledger(), submission_id, by=person)
        except NotFound:
            assert person.id not in named, person
        else:
            assert person.id in named, person


def test_viewers_read_notes_and_write_none(owner: Person) -> None:
    viewer = new_person(Role.VIEWER)
    submission_id = new_submission(owner)
    add_note(open_ledger(), submission_id, "First", at=AT, by=owner)
    assert [note.body for note in read_notes(open_ledger(), submission_id, by=viewer)] == ["First"]
    with pytest.raises(NotPermitted):
        add_note(open_ledger(), submission_id, "Mine", at=AT, by=viewer)


def test_empty_and_endless_notes_and_those_to_a_closed_offer_are_refused(owner: Person) -> None:
    submission_id = new_submission(owner)
    for text in ("", " \n", "\x00", "x" * 8_001):
        with pytest.raises(BadInput):
            add_note(open_ledger(), submission_id, text, at=AT, by=owner)
    close(open_ledger(), submission_id, "given up", version=1, at=AT, by=owner)
    with pytest.raises(WrongState, match="closed"):
        add_note(open_ledger(), submission_id, "Too late", at=AT, by=owner)
