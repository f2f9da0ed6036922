"""Publish from the lake into the ledger what can still be answered, and what people touched. Only what changed is sent.

Here: which opportunities, in what state. Not here: what is open (group.py), the statements on the ledger (published.py),
what a changed notice does to an offer (the ledger itself: 0010_amendments.sql) and who hears of it (amendments.py).
"""

import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from pipelines.discovery.amendments import record_amendments
from pipelines.discovery.reach import reach_from
from warehouse.domain.audit_event import AuditEvent
from warehouse.lake.connection import Cursor, Lake, quoted
from warehouse.ledger import published
from warehouse.ledger.published import Standing
from warehouse.ledger.store import SYSTEM, Deed, Ledger
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
class _Lake:
    """What the lake says: (row hash, is open) of what may have to be shown, the aliases, how many are open, and whether there
    are real notices."""

    shown: Mapping[str, tuple[str, bool]]
    aliases: Mapping[str, str]
    open: int
    has_real: bool


@dataclass(frozen=True)
class _Plan:
    """What becomes of each opportunity; heirs are survivors that take over the decision of the id they stand for."""

    written: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    merged: dict[str, str] = field(default_factory=dict)
    heirs: dict[str, str] = field(default_factory=dict)


def publish_opportunities(lake: Lake, ledger: Ledger, *, as_of: datetime) -> Publication:
    """Bring the ledger's opportunities to what the lake says; with nothing changed, nothing is written.

    Published is what is open, or touched by a person (status, note, workspace), which never vanishes.

    Args:
        lake: Grouped as of the same instant.
        ledger: The ledger as the pipeline.
        as_of: Later versions are not part of a chain.
    """
    with tempfile.TemporaryDirectory(dir=current().temporary) as name:
        folder = Path(name)
        with ledger.read() as tx:
            published.write_standings(tx, folder / "standings.csv")
            known_aliases = published.aliases(tx)
        cursor = lake.cursor()
        try:
            cursor.execute("begin")  # one snapshot of the lake for the plan and for the rows
            return _publish(cursor, ledger, as_of, folder, known_aliases)
        finally:
            cursor.execute("rollback")
            cursor.close()


def _publish(
    cursor: Cursor, ledger: Ledger, as_of: datetime, folder: Path, known_aliases: Mapping[str, str]
) -> Publication:
    here, there = _compare(cursor, folder / "standings.csv")
    plan = _plan(here, there)
    done = Publication(
        open=there.open,
        written=len(plan.written),
        closed=len(plan.closed),
        removed=len(plan.removed),
        merged=len(plan.merged),
        aliases_changed=len(there.aliases.items() ^ known_aliases.items()),
    )
    if done != Publication(open=done.open):
        event = AuditEvent("opportunities:published", as_of.isoformat(), SYSTEM, asdict(done))
        rows, notices = _export(cursor, plan.written, as_of, folder)
        with ledger.deed(event) as deed:
            published.look_from(deed, as_of)
            stood = published.offers(deed)
            _write(deed, plan, rows, notices)
            published.write_aliases(deed, there.aliases, known_aliases)
            record_amendments(deed, stood)
    return done


def _write(deed: Deed, plan: _Plan, rows: Path, notices: Path) -> None:
    # An heir that is here already, untouched, comes back with the decision: publishing has no right to update one.
    published.remove(deed, plan.heirs)
    published.inherit(deed, plan.heirs)
    published.write_opportunities(deed, rows, notices)
    published.merge(deed, plan.merged)
    published.close(deed, plan.closed)
    published.remove(deed, plan.removed)


