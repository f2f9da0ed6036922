"""Each check holds over a sound store and fails over an example that breaks it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.discovery import checks
from tests.factories import AS_OF, empty_lake, land, notice
from tests.factories_ledger import opportunity, publish
from warehouse.domain.audit_event import AuditEvent
from warehouse.lake.connection import Cursor, open_lake
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough

LANDING = (
    "insert into core.landings (source, landing_order, sha256, feed, origin, fetched_at, next_position, next_offset, next_line,"
    " is_complete, landed, accepted, quarantined, unchanged, versions) values ('sam_gov', 1, 'x', 'bulk_csv', 'a.csv',"
    " '2026-04-01 00:00:00+00', {landed}, 0, 0, true, {landed}, {accepted}, {quarantined}, 0, {accepted})"
)


@pytest.fixture(autouse=True)
def _sound(home: Settings) -> Iterator[None]:
    empty_lake(open_lake())
    land(
        open_lake(),
        [
            notice("n1"),
            notice("n1", title="Changed", seen=2),
            notice("n2", response_deadline_precision="none", response_deadline_at=None),
        ],
    )
    spoil(LANDING.format(landed=3, accepted=3, quarantined=0))
    yield
    with open_ledger("procura_pipeline").deed(AuditEvent("test:cleared", "x", "system")) as deed:
        deed.execute("delete from opportunities")


def spoil(statement: str) -> None:
    def work(cursor: Cursor) -> None:
        cursor.execute(statement)

    open_lake().write(work)


ON_THE_LAKE: dict[Callable[..., checks.Finding], list[str]] = {
    checks.no_duplicate_current_notices: [
        "insert into core.notice_sightings select * replace ('other' as content_hash) from core.notice_sightings where last_seen_order = 2",
        "delete from core.notice_sightings where last_seen_order = 2",
        "insert into core.notice_versions select * from core.notice_versions where notice_id = 'n2'",
    ],
    checks.deadlines_carry_zones_or_marks: [
        "update core.notice_versions set response_deadline_offset_minutes = null where notice_id = 'n1'",
        "update core.notice_versions set response_deadline_raw = null where notice_id = 'n1'",
        "update core.notice_versions set response_deadline_precision = 'none' where notice_id = 'n1'",
        "update core.notice_versions set response_deadline_precision = 'guessed' where notice_id = 'n1'",
        "update core.notice_versions set response_deadline_offset_minutes = 9000 where notice_id = 'n1'",
    ],
    checks.codes_are_known: [
        "update core.notice_versions set naics_code = '990000'",
        "update core.notice_versions set psc_code = '??'",
        "update core.notice_versions set set_aside_code = 'FRIENDS'",
    ],
    checks.nothing_lost_between_layers: [
        "update core.landings set accepted = 2",
        "update core.landings set accepted = 2, quarantined = 1",
        "update core.landings set next_position = 4",
    ],
}


@pytest.mark.parametrize("check", ON_THE_LAKE, ids=lambda check: check.__name__)
def test_a_sound_lake_holds(check: Callable[..., checks.Finding]) -> None:
    holds, facts = check(open_lake())
    assert holds, facts


@pytest.mark.parametrize(("check", "statement"), [(c, s) for c, statements in ON_THE_LAKE.items() for s in statements])
def test_a_spoiled_lake_is_found(check: Callable[..., checks.Finding], statement: str) -> None:
    spoil(statement)
    holds, facts = check(open_lake())
    assert not holds, facts


def test_a_source_that_has_been_silent_for_two_days_is_not_fresh() -> None:
    now = datetime.now(UTC)
    assert not checks.source_is_fresh(open_ledger(), at=now)[0], "no source has ever answered"
    with open_ledger("procura_pipeline").deed(AuditEvent("test:answered", "sam_gov", "system")) as deed:
        deed.execute(
            "insert into connectors (name, auth_type, last_success_at) values ('sam_gov', 'none', %s)",
            [now - timedelta(hours=30)],
        )
    assert checks.source_is_fresh(open_ledger(), at=now)[0]
    holds, facts = checks.source_is_fresh(open_ledger(), at=now + timedelta(hours=18))
    assert not holds
    assert facts["silent"] == "sam_gov"


@pytest.mark.parametrize(
    ("outcome", "answered", "is_silent"),
    [("no_key", False, False), ("no_key", True, False), ("not_asked", False, False), ("not_asked", True, True),
     ("broken", False, True), ("key_refused", True, True), ("quota", True, True)],
)  # fmt: skip
def test_a_source_without_a_key_is_left_out_and_one_that_is_blind_is_not(
    outcome: str, *, answered: bool, is_silent: bool
) -> None:
    now, name = datetime.now(UTC), f"of_{outcome}_{answered}"
    with open_ledger("procura_pipeline").deed(AuditEvent("test:asked", name, "system")) as deed:
        deed.execute(
            "with c as (insert into connectors (name, auth_type, last_success_at) values (%s, 'none', %s) returning id)"
            " insert into discovery_runs (connector_id, status, outcome, started_at, finished_at)"
            " select id, 'success', %s, %s, %s from c",
            [name, now - timedelta(days=3) if answered else None, outcome, now, now],
        )
    assert (name in str(checks.source_is_fresh(open_ledger(), at=now)[1]["silent"])) is is_silent


def test_scores_hold_until_one_lacks_its_reason_or_disobeys_its_rule() -> None:
    publish([opportunity(1), opportunity(2)])
    assert checks.scores_in_range(open_ledger())[0]
    for change in ("fit_reasons = '[]'", "fit_rule = 'deadline_passed'", "recommendation = null"):
        with open_ledger("procura_pipeline").deed(AuditEvent("test:spoiled", "x", "system")) as deed:
            deed.execute(f"update opportunities set {change} where id = 'o00000001'")
        assert not checks.scores_in_range(open_ledger())[0], change


def test_the_ledger_must_show_exactly_what_the_lake_says_is_open() -> None:
    from pipelines.discovery.group import group_opportunities

    group_opportunities(open_lake(), as_of=AS_OF)
    holds, facts = checks.published_equals_open(open_lake(), open_ledger("procura_pipeline"))
    assert not holds
    assert facts["missing"] == 2
    publish([opportunity(7)])
    assert checks.published_equals_open(open_lake(), open_ledger("procura_pipeline"))[1]["extra"] == 1
