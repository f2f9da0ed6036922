"""Counters of failed attempts. Only SHA-256 of what is counted is kept: neither addresses nor clients in clear.

What a failure costs is decided in pipelines/administration/attempts.py.
"""

from datetime import datetime, timedelta

from warehouse.ledger.store import Transaction


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


def refund(tx: Transaction, subject_hash: bytes, *, free: int) -> None:
    """Take back one charge: the attempt turned out right, and only wrong ones count."""
    tx.execute(
        "update auth_throttle set failures = greatest(failures - 1, 0),"
        " blocked_until = case when failures > %s then blocked_until end where subject_hash = %s",
        [free, subject_hash],
    )


def remove_old_counters(tx: Transaction, *, before: datetime) -> None:
    """Forget counters of which nothing is left to remember."""
    tx.execute("delete from auth_throttle where last_failure_at < %s", [before])
