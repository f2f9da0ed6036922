"""Files over HTTP: whole or resumable, bounded, and no key in any message."""

from pathlib import Path

import pytest

from pipelines.discovery.http import USER_AGENT, Download, download
from tests.fakes.sam_gov import FakeSite, running_site
from warehouse.errors import SourceQuotaExceeded, SourceUnavailable

pytestmark = pytest.mark.thorough

BODY = bytes(range(256)) * 20_000


def fetch(site: FakeSite, folder: Path, **changes: object) -> Download | None:
    """Download the site's file."""
    target = folder / "daily.download"
    return download(
        f"{site.url}?api_key=SECRET",
        target,
        name="sam_gov",
        progress=lambda *_: None,
        wait_seconds=0.01,
        **{"is_own": True, **changes},  # type: ignore[arg-type]
    )


def test_a_file_comes_whole_with_an_honest_user_agent(tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    with running_site(FakeSite(BODY)) as site:
        got = download(
            site.url, tmp_path / "f", name="sam_gov", is_own=True,
            progress=lambda _, done, total=None: told.append((done, total)),
        )  # fmt: skip
    assert got is not None
    assert got.path.read_bytes() == BODY
    assert told[-1] == (len(BODY), len(BODY))
    assert site.requests[0]["user-agent"] == USER_AGENT
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_a_broken_connection_is_resumed_where_it_broke(tmp_path: Path) -> None:
    with running_site(FakeSite(BODY, breaks_after=[1_000_000, 3_000_000])) as site:
        got = fetch(site, tmp_path)
    assert got is not None
    assert got.path.read_bytes() == BODY
    ranges = [request.get("range") for request in site.requests]
    assert ranges[0] is None
    assert len(ranges) == 3
    assert all(text and text.startswith("bytes=") and text != "bytes=0-" for text in ranges[1:])


def test_a_later_run_goes_on_where_an_earlier_one_gave_up(tmp_path: Path) -> None:
    with running_site(FakeSite(BODY, breaks_after=[1_000_000, 1_500_000, 2_000_000, 2_500_000])) as site:
        with pytest.raises(SourceUnavailable, match="broke off 4 times") as caught:
            fetch(site, tmp_path)
        assert "the next run continues there" in caught.value.kept
        got = fetch(site, tmp_path)
    assert got is not None
    assert got.path.read_bytes() == BODY


def test_a_file_that_changed_meanwhile_is_fetched_from_its_beginning(tmp_path: Path) -> None:
    with running_site(FakeSite(BODY, breaks_after=[1_000_000] * 4)) as site:
        with pytest.raises(SourceUnavailable):
            fetch(site, tmp_path)
        site.body, site.etag = BODY[::-1], '"2"'
        got = fetch(site, tmp_path)
    assert got is not None
    assert got.path.read_bytes() == BODY[::-1]


def test_what_we_have_is_not_fetched_again(tmp_path: Path) -> None:
    with running_site(FakeSite(BODY)) as site:
        got = fetch(site, tmp_path)
        assert got is not None
        assert fetch(site, tmp_path, known=got.validators) is None


def test_a_busy_server_is_asked_again(tmp_path: Path) -> None:
    with running_site(FakeSite(BODY, statuses=[503, 502])) as site:
        assert fetch(site, tmp_path) is not None
    assert len(site.requests) == 3


@pytest.mark.parametrize(
    ("status", "error"), [(429, SourceQuotaExceeded), (403, SourceUnavailable), (404, SourceUnavailable)]
)
def test_refusals_are_said_at_once_and_without_the_key(
    tmp_path: Path, status: int, error: type[SourceUnavailable]
) -> None:
    with running_site(FakeSite(BODY, statuses=[status] * 9)) as site, pytest.raises(error) as caught:
        fetch(site, tmp_path)
    assert f"HTTP {status}" in str(caught.value)
    assert "SECRET" not in str(caught.value)
    assert len(site.requests) == 1


def test_no_server_is_said_quickly_and_without_the_key(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable) as caught:
        fetch(FakeSite(url="http://127.0.0.1:9/daily.csv"), tmp_path)
    assert "no connection" in str(caught.value)
    assert "SECRET" not in str(caught.value)


def test_an_endless_file_is_cut_off(tmp_path: Path) -> None:
    with running_site(FakeSite(BODY)) as site, pytest.raises(SourceUnavailable, match=r"longer than 1,000,000 bytes"):
        fetch(site, tmp_path, max_bytes=1_000_000)
    assert list(tmp_path.iterdir()) == []
