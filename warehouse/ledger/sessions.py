"""Sessions and the ids that browsers hold for them. Only SHA-256 of an id is kept.

A session's handle (`auth_sessions.id_hash`) names it inside the product and opens nothing; the id in a browser's cookie
leads to it and is replaced now and then. Limits are decided in pipelines/administration/sessions.py.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from warehouse.domain.access import Person
from warehouse.ledger.people import to_person
from warehouse.ledger.store import Deed, Transaction

PERSON = "p.id, p.email, p.role, p.department, p.is_demo"
IS_LIVE = "s.revoked_at is null and s.expires_at > %(at)s and s.idle_ends_at > %(at)s and not p.is_disabled"


@dataclass(frozen=True)
class FoundSession:
    """A live session as an id in a cookie leads to it; the person carries its handle.

    Attributes:
        issued_at: When this id was given to the browser.
        first_used_at: When the browser first came back with it.
        honoured_until: When it stops to be taken, because a later id is in use.
    """

    person: Person
    last_seen_at: datetime
    issued_at: datetime
    first_used_at: datetime | None
    honoured_until: datetime | None


@dataclass(frozen=True)
class SessionRow:
    """A live session as the list of sessions shows it."""

    handle: bytes
    person: Person
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    network: str
    device: str


@dataclass(frozen=True)
class NewSession:
    """What a session begins with; instants with zone."""

    handle: bytes
    profile_id: str
    at: datetime
    idle_ends_at: datetime
    expires_at: datetime
    network: str
    device: str


def lock_sessions_of(deed: Deed, profile_id: str) -> None:
    """Let opening and ending a person's sessions happen one after the other: none slips in beside a revocation."""
    deed.execute("select pg_advisory_xact_lock(819, hashtext(%s))", [profile_id])


def insert_session(deed: Deed, new: NewSession) -> None:
    """Open a session; no id leads to it yet."""
    deed.execute(
        "insert into auth_sessions (id_hash, profile_id, created_at, last_seen_at, authenticated_at, idle_ends_at,"
        " expires_at, network, device) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [new.handle, new.profile_id, new.at, new.at, new.at, new.idle_ends_at, new.expires_at, new.network, new.device],
    )


def insert_id(tx: Transaction, id_hash: bytes, handle: bytes, *, at: datetime) -> None:
    """Let an id lead to a session."""
    tx.execute(
        "insert into auth_session_ids (id_hash, session_hash, issued_at) values (%s, %s, %s)", [id_hash, handle, at]
    )


def find_session(tx: Transaction, id_hash: bytes, *, at: datetime) -> FoundSession | None:
    """Return the live session to which an id leads; None when unknown, ended, idle, too old or the person disabled."""
    row = tx.row(
        f"select {PERSON}, s.id_hash as handle, s.last_seen_at, i.issued_at, i.first_used_at, i.honoured_until"  # noqa: S608
        " from auth_session_ids i join auth_sessions s on s.id_hash = i.session_hash join profiles p on p.id = s.profile_id"
        f" where i.id_hash = %(id)s and {IS_LIVE}",
        {"id": id_hash, "at": at},
    )
    if row is None:
        return None
    person = replace(to_person(row), session=bytes(row["handle"]))
    return FoundSession(person, row["last_seen_at"], row["issued_at"], row["first_used_at"], row["honoured_until"])


def find_by_handle(tx: Transaction, handle: bytes, *, at: datetime) -> tuple[Person, datetime] | None:
    """Return whose live session this is and when it was last seen; None as in `find_session`."""
    row = tx.row(
        f"select {PERSON}, s.last_seen_at from auth_sessions s join profiles p on p.id = s.profile_id"  # noqa: S608
        f" where s.id_hash = %(handle)s and {IS_LIVE}",
        {"handle": handle, "at": at},
    )
    return (replace(to_person(row), session=handle), row["last_seen_at"]) if row else None


def session_of_id(tx: Transaction, id_hash: bytes) -> bytes | None:
    """Return the handle of the session, live or ended, to which an id leads."""
    row = tx.row("select session_hash from auth_session_ids where id_hash = %s", [id_hash])
    return bytes(row["session_hash"]) if row else None


