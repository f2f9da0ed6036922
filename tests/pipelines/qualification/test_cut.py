"""Where a model is asked from: what asking costs, pair by pair, and the cut that the product starts with."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from pipelines.administration.system_settings import SETTINGS
from pipelines.qualification.chances import KEPT, Kept, parse_chances
from pipelines.qualification.cut import ANSWER_TOKENS, MOST_OF_MONEY, price_asking
from pipelines.qualification.fit_set import read_fit_set
from pipelines.qualification.models import Models, read_models
from pipelines.qualification.prompt import CHARACTERS_PER_TOKEN, build_prompt
from pipelines.qualification.proof import Stored
from tests.factories_fit_set import invented_set
from warehouse.domain.assessment import Stage
from warehouse.ledger.store import open_ledger
from warehouse.ledger.system_settings import read_settings
from warehouse.settings import Settings


@pytest.fixture
def models() -> Models:
    found = read_models()
    return replace(found, use={"anthropic": found.use["anthropic"]})


def test_a_question_costs_what_its_characters_and_its_answer_cost(tmp_path: Path, models: Models) -> None:
    fit_set = read_fit_set(invented_set(tmp_path))
    (asking,) = price_asking(fit_set.firms, fit_set.batch, models)
    assert asking.analysis.shape == (len(fit_set.firms), len(fit_set.batch))
    notice = Stored({"title": fit_set.batch.title[3] or "", "agency": fit_set.batch.department[3] or ""}, {})
    price = models.prices[models.use["anthropic"][Stage.ANALYSIS]]
    least = len(build_prompt(Stage.ANALYSIS, fit_set.firms[2], notice).stable) / CHARACTERS_PER_TOKEN
    answer = Decimal(ANSWER_TOKENS[Stage.ANALYSIS]) * price.output / 1_000_000
    assert asking.analysis[2, 3] > float(answer) + least * float(price.input) / 1_000_000


def test_the_share_counts_both_stages_and_nothing_passed_on_costs_nothing(tmp_path: Path, models: Models) -> None:
    fit_set = read_fit_set(invented_set(tmp_path))
    (asking,) = price_asking(fit_set.firms, fit_set.batch, models)
    everything = np.ones(asking.analysis.shape, dtype=np.bool_)
    assert asking.share(~everything) == 0
    assert asking.share(everything) == pytest.approx(1 + asking.triage.sum() / asking.analysis.sum())


def test_each_vendor_is_priced_by_its_own_list(tmp_path: Path) -> None:
    fit_set, models = read_fit_set(invented_set(tmp_path)), read_models()
    dear = replace(models.prices["gpt-6-luna"], input=Decimal(2))
    prices = {**models.prices, "gpt-6-luna": dear}
    cheap, dearer = price_asking(fit_set.firms, fit_set.batch, replace(models, prices=prices))
    assert dearer.triage.sum() > cheap.triage.sum()


def test_the_cut_keeps_most_within_the_money_and_else_is_the_cheapest() -> None:
    kept = parse_chances(KEPT.read_text(encoding="utf-8"))
    points = [Kept(share, share * 5, 0, 90 - place, share * 1.2) for place, share in enumerate((0.01, 0.04, 0.05))]
    assert replace(kept, curve=tuple(points)).cut is points[1]
    assert replace(kept, curve=tuple(points[2:])).cut is points[2]


def test_the_product_starts_with_the_cut_that_was_measured(home: Settings) -> None:
    cut = parse_chances(KEPT.read_text(encoding="utf-8")).cut
    assert cut.of_money <= MOST_OF_MONEY
    with open_ledger().read() as tx:
        assert read_settings(tx)["llm_ask_from_points"] == str(cut.score_from)
    assert next(s for s in SETTINGS if s.key == "llm_ask_from_points").default == str(cut.score_from)
