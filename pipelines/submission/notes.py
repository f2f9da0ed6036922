"""Notes in a workspace, and who is named in them. A note is written once and never changed.

`@name` names a person by the part of the address before its @, or by the whole address.
"""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from pipelines.submission.held import check_is_open
from pipelines.submission.look_up import find_for
from pipelines.submission.refusals import refusals
from warehouse.domain import access
from warehouse.domain.access import Action, Person
from warehouse.domain.audit_event import AuditEvent, Fact
from warehouse.domain.notification import NotificationKind
from warehouse.errors import BadInput
from warehouse.ledger.notifications import tell
from warehouse.ledger.store import Ledger
from warehouse.ledger.submission_notes import Note, insert_note, list_notes
from warehouse.ledger.submission_people import Reader, people_who_see

LONGEST_NOTE = 8_000
MOST_MENTIONS = 20
MENTION = re.compile(r"(?<![\w.+@-])@([\w.+-]+(?:@[\w-]+(?:\.[\w-]+)+)?)")
"""Not within an address: nobody@firm.example mentions nobody."""


@dataclass(frozen=True)
class Written:
    """A note that was written.

    Attributes:
        told: Addresses of the people who were named and are told.
        ambiguous: Names that several people have, who are not told.
        unknown: Names of nobody who may see this offer.
    """

    note_id: str
    told: tuple[str, ...]
    ambiguous: tuple[str, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True)
class Named:
    """The people that a text names."""

    people: tuple[Reader, ...]
    ambiguous: tuple[str, ...]
    unknown: tuple[str, ...]


def add_note(ledger: Ledger, submission_id: str, text: str, *, at: datetime, by: Person) -> Written:
    """Write a note; who is named in it is told. The audit log keeps its SHA-256 only.

    Raises:
        NotPermitted: `by` may not write notes.
        NotFound: there is no such offer that `by` may see.
        WrongState: the offer is closed.
        BadInput: it is empty, longer than 8,000 characters, or names more than 20 people.
    """
    body = text.replace("\x00", "").strip()
    if not 1 <= len(body) <= LONGEST_NOTE:
        raise BadInput(f"A note has 1 to {LONGEST_NOTE:,} characters, not {len(body):,}.", kept="nothing was written.")
    note_id = str(uuid.uuid4())
    facts: dict[str, Fact] = {"note": note_id, "sha256": sha256(body.encode()).hexdigest(), "characters": len(body)}
    event = AuditEvent("submission:noted", submission_id, by.id, facts, submission_ref=submission_id)
    with refusals(), ledger.deed(event, by) as deed:
        found = find_for(deed, submission_id, Action.NOTE_SUBMISSION, by=by)
        check_is_open(found)
        named = name_people(body, people_who_see(deed, submission_id))
        ids = [person.id for person in named.people]
        if len(ids) > MOST_MENTIONS:
            raise BadInput(f"A note names {len(ids)} people.", todo=f"name {MOST_MENTIONS} at most.")
        insert_note(deed, note_id, submission_id, body, ids, at=at, by=by.id)
        deed.note(mentions=len(ids))
        words = f"{by.email} mentioned you in a note to “{found.label}” ({found.solicitation_number or found.title})."
        tell(deed, ids, NotificationKind.MENTIONED, words, key=f"note:{note_id}", submission_id=submission_id)
    return Written(note_id, tuple(p.email for p in named.people), named.ambiguous, named.unknown)


def read_notes(ledger: Ledger, submission_id: str, *, by: Person) -> list[Note]:
    """Return the newest 200 notes of an offer, the newest first; none where `by` does not see the offer.

    Raises:
        NotPermitted: `by` may read no offers.
    """
    access.check(by, Action.READ_SUBMISSIONS)
    with ledger.read(by) as tx:
        return list_notes(tx, submission_id)


def name_people(text: str, readers: Sequence[Reader]) -> Named:
    """Say whom a text names among those who may see the offer."""
    people, ambiguous, unknown = dict[str, Reader](), list[str](), list[str]()
    for name in dict.fromkeys(match.rstrip(".-+").lower() for match in MENTION.findall(text)):
        fitting = [r for r in readers if name in (r.email, r.email.partition("@")[0])]
        if len(fitting) == 1:
            people[fitting[0].id] = fitting[0]
        else:
            (ambiguous if fitting else unknown).append(name)
    return Named(tuple(people.values()), tuple(ambiguous), tuple(unknown))
