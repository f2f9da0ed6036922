"""Publishing: what the ledger shows follows the lake, writes only changes, and never changes what a person decided."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import psycopg
import pytest

from pipelines.discovery.group import group_opportunities
from pipelines.discovery.publish import SQL, Publication, publish_opportunities
from tests.factories import AS_OF, empty_lake, land, notice, opportunity_id
from warehouse.addresses import conninfo
from warehouse.domain.audit_event import AuditEvent
from warehouse.lake.connection import open_lake
from warehouse.ledger.store import Ledger, Row, open_ledger
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough

A, B, C = opportunity_id("A"), opportunity_id("B"), opportunity_id("C")
NUL = chr(0)


@pytest.fixture
def ledger(home: Settings) -> Iterator[Ledger]:
    empty_lake(open_lake())
    yield open_ledger("procura_pipeline")
    empty_lake(open_lake())
    with open_ledger("procura_pipeline").deed(AuditEvent("test:cleared", "x", "system")) as deed:
        # Only demo rows may be removed whatever people did with them.
        deed.execute("update opportunities set merged_into = null, is_demo = true")
        deed.execute("delete from opportunities")
        deed.execute("delete from opportunity_aliases")


def day(number: int) -> datetime:
    return datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(days=number)


def publish(*rows: dict[str, Any], as_of: datetime = AS_OF) -> Publication:
    if rows:
        land(open_lake(), rows)
    group_opportunities(open_lake(), as_of=as_of)
    return publish_opportunities(open_lake(), open_ledger("procura_pipeline"), as_of=as_of)


def shown() -> dict[str, Row]:
    with open_ledger("procura_pipeline").read() as tx:
        return {row["id"]: row for row in tx.rows("select * from opportunities")}


def chain(key: str) -> list[tuple[str, int]]:
    with open_ledger("procura_pipeline").read() as tx:
        rows = tx.rows(
            "select notice_id, ordinal from opportunity_notices where opportunity_id = %s order by ordinal", [key]
        )
    return [(row["notice_id"], row["ordinal"]) for row in rows]


def records() -> int:
    with open_ledger("procura_pipeline").read() as tx:
        row = tx.row("select count(*) as n from audit_logs")
    assert row
    return int(row["n"])


@pytest.fixture(scope="module")
def person(home: Settings) -> str:
    with open_ledger("procura_app").deed(AuditEvent("person:added", "officer", "system")) as deed:
        row = deed.row("insert into profiles (email, role) values ('officer@example.test', 'admin') returning id::text")
    assert row
    return str(row["id"])


def decide(key: str, person: str, status: str = "reviewing", note: str | None = None) -> None:
    with open_ledger("procura_app").deed(AuditEvent("opportunity:status_set", key, person)) as deed:
        deed.execute(
            "update opportunities set status = %s, note = %s, noted_by = %s, status_changed_by = %s, status_changed_at = now()"
            " where id = %s",
            [status, note, person, person, key],
        )


def test_what_is_open_is_shown_with_its_chain(ledger: Ledger) -> None:
    done = publish(
        notice("a1", group="A", posted_at=day(0), title="First"),
        notice(
            "a2", group="A", posted_at=day(5), title="Amended", attachment_urls=["https://x.test/a,b", 'say "hi"\\']
        ),
        notice("award", group="B", notice_type="Award Notice"),
    )
    assert done == Publication(open=1, written=1)
    row = shown()[A]
    assert (row["external_ref"], row["title"], row["notice_count"], row["is_open"]) == ("a2", "Amended", 2, True)
    assert row["attachment_urls"] == ["https://x.test/a,b", 'say "hi"\\']
    assert (row["due_date"], row["due_offset_minutes"]) == (datetime(2026, 4, 20, 18, tzinfo=UTC), -240)
    assert row["safe_deadline_at"] == datetime(2026, 4, 17, 21, tzinfo=UTC)
    assert chain(A) == [("a1", 1), ("a2", 2)]


def test_publishing_twice_writes_nothing_and_leaves_no_record(ledger: Ledger, person: str) -> None:
    publish(notice("a1", group="A"), notice("b1", group="B"), notice("o1", group="OLD"))
    decide(opportunity_id("OLD"), person)
    publish(notice("o1", group="C", seen=2))
    before, count = shown(), records()
    assert publish() == Publication(open=3)
    assert shown() == before
    assert records() == count


def test_only_the_changed_row_is_written(ledger: Ledger) -> None:
    publish(notice("a1", group="A", posted_at=day(0)), notice("b1", group="B"))
    before = shown()
    assert publish(notice("a0", group="A", posted_at=day(-3), seen=2)) == Publication(open=2, written=1)
    after = shown()
    assert after[B] == before[B]
    assert (after[A]["external_ref"], after[A]["first_posted_at"]) == ("a1", day(-3))
    assert chain(A) == [("a0", 1), ("a1", 2)]


def test_every_version_of_a_chain_of_133_is_there_in_order(ledger: Ledger) -> None:
    publish(*(notice(f"n{n:03}", group="A", posted_at=day(0) + timedelta(hours=n)) for n in range(133)))
    assert chain(A) == [(f"n{n:03}", n + 1) for n in range(133)]


def test_what_closed_leaves_unless_a_person_touched_it(ledger: Ledger, person: str) -> None:
    publish(notice("a1", group="A"), notice("b1", group="B"), notice("c1", group="C"))
    decide(A, person)
    decide(B, person, status="new", note="ask the office")
    later = AS_OF + timedelta(days=30)
    assert publish(as_of=later) == Publication(open=0, written=2, removed=1)
    rows = shown()
    assert {key: (row["is_open"], row["status"], row["note"]) for key, row in rows.items()} == {
        A: (False, "reviewing", None),
        B: (False, "new", "ask the office"),
    }
    assert publish(as_of=later) == Publication(open=0)


def test_an_amendment_changes_the_facts_and_not_the_decision(ledger: Ledger, person: str) -> None:
    publish(notice("a1", group="A", posted_at=day(0)))
    decide(A, person, status="qualified", note="ours")
    publish(notice("a2", group="A", posted_at=day(1), title="Amended", seen=2))
    row = shown()[A]
    assert (row["title"], row["status"], row["note"], str(row["status_changed_by"])) == (
        "Amended",
        "qualified",
        "ours",
        person,
    )


def test_the_pipeline_has_no_right_to_change_a_decision(ledger: Ledger, person: str) -> None:
    publish(notice("a1", group="A"))
    decide(A, person)
    with pytest.raises(Exception, match="permission denied"), ledger.deed(AuditEvent("test:x", "x", "system")) as deed:
        deed.execute("update opportunities set status = 'new'")
    with ledger.deed(AuditEvent("test:x", "x", "system")) as deed:
        assert deed.execute("delete from opportunities").rowcount == 0


def test_a_survivor_takes_over_the_decision(ledger: Ledger, person: str) -> None:
    publish(notice("n", group="A", posted_at=day(0)))
    decide(A, person, note="ours")
    assert publish(notice("n", group="B", posted_at=day(1), seen=2)) == Publication(
        open=1, written=1, merged=1, aliases_changed=1
    )
    rows = shown()
    assert (rows[B]["status"], rows[B]["note"], rows[B]["is_open"]) == ("reviewing", "ours", True)
    assert (rows[A]["status"], rows[A]["merged_into"], rows[A]["is_open"]) == ("reviewing", B, False)
    with ledger.read() as tx:
        assert tx.rows("select * from opportunity_aliases") == [{"alias_id": A, "opportunity_id": B}]


def test_a_survivor_that_was_here_untouched_takes_over_the_decision_too(ledger: Ledger, person: str) -> None:
    publish(notice("n", group="A"), notice("b1", group="B", posted_at=day(0)))
    decide(A, person)
    publish(notice("n", group="B", posted_at=day(1), seen=2))
    rows = shown()
    assert (rows[B]["status"], rows[A]["merged_into"]) == ("reviewing", B)
    assert chain(B) == [("b1", 1), ("n", 2), ("n", 3)]
    assert publish() == Publication(open=1)


def test_a_survivor_that_a_person_touched_keeps_its_own_decision(ledger: Ledger, person: str) -> None:
    publish(notice("n", group="A"), notice("b1", group="B"))
    decide(A, person)
    decide(B, person, status="disqualified")
    publish(notice("n", group="B", seen=2))
    rows = shown()
    assert (rows[B]["status"], rows[A]["status"], rows[A]["merged_into"]) == ("disqualified", "reviewing", B)


def test_of_two_decisions_the_later_goes_over(ledger: Ledger, person: str) -> None:
    publish(notice("x", group="A"), notice("y", group="B"))
    decide(B, person, status="reviewing")
    decide(A, person, status="disqualified")
    publish(notice("x", group="C", seen=2), notice("y", group="C", seen=2))
    rows = shown()
    assert [rows[key]["status"] for key in (A, B, C)] == ["disqualified", "reviewing", "disqualified"]
    assert [rows[key]["merged_into"] for key in (A, B, C)] == [C, C, None]


def test_an_untouched_id_that_regrouping_ended_leaves(ledger: Ledger) -> None:
    publish(notice("n", group="A"))
    assert publish(notice("n", group="B", seen=2)).removed == 1
    assert set(shown()) == {B}


def test_the_instant_moves_the_ledger_back_and_forth(ledger: Ledger, person: str) -> None:
    publish(
        notice("n", group="A", posted_at=day(0), response_deadline_at=day(60)),
        notice("n", group="B", posted_at=day(20), response_deadline_at=day(60), seen=2),
        notice("c1", group="C", posted_at=day(25), response_deadline_at=day(60)),
        as_of=day(10),
    )
    assert set(shown()) == {A}
    decide(A, person, note="ours")
    for _ in range(2):
        publish(as_of=day(30))
        rows = shown()
        assert {key: (row["is_open"], row["merged_into"], row["note"]) for key, row in rows.items()} == {
            A: (False, B, "ours"),
            B: (True, None, "ours"),
            C: (True, None, None),
        }
        publish(as_of=day(10))
        rows = shown()
        assert {key: (row["is_open"], row["merged_into"], row["note"]) for key, row in rows.items()} == {
            A: (True, None, "ours"),
            B: (False, None, "ours"),
        }
        assert chain(A) == [("n", 1)]
    publish(as_of=day(-10))  # before everything: what people decided is still there
    assert {key: row["is_open"] for key, row in shown().items()} == {A: False, B: False}
    assert publish(as_of=day(-10)) == Publication(open=0)


def test_demo_rows_go_with_the_first_real_notice_even_touched_ones(ledger: Ledger, person: str) -> None:
    publish(notice("d1", group="A", source="demo"), notice("d2", group="B", source="demo"))
    demo = opportunity_id("A", "demo")
    assert shown()[demo]["is_demo"]
    decide(demo, person, note="trying")
    publish(as_of=AS_OF + timedelta(days=90))
    assert set(shown()) == {demo}  # closed, and no real notice yet
    assert publish(notice("real", group="C")) == Publication(open=1, written=1, removed=1)
    assert set(shown()) == {C}


def test_a_workspace_keeps_its_opportunity(ledger: Ledger, person: str, home: Settings) -> None:
    publish(notice("a1", group="A"))
    workspace = "insert into submissions (opportunity_id, owner_id) values (%s, %s)"
    as_owner(home, workspace, [A, person])
    try:
        assert publish(as_of=AS_OF + timedelta(days=30)) == Publication(open=0, written=1)
        assert {key: row["is_open"] for key, row in shown().items()} == {A: False}
    finally:
        as_owner(home, "delete from submissions", [])


def as_owner(home: Settings, statement: str, parameters: list[Any]) -> None:
    """Workspaces have no use case yet: written as the server's superuser."""
    with psycopg.connect("", **conninfo("postgres", settings=home)) as connection:
        connection.execute(statement, parameters)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"title": ""}, {"title": "(no title)"}),
        ({"title": None}, {"title": "(no title)"}),
        ({"title": f"a{NUL}b"}, {"title": "ab"}),
        ({"title": "NULL"}, {"title": "NULL"}),
        ({"description_text": f"{NUL}x\r\n\\.\n\\N\t\"quoted\", and ' more;"},
         {"description": "x\r\n\\.\n\\N\t\"quoted\", and ' more;"}),
        ({"description_text": ""}, {"description": ""}),
        ({"description_text": None}, {"description": None}),
        ({"agency": "Ä" * 5000}, {"agency": "Ä" * 300}),
        ({"naics_code": "9" * 5000}, {"naics_code": "9" * 40}),
        ({"attachment_urls": ["a", "", "NULL", "{,}"]}, {"attachment_urls": ["a", "", "NULL", "{,}"]}),
        ({"contacts": r'[{"name": "J\u0000o \\u0000 \ud83d\ude00 \ud83d"}]'},
         {"contacts": [{"name": "Jo \\u0000 \U0001f600 "}]}),
        ({"contacts": "no json"}, {"contacts": []}),
        ({"response_deadline_at": datetime(1, 1, 1, tzinfo=UTC), "archive_on": None, "notice_type": "Solicitation"}, None),
        ({"response_deadline_at": datetime(9999, 12, 31, 23, tzinfo=UTC)}, {"due_date": None}),
        ({"flags": ["naics_short"]}, {"flags": ["naics_short"]}),
    ],
)  # fmt: skip
def test_odd_texts_arrive_or_are_made_sound(
    ledger: Ledger, given: dict[str, Any], expected: dict[str, Any] | None
) -> None:
    publish(notice("odd", group="A", **given), notice("plain", group="B"))
    rows = shown()
    assert B in rows
    if expected is None:
        assert A not in rows
    else:
        assert {name: rows[A][name] for name in expected} == expected


def test_a_zero_inside_a_list_does_not_reach_the_ledger() -> None:
    engine = duckdb.connect()
    engine.execute((SQL / "publish_macros.sql").read_text(encoding="utf-8"))
    found = engine.execute(
        "select sound_list(?::varchar[]), sound_list(null::varchar[])", [[f"a{NUL}b", None]]
    ).fetchone()
    assert found == ('["ab",""]', "[]")