def _compare(cursor: Cursor, standings: Path) -> tuple[dict[str, Standing], _Lake]:
    """Read what the two sides do not say alike, what people touched and the survivors; all else stays where it is."""
    cursor.execute(
        "create or replace temp table standings as from"
        f" read_csv({quoted(standings)}, auto_detect = false, delim = ',', quote = '\"', columns = $columns, allow_quoted_nulls = false)",
        {"columns": published.STANDING_COLUMNS},
    )
    cursor.execute((SQL / "publish_compare.sql").read_text(encoding="utf-8"))
    aliases: dict[str, str] = dict(
        cursor.execute("select alias_id, opportunity_id from core.opportunity_aliases").fetchall()
    )
    shown = cursor.execute(
        "select opportunity_id, row_hash, is_open from core.opportunities where opportunity_id not in (from alike) and (is_open"
        " or opportunity_id in (select id from touched union all select opportunity_id from core.opportunity_aliases))"
    ).fetchall()
    (counts,) = cursor.execute(
        "select (select count(*) from core.opportunities where is_open),"
        " exists (select 1 from core.notice_versions where source <> 'demo')"
    ).fetchall()
    found = cursor.execute("from standings where id not in (from alike)")
    here = {row[0]: Standing(*row[1:]) for row in found.fetchall()}
    return here, _Lake({row[0]: (row[1], row[2]) for row in shown}, aliases, *counts)


def _plan(here: Mapping[str, Standing], there: _Lake) -> _Plan:
    """Compare the two sides by row hash and say what becomes of each opportunity."""
    survivors = {
        found: there.aliases[found]
        for found, standing in here.items()
        if standing.is_touched and there.aliases.get(found) in there.shown
    }
    heirs, surviving = _heirs(here, survivors), set(survivors.values())
    wanted = {
        found: row_hash
        for found, (row_hash, is_open) in there.shown.items()
        if is_open or (found in here and here[found].is_touched) or found in surviving
    }
    gone = {found: standing for found, standing in here.items() if found not in wanted and found not in survivors}
    leaving = {found for found, standing in gone.items() if _leaves(standing, has_real=there.has_real)}
    return _Plan(
        written=[
            found
            for found, row_hash in wanted.items()
            if found not in here or here[found].row_hash != row_hash or found in heirs
        ],
        closed=[found for found, standing in gone.items() if found not in leaving and standing.is_open],
        removed=sorted(leaving),
        merged={
            ended: survivor
            for ended, survivor in survivors.items()
            if here[ended].merged_into != survivor or here[ended].is_open or survivor in heirs
        },
        heirs=heirs,
    )


def _heirs(here: Mapping[str, Standing], survivors: Mapping[str, str]) -> dict[str, str]:
    """Name, for each survivor that nobody touched, the ended id whose decision it takes over: the one decided last.

    A survivor that a person touched keeps its own decision.
    """
    decided = [
        (standing.decided_at.timestamp() if standing.decided_at else 0.0, ended)
        for ended, standing in here.items()
        if ended in survivors and standing.is_decided
    ]
    latest = {survivors[ended]: ended for _, ended in sorted(decided)}
    return {
        survivor: ended for survivor, ended in latest.items() if not (survivor in here and here[survivor].is_touched)
    }


def _leaves(standing: Standing, *, has_real: bool) -> bool:
    """Say whether a row that the lake no longer shows leaves: untouched ones do, and demo ones once real notices came."""
    return not standing.is_touched or (standing.is_demo and has_real and not standing.has_workspace)


def _export(cursor: Cursor, ids: list[str], as_of: datetime, folder: Path) -> tuple[Path, Path]:
    """Write the chosen opportunities and their chains as CSV, in the order of published.py's columns."""
    cursor.execute("create or replace temp table chosen as select unnest(?::varchar[]) as opportunity_id", [ids])
    cursor.execute("create or replace temp table world as select ?::timestamptz as as_of", [as_of])
    reach_from(cursor, "from chosen")
    for name in ("seen_notices.sql", "publish_macros.sql"):
        cursor.execute((SQL / name).read_text(encoding="utf-8"))
    files = folder / "rows.csv", folder / "notices.csv"
    for name, path in zip(("publish_rows.sql", "publish_notices.sql"), files, strict=True):
        statement = (SQL / name).read_text(encoding="utf-8")
        # PostgreSQL's texts hold no zero character.
        sound = f"select replace(columns(*)::varchar, chr(0), '') from ({statement})"  # noqa: S608 - own file
        cursor.execute(f"copy ({sound}) to {quoted(path)} (format csv, header false)")
    return files
