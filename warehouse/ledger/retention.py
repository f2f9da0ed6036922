"""Retention in the ledger: what is due there, purges and their tombstones. Removing is one function of the database's owner,
which refuses what a hold names, whoever asks (0007_retention.sql).
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from warehouse.addresses import superuser_conninfo
from warehouse.domain.retention import Decided, RecordClass
from warehouse.errors import WrongState
from warehouse.ledger.store import Deed, Transaction
from warehouse.settings import Settings

HELD = "PR816"
"""The code with which `purge_records` refuses what is held."""
LANDING = "landing"
OPPORTUNITY = "opportunity"
AT_ONCE = 20_000
COMPACTED = (
    "opportunities", "opportunity_notices", "opportunity_aliases", "fit_scores", "submissions", "submission_files",
    "submission_tasks", "submission_runs", "approval_workflows", "llm_cache", "auth_sessions",
)  # fmt: skip


@dataclass(frozen=True)
class DueRecord:
    """One record of the ledger that is due: its id, since when its time counts and why, and a hash of its content."""

    subject: str
    starts_at: datetime
    clock: str
    payload_hash: bytes


@dataclass(frozen=True)
class Purge:
    """A purge that was decided; open until `finished_at`."""

    id: str
    plan_hash: str
    begun_at: datetime
    begun_by: str
    counts: Mapping[str, int]
    pending_files: Sequence[str]
    finished_at: datetime | None


def decided_opportunities(tx: Transaction) -> list[Decided]:
    """Return every opportunity that a person touched; what regrouping ended counts for its survivor too."""
    rows = tx.rows("select id, merged_into, decided_at, has_bid, has_held_bid from touched_opportunities() order by id")
    return [
        Decided(found, row["decided_at"], row["has_bid"], row["has_held_bid"])
        for row in rows
        for found in (row["id"], row["merged_into"])
        if found is not None
    ]


def due_records(tx: Transaction, record_class: RecordClass, until: datetime) -> list[DueRecord]:
    """Return what of a class began to count by `until` and no hold names, in the order of the ids."""
    rows = tx.rows(
        "select subject, starts_at, clock, payload_hash from due_records(%s, %s) order by subject",
        [record_class.value, until],
    )
    return [DueRecord(row["subject"], row["starts_at"], row["clock"], bytes(row["payload_hash"])) for row in rows]


def old_audit_records(tx: Transaction, until: datetime) -> tuple[int, datetime | None, datetime | None]:
    """Count audit records older than their period, with the first and the last clock; none of them ever goes."""
    row = tx.row("select records, oldest, newest from old_audit_records(%s)", [until])
    return (row["records"], row["oldest"], row["newest"]) if row else (0, None, None)


def start_clock(
    deed: Deed, record_class: RecordClass, subject: str, *, starts_at: datetime, source: str, by: str, at: datetime
) -> None:
    """Let the time of a bid or an award begin, or begin anew.

    Args:
        subject: The submission's or award's id.
        source: Which date it is: final_payment, close, end_of_performance.
    """
    deed.execute(
        "insert into retention_clocks (record_class, subject, starts_at, source, set_by, set_at) values (%s, %s, %s, %s, %s, %s)"
        " on conflict (record_class, subject) do update set starts_at = excluded.starts_at, source = excluded.source,"
        " set_by = excluded.set_by, set_at = excluded.set_at",
        [record_class.value, subject, starts_at, source, by, at],
    )


def purge_records(deed: Deed, wanted: str, subjects: Collection[str]) -> tuple[int, list[str]]:
    """Remove records of the ledger and all that hangs on them; return how many, and the files they leave in the home.

    Args:
        wanted: A record class, or `opportunity`.

    Raises:
        WrongState: a hold names one of them.
    """
    removed, files, given = 0, list[str](), list(subjects)
    for start in range(0, len(given), AT_ONCE):
        try:
            row = deed.row("select removed, files from purge_records(%s, %s)", [wanted, given[start : start + AT_ONCE]])
        except psycopg.Error as error:
            if error.sqlstate != HELD:
                raise
            raise WrongState(
                f"a legal hold was set meanwhile: {error.diag.message_primary}.", kept="everything.", todo="plan again."
            ) from None
        removed += row["removed"] if row else 0
        files += row["files"] if row else []
    return removed, files


def insert_purge(deed: Deed, purge: Purge) -> None:
    """Write down that a purge is decided."""
    deed.execute(
        "insert into retention_purges (id, plan_hash, begun_at, begun_by, counts, pending_files) values (%s, %s, %s, %s, %s, %s)",
        [
            purge.id,
            purge.plan_hash,
            purge.begun_at,
            purge.begun_by,
            json.dumps(dict(purge.counts)),
            list(purge.pending_files),
        ],
    )


def insert_tombstones(
    deed: Deed, kind: str, hashes: Iterable[tuple[bytes, bytes]], *, up_to_order: int | None, purge: Purge
) -> None:
    """Leave a hash of each record that goes; the newer one counts where a record came back and goes again."""
    given = list(hashes)
    deed.execute(
        "insert into retention_tombstones (record_class, subject_hash, payload_hash, up_to_order, purge_id, purged_at)"
        " select %s, s, p, %s, %s, %s from unnest(%s::bytea[], %s::bytea[]) t(s, p)"
        " on conflict (record_class, subject_hash) do update set payload_hash = excluded.payload_hash,"
        " up_to_order = excluded.up_to_order, purge_id = excluded.purge_id, purged_at = excluded.purged_at",
        [kind, up_to_order, purge.id, purge.begun_at, [one for one, _ in given], [two for _, two in given]],
    )


def open_purge(tx: Transaction) -> Purge | None:
    """Return the purge that is decided and not carried out to its end, if there is one."""
    row = tx.row(f"select {_PURGE} from retention_purges where finished_at is null")  # noqa: S608 - a constant
    return Purge(**{**row, "id": str(row["id"])}) if row else None


def last_purges(tx: Transaction, limit: int = 10) -> list[Purge]:
    """Return the newest purges."""
    rows = tx.rows(f"select {_PURGE} from retention_purges order by begun_at desc limit %s", [limit])  # noqa: S608 - a constant
    return [Purge(**{**row, "id": str(row["id"])}) for row in rows]


_PURGE = "id, plan_hash, begun_at, begun_by, counts, pending_files, finished_at"


def tombstones_of(tx: Transaction, purge: Purge, kind: str) -> list[tuple[bytes, int]]:
    """Return (hash, up to which landing order) of what a purge takes."""
    rows = tx.execute(
        "select subject_hash, up_to_order from retention_tombstones where purge_id = %s and record_class = %s order by 1",
        [purge.id, kind],
    )
    return [(bytes(row["subject_hash"]), row["up_to_order"] or 0) for row in rows]


def notice_tombstones(tx: Transaction) -> list[tuple[bytes, int]]:
    """Return (hash, up to which landing order) of every notice that was ever purged."""
    rows = tx.execute(
        "select subject_hash, up_to_order from retention_tombstones where record_class = %s", [RecordClass.NOTICE.value]
    )
    return [(bytes(row["subject_hash"]), row["up_to_order"] or 0) for row in rows]


def withdraw_tombstones(deed: Deed, purge: Purge, kind: str, hashes: Collection[bytes]) -> None:
    """Take back what a hold named before it had left the lake."""
    deed.execute(
        "delete from retention_tombstones where purge_id = %s and record_class = %s and subject_hash = any(%s)",
        [purge.id, kind, list(hashes)],
    )


def finish_purge(deed: Deed, purge: Purge, *, at: datetime) -> None:
    """Write down that nothing of a purge is left to do."""
    deed.execute("update retention_purges set finished_at = %s, pending_files = '{}' where id = %s", [at, purge.id])


def compact(settings: Settings) -> list[str]:
    """Write the purged tables anew, so that removed rows are no longer in their files; return those that were in use.

    What PostgreSQL's write-ahead log holds of them is overwritten as it goes on; a checkpoint lets that begin now.
    """
    busy = []
    with psycopg.connect(
        make_conninfo("", **superuser_conninfo(settings)), autocommit=True, connect_timeout=5
    ) as connection:
        connection.execute("set lock_timeout = '20s'")
        for schema, table in [*(("public", name) for name in COMPACTED), *_catalogue_tables(connection)]:
            try:
                connection.execute(sql.SQL("vacuum (full, analyze) {}").format(sql.Identifier(schema, table)))
            except (psycopg.errors.LockNotAvailable, psycopg.errors.QueryCanceled):
                busy.append(f"{schema}.{table}")
        try:
            connection.execute("checkpoint")
        except psycopg.errors.InsufficientPrivilege:
            busy.append("the write-ahead log (no right to a checkpoint)")
    return busy


def _catalogue_tables(connection: psycopg.Connection) -> list[tuple[str, str]]:
    """The lake's catalogue keeps small tables' rows and the least and greatest value of each column of each file."""
    return [
        (str(row[0]), str(row[1]))
        for row in connection.execute(
            "select schemaname, tablename from pg_tables where schemaname = 'lake'"
            " and (tablename like 'ducklake_inlined_data_%' or tablename like 'ducklake_%_column_stats')"
        )
    ]
