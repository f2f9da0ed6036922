from collections.abc import Iterator
from pathlib import Path

import pytest

from warehouse.addresses import passwords
from warehouse.errors import BadInput, NotPermitted
from warehouse.lake.connection import open_lake
from warehouse.lake.surface import Surface, open_surface
from warehouse.settings import Settings


@pytest.fixture(scope="module")
def surface(home: Settings) -> Iterator[Surface]:
    def work(cursor: object) -> None:
        cursor.execute("insert into core.opportunity_aliases select 'a' || n, 'b' from range(5) t(n)")  # type: ignore[attr-defined]

    open_lake().write(work)
    opened = open_surface(home)
    yield opened
    opened.close()


READS = {
    "select count(*) from core.opportunity_aliases": [(5,)],
    "select count(*) from ledger.opportunities": [(0,)],
    "with a as (select * from core.opportunity_aliases) select max(alias_id) from a": [("a4",)],
    "from core.opportunity_aliases select count(*)": [(5,)],
    "select sum(n) from range(4) t(n)": [(6,)],
    "select x from unnest([1, 2]) t(x) -- a comment; and more": [(1,), (2,)],
    "select value from ledger.system_settings where key = 'autonomy_mode';": [("manual",)],
}


@pytest.mark.parametrize("statement", READS)
def test_reads_over_lake_and_ledger_answer(surface: Surface, statement: str) -> None:
    assert surface.run(statement).rows == READS[statement]


@pytest.mark.parametrize(
    "statement", ["show all tables", "describe core.notices", "summarize core.opportunity_aliases"]
)
def test_what_there_is_can_be_asked(surface: Surface, statement: str) -> None:
    assert surface.run(statement).rows


@pytest.mark.parametrize(
    "statement",
    [
        "explain select 1",
        "EXPLAIN ANALYZE select 1",
        "/* why */ explain (format json) select 1",
        "-- why\nexplain/* how */analyze(select '/*' || count(*) from core.opportunity_aliases)",
        "explain show all tables",
    ],
)
def test_a_plan_can_be_asked(surface: Surface, statement: str) -> None:
    assert surface.run(statement).rows


