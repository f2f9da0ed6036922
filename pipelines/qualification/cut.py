"""Where the cascade begins to ask: what asking about some notices costs beside asking the analysis model about every one.

Counted for real firms and notices, each question as it would be sent: its characters as tokens, no vendor's cache, and as if
triage stopped nothing, because what a model would say was not recorded. Not here: what a cut keeps (train.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.qualification.batch import OpportunityBatch
from pipelines.qualification.models import Models, Price
from pipelines.qualification.prompt import CHARACTERS_PER_TOKEN, MOST_ANSWER_TOKENS, build_prompt, stored_notice
from pipelines.qualification.proof import Stored
from warehouse.domain.assessment import Stage
from warehouse.domain.company import CompanyProfile

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

MOST_OF_MONEY = 0.05
"""Of the money of asking the analysis model about every notice, so much may be spent."""
ANSWER_TOKENS = {
    Stage.TRIAGE: MOST_ANSWER_TOKENS[Stage.TRIAGE],
    Stage.ANALYSIS: MOST_ANSWER_TOKENS[Stage.ANALYSIS] // 4,
}
"""As long as triage can be, and an analysis as the forecast takes it: nothing is made small beside a long answer."""
_NAMES = {
    "title": "title", "agency": "department", "sub_agency": "sub_tier", "office": "office", "set_aside_text": "set_aside_code",
    "place_state": "place_state_code", "naics_code": "naics_code", "psc_code": "psc_code", "description": "description",
}  # fmt: skip
"""A question's fields, and the columns of a batch that hold them."""


@dataclass(frozen=True)
class Asking:
    """USD for each pair of firm and notice, shape (firms, notices) each."""

    triage: Floats
    analysis: Floats

    def share(self, passed: Bools) -> float:
        """Return the money of asking about the pairs passed on, both stages, over that of analysing all of them."""
        return float((self.triage + self.analysis)[passed].sum() / self.analysis.sum())


def price_asking(firms: Sequence[CompanyProfile], batch: OpportunityBatch, models: Models) -> list[Asking]:
    """Price both questions about every notice for every firm, once for each vendor of the file of models."""
    notices = [_notice_of(batch, place) for place in range(len(batch))]
    tokens = {}
    for stage in Stage:
        of_firm = [len(build_prompt(stage, firm, Stored({}, {})).stable) for firm in firms]
        of_notice = [len(build_prompt(stage, firms[0], notice).notice) for notice in notices]
        tokens[stage] = np.add.outer(np.array(of_firm, float), np.array(of_notice, float)) / CHARACTERS_PER_TOKEN
    return [
        Asking(*(_usd(tokens[stage], stage, models.prices[use[stage]]) for stage in (Stage.TRIAGE, Stage.ANALYSIS)))
        for use in models.use.values()
    ]


def _notice_of(batch: OpportunityBatch, place: int) -> Stored:
    return stored_notice({name: getattr(batch, column)[place] for name, column in _NAMES.items()})


def _usd(tokens: Floats, stage: Stage, price: Price) -> Floats:
    found: Floats = (tokens * float(price.input) + ANSWER_TOKENS[stage] * float(price.output)) / 1_000_000
    return found
