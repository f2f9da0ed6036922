"""A window keeps its pages until all have come, goes on where it was, and says only then how far a source is known."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from pipelines.discovery.windows import Asked, Window
from warehouse.errors import DiskFull
from warehouse.whole_file import write_whole

AT = datetime(2026, 4, 10, 12, tzinfo=UTC)
ASKED = Asked(date(2026, 4, 8), date(2026, 4, 10), AT)


def test_a_page_that_has_come_is_there_after_a_new_beginning_of_the_same(tmp_path: Path) -> None:
    window = Window(tmp_path, "sam_gov")
    with window.held():
        window.begin(ASKED)
        window.keep(0, b"page")
    again = Window(tmp_path, "sam_gov")
    later = Asked(date(2026, 4, 9), date(2026, 4, 11), AT + timedelta(hours=19))
    with again.held():
        assert again.begin(later) == ASKED, "what was begun is finished first"
        page = again.page(0)
    assert page is not None
    assert page.read_bytes() == b"page"
    assert again.known is None


@pytest.mark.parametrize(
    "wanted",
    [
        Asked(date(2026, 4, 9), date(2026, 4, 11), AT + timedelta(hours=21)),
        Asked(date(2025, 1, 1), date(2026, 4, 10), AT + timedelta(hours=1)),
    ],
    ids=["begun too long ago", "more is wanted"],
)
def test_what_no_longer_fits_is_begun_anew_without_its_pages(tmp_path: Path, wanted: Asked) -> None:
    window = Window(tmp_path, "sam_gov")
    with window.held():
        window.begin(ASKED)
        window.keep(0, b"page")
        assert window.begin(wanted) == wanted
        assert window.page(0) is None


def test_how_far_a_source_is_known_never_goes_back(tmp_path: Path) -> None:
    window = Window(tmp_path, "sam_gov")
    with window.held():
        for last in (date(2026, 4, 10), date(2025, 1, 1)):
            asked = window.begin(Asked(date(2024, 1, 1), last, AT))
            window.finish(asked)
    assert window.known is not None
    assert window.known.last == date(2026, 4, 10)
    assert not (tmp_path / "sam_gov/.window").exists()


def test_a_full_disk_is_said_and_the_pages_before_it_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    window = Window(tmp_path, "sam_gov")
    with window.held():
        window.begin(ASKED)
        window.keep(0, b"page")

        def full(path: Path, body: bytes) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("pipelines.discovery.windows.write_whole", full)
        with pytest.raises(DiskFull, match="no room for page 2"):
            window.keep(1, b"more")
        assert window.page(0) is not None
        assert window.page(1) is None


def test_a_file_that_cannot_be_written_whole_leaves_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, b"first")
    with pytest.raises(TypeError):
        write_whole(path, "no bytes")  # type: ignore[arg-type]
    assert path.read_bytes() == b"first"
    assert [found.name for found in tmp_path.iterdir()] == ["file"]
