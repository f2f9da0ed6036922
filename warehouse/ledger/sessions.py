"""Sessions and the counters of failed sign-ins. Only SHA-256 of a session's id, of an address or of a client is kept.

Limits and what a failure costs are decided in pipelines/administration/sign_in.py.
"""

from datetime import datetime, timedelta

from warehouse.domain.access import Person
from warehouse.ledger.people import to_person
from warehouse.ledger.store import Deed, Transaction


def insert_session(deed: Deed, id_hash: bytes, profile_id: str, *, at: datetime, expires_at: datetime) -> None:
    """Open a session."""
    deed.execute(
        "insert into auth_sessions (id_hash, profile_id, created_at, last_seen_at, expires_at) values (%s, %s, %s, %s, %s)",
        [id_hash, profile_id, at, at, expires_at],
    )


def find_session(tx: Transaction, id_hash: bytes, *, at: datetime, idle: timedelta) -> tuple[Person, datetime] | None:
    """Return whose live session this is and when it was last seen; None when unknown, ended, idle or disabled."""
    row = tx.row(
        "select p.id, p.email, p.role, p.department, p.is_demo, s.last_seen_at from auth_sessions s"
        " join profiles p on p.id = s.profile_id where s.id_hash = %s and s.revoked_at is null and s.expires_at > %s"
        " and s.last_seen_at > %s and not p.is_disabled",
        [id_hash, at, at - idle],
    )
    return (to_person(row), row["last_seen_at"]) if row else None


def touch_session(tx: Transaction, id_hash: bytes, *, at: datetime) -> None:
    """Note that the session is in use."""
    tx.execute("update auth_sessions set last_seen_at = greatest(last_seen_at, %s) where id_hash = %s", [at, id_hash])


def revoke_session(deed: Deed, id_hash: bytes, *, at: datetime) -> bool:
    """End one session; False when it had ended before."""
    ended = deed.execute(
        "update auth_sessions set revoked_at = %s where id_hash = %s and revoked_at is null", [at, id_hash]
    )
    return ended.rowcount == 1


def revoke_sessions_of(deed: Deed, profile_id: str, *, at: datetime) -> int:
    """End all sessions of a person and say how many there were."""
    ended = deed.execute(
        "update auth_sessions set revoked_at = %s where profile_id = %s and revoked_at is null and expires_at > %s",
        [at, profile_id, at],
    )
    return ended.rowcount


def remove_old_sessions(tx: Transaction, *, before: datetime) -> None:
    """Forget sessions that ended long ago; the audit log keeps who signed in."""
    tx.execute("delete from auth_sessions where expires_at < %s", [before])


def charge_attempt(
    tx: Transaction, subject_hash: bytes, *, at: datetime, free: int, longest: timedelta, forgotten: timedelta
) -> datetime | None:
    """Count an attempt before it is judged; return until when the subject must wait, or None when it may try.

    The first `free` attempts cost nothing; each further one makes the next wait 1, 2, 4 … seconds, `longest` at most.
    One statement, so that attempts at the same moment are all counted.
    """
    counted = tx.row(
        """
        insert into auth_throttle as t (subject_hash, failures, last_failure_at) values (%(subject)s, 1, %(at)s)
        on conflict (subject_hash) do update set
          failures = case when t.last_failure_at < %(old)s then 1 else t.failures + 1 end,
          last_failure_at = %(at)s,
          blocked_until = case when t.last_failure_at >= %(old)s and t.failures + 1 >= %(free)s
            then %(at)s + least(%(longest)s, make_interval(secs => 2 ^ least(t.failures + 1 - %(free)s, 20))) end
        where t.blocked_until is null or t.blocked_until <= %(at)s
        returning failures
        """,
        {"subject": subject_hash, "at": at, "old": at - forgotten, "free": free, "longest": longest},
    )
    if counted:
        return None
    row = tx.row("select blocked_until from auth_throttle where subject_hash = %s", [subject_hash])
    return row["blocked_until"] if row else None


def forgive(tx: Transaction, subject_hash: bytes) -> None:
    """Forget the failures of a subject after a right password."""
    tx.execute("delete from auth_throttle where subject_hash = %s", [subject_hash])
