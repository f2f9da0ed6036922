"""An office that takes offers, kept in a file so that several processes share it; its faults are switched on one by one.

`Office` is a way to deliver in the full sense: it acts, looks up and reads receipts. Each act takes the next plan of the list;
without one it accepts.
"""

import json
import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.submission.executor import Desk, Parcel
from warehouse.domain.delivery import (
    Absent,
    Accepted,
    Answer,
    EvidenceKind,
    Finding,
    FoundReceipt,
    Handed,
    NotDelivered,
    ReceiptSource,
    Refused,
    Transported,
    Unclear,
    Unknown,
)

LATE_SECONDS = 1.5
PROFILE = """format = 1
name = "{name}"
title = "The office"
executor = "browser"
hosts = ["127.0.0.1"]
credentials = ["password"]

[basis]
permitted_by = "The office's own manual"
on = 2026-01-31
text = "Bidders may send offers by machine."

[timing]
settle_seconds = {settle}
patience_seconds = {patience}
attempts = {attempts}

[browser]
start = "https://127.0.0.1/"
accepted = "Your confirmation number is"
[[browser.steps]]
upload = "all"
label = "Files"
[[browser.steps]]
click = "Hand in"
is_last_act = true
[browser.receipt]
pattern = 'number is (\\S+)'
"""


class Office:
    """The office behind one file; `name` is the way under which it is asked."""

    def __init__(self, path: Path, name: str = "browser") -> None:
        self.path, self.name = path, name
        with self._opened() as store:
            store.execute("create table if not exists arrived (reference text, number text, at real, files text)")
            store.execute("create table if not exists plans (id integer primary key, plan text)")
            store.execute("create table if not exists looks (id integer primary key, plan text)")

    def plan(self, *plans: str) -> None:
        """Say what the next acts meet."""
        with self._opened() as store:
            store.executemany("insert into plans (plan) values (?)", [(plan,) for plan in plans])

    def plan_looks(self, *plans: str) -> None:
        """Say what the next looks meet: "unclear", "absent", "breaks", "kill", "refused", "refused in doubt", "handed"."""
        with self._opened() as store:
            store.executemany("insert into looks (plan) values (?)", [(plan,) for plan in plans])

    def arrived(self, reference: str) -> list[tuple[str, dict[str, str]]]:
        """Return the receipt numbers of what arrived under a reference, each with the files' hashes by name."""
        with self._opened() as store:
            rows = store.execute("select number, files from arrived where reference = ? order by at", [reference])
            return [(number, json.loads(files)) for number, files in rows]

    def all_references(self) -> list[str]:
        """Return the reference of everything that ever arrived, once for each time."""
        with self._opened() as store:
            return [row[0] for row in store.execute("select reference from arrived order by at")]

    def faults(self, parcel: Parcel) -> list[str]:
        """As the interface says."""
        plan = self._next("plans", peek=True)
        if plan == "kill in faults":
            self._next("plans")
            _die()
        return ["The office takes no such files."] if plan == "faulty" else []

    def act(self, parcel: Parcel, desk: Desk) -> Answer:
        """As the interface says."""
        plan = self._next("plans")
        desk.step("The office's counter is open.")
        if before := self._before(plan):
            return before
        if found := self._found(parcel.reference):
            return self._accepted(parcel, desk, found)
        desk.begin_act()
        if plan == "kill after begin":
            _die()
        if plan == "breaks after begin":
            raise RuntimeError("the counter fell down")
        if plan in {"busy after begin", "dropped", "refused in doubt"}:
            return {"busy after begin": NotDelivered("503: come again."), "dropped": Unknown("The line went dead."),
                    "refused in doubt": Refused("Something is wrong.", is_certain=False)}[plan]  # fmt: skip
        number = self._arrive(parcel, late=plan == "late")
        if plan == "kill after arrival":
            _die()
        if plan == "taken, then dead":
            return Unknown("The line went dead.")
        if plan in {"late", "transported", "handed"}:
            return {"late": Unknown("Nobody answered."), "transported": Transported("250 queued."),
                    "handed": Handed("Bring the receipt.")}[plan]  # fmt: skip
        if plan == "lies":
            return Accepted(FoundReceipt("R-1", "R-1", ReceiptSource.PORTAL, 999))
        return self._accepted(parcel, desk, number)

    def look_up(self, parcel: Parcel, desk: Desk) -> Finding:
        """As the interface says."""
        plan = self._next("looks")
        if plan == "breaks":
            raise RuntimeError("the list is not there")
        if plan == "kill":
            _die()
        if plan == "unclear":
            return Unclear("The list cannot be read.")
        if plan in {"refused", "refused in doubt"}:
            return Refused("It was returned.", is_certain=plan == "refused")
        if plan == "handed":
            return Handed("Bring the receipt.")
        number = "" if plan == "absent" else self._found(parcel.reference)
        return self._accepted(parcel, desk, number) if number else Absent("It is not in the list.")

    def _before(self, plan: str) -> Answer | None:
        if plan == "kill before begin":
            _die()
        if plan == "breaks before begin":
            raise RuntimeError("the door is locked")
        if plan == "closed":
            return Refused("The call is closed.")
        return NotDelivered("503: come again.") if plan == "busy" else None

    def _accepted(self, parcel: Parcel, desk: Desk, number: str) -> Accepted:
        page = f"<p>Your confirmation number is {number}.</p>".encode()
        position = desk.keep(EvidenceKind.PAGE, "receipt", page, media_type="text/html")
        desk.keep(EvidenceKind.SCREENSHOT, "receipt", b"\x89PNG\r\n" + page, media_type="image/png")
        return Accepted(FoundReceipt(number, f"Your confirmation number is {number}.", ReceiptSource.PORTAL, position))

    def _arrive(self, parcel: Parcel, *, late: bool) -> str:
        number = f"R-{os.urandom(4).hex()}"
        files = {file.name: file.sha256 for file in parcel.files if file.path.stat().st_size == file.size}
        with self._opened() as store:
            at = time.time() + (LATE_SECONDS if late else 0)
            store.execute("insert into arrived values (?, ?, ?, ?)", [parcel.reference, number, at, json.dumps(files)])
        return number

    def _found(self, reference: str) -> str:
        with self._opened() as store:
            row = store.execute(
                "select number from arrived where reference = ? and at <= ?", [reference, time.time()]
            ).fetchone()
        return row[0] if row else ""

    def _next(self, table: str, *, peek: bool = False) -> str:
        with self._opened() as store:
            store.execute("begin immediate")
            row = store.execute(f"select id, plan from {table} order by id limit 1").fetchone()
            if row and not peek:
                store.execute(f"delete from {table} where id = ?", [row[0]])
        return row[1] if row else ""

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        store = sqlite3.connect(self.path, timeout=30, isolation_level=None)
        try:
            yield store
            if store.in_transaction:
                store.execute("commit")
        finally:
            store.close()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
