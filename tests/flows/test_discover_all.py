"""`procura discover --all` against the doubles of all sources: sound, and under every spell; then sound again."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from pipelines.discovery.checks import nothing_lost_between_layers
from tests.conformance.doubles import Doubles, Spell, running_all
from warehouse.lake.connection import open_lake
from warehouse.ledger.store import open_ledger
from warehouse.settings import ROOT, Settings

pytestmark = [pytest.mark.flow, pytest.mark.thorough, pytest.mark.timeout(900)]
SOURCES = ["govcon", "grants_gov", "newsapi", "sam_gov", "usaspending"]


@pytest.fixture(scope="module")
def doubles(home: Settings) -> Iterator[Doubles]:
    """The servers, for a home that is theirs."""
    with running_all(datetime.now(UTC).date()) as served:
        yield served


def discover(doubles: Doubles) -> dict[str, Any]:
    """Run the command to its end and return what it says; its outcomes by source stand in the ledger."""
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "discover", "--all", "--json"], cwd=ROOT, env={**os.environ, **doubles.settings()},
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    for counts in (told, told.get("awards"), told.get("articles")):
        if counts:
            assert counts["landed"] == counts["accepted"] + counts["quarantined"]
    holds, facts = nothing_lost_between_layers(open_lake())
    assert holds, facts
    return told


def outcomes() -> dict[str, str]:
    """Return what the newest run of each source came to."""
    statement = (
        "select distinct on (c.name) c.name, r.outcome from discovery_runs r join connectors c on c.id = r.connector_id"
        " where c.name <> 'demo' order by c.name, r.started_at desc"
    )
    with open_ledger().read() as tx:
        return {row["name"]: row["outcome"] for row in tx.rows(statement)}


def held() -> dict[str, int]:
    """Count the different notices, awards and stories in the lake."""
    counted = {
        "notices": "select count(distinct notice_id) from core.notice_versions where source <> 'demo'",
        "awards": "select count(*) from core.awards", "stories": "select count(*) from core.articles",
    }  # fmt: skip
    cursor = open_lake().cursor()
    return {name: int((cursor.execute(statement).fetchone() or (0,))[0]) for name, statement in counted.items()}


def a_day_later() -> None:
    """Let all that waits for an hour or a day have waited."""
    with open_ledger("procura_pipeline").housekeeping() as tx:
        tx.execute(
            "update source_budgets set period_began = '2000-01-01', spent = 0, faults = 0, closed_until = null, closed_because = ''"
        )


def test_every_source_is_told_whole_and_a_second_time_nothing_is_new(doubles: Doubles) -> None:
    told = discover(doubles)
    assert outcomes() == dict.fromkeys(SOURCES, "came")
    assert held() == {"notices": doubles.notices, "awards": doubles.awards, "stories": doubles.stories}
    assert told["quarantined"] == 0
    a_day_later()
    again = discover(doubles)
    assert again["versions"] == 0
    assert held() == {"notices": doubles.notices, "awards": doubles.awards, "stories": doubles.stories}


@pytest.mark.slow
@pytest.mark.parametrize("spell", Spell, ids=lambda spell: spell.name.lower())
def test_under_a_spell_each_source_says_so_and_afterwards_nothing_is_missing(doubles: Doubles, spell: Spell) -> None:
    before = held()
    a_day_later()
    doubles.fall_under(spell)
    discover(doubles)
    found = outcomes()
    doubles.recover()
    expected = "quota" if spell is Spell.THROTTLED else "broken"
    # What asks nothing today, because all is known, is under no spell.
    assert set(found.values()) <= {expected, "no_news", "came"}, found
    assert found["usaspending"] == found["grants_gov"] == expected
    assert held() == before
    a_day_later()
    discover(doubles)
    assert {"broken", "quota"}.isdisjoint(outcomes().values())
    assert held() == {"notices": doubles.notices, "awards": doubles.awards, "stories": doubles.stories}
