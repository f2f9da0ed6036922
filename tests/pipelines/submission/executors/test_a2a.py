"""An outside agent: whatever it does or says, only our own look-up makes anything accepted, and it is asked once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from pipelines.submission.executor import DryRun, Executor, Parcel, ParcelFile, Secret, find_executors
from pipelines.submission.executors.a2a import EXECUTOR, OutsideAgent
from pipelines.submission.portals.profile import PortalProfile, read_profile
from tests.fakes.a2a_agent import LIE, NUMBER, FakeAgent, Manner, running_agent
from warehouse.domain.delivery import (
    Absent,
    Accepted,
    Answer,
    EvidenceKind,
    Finding,
    FoundReceipt,
    NotDelivered,
    ReceiptSource,
    Refused,
    Unclear,
    Unknown,
)
from warehouse.domain.executor import EXECUTORS
from warehouse.errors import NotFound

pytestmark = pytest.mark.thorough
TOKEN = "a-token-that-nobody-else-may-see"
AT = datetime(2026, 10, 9, 12, tzinfo=UTC)
ASKED_IN_VAIN = {Manner.NO_CARD, Manner.CARD_ELSEWHERE, Manner.CARD_REDIRECTS}
TEXT = """
format = 1
name = "agent"
title = "Rehearsal"
executor = "a2a"
hosts = ["127.0.0.1", "portal.example.gov"]
credentials = ["agent_token"]

[basis]
permitted_by = "The portal's operator"
on = 2026-10-01
text = "A program may make offers."

[a2a]
address = "{address}"
credential = "agent_token"
steps = ["Open https://portal.example.gov/ and follow New offer.", "Type {{reference}} and {{field.UEI}}.", "Press Submit offer."]
answer_seconds = 1.5
wait_seconds = 1
poll_seconds = 0.05
{more}

