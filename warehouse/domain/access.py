"""Who may do what: one table, asked by use cases, never by pages.

PostgreSQL says the same a second time in its row security (warehouse/ledger/migrations). `procura access matrix` prints
the table.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from warehouse.errors import NotPermitted


class Role(StrEnum):
    """The ledger's enum `user_role`."""

    ADMIN = "admin"
    CONTRACT_OFFICER = "contract_officer"
    VIEWER = "viewer"


class Department(StrEnum):
    """Decides which approval step a contract officer may sign; `audit` makes a viewer an auditor."""

    CONTRACTS = "contracts"
    LEGAL = "legal"
    FINANCE = "finance"
    AUDIT = "audit"
    OPERATIONS = "operations"


class State(StrEnum):
    """What the object is to the person, as far as a right depends on it."""

    ANY = "any"
    OWN = "own"
    """The person's own account, session or request."""
    SHARED = "shared"
    """An offer that somebody else owns and the person works on."""
    DEPARTMENT = "their department's"
    """A point of a checklist that is locked to the person's department."""
    OTHERS = "somebody else's"


class Action(StrEnum):
    """Deeds and looks that need a right, named subject:action."""

    READ_OPPORTUNITIES = "opportunity:read"
    SET_OPPORTUNITY_STATUS = "opportunity:set_status"
    NOTE_OPPORTUNITY = "opportunity:note"
    ASK_MODEL = "opportunity:ask_model"
    DISAGREE = "opportunity:disagree"
    READ_QUALIFICATION = "qualification:read"
    EDIT_COMPANY_PROFILE = "company_profile:edit"
    READ_SOURCES = "source:read"
    REQUEST_RUN = "run:request"
    EDIT_ACCOUNT = "account:edit"
    END_SESSION = "session:end"
    READ_PEOPLE = "person:read"
    MANAGE_PEOPLE = "person:manage"
    READ_SETTINGS = "setting:read"
    EDIT_SETTINGS = "setting:edit"
    READ_CREDENTIALS = "credential:read"
    EDIT_CREDENTIALS = "credential:edit"
    READ_AUDIT_LOG = "audit:read"
    READ_OWN_AUDIT_RECORDS = "audit:read_own"
    VERIFY_AUDIT_LOG = "audit:verify"
    EXPORT_AUDIT_LOG = "audit:export"
    READ_RETENTION = "retention:read"
    PURGE_RECORDS = "retention:purge"
    SET_HOLD = "hold:set"
    LIFT_HOLD = "hold:lift"
    OPEN_SUBMISSION = "submission:open"
    READ_SUBMISSIONS = "submission:read"
    EDIT_SUBMISSION = "submission:edit"
    SHARE_SUBMISSION = "submission:share"
    HAND_OVER_SUBMISSION = "submission:hand_over"
    CLOSE_SUBMISSION = "submission:close"
    NOTE_SUBMISSION = "submission:note"
    ACKNOWLEDGE_CHANGE = "submission:acknowledge"
    EDIT_CHECKLIST = "checklist:edit"
    TICK_POINT = "checklist:tick"
    UPLOAD_FILE = "file:upload"
    READ_FILES = "file:read"
    OVERRIDE_SCAN = "file:override_scan"
    EDIT_PACKAGE = "package:edit"
    SEND_TO_APPROVAL = "package:send"
    TAKE_BACK_PACKAGE = "package:take_back"
    SIGN_PACKAGE = "package:sign"
    DELEGATE_APPROVAL = "approval:delegate"
    EDIT_APPROVAL_STEPS = "approval_step:edit"
    READ_APPROVAL_STEPS = "approval_step:read"
    DELIVER_PACKAGE = "delivery:start"
    DECIDE_DELIVERY = "delivery:decide"
    CAPTURE_RECEIPT = "receipt:capture"
    CONFIRM_RECEIPT = "receipt:confirm"
    PROVE_SUBMISSION = "submission:prove"
    READ_PORTALS = "portal:read"
    EDIT_PORTALS = "portal:edit"
    READ_INBOX = "inbox:read"
    EDIT_SAVED_SEARCH = "saved_search:edit"
    EDIT_NOTIFICATIONS = "notification:edit"
    EDIT_CALENDAR = "calendar:edit"


@dataclass(frozen=True)
class Person:
    """Who acts: id of the profile, address, role and department.

    `session` is the SHA-256 of the session's id: with it every transaction asks again whether the session still lives.
    """

    id: str
    email: str
    role: Role
    department: Department
    is_demo: bool = False
    session: bytes | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Right:
    """One row of the table: this role, in these departments, may do this to objects in these states."""

    action: Action
    role: Role
    departments: frozenset[Department]
    states: frozenset[State]


