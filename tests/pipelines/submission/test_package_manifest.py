"""The bytes that are signed: the same state gives the same ones, and any change of what they stand for gives others."""

import json
import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.submission.package_diff import difference_of
from pipelines.submission.package_state import PackageState, body_of, encode_body
from tests.factories_packages import AT, change, file_row, good_state, packed, point, submission
from warehouse.domain.package import PackageItem

TEXT = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=20)
HASHES = st.binary(min_size=1, max_size=40).map(lambda data: sha256(data).hexdigest())


@st.composite
def states(draw: st.DrawFn) -> PackageState:
    """Any package of two to five files."""
    number = draw(st.integers(2, 5))
    names = draw(st.lists(TEXT, min_size=number, max_size=number, unique_by=str.lower))
    return good_state(
        submission=submission(
            value_usd=draw(st.none() | st.decimals(0, 10**9, places=2)),
            due_date=draw(st.none() | st.integers(0, 10**7).map(lambda s: AT + timedelta(seconds=s))),
        ),
        packed=tuple(
            packed(place, name=name, volume=draw(st.sampled_from(("", "I"))), sha256=draw(HASHES))
            for place, name in enumerate(names)
        ),
        fields=draw(st.dictionaries(st.sampled_from(("to", "cc", "subject")), TEXT, min_size=1)),
        changes=tuple(change(n) for n in range(draw(st.integers(0, 2)))),
        points=tuple(point(n, completed=draw(st.booleans())) for n in range(draw(st.integers(1, 3)))),
    )


def digest(state: PackageState) -> str:
    return sha256(encode_body(body_of(state))).hexdigest()


@settings(max_examples=60)
@given(states(), st.randoms(use_true_random=False))
def test_the_same_state_gives_the_same_bytes_however_it_was_read(state: PackageState, order: random.Random) -> None:
    fields = list(state.fields.items())
    order.shuffle(fields)
    points, changes = list(state.points), list(state.changes)
    order.shuffle(points)
    order.shuffle(changes)
    again = replace(
        state, fields=dict(fields), points=tuple(points), changes=tuple(changes), at=state.at + timedelta(days=1)
    )
    assert encode_body(body_of(again)) == encode_body(body_of(state))
    assert encode_body(json.loads(encode_body(body_of(state)))) == encode_body(body_of(state))


def mutate(state: PackageState, kind: str, place: int) -> PackageState:
    """Change one thing that a signature stands for."""
    of, one = state.submission, state.packed[place]
    assert one.file is not None

    def with_packed(**changes: object) -> PackageState:
        changed = replace(one, **changes)  # type: ignore[arg-type]
        return replace(state, packed=(*state.packed[:place], changed, *state.packed[place + 1 :]))

    def with_offer(**changes: object) -> PackageState:
        return replace(state, submission=replace(of, **changes))  # type: ignore[arg-type]

    first = state.points[0]
    match kind:
        case "bytes":
            return with_packed(file=replace(one.file, sha256=sha256(one.file.sha256.encode()).hexdigest()))
        case "version":
            return with_packed(file=replace(one.file, id="f99", version=2))
        case "type":
            return with_packed(file=replace(one.file, media_type="text/plain"))
        case "name":
            return with_packed(item=PackageItem(one.item.document_id, one.name + "x", one.item.volume))
        case "volume":
            return with_packed(item=PackageItem(one.item.document_id, one.name, one.item.volume + "I"))
        case "order":
            return replace(state, packed=(*state.packed[1:], state.packed[0]))
        case "file gone":
            return replace(state, packed=state.packed[:place] + state.packed[place + 1 :])
        case "file more":
            return replace(
                state, packed=(*state.packed, replace(one, file=file_row(99), item=PackageItem("d99", "more", "")))
            )
        case "field":
            name, text = next(iter(state.fields.items()))
            return replace(state, fields={**state.fields, name: text + "x"})
        case "field gone":
            return replace(state, fields={})
        case "deadline":
            return with_offer(due_date=of.due_date + timedelta(microseconds=1) if of.due_date else AT)
        case "value":
            return with_offer(value_usd=(of.value_usd or Decimal(0)) + Decimal("0.01"))
        case "executor":
            return with_offer(executor="browser")
        case "notice":
            return with_offer(notice_hash="v2")
        case "acknowledged":
            return replace(state, changes=(*state.changes, change(99)))
        case "tick":
            return replace(state, points=(replace(first, completed=not first.completed), *state.points[1:]))
        case "waiver":
            return replace(state, points=(replace(first, waived_reason="not asked for"), *state.points[1:]))
        case "evidence":
            return replace(state, points=(replace(first, evidence_file_id="f1"), *state.points[1:]))
        case _:
            return replace(state, submission=replace(of, id="another"))


KINDS = ("bytes", "version", "type", "name", "volume", "order", "file gone", "file more", "field", "field gone", "deadline", "value",
         "executor", "notice", "acknowledged", "tick", "waiver", "evidence", "offer")  # fmt: skip


@settings(max_examples=300)
@given(states(), st.sampled_from(KINDS), st.integers(0, 1))
def test_any_change_of_what_is_signed_gives_another_hash(state: PackageState, kind: str, place: int) -> None:
    after = mutate(state, kind, place)
    assert digest(after) != digest(state)
    if kind not in ("version", "type", "offer"):
        assert not difference_of(body_of(state), body_of(after)).is_empty, f"{kind} is shown to who signs"


def test_a_manifest_says_amounts_and_instants_as_texts_and_nothing_of_people() -> None:
    body = body_of(good_state())
    assert (body["value_usd"], body["deadline"]) == ("125000.00", "2026-04-20T12:00:00.000000+00:00")
    assert not any(isinstance(value, float) for value in json.loads(encode_body(body)).values())
    assert b"@" not in encode_body(body)
    assert list(body["files"][0]) == [
        "position",
        "name",
        "volume",
        "document_id",
        "file_id",
        "version",
        "size",
        "sha256",
        "media_type",
    ]