def touch_session(tx: Transaction, handle: bytes, *, at: datetime, idle_ends_at: datetime) -> None:
    """Note that the session is in use."""
    tx.execute(
        "update auth_sessions set last_seen_at = greatest(last_seen_at, %s), idle_ends_at = greatest(idle_ends_at, %s)"
        " where id_hash = %s",
        [at, idle_ends_at, handle],
    )


def authenticated_at(tx: Transaction, handle: bytes) -> datetime | None:
    """Return when the person of this session last proved the password."""
    row = tx.row("select authenticated_at from auth_sessions where id_hash = %s", [handle])
    return row["authenticated_at"] if row else None


def mark_used(tx: Transaction, id_hash: bytes, handle: bytes, *, at: datetime, honoured_until: datetime) -> None:
    """Note that the browser holds this id; the session's other ids run out."""
    tx.execute("select from auth_sessions where id_hash = %s for update", [handle])
    tx.execute("update auth_session_ids set first_used_at = %s where id_hash = %s", [at, id_hash])
    tx.execute(
        "update auth_session_ids set honoured_until = %s where session_hash = %s and id_hash <> %s and honoured_until is null"
        " and issued_at <= (select issued_at from auth_session_ids where id_hash = %s)",
        [honoured_until, handle, id_hash, id_hash],
    )


def replace_id(tx: Transaction, handle: bytes, new_hash: bytes, *, at: datetime, not_since: timedelta) -> bool:
    """Give a session another id, unless one was given within `not_since`: of two tabs at once, one is served."""
    tx.execute("select from auth_sessions where id_hash = %s for update", [handle])
    row = tx.row(
        "select exists (select from auth_session_ids where session_hash = %s and issued_at > %s) as answer",
        [handle, at - not_since],
    )
    if row and row["answer"]:
        return False
    insert_id(tx, new_hash, handle, at=at)
    return True


def revoke_session(deed: Deed, handle: bytes, *, at: datetime, because: str) -> bool:
    """End one session; False when it had ended before."""
    ended = deed.execute(
        "update auth_sessions set revoked_at = %s, ended_because = %s where id_hash = %s and revoked_at is null",
        [at, because, handle],
    )
    return ended.rowcount == 1


def revoke_sessions_of(deed: Deed, profile_id: str, *, at: datetime, because: str, but: bytes | None = None) -> int:
    """End all sessions of a person, one aside perhaps, and say how many there were."""
    lock_sessions_of(deed, profile_id)
    ended = deed.execute(
        "update auth_sessions set revoked_at = %s, ended_because = %s where profile_id = %s and revoked_at is null"
        " and expires_at > %s and idle_ends_at > %s and id_hash <> %s",
        [at, because, profile_id, at, at, but or b""],
    )
    return ended.rowcount


def list_sessions(tx: Transaction, *, at: datetime, profile_id: str | None = None) -> list[SessionRow]:
    """Return live sessions, the latest used first: one person's, or everybody's."""
    rows = tx.rows(
        f"select {PERSON}, s.id_hash as handle, s.created_at, s.last_seen_at, s.expires_at, s.network, s.device"  # noqa: S608
        f" from auth_sessions s join profiles p on p.id = s.profile_id where {IS_LIVE}"
        " and (%(profile)s::uuid is null or p.id = %(profile)s) order by s.last_seen_at desc, s.created_at desc",
        {"at": at, "profile": profile_id},
    )
    return [
        SessionRow(
            bytes(row["handle"]), to_person(row), row["created_at"], row["last_seen_at"], row["expires_at"],
            row["network"], row["device"],
        )
        for row in rows
    ]  # fmt: skip


def owner_of_session(tx: Transaction, handle: bytes) -> str | None:
    """Return the id of the profile whose session this is, live or ended."""
    row = tx.row("select profile_id from auth_sessions where id_hash = %s", [handle])
    return str(row["profile_id"]) if row else None


def remove_old_ids(tx: Transaction, *, before: datetime) -> None:
    """Forget the ids of sessions that ended long ago; their own rows stay for the session log's time of retention."""
    tx.execute(
        "delete from auth_session_ids i using auth_sessions s where s.id_hash = i.session_hash and s.expires_at < %s",
        [before],
    )
