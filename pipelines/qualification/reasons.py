"""The reasons for a score, in a bidder's words, each naming its evidence.

Here: choosing the top contributors and wording them. Not here: computing them (ranker.py, evidence.py).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile

from pipelines.qualification.approved_sources import approved_sources
from pipelines.qualification.batch import OpportunityBatch
from pipelines.qualification.code_similarity import naics_key, psc_key
from pipelines.qualification.evidence import head, keywords_met, set_aside_key, state_key
from pipelines.qualification.text_features import Idf, words
from warehouse.domain.buyer import buyer_key
from warehouse.domain.company import CompanyProfile, PastAward
from warehouse.domain.fit import Reason

_MOST_REASONS = 6
_FEWEST_POINTS = 2
"""A single point is mostly chance likeness of titles."""

_SHORT_TITLE = 60


@dataclass(frozen=True)
class Contribution:
    """What made up one similarity.

    Attributes:
        nearest: Index of the nearest past award; the number of awards when the declared work is nearest.
        like: How many other past awards are about as near.
        given: Kind of evidence -> similarity it gave.
        points_before_sources: Points before a list of approved sources raised or lowered them.
    """

    nearest: int
    like: int
    given: dict[str, float]
    points_before_sources: int


@dataclass(frozen=True)
class _Pair:
    """One opportunity beside the firm and its nearest award (None: the declared work)."""

    profile: CompanyProfile
    batch: OpportunityBatch
    index: int
    award: PastAward | None
    idf: Idf
    like: int

    def field(self, name: str) -> str:
        """Read one column of the opportunity."""
        column: list[str | None] = getattr(self.batch, name)
        return column[self.index] or ""

    @property
    def named(self) -> str:
        """Quote the award's title, shortened."""
        title = self.award.title.strip() if self.award else ""
        return f"'{title if len(title) <= _SHORT_TITLE else title[: _SHORT_TITLE - 1] + '…'}'"


def reasons_for(
    profile: CompanyProfile, batch: OpportunityBatch, index: int, *, idf: Idf, contribution: Contribution, score: int
) -> tuple[Reason, ...]:
    """Word the top contributors to the score of one opportunity, greatest first; one sentence when nothing contributes."""
    awards = profile.past_awards
    award = awards[contribution.nearest] if contribution.nearest < len(awards) else None
    pair = _Pair(profile, batch, index, award, idf, contribution.like)
    points = _points(contribution)
    points["source"] = score - contribution.points_before_sources
    ordered = sorted((kind for kind in points if abs(points[kind]) >= _FEWEST_POINTS), key=lambda k: -abs(points[k]))
    reasons = [Reason(kind, *_WORDING[kind](pair), points[kind]) for kind in ordered[:_MOST_REASONS]]
    return tuple(reasons) or (Reason("nothing", "Nothing in your profile or past awards is like this notice", "", 0),)


def _points(contribution: Contribution) -> dict[str, int]:
    """Share the points out in proportion to the similarity given."""
    total = sum(contribution.given.values())
    scale = contribution.points_before_sources / total if total > 0 else 0.0
    return {kind: round(given * scale) for kind, given in contribution.given.items()}


Worded = tuple[str, str]


def _naics(pair: _Pair) -> Worded:
    code = naics_key(pair.field("naics_code"))
    if pair.award:
        own, whose = naics_key(pair.award.naics_code), f"your past award {pair.named}"
    else:
        own, whose = _nearest(code, pair.profile.naics_codes, naics_key), "one you declare"
    if own == code:
        return f"Same industry as {whose} (NAICS {code})", f"naics_code: {code}"
    return f"Industry related to {whose} (NAICS {code}, near {own})", f"naics_code: {code}"


def _psc(pair: _Pair) -> Worded:
    code = psc_key(pair.field("psc_code"))
    kind = "product" if code[:1].isdigit() else "service"
    if pair.award:
        own, whose = psc_key(pair.award.psc_code), f"your past award {pair.named}"
    else:
        own, whose = _nearest(code, pair.profile.psc_codes, psc_key), "one you declare"
    if own == code:
        same = f"{kind} code {code}" if len(code) == 4 else f"{kind} group {code}"
        return f"Same {same} as {whose}", f"psc_code: {code}"
    shared = _common(code, own)
    near = f"Same {kind} group {code[:2]} as" if shared >= 2 else f"Related {kind} to"
    return f"{near} {whose} (PSC {code}, near {own})", f"psc_code: {code}"


