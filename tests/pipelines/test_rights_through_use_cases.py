"""Every cell of the table of rights, tried through the use cases: refused where the table has no row, and only there."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr

from pipelines.administration import (
    audit_log,
    calendar_feeds,
    credentials,
    holds,
    notifications,
    one_time_links,
    people,
    retention,
    retention_plan,
    saved_searches,
    second_factor,
    sessions,
    system_settings,
)
from pipelines.administration.account import change_password
from pipelines.administration.run_requests import request_run
from pipelines.discovery.credential_check import check_credential, credential_needs
from pipelines.discovery.look_at_sources import look_at_sources
from pipelines.qualification import decisions, figures, look_up, preview, profiles, second_looks
from pipelines.qualification.company import EXAMPLE_COMPANY, parse_company_profile
from pipelines.submission import (
    activity,
    approval_steps,
    approvals,
    board,
    checklist,
    checklist_points,
    checklist_ticks,
    delegations,
    deliver,
    notes,
    notice_changes,
    package,
    sharing,
    workspace,
)
from pipelines.submission.checklist_points import PointDraft
from pipelines.submission.portals import profiles as portal_profiles
from pipelines.submission.proof import write_proof
from tests.factories_ledger import AT
from tests.factories_people import new_person
from tests.factories_submissions import new_submission
from tests.pipelines.submission.test_file_rights import CALLS as FILE_CALLS
from warehouse.addresses import superuser_conninfo
from warehouse.domain.access import RIGHTS, Action, Department, Person, Role, State, may
from warehouse.domain.digest import DigestTimes
from warehouse.domain.fit import Recommendation
from warehouse.domain.opportunity import OpportunityStatus
from warehouse.domain.retention import HoldKind
from warehouse.errors import NotFound, NotPermitted, ProcuraError
from warehouse.lake.connection import open_lake
from warehouse.ledger.approval_rules import NewStep
from warehouse.ledger.audit_records import RecordFilter
from warehouse.ledger.opportunity_filter import OpportunityFilter
from warehouse.ledger.store import Ledger, open_ledger
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough


@dataclass(frozen=True)
class Trial:
    """Who tries, on whose thing, in which home."""

    ledger: Ledger
    settings: Settings
    by: Person
    others_session: bytes
    folder: Path
    offers: dict[State, str] = field(default_factory=dict)
    """A draft that the person owns, one that is shared with them, one of others, whatever their role."""
    runs: dict[State, str] = field(default_factory=dict)
    """A delivery of each that waits for a person."""


def others_records(trial: Trial) -> None:
    """Read the log; refused counts as well where nothing of others comes."""
    found = audit_log.search_records(trial.ledger, RecordFilter(), by=trial.by)
    if all(record.actor == trial.by.id for record in found.rows):
        raise NotPermitted("Only own records came.")


def bring_something(trial: Trial, run: str) -> None:
    """Bring a document as a receipt in which its number does not stand."""
    deliver.bring_receipt(
        trial.ledger, run, number="R-1", received_at=None, name="x.txt", stream=io.BytesIO(b"x"), settings=trial.settings,
        at=AT, by=trial.by,
    )  # fmt: skip


OF_OFFERS = (State.OWN, State.SHARED, State.OTHERS)
NOWHERE = "nobody@firm.example"
PASSWORD = "four quiet green lamps"
CALLS: dict[tuple[Action, State], list[Callable[[Trial], object]]] = {
    (Action.READ_OPPORTUNITIES, State.ANY): [
        lambda t: look_up.find_opportunities(t.ledger, OpportunityFilter(), at=AT, limit=1, by=t.by),
        lambda t: look_up.find_opportunity(t.ledger, "nothing", by=t.by),
    ],
    (Action.SET_OPPORTUNITY_STATUS, State.ANY): [
        lambda t: decisions.set_status(t.ledger, ["nothing"], OpportunityStatus.REVIEWING, by=t.by, at=AT)
    ],
    (Action.NOTE_OPPORTUNITY, State.ANY): [lambda t: decisions.add_note(t.ledger, "nothing", "x", by=t.by, at=AT)],
    (Action.ASK_MODEL, State.ANY): [lambda t: second_looks.ask_anew(t.ledger, "nothing", by=t.by, at=AT)],
    (Action.DISAGREE, State.ANY): [
        lambda t: second_looks.disagree(
            t.ledger, "nothing", Recommendation.PASS, "x", assessment_id=None, by=t.by, at=AT
        )
    ],
    (Action.READ_QUALIFICATION, State.ANY): [lambda t: figures.read_figures(t.ledger, at=AT, world_at=AT, by=t.by)],
    (Action.EDIT_COMPANY_PROFILE, State.ANY): [
        lambda t: profiles.save_company(t.ledger, "name: x", base_version="x", by=t.by),
        lambda t: preview.preview(t.ledger, parse_company_profile(EXAMPLE_COMPANY.read_text()), as_of=AT, by=t.by),
    ],
    (Action.READ_SOURCES, State.ANY): [lambda t: look_at_sources(t.ledger, by=t.by)],
    (Action.REQUEST_RUN, State.ANY): [lambda t: request_run(t.ledger, "example", by=t.by, at=AT)],
    (Action.EDIT_ACCOUNT, State.OWN): [
        lambda t: change_password(t.ledger, "not the present one", PASSWORD, at=AT, by=t.by),
        lambda t: second_factor.read_state(t.ledger, by=t.by),
    ],
    (Action.END_SESSION, State.OWN): [
        lambda t: sessions.list_sessions(t.ledger, at=AT, by=t.by),
        lambda t: sessions.end_other_sessions(t.ledger, at=AT, by=t.by),
    ],
    (Action.END_SESSION, State.OTHERS): [
        lambda t: sessions.list_sessions(t.ledger, at=AT, by=t.by, of_all=True),
        lambda t: sessions.end_session(t.ledger, t.others_session, at=AT, by=t.by),
        lambda t: sessions.end_session(t.ledger, b"unknown", at=AT, by=t.by),
    ],
    (Action.READ_PEOPLE, State.ANY): [lambda t: people.list_people(t.ledger, at=AT, by=t.by)],
    (Action.MANAGE_PEOPLE, State.ANY): [
        lambda t: people.add_person(t.ledger, email="x", role=Role.VIEWER, department=Department.LEGAL, password=PASSWORD, at=AT, by=t.by),
        lambda t: people.set_role(t.ledger, NOWHERE, Role.ADMIN, at=AT, by=t.by),
        lambda t: people.disable_person(t.ledger, NOWHERE, at=AT, by=t.by),
        lambda t: people.enable_person(t.ledger, NOWHERE, at=AT, by=t.by),
        lambda t: one_time_links.invite_person(t.ledger, email="x", role=Role.VIEWER, department=Department.LEGAL, at=AT, by=t.by),
        lambda t: one_time_links.reset_password(t.ledger, NOWHERE, at=AT, by=t.by),
    ],
    (Action.READ_SETTINGS, State.ANY): [lambda t: system_settings.list_settings(t.ledger, by=t.by)],
    (Action.EDIT_SETTINGS, State.ANY): [lambda t: system_settings.set_setting(t.ledger, "autonomy_mode", "manual", by=t.by)],
    (Action.READ_CREDENTIALS, State.ANY): [
        lambda t: credentials.list_credentials(t.ledger, credential_needs(), at=AT, by=t.by)
    ],
    (Action.EDIT_CREDENTIALS, State.ANY): [
        lambda t: credentials.remove_credential(t.ledger, credential_needs()[0], at=AT, by=t.by),
        lambda t: check_credential(t.ledger, "nowhere", "api_key", at=AT, by=t.by),
    ],
    (Action.READ_AUDIT_LOG, State.ANY): [others_records],
    (Action.READ_OWN_AUDIT_RECORDS, State.OWN): [lambda t: audit_log.search_records(t.ledger, RecordFilter(), by=t.by)],
    (Action.VERIFY_AUDIT_LOG, State.ANY): [lambda t: audit_log.verify_audit_log(t.ledger, t.settings, at=AT, by=t.by)],
    (Action.EXPORT_AUDIT_LOG, State.ANY): [
        lambda t: audit_log.export_audit_log(t.ledger, t.settings, t.folder / "export", at=AT, by=t.by)
    ],
    (Action.READ_RETENTION, State.ANY): [
        lambda t: holds.list_holds(t.ledger, by=t.by),
        lambda t: retention_plan.plan_purge(t.ledger, open_lake("procura_analyst", read_only=True), t.settings, at=AT, by=t.by),
    ],
    (Action.PURGE_RECORDS, State.ANY): [
        lambda t: retention.purge(
            t.ledger, open_lake("procura_pipeline"), t.settings, "no plan", at=AT, by=t.by, report=lambda *_: None
        )
    ],
    (Action.SET_HOLD, State.ANY): [
        lambda t: holds.set_hold(t.ledger, kind=next(iter(HoldKind)), subject="", reason="", at=AT, by=t.by)
    ],
    (Action.READ_INBOX, State.OWN): [
        lambda t: notifications.read_inbox(t.ledger, by=t.by),
        lambda t: notifications.count_unread(t.ledger, by=t.by),
        lambda t: notifications.mark_read(t.ledger, [], at=AT, by=t.by),
    ],
    (Action.EDIT_SAVED_SEARCH, State.OWN): [
        lambda t: saved_searches.list_searches(t.ledger, by=t.by),
        lambda t: saved_searches.save_search(t.ledger, "", "", OpportunityFilter(), at=AT, world_at=AT, by=t.by),
        lambda t: saved_searches.watch_search(t.ledger, "nothing", True, by=t.by),
        lambda t: saved_searches.remove_search(t.ledger, "nothing", by=t.by),
    ],
    (Action.EDIT_NOTIFICATIONS, State.OWN): [
        lambda t: notifications.read_settings(t.ledger, by=t.by),
        lambda t: notifications.save_settings(t.ledger, {}, DigestTimes(hour=99), uses_email=True, at=AT, by=t.by),
        lambda t: notifications.set_hook(t.ledger, SecretStr("no hook"), at=AT, by=t.by),
        lambda t: notifications.remove_hook(t.ledger, at=AT, by=t.by),
        lambda t: notifications.try_hook(SecretStr("no hook"), by=t.by),
    ],
    (Action.EDIT_CALENDAR, State.OWN): [
        lambda t: calendar_feeds.list_feeds(t.ledger, by=t.by),
        lambda t: calendar_feeds.new_feed(t.ledger, "", at=AT, by=t.by),
        lambda t: calendar_feeds.revoke_feed(t.ledger, "nothing", at=AT, by=t.by),
    ],
    (Action.LIFT_HOLD, State.OTHERS): [lambda t: holds.lift_hold(t.ledger, "nothing", reason="x", at=AT, by=t.by)],
    (Action.EDIT_APPROVAL_STEPS, State.ANY): [
        lambda t: approval_steps.add_step(t.ledger, NewStep(0, "", Department.LEGAL), at=AT, by=t.by),
        lambda t: approval_steps.change_step(t.ledger, "nothing", NewStep(0, "", Department.LEGAL), at=AT, by=t.by),
        lambda t: approval_steps.end_step(t.ledger, "nothing", at=AT, by=t.by),
    ],
    (Action.READ_APPROVAL_STEPS, State.ANY): [
        lambda t: approval_steps.list_steps(t.ledger, by=t.by),
        lambda t: delegations.list_delegations(t.ledger, at=AT, by=t.by, of_all=True),
    ],
    (Action.DELEGATE_APPROVAL, State.OWN): [
        lambda t: delegations.list_stand_ins(t.ledger, by=t.by),
        lambda t: delegations.delegate(t.ledger, t.by.id, starts_on=AT.date(), ends_on=AT.date(), at=AT, by=t.by),
        lambda t: delegations.revoke(t.ledger, "nothing", at=AT, by=t.by),
    ],
    (Action.OPEN_SUBMISSION, State.ANY): [lambda t: workspace.open_workspace(t.ledger, "nothing", at=AT, by=t.by)],
    (Action.READ_SUBMISSIONS, State.ANY): [
        lambda t: board.find_submissions(t.ledger, by=t.by),
        lambda t: board.offers_to(t.ledger, "nothing", by=t.by),
        lambda t: notes.read_notes(t.ledger, "nothing", by=t.by),
        lambda t: notice_changes.read_changes(t.ledger, "nothing", by=t.by),
        lambda t: activity.read_activity(t.ledger, "nothing", by=t.by),
        lambda t: sharing.list_officers(t.ledger, by=t.by),
        lambda t: deliver.look_at_delivery(t.ledger, t.offers[State.OWN], settings=t.settings, at=AT, by=t.by),
        lambda t: deliver.list_deliveries(t.ledger, by=t.by),
        lambda t: deliver.list_waiting(t.ledger, settings=t.settings, at=AT, by=t.by),
        lambda t: deliver.count_waiting(t.ledger, by=t.by),
    ],
    (Action.CONFIRM_RECEIPT, State.ANY): [
        lambda t: deliver.confirm_receipt(t.ledger, "nothing", settings=t.settings, at=AT, by=t.by),
        lambda t: deliver.put_receipt_aside(t.ledger, "nothing", "x", by=t.by),
    ],
    (Action.PROVE_SUBMISSION, State.ANY): [
        lambda t: write_proof(t.ledger, t.settings, "nothing", t.folder / "proof", at=AT, by=t.by)
    ],
    (Action.READ_PORTALS, State.ANY): [
        lambda t: portal_profiles.list_profiles(t.ledger, by=t.by),
        lambda t: portal_profiles.look_at_profile(t.ledger, "nothing", by=t.by),
        lambda t: portal_profiles.read_rehearsal_picture(t.ledger, "nothing", 1, by=t.by),
    ],
    (Action.EDIT_PORTALS, State.ANY): [
        lambda t: portal_profiles.upload_profile(t.ledger, "no profile", at=AT, by=t.by),
        lambda t: portal_profiles.activate_profile(t.ledger, "nothing", at=AT, by=t.by),
        lambda t: portal_profiles.retire_profile(t.ledger, "nothing", at=AT, by=t.by),
        lambda t: portal_profiles.rehearse_profile(t.ledger, "nothing", settings=t.settings, at=AT, by=t.by),
    ],
    (Action.NOTE_SUBMISSION, State.ANY): [lambda t: notes.add_note(t.ledger, t.offers[State.OWN], "x", at=AT, by=t.by)],
    **{(Action.EDIT_SUBMISSION, state): [
        lambda t, s=state: workspace.rename(t.ledger, t.offers[s], "x", version=0, by=t.by),
        lambda t, s=state: workspace.set_value(t.ledger, t.offers[s], None, version=0, by=t.by),
    ] for state in OF_OFFERS},
    **{(Action.SHARE_SUBMISSION, state): [
        lambda t, s=state: sharing.share(t.ledger, t.offers[s], "nobody", at=AT, by=t.by),
        lambda t, s=state: sharing.end_sharing(t.ledger, t.offers[s], "nobody", by=t.by),
    ] for state in OF_OFFERS},
    **{(Action.HAND_OVER_SUBMISSION, state): [
        lambda t, s=state: sharing.hand_over(t.ledger, t.offers[s], "nobody", at=AT, by=t.by),
    ] for state in OF_OFFERS},
    **{(Action.CLOSE_SUBMISSION, state): [
        lambda t, s=state: workspace.close(t.ledger, t.offers[s], "x", version=0, at=AT, by=t.by),
    ] for state in OF_OFFERS},
    **{(Action.ACKNOWLEDGE_CHANGE, state): [
        lambda t, s=state: notice_changes.acknowledge(t.ledger, t.offers[s], [], at=AT, by=t.by),
    ] for state in OF_OFFERS},
    **{(Action.EDIT_PACKAGE, state): [
        lambda t, s=state: package.set_items(t.ledger, t.offers[s], [], version=0, at=AT, by=t.by),
        lambda t, s=state: package.set_delivery(t.ledger, t.offers[s], executor="email", fields={}, limits={}, version=0, at=AT, by=t.by),
        lambda t, s=state: package.count_pages(t.ledger, t.offers[s], "nothing", 1, version=0, at=AT, by=t.by),
    ] for state in OF_OFFERS},
    **{(Action.EDIT_CHECKLIST, state): [
        lambda t, s=state: checklist_points.add_point(t.ledger, t.offers[s], PointDraft("x"), at=AT, by=t.by),
        lambda t, s=state: checklist_points.edit_point(t.ledger, t.offers[s], "nothing", PointDraft("x"), version=0, at=AT, by=t.by),
        lambda t, s=state: checklist_points.assign(t.ledger, t.offers[s], "nothing", None, version=0, by=t.by),
        lambda t, s=state: checklist_points.set_due(t.ledger, t.offers[s], "nothing", None, version=0, by=t.by),
        lambda t, s=state: checklist_points.remove_point(t.ledger, t.offers[s], "nothing", version=0, by=t.by),
        lambda t, s=state: checklist.apply_again(t.ledger, t.offers[s], at=AT, by=t.by),
    ] for state in OF_OFFERS},
    **{(Action.TICK_POINT, state): [
        lambda t, s=state: checklist_ticks.tick(t.ledger, t.offers[s], "nothing", version=0, at=AT, by=t.by),
        lambda t, s=state: checklist_ticks.untick(t.ledger, t.offers[s], "nothing", version=0, at=AT, by=t.by),
        lambda t, s=state: checklist_ticks.waive(t.ledger, t.offers[s], "nothing", "x", version=0, at=AT, by=t.by),
        lambda t, s=state: checklist_ticks.take_up(t.ledger, t.offers[s], "nothing", version=0, at=AT, by=t.by),
        lambda t, s=state: checklist_ticks.set_evidence(t.ledger, t.offers[s], "nothing", None, version=0, at=AT, by=t.by),
    ] for state in OF_OFFERS},
    **{(Action.SEND_TO_APPROVAL, state): [
        lambda t, s=state: approvals.send_to_approval(t.ledger, t.offers[s], version=0, at=AT, by=t.by),
    ] for state in OF_OFFERS},
    **{(Action.TAKE_BACK_PACKAGE, state): [
        lambda t, s=state: approvals.take_back(t.ledger, t.offers[s], "x", version=0, by=t.by),
    ] for state in OF_OFFERS},
    **{(Action.DELIVER_PACKAGE, state): [
        lambda t, s=state: deliver.start_delivery(t.ledger, t.offers[s], "x", is_dry_run=False, settings=t.settings, at=AT, by=t.by),
    ] for state in OF_OFFERS},
    **{(Action.DECIDE_DELIVERY, state): [
        lambda t, s=state: deliver.decide_delivery(t.ledger, t.runs[s], "look_again", "x", at=AT, by=t.by),
    ] for state in OF_OFFERS},
    **{(Action.CAPTURE_RECEIPT, state): [
        lambda t, s=state: bring_something(t, t.runs[s]),
    ] for state in OF_OFFERS},
    **{(Action.SIGN_PACKAGE, state): [
        lambda t, s=state: approvals.sign(t.ledger, t.offers[s], "x", settings=t.settings, at=AT, by=t.by),
        lambda t, s=state: approvals.reject(t.ledger, t.offers[s], "x", "x", by=t.by),
    ] for state in OF_OFFERS},
}  # fmt: skip
"""What each right is as use cases: things that do not exist, so that who may is told so and nothing changes."""

ON_OFFERS = {
    a
    for a in Action
    if a.value.partition(":")[0] in {"submission", "package", "checklist", "file", "delivery", "receipt"}
}
NO_USE_CASE = {
    (Action.EDIT_ACCOUNT, State.OTHERS): "no use case takes anybody else's account",
    (Action.LIFT_HOLD, State.OWN): "asked of the stored row, within the deed (tests of holds)",
    (Action.READ_OWN_AUDIT_RECORDS, State.OTHERS): "is READ_AUDIT_LOG",
    (Action.DELEGATE_APPROVAL, State.OTHERS): "no use case names anybody else's stand-in",
} | {
    (action, State.OTHERS): "no use case takes anybody else's"
    for action in (Action.READ_INBOX, Action.EDIT_SAVED_SEARCH, Action.EDIT_NOTIFICATIONS, Action.EDIT_CALENDAR)
}


def test_every_right_has_its_call() -> None:
    on_files = {action for action, _ in FILE_CALLS}  # tried there in each state, on real files
    assert {action for action, _ in CALLS} | on_files == set(Action)
    told_apart = {
        (right.action, state)
        for right in RIGHTS
        if right.action not in on_files
        for state in (OF_OFFERS if right.action in ON_OFFERS else (State.OWN, State.OTHERS))
        if state not in right.states and State.ANY not in right.states
    }
    assert told_apart - set(CALLS) <= set(NO_USE_CASE)
    assert not set(NO_USE_CASE) & set(CALLS)


@pytest.fixture(scope="module")
def trial_people(home: Settings) -> dict[tuple[Role, Department], Person]:
    return {(role, department): new_person(role, department) for role, department in product(Role, Department)}


@pytest.mark.parametrize(("role", "department"), list(product(Role, Department)))
def test_use_cases_refuse_what_the_table_does_not_give_and_nothing_else(
    home: Settings,
    trial_people: dict[tuple[Role, Department], Person],
    tmp_path: Path,
    role: Role,
    department: Department,
) -> None:
    person, other = trial_people[role, department], new_person()
    ledger = open_ledger()
    handle, offers = open_session_of(other), offers_around(person, home)
    runs = {state: waiting_run(offer, home) for state, offer in offers.items()}
    for (action, state), calls in CALLS.items():
        for number, call in enumerate(calls):
            is_refused = False
            try:
                call(Trial(ledger, home, person, handle, tmp_path, offers, runs))
            except NotPermitted:
                is_refused = True
            except NotFound:  # an offer that is not to be seen is as good as refused; anything else is asked for first
                is_refused = state in OF_OFFERS and action in ON_OFFERS and not may(person, action, state)
            except ProcuraError:
                pass  # there is no such thing: asked only of who may
            assert is_refused != may(person, action, state), f"{action.value}, {state.value}, call {number}"


def offers_around(person: Person, home: Settings) -> dict[State, str]:
    """Three drafts; owning or sharing one in a role that could not come to it takes triggers away for a moment."""
    found = {state: new_submission(new_person()) for state in OF_OFFERS}
    with psycopg.connect(**superuser_conninfo(home)) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute("update submissions set owner_id = %s where id = %s", [person.id, found[State.OWN]])
        connection.execute(
            "insert into submission_members select id, %s, owner_id, now() from submissions where id = %s",
            [person.id, found[State.SHARED]],
        )
    return found


def waiting_run(offer: str, home: Settings) -> str:
    """A run of a draft, which no use case makes: rights are asked before states."""
    with psycopg.connect(**superuser_conninfo(home)) as connection:
        connection.execute("set session_replication_role = replica")
        manifest = connection.execute(
            "insert into package_manifests (id, submission_id, number, body, manifest_hash, made_by, made_at)"
            " select gen_random_uuid(), id, 1, 'x', encode(sha256('x'), 'hex'), owner_id, now() from submissions where id = %s"
            " returning id",
            [offer],
        ).fetchone()
        made = connection.execute(
            "insert into submission_runs (submission_id, number, manifest_id, manifest_hash, executor, reference, started_by,"
            " status, phase, needs_person, intended_at) values (%s, 1, %s, repeat('0', 64), 'assisted', 'PRC-AAAA-AAAA', 'system',"
            " 'running', 'with_a_person', 'x', now()) returning id::text",
            [offer, manifest[0] if manifest else None],
        ).fetchone()
    return str(made[0]) if made else ""


def open_session_of(person: Person) -> bytes:
    handle = person.id.replace("-", "").encode()
    with open_ledger().housekeeping() as tx:
        tx.execute(
            "insert into auth_sessions (id_hash, profile_id, authenticated_at, expires_at, idle_ends_at)"
            " values (%s, %s, now(), now() + interval '1 hour', now() + interval '1 hour')",
            [handle, person.id],
        )
    return handle
