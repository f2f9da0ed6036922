"""Questions in batches against both vendors' protocols, through the vendors' own SDKs and a real ledger."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest

from pipelines.administration.system_settings import set_setting
from pipelines.qualification.assess import Assessed, assess_opportunities, plan_assessments
from pipelines.qualification.bulk import PATIENCE
from pipelines.qualification.bulk_follow import follow_batches
from pipelines.qualification.bulk_provider import BulkProvider
from pipelines.qualification.bulk_read import ABSENT_AFTER
from pipelines.qualification.provider import find_provider
from pipelines.qualification.qualify import qualify_open_opportunities
from tests.factories_ledger import AT, opportunity, publish
from tests.factories_people import new_person
from tests.fakes.model_batches import Batches, Fate, Fault
from tests.fakes.model_vendors import Manner, Vendor, Vendors, silent_points, vendors_here
from warehouse.domain.access import Role
from warehouse.domain.assessment import Stage
from warehouse.ledger.assessments import Kept, assessments_of
from warehouse.ledger.llm_batches import Batch, unfinished
from warehouse.ledger.llm_calls import spent
from warehouse.ledger.store import Row, open_ledger
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough

NETWORK = "The contractor shall operate the campus network. It is set aside for small businesses of this industry."
LOOK = timedelta(minutes=20)
VENDORS = ("anthropic", "openai")
numbers = count(1)
months = count()


@pytest.fixture(scope="module", autouse=True)
def _published(home: Settings) -> None:
    """Opportunities that the ranker passes on, enough for all tests; each is another question."""
    said = {"title": "Network operations and cyber security", "psc_code": "DJ01"}
    plain = {"fit_score": None, "recommendation": None, "fit_reasons": [], "scorer": None}
    publish([opportunity(n, description=f"{NETWORK} Site {n}.", **said, **plain) for n in range(1, 301)])
    qualify_open_opportunities(open_ledger("procura_pipeline"), as_of=AT)
    set_setting(open_ledger(), "llm_provider", "anthropic", by=new_person(Role.ADMIN))


@pytest.fixture
def vendors(home: Settings) -> Iterator[Vendors]:
    with vendors_here() as running:
        running.anthropic.analysis = running.openai.analysis = lambda _: good()
        yield running


@dataclass
class World:
    """One vendor's batches, and a clock of a month in which no other test has spent."""

    name: str
    vendor: Vendor
    batches: Batches
    other: Vendor
    now: datetime

    def ask(self, ids: list[str]) -> Assessed:
        """Ask about these in bulk."""
        return assess_opportunities(
            open_ledger("procura_pipeline"), ids, provider=self.name, clock=lambda: self.now, in_bulk=True
        )

    def follow(self, later: timedelta = LOOK) -> Assessed:
        """Look at the batches a while later."""
        self.now += later
        return follow_batches(open_ledger("procura_pipeline"), clock=lambda: self.now)

    def rows(self, statement: str) -> list[Row]:
        """Read of this test's month."""
        with open_ledger().read() as tx:
            return tx.rows(statement, {"since": self.since})

    def __post_init__(self) -> None:
        self.since = self.now

    def calls(self) -> list[Row]:
        """Every call, in the order of asking."""
        return self.rows(
            "select * from llm_calls where asked_at >= %(since)s order by asked_at, purpose desc, custom_id"
        )

    def states(self) -> Counter[str]:
        """How many calls are in which state, with their purpose and whether a batch has them."""
        return Counter(
            f"{row['purpose']} {row['state']}{' in batch' if row['batch_id'] else ''}" for row in self.calls()
        )

    def ended(self) -> list[str]:
        """How each batch ended, the oldest first."""
        return [
            row["ended"]
            for row in self.rows(
                "select ended from llm_batches where made_at >= %(since)s order by made_at, purpose desc"
            )
        ]


