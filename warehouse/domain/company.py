"""The firm that bids: what it does, what it may bid for, what it has won.

Here: the records. Not here: how a profile is read from text (pipelines/qualification/company.py).
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class PastAward:
    """One contract the firm has won. Every field but the title may be empty: awards are often known only in part.

    Attributes:
        title: As the notice or the contract names it.
        agency: Department, e.g. "DEPT OF DEFENSE".
        sub_tier: Agency within the department, e.g. "DEPT OF THE NAVY".
        naics_code: Six digits (fewer name a wider industry).
        psc_code: Product or service code: four characters, or a product group of two digits.
        set_aside_code: SAM.gov's code; empty when it was open to all or is not known.
        state_code: Where the work was performed, two letters.
        amount_usd: Value of the award.
        posted_on: Day on which the award was made known.
    """

    title: str
    agency: str = ""
    sub_tier: str = ""
    naics_code: str = ""
    psc_code: str = ""
    set_aside_code: str = ""
    state_code: str = ""
    amount_usd: Decimal | None = None
    posted_on: date | None = None


@dataclass(frozen=True, slots=True)
class CompanyProfile:
    """What a firm declares about itself, and its past awards, which say more.

    Attributes:
        name: As registered.
        naics_codes: Industries it declares, six digits each.
        psc_codes: Products and services it declares.
        set_asides: Competitions it is eligible for, as SAM.gov's codes in capitals (SBA, 8A, HZC, SDVOSBC, WOSB,
            ...). Empty means that it may bid only where competition is open to all.
        applies_as: What it is where grants say who may apply, as words of warehouse.domain.grants.APPLICANTS
            (small_businesses, ...). Empty means that this is not stated, and no grant is passed for it.
        keywords: Words and phrases that mark its work.
        places: States where it performs, two letters each; empty means anywhere.
        value_min_usd: Smallest contract it wants; None for no limit.
        value_max_usd: Largest contract it can carry; None for no limit.
        cage_codes: Its Commercial and Government Entity codes, five characters each.
        uei: Its Unique Entity ID, twelve characters; empty when not known.
        past_awards: Contracts it has won; from five on the ranking is markedly better.
    """

    name: str
    naics_codes: tuple[str, ...] = ()
    psc_codes: tuple[str, ...] = ()
    set_asides: tuple[str, ...] = ()
    applies_as: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    value_min_usd: Decimal | None = None
    value_max_usd: Decimal | None = None
    cage_codes: tuple[str, ...] = ()
    uei: str = ""
    past_awards: tuple[PastAward, ...] = ()
