"""What the product starts by itself in each mode, and that it never goes beyond signatures, ceiling and profile."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.administration.system_settings import set_setting
from pipelines.submission.autonomy import autonomy_of, start_by_itself
from pipelines.submission.look_up import find_submission
from pipelines.submission.workspace import set_value
from tests.factories_approvals import HERE_FIELDS, approved_offer, ready_offer, send, sign_as
from tests.factories_deliveries import FIELDS, Team, new_office, new_team, newest_run, use_profile, work
from tests.factories_people import new_person
from tests.fakes.office import Office
from warehouse import clock
from warehouse.domain.access import Person, Role
from warehouse.domain.autonomy import AutonomyMode, OwnStart, fault_of_start
from warehouse.domain.delivery import Outcome, RunStatus
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings, current

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def admin(home: Settings) -> Person:
    use_profile()
    return new_person(Role.ADMIN)


@pytest.fixture
def team(admin: Person) -> Iterator[Team]:
    yield new_team()
    set_setting(open_ledger(), "autonomy_mode", "manual", by=admin)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return new_office(tmp_path)


def offer_of(team: Team, value: str | None, *, signed: bool = True) -> str:
    offer = ready_offer(team.owner, executor="browser", fields=FIELDS)
    if value is not None:
        version = find_submission(open_ledger(), offer, by=team.owner).version
        set_value(open_ledger(), offer, Decimal(value), version=version, by=team.owner)
    manifest = send(offer, team.owner)
    sign_as(offer, manifest, team.legal)
    if signed:
        sign_as(offer, manifest, team.finance)
    return offer


def begin(admin: Person, mode: str) -> list[str]:
    set_setting(open_ledger(), "autonomy_mode", mode, by=admin)
    return start_by_itself(open_ledger(), current(), at=clock.now())


@pytest.mark.parametrize(
    ("mode", "start_", "value", "may"),
    [
        ("manual", "dry_run", 1, False), ("manual", "delivery", 1, False), ("supervised", "dry_run", None, True),
        ("supervised", "delivery", 1, False), ("autonomous", "dry_run", None, True), ("autonomous", "delivery", 100, True),
        ("autonomous", "delivery", 101, False), ("autonomous", "delivery", None, False),
    ],
)  # fmt: skip
def test_table_of_modes(mode: str, start_: str, value: int | None, may: bool) -> None:
    worth = None if value is None else Decimal(value)
    fault = fault_of_start(OwnStart(start_), AutonomyMode(mode), value_usd=worth, ceiling_usd=Decimal(100))
    assert (fault == "") is may


def test_manual_starts_nothing(admin: Person, team: Team) -> None:
    offer_of(team, "1000")
    assert begin(admin, "manual") == []


def test_supervised_tries_each_package_once_and_delivers_none(admin: Person, team: Team, office: Office) -> None:
    offer = offer_of(team, "1000")
    assert begin(admin, "supervised")
    work(office)
    run = newest_run(offer, team.owner).delivery
    assert (run.is_dry_run, run.status, run.starter) == (True, RunStatus.SUCCESS, "system")
    assert run.id not in begin(admin, "supervised")
    assert newest_run(offer, team.owner).delivery.id == run.id
    assert office.all_references() == []


def test_autonomous_delivers_what_all_have_signed_below_the_ceiling(admin: Person, team: Team, office: Office) -> None:
    small, large, unknown = offer_of(team, "250000"), offer_of(team, "250000.01"), offer_of(team, None)
    half = offer_of(team, "1000", signed=False)
    begin(admin, "autonomous")
    work(office)
    assert newest_run(small, team.owner).delivery.outcome is Outcome.ACCEPTED
    for offer in (large, unknown):  # tried up to the last act, and no further
        runs = newest_run(offer, team.owner).delivery
        assert (runs.is_dry_run, runs.number) == (True, 1)
    with pytest.raises(IndexError):
        newest_run(half, team.owner)


def test_what_failed_is_asked_for_again_by_a_person_and_not_by_the_machine(
    admin: Person, team: Team, office: Office
) -> None:
    office.plan("closed")
    offer = offer_of(team, "1000")
    begin(admin, "autonomous")
    work(office)
    assert newest_run(offer, team.owner).delivery.outcome is Outcome.REFUSED
    begin(admin, "autonomous")
    assert newest_run(offer, team.owner).delivery.number == 1


def test_autonomy_that_was_switched_off_meanwhile_delivers_nothing(admin: Person, team: Team, office: Office) -> None:
    offer = offer_of(team, "1000")
    begin(admin, "autonomous")
    set_setting(open_ledger(), "autonomy_mode", "supervised", by=admin)
    work(office)
    run = newest_run(offer, team.owner).delivery
    assert (run.status, run.outcome) == (RunStatus.FAILED, Outcome.NONE)
    assert "autonomy is supervised" in run.message
    assert office.all_references() == []


def test_hand_over_is_never_started_by_the_machine(admin: Person, team: Team) -> None:
    offer, _ = approved_offer(team.owner, team.legal, team.finance, executor="assisted", fields=HERE_FIELDS)
    begin(admin, "autonomous")
    with pytest.raises(IndexError):
        newest_run(offer, team.owner)


def test_as_of_starts_nothing(admin: Person, team: Team) -> None:
    offer_of(team, "1000")
    set_setting(open_ledger(), "autonomy_mode", "autonomous", by=admin)
    back = current().model_copy(update={"as_of": clock.now()})
    assert start_by_itself(open_ledger(), back, at=clock.now()) == []


def test_stored_nonsense_is_the_most_careful_mode(home: Settings) -> None:
    with open_ledger().read() as tx:
        assert autonomy_of(tx)[1] == Decimal(250_000)
