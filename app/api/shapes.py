"""What the interface takes and gives, as records: read, written and described (openapi.py) from these definitions.

Names are those of marts.opportunity_board. Instants are UTC in ISO 8601, money is a decimal in quotes.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as checked

from warehouse.domain.access import Department, Role
from warehouse.domain.deadlines import DeadlinePrecision
from warehouse.domain.fit import Reason, Recommendation
from warehouse.domain.opportunity import OpportunityStatus
from warehouse.ledger.opportunities import ChainNotice, OpportunityDetail, OpportunityRow

NOTHING_ELSE = ConfigDict(extra="forbid", str_max_length=1_000)

NO_NUL = r"^[^\x00]*$"
"""PostgreSQL's texts hold no NUL."""


@checked(config=NOTHING_ELSE)
class TokenRequest:
    """Who signs in: e-mail address and password, and a code where a second factor is set."""

    email: Annotated[str, Field(pattern=NO_NUL)]
    password: Annotated[str, Field(repr=False)]
    code: Annotated[str, Field(repr=False)] = ""


@checked(config=NOTHING_ELSE)
class RefreshRequest:
    """The refresh token that was given last; it is good for one use."""

    refresh_token: Annotated[str, Field(repr=False)]


@dataclass(frozen=True)
class TokenAnswer:
    """An access token for the Authorization header, and the refresh token for the next pair."""

    access_token: str
    refresh_token: str
    token_type: str
    expires_in: int
    """Seconds for which the access token is good."""


@dataclass(frozen=True)
class MeAnswer:
    """Who asks, and what this account is."""

    id: str
    email: str
    role: Role
    department: Department
    is_demo: bool


@dataclass(frozen=True)
class ReasonShape:
    """One reason for a score; `evidence` is quoted from the source."""

    kind: str
    text: str
    evidence: str
    points: int


@dataclass(frozen=True)
class OpportunityShape:
    """One opportunity as lists show it; null where the source says nothing. `kind` is contract or grant."""

    opportunity_id: str
    notice_id: str
    source: str
    solicitation_number: str | None
    title: str
    agency: str | None
    sub_agency: str | None
    office: str | None
    kind: str
    notice_type: str
    naics_code: str | None
    psc_code: str | None
    set_aside_code: str | None
    set_aside: str | None
    place_city: str | None
    place_state: str | None
    posted_at: datetime | None
    response_deadline_at: datetime | None
    response_deadline_as_published: str | None
    response_deadline_precision: DeadlinePrecision
    safe_deadline_at: datetime | None
    value_usd: Decimal | None
    status: OpportunityStatus
    fit_score: int | None
    recommendation: Recommendation | None
    reasons: tuple[ReasonShape, ...]
    scorer: str | None
    notice_count: int
    is_open: bool
    is_demo: bool
    url: str | None


@dataclass(frozen=True)
class OpportunitiesAnswer:
    """One page; `next` is the address of the page after it, null at the end."""

    opportunities: tuple[OpportunityShape, ...]
    next: str | None


@dataclass(frozen=True)
class NoticeShape:
    """One notice of the solicitation; `ordinal` 1 is the oldest."""

    ordinal: int
    notice_id: str
    notice_type: str
    title: str
    posted_at: datetime | None
    response_deadline_at: datetime | None
    response_deadline_as_published: str | None
    set_aside_code: str | None
    description: str | None
    url: str | None
    first_seen_at: datetime


@dataclass(frozen=True)
class OpportunityAnswer(OpportunityShape):
    """One opportunity whole, with its text, what people decided and its notices, oldest first."""

    description: str | None
    attachment_urls: tuple[str, ...]
    flags: tuple[str, ...]
    place_country: str | None
    first_posted_at: datetime | None
    profile_version: str | None
    scored_at: datetime | None
    status_changed_at: datetime | None
    status_changed_by: str | None
    note: str | None
    noted_at: datetime | None
    noted_by: str | None
    notices: tuple[NoticeShape, ...]


@dataclass(frozen=True)
class ProblemAnswer:
    """What went wrong and what to do (RFC 9457)."""

    type: str
    title: str
    status: int
    what: str
    todo: str


RENAMED = {"opportunity_id": "id", "notice_id": "external_ref", "set_aside": "set_aside_text", "response_deadline_at": "due_date",
           "response_deadline_as_published": "due_raw", "response_deadline_precision": "due_precision"}  # fmt: skip
"""Our names for a row's fields, where the ledger's differ."""


def to_shape(row: OpportunityRow) -> OpportunityShape:
    """Write a row of the ledger under the names of the interface."""
    return OpportunityShape(**_row_values(row))


def to_answer(found: OpportunityDetail) -> OpportunityAnswer:
    """Write an opportunity with its text and notices."""
    own = set(OpportunityAnswer.__dataclass_fields__) - set(OpportunityShape.__dataclass_fields__) - {"notices"}
    return OpportunityAnswer(
        **_row_values(found.row),
        **{name: getattr(found, name) for name in own},
        notices=tuple(_to_notice(notice) for notice in found.notices),
    )


def _row_values(row: OpportunityRow) -> dict[str, Any]:
    values = {
        name: getattr(row, RENAMED.get(name, name))
        for name in OpportunityShape.__dataclass_fields__
        if name != "reasons"
    }
    return values | {"reasons": tuple(_to_reason(reason) for reason in row.fit_reasons)}


def _to_reason(reason: Reason) -> ReasonShape:
    return ReasonShape(reason.kind, reason.text, reason.evidence, reason.points)


def _to_notice(notice: ChainNotice) -> NoticeShape:
    names = {"response_deadline_at": "due_date", "response_deadline_as_published": "due_raw"}
    return NoticeShape(**{name: getattr(notice, names.get(name, name)) for name in NoticeShape.__dataclass_fields__})
