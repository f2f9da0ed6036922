"""What the product may start by itself, in one small table. Pure; an approval is never skipped in any mode.

Looking for what may have arrived is no start: it ends what somebody began, in every mode. Not here: the setting itself
(pipelines/administration/system_settings.py), starting (pipelines/submission/autonomy.py).
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType


class AutonomyMode(StrEnum):
    """The setting `autonomy_mode`."""

    MANUAL = "manual"
    SUPERVISED = "supervised"
    AUTONOMOUS = "autonomous"


class OwnStart(StrEnum):
    """What the product could begin without being asked, for a package that all have signed."""

    DRY_RUN = "dry_run"
    """Everything up to the last act: it shows before the deadline what would go wrong."""
    DELIVERY = "delivery"


MAY_START: Mapping[AutonomyMode, frozenset[OwnStart]] = MappingProxyType(
    {
        AutonomyMode.MANUAL: frozenset(),
        AutonomyMode.SUPERVISED: frozenset({OwnStart.DRY_RUN}),
        AutonomyMode.AUTONOMOUS: frozenset({OwnStart.DRY_RUN, OwnStart.DELIVERY}),
    }
)


def fault_of_start(start: OwnStart, mode: AutonomyMode, *, value_usd: Decimal | None, ceiling_usd: Decimal) -> str:
    """Say why the product does not start this by itself; "" when it may.

    Args:
        value_usd: What the offer is worth; an unknown value is below no ceiling.
        ceiling_usd: Up to here, and not above, the product delivers by itself.
    """
    if start not in MAY_START[mode]:
        return f"autonomy is {mode.value}: a person starts this"
    if start is OwnStart.DELIVERY and value_usd is None:
        return "the offer states no value, so nobody can say whether it is below the ceiling of autonomy"
    if start is OwnStart.DELIVERY and value_usd is not None and value_usd > ceiling_usd:
        return f"the offer is worth {value_usd:,.2f} dollars, above the ceiling of autonomy ({ceiling_usd:,.0f})"
    return ""
