"""Publish from the lake into the ledger what can still be answered, and what people touched. Only what changed is sent.

Here: which opportunities, in what state. Not here: what is open (group.py), the statements on the ledger (published.py).
"""

import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from warehouse.domain.audit_event import AuditEvent
from warehouse.lake.connection import Cursor, Lake, quoted
from warehouse.ledger import published
from warehouse.ledger.published import Standing
from warehouse.ledger.store import SYSTEM, Ledger
from warehouse.settings import current

SQL = Path(__file__).parent


@dataclass(frozen=True)
class Publication:
    """What one publishing did.

    Attributes:
        open: Opportunities open in the ledger now.
        written: Opportunities newly sent or changed.
        closed: Touched ones that can no longer be answered; they stay.
        removed: Untouched ones that left.
        merged: Touched ones that regrouping ended; they point to the survivor.
        aliases_changed: Aliases added, changed or gone.
    """

    open: int = 0
    written: int = 0
    closed: int = 0
    removed: int = 0
    merged: int = 0
    aliases_changed: int = 0

    def as_metadata(self) -> dict[str, int]:
        """Return the counts for a run's page."""
        return asdict(self)


@dataclass(frozen=True)
class _Plan:
    written: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    merged: dict[str, str] = field(default_factory=dict)
    heirs: dict[str, str] = field(default_factory=dict)


def publish_opportunities(lake: Lake, ledger: Ledger, *, as_of: datetime) -> Publication:
    """Bring the ledger's opportunities to what the lake says; with nothing changed, nothing is written.

    Args:
        lake: Grouped as of the same instant.
        ledger: The ledger as the pipeline.
        as_of: Later versions are not part of a chain.
    """
    cursor = lake.cursor()
    lake_aliases: dict[str, str] = dict(
        cursor.execute("select alias_id, opportunity_id from core.opportunity_aliases").fetchall()
    )
    with ledger.read() as tx:
        here, known_aliases = published.standings(tx), published.aliases(tx)
    there = {
        row[0]: (row[1], row[2])
        for row in cursor.execute("select opportunity_id, row_hash, is_open from core.opportunities").fetchall()
        if row[2] or (row[0] in here and here[row[0]].is_touched) or row[0] in lake_aliases.values()
    }
    plan = _plan(here, there, lake_aliases)
    aliases_changed = len(lake_aliases.items() ^ known_aliases.items())
    is_open = sum(1 for _, open_now in there.values() if open_now)
    if not (plan.written or plan.closed or plan.removed or plan.merged or aliases_changed):
        return Publication(open=is_open)
    done = Publication(
        is_open, len(plan.written), len(plan.closed), len(plan.removed), len(plan.merged), aliases_changed
    )
    with tempfile.TemporaryDirectory(dir=current().temporary) as folder:
        rows, notices = Path(folder) / "rows.csv", Path(folder) / "notices.csv"
        _export(cursor, plan.written, as_of, rows, notices)
        with ledger.deed(AuditEvent("opportunities:published", as_of.isoformat(), SYSTEM, asdict(done))) as deed:
            published.inherit(deed, plan.heirs)
            published.write_opportunities(deed, rows, notices)
            published.merge(deed, plan.merged)
            published.close(deed, plan.closed)
            published.remove(deed, plan.removed)
            published.write_aliases(deed, lake_aliases, known_aliases)
    return done


def _plan(here: Mapping[str, Standing], there: Mapping[str, tuple[str, bool]], aliases: Mapping[str, str]) -> _Plan:
    """Compare the two sides by row hash and say what becomes of each opportunity."""
    wanted = {
        found: row_hash
        for found, (row_hash, is_open) in there.items()
        if is_open or (found in here and here[found].is_touched)
    }
    merged = {
        found: aliases[found]
        for found, standing in here.items()
        if found in aliases and standing.is_touched and not standing.is_demo and aliases[found] in there
    }
    # A survivor that is new here takes over what people decided; one that is here keeps its own decisions.
    heirs = {survivor: ended for ended, survivor in merged.items() if survivor not in here}
    wanted |= {survivor: there[survivor][0] for survivor in merged.values()}
    gone = {found: standing for found, standing in here.items() if found not in wanted and found not in merged}
    return _Plan(
        written=[found for found, row_hash in wanted.items() if found not in here or here[found].row_hash != row_hash],
        closed=[found for found, s in gone.items() if s.is_touched and not s.is_demo and s.is_open],
        removed=[found for found, s in gone.items() if s.is_demo or not s.is_touched],
        merged={found: survivor for found, survivor in merged.items() if here[found].merged_into != survivor},
        heirs=heirs,
    )


def _export(cursor: Cursor, ids: list[str], as_of: datetime, rows: Path, notices: Path) -> None:
    """Write the chosen opportunities and their chains as CSV, in the order of published.py's columns."""
    cursor.execute("create or replace temp table chosen as select unnest(?::varchar[]) as opportunity_id", [ids])
    cursor.execute("create or replace temp table world as select ?::timestamptz as as_of", [as_of])
    for name, path in (("publish_rows.sql", rows), ("publish_notices.sql", notices)):
        statement = (SQL / name).read_text(encoding="utf-8")
        cursor.execute(f"copy ({statement}) to {quoted(path)} (format csv, header false)")
