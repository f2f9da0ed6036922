"""People: adding them, their roles, the first account and the demo accounts.

Not here: signing in (sign_in.py), what a role may do (warehouse/domain/access.py).
"""

import uuid
from datetime import datetime

from pipelines.administration.passwords import check_password, hash_password, new_password
from warehouse.domain import access
from warehouse.domain.access import Action, Department, Person, Role
from warehouse.domain.audit_event import AuditEvent
from warehouse.errors import BadInput, NotFound, WrongState
from warehouse.ledger import people, sessions
from warehouse.ledger.people import Profile
from warehouse.ledger.store import SYSTEM, Ledger
from warehouse.settings import Settings

DEMO_PEOPLE = (
    ("demo.contracts@procura.example", Role.CONTRACT_OFFICER, Department.CONTRACTS),
    ("demo.legal@procura.example", Role.CONTRACT_OFFICER, Department.LEGAL),
    ("demo.finance@procura.example", Role.CONTRACT_OFFICER, Department.FINANCE),
    ("demo.auditor@procura.example", Role.VIEWER, Department.AUDIT),
)
"""One a role or department; the admin is the first account. The domain `example` can receive no mail (RFC 2606)."""


def add_person(
    ledger: Ledger,
    *,
    email: str,
    role: Role,
    department: Department,
    password: str,
    at: datetime,
    by: Person | None = None,
    is_demo: bool = False,
) -> Person:
    """Add a person.

    Args:
        by: Who adds them; None is the operator at the machine's own command line.

    Raises:
        NotPermitted: `by` may not manage people.
        BadInput: the address or the password is not good enough, or the address is taken.
    """
    _check_may_manage(by)
    if not people.tidy_email(email).partition("@")[2] or len(email) > 254 or any(c.isspace() for c in email.strip()):
        raise BadInput(f"{email!r} is no e-mail address.", todo="write it as name@firm.example.")
    check_password(password, email)
    stored = hash_password(password)
    profile_id = str(uuid.uuid4())
    facts = {"role": role.value, "department": department.value, "is_demo": is_demo}
    with ledger.deed(AuditEvent("person:added", profile_id, by.id if by else SYSTEM, facts)) as deed:
        person = people.insert_profile(
            deed,
            profile_id,
            email=email,
            role=role,
            department=department,
            password_hash=stored,
            is_demo=is_demo,
            at=at,
        )
        if person is None:
            raise BadInput(f"{people.tidy_email(email)} is here already.", kept="the account as it was.")
    return person


def list_people(ledger: Ledger, *, by: Person | None = None) -> list[Profile]:
    """Return everybody by address; `by` as in `add_person`."""
    _check_may_manage(by)
    with ledger.read() as tx:
        return people.list_profiles(tx)


def set_role(
    ledger: Ledger,
    email: str,
    role: Role,
    department: Department | None = None,
    *,
    at: datetime,
    by: Person | None = None,
) -> Person:
    """Give a person another role, and another department when one is named; their sessions end.

    Raises:
        NotPermitted: `by` may not manage people.
        NotFound: nobody has this address.
        WrongState: it is the last admin.
    """
    _check_may_manage(by)
    with ledger.read() as tx:
        found = people.find_profile(tx, email)
    if found is None:
        raise NotFound(
            f"Nobody here has the address {people.tidy_email(email)}.", todo="`procura user list` names all."
        )
    old = found[0].person
    new = Person(old.id, old.email, role, department or old.department, old.is_demo)
    facts = {"was": old.role.value, "role": new.role.value, "department": new.department.value}
    with ledger.deed(AuditEvent("person:role_set", old.id, by.id if by else SYSTEM, facts)) as deed:
        if role is not Role.ADMIN and people.lock_admins(deed) == {old.id}:
            raise WrongState(
                f"{old.email} is the last admin.", kept="the role as it was.", todo="make somebody else an admin first."
            )
        people.update_role(deed, old.id, new.role, new.department)
        deed.note(sessions_ended=sessions.revoke_sessions_of(deed, old.id, at=at))
    return new


def ensure_first_admin(ledger: Ledger, settings: Settings, *, at: datetime) -> str | None:
    """Make the first account when there is no admin yet.

    Returns:
        The password that was made for it, to be shown once; None when there is an admin already, or when the password
        was taken from PROCURA_ADMIN_PASSWORD.

    Raises:
        BadInput: PROCURA_ADMIN_PASSWORD or PROCURA_ADMIN_EMAIL is not good enough.
    """
    with ledger.read() as tx:
        if any(p.person.role is Role.ADMIN for p in people.list_profiles(tx)):
            return None
    given = settings.admin_password.get_secret_value() if settings.admin_password else None
    password = given or new_password()
    add_person(
        ledger, email=settings.admin_email, role=Role.ADMIN, department=Department.OPERATIONS, password=password, at=at
    )
    return None if given else password


def ensure_demo_people(ledger: Ledger, *, at: datetime) -> list[tuple[str, str]]:
    """Make the demo accounts while the notices are demo ones.

    Returns:
        (address, password) of each account made now, to be shown once; nothing when they are there already, or when
        there are real notices or none at all.
    """
    with ledger.read() as tx:
        is_demo_only = people.are_notices_demo(tx)
        here = {p.person.email for p in people.list_profiles(tx)}
    if not is_demo_only:
        return []
    made = []
    for email, role, department in DEMO_PEOPLE:
        if email not in here:
            password = new_password()
            add_person(ledger, email=email, role=role, department=department, password=password, at=at, is_demo=True)
            made.append((email, password))
    return made


def _check_may_manage(by: Person | None) -> None:
    if by is not None:
        access.check(by, Action.MANAGE_PEOPLE)
