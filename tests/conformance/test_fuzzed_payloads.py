"""Whatever a source sends, nothing crashes and every record is accounted for: accepted, or set aside with its reason."""

import io
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from pipelines.discovery.connector import Connector, load_connectors
from pipelines.discovery.discover import Reading, land_source, read_landings
from pipelines.discovery.retry import retry_quarantine
from pipelines.discovery.shapes import Shape, Skip
from tests.conformance.mutations import mutated
from tests.conformance.samples import MADE, made, recorded
from warehouse import clock
from warehouse.lake.landings import Bookmark
from warehouse.landing import open_plain
from warehouse.settings import Settings

SOURCES = sorted(load_connectors())
LONG = 10_000
"""Of a whole campaign, over all sources."""
QUIET = settings(
    deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate, Phase.shrink]
)


@pytest.mark.thorough
def test_every_source_has_samples_and_all_of_them_are_read() -> None:
    assert sorted(MADE) == SOURCES
    for source, connector in load_connectors().items():
        for sample in made(source):
            assert account(connector, sample, 3) > 0, (source, sample[:200])


def account(connector: Connector, payload: bytes, most: int) -> int:
    """Read a payload as a landed file is read and hold that each record comes out once; return how many there were."""
    shape = connector.detect(open_plain(io.BytesIO(payload)))
    if isinstance(shape, Skip):
        assert shape.reason
        return 0
    assert shape.feed in connector.feeds
    ends = read_all(connector, payload, shape, Bookmark(), most)
    if len(ends) > 1:  # killed behind any slice, reading goes on there and ends alike
        middle = len(ends) // 2
        assert read_all(connector, payload, shape, ends[middle - 1], most) == ends[middle:]
    return ends[-1].position if ends else 0


def read_all(connector: Connector, payload: bytes, shape: Shape, start: Bookmark, most: int) -> list[Bookmark]:
    """Read a payload from a bookmark on; return where each of its slices ends."""
    at, ends = start.position, list[Bookmark]()
    for part in connector.slices(open_plain(io.BytesIO(payload)), shape, start, most):
        assert part.start.position == at
        read = connector.to_rows(part)
        found = [*read.rows["position"].to_pylist(), *(fault.position for fault in read.faults)]
        assert sorted(found) == list(range(at + 1, part.end.position + 1))
        assert all(fault.reason for fault in read.faults)
        at = part.end.position
        ends.append(part.end)
    return ends


@pytest.mark.thorough
@pytest.mark.parametrize("source", SOURCES)
@given(data=st.data())
@settings(QUIET, max_examples=60)
def test_no_payload_crashes_and_each_record_is_accepted_or_set_aside(source: str, data: st.DataObject) -> None:
    sample = data.draw(st.sampled_from(made(source)))
    account(load_connectors()[source], data.draw(mutated(sample)), data.draw(st.sampled_from([1, 3, 50_000])))


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("source", SOURCES)
def test_ten_thousand_payloads_of_recorded_shapes(source: str, shared_data: Path) -> None:
    connector = load_connectors()[source]
    # Files of the folder that are no file of this source's are skipped whole, and so would be all that is made of them.
    real = [sample for sample in recorded(shared_data / source) if account(connector, sample, 50_000)]
    samples = [*real, *made(source)]
    counted = {"payloads": 0, "skipped": 0, "records": 0}

    # Not made smaller: that takes longer than the campaign, and what fails is shown as it is.
    @given(data=st.data())
    @settings(QUIET, max_examples=LONG // len(SOURCES) + 1, phases=[Phase.generate])
    def campaign(data: st.DataObject) -> None:
        payload = data.draw(mutated(data.draw(st.sampled_from(samples))))
        # A slice costs a fifth of a second to plan, however small: few payloads are read one by one.
        found = account(connector, payload, data.draw(st.sampled_from([1, *[7] * 4, *[50_000] * 15])))
        counted["payloads"] += 1
        counted["skipped"] += not found
        counted["records"] += found

    campaign()
    print(f"\n{source}: {counted}")
    assert counted["records"] > counted["payloads"], counted


@pytest.mark.thorough
@pytest.mark.parametrize("source", SOURCES)
def test_what_went_wrong_reaches_the_lake_whole_and_is_tried_again_without_harm(source: str, home: Settings) -> None:
    """The same through the stores: some payloads as files of the inbox, landed, read, read again, and out of quarantine."""
    folder = home.inbox / source
    shutil.rmtree(home.inbox, ignore_errors=True)
    folder.mkdir(parents=True)
    payloads: list[bytes] = []

    @given(data=st.data())
    @settings(QUIET, max_examples=25, derandomize=True)
    def collect(data: st.DataObject) -> None:
        payload = data.draw(mutated(data.draw(st.sampled_from(made(source)))))
        assume(payload not in payloads)
        payloads.append(payload)

    collect()
    for number, payload in enumerate([*made(source), *payloads]):
        (folder / f"{number:03d}.json").write_bytes(payload)
    first = run(source, home)
    assert first.accepted > 0
    assert first.landed == first.accepted + first.quarantined
    again = run(source, home)
    assert (again.landed, again.accepted, again.quarantined) == (first.landed, first.accepted, first.quarantined)
    assert again.versions == 0
    retried = retry_quarantine(home, source, at=clock.now(), progress=quiet)
    assert retried.tried == first.quarantined
    assert retried.resolved == 0  # with the same reader nothing reads better


def run(source: str, home: Settings) -> Reading:
    """Land the inbox and read what is not in the lake."""
    land_source(source, home, inbox=home.inbox, progress=quiet, at=clock.now())
    return read_landings(home, progress=quiet)


def quiet(what: str, done: int, total: int | None = None) -> None:
    """Hear of progress and say nothing."""
