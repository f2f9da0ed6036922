"""Opportunities as columns, which is how the ranker reads them.

Here: the columns. Not here: where they come from (the ledger, the lake, a fit set).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from warehouse.errors import BadInput

Column = Sequence[str | None]


@dataclass(frozen=True)
class OpportunityBatch:
    """One entry per opportunity in every column, in one order; None or empty where the source says nothing.

    Attributes:
        opportunity_id: Identity; only handed through.
        title: As published.
        description: Plain text; its beginning is searched for keywords, all of it for approved sources.
        naics_code: Industry.
        psc_code: Product or service, two or four characters.
        department: E.g. "DEPT OF DEFENSE".
        sub_tier: E.g. "DEPT OF THE NAVY".
        office: Contracting office; only named beside the buyer.
        set_aside_code: SAM.gov's code.
        place_state_code: State of performance, two letters.
    """

    opportunity_id: Sequence[str]
    title: Column
    description: Column
    naics_code: Column
    psc_code: Column
    department: Column
    sub_tier: Column
    office: Column
    set_aside_code: Column
    place_state_code: Column

    def __post_init__(self) -> None:
        """Refuse columns of unequal length.

        Raises:
            BadInput: naming the columns whose length differs from that of `opportunity_id`.
        """
        lengths = {field.name: len(getattr(self, field.name)) for field in fields(self)}
        odd = [f"{name} has {n}" for name, n in lengths.items() if n != len(self)]
        if odd:
            raise BadInput(f"a batch of {len(self)} opportunities has columns of another length: {', '.join(odd)}")

    def __len__(self) -> int:
        """Count the opportunities."""
        return len(self.opportunity_id)

    def part(self, start: int, stop: int) -> "OpportunityBatch":
        """Cut out the opportunities from `start` up to, not including, `stop`."""
        return OpportunityBatch(**{field.name: getattr(self, field.name)[start:stop] for field in fields(self)})


def batch_of(columns: Mapping[str, Sequence[str | None]]) -> OpportunityBatch:
    """Build a batch from named columns, e.g. a data frame's `to_dict(as_series=False)`; a column left out is empty.

    Raises:
        BadInput: `opportunity_id` is missing or a column has another length.
    """
    if "opportunity_id" not in columns:
        raise BadInput("a batch of opportunities needs the column opportunity_id")
    nothing: Column = [None] * len(columns["opportunity_id"])
    named: dict[str, Any] = {field.name: columns.get(field.name, nothing) for field in fields(OpportunityBatch)}
    return OpportunityBatch(**named)