EVERYONE = frozenset(Role)
EVERYWHERE = frozenset(Department)
ADMIN, OFFICER, VIEWER = Role.ADMIN, Role.CONTRACT_OFFICER, Role.VIEWER


def _rows(
    action: Action,
    *roles: Role,
    departments: frozenset[Department] = EVERYWHERE,
    states: frozenset[State] = frozenset(State),
) -> list[Right]:
    return [Right(action, role, departments, states) for role in roles]


AUDITORS = frozenset({Department.AUDIT})
OWN_ONLY = frozenset({State.OWN})
WORKED_ON = frozenset({State.OWN, State.SHARED})
RIGHTS: tuple[Right, ...] = (
    *_rows(Action.READ_OPPORTUNITIES, *Role),
    *_rows(Action.SET_OPPORTUNITY_STATUS, ADMIN, OFFICER),
    *_rows(Action.NOTE_OPPORTUNITY, ADMIN, OFFICER),
    *_rows(Action.ASK_MODEL, ADMIN, OFFICER),
    *_rows(Action.DISAGREE, ADMIN, OFFICER),
    *_rows(Action.READ_QUALIFICATION, *Role),
    *_rows(Action.EDIT_COMPANY_PROFILE, ADMIN, OFFICER),
    *_rows(Action.READ_SOURCES, *Role),
    *_rows(Action.REQUEST_RUN, ADMIN, OFFICER),
    *_rows(Action.EDIT_ACCOUNT, *Role, states=OWN_ONLY),
    *_rows(Action.END_SESSION, OFFICER, VIEWER, states=OWN_ONLY),
    *_rows(Action.END_SESSION, ADMIN),
    *_rows(Action.READ_PEOPLE, ADMIN),
    *_rows(Action.READ_PEOPLE, VIEWER, departments=AUDITORS),
    *_rows(Action.MANAGE_PEOPLE, ADMIN),
    *_rows(Action.READ_SETTINGS, ADMIN),
    *_rows(Action.READ_SETTINGS, VIEWER, departments=AUDITORS),
    *_rows(Action.EDIT_SETTINGS, ADMIN),
    *_rows(Action.READ_CREDENTIALS, ADMIN),
    *_rows(Action.EDIT_CREDENTIALS, ADMIN),
    *_rows(Action.READ_AUDIT_LOG, ADMIN),
    *_rows(Action.READ_AUDIT_LOG, VIEWER, departments=AUDITORS),
    *_rows(Action.READ_OWN_AUDIT_RECORDS, *Role, states=OWN_ONLY),
    *_rows(Action.VERIFY_AUDIT_LOG, ADMIN),
    *_rows(Action.VERIFY_AUDIT_LOG, VIEWER, departments=AUDITORS),
    *_rows(Action.EXPORT_AUDIT_LOG, ADMIN),
    *_rows(Action.EXPORT_AUDIT_LOG, VIEWER, departments=AUDITORS),
    *_rows(Action.READ_RETENTION, ADMIN),
    *_rows(Action.READ_RETENTION, VIEWER, departments=AUDITORS),
    *_rows(Action.READ_RETENTION, OFFICER, departments=frozenset({Department.LEGAL})),
    *_rows(Action.PURGE_RECORDS, ADMIN),
    *_rows(Action.SET_HOLD, ADMIN),
    *_rows(Action.SET_HOLD, OFFICER, departments=frozenset({Department.LEGAL})),
    # A hold is lifted by somebody else than who set it.
    *_rows(Action.LIFT_HOLD, ADMIN, states=frozenset({State.OTHERS})),
    *_rows(Action.LIFT_HOLD, OFFICER, departments=frozenset({Department.LEGAL}), states=frozenset({State.OTHERS})),
    *_rows(Action.OPEN_SUBMISSION, OFFICER),
    # Which offers a person sees is row security's: by department, or own and shared ones.
    *_rows(Action.READ_SUBMISSIONS, *Role),
    *_rows(Action.EDIT_SUBMISSION, OFFICER, states=WORKED_ON),
    *_rows(Action.SHARE_SUBMISSION, OFFICER, states=OWN_ONLY),
    *_rows(Action.SHARE_SUBMISSION, ADMIN),
    *_rows(Action.HAND_OVER_SUBMISSION, OFFICER, states=OWN_ONLY),
    *_rows(Action.HAND_OVER_SUBMISSION, ADMIN),
    *_rows(Action.CLOSE_SUBMISSION, OFFICER, states=OWN_ONLY),
    *_rows(Action.CLOSE_SUBMISSION, ADMIN),
    *_rows(Action.NOTE_SUBMISSION, ADMIN, OFFICER),
    *_rows(Action.ACKNOWLEDGE_CHANGE, OFFICER, states=WORKED_ON),
    *_rows(Action.EDIT_CHECKLIST, OFFICER, states=WORKED_ON),
    *_rows(Action.TICK_POINT, OFFICER, states=frozenset({State.OWN, State.SHARED, State.DEPARTMENT})),
    *_rows(Action.UPLOAD_FILE, OFFICER, states=frozenset({State.OWN, State.SHARED, State.DEPARTMENT})),
    *_rows(Action.READ_FILES, *Role),
    *_rows(Action.OVERRIDE_SCAN, OFFICER, states=WORKED_ON),
    *_rows(Action.EDIT_PACKAGE, OFFICER, states=WORKED_ON),
    *_rows(Action.SEND_TO_APPROVAL, OFFICER, states=WORKED_ON),
    *_rows(Action.TAKE_BACK_PACKAGE, OFFICER, states=OWN_ONLY),
    # Nobody signs an own offer; which department a step asks for is the step's.
    *_rows(Action.SIGN_PACKAGE, OFFICER, states=frozenset({State.OTHERS})),
    *_rows(Action.DELEGATE_APPROVAL, OFFICER, states=OWN_ONLY),
    *_rows(Action.READ_APPROVAL_STEPS, *Role),
    *_rows(Action.EDIT_APPROVAL_STEPS, ADMIN),
    *_rows(Action.DELIVER_PACKAGE, OFFICER, states=WORKED_ON),
    *_rows(Action.DECIDE_DELIVERY, OFFICER, states=WORKED_ON),
    *_rows(Action.CAPTURE_RECEIPT, OFFICER, states=WORKED_ON),
    # Of any offer that they see, but never what they brought themselves: that the ledger refuses.
    *_rows(Action.CONFIRM_RECEIPT, OFFICER),
    *_rows(Action.PROVE_SUBMISSION, ADMIN),
    *_rows(Action.PROVE_SUBMISSION, OFFICER),
    *_rows(Action.PROVE_SUBMISSION, VIEWER, departments=AUDITORS),
    *_rows(Action.READ_PORTALS, *Role),
    *_rows(Action.EDIT_PORTALS, ADMIN),
    *_rows(Action.READ_INBOX, *Role, states=OWN_ONLY),
    *_rows(Action.EDIT_SAVED_SEARCH, *Role, states=OWN_ONLY),
    *_rows(Action.EDIT_NOTIFICATIONS, *Role, states=OWN_ONLY),
    *_rows(Action.EDIT_CALENDAR, *Role, states=OWN_ONLY),
)


