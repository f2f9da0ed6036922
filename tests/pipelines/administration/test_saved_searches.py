from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from pipelines.administration.saved_searches import (
    list_searches,
    remove_search,
    save_search,
    tell_new_matches,
    watch_search,
)
from tests.factories_ledger import opportunity, publish
from tests.factories_people import new_person
from warehouse.domain.access import Person, Role
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.fit import Recommendation
from warehouse.domain.opportunity import OpportunityStatus
from warehouse.errors import BadInput, NotFound
from warehouse.ledger.notifications import list_notifications
from warehouse.ledger.opportunity_filter import OpportunityFilter, Sort
from warehouse.ledger.saved_searches import SavedSearch
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough

SAVED = datetime(2026, 4, 9, 15, tzinfo=UTC)  # Thursday
MORNING = datetime(2026, 4, 10, 11, tzinfo=UTC)  # Friday 07:00 EDT
numbers = count(800_000)


def published(word: str, **changes: object) -> str:
    found = opportunity(next(numbers), title=f"{word} of the firm", **changes)
    publish([found])
    return str(found["id"])


def save(by: Person, word: str, **changes: object) -> SavedSearch:
    wanted = OpportunityFilter(text=word, **changes)  # type: ignore[arg-type]
    return save_search(open_ledger(), word, f"q={word}", wanted, at=SAVED, world_at=SAVED, by=by)


def tell(at: datetime) -> int:
    return tell_new_matches(open_ledger(), at=at, world_at=at)


def told(person: Person) -> list[str]:
    with open_ledger().read(person) as tx:
        return [notice.text for notice in reversed(list_notifications(tx, person.id))]


def test_new_matches_are_told_the_next_morning_once_and_old_ones_never(home: Settings) -> None:
    viewer = new_person(Role.VIEWER)
    published("gyroscope")
    save(viewer, "gyroscope")
    published("gyroscope", fit_score=81)
    published("gyroscope", fit_score=90)
    assert tell(MORNING - timedelta(minutes=1)) == 0
    assert tell(MORNING) == 1
    assert tell(MORNING + timedelta(hours=1)) == 0
    assert told(viewer) == ["gyroscope: 2 new matches. gyroscope of the firm (fit 90); gyroscope of the firm (fit 81)"]


def test_a_morning_without_news_is_silent_and_a_long_pause_tells_everything_once(home: Settings) -> None:
    viewer = new_person(Role.VIEWER)
    save(viewer, "barometer")
    assert tell(MORNING) == 0
    published("barometer")
    assert tell(MORNING + timedelta(hours=2)) == 0
    assert tell(MORNING + timedelta(days=6)) == 1
    assert told(viewer) == ["barometer: 1 new match. barometer of the firm (fit 72)"]


def test_what_the_firm_has_declined_is_left_out(home: Settings) -> None:
    viewer, officer = new_person(Role.VIEWER), new_person()
    save(viewer, "sextant")
    declined = published("sextant")
    with open_ledger().deed(AuditEvent("opportunity:status_set", declined, officer.id), officer) as deed:
        deed.execute(
            "update opportunities set status = 'disqualified', status_changed_at = now(), status_changed_by = %s where id = %s",
            [officer.id, declined],
        )
    assert tell(MORNING) == 0


def test_a_search_that_is_not_watched_and_one_of_a_disabled_person_tell_nothing(home: Settings) -> None:
    viewer, gone = new_person(Role.VIEWER), new_person()
    watch_search(open_ledger(), save(viewer, "theodolite").id, False, by=viewer)
    save(gone, "theodolite")
    with open_ledger().housekeeping() as tx:
        tx.execute("update profiles set is_disabled = true where id = %s", [gone.id])
    published("theodolite")
    assert tell(MORNING) == 0


def test_every_filter_comes_back_as_it_was_saved(home: Settings) -> None:
    wanted = OpportunityFilter(
        text="x", agencies=("A",), naics=("54",), psc=("DA",), set_asides=("", "SBA"), notice_types=("Solicitation",),
        statuses=(OpportunityStatus.NEW,), recommendations=(Recommendation.PURSUE,), fit_min=50, due_within_days=30,
        places=("NC",), closed=True, sort=Sort.FIT,
    )  # fmt: skip
    viewer = new_person(Role.VIEWER)
    save_search(open_ledger(), "all", "q=x", wanted, at=SAVED, world_at=SAVED, by=viewer)
    (found,) = list_searches(open_ledger(), by=viewer)
    assert found.wanted == wanted


def test_names_are_needed_and_taken_once_and_searches_are_bounded(home: Settings) -> None:
    viewer = new_person(Role.VIEWER)
    save(viewer, "compass")
    for word in ("Compass", " ", "x" * 81):
        with pytest.raises(BadInput):
            save(viewer, word)
    published("astrolabe")
    wanted = OpportunityFilter(text="astrolabe")
    with pytest.raises(BadInput, match="more than 0 matches"):
        save_search(open_ledger(), "a", "q=a", wanted, at=SAVED, world_at=SAVED, by=viewer, most=0)
    assert len(list_searches(open_ledger(), by=viewer)) == 1


def test_nobody_touches_anothers_search(home: Settings) -> None:
    viewer, other = new_person(Role.VIEWER), new_person(Role.ADMIN)
    search = save(viewer, "octant")
    with pytest.raises(NotFound):
        remove_search(open_ledger(), search.id, by=other)
    with pytest.raises(NotFound):
        watch_search(open_ledger(), search.id, False, by=other)
    assert list_searches(open_ledger(), by=other) == []
    remove_search(open_ledger(), search.id, by=viewer)
    assert list_searches(open_ledger(), by=viewer) == []