@pytest.fixture(params=VENDORS)
def world(request: pytest.FixtureRequest, vendors: Vendors) -> Iterator[World]:
    n = next(months)
    start = datetime(2031 + n // 12, 1 + n % 12, 10, 12, tzinfo=UTC)
    is_claude = request.param == "anthropic"
    first, second = (vendors.anthropic, vendors.openai) if is_claude else (vendors.openai, vendors.anthropic)
    world = World(request.param, first, vendors.claude if is_claude else vendors.gpt, second, start)
    vendors.claude.clock = vendors.gpt.clock = lambda: world.now
    yield world
    world.now += PATIENCE
    follow_batches(open_ledger("procura_pipeline"), clock=lambda: world.now + PATIENCE)


def good() -> str:
    claim = {
        "verdict": "for",
        "confidence": 90,
        "claim": "so it is",
        "quotes": [{"field": "description", "text": "operate the campus network"}],
    }
    return silent_points(work=claim, experience=claim)


def some(many: int) -> list[str]:
    """Return so many opportunities that nobody was asked about."""
    return [f"o{next(numbers):08d}" for _ in range(many)]


def kept(opportunity_id: str) -> list[Kept]:
    with open_ledger().read() as tx:
        return assessments_of(tx, opportunity_id)


def open_batches() -> list[Batch]:
    with open_ledger().read() as tx:
        return unfinished(tx)


def concluded(ids: list[str]) -> list[str]:
    """Those with an analysis."""
    return [one for one in ids if any(kept_one.assessment.stage is Stage.ANALYSIS for kept_one in kept(one))]


def fates(*given: Fate) -> Callable[[int, str], Fate]:
    return lambda place, _: given[place] if place < len(given) else Fate.SUCCEEDED


def test_both_vendors_take_batches(home: Settings) -> None:
    assert all(isinstance(find_provider(name), BulkProvider) for name in VENDORS)


def test_triage_and_then_analysis_go_through_batches_at_half_price(world: World, vendors: Vendors) -> None:
    ids = some(3)
    sent = world.ask(ids)
    assert (sent.in_batch, sent.asked, sent.unanswered) == (3, 0, 0)
    (batch,) = open_batches()
    assert (batch.purpose, batch.questions, batch.state, batch.vendor_id) == (
        Stage.TRIAGE,
        3,
        "sent",
        world.batches.made[0].id,
    )
    read = world.follow()
    assert (read.in_batch, [len(kept(one)) for one in ids]) == (3, [1, 1, 1])
    done = world.follow()
    assert (dict(done.by_outcome), open_batches()) == ({"concluded": 3}, [])
    assert (vendors.asked, world.ended()) == (0, ["read", "read"])
    for call in world.calls():
        # 1,000 tokens in and 100 out: half of 0.10 and 0.50, of 2 and 10, for a million
        cost = Decimal("0.000075") if call["purpose"] == "triage" else Decimal("0.0015")
        assert (call["state"], call["cost_usd"], call["price"]["batch"]) == ("answered", cost, "0.5")
        assert call["custom_id"].startswith(str(call["batch_id"]).replace("-", ""))
        assert call["latency_ms"] is None
    assert [one.assessment.cost_usd for one in kept(ids[0])] == [Decimal("0.0015"), Decimal("0.000075")]
    assert len(world.batches.deleted) >= 2, "nothing of it is left at the vendor"


def test_a_batch_that_goes_on_is_left_alone_and_nobody_waits_for_it(world: World, vendors: Vendors) -> None:
    world.batches.ends_after = 2
    ids = some(2)
    world.ask(ids)
    assert world.follow().waiting == 0
    assert world.ask(ids).in_batch == 2, "it is in the batch that is open, not in a second one"
    assert len(world.batches.made) == 1
    world.follow()
    world.follow()
    assert len(world.batches.made) == 2
    assert vendors.asked == 0


def test_what_is_in_an_open_batch_is_planned_no_more(world: World) -> None:
    ids = some(2)
    ledger = open_ledger("procura_pipeline")
    assert set(ids) <= set(plan_assessments(ledger, at=AT, provider=world.name).ids)
    world.ask(ids)
    assert not set(ids) & set(plan_assessments(ledger, at=AT, provider=world.name).ids)


def test_many_are_planned_for_batches_at_their_price_and_few_are_not(world: World) -> None:
    some(3)
    ledger, admin = open_ledger("procura_pipeline"), new_person(Role.ADMIN)
    assert not plan_assessments(ledger, at=AT, provider=world.name, limit=3).is_bulk
    set_setting(open_ledger(), "llm_batch_from", "3", by=admin)
    try:
        bulk = plan_assessments(ledger, at=AT, provider=world.name, limit=3)
        singly = plan_assessments(ledger, at=AT, provider=world.name, limit=3, singly=True)
        assert (bulk.is_bulk, singly.is_bulk) == (True, False)
        assert bulk.usd * 2 - singly.usd < Decimal("0.000010")
        set_setting(open_ledger(), "llm_batch_from", "0", by=admin)
        assert not plan_assessments(ledger, at=AT, provider=world.name, limit=3).is_bulk
    finally:
        set_setting(open_ledger(), "llm_batch_from", "20", by=admin)


def test_each_way_to_end_is_settled_once_and_what_got_no_answer_is_asked_by_itself(
    world: World, vendors: Vendors
) -> None:
    ids = some(6)
    world.batches.fate = fates(Fate.SUCCEEDED, Fate.ERRORED, Fate.CANCELED, Fate.EXPIRED, Fate.DOUBLED, Fate.ODD)
    world.ask(ids)
    world.batches.fate = fates()
    world.follow()
    assert world.states() == {
        "triage answered in batch": 2, "triage failed in batch": 3, "triage lost in batch": 1, "triage answered": 4,
        "analysis open in batch": 6,
    }  # fmt: skip
    assert [row["cost_usd"] for row in world.calls() if row["state"] == "failed"] == [0, 0, 0]
    assert all(row["cost_usd"] == row["reserved_usd"] for row in world.calls() if row["state"] == "lost")
    assert len(world.vendor.asked) == 4
    world.follow()
    assert (concluded(ids), open_batches()) == (ids, [])


def test_results_that_nobody_asked_for_are_left_alone(world: World) -> None:
    ids = some(2)
    world.batches.strays = [
        json.dumps(world.batches.line("of-somebody-else-0", {}, Fate.ERRORED)), "[]", '{"custom_id": 7}', "", "\x00", '"\u2028"',
    ]  # fmt: skip
    world.ask(ids)
    world.follow()
    world.follow()
    assert (concluded(ids), world.states()) == (ids, {"triage answered in batch": 2, "analysis answered in batch": 2})


@pytest.mark.parametrize("manner", [Manner.MALFORMED, Manner.REFUSES, Manner.TRUNCATED])
def test_an_answer_that_cannot_be_used_is_paid_once_and_the_other_vendor_asked_by_itself(
    world: World, vendors: Vendors, manner: Manner
) -> None:
    ids = some(2)
    world.vendor.manner = manner
    world.ask(ids)
    world.follow()
    world.vendor.manner = Manner.ANSWERS
    world.follow()
    triage = [one.assessment for one in kept(ids[0]) if one.assessment.stage is Stage.TRIAGE]
    assert [one.provider for one in triage] == [name for name in VENDORS if name != world.name]
    assert (len(world.vendor.asked), len(world.other.asked)) == (0, 2)
    assert concluded(ids) == ids


@pytest.mark.parametrize("fate", [Fate.MISSING, Fate.MALFORMED])
def test_a_question_that_the_results_do_not_speak_of_is_looked_for_until_patience_ends_and_then_counts_whole(
    world: World, fate: Fate
) -> None:
    ids = some(2)
    world.batches.fate = fates(fate)
    world.ask(ids)
    world.batches.fate = fates()
    world.follow()
    assert world.states() == {"triage open in batch": 1, "triage answered in batch": 1, "analysis open in batch": 1}
    world.follow(PATIENCE - LOOK)
    assert world.states()["triage open in batch"] == 1
    world.follow()
    assert world.states()["triage lost in batch"] == 1
    world.follow()
    assert (concluded(ids), world.ended()[0]) == (ids, "lost")


def test_results_that_are_cut_off_are_read_again(world: World) -> None:
    ids = some(4)
    world.ask(ids)
    world.batches.faults["results"] = [Fault.CUTS]
    world.follow()
    assert 0 < world.states()["triage open in batch"] < 4
    world.follow()
    world.follow()
    assert concluded(ids) == ids
    assert world.states() == {"triage answered in batch": 4, "analysis answered in batch": 4}


@pytest.mark.parametrize("endpoint", ["look", "results", "delete"])
def test_a_vendor_that_fails_at_reading_is_asked_again_and_nothing_is_paid_twice(
    world: World, vendors: Vendors, endpoint: str
) -> None:
    ids = some(2)
    world.ask(ids)
    # Each three times: the SDK tries that often within one look.
    ways = (Fault.LIMITED, Fault.BROKEN, Fault.HANGS_UP, Fault.LOSES_ANSWER)
    world.batches.faults[endpoint] = [fault for fault in ways for _ in range(3)]
    for _ in range(len(ways) + 2):
        world.follow()
    assert (concluded(ids), vendors.asked, world.ended()) == (ids, 0, ["read", "read"])
    assert max(Counter(world.batches.answered).values()) == 1


@pytest.mark.parametrize("fault", [Fault.LIMITED, Fault.REJECTED])
def test_a_refused_batch_costs_nothing_and_its_questions_are_asked_by_themselves(
    world: World, vendors: Vendors, fault: Fault
) -> None:
    ids = some(2)
    world.batches.faults["create"] = [fault]
    world.ask(ids)
    assert (world.ended(), world.states()) == (["refused"], {"triage failed in batch": 2})
    with open_ledger().read() as tx:
        assert spent(tx, at=world.now).day == 0
    world.follow()
    assert (len(world.vendor.asked), len(world.batches.made)) == (2, 1), (
        "triage by itself, then a batch of the analyses"
    )
    world.follow()
    assert concluded(ids) == ids


def test_a_file_that_the_second_vendor_does_not_accept_fails_whole_and_costs_nothing(world: World) -> None:
    if world.name != "openai":
        pytest.skip("a Message Batch never fails as a whole")
    ids = some(2)
    world.batches.is_failing = True
    world.ask(ids)
    world.follow()
    world.batches.is_failing = False
    assert (world.ended()[0], world.states()["triage failed in batch"]) == ("refused", 2)
    world.follow()
    assert concluded(ids) == ids


@pytest.mark.parametrize("fault", [Fault.LOSES_ANSWER, Fault.CUTS])
def test_a_batch_whose_answer_was_lost_is_found_and_never_sent_twice(
    world: World, vendors: Vendors, fault: Fault
) -> None:
    ids = some(3)
    others(world, 5)
    world.batches.faults["create"] = [fault]
    world.batches.ends_after = 3
    world.ask(ids)
    assert open_batches()[0].state == "intended"
    assert open_batches()[0].most_usd > 0
    for _ in range(8):
        world.ask(ids)
        world.follow()
    world.batches.ends_after = 0
    world.follow()
    world.follow()
    assert (concluded(ids), vendors.asked) == (ids, 0)
    assert max(Counter(world.batches.answered).values()) == 1
    assert set(world.ended()) == {"read"}


def others(world: World, many: int) -> None:
    """Batches of somebody else with the same key, some of as many questions."""
    for n in range(many):
        asked = [(f"of-somebody-else-{n}-{i}", json.loads(STRANGE[world.name] % f"{n} {i}")) for i in range(3)]
        world.batches.create("msgbatch_" if world.name == "anthropic" else "batch_", asked, {})


STRANGE = {
    "anthropic": '{"model": "m", "output_config": {}, "messages": [{"role": "user", "content": "%s"}]}',
    "openai": '{"model": "m", "text": {"format": {"name": "x"}}, "input": "%s"}',
}


@pytest.mark.parametrize("fault", [Fault.HANGS_UP, Fault.BROKEN])
def test_a_batch_that_never_arrived_is_let_go_after_looking_and_sent_anew(
    world: World, vendors: Vendors, fault: Fault
) -> None:
    ids = some(2)
    world.batches.faults["create"] = [fault]
    world.ask(ids)
    assert not world.batches.made
    world.follow(ABSENT_AFTER - timedelta(seconds=1))
    assert world.states() == {"triage open in batch": 2}, "whoever wrote it down may be sending it now"
    world.follow()
    assert world.ended()[0] == "absent"
    assert len(world.batches.made) == 1
    world.follow()
    world.follow()
    assert (concluded(ids), vendors.asked) == (ids, 0)


def test_a_vendor_that_takes_no_batch_is_asked_question_by_question_in_the_end(world: World) -> None:
    ids = some(2)
    world.batches.faults["create"] = [Fault.BROKEN] * 3
    world.ask(ids)
    for _ in range(5):
        world.follow()
    assert world.ended()[:3] == ["absent"] * 3
    assert (len(world.vendor.asked), concluded(ids)) == (2, ids)


def test_while_the_vendor_cannot_say_what_may_have_arrived_stays_set_aside(world: World) -> None:
    ids = some(2)
    world.batches.faults["create"] = [Fault.LOSES_ANSWER]
    world.ask(ids)
    world.batches.faults["list"] = [Fault.BROKEN] * 9
    for _ in range(3):
        world.follow()
    (batch,) = open_batches()
    assert (batch.state, "HTTP 500" in batch.fault, batch.most_usd > 0) == ("intended", True, True)
    assert len(world.batches.made) == 1
    world.follow()
    world.follow()
    assert concluded(ids) == ids


def test_fifty_runs_at_once_make_no_question_twice_and_pass_no_ceiling(world: World, vendors: Vendors) -> None:
    ids = some(6)
    with ThreadPoolExecutor(50) as crowd:
        list(crowd.map(lambda _: world.ask(ids), range(50)))
    assert world.states() == {"triage open in batch": 6}
    assert sum(len(made.questions) for made in world.batches.made) == 6
    with ThreadPoolExecutor(10) as crowd:
        now = world.now + LOOK
        list(crowd.map(lambda _: follow_batches(open_ledger("procura_pipeline"), clock=lambda: now), range(10)))
    world.follow()
    world.follow()
    assert concluded(ids) == ids
    assert max(Counter(world.batches.answered).values()) == 1
    assert vendors.asked == 0


def test_a_ceiling_holds_for_batches_and_what_it_left_out_waits(world: World) -> None:
    ids, admin = some(4), new_person(Role.ADMIN)
    world.vendor.usage = {"input": 3_000_000, "cached": 0, "written": 0, "output": 100}
    set_setting(open_ledger(), "llm_ceiling_opportunity_cents", "10000", by=admin)
    set_setting(open_ledger(), "llm_ceiling_day_usd", "1", by=admin)
    try:
        prices = world.ask(ids)
        with open_ledger().read() as tx:
            assert 0 < spent(tx, at=world.now).day <= 1
        assert prices.in_batch + prices.unanswered == 4
        world.follow()
        with open_ledger().read() as tx:
            assert spent(tx, at=world.now).day <= 1
    finally:
        set_setting(open_ledger(), "llm_ceiling_day_usd", "5", by=admin)
        set_setting(open_ledger(), "llm_ceiling_opportunity_cents", "50", by=admin)


def test_money_is_set_aside_before_and_given_back_after(world: World) -> None:
    world.batches.fate = lambda _place, _id: Fate.EXPIRED
    world.ask(some(2))
    with open_ledger().read() as tx:
        before = spent(tx, at=world.now).day
    assert before == sum(row["reserved_usd"] for row in world.calls())
    world.vendor.manner = world.other.manner = Manner.FAILS_500
    world.follow()
    with open_ledger().read() as tx:
        assert spent(tx, at=world.now).day == 0


def test_without_a_key_a_batch_waits_and_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = some(1)
    world.ask(ids)
    provider = find_provider(world.name)
    with monkeypatch.context() as patch:
        patch.delenv({"anthropic": "ANTHROPIC_API_KEY", "openai": "OPENAI_API_KEY"}[world.name])
        provider.__dict__.pop("_client", None)
        world.follow()
    provider.__dict__.pop("_client", None)
    assert open_batches()[0].fault == f"no key is set ({world.name})"
    world.follow()
    world.follow()
    assert concluded(ids) == ids


def test_a_record_of_a_batch_holds_no_key_and_no_notice(world: World) -> None:
    world.batches.faults["create"] = [Fault.REJECTED]
    world.ask(some(1))
    written = json.dumps(
        world.rows("select * from llm_batches where made_at >= %(since)s") + world.calls(), default=str
    )
    assert "sk-" not in written
    assert "campus" not in written
