import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from pipelines.qualification.snapshot import snapshot_ledger
from tests.factories import AS_OF, land, notice
from tests.factories_awards import award, land_awards
from warehouse.domain.audit_event import AuditEvent
from warehouse.errors import NotFound
from warehouse.lake.connection import open_lake
from warehouse.lake.mart_marks import tables_read
from warehouse.lake.marts import FOLDER, mart_grain, mart_names, refresh_mart
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

BOARD = [
    "opportunity_id",
    "notice_id",
    "source",
    "solicitation_number",
    "title",
    "agency",
    "naics_code",
    "psc_code",
    "set_aside_code",
    "response_deadline_at",
    "safe_deadline_at",
    "status",
    "fit_score",
    "recommendation",
    "reasons",
    "scorer",
]


def publish(row: dict[str, object], score: int) -> None:
    with open_ledger("procura_pipeline").deed(
        AuditEvent("test:published", str(row["opportunity_id"]), "system")
    ) as deed:
        deed.execute(
            "insert into opportunities (id, source, external_ref, content_hash, title, notice_type, due_precision, notice_count,"
            " is_open, row_hash, fit_score, recommendation, scorer)"
            " values (%s, %s, %s, %s, %s, 'Solicitation', 'instant', 1, true, 'x', %s, 'watch', 's1')"
            " on conflict (id) do update set fit_score = excluded.fit_score",
            [row["opportunity_id"], row["source"], row["notice_id"], row["content_hash"], row["title"], score],
        )


@pytest.fixture(scope="module", autouse=True)
def _world(home: Settings) -> None:
    rows = [
        notice("n1", naics_code="541512"),
        notice("n2", naics_code="541512", response_deadline_at=AS_OF + timedelta(days=3)),
        notice("n3", naics_code=None),
    ]
    land(open_lake(), [*rows, notice("n3 amended", group="NOTICEn3", naics_code=None, title="Another title", seen=2)])
    for number, row in enumerate(rows):
        publish(row, 50 + number)
    land_awards(
        open_lake(), [award("a1", naics_code="541512"), award("a2", recipient_uei="UEI2", starts_on=date(2023, 10, 1))]
    )
    snapshot_ledger(open_lake(), open_ledger("procura_pipeline"))
    open_lake().write(
        lambda cursor: cursor.execute(
            "insert into core.decisions values (7, ?, 'qualified', ?)", [rows[0]["opportunity_id"], AS_OF]
        )
    )


@pytest.mark.parametrize("name", mart_names())
def test_a_mart_opens_with_its_grain_and_writes_nothing_when_nothing_changed(name: str) -> None:
    assert mart_grain(name).startswith("One row per ")
    first = refresh_mart(open_lake(), name, as_of=AS_OF)
    assert first["rows"] > 0
    assert refresh_mart(open_lake(), name, as_of=AS_OF) == {"rows": first["rows"], "written": 0, "removed": 0}


@pytest.mark.parametrize("name", mart_names())
def test_a_mart_is_not_made_again_while_nothing_it_reads_has_changed(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refresh_mart(open_lake(), name, as_of=AS_OF)
    monkeypatch.setattr("warehouse.lake.marts._make", lambda *_: pytest.fail("it was made again"))
    refresh_mart(open_lake(), name, as_of=AS_OF)


@pytest.mark.parametrize("name", mart_names())
def test_rows_that_somebody_removed_from_a_mart_come_back(name: str) -> None:
    first = refresh_mart(open_lake(), name, as_of=AS_OF)
    open_lake().write(lambda cursor: cursor.execute(f"delete from marts.{name}"))
    assert refresh_mart(open_lake(), name, as_of=AS_OF)["written"] == first["rows"]


def scanned(plan: Any) -> Iterator[str]:
    """Yield the tables that a plan scans."""
    for node in plan:
        if table := node.get("extra_info", {}).get("Table"):
            yield table
        yield from scanned(node.get("children", []))


@pytest.mark.parametrize("name", mart_names())
def test_every_table_that_a_mart_reads_is_looked_at_also_behind_views(name: str) -> None:
    """Held against DuckDB's own plan, which names the tables that are really scanned."""
    cursor, text = open_lake().cursor(), (FOLDER / f"{name}.sql").read_text(encoding="utf-8")
    cursor.execute("create temp table world as select now() as as_of, today() as today")
    plan = json.loads(cursor.execute(f"explain (format json) {text}").fetchall()[0][1])
    names = {name.rpartition(".")[2] for name in scanned(plan)} - {"world"}
    assert {table.partition(".")[2] for table in tables_read(cursor, text)} >= names
    assert names


@pytest.mark.parametrize("name", mart_names())
def test_a_marts_key_is_unique_and_never_null(name: str) -> None:
    refresh_mart(open_lake(), name, as_of=AS_OF)
    key = re.search(r"^-- Key: (.+)$", (FOLDER / f"{name}.sql").read_text(encoding="utf-8"), re.MULTILINE)
    assert key is not None
    rows = open_lake().cursor().execute(f"select count(*), count(distinct {key[1]}) from marts.{name}").fetchone()
    assert rows is not None
    assert rows[0] == rows[1]


def test_the_board_has_exactly_the_columns_people_script_against() -> None:
    refresh_mart(open_lake(), "opportunity_board", as_of=AS_OF)
    columns = [row[0] for row in open_lake().cursor().execute("describe marts.opportunity_board").fetchall()]
    assert columns == BOARD


def test_a_changed_score_reaches_the_board_and_only_that_row_is_written() -> None:
    refresh_mart(open_lake(), "opportunity_board", as_of=AS_OF)
    publish(notice("n1", naics_code="541512"), 99)
    assert snapshot_ledger(open_lake(), open_ledger("procura_pipeline")) == {"rows": 3, "written": 1, "removed": 0}
    assert refresh_mart(open_lake(), "opportunity_board", as_of=AS_OF) == {"rows": 3, "written": 1, "removed": 0}
    found = (
        open_lake().cursor().execute("select fit_score from marts.opportunity_board where notice_id = 'n1'").fetchone()
    )
    assert found == (99,)


def test_what_left_the_ledger_leaves_snapshot_and_board() -> None:
    row = notice("gone")
    land(open_lake(), [row])
    publish(row, 1)
    snapshot_ledger(open_lake(), open_ledger("procura_pipeline"))
    refresh_mart(open_lake(), "opportunity_board", as_of=AS_OF)
    with open_ledger("procura_pipeline").deed(AuditEvent("test:removed", "gone", "system")) as deed:
        deed.execute("delete from opportunities where id = %s", [row["opportunity_id"]])
    assert snapshot_ledger(open_lake(), open_ledger("procura_pipeline"))["removed"] == 1
    assert refresh_mart(open_lake(), "opportunity_board", as_of=AS_OF)["removed"] == 1


def test_a_mart_of_an_older_shape_is_made_anew() -> None:
    open_lake().write(
        lambda cursor: cursor.execute(
            "drop table if exists marts.fit_by_naics; create table marts.fit_by_naics (x int)"
        )
    )
    assert refresh_mart(open_lake(), "fit_by_naics", as_of=AS_OF)["written"] > 0


def test_an_unknown_mart_is_told_with_those_that_exist() -> None:
    with pytest.raises(NotFound) as caught:
        refresh_mart(open_lake(), "no_such", as_of=AS_OF)
    assert "opportunity_board" in caught.value.todo
