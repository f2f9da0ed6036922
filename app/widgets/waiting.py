"""How many deliveries wait for this person: the way to them in the side bar, and the number on the Dashboard."""

import streamlit as st

from pipelines.submission.deliver import count_waiting, list_waiting
from pipelines.submission.delivery_sheet import WaitingDelivery
from warehouse import clock, settings
from warehouse.domain.access import Action, Person, may
from warehouse.errors import NotSignedIn, StoreUnavailable
from warehouse.ledger.store import open_ledger


def draw(person: Person) -> None:
    """Draw the way to what waits; nothing where nothing does."""
    try:
        count = count_for(person)
    except (StoreUnavailable, NotSignedIn):
        return  # the page itself says so
    if count:
        what = "delivery needs you" if count == 1 else "deliveries need you"
        st.page_link("pages/needs_you.py", label=f":red-badge[{count:,}] {what}")


def count_for(person: Person) -> int:
    """Count what waits and is this person's to decide or to confirm."""
    if not may(person, Action.READ_SUBMISSIONS) or not count_waiting(open_ledger(), by=person):
        return 0
    found = list_waiting(open_ledger(), settings=settings.current(), at=clock.now(), by=person)
    return sum(is_for(item, person) for item in found)


def is_for(item: WaitingDelivery, person: Person) -> bool:
    """Whether a person can do what a delivery waits for: decide and bring a receipt, or confirm what another has brought."""
    receipt = item.to_confirm
    if receipt is not None:
        return item.sheet.may_confirm and receipt.captured_by_id != person.id
    return item.sheet.may_decide or item.sheet.may_capture
