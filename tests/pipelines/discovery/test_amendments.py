"""An amended notice on its way through the lake: publishing lets the offers meet it, says so in the log and tells people."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipelines.discovery.group import group_opportunities
from pipelines.discovery.publish import publish_opportunities
from pipelines.submission.activity import read_activity
from pipelines.submission.look_up import find_submission
from pipelines.submission.notice_changes import read_changes
from pipelines.submission.workspace import open_workspace
from tests.factories import AS_OF, empty_lake, land, notice, opportunity_id
from tests.factories_people import new_person
from warehouse.domain.access import Person
from warehouse.lake.connection import open_lake
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough

POSTED = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def owner(home: Settings) -> Iterator[Person]:
    empty_lake(open_lake())
    yield new_person()
    empty_lake(open_lake())


def publish(*rows: dict[str, Any], as_of: datetime = AS_OF) -> None:
    if rows:
        land(open_lake(), rows)
    group_opportunities(open_lake(), as_of=as_of)
    publish_opportunities(open_lake(), open_ledger("procura_pipeline"), as_of=as_of)


def actions(submission_id: str, by: Person) -> list[str]:
    return [h.action for h in read_activity(open_ledger(), submission_id, by=by) if h.who == "system"][::-1]


def test_an_amended_notice_meets_the_offer_as_it_is_published_and_an_unchanged_one_does_not(owner: Person) -> None:
    publish(notice("a1", group="A", posted_at=POSTED, set_aside_code="SBA"))
    submission_id = open_workspace(open_ledger(), opportunity_id("A"), at=AS_OF, by=owner)
    publish(notice("b1", group="B", posted_at=POSTED))
    assert read_changes(open_ledger(), submission_id, by=owner) == []
    publish(notice("a2", group="A", posted_at=POSTED + timedelta(days=5), set_aside_code="8A", title="Amended"))
    (change,) = read_changes(open_ledger(), submission_id, by=owner)
    assert [field.field for field in change.fields] == ["set_aside_code", "title"]
    assert actions(submission_id, owner) == ["submission:notice_changed"]
    with open_ledger().read(owner) as tx:
        assert [row["kind"] for row in tx.rows("select kind from notifications")] == ["notice_changed"]
    publish()
    assert len(read_changes(open_ledger(), submission_id, by=owner)) == 1


def test_a_deadline_that_passes_in_the_world_that_is_looked_at_is_no_change(owner: Person) -> None:
    publish(notice("d1", group="D", posted_at=POSTED))
    submission_id = open_workspace(open_ledger(), opportunity_id("D"), at=AS_OF, by=owner)
    publish(as_of=AS_OF + timedelta(days=60))
    with open_ledger().read(owner) as tx:
        row = tx.row("select is_open from opportunities where id = %s", [opportunity_id("D")])
    assert row == {"is_open": False}
    assert read_changes(open_ledger(), submission_id, by=owner) == []


def test_an_offer_follows_its_solicitation_through_regrouping_and_back(owner: Person) -> None:
    publish(notice("o1", group="OLD", posted_at=POSTED))
    submission_id = open_workspace(open_ledger(), opportunity_id("OLD"), at=AS_OF, by=owner)
    publish(notice("o1", group="NEW", posted_at=POSTED, seen=2))
    assert find_submission(open_ledger(), submission_id, by=owner).opportunity_id == opportunity_id("NEW")
    publish()
    assert actions(submission_id, owner) == ["submission:moved"]
    publish(notice("o1", group="OLD", posted_at=POSTED, seen=3))
    assert find_submission(open_ledger(), submission_id, by=owner).opportunity_id == opportunity_id("OLD")
    assert actions(submission_id, owner) == ["submission:moved", "submission:moved"]
