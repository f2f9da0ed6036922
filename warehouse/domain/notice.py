"""A notice: one posting by a source. Its types, and which of them can be answered."""

from enum import StrEnum


class NoticeType(StrEnum):
    """The kinds of posting at SAM.gov, spelled as its bulk file spells them, and the stages of a grant; anything else is OTHER."""

    SOLICITATION = "Solicitation"
    COMBINED = "Combined Synopsis/Solicitation"
    PRESOLICITATION = "Presolicitation"
    SOURCES_SOUGHT = "Sources Sought"
    SPECIAL_NOTICE = "Special Notice"
    AWARD = "Award Notice"
    JUSTIFICATION = "Justification"
    SURPLUS_SALE = "Sale of Surplus Property"
    BUNDLE = "Consolidate/(Substantially) Bundle"
    GRANT = "Grant"
    GRANT_FORECAST = "Grant Forecast"
    GRANT_CLOSED = "Closed Grant"
    OTHER = "Other"


BIDDABLE = frozenset(
    {
        NoticeType.SOLICITATION,
        NoticeType.COMBINED,
        NoticeType.PRESOLICITATION,
        NoticeType.SOURCES_SOUGHT,
        NoticeType.GRANT,
    }
)
"""What a firm can answer: an offer, an application, or a response that shapes the coming offer. A forecast takes no answer yet."""