[browser]
start = "https://portal.example.gov/"
"""


@dataclass
class Desk:
    """What a worker gives an executor, kept to be read."""

    is_dry: bool = False
    said: list[str] = field(default_factory=list)
    kept: list[bytes] = field(default_factory=list)
    acts: int = 0
    has_token: bool = True

    def step(self, words: str, *, is_fault: bool = False) -> None:
        self.said.append(words)

    def keep(self, kind: EvidenceKind, name: str, data: bytes, *, media_type: str) -> int:
        self.kept.append(data)
        return len(self.kept)

    def secret(self, name: str, *, host: str) -> Secret:
        assert (name, host) == ("agent_token", "127.0.0.1")
        if not self.has_token:
            raise NotFound("The credential agent_token is not set.")
        return Secret(TOKEN)

    def begin_act(self) -> None:
        if self.is_dry:
            raise DryRun
        self.acts += 1


@dataclass
class OtherWay:
    """The way by which one looks and goes on."""

    name: str = "browser"
    finds: Finding = field(default_factory=lambda: Absent("The list does not hold it."))
    acted: list[PortalProfile | None] = field(default_factory=list)
    looked: list[PortalProfile | None] = field(default_factory=list)

    def faults(self, parcel: Parcel) -> list[str]:
        return []

    def act(self, parcel: Parcel, desk: Any) -> Answer:
        self.acted.append(parcel.profile)
        return NotDelivered("the portal is busy")

    def look_up(self, parcel: Parcel, desk: Any) -> Finding:
        self.looked.append(parcel.profile)
        return self.finds


def profile_for(address: str, more: str = "") -> PortalProfile:
    profile, faults = read_profile(TEXT.format(address=address, more=more))
    assert profile is not None, faults
    return profile


def way_over(other: OtherWay, now: Callable[[], datetime] = lambda: AT) -> OutsideAgent:
    ways: Mapping[str, Executor] = {"browser": other}
    return OutsideAgent(lambda: ways, now)


@pytest.fixture
def parcel(tmp_path: Path) -> Parcel:
    data = b"Our approach."
    (tmp_path / "Volume I.txt").write_bytes(data)
    file = ParcelFile(tmp_path / "Volume I.txt", "Volume I.txt", sha256(data).hexdigest(), len(data), "text/plain", "")
    fields = {
        "portal_profile": "agent",
        "portal_address": "https://portal.example.gov/",
        "entries": "UEI: ABC123DEF456",
    }
    return Parcel(
        "run", "offer", "PRC-ABCD-EFGH", "Pumps", "W912-26-R-0001", "Army", None, "0" * 64, fields, {}, [file], None, tmp_path
    )  # fmt: skip


def with_profile(parcel: Parcel, agent: FakeAgent, more: str = "", **changes: Any) -> Parcel:
    return replace(parcel, profile=profile_for(agent.url, more), **changes)


def test_it_is_found_by_its_name_and_the_product_knows_its_fields() -> None:
    assert find_executors()["a2a"] is EXECUTOR
    assert EXECUTOR.name in EXECUTORS


@pytest.mark.parametrize("manner", Manner)
def test_whatever_an_agent_does_or_says_nothing_is_accepted(parcel: Parcel, manner: Manner) -> None:
    desk, other = Desk(), OtherWay()
    with running_agent(manner) as agent:
        parcel = with_profile(parcel, agent)
        answer = way_over(other).act(parcel, desk)
    assert isinstance(answer, NotDelivered if manner in ASKED_IN_VAIN else Unknown), (manner, answer)
    assert desk.acts == (0 if manner in ASKED_IN_VAIN else 1)
    sent = [call for call in agent.asked if call["method"] in {"message/send", "SendMessage"}]
    assert len(sent) == desk.acts, "it is asked once"
    assert not isinstance(way_over(other).look_up(parcel, desk), Accepted)
    assert other.acted == []
    seen = "\n".join([*desk.said, *(data.decode() for data in desk.kept), answer.words])
    assert TOKEN not in seen
    assert NUMBER not in answer.words


def test_agent_that_went_away_is_not_asked_and_nothing_was_delivered(parcel: Parcel) -> None:
    with running_agent(Manner.OPENMANUS) as agent:
        parcel = with_profile(parcel, agent)
    assert isinstance(way_over(OtherWay()).act(parcel, Desk()), NotDelivered)


def test_agent_that_goes_away_after_its_card_was_not_asked(parcel: Parcel) -> None:
    class Ends(Desk):
        def begin_act(self) -> None:
            super().begin_act()
            server.__exit__(None, None, None)

    desk = Ends()
    server = running_agent(Manner.LIES)
    agent = server.__enter__()
    answer = way_over(OtherWay()).act(with_profile(parcel, agent), desk)
    assert desk.acts == 1
    assert isinstance(answer, NotDelivered | Unknown)
    assert agent.asked == []


def test_it_is_told_the_steps_and_the_files_by_name_and_no_password(parcel: Parcel) -> None:
    with running_agent(Manner.OPENMANUS) as agent:
        way_over(OtherWay()).act(with_profile(parcel, agent), Desk())
    told = agent.told()
    assert "2. Type PRC-ABCD-EFGH and ABC123DEF456." in told
    assert f"Volume I.txt, 13 bytes, SHA-256 {parcel.files[0].sha256}" in told
    assert len(agent.asked[0]["params"]["message"]["parts"]) == 1
    assert agent.tokens == [f"Bearer {TOKEN}"]
    assert agent.asked[0]["params"]["message"]["role"] == "user"
    assert TOKEN not in told


@pytest.mark.parametrize("manner", [Manner.OPENMANUS, Manner.LIES_IN_ONE])
def test_files_go_only_where_the_profile_says_so(parcel: Parcel, manner: Manner) -> None:
    with running_agent(manner) as agent:
        way_over(OtherWay()).act(with_profile(parcel, agent, "sends_files = true"), Desk())
    part = agent.asked[0]["params"]["message"]["parts"][1]
    sent = part["file"] if manner is Manner.OPENMANUS else part
    assert sent["bytes" if manner is Manner.OPENMANUS else "raw"] == "T3VyIGFwcHJvYWNoLg=="


def test_task_of_one_zero_is_followed_to_its_end(parcel: Parcel) -> None:
    desk = Desk()
    with running_agent(Manner.WORKS_A_WHILE) as agent:
        way_over(OtherWay()).act(with_profile(parcel, agent), desk)
    assert [call["method"] for call in agent.asked] == ["SendMessage", "GetTask", "GetTask", "GetTask"]
    assert agent.asked[1]["params"] == {"id": "t1"}
    assert any(LIE[:40] in words and "That is no receipt" in words for words in desk.said)


def test_dry_run_reads_the_card_and_asks_for_nothing(parcel: Parcel) -> None:
    with running_agent(Manner.OPENMANUS) as agent, pytest.raises(DryRun):
        way_over(OtherWay()).act(with_profile(parcel, agent, is_dry_run=True), Desk(is_dry=True))
    assert agent.asked == []
    assert agent.paths == ["/.well-known/agent-card.json", "/.well-known/agent.json"]


def test_token_that_is_not_set_is_said_before_anybody_is_asked(parcel: Parcel) -> None:
    with running_agent(Manner.OPENMANUS) as agent:
        answer = way_over(OtherWay()).act(with_profile(parcel, agent), Desk(has_token=False))
    assert answer == Refused("The credential agent_token is not set.")
    assert agent.paths == []


def test_only_the_own_look_up_accepts(parcel: Parcel) -> None:
    receipt = FoundReceipt("R-2026-000001", "Your confirmation number is R-2026-000001.", ReceiptSource.PORTAL, 1)
    other = OtherWay(finds=Accepted(receipt))
    with running_agent(Manner.FAILS_500) as agent:
        parcel = with_profile(parcel, agent)
        assert isinstance(way_over(other).act(parcel, Desk()), Unknown)
        assert way_over(other).look_up(parcel, Desk()) == Accepted(receipt)
    (profile,) = other.looked
    assert profile is not None
    assert (profile.executor, profile.section) == ("browser", {"start": "https://portal.example.gov/"})


@pytest.mark.parametrize(
    ("more", "passed", "expected"),
    [("", timedelta(days=9), Unclear), ("ends_after_seconds = 60", timedelta(seconds=59), Unclear),
     ("ends_after_seconds = 60", timedelta(seconds=60), Absent)],
)  # fmt: skip
def test_absence_counts_only_once_the_agent_cannot_be_at_work(
    parcel: Parcel, more: str, passed: timedelta, expected: type[Finding]
) -> None:
    with running_agent(Manner.HANGS) as agent:
        parcel = with_profile(parcel, agent, more, acted_at=AT - passed)
    assert isinstance(way_over(OtherWay()).look_up(parcel, Desk()), expected)


def test_without_a_way_to_look_a_person_decides(parcel: Parcel) -> None:
    text = TEXT.replace("[browser]", "").replace('start = "https://portal.example.gov/"', "")
    profile, _ = read_profile(text.format(address="http://127.0.0.1:1/", more=""))
    assert profile is not None
    assert isinstance(way_over(OtherWay()).look_up(replace(parcel, profile=profile), Desk()), Unclear)
    assert any("a person decides" in words for _, words in way_over(OtherWay()).warnings_of_profile(profile))


@pytest.mark.parametrize(
    ("manner", "acted_at"), [(Manner.NO_CARD, None), (Manner.CARD_ELSEWHERE, None), (Manner.LIES, AT)]
)
def test_it_goes_on_by_the_recipe_where_nothing_was_delivered_for_certain(
    parcel: Parcel, manner: Manner, acted_at: datetime | None
) -> None:
    other, desk = OtherWay(), Desk()
    with running_agent(manner) as agent:
        parcel = with_profile(parcel, agent, 'fallback = "browser"', acted_at=acted_at)
        assert way_over(other).act(parcel, desk) == NotDelivered("the portal is busy")
    assert [profile.executor for profile in other.acted if profile] == ["browser"]
    assert agent.asked == []


@pytest.mark.parametrize("manner", [manner for manner in Manner if manner not in ASKED_IN_VAIN])
def test_it_never_goes_on_by_the_recipe_once_the_agent_was_asked(parcel: Parcel, manner: Manner) -> None:
    other = OtherWay()
    with running_agent(manner) as agent:
        assert isinstance(way_over(other).act(with_profile(parcel, agent, 'fallback = "browser"'), Desk()), Unknown)
    assert other.acted == []


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('address = "https://elsewhere.example/"', "a2a.address"),
        ('address = "http://portal.example.gov/"', "a2a.address"),
        ('credential = "another"', "a2a.credential"),
        ("steps = []", "a2a.steps"),
        ('steps = ["Type {credential.agent_token}."]', "a2a.steps"),
        ('looks_up = "email"', "a2a.looks_up"),
        ('fallback = "assisted"', "a2a.fallback"),
        ("wait_seconds = 90000", "a2a.wait_seconds"),
        ("patients = 1", "a2a.patients"),
    ],
)
def test_fault_of_a_profile_is_named_by_its_key(line: str, key: str) -> None:
    name = line.partition(" ")[0]
    lines = [
        one
        for one in TEXT.format(address="http://127.0.0.1:1/", more="").splitlines()
        if not one.startswith(f"{name} =")
    ]
    lines.insert(lines.index("[a2a]") + 1, line)
    profile, _ = read_profile("\n".join(lines))
    assert profile is not None
    assert key in {found for found, _ in way_over(OtherWay()).faults_of_profile(profile)}


def test_what_stands_against_it_is_said_before(parcel: Parcel) -> None:
    way, profile = way_over(OtherWay()), profile_for("http://127.0.0.1:1/")
    assert way.faults(parcel) == ["No portal profile says which agent is asked."]
    assert "Nobody is named" in way.faults(replace(parcel, profile=replace(profile, basis=None)))[0]
    fields = {**parcel.fields, "entries": ""}
    assert "is told UEI" in way.faults(replace(parcel, profile=profile, fields=fields))[0]
    elsewhere = {**parcel.fields, "portal_address": "https://other.example.gov/"}
    assert "The package is for" in way.faults(replace(parcel, profile=profile, fields=elsewhere))[0]
