"""One-time links: invitations, resets, and what the person does with them.

A link is shown once to who made it; it sets a password and opens no session. Not here: how it is sent (by whom it was
shown to, over a way that they trust).
"""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from pipelines.administration.devices import make_note
from pipelines.administration.passwords import check_password, hash_password
from pipelines.administration.people import check_may_manage, find_by_email, insert_person
from pipelines.administration.sessions import hashed, is_token, new_token
from warehouse.domain.access import Department, Person, Role
from warehouse.domain.audit_event import AuditEvent
from warehouse.errors import NotFound, WrongState
from warehouse.ledger import one_time_links, people, second_factors, sessions
from warehouse.ledger.one_time_links import LinkRow
from warehouse.ledger.store import SYSTEM, Deed, Ledger

INVITATION_LIMIT = timedelta(days=7)
RESET_LIMIT = timedelta(hours=24)
PATH = "/reset"


class LinkKind(StrEnum):
    """Why a person sets a password without knowing one."""

    INVITATION = "invitation"
    RESET = "reset"


@dataclass(frozen=True)
class OneTimeLink:
    """A new link: `path` holds the secret and is shown once."""

    person: Person
    kind: LinkKind
    expires_at: datetime
    secret: str = field(repr=False)

    @property
    def path(self) -> str:
        """The address within the app; who shows it puts the app's own address before it."""
        return f"{PATH}?link={self.secret}"


@dataclass(frozen=True)
class Redeemed:
    """A link that was used: whose, and the known-device note for the browser that used it."""

    person: Person
    known_device: str = field(repr=False)


def invite_person(
    ledger: Ledger,
    *,
    email: str,
    role: Role,
    department: Department,
    at: datetime,
    by: Person | None = None,
) -> OneTimeLink:
    """Add a person who sets the password by a link; until then nobody can sign in to the account.

    Args:
        by: Who invites; None is the operator at the machine's own command line.

    Raises:
        NotPermitted: `by` may not manage people.
        BadInput: the address is none, or is taken.
    """
    check_may_manage(by)
    profile_id, actor = str(uuid.uuid4()), by.id if by else SYSTEM
    facts = {"role": role.value, "department": department.value}
    with ledger.deed(AuditEvent("person:invited", profile_id, actor, facts), by) as deed:
        person = insert_person(deed, profile_id, email=email, role=role, department=department, at=at)
        link = _new_link(person, LinkKind.INVITATION, at + INVITATION_LIMIT)
        _write_link(deed, link, actor, at)
    return link


def reset_password(
    ledger: Ledger,
    email: str,
    *,
    at: datetime,
    by: Person | None = None,
    is_second_factor_lost: bool = False,
) -> OneTimeLink:
    """Take a person's password away, end their sessions and make a link that sets a new one.

    Also what makes another link for an invited person who lost theirs.

    Args:
        is_second_factor_lost: Whether the second factor goes too; the person then enrols a new one.

    Raises:
        NotPermitted: `by` may not manage people.
        NotFound: nobody has this address.
        WrongState: the person is disabled.
    """
    check_may_manage(by)
    profile = find_by_email(ledger, email)
    if profile.is_disabled:
        raise WrongState(f"{profile.person.email} is disabled.", kept="the account.", todo="enable it first.")
    person, actor = profile.person, by.id if by else SYSTEM
    link = _new_link(person, LinkKind.RESET, at + RESET_LIMIT)
    with ledger.deed(AuditEvent("person:password_reset", person.id, actor), by) as deed:
        people.void_password(deed, person.id)
        ended = sessions.revoke_sessions_of(deed, person.id, at=at, because="password reset")
        removed = second_factors.void_second_factor(deed, person.id) if is_second_factor_lost else False
        _write_link(deed, link, actor, at)
        deed.note(sessions_ended=ended, second_factor_removed=removed)
    return link


def find_link(ledger: Ledger, secret: str, *, at: datetime) -> LinkRow:
    """Return what a link is for.

    Raises:
        NotFound: it was used, is too old, was replaced by another, or never was.
    """
    with ledger.read() as tx:
        row = one_time_links.find_link(tx, hashed(secret), at=at) if is_token(secret) else None
    if row is None:
        raise _worthless()
    return row


def use_link(ledger: Ledger, secret: str, password: str, *, at: datetime) -> Redeemed:
    """Set the password of a link's person; the link is used up, no session is opened.

    Raises:
        NotFound: as in `find_link`; of two at the same moment one.
        BadInput: the password is not good enough; the link stays good.
    """
    row = find_link(ledger, secret, at=at)
    person = row.person
    check_password(password, person.email)
    stored = hash_password(password)
    with ledger.deed(AuditEvent("person:password_set", person.id, person.id, {"by": row.kind})) as deed:
        if not one_time_links.use_link(deed, hashed(secret), at=at):
            raise _worthless()
        people.write_password(deed, person.id, stored, at=at)
        sessions.revoke_sessions_of(deed, person.id, at=at, because="password set by link")
    return Redeemed(person, make_note(person.email, at=at))


def _new_link(person: Person, kind: LinkKind, expires_at: datetime) -> OneTimeLink:
    return OneTimeLink(person, kind, expires_at, new_token())


def _write_link(deed: Deed, link: OneTimeLink, actor: str, at: datetime) -> None:
    one_time_links.insert_link(
        deed,
        hashed(link.secret),
        link.person.id,
        kind=link.kind.value,
        made_by=actor,
        at=at,
        expires_at=link.expires_at,
    )


def _worthless() -> NotFound:
    return NotFound(
        "This link was used already, is too old, or was replaced by a newer one.",
        kept="the account as it was.",
        todo="ask an admin of your firm for another.",
    )
