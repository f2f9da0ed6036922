"""Which portal profile an offer is delivered by: the one that its fields name, else the only one in use for its way.

Not here: what a profile says (profile.py), its rows and versions (warehouse/ledger/portal_profiles.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from warehouse.ledger.portal_profiles import ProfileRow, active_profile, list_profiles
from warehouse.ledger.store import Transaction

WITHOUT_PROFILE = frozenset({"assisted"})
"""A person acts: there is nothing that a machine would have to be told."""
FIELD = "portal_profile"


@dataclass(frozen=True)
class Choice:
    """The version that a delivery would use now, or why there is none; neither where the way needs none."""

    row: ProfileRow | None
    fault: str = ""


def choose_profile(tx: Transaction, executor: str, fields: Mapping[str, str]) -> Choice:
    """Find the version in use for an offer.

    Args:
        executor: The way, a name of warehouse/domain/executor.py.
        fields: What the way was told; `portal_profile` names one.
    """
    if executor in WITHOUT_PROFILE:
        return Choice(None)
    name = fields.get(FIELD, "").strip()
    return _named(tx, executor, name) if name else _only(tx, executor)


def _named(tx: Transaction, executor: str, name: str) -> Choice:
    found = active_profile(tx, name)
    if found is None:
        return Choice(None, f"no version of the portal profile {name} is in use: an admin activates one")
    if found.executor != executor:
        return Choice(None, f"the portal profile {name} is for another way to deliver ({found.executor})")
    return Choice(found)


def _only(tx: Transaction, executor: str) -> Choice:
    usable = [row for row in list_profiles(tx) if row.is_active and row.executor == executor]
    if len(usable) == 1:
        return Choice(usable[0])
    if usable:
        named = ", ".join(row.name for row in usable)
        return Choice(
            None, f"several portal profiles are in use for this way ({named}): the delivery's fields name one"
        )
    return Choice(None, "no portal profile is in use for this way: an admin uploads and activates one")
