"""What a grant says in place of industry, product and set-aside: who may apply, which listings, what it funds."""

from app.widgets import money
from warehouse.domain.grants import ELIGIBILITY, FUNDING_CATEGORIES, FUNDING_INSTRUMENTS, words_of
from warehouse.ledger.opportunities import GrantFacts, OpportunityDetail

RESTS_ON = (
    "A grant has no NAICS, PSC or set-aside: its score rests on title, text and buyer alone. The company profile does not say"
    " which kinds of applicants the firm is, so no rule looks at who may apply: read it in the facts."
)


def facts(found: OpportunityDetail) -> dict[str, str]:
    """Return its rows for the table of facts."""
    grant = found.grant
    return {
        "Who may apply": "; ".join(words_of(ELIGIBILITY, grant.eligibility_codes)) or "not stated",
        "Assistance Listing": ", ".join(grant.aln_codes) or "not stated",
        "Funding": _funding(grant),
        "Award": _award(found),
        "Program": _program(grant),
        "Cost sharing": {None: "not stated", True: "required", False: "not required"}[grant.has_cost_sharing],
    }


def _funding(grant: GrantFacts) -> str:
    parts = (
        ", ".join(words_of(FUNDING_INSTRUMENTS, grant.funding_instrument_codes)),
        ", ".join(words_of(FUNDING_CATEGORIES, grant.funding_category_codes)),
    )
    return " · ".join(part for part in parts if part) or "not stated"


def _award(found: OpportunityDetail) -> str:
    floor, ceiling = found.grant.award_floor_usd, found.row.value_usd
    if floor is not None and ceiling is not None:
        return f"{money.exact(floor)} to {money.exact(ceiling)}"
    if floor is not None:
        return f"{money.exact(floor)} and more"
    return f"up to {money.exact(ceiling)}" if ceiling is not None else "no limits stated"


def _program(grant: GrantFacts) -> str:
    parts = (
        money.exact(grant.program_funding_usd) if grant.program_funding_usd is not None else "",
        f"{grant.expected_awards:,} award{'s' if grant.expected_awards > 1 else ''} expected"
        if grant.expected_awards
        else "",
    )
    return ", ".join(part for part in parts if part) or "not stated"