ATTACKS = [
    "select * from ducklake_cleanup_old_files('lake', cleanup_all => true)",
    "SELECT * FROM DuckLake_Expire_Snapshots('lake')",
    "select * from \"ducklake_cleanup_old_files\"('lake', cleanup_all => true)",
    "with x as (select * from ducklake_merge_adjacent_files('lake')) select * from x",
    "select (select count(*) from ducklake_cleanup_old_files('lake', cleanup_all => true))",
    "select 1 where exists (select 1 from /* hidden */ ducklake_delete_orphaned_files('lake'))",
    "explain analyze select * from ducklake_cleanup_old_files('lake', cleanup_all => true)",
    "explain analyze copy core.landings to '/tmp/x.parquet'",
    # Comment signs inside texts: what a careless reading takes for a comment is what runs.
    "explain analyze select '/*' from ducklake_cleanup_old_files('lake', cleanup_all => true) where 'x' <> '*/'",
    "explain select '/*', getenv('HOME'), '*/'",
    "explain analyze select '--', getenv('HOME')",
    "/* explain analyze select 1 */ explain analyze select * from read_text('/etc/passwd')",
    "/* /* */ explain analyze select 1 */ explain analyze select * from read_text('/etc/passwd')",
    "explain (analyze) select * from read_text('/etc/passwd')",
    "explain analyze explain analyze select 1",
    "explain analyze select 1; select 2",
    "explain analyze with x as (select * from READ_BLOB('/etc/passwd')) select * from x",
    "summarize '/etc/passwd'",
    "describe select * from read_text('/etc/passwd')",
    "select * from (summarize 'x.csv')",
    "select list_transform([1], lambda x: getenv('HOME'))",
    "select * from core.landings where origin = (select content from read_text('/etc/passwd'))",
    "select * from range(3) t(n), lateral (select * from glob('/*' || n))",
    "from duckdb_secrets() union all from duckdb_secrets()",
    "with recursive r as (select 1 union all select * from postgres_query('ledger', 'select 1')) select * from r",
    "pivot core.landings on source using sum(landed)",
    "select * from __ducklake_metadata_lake.lake.ducklake_metadata",
    "select * from ledger.PG_CATALOG.pg_stat_activity",
    "with __ducklake as (select 1) select * from __DuckLake_metadata_lake.public.opportunities",
    "copy core.opportunity_aliases to '/tmp/x.parquet'",
    "copy (select 1) to 'x.csv'",
    "select * from postgres_query('ledger', 'select pg_sleep(1)')",
    "select * from postgres_execute('ledger', 'delete from opportunities')",
    "call postgres_execute('ledger', 'delete from opportunities')",
    "call ducklake_cleanup_old_files('lake', cleanup_all => true)",
    "select * from read_text('/etc/passwd')",
    "select * from read_csv_auto('/etc/passwd')",
    "select * from glob('/*')",
    "select * from '/etc/passwd'",
    "select * from 'x.parquet'",
    "from 'https://example.com/x.parquet'",
    "select * from query('select 1')",
    "select * from query_table('core.landings')",
    "select * from duckdb_settings()",
    "select * from duckdb_secrets()",
    "select getenv('HOME')",
    "select current_setting('temp_directory')",
    "attach '/tmp/other.db' as other",
    "detach lake",
    "set lock_configuration=false",
    "reset enable_external_access",
    "pragma database_list",
    "load httpfs",
    "install httpfs",
    "create table core.mine (x int)",
    "create temp table mine (x int)",
    "insert into core.opportunity_aliases values ('x', 'y')",
    "update core.opportunity_aliases set alias_id = 'x'",
    "delete from core.opportunity_aliases",
    "drop table core.opportunity_aliases",
    "begin",
    "prepare p as delete from core.opportunity_aliases",
    "execute p",
    "export database '/tmp/x'",
    "vacuum",
    "checkpoint",
    "use memory",
]


@pytest.mark.parametrize("statement", ATTACKS)
def test_what_is_no_plain_read_is_refused_before_it_runs(surface: Surface, home: Settings, statement: str) -> None:
    before = sorted(path for path in Path(home.lake).rglob("*") if path.is_file())
    with pytest.raises((NotPermitted, BadInput)):
        surface.run(statement)
    assert sorted(path for path in Path(home.lake).rglob("*") if path.is_file()) == before
    assert surface.run("select count(*) from core.opportunity_aliases").rows == [(5,)]


@pytest.mark.parametrize(
    "statement", ["", "-- nothing", "select 1; select 2", "select 1; drop table core.landings", "selct 1"]
)
def test_anything_but_one_statement_is_bad_input(surface: Surface, statement: str) -> None:
    with pytest.raises(BadInput):
        surface.run(statement)


@pytest.mark.parametrize("table", ["profiles", "auth_sessions", "audit_logs", "llm_cache"])
def test_people_sessions_and_the_log_are_not_an_analysts(surface: Surface, table: str) -> None:
    with pytest.raises((NotPermitted, BadInput)):
        surface.run(f"select * from ledger.{table}")


def test_no_password_can_be_seen(surface: Surface, home: Settings) -> None:
    shown = ""
    for statement in (
        "select * from information_schema.schemata",
        "select * from duckdb_tables()",
        "show databases",
        "select nothing from nowhere",
    ):
        try:
            shown += repr(surface.run(statement).rows)
        except (BadInput, NotPermitted) as error:
            shown += str(error)
    assert not any(password in shown for password in passwords(home).values())


def test_a_variable_of_ours_is_no_table(surface: Surface) -> None:
    leaked = [1, 2, 3]  # noqa: F841 - DuckDB's Python package would find it by name
    with pytest.raises(BadInput):
        surface.run("select * from leaked")
