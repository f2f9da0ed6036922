"""Rows of portal profiles, as they were uploaded, version by version, and of their rehearsals.

A version is never changed; it is activated once and retired once. Not here: what a profile says
(pipelines/submission/portals/profile.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from warehouse.ledger.store import Deed, Transaction


@dataclass(frozen=True)
class ProfileRow:
    """One version of a portal profile; instants are UTC.

    Attributes:
        executor: The way it is delivered by, a name of warehouse/domain/executor.py.
        body: The TOML text; `sha256` is over its UTF-8 bytes.
        hosts: The only hosts that credentials are for.
        measured_seconds: The slowest rehearsal or delivery so far; None before the first.
    """

    id: str
    name: str
    version: int
    executor: str
    body: str
    sha256: str
    hosts: tuple[str, ...]
    uploaded_by: str
    uploaded_at: datetime
    activated_by: str
    activated_at: datetime | None
    retired_at: datetime | None
    measured_seconds: Decimal | None

    @property
    def is_active(self) -> bool:
        """Whether deliveries may use it."""
        return self.activated_at is not None and self.retired_at is None


@dataclass(frozen=True)
class Rehearsal:
    """One time somebody ran a profile up to its last button."""

    id: str
    profile_id: str
    by: str
    at: datetime
    reached_end: bool
    seconds: Decimal
    words: str
    evidence: Sequence[Mapping[str, Any]]


QUERY = (
    "select f.id::text as id, f.name, f.version, f.executor, f.body, f.sha256, f.hosts,"
    " coalesce(u.email, '') as uploaded_by, f.uploaded_at,"
    " coalesce(a.email, '') as activated_by, f.activated_at, f.retired_at, f.measured_seconds"
    " from portal_profiles f left join profiles u on u.id = f.uploaded_by left join profiles a on a.id = f.activated_by"
)


def list_profiles(tx: Transaction) -> list[ProfileRow]:
    """Return every version of every profile, by name, the newest version first."""
    return _profiles(tx, "true order by f.name, f.version desc", [])


def read_profile(tx: Transaction, profile_id: str | None) -> ProfileRow | None:
    """Return one version, or None where there is none."""
    found = _profiles(tx, "f.id = as_uuid(%s)", [profile_id])
    return found[0] if found else None


def active_profile(tx: Transaction, name: str) -> ProfileRow | None:
    """Return the version of a name that deliveries may use, or None where none is in use."""
    found = _profiles(tx, "f.name = %s and f.activated_at is not null and f.retired_at is null", [name])
    return found[0] if found else None


def _profiles(tx: Transaction, where: str, parameters: Sequence[object]) -> list[ProfileRow]:
    return [
        ProfileRow(**{**row, "hosts": tuple(row["hosts"])}) for row in tx.rows(f"{QUERY} where {where}", parameters)
    ]


def add_profile(
    deed: Deed, *, name: str, executor: str, body: str, digest: str, hosts: Sequence[str], by: str, at: datetime
) -> tuple[str, int]:
    """Write a profile as the next version of its name; return its id and version."""
    row = deed.row(
        "insert into portal_profiles (name, version, executor, body, sha256, hosts, uploaded_by, uploaded_at)"
        " select %s, 1 + coalesce(max(version), 0), %s, %s, %s, %s, %s, %s from portal_profiles where name = %s"
        " returning id::text as id, version",
        [name, executor, body, digest, list(hosts), by, at, name],
    )
    return (row["id"], row["version"]) if row else ("", 0)


def activate_profile(deed: Deed, profile_id: str, *, by: str, at: datetime) -> bool:
    """Let deliveries use a version, and retire the one of the same name that they used; whether anything changed."""
    deed.execute(
        "update portal_profiles set retired_at = %s where activated_at is not null and retired_at is null and id::text <> %s"
        " and name = (select name from portal_profiles where id = as_uuid(%s))",
        [at, profile_id, profile_id],
    )
    done = deed.execute(
        "update portal_profiles set activated_at = %s, activated_by = %s where id = as_uuid(%s) and activated_at is null",
        [at, by, profile_id],
    )  # fmt: skip
    return done.rowcount == 1


def retire_profile(deed: Deed, profile_id: str, *, at: datetime) -> bool:
    """Let no delivery use a version any more; whether anything changed."""
    done = deed.execute(
        "update portal_profiles set retired_at = %s where id = as_uuid(%s) and activated_at is not null and retired_at is null",
        [at, profile_id],
    )
    return done.rowcount == 1


def note_duration(tx: Transaction, profile_id: str, seconds: float) -> None:
    """Remember how long a rehearsal or delivery took, when it was the slowest."""
    tx.execute(
        "update portal_profiles set measured_seconds = greatest(coalesce(measured_seconds, 0), %s) where id = as_uuid(%s)",
        [round(Decimal(seconds), 3), profile_id],
    )


def add_rehearsal(
    deed: Deed, profile_id: str, *, by: str, reached_end: bool, seconds: float, words: str, evidence: Sequence[Mapping[str, Any]]
) -> None:  # fmt: skip
    """Write what a rehearsal came to; evidence as name, sha256, storage_path and size."""
    deed.execute(
        "insert into portal_rehearsals (profile_id, by_id, reached_end, seconds, words, evidence) values (%s, %s, %s, %s, %s, %s)",
        [profile_id, by, reached_end, round(Decimal(seconds), 3), words[:2000], Jsonb(list(evidence))],
    )


def rehearsals_of(tx: Transaction, name: str) -> list[Rehearsal]:
    """Return the rehearsals of all versions of a profile, the newest first."""
    rows = tx.rows(
        "select r.id::text as id, r.profile_id::text as profile_id, coalesce(p.email, '') as by, r.at, r.reached_end,"
        " r.seconds, r.words, r.evidence"
        " from portal_rehearsals r join portal_profiles f on f.id = r.profile_id left join profiles p on p.id = r.by_id"
        " where f.name = %s order by r.at desc",
        [name],
    )
    return [Rehearsal(**row) for row in rows]
