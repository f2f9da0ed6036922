import threading

import duckdb
import pytest

from warehouse.addresses import passwords
from warehouse.lake.connection import open_lake
from warehouse.settings import Settings


def aliases(prefix: str) -> int:
    found = (
        open_lake()
        .cursor()
        .execute("select count(*) from core.opportunity_aliases where alias_id like ?", [prefix + "%"])
        .fetchone()
    )
    assert found is not None
    return int(found[0])


def test_what_fails_in_the_middle_leaves_nothing(home: Settings) -> None:
    def work(cursor: duckdb.DuckDBPyConnection) -> None:
        cursor.execute("insert into core.opportunity_aliases values ('half', 'x')")
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        open_lake().write(work)
    assert aliases("half") == 0


def test_two_writers_of_one_table_both_get_through(home: Settings) -> None:
    def writer(number: int) -> None:
        for turn in range(4):
            key = f"writer{number}-{turn}"

            def work(cursor: duckdb.DuckDBPyConnection, key: str = key) -> None:
                cursor.execute("delete from core.opportunity_aliases where alias_id = ?", [key])
                cursor.execute("insert into core.opportunity_aliases values (?, 'x')", [key])

            open_lake().write(work)

    threads = [threading.Thread(target=writer, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert aliases("writer") == 12


def test_an_analyst_cannot_write_and_no_password_can_be_seen(home: Settings) -> None:
    cursor = open_lake("procura_analyst", read_only=True).cursor()
    with pytest.raises(duckdb.Error):
        cursor.execute("insert into core.opportunity_aliases values ('analyst', 'x')")
    shown = repr(cursor.execute("select * from duckdb_databases()").fetchall()) + repr(
        cursor.execute("from duckdb_secrets()").fetchall()
    )
    assert not any(password in shown for password in passwords(home).values())


def test_an_analysts_lake_reads_no_other_file_and_cannot_be_unlocked(home: Settings) -> None:
    cursor = open_lake("procura_analyst", read_only=True).cursor()
    for statement in (
        "select * from read_text('/etc/passwd')",
        "set enable_external_access=true",
        "attach '/tmp/other.db'",
    ):
        with pytest.raises(duckdb.Error):
            cursor.execute(statement)
