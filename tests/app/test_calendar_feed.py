"""The route of calendars on the running app: no session, no cookie, the same answer for whatever opens nothing."""

import time
from collections.abc import Iterator
from statistics import median

import httpx
import pytest

from pipelines.administration.calendar_feeds import FREE_TRIES, list_feeds, new_feed, revoke_feed
from tests.app_server import Served, serve
from tests.factories_people import new_person
from tests.factories_submissions import new_submission
from warehouse import clock
from warehouse.domain.access import Person
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def served(home: Settings) -> Iterator[Served]:
    with serve(home) as found:
        yield found


def feed(by: Person, name: str = "x") -> str:
    return new_feed(open_ledger(), name, at=clock.now(), by=by).path


def test_a_calendar_is_served_without_a_session_and_its_address_is_in_no_log(served: Served) -> None:
    owner = new_person()
    new_submission(owner, due_date=clock.now().replace(year=clock.now().year + 1), title="Lamps")
    path = feed(owner)
    answer = httpx.get(served.address + path, headers={"cookie": "procura_session=x"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    assert "set-cookie" not in answer.headers
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "Due: Lamps" in answer.text
    assert httpx.head(served.address + path).status_code == 200
    token = path.removeprefix("/calendar/").removesuffix(".ics")
    assert token not in served.log.read_text()


def test_what_opens_nothing_is_one_answer_in_one_time(served: Served) -> None:
    """Unknown, revoked and disabled differ by less than the spread of any of them."""
    revoker, disabled = new_person(), new_person()
    revoked, of_disabled = feed(revoker), feed(disabled)
    (known,) = list_feeds(open_ledger(), by=revoker)
    revoke_feed(open_ledger(), known.id, at=clock.now(), by=revoker)
    with open_ledger().housekeeping() as tx:
        tx.execute("update profiles set is_disabled = true where id = %s", [disabled.id])
    paths = {"unknown": "/calendar/" + "x" * 43 + ".ics", "revoked": revoked, "disabled": of_disabled}
    taken: dict[str, list[float]] = {name: [] for name in paths}
    answers = set()
    with httpx.Client(base_url=served.address) as client:
        for _ in range(6):  # 18 tries: before the pauses for guessing begin
            for name, path in paths.items():
                began = time.perf_counter()
                answer = client.get(path)
                taken[name].append(time.perf_counter() - began)
                answers.add(
                    (answer.status_code, answer.content, tuple(sorted(n for n in answer.headers if n != "date")))
                )
    assert len(answers) == 1
    assert next(iter(answers))[0] == 404
    middles = [median(times) for times in taken.values()]
    assert max(middles) - min(middles) < max(max(times) - min(times) for times in taken.values())


def test_guessing_ends_in_pauses_and_writing_is_for_nobody(served: Served) -> None:
    codes = [httpx.get(f"{served.address}/calendar/guess{n}.ics").status_code for n in range(30)]
    assert set(codes) == {404, 429}
    # Each pause is twice the one before: the first may be over with the next guess on a slow machine, not five of them.
    assert codes.count(404) <= FREE_TRIES + 4
    owner = new_person()
    assert httpx.get(served.address + feed(owner)).status_code == 200  # a right address is not slowed down
    assert httpx.post(f"{served.address}/calendar/x.ics").status_code == 401