@lru_cache(maxsize=10_000)
def _nearest(code: str, declared: tuple[str, ...], key: Callable[[str | None], str]) -> str:
    """Pick the declared code with the longest common beginning, spelled as `key` does; notices share few codes."""
    return max(map(key, declared), key=lambda own: _common(code, own), default="")


def _common(one: str, other: str) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _title(pair: _Pair) -> Worded:
    title = pair.field("title")
    known = set(words(pair.award.title if pair.award else ""))
    shared = sorted(known.intersection(words(title)), key=lambda word: (-pair.idf.of_word(word), word))
    telling = [word for word in shared if not pair.idf.is_common(word)]
    if not telling:
        return f"Title is worded much like your past award {pair.named}", f"title: {title}"
    listed = ", ".join(f"'{word}'" for word in telling[:4])
    return f"Title shares {listed} with your past award {pair.named}", f"title: {title}"


def _buyer(pair: _Pair) -> Worded:
    sub_tier, department, office = pair.field("sub_tier"), pair.field("department"), pair.field("office")
    if pair.award and buyer_key(sub_tier) and buyer_key(sub_tier) == buyer_key(pair.award.sub_tier):
        named = f"{sub_tier} ({office})" if office else sub_tier
        return f"Buyer {sub_tier} is in your past awards", f"sub_tier: {named}"
    return f"Department {department} is in your past awards", f"department: {department}"


def _place(pair: _Pair) -> Worded:
    state = state_key(pair.field("place_state_code"))
    if state in {state_key(place) for place in pair.profile.places}:
        return f"Performed in {state}, one of your places", f"place_state_code: {state}"
    return f"Performed in {state}, as your past award {pair.named} was", f"place_state_code: {state}"


def _set_aside(pair: _Pair) -> Worded:
    published = pair.field("set_aside_code")
    codes = set_aside_key(published).replace(" ", " or ")
    if pair.award and set_aside_key(pair.award.set_aside_code) == set_aside_key(published):
        return f"Set aside for {codes}, as your past award {pair.named} was", f"set_aside_code: {published}"
    return f"Set aside for {codes}, for which you are eligible", f"set_aside_code: {published}"


def _keywords(pair: _Pair) -> Worded:
    title, description = pair.field("title"), head(pair.field("description"))
    in_title = keywords_met(pair.profile.keywords, title)
    if in_title:
        return f"Title holds {_quoted(in_title)}, of your keywords", f"title: {title}"
    met = keywords_met(pair.profile.keywords, description)
    at = max(0, description.casefold().find(met[0].casefold()) - 40) if met else 0
    return f"Description holds {_quoted(met)}, of your keywords", f"description: {description[at : at + 120].strip()}"


def _history(pair: _Pair) -> Worded:
    if pair.like == 0:
        return "Others of your past awards and declared codes point the same way", "past_awards"
    awards = "past award of yours is" if pair.like == 1 else "past awards of yours are"
    return f"{pair.like} further {awards} about as close", f"past_awards: {pair.like} alike"


def _source(pair: _Pair) -> Worded:
    own = ", ".join(pair.profile.cage_codes)
    evidence = "description: approved sources"
    listed = approved_sources(pair.field("description"))
    mine = sorted(listed.intersection(code.upper() for code in pair.profile.cage_codes))
    if mine:
        return f"You are listed as an approved source (CAGE {', '.join(mine)})", evidence
    return f"Bought only from approved sources, and your CAGE code ({own}) is not among them", evidence


def _quoted(keywords: list[str]) -> str:
    return ", ".join(f"'{keyword}'" for keyword in keywords[:4])


_WORDING: dict[str, Callable[[_Pair], Worded]] = {
    "naics": _naics,
    "psc": _psc,
    "title": _title,
    "buyer": _buyer,
    "place": _place,
    "set_aside": _set_aside,
    "keywords": _keywords,
    "history": _history,
    "source": _source,
}
