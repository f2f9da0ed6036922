"""What the portal knows, in one SQLite file: settings, sessions, drafts, every press of the last button, every offer."""

import json
import secrets
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.fakes.portal.faults import Fault, Faults, read_faults

SHAPE = """
create table if not exists settings (name text primary key, value text not null);
create table if not exists counters (name text primary key, value integer not null);
create table if not exists next_faults (position integer primary key autoincrement, fault text not null, at_last_button integer not null);
create table if not exists sessions (id text primary key, bidder text not null, csrf text not null);
create table if not exists drafts (id text primary key, bidder text not null, fields text not null);
create table if not exists draft_files (draft text not null, name text not null, bytes blob not null, sha256 text not null);
create table if not exists presses (
  position integer primary key autoincrement, at text not null, reference text not null, fault text not null);
create table if not exists offers (
  position integer primary key autoincrement, bidder text not null, reference text not null, accepted_at text not null,
  fields text not null, fault text not null);
create table if not exists offer_files (offer integer not null, name text not null, bytes blob not null, sha256 text not null);
create index if not exists offers_by_reference on offers (reference);
create index if not exists files_of_offers on offer_files (offer);
create index if not exists files_of_drafts on draft_files (draft);
"""


@dataclass(frozen=True)
class StoredFile:
    """A file as it arrived."""

    name: str
    sha256: str
    size: int
    data: bytes = field(repr=False, default=b"")


@dataclass(frozen=True)
class Offer:
    """One accepted offer; `fault` is what went wrong with the answer to it, "" for nothing."""

    position: int
    bidder: str
    reference: str
    accepted_at: datetime
    fields: Mapping[str, str]
    fault: str

    @property
    def number(self) -> str:
        """The confirmation number."""
        return f"R-{self.accepted_at.year}-{self.position:06d}"

    def words(self) -> str:
        """What it is found by, in small letters."""
        told = (self.number, self.reference, self.fields.get("title", ""), self.fields.get("solicitation", ""))
        return "\n".join(told).lower()


@dataclass(frozen=True)
class Press:
    """One time somebody pressed the last button of the form."""

    at: datetime
    reference: str
    fault: str


@dataclass(frozen=True)
class Session:
    """Who is signed in, and the token of their forms."""

    id: str
    bidder: str
    csrf: str


