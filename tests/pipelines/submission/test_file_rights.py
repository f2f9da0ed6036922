"""Every role and department on files of an own, a shared and somebody else's offer: as the table of rights says."""

import io
from collections.abc import Callable
from itertools import product

import pytest

from pipelines.submission.download_links import link_to, redeem
from pipelines.submission.files import (
    files_of,
    find_openable,
    override_scan,
    remove_file,
    restore_file,
    upload_file,
)
from pipelines.submission.previews import preview_of
from tests.factories_ledger import AT
from tests.factories_people import new_person
from tests.factories_submissions import new_submission
from tests.pipelines.submission.test_files import RAR, allow_unscanned
from warehouse import clock
from warehouse.domain.access import Action, Department, Person, Role, State, may
from warehouse.errors import NotFound, NotPermitted, ProcuraError
from warehouse.ledger.store import open_ledger
from warehouse.ledger.submission_files import FileRow
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough
Call = Callable[[str, FileRow, FileRow, Person], object]
"""What is tried: with the offer, a clean and an unscanned file of it, by whom."""
REASON = "Drawn by ourselves, opened on a machine apart"


def download(offer: str, clean: FileRow, raw: FileRow, by: Person) -> None:
    at = clock.now()
    link = link_to(Settings(), clean.id, at=at, by=by)
    redeem(open_ledger(), Settings(), link.removeprefix("/files/"), at=at, by=by)


CALLS: list[tuple[Action, Call]] = [
    (Action.READ_FILES, lambda offer, _, __, by: files_of(open_ledger(), offer, by=by)),
    (Action.READ_FILES, lambda _, clean, __, by: find_openable(open_ledger(), clean.id, by=by)),
    (Action.READ_FILES, lambda _, clean, __, by: preview_of(open_ledger(), clean.id, by=by)),
    (Action.READ_FILES, download),
    (Action.UPLOAD_FILE, lambda offer, _, __, by: upload_file(
        open_ledger(), offer, io.BytesIO(by.id.encode() + offer.encode()), "x.txt", at=AT, by=by)),
    (Action.OVERRIDE_SCAN, lambda _, __, raw, by: override_scan(open_ledger(), raw.id, REASON, at=AT, by=by)),
    (Action.EDIT_SUBMISSION, lambda _, clean, __, by: remove_file(open_ledger(), clean.document_id, at=AT, by=by)),
    (Action.EDIT_SUBMISSION, lambda _, clean, __, by: restore_file(open_ledger(), clean.document_id, by=by)),
]  # fmt: skip


def is_refused(call: Call, offer: str, files: tuple[FileRow, FileRow], by: Person) -> bool:
    """Whether a call is refused: what one does not see is refused by not being there."""
    try:
        call(offer, *files, by)
    except (NotPermitted, NotFound):
        return True
    except ProcuraError:
        pass
    return False


@pytest.mark.parametrize(("role", "department"), list(product(Role, Department)))
def test_files_are_for_whom_the_table_says(home: Settings, role: Role, department: Department) -> None:
    allow_unscanned("yes")
    person, owner = new_person(role, department), new_person()
    is_officer = role is Role.CONTRACT_OFFICER
    states = (State.OWN, State.SHARED, State.OTHERS) if is_officer else (State.OTHERS,)
    for state in states:
        holder = person if state is State.OWN else owner
        helper = new_person()
        members = [helper, person] if state is State.SHARED else [helper]
        offer = new_submission(holder, members=members)
        clean = upload_file(open_ledger(), offer, io.BytesIO(b"clean"), "c.txt", at=AT, by=helper)
        raw = upload_file(open_ledger(), offer, io.BytesIO(RAR), "r.rar", at=AT, by=helper)
        sees = state is not State.OTHERS or role is Role.ADMIN or department in (Department.CONTRACTS, Department.AUDIT)
        sees = sees or (is_officer and department in (Department.LEGAL, Department.FINANCE))
        for number, (action, call) in enumerate(CALLS):
            expected = may(person, action, state) and sees
            assert is_refused(call, offer, (clean, raw), person) != expected, f"{action}, {state}, call {number}"
    allow_unscanned("no")
