"""True statements about what discovery and publishing left behind, each with the facts that show it.

Every function returns (holds, facts). Not here: when they run and what they block (assets/checks).
"""

from datetime import datetime, timedelta

from warehouse.domain.codes import is_naics, is_psc, is_set_aside
from warehouse.lake.connection import Cursor, Lake
from warehouse.ledger.sources import list_sources
from warehouse.ledger.store import Ledger

Finding = tuple[bool, dict[str, object]]
FRESH_FOR = timedelta(hours=36)
"""SAM.gov's file comes daily; half a day of grace before the app says that it is blind."""
KNOWN_SHARE = 0.98
EXAMPLES = 5


def no_duplicate_current_notices(lake: Lake) -> Finding:
    """Every notice has exactly one current version, and every version was seen."""
    cursor = lake.cursor()
    several = _rows(
        cursor,
        "select source || ' ' || notice_id from core.notice_sightings"
        " qualify rank() over (partition by source, notice_id order by last_seen_order desc, last_seen_position desc) = 1"
        " and count(*) over (partition by source, notice_id, last_seen_order, last_seen_position) > 1",
    )
    unseen = _rows(
        cursor,
        "select source || ' ' || notice_id from core.notice_versions"
        " anti join core.notice_sightings using (source, notice_id, content_hash)",
    )
    doubled = _rows(
        cursor,
        "select source || ' ' || notice_id from core.notice_versions group by source, notice_id, content_hash having count(*) > 1",
    )
    facts = {"several_current": len(several), "versions_never_seen": len(unseen), "versions_doubled": len(doubled)}
    return not (several or unseen or doubled), facts | _examples([*several, *unseen, *doubled])


def deadlines_carry_zones_or_marks(lake: Lake) -> Finding:
    """Every deadline is an instant with the office's offset, or says why it is none; what was published is kept."""
    wrong = _rows(
        lake.cursor(),
        "select notice_id from core.notice_versions where case"
        " when response_deadline_precision in ('instant', 'assumed_zone', 'date') then response_deadline_at is null"
        "   or response_deadline_offset_minutes is null or response_deadline_raw is null"
        " when response_deadline_precision = 'none' then response_deadline_at is not null"
        " when response_deadline_precision = 'unreadable' then response_deadline_at is not null or response_deadline_raw is null"
        " else true end or abs(response_deadline_offset_minutes) > 14 * 60",
    )
    return not wrong, {"wrong": len(wrong)} | _examples(wrong)


def codes_are_known(lake: Lake) -> Finding:
    """At least 98 of 100 stated NAICS, PSC and set-aside codes are ones we know; the others are listed."""
    cursor = lake.cursor()
    facts: dict[str, object] = {}
    holds = True
    for name, is_known in (("naics", is_naics), ("psc", is_psc), ("set_aside", is_set_aside)):
        counts = cursor.execute(
            f"select {name}_code, count(*) from core.notice_versions where {name}_code is not null group by 1"  # noqa: S608 - own names
        ).fetchall()
        unknown = [row for row in counts if not is_known(row[0])]
        stated, lost = sum(row[1] for row in counts), sum(row[1] for row in unknown)
        holds &= lost <= stated * (1 - KNOWN_SHARE)
        facts |= {
            f"{name}_stated": stated,
            f"{name}_unknown": lost,
            f"{name}_examples": ", ".join(row[0] for row in unknown[:EXAMPLES]),
        }
    return holds, facts


def nothing_lost_between_layers(lake: Lake) -> Finding:
    """Of every file: records read = accepted + quarantined, the quarantine holds them, and no reading went beyond."""
    wrong = _rows(
        lake.cursor(),
        "select l.source || ' ' || l.origin from core.landings l left join"
        " (select source, landing_order, count(*) as held from core.quarantine where resolved_at is null group by all) q"
        " using (source, landing_order)"
        " where landed <> accepted + quarantined or quarantined <> coalesce(held, 0) or landed <> next_position or unchanged > accepted"
        " or versions > accepted",
    )
    total = (
        lake.cursor()
        .execute(
            "select coalesce(sum(landed), 0), coalesce(sum(accepted), 0), coalesce(sum(quarantined), 0) from core.landings"
        )
        .fetchone()
    )
    facts: dict[str, object] = dict(zip(("landed", "accepted", "quarantined"), total or (0, 0, 0), strict=True))
    return not wrong, facts | {"files_wrong": len(wrong)} | _examples(wrong)


def source_is_fresh(ledger: Ledger, *, at: datetime) -> Finding:
    """Every source that should bring news answered within the last 36 hours; demo notices are no source."""
    with ledger.read() as tx:
        known = [one for one in list_sources(tx) if one.status != "revoked" and one.name != "demo" and one.is_expected]
    silent = [one.name for one in known if one.last_success_at is None or at - one.last_success_at > FRESH_FOR]
    facts: dict[str, object] = {
        one.name: one.last_success_at.isoformat() if one.last_success_at else "never" for one in known
    }
    return bool(known) and not silent, facts | {"silent": ", ".join(silent)}


def scores_in_range(ledger: Ledger) -> Finding:
    """Every shown score lies between 0 and 100, has a recommendation and at least one reason; a rule's score is 0."""
    with ledger.read() as tx:
        rows = tx.rows(
            "select id from opportunities where fit_score is not null and (fit_score not between 0 and 100 or recommendation is null"
            " or jsonb_array_length(fit_reasons) = 0 or (fit_rule is not null and (fit_score <> 0 or recommendation <> 'pass')))"
        )
        scored = tx.row("select count(*) as n from opportunities where fit_score is not null")
    wrong = [row["id"] for row in rows]
    return not wrong, {"scored": scored["n"] if scored else 0, "wrong": len(wrong)} | _examples(wrong)


def published_equals_open(lake: Lake, ledger: Ledger) -> Finding:
    """The ledger shows as open exactly what the lake says is open."""
    wanted = {
        row[0]
        for row in lake.cursor().execute("select opportunity_id from core.opportunities where is_open").fetchall()
    }
    with ledger.read() as tx:
        shown = {row["id"] for row in tx.execute("select id from opportunities where is_open")}
    missing, extra = sorted(wanted - shown), sorted(shown - wanted)
    facts: dict[str, object] = {"open": len(wanted), "missing": len(missing), "extra": len(extra)}
    return not (missing or extra), facts | _examples([*missing, *extra])


def _rows(cursor: Cursor, statement: str) -> list[str]:
    return [str(row[0]) for row in cursor.execute(statement).fetchall()]


def _examples(found: list[str]) -> dict[str, object]:
    return {"examples": ", ".join(found[:EXAMPLES])} if found else {}
