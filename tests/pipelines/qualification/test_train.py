"""Learning chances: from an invented set, and from the real one to the byte."""

from pathlib import Path

import numpy as np
import pytest

from pipelines.qualification.chances import KEPT
from pipelines.qualification.train import part_of_firms, train
from tests.factories_fit_set import invented_set
from warehouse.errors import BadInput


def test_own_trade_has_the_higher_chance_and_bands_hold_every_first_twenty(tmp_path: Path) -> None:
    learned = train(invented_set(tmp_path))
    assert learned.steps.of(np.array([5.0]))[0] > learned.steps.of(np.array([0.5]))[0]
    assert sum(band.pairs for band in learned.bands) == 40 * 20
    assert sum(band.won for band in learned.bands) <= 40
    figures = {figure.what: figure.value for figure in learned.measured}
    assert figures["AUC, all"] > 0.8


def test_passing_on_more_keeps_more_of_the_later_wins(tmp_path: Path) -> None:
    curve = train(invented_set(tmp_path)).curve
    assert [point.wins_kept for point in curve] == sorted(point.wins_kept for point in curve)
    assert [point.score_from for point in curve] == sorted((point.score_from for point in curve), reverse=True)
    assert [point.of_money for point in curve] == sorted(point.of_money for point in curve)


def test_same_set_teaches_the_same_to_the_byte(tmp_path: Path) -> None:
    invented_set(tmp_path)
    assert train(tmp_path).to_json() == train(tmp_path).to_json()


def test_firm_is_in_the_same_part_whoever_else_is_there() -> None:
    alone = {name: int(part_of_firms([name])[0]) for name in ("F1", "F2", "F3")}
    assert part_of_firms(["F3", "F1", "F2"]).tolist() == [alone["F3"], alone["F1"], alone["F2"]]


def test_what_a_firm_of_one_part_won_does_not_change_what_is_told_of_it(tmp_path: Path) -> None:
    """The chances told in the first part's folds come from the other parts only: its outcomes are not in them."""
    from pipelines.qualification import train as module
    from pipelines.qualification.fit_set import read_fit_set, read_outcomes
    from pipelines.qualification.ranker import similarity_to

    fit_set = read_fit_set(invented_set(tmp_path))
    won = read_outcomes(tmp_path, fit_set)
    parts = part_of_firms([firm.name for firm in fit_set.firms])
    similarity = module.compared(fit_set, similarity_to)
    other = won.copy()
    other[parts == 0] = ~other[parts == 0]
    told, told_other = (module._first_of(similarity, outcome, parts).told for outcome in (won, other))
    assert (told[parts == 0] == told_other[parts == 0]).all()
    assert (told[parts != 0] != told_other[parts != 0]).any()


def test_set_too_small_to_learn_from_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="too few to learn from"):
        train(invented_set(tmp_path, firms=3))


@pytest.mark.parametrize(
    ("text", "fault"),
    [("firm_id,opp_id\nF1,O999\n", "'O999'"), ("firm,opp\n1,2\n", "'firm_id'"), (None, "cannot be read")],
)
def test_outcomes_that_do_not_belong_to_the_set_are_refused(tmp_path: Path, text: str | None, fault: str) -> None:
    invented_set(tmp_path)
    if text is None:
        (tmp_path / "qrels.csv").unlink()
    else:
        (tmp_path / "qrels.csv").write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=fault):
        train(tmp_path)


@pytest.mark.thorough
@pytest.mark.shared
def test_real_set_teaches_what_is_kept_with_the_product(shared_data: Path) -> None:
    assert train(shared_data / "fit").to_json() == KEPT.read_text(encoding="utf-8")
