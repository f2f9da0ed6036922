"""The hand-over by a person: it lays out, begins the last act, hands over, and never claims that anything was delivered."""

from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

import pytest

from pipelines.submission.executor import DryRun, MayNotAct, Parcel, ParcelFile, Secret, find_executors
from pipelines.submission.executors.assisted import EXECUTOR
from warehouse.domain.delivery import EvidenceKind, Handed
from warehouse.domain.executor import EXECUTORS

FIELDS = {"portal_name": "PIEE", "portal_address": "https://piee.eb.mil", "entries": "UEI: ABC123DEF456\nCAGE: 1AB23"}


@dataclass
class Desk:
    """What a worker gives an executor, kept to be read; `ends` is raised where the last act begins."""

    ends: Exception | None = None
    said: list[str] = field(default_factory=list)
    acts: int = 0

    def step(self, words: str, *, is_fault: bool = False) -> None:
        self.said.append(words)

    def keep(self, kind: EvidenceKind, name: str, data: bytes, *, media_type: str) -> int:
        raise AssertionError("a hand-over saw nothing that could be kept")

    def secret(self, name: str, *, host: str) -> Secret:
        raise AssertionError("a person signs in as themselves")

    def begin_act(self) -> None:
        if self.ends:
            raise self.ends
        self.acts += 1


@pytest.fixture
def parcel(tmp_path: Path) -> Parcel:
    files = []
    for name in ("Volume I.pdf", "Volume II.pdf"):
        data = f"{name} as it was signed".encode()
        (tmp_path / name).write_bytes(data)
        files.append(ParcelFile(tmp_path / name, name, sha256(data).hexdigest(), len(data), "application/pdf", ""))
    return Parcel(
        "run", "offer", "PRC-ABCD-EFGH", "Depot network", "W912-26-R-0001", "Army", None, "0" * 64, FIELDS, {}, files,
        None, tmp_path,
    )  # fmt: skip


def test_it_is_found_by_its_name_and_the_product_knows_its_fields() -> None:
    assert find_executors()["assisted"] is EXECUTOR
    assert EXECUTOR.name in EXECUTORS


def test_all_is_laid_out_and_handed_over_and_nothing_is_said_to_be_delivered(parcel: Parcel) -> None:
    desk = Desk()
    assert EXECUTOR.faults(parcel) == []
    answer = EXECUTOR.act(parcel, desk)
    assert isinstance(answer, Handed)
    assert "PIEE" in answer.words
    assert parcel.reference in answer.words
    assert desk.acts == 1
    assert desk.said == ["Laid out 2 fields to copy and 2 files to upload."]


@pytest.mark.parametrize("end", [DryRun(), MayNotAct("the deadline passed 3 minutes ago")])
def test_what_may_not_go_out_is_not_handed_over(parcel: Parcel, end: Exception) -> None:
    with pytest.raises(type(end)):
        EXECUTOR.act(parcel, Desk(end))


def test_what_a_worker_that_was_cut_off_laid_out_is_handed_over_all_the_same(parcel: Parcel) -> None:
    desk = Desk()
    assert EXECUTOR.look_up(parcel, desk) == EXECUTOR.act(parcel, Desk())
    assert desk.acts == 0
    assert isinstance(EXECUTOR.look_up(replace(parcel, fields={}), desk), Handed)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Name of the portal"),
        (FIELDS | {"portal_address": "javascript:alert(1)"}, "Address of the portal"),
        (FIELDS | {"entries": "no colon"}, "What the forms ask for"),
    ],
)
def test_a_field_the_person_would_miss_is_named(parcel: Parcel, fields: dict[str, str], words: str) -> None:
    assert any(fault.startswith(words) for fault in EXECUTOR.faults(replace(parcel, fields=fields)))


def test_no_file_and_a_name_twice_are_faults(parcel: Parcel) -> None:
    assert "The package holds no file." in EXECUTOR.faults(replace(parcel, files=[]))
    first = parcel.files[0]
    twice = replace(parcel, files=[first, replace(first, name="VOLUME I.PDF")])
    assert len([fault for fault in EXECUTOR.faults(twice) if "is there twice" in fault]) == 2
