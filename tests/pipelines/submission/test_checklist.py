"""The checklist of an offer: made when it is opened, ticked, waived, proved, given to people, completed when templates grow."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from pipelines.submission.checklist import apply_again, missing_titles, read_checklist
from pipelines.submission.checklist_points import (
    PointDraft,
    add_point,
    assign,
    edit_point,
    remove_point,
    set_due,
)
from pipelines.submission.checklist_ticks import set_evidence, take_up, tick, untick, waive
from pipelines.submission.sharing import share
from pipelines.submission.workspace import close, open_workspace
from tests.factories_ledger import AT, opportunity, publish
from tests.factories_people import new_person
from tests.factories_submissions import new_file_row
from warehouse.addresses import superuser_conninfo
from warehouse.domain.access import Department, Person, Role
from warehouse.domain.checklist import DueBefore
from warehouse.errors import BadInput, NotFound, NotPermitted, ProcuraError, WrongState
from warehouse.ledger.store import open_ledger
from warehouse.ledger.submission_tasks import TaskRow, list_tasks
from warehouse.settings import Settings, current

pytestmark = pytest.mark.thorough

TEXT = "Offers are due as stated. Technical volumes shall not exceed 20 pages. Submit your offer to buyer@navy.example by noon."
DUE = datetime(2026, 4, 29, 18, tzinfo=UTC)  # 14:00 in Washington, a Wednesday


def opened(owner: Person, **notice: object) -> str:
    """Open an offer the way people do."""
    found = opportunity(uuid.uuid4().int % 10**8, **{"description": TEXT, "due_date": DUE, **notice})
    publish([found])
    return open_workspace(open_ledger(), found["id"], at=AT, by=owner)


def points(submission_id: str, by: Person) -> dict[str, TaskRow]:
    """The points by the key of their template, by title where they have none."""
    with open_ledger().read(by) as tx:
        found = list_tasks(tx, submission_id)
    return {(p.template_key or p.title).rpartition("/")[2]: p for p in found}


def do(
    deed: Callable[..., object], submission_id: str, point: TaskRow, *rest: object, by: Person, **more: object
) -> object:
    return deed(open_ledger(), submission_id, point.id, *rest, version=point.version, by=by, **more)


def put_in_state(submission_id: str, status: str) -> None:
    with psycopg.connect(**superuser_conninfo(current())) as connection:
        connection.execute("set role procura_owner")
        connection.execute("update submissions set status = %s, sent_at = now() where id = %s", [status, submission_id])


def told(person: Person) -> list[str]:
    with open_ledger().read(person) as tx:
        return [
            r["text"] for r in tx.rows("select text from notifications where person_id = %s order by at", [person.id])
        ]


def activity(submission_id: str, by: Person) -> list[str]:
    with open_ledger().read(by) as tx:
        return [
            r["action"]
            for r in tx.rows("select action from audit_logs where submission_ref = %s order by seq", [submission_id])
        ]


def test_opening_an_offer_gives_it_the_points_of_its_notice_and_of_its_text(home: Settings) -> None:
    owner = new_person()
    submission_id = opened(owner, set_aside_code="8A", naics_code="236220", psc_code="Y1JZ")
    found = points(submission_id, owner)
    assert {"sam_registration", "eligible_8a", "bid_bond", "offer_form", "legal_review", "Page limit kept"} <= set(
        found
    )
    assert not {"eligible_hubzone", "capability_statement", "sf_424", "subcontracting_plan"} & set(found)
    quoted = [p for p in found.values() if p.quote is not None]
    assert {p.title for p in quoted} == {"Page limit kept", "Sent to the e-mail address that the notice names"}
    assert all(p.quote and TEXT[p.quote_start or 0 :].startswith(p.quote) for p in quoted)
    assert found["finance_review"].depends_on == (found["price"].id,)
    assert found["finance_review"].due_at == datetime(2026, 4, 24, 21, tzinfo=UTC)  # 17:00 three working days before
    assert "checklist:made" in activity(submission_id, owner)


def test_other_types_of_notice_have_other_points(home: Settings) -> None:
    owner = new_person()
    keys = {kind: set(points(opened(owner, notice_type=kind), owner)) for kind in
            ("Sources Sought", "Presolicitation", "Combined Synopsis/Solicitation", "Special Notice")}  # fmt: skip
    assert "capability_statement" in keys["Sources Sought"]
    assert "price" not in keys["Sources Sought"]
    assert "interest_told" in keys["Presolicitation"]
    assert {"commercial_instructions", "price"} <= keys["Combined Synopsis/Solicitation"]
    assert "sam_registration" in keys["Special Notice"]


def test_a_tick_is_there_for_the_next_person_with_name_and_instant(home: Settings) -> None:
    owner, member = new_person(), new_person()
    submission_id = opened(owner)
    point = points(submission_id, owner)["sam_registration"]
    do(tick, submission_id, point, by=owner, at=AT)
    seen = points(submission_id, member)["sam_registration"]
    assert (seen.completed, seen.completer_email, seen.completed_at) == (True, owner.email, AT)
    assert (seen.version, seen.is_done) == (2, True)
    # The same wish once more, upon the old version: it is so already, and no second record is made.
    do(tick, submission_id, point, by=owner, at=AT)
    assert activity(submission_id, owner).count("point:ticked") == 1


def test_a_stale_change_is_refused_and_says_who_was_faster(home: Settings) -> None:
    owner = new_person()
    submission_id = opened(owner)
    point = points(submission_id, owner)["sam_registration"]
    do(waive, submission_id, point, "Renewed by the parent firm.", by=owner, at=AT)
    with pytest.raises(WrongState, match=rf"{owner.email} waived it"):
        do(tick, submission_id, point, by=owner, at=AT)
    with pytest.raises(WrongState, match="changed since you opened it"):
        do(set_due, submission_id, point, None, by=owner)


def test_a_point_waits_for_those_before_it_and_loses_its_tick_with_theirs(home: Settings) -> None:
    owner = new_person()
    submission_id = opened(owner)
    found = points(submission_id, owner)
    with pytest.raises(WrongState, match="waits for “Notice and all attachments read in full”"):
        do(tick, submission_id, found["bid_decision"], by=owner, at=AT)
    do(waive, submission_id, found["notice_read"], "Read before the workspace was opened.", by=owner, at=AT)
    do(tick, submission_id, found["bid_decision"], by=owner, at=AT)
    with pytest.raises(WrongState, match="was ticked on its basis"):
        do(take_up, submission_id, points(submission_id, owner)["notice_read"], by=owner, at=AT)
    do(untick, submission_id, points(submission_id, owner)["bid_decision"], by=owner, at=AT)
    do(take_up, submission_id, points(submission_id, owner)["notice_read"], by=owner, at=AT)
    for key in ("notice_read", "compliance_matrix", "price", "validity"):
        do(tick, submission_id, points(submission_id, owner)[key], by=owner, at=AT)
    titles = do(untick, submission_id, points(submission_id, owner)["compliance_matrix"], by=owner, at=AT)
    assert set(titles) == {found["price"].title, found["validity"].title}  # type: ignore[call-overload]
    after = points(submission_id, owner)
    assert [after[k].completed for k in ("notice_read", "compliance_matrix", "price", "validity")] == [
        True,
        False,
        False,
        False,
    ]


def test_a_locked_point_is_ticked_waived_and_opened_by_its_department_alone(home: Settings) -> None:
    owner, finance, viewer = (
        new_person(),
        new_person(department=Department.FINANCE),
        new_person(Role.VIEWER, Department.FINANCE),
    )
    submission_id = opened(owner)
    found = points(submission_id, owner)
    for key in ("notice_read", "compliance_matrix", "price"):
        do(tick, submission_id, points(submission_id, owner)[key], by=owner, at=AT)
    review = found["finance_review"]
    for deed, rest in ((tick, ()), (waive, ("Not needed.",)), (set_evidence, (None,))):
        with pytest.raises(NotPermitted, match="is for finance"):
            do(deed, submission_id, review, *rest, by=owner, at=AT)
    with pytest.raises(NotFound):  # a viewer of finance sees an offer once it was sent
        do(tick, submission_id, review, by=viewer, at=AT)
    do(tick, submission_id, review, by=finance, at=AT)
    with pytest.raises(NotPermitted, match=finance.email):  # its basis is not taken away under finance's tick
        do(untick, submission_id, points(submission_id, owner)["price"], by=owner, at=AT)
    assert points(submission_id, owner)["price"].completed
    do(untick, submission_id, points(submission_id, owner)["finance_review"], by=finance, at=AT)
    do(untick, submission_id, points(submission_id, owner)["price"], by=owner, at=AT)
    with pytest.raises(NotPermitted):  # their right ends at the points of their department
        do(tick, submission_id, points(submission_id, owner)["price"], by=finance, at=AT)


def test_a_department_ticks_its_points_and_edits_none(home: Settings) -> None:
    owner, legal, stranger = new_person(), new_person(department=Department.LEGAL), new_person()
    submission_id = opened(owner)
    teaming = points(submission_id, owner)["teaming"]
    assert (teaming.department, teaming.locked) == (Department.LEGAL, False)
    do(tick, submission_id, teaming, by=legal, at=AT)
    with pytest.raises(NotPermitted):
        do(set_due, submission_id, points(submission_id, owner)["teaming"], None, by=legal)
    with pytest.raises(NotPermitted):
        do(tick, submission_id, points(submission_id, owner)["sam_registration"], by=stranger, at=AT)


def test_a_point_is_given_to_who_sees_the_offer_and_they_are_told(home: Settings) -> None:
    owner, colleague, blind = new_person(), new_person(), new_person(Role.VIEWER, Department.LEGAL)
    finance = new_person(department=Department.FINANCE)
    submission_id = opened(owner)
    do(assign, submission_id, points(submission_id, owner)["price"], colleague.id, by=owner)
    assert points(submission_id, owner)["price"].owner_email == colleague.email
    assert any("Price complete" in text for text in told(colleague))
    with pytest.raises(BadInput, match="does not see this offer"):
        do(assign, submission_id, points(submission_id, owner)["price"], blind.id, by=owner)
    with pytest.raises(BadInput, match="no contract officer of finance"):
        do(assign, submission_id, points(submission_id, owner)["finance_review"], colleague.id, by=owner)
    do(assign, submission_id, points(submission_id, owner)["finance_review"], finance.id, by=owner)
    do(assign, submission_id, points(submission_id, owner)["price"], None, by=owner)
    assert points(submission_id, owner)["price"].owner_id is None
    with pytest.raises(NotFound):
        do(assign, submission_id, points(submission_id, owner)["price"], str(uuid.uuid4()), by=owner)


def test_evidence_is_a_file_of_the_same_offer_that_no_scan_refused(home: Settings) -> None:
    owner = new_person()
    submission_id, other_id = opened(owner), opened(owner)
    own, _ = new_file_row(submission_id, owner, name="sam.pdf")
    foreign, _ = new_file_row(other_id, owner)
    refused, _ = new_file_row(submission_id, owner, clean=False)
    with open_ledger().housekeeping() as tx:
        tx.execute("update submission_files set scan_status = 'refused' where id = %s", [refused])
    for file_id, why in (
        (foreign, "not among the files"),
        (refused, "refused by its scan"),
        (str(uuid.uuid4()), "not among"),
    ):
        with pytest.raises(BadInput, match=why):
            do(set_evidence, submission_id, points(submission_id, owner)["sam_registration"], file_id, by=owner, at=AT)
    do(set_evidence, submission_id, points(submission_id, owner)["sam_registration"], own, by=owner, at=AT)
    found = points(submission_id, owner)["sam_registration"]
    assert (found.evidence_name, found.evidence_status, found.evidence_wanted[:10]) == (
        "sam.pdf",
        "clean",
        "The entity",
    )
    do(set_evidence, submission_id, found, None, by=owner, at=AT)
    assert points(submission_id, owner)["sam_registration"].evidence_file_id is None


def test_own_points_are_added_edited_and_removed(home: Settings) -> None:
    owner, colleague = new_person(), new_person()
    submission_id = opened(owner)
    price = points(submission_id, owner)["price"]
    draft = PointDraft("Egress  plan", "By the site lead", colleague.id, DueBefore(1, 60), [price.id])
    point_id = add_point(open_ledger(), submission_id, draft, at=AT, by=owner)
    own = points(submission_id, owner)["Egress plan"]
    assert (own.id, own.depends_on, own.owner_email) == (point_id, (price.id,), colleague.email)
    assert own.due_at == datetime(2026, 4, 28, 20, tzinfo=UTC)
    assert any("Egress plan" in text for text in told(colleague))
    changed = PointDraft("Egress plan signed", "By the site lead", colleague.id, AT + timedelta(days=1), [])
    edit_point(open_ledger(), submission_id, point_id, changed, version=1, at=AT, by=owner)
    own = points(submission_id, owner)["Egress plan signed"]
    assert (own.due_at, own.due_before_days, own.depends_on) == (AT + timedelta(days=1), None, ())
    do(remove_point, submission_id, own, by=owner)
    assert "Egress plan signed" not in points(submission_id, owner)
    for key in ("sam_registration", "finance_review"):
        with pytest.raises(WrongState, match="comes from a template"):
            do(remove_point, submission_id, points(submission_id, owner)[key], by=owner)
    do(remove_point, submission_id, points(submission_id, owner)["Page limit kept"], by=owner)


def test_words_of_templates_and_the_order_of_locked_points_stay(home: Settings) -> None:
    owner = new_person()
    submission_id = opened(owner)
    found = points(submission_id, owner)
    sam, review = found["sam_registration"], found["finance_review"]
    with pytest.raises(WrongState, match="its template's"):
        do(edit_point, submission_id, sam, PointDraft("Something else", sam.detail), by=owner, at=AT)
    with pytest.raises(WrongState, match="locked with it"):
        do(edit_point, submission_id, review, PointDraft(review.title, review.detail, None, None, []), by=owner, at=AT)
    do(edit_point, submission_id, sam, PointDraft(sam.title, sam.detail, owner.id, DueBefore(2)), by=owner, at=AT)
    assert points(submission_id, owner)["sam_registration"].due_before_days == 2


def test_points_never_wait_for_each_other_in_a_circle(home: Settings) -> None:
    owner = new_person()
    submission_id = opened(owner)
    first = add_point(open_ledger(), submission_id, PointDraft("First"), at=AT, by=owner)
    second = add_point(open_ledger(), submission_id, PointDraft("Second", depends_on=[first]), at=AT, by=owner)
    third = add_point(open_ledger(), submission_id, PointDraft("Third", depends_on=[second]), at=AT, by=owner)
    for wrong in ([third], [first], [second, third]):
        with pytest.raises(BadInput, match="would wait for itself"):
            edit_point(
                open_ledger(), submission_id, first, PointDraft("First", depends_on=wrong), version=1, at=AT, by=owner
            )
    with pytest.raises(BadInput, match="not in the checklist"):
        add_point(open_ledger(), submission_id, PointDraft("Fourth", depends_on=[str(uuid.uuid4())]), at=AT, by=owner)
    with pytest.raises(WrongState, match="waited for by"):
        do(remove_point, submission_id, points(submission_id, owner)["Second"], by=owner)


def test_nothing_of_a_checklist_changes_once_approval_started_or_the_offer_is_closed(home: Settings) -> None:
    owner = new_person()
    pending, closed = opened(owner), opened(owner)
    put_in_state(pending, "pending_approval")
    close(open_ledger(), closed, "No bid.", version=1, at=AT, by=owner)
    for submission_id, why in ((pending, "pending approval"), (closed, "closed")):
        point = points(submission_id, owner)["sam_registration"]
        deeds: list[Callable[[], object]] = [
            lambda s=submission_id, p=point: do(tick, s, p, by=owner, at=AT),
            lambda s=submission_id, p=point: do(waive, s, p, "No.", by=owner, at=AT),
            lambda s=submission_id, p=point: do(assign, s, p, owner.id, by=owner),
            lambda s=submission_id, p=point: do(set_due, s, p, None, by=owner),
            lambda s=submission_id, p=point: do(set_evidence, s, p, str(uuid.uuid4()), by=owner, at=AT),
            lambda s=submission_id, p=point: do(edit_point, s, p, PointDraft(p.title, p.detail), by=owner, at=AT),
            lambda s=submission_id: add_point(open_ledger(), s, PointDraft("x"), at=AT, by=owner),
            lambda s=submission_id: apply_again(open_ledger(), s, at=AT, by=owner),
        ]
        for deed in deeds:
            with pytest.raises(WrongState, match=why):
                deed()


@pytest.mark.parametrize("reason", ["", "  \x00 ", "x" * 1_001])
def test_a_point_is_waived_with_a_reason(home: Settings, reason: str) -> None:
    owner = new_person()
    submission_id = opened(owner)
    with pytest.raises(BadInput, match="with a reason"):
        do(waive, submission_id, points(submission_id, owner)["sam_registration"], reason, by=owner, at=AT)


@pytest.mark.parametrize(
    "draft", [PointDraft(" "), PointDraft("x" * 201), PointDraft("x", "y" * 4_001), PointDraft("x", locked=True)]
)
def test_a_point_that_says_nothing_or_too_much_is_refused(home: Settings, draft: PointDraft) -> None:
    owner = new_person()
    submission_id = opened(owner)
    with pytest.raises(ProcuraError):
        add_point(open_ledger(), submission_id, draft, at=AT, by=owner)


def test_a_template_that_grew_adds_its_points_and_takes_nothing_away(home: Settings, tmp_path: Path) -> None:
    owner = new_person()
    submission_id = opened(owner)
    do(tick, submission_id, points(submission_id, owner)["sam_registration"], by=owner, at=AT)
    do(remove_point, submission_id, points(submission_id, owner)["Page limit kept"], by=owner)
    before = points(submission_id, owner)
    folder = home.resolved_home / "templates"
    folder.mkdir()
    (folder / "firm.toml").write_text(
        'title = "Ours"\norder = 90\n[[points]]\nkey = "egress_plan"\ntitle = "Egress plan"\ndepends_on = ["price"]\n'
    )
    try:
        assert missing_titles(open_ledger(), submission_id, by=owner) == ["Egress plan", "Page limit kept"]
        assert apply_again(open_ledger(), submission_id, at=AT, by=owner) == 2
        assert apply_again(open_ledger(), submission_id, at=AT, by=owner) == 0
    finally:
        (folder / "firm.toml").unlink()
        folder.rmdir()
    after = points(submission_id, owner)
    assert after["egress_plan"].depends_on == (before["price"].id,)
    assert after["sam_registration"].completed
    assert {key: point.id for key, point in after.items() if key in before} == {
        key: point.id for key, point in before.items()
    }
    assert activity(submission_id, owner).count("checklist:applied_again") == 1


def test_progress_counts_done_waived_and_overdue(home: Settings) -> None:
    owner = new_person()
    submission_id = opened(owner)
    do(tick, submission_id, points(submission_id, owner)["sam_registration"], by=owner, at=AT)
    do(waive, submission_id, points(submission_id, owner)["notice_read"], "Read.", by=owner, at=AT)
    early = read_checklist(open_ledger(), submission_id, at=AT, by=owner)
    assert (early.progress.done, early.progress.ticked, early.progress.waived, early.progress.overdue) == (2, 1, 1, 0)
    late = read_checklist(open_ledger(), submission_id, at=DUE, by=owner)
    assert late.progress.overdue == sum(p.due_at is not None for p in late.points) - 2
    assert not late.progress.is_complete
    with pytest.raises(NotFound):
        read_checklist(open_ledger(), submission_id, at=AT, by=new_person(Role.VIEWER, Department.LEGAL))


def test_a_moved_deadline_moves_what_is_due_before_it(home: Settings) -> None:
    owner = new_person()
    submission_id = opened(owner)
    add_point(open_ledger(), submission_id, PointDraft("Fixed", due=AT + timedelta(days=2)), at=AT, by=owner)
    do(tick, submission_id, points(submission_id, owner)["sam_registration"], by=owner, at=AT)
    with psycopg.connect(**superuser_conninfo(current())) as connection:
        connection.execute(
            "update opportunities set due_date = %s from submissions s where s.id = %s and opportunities.id = s.opportunity_id",
            [DUE + timedelta(days=28), submission_id],
        )
    found = points(submission_id, owner)
    # 25 May 2026 is Memorial Day: three federal working days before Wednesday the 27th is Thursday the 21st.
    assert found["finance_review"].due_at == datetime(2026, 5, 21, 21, tzinfo=UTC)
    assert found["Fixed"].due_at == AT + timedelta(days=2)
    assert found["sam_registration"].completed  # it does not rely on the deadline


def test_people_who_tick_at_once_lose_nothing_and_none_is_ticked_twice(home: Settings) -> None:
    owner, *members = [new_person() for _ in range(4)]
    submission_id = opened(owner)
    for member in members:
        share(open_ledger(), submission_id, member.id, at=AT, by=owner)
    free = [p for p in points(submission_id, owner).values() if not p.depends_on and not p.locked][:6]

    def try_all(person: Person) -> list[ProcuraError]:
        faults = []
        for point in free:
            try:
                do(tick, submission_id, point, by=person, at=AT)
            except ProcuraError as error:
                faults.append(error)
        return faults

    with ThreadPoolExecutor(4) as pool:
        faults = [fault for found in pool.map(try_all, [owner, *members]) for fault in found]
    assert all(isinstance(fault, WrongState) and "was changed since" in fault.what for fault in faults)
    after = points(submission_id, owner)
    assert all(p.completed and p.version == 2 for p in after.values() if p.id in {f.id for f in free})
    assert activity(submission_id, owner).count("point:ticked") == len(free)
