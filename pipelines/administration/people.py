"""People: adding, listing, disabling them, their roles, the first account and the demo accounts.

Not here: invitations and resets (one_time_links.py), signing in (sign_in.py), what a role may do (warehouse/domain/access.py).
"""

import uuid
from datetime import datetime

from pipelines.administration.passwords import check_password, hash_password, new_password
from warehouse.domain import access
from warehouse.domain.access import Action, Department, Person, Role
from warehouse.domain.audit_event import AuditEvent
from warehouse.errors import BadInput, NotFound, WrongState
from warehouse.ledger import people, sessions
from warehouse.ledger.one_time_links import void_links
from warehouse.ledger.people import Profile
from warehouse.ledger.store import SYSTEM, Deed, Ledger
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
    """Add a person with a password; one_time_links.invite_person adds one who sets it alone.

    Args:
        by: Who adds them; None is the operator at the machine's own command line.

    Raises:
        NotPermitted: `by` may not manage people.
        BadInput: the address or the password is not good enough, or the address is taken.
    """
    check_may_manage(by)
    check_email(email)
    check_password(password, email)
    stored = hash_password(password)
    profile_id = str(uuid.uuid4())
    facts = {"role": role.value, "department": department.value, "is_demo": is_demo}
    with ledger.deed(AuditEvent("person:added", profile_id, by.id if by else SYSTEM, facts), by) as deed:
        person = insert_person(deed, profile_id, email=email, role=role, department=department, at=at, is_demo=is_demo)
        people.insert_password(deed, profile_id, stored, at=at)
    return person


def insert_person(
    deed: Deed,
    profile_id: str,
    *,
    email: str,
    role: Role,
    department: Department,
    at: datetime,
    is_demo: bool = False,
) -> Person:
    """Write the profile of a new person, within the deed that adds or invites them.

    Raises:
        BadInput: the address is none, or is taken.
    """
    check_email(email)
    person = people.insert_profile(
        deed, profile_id, email=email, role=role, department=department, is_demo=is_demo, at=at
    )
    if person is None:
        raise BadInput(f"{people.tidy_email(email)} is here already.", kept="the account as it was.")
    return person


def check_email(email: str) -> None:
    """Refuse what cannot be an e-mail address.

    Raises:
        BadInput: it cannot.
    """
    name, _, domain = people.tidy_email(email).partition("@")
    if not name or not domain or len(email) > 254 or any(c.isspace() or not c.isprintable() for c in email.strip()):
        raise BadInput(f"{email!r} is no e-mail address.", todo="write it as name@firm.example.")


def list_people(ledger: Ledger, *, at: datetime, by: Person | None = None) -> list[Profile]:
    """Return everybody by address; `by` as in `add_person`.

    Raises:
        NotPermitted: `by` may not see people.
    """
    if by is not None:
        access.check(by, Action.READ_PEOPLE)
    with ledger.read(by) as tx:
        return people.list_profiles(tx, at=at)


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
    check_may_manage(by)
    old = find_by_email(ledger, email).person
    new = Person(old.id, old.email, role, department or old.department, old.is_demo)
    facts = {"was": old.role.value, "role": new.role.value,
             "was_department": old.department.value, "department": new.department.value}  # fmt: skip
    with ledger.deed(AuditEvent("person:role_set", old.id, by.id if by else SYSTEM, facts), by) as deed:
        if role is not Role.ADMIN:
            _check_not_last_admin(deed, old, "the role as it was.")
        people.update_role(deed, old.id, new.role, new.department)
        deed.note(sessions_ended=sessions.revoke_sessions_of(deed, old.id, at=at, because="role or department changed"))
    return new


def disable_person(ledger: Ledger, email: str, *, at: datetime, by: Person | None = None) -> Person:
    """Shut an account: its sessions end at once, its one-time links are void, nobody can sign in to it.

    Raises:
        NotPermitted: `by` may not manage people.
        NotFound: nobody has this address.
        WrongState: it is the last admin, or disabled already.
    """
    check_may_manage(by)
    person = find_by_email(ledger, email).person
    with ledger.deed(AuditEvent("person:disabled", person.id, by.id if by else SYSTEM), by) as deed:
        _check_not_last_admin(deed, person, "the account as it was.")
        if not people.set_disabled(deed, person.id, True):
            raise WrongState(f"{person.email} is disabled already.")
        void_links(deed, person.id, at=at)
        deed.note(sessions_ended=sessions.revoke_sessions_of(deed, person.id, at=at, because="disabled"))
    return person


def enable_person(ledger: Ledger, email: str, *, at: datetime, by: Person | None = None) -> Person:
    """Open a shut account again; the password is as it was.

    Raises:
        NotPermitted: `by` may not manage people.
        NotFound: nobody has this address.
        WrongState: it is not disabled.
    """
    check_may_manage(by)
    person = find_by_email(ledger, email).person
    with ledger.deed(AuditEvent("person:enabled", person.id, by.id if by else SYSTEM), by) as deed:
        # What was opened before and idled meanwhile must not come back with the account.
        sessions.revoke_sessions_of(deed, person.id, at=at, because="disabled")
        if not people.set_disabled(deed, person.id, False):
            raise WrongState(f"{person.email} is not disabled.")
    return person


def find_by_email(ledger: Ledger, email: str) -> Profile:
    """Return the profile of an address, for a deed of an admin.

    Raises:
        NotFound: nobody has it.
    """
    with ledger.read() as tx:
        found = people.find_profile(tx, email)
    if found is None:
        raise NotFound(
            f"Nobody here has the address {people.tidy_email(email)}.", todo="`procura user list` names all."
        )
    return found


def check_may_manage(by: Person | None) -> None:
    """Refuse who may not manage people; None is the operator at the machine.

    Raises:
        NotPermitted: `by` may not.
    """
    if by is not None:
        access.check(by, Action.MANAGE_PEOPLE)


def _check_not_last_admin(deed: Deed, person: Person, kept: str) -> None:
    if people.lock_admins(deed) == {person.id}:
        raise WrongState(f"{person.email} is the last admin.", kept=kept, todo="make somebody else an admin first.")


def ensure_first_admin(ledger: Ledger, settings: Settings, *, at: datetime) -> str | None:
    """Make the first account when there is no admin yet.

    Returns:
        The password that was made for it, to be shown once; None when there is an admin already, or when the password
        was taken from PROCURA_ADMIN_PASSWORD.

    Raises:
        BadInput: PROCURA_ADMIN_PASSWORD or PROCURA_ADMIN_EMAIL is not good enough.
    """
    with ledger.read() as tx:
        if any(p.person.role is Role.ADMIN for p in people.list_profiles(tx, at=at)):
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
        here = {p.person.email for p in people.list_profiles(tx, at=at)}
    if not is_demo_only:
        return []
    made = []
    for email, role, department in DEMO_PEOPLE:
        if email not in here:
            password = new_password()
            add_person(ledger, email=email, role=role, department=department, password=password, at=at, is_demo=True)
            made.append((email, password))
    return made