class PortalStore:
    """The file. Every change is one transaction: other processes may read and set faults while the portal serves."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._base = sqlite3.connect(
            folder / "portal.sqlite", timeout=30, isolation_level=None, check_same_thread=False
        )
        self._base.executescript(f"pragma journal_mode = wal; pragma synchronous = off; {SHAPE}")

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        self._base.execute("begin immediate")
        try:
            yield self._base
        except BaseException:
            self._base.execute("rollback")
            raise
        self._base.execute("commit")

    def _rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        return self._base.execute(statement, values).fetchall()

    # How the portal is set, and what goes wrong next.
    def faults(self) -> Faults:
        """Return how the portal is set now."""
        rows = self._rows("select value from settings where name = 'faults'")
        return read_faults(rows[0][0]) if rows else Faults()

    def set_faults(self, faults: Faults) -> None:
        """Set all of it anew."""
        with self._change() as base:
            base.execute("insert or replace into settings values ('faults', ?)", [faults.to_json()])

    def change_faults(self, **changes: Any) -> None:
        """Set some of it anew."""
        self.set_faults(replace(self.faults(), **changes))

    def let_happen(self, fault: Fault, *, at_last_button: bool = True) -> None:
        """Let this go wrong once: at the next press of the last button, or at the next other page."""
        with self._change() as base:
            base.execute(
                "insert into next_faults (fault, at_last_button) values (?, ?)", [fault.value, int(at_last_button)]
            )

    def draw(self, *, at_last_button: bool) -> Fault | None:
        """Return what goes wrong with this request: the switched one first, else as the shares say."""
        faults, place = self.faults(), int(at_last_button)
        with self._change() as base:
            switched = base.execute(
                "delete from next_faults where position = (select min(position) from next_faults where at_last_button = ?)"
                " returning fault",
                [place],
            ).fetchall()
            if switched:
                return Fault(switched[0][0])
            number = base.execute(
                "insert into counters values (?, 1) on conflict (name) do update set value = value + 1 returning value",
                [f"requests {place}"],
            ).fetchall()[0][0]
        return faults.drawn(number, at_last_button=at_last_button)

    # Bidders.
    def open_session(self, bidder: str) -> Session:
        """Sign somebody in."""
        session = Session(secrets.token_urlsafe(24), bidder, secrets.token_urlsafe(24))
        with self._change() as base:
            base.execute("insert into sessions values (?, ?, ?)", [session.id, bidder, session.csrf])
        return session

    def session(self, handle: str) -> Session | None:
        """Return a session that has not ended."""
        rows = self._rows("select id, bidder, csrf from sessions where id = ?", handle)
        return Session(*rows[0]) if rows else None

    def end_session(self, handle: str) -> None:
        """Sign somebody out."""
        with self._change() as base:
            base.execute("delete from sessions where id = ?", [handle])

    # Offers that are being written.
    def open_draft(self, bidder: str, fields: Mapping[str, str]) -> str:
        """Begin an offer; return its id."""
        draft = secrets.token_hex(8)
        with self._change() as base:
            base.execute("insert into drafts values (?, ?, ?)", [draft, bidder, json.dumps(dict(fields))])
        return draft

    def draft(self, draft: str, bidder: str) -> dict[str, str] | None:
        """Return the fields of an offer that this bidder writes."""
        rows = self._rows("select fields from drafts where id = ? and bidder = ?", draft, bidder)
        return dict(json.loads(rows[0][0])) if rows else None

    def add_files(self, draft: str, files: Sequence[tuple[str, bytes]]) -> None:
        """Put files to an offer that is being written."""
        with self._change() as base:
            base.executemany(
                "insert into draft_files values (?, ?, ?, ?)",
                [(draft, name, data, sha256(data).hexdigest()) for name, data in files],
            )

    def draft_files(self, draft: str) -> list[StoredFile]:
        """Return the files so far, without their bytes."""
        rows = self._rows("select name, sha256, length(bytes) from draft_files where draft = ? order by rowid", draft)
        return [StoredFile(*row) for row in rows]

    # Offers that were made.
    def note_press(self, reference: str, fault: Fault | None, *, at: datetime) -> None:
        """Remember that somebody pressed the last button, whatever came of it."""
        with self._change() as base:
            base.execute(
                "insert into presses (at, reference, fault) values (?, ?, ?)", [at.isoformat(), reference, fault or ""]
            )

    def presses(self) -> list[Press]:
        """Return every press of the last button."""
        rows = self._rows("select at, reference, fault from presses order by position")
        return [Press(datetime.fromisoformat(at), reference, fault) for at, reference, fault in rows]

    def accept(self, draft: str, bidder: str, fields: Mapping[str, str], fault: Fault | None, *, at: datetime) -> Offer:
        """Accept an offer with its files."""
        reference = fields.get("reference", "")
        with self._change() as base:
            cursor = base.execute(
                "insert into offers (bidder, reference, accepted_at, fields, fault) values (?, ?, ?, ?, ?)",
                [bidder, reference, at.isoformat(), json.dumps(dict(fields)), fault or ""],
            )
            position = int(cursor.lastrowid or 0)
            base.execute(
                "insert into offer_files select ?, name, bytes, sha256 from draft_files where draft = ? order by rowid",
                [position, draft],
            )
        return Offer(position, bidder, reference, at, fields, fault or "")

    def offers(self, *, bidder: str = "", words: str = "") -> list[Offer]:
        """Return the accepted offers, the newest first: all, or a bidder's, or those that hold the words."""
        rows = self._rows(
            "select position, bidder, reference, accepted_at, fields, fault from offers order by position desc"
        )
        found = [
            Offer(position, owner, reference, datetime.fromisoformat(at), json.loads(fields), fault)
            for position, owner, reference, at, fields, fault in rows
            if bidder in ("", owner)
        ]
        sought = words.strip().lower()
        return [offer for offer in found if sought in offer.words()]

    def has_reference(self, bidder: str, reference: str) -> bool:
        """Whether an offer with this reference was accepted."""
        return bool(
            reference and self._rows("select 1 from offers where bidder = ? and reference = ?", bidder, reference)
        )

    def files_of(self, offer: Offer, *, with_bytes: bool = True) -> list[StoredFile]:
        """Return the files of an accepted offer."""
        column = "bytes" if with_bytes else "x''"
        rows = self._rows(
            f"select name, sha256, length(bytes), {column} from offer_files where offer = ? order by rowid", offer.position
        )  # fmt: skip
        return [StoredFile(*row) for row in rows]


def now() -> datetime:
    """Return the portal's own time."""
    return datetime.now(UTC)
