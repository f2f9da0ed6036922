"""What a change of notices reaches: every notice and every opportunity whose grouping may turn out otherwise.

Two notices hang together when a version of one bears an id or a whole solicitation number of a version of the other. What
hangs together is grouped as if there were nothing else, so that a pass costs what is new and not what is known.
"""

from pathlib import Path

from warehouse.lake.connection import Cursor

SQL = Path(__file__).parent
VIEWS = {
    "versions_in_reach": ("core.notice_versions", "notice_id", "reached_notices"),
    "filled_in_reach": ("core.filled_notices", "notice_id", "reached_notices"),
    "opportunities_in_reach": ("core.opportunities", "opportunity_id", "reached_opportunities"),
    "aliases_in_reach": ("core.opportunity_aliases", "alias_id", "reached_opportunities"),
}
"""The views that the SQL of this folder reads, what each shows, and by which list."""


def reach_everything(cursor: Cursor) -> None:
    """Let the views show all there is."""
    for name, (table, _, _) in VIEWS.items():
        cursor.execute(f"create or replace temp view {name} as from {table}")


def reach_from(cursor: Cursor, first: str) -> None:
    """Let the views show what hangs together with some opportunities.

    Args:
        cursor: A cursor on the lake.
        first: A query for their ids, as opportunity_id; also ids that only older versions bear.
    """
    cursor.execute("create or replace temp table reached_notices (notice_id varchar)")
    given = f"select distinct opportunity_id from ({first})"  # noqa: S608 - our own query
    cursor.execute(f"create or replace temp table reached_opportunities as {given}")
    spread = (SQL / "reach.sql").read_text(encoding="utf-8")
    reached = -1
    while (now := _reached(cursor)) > reached:
        reached = now
        cursor.execute(spread)
    for name, (table, key, listed) in VIEWS.items():
        cursor.execute(f"create or replace temp view {name} as from {table} where {key} in (from {listed})")


def _reached(cursor: Cursor) -> int:
    found = cursor.execute(
        "select (select count(*) from reached_notices) + (select count(*) from reached_opportunities)"
    ).fetchone()
    return int(found[0]) if found else 0
