"""What speaks for an opportunity, kind by kind: past awards and declared work compared with a batch.

Here: the features and their weights. Not here: how they become a score (ranker.py).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce

import numpy as np
from numpy.typing import NDArray

from pipelines.qualification.batch import OpportunityBatch
from pipelines.qualification.code_similarity import (
    Codes,
    equality,
    naics_key,
    naics_similarity,
    psc_key,
    psc_similarity,
)
from pipelines.qualification.set_asides import restricting_codes, satisfies
from pipelines.qualification.text_features import Idf, TitleSpace
from warehouse.domain.buyer import buyer_key
from warehouse.domain.company import CompanyProfile

Floats = NDArray[np.float64]

# Round weights, not fitted ones: NAICS counts to 1.5 and PSC to 1.25 (code_similarity.py), a title to 3, so that codes
# and title words can each carry a match; the buyer comes third.
_WORDS, _GRAMS = 2.0, 1.0
_SUB_TIER, _DEPARTMENT = 0.5, 0.25
_PLACE = 0.25
_SET_ASIDE = 0.25
_KEYWORDS = 1.5

_DECLARED = 0.95
"""Declaring a code costs nothing, winning under it does: a declared code counts a little less than a past award's."""

DESCRIPTION_HEAD = 1_000
"""Characters of a description searched for keywords: what is bought stands first, clauses follow."""


@dataclass(frozen=True)
class PreparedBatch:
    """A batch with its columns ready to compare; serves any number of firms."""

    batch: OpportunityBatch
    naics: Codes
    psc: Codes
    department: Codes
    sub_tier: Codes
    state: Codes
    set_aside: Codes
    titles: TitleSpace


@dataclass(frozen=True)
class Evidence:
    """Similarity by kind.

    Attributes:
        by_row: Kind -> shape (past awards + 1, opportunities); the last row is the declared work.
        of_firm: Kind -> one value per opportunity that holds whichever award is nearest.
    """

    by_row: dict[str, Floats]
    of_firm: dict[str, Floats]

    def total(self) -> Floats:
        """Add up all kinds: shape (past awards + 1, opportunities)."""
        rows: Floats = reduce(np.add, self.by_row.values())
        return reduce(np.add, self.of_firm.values(), rows)


def prepare(batch: OpportunityBatch, idf: Idf) -> PreparedBatch:
    """Bring the columns of a batch to comparable form."""
    return PreparedBatch(
        batch=batch,
        naics=Codes(batch.naics_code, naics_key),
        psc=Codes(batch.psc_code, psc_key),
        department=Codes(batch.department, buyer_key),
        sub_tier=Codes(batch.sub_tier, buyer_key),
        state=Codes(batch.place_state_code, state_key),
        set_aside=Codes(batch.set_aside_code, set_aside_key),
        titles=TitleSpace(batch.title, idf),
    )


def evidence_of(profile: CompanyProfile, part: PreparedBatch) -> Evidence:
    """Compare a firm's past awards and declared work with every opportunity of a prepared batch."""
    awards = profile.past_awards
    by_row = {
        "naics": _coded(
            [naics_key(award.naics_code) for award in awards],
            [naics_key(code) for code in profile.naics_codes],
            part.naics,
            naics_similarity,
        ),
        "psc": _coded(
            [psc_key(award.psc_code) for award in awards],
            [psc_key(code) for code in profile.psc_codes],
            part.psc,
            psc_similarity,
        ),
        "title": _titles(profile, part),
        "buyer": _buyers(profile, part),
        "place": _PLACE * _places(profile, part),
        "set_aside": _SET_ASIDE * _set_asides(profile, part),
    }
    return Evidence(by_row, {"keywords": _KEYWORDS * keyword_share(profile.keywords, part.batch)})


def state_key(state: str | None) -> str:
    """Bring a state to capitals."""
    return (state or "").strip().upper()


def set_aside_key(published: str | None) -> str:
    """Bring a set-aside to its known restricting codes; empty when open, unknown or not stated."""
    return " ".join(restricting_codes(published))


def keyword_share(keywords: Sequence[str], batch: OpportunityBatch) -> Floats:
    """Rate the keywords met, 0 to 1: one in the title 0.5, two 0.75, ...; in the description's head half as strong."""
    met = np.zeros(len(batch))
    if not keywords:
        return met
    for i, (title, description) in enumerate(zip(batch.title, batch.description, strict=True)):
        anywhere = keywords_met(keywords, f"{title or ''}\n{head(description)}")
        if anywhere:
            met[i] = (len(anywhere) + len(keywords_met(anywhere, title))) / 2
    return 1 - 0.5**met


def keywords_met(keywords: Sequence[str], text: str | None) -> list[str]:
    """List the keywords at the beginning of a word of `text`, whatever the case: "cyber" meets "Cybersecurity"."""
    folded = (text or "").casefold()
    # Plain search first: it passes over most texts many times faster than a pattern.
    return [
        keyword for keyword, plain, pattern in _searches(tuple(keywords)) if plain in folded and pattern.search(folded)
    ]


@lru_cache(maxsize=1_024)
def _searches(keywords: tuple[str, ...]) -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    """Prepare the keyword, its plain search and its pattern; a keyword given twice or empty counts once or never."""
    folded = {keyword: keyword.casefold() for keyword in keywords if keyword.strip()}
    return tuple((keyword, plain, re.compile(rf"(?<!\w){re.escape(plain)}")) for keyword, plain in folded.items())


def head(description: str | None) -> str:
    """Cut off what follows the beginning of a description."""
    return (description or "")[:DESCRIPTION_HEAD]


def _coded(
    awards: Sequence[str], declared: Sequence[str], column: Codes, similarity: Callable[[Sequence[str], Codes], Floats]
) -> Floats:
    """Compare the awards' codes, and below them the nearest declared one, with a column."""
    nearest_declared = similarity([*declared, ""], column).max(axis=0)
    return np.vstack([similarity(awards, column), _DECLARED * nearest_declared])


def _titles(profile: CompanyProfile, part: PreparedBatch) -> Floats:
    # The declared work has no title: its words are the keywords, which count for the firm as a whole.
    by_word, by_gram = part.titles.similarities([*(award.title for award in profile.past_awards), ""])
    return _WORDS * by_word + _GRAMS * by_gram


def _buyers(profile: CompanyProfile, part: PreparedBatch) -> Floats:
    awards = profile.past_awards
    sub_tiers = equality([*(buyer_key(a.sub_tier) for a in awards), ""], part.sub_tier)
    departments = equality([*(buyer_key(a.agency) for a in awards), ""], part.department)
    return _SUB_TIER * sub_tiers + _DEPARTMENT * departments


def _places(profile: CompanyProfile, part: PreparedBatch) -> Floats:
    declared: Floats = equality([*(state_key(place) for place in profile.places), ""], part.state).max(axis=0)
    performed = equality([*(state_key(award.state_code) for award in profile.past_awards), ""], part.state)
    nearer: Floats = np.maximum(performed, declared)
    return nearer


def _set_asides(profile: CompanyProfile, part: PreparedBatch) -> Floats:
    held = frozenset(code.upper() for code in profile.set_asides)
    eligible = [float(any(satisfies(held, code) for code in key.split())) for key in part.set_aside.distinct]
    won = equality([*(set_aside_key(award.set_aside_code) for award in profile.past_awards), ""], part.set_aside)
    either: Floats = np.maximum(won, np.array(eligible)[part.set_aside.where])
    return either