def may(person: Person, action: Action, state: State = State.ANY) -> bool:
    """Say whether to show the button."""
    return any(
        right.action is action
        and right.role is person.role
        and person.department in right.departments
        and state in right.states
        for right in RIGHTS
    )


def check(person: Person, action: Action, state: State = State.ANY) -> None:
    """Refuse what this person may not do.

    Raises:
        NotPermitted: the table has no row for it; the sentence says who has one.
    """
    if not may(person, action, state):
        raise NotPermitted(
            f"{person.email} ({person.role.value.replace('_', ' ')}, {person.department.value}) may not do {action.value}"
            f"{'' if state is State.ANY else f' where it is {state.value}'}.",
            kept="nothing was changed.",
            todo=f"ask {who_may(action)}.",
        )


def who_may(action: Action) -> str:
    """Name the roles that have a right to this, in words."""
    rows = [right for right in RIGHTS if right.action is action]
    who = sorted(
        f"{'an' if right.role is ADMIN else 'a'} {right.role.value.replace('_', ' ')}"
        + ("" if right.departments == EVERYWHERE else f" of {' or '.join(sorted(d.value for d in right.departments))}")
        for right in rows
    )
    return ", or ".join(who)


def words(action: Action, role: Role) -> str:
    """Say in words what a role may do: in which departments and to which objects; "" for nothing."""
    said = []
    for right in RIGHTS:
        if right.action is action and right.role is role:
            where = "" if right.departments == EVERYWHERE else " of " + ", ".join(sorted(right.departments))
            which = "" if len(right.states) == len(State) else " (" + ", ".join(sorted(right.states)) + ")"
            said.append(f"yes{where}{which}")
    return "; ".join(said)
