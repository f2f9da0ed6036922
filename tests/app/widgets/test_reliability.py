"""The reliability diagram: the right band, whole notices of a hundred, and silence where nothing was seen."""

from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from app.widgets.reliability import band_of, read_bands, sentence
from pipelines.qualification.chances import Band, kept_chances
from pipelines.qualification.history import record_reliability
from tests.factories_ledger import AT
from warehouse.errors import StoreUnavailable
from warehouse.lake.connection import open_lake
from warehouse.settings import Settings

BANDS = [Band(11, 49, 0.006, 0.002, 800, 2), Band(49, 60, 0.02, 0.02, 800, 16), Band(60, 100, 0.2, 0.17, 800, 136)]


def page() -> None:
    from app.widgets import reliability

    reliability.draw(72)
    reliability.draw(0)
    reliability.draw(None)


@pytest.mark.parametrize(("score", "expected"), [(11, 11), (48, 11), (49, 49), (60, 60), (100, 60)])
def test_score_falls_into_the_highest_band_that_begins_at_or_below_it(score: int, expected: int) -> None:
    band = band_of(BANDS, score)
    assert band is not None
    assert band.score_from == expected


def test_sentence_counts_whole_notices_of_a_hundred() -> None:
    assert sentence(BANDS, 75) == "Of 100 notices scored 60 to 100, firms won about 17."
    assert sentence(BANDS, 20) == "Of 100 notices scored 11 to 49, firms won fewer than one."


def test_below_every_band_nothing_is_made_up() -> None:
    assert sentence(BANDS, 3).startswith("Too few")


def test_diagram_recorded_last_is_drawn_once_for_a_scored_notice(home: Settings) -> None:
    chances = kept_chances()
    assert chances is not None
    read_bands.clear()
    assert [shown.value for shown in AppTest.from_function(page, default_timeout=30).run().caption] == []
    record_reliability(open_lake(), chances, at=AT + timedelta(days=1))
    read_bands.clear()
    app = AppTest.from_function(page, default_timeout=30).run()
    assert not app.exception
    assert app.caption[0].value.startswith("Of 100 notices scored 72 to 76, firms won about 3")
    assert len(app.expander) == 1
    assert [band.pairs for band in read_bands()] == [band.pairs for band in chances.bands]


def test_lake_that_is_away_leaves_the_page_standing(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> list[Band]:
        raise StoreUnavailable("the lake does not answer.")

    monkeypatch.setattr("app.widgets.reliability.read_bands", away)
    app = AppTest.from_function(page, default_timeout=30).run()
    assert not app.exception
    assert "cannot be read" in app.caption[0].value
