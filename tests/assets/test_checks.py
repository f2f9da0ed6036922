"""Each check of the graph fails on data that breaks it, and what depends on a blocking one is left alone."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import dagster as dg
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from assets.checks.codes_are_known import codes_are_known
from assets.checks.deadlines_carry_zones_or_marks import deadlines_carry_zones_or_marks
from assets.checks.no_duplicate_current_notices import no_duplicate_current_notices
from assets.checks.nothing_lost_between_layers import nothing_lost_between_layers
from assets.checks.published_equals_open import published_equals_open
from assets.checks.scores_in_range import scores_in_range
from assets.checks.source_is_fresh import source_is_fresh
from assets.definitions import build_definitions
from assets.resources import Stores, quiet_report
from pipelines.discovery.group import group_opportunities
from pipelines.discovery.publish import publish_opportunities
from tests.factories import AS_OF, empty_lake, land, notice
from warehouse.addresses import superuser_conninfo
from warehouse.audit.chain import append
from warehouse.audit.keys import audit_keys
from warehouse.clock import now
from warehouse.domain.audit_event import AuditEvent
from warehouse.lake.connection import open_lake
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough


def _holds(check: Any) -> bool:
    """Run one check as Dagster does."""
    result = check(stores=Stores())
    assert isinstance(result, dg.AssetCheckResult)
    return bool(result.passed)


@pytest.fixture
def lake_of_one(home: Settings) -> Iterator[None]:
    """A lake with one open notice, and nothing afterwards."""
    empty_lake(open_lake())
    land(open_lake(), [notice("a")])
    yield
    empty_lake(open_lake())


def _break(statement: str) -> None:
    open_lake().write(lambda cursor: cursor.execute(statement))


@pytest.fixture
def superuser(home: Settings) -> Iterator[psycopg.Connection]:
    """Whoever gets round the product's rights."""
    with psycopg.connect(make_conninfo("", **superuser_conninfo(home)), autocommit=True) as connection:
        yield connection


@pytest.mark.usefixtures("lake_of_one")
def test_two_current_versions_are_found() -> None:
    assert _holds(no_duplicate_current_notices)
    land(open_lake(), [notice("a", title="the same place in the same file")])
    assert not _holds(no_duplicate_current_notices)


@pytest.mark.usefixtures("lake_of_one")
def test_deadline_without_zone_or_mark_is_found() -> None:
    assert _holds(deadlines_carry_zones_or_marks)
    land(open_lake(), [notice("b", response_deadline_offset_minutes=None)])
    assert not _holds(deadlines_carry_zones_or_marks)


@pytest.mark.usefixtures("lake_of_one")
def test_unknown_codes_are_found() -> None:
    assert _holds(codes_are_known)
    land(open_lake(), [notice(str(number), naics_code="99", set_aside_code="XYZ") for number in range(20)])
    assert not _holds(codes_are_known)


@pytest.mark.usefixtures("lake_of_one")
def test_record_that_is_neither_accepted_nor_quarantined_is_found() -> None:
    assert _holds(nothing_lost_between_layers)
    _break(
        "insert into core.landings by name select 'sam_gov' as source, 1 as landing_order, 'x' as sha256,"
        " 'bulk_csv' as feed, 'day.csv' as origin, now() as fetched_at, 3 as next_position, 0 as next_offset,"
        " 0 as next_line, true as is_complete, 3 as landed, 2 as accepted, 0 as quarantined, 0 as unchanged, 2 as versions"
    )
    assert not _holds(nothing_lost_between_layers)


def test_silent_source_is_found(superuser: psycopg.Connection) -> None:
    superuser.execute(
        "insert into connectors (name, auth_type, last_success_at) values ('sam_gov', 'none', %s)"
        " on conflict (name) do update set last_success_at = excluded.last_success_at",
        [now()],
    )
    assert _holds(source_is_fresh)
    superuser.execute("update connectors set last_success_at = %s", [now() - timedelta(days=3)])
    assert not _holds(source_is_fresh)


@pytest.mark.usefixtures("lake_of_one")
def test_open_opportunity_that_is_not_published_is_found() -> None:
    group_opportunities(open_lake(), as_of=AS_OF)
    publish_opportunities(open_lake(), open_ledger("procura_pipeline"), as_of=AS_OF)
    assert _holds(published_equals_open)
    land(open_lake(), [notice("b")])
    group_opportunities(open_lake(), as_of=AS_OF)
    assert not _holds(published_equals_open)
    publish_opportunities(open_lake(), open_ledger("procura_pipeline"), as_of=AS_OF)


def test_score_without_a_reason_is_found(superuser: psycopg.Connection) -> None:
    assert _holds(scores_in_range)
    superuser.execute("update opportunities set fit_score = 50, recommendation = 'watch', fit_reasons = '[]'")
    assert not _holds(scores_in_range)
    superuser.execute("update opportunities set fit_score = null, recommendation = null")


def test_changed_audit_record_is_found_at_night_and_a_new_one_within_the_hour(
    home: Settings, superuser: psycopg.Connection
) -> None:
    with superuser.transaction():
        append(superuser, AuditEvent("thing:done", "1", "system", {"count": 1}), audit_keys(home))
    assert _log_holds("verify_whole_audit_log")
    with superuser.transaction():
        append(superuser, AuditEvent("thing:done", "2", "system", {"count": 2}), audit_keys(home))
    superuser.execute("alter table audit_logs disable trigger refuse_change")
    superuser.execute("update audit_logs set subject = '3' where seq = (select max(seq) from audit_logs)")
    assert not _log_holds("verify_new_audit_records")
    superuser.execute("update audit_logs set subject = '2' where seq = (select max(seq) from audit_logs)")
    superuser.execute("alter table audit_logs enable always trigger refuse_change")
    assert _log_holds("verify_new_audit_records")
    superuser.execute("alter table audit_logs disable trigger refuse_change")
    superuser.execute("update audit_logs set subject = '2' where seq = 1")
    superuser.execute("alter table audit_logs enable always trigger refuse_change")
    assert _log_holds("verify_new_audit_records"), "what was accepted before is not looked at again each hour"
    assert not _log_holds("verify_whole_audit_log")


def _log_holds(job: str) -> bool:
    """Run the check as one of its two jobs does."""
    result = build_definitions(quiet_report).get_job_def(job).execute_in_process(raise_on_error=False)
    return all(found.passed for found in result.get_asset_check_evaluations())
