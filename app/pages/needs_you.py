"""Needs you: what could the machine not decide? Deliveries in doubt with their evidence, hand-overs, receipts to confirm.

Not here: what is shown of one (app/widgets/delivery_waiting.py).
"""

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from app import session
from app.page import PageInfo, Section
from app.widgets import delivery_names, delivery_plan, delivery_waiting, state, told, waiting
from app.widgets.text import plain
from pipelines.submission.deliver import list_waiting
from pipelines.submission.delivery_sheet import WaitingDelivery
from warehouse import clock, settings
from warehouse.domain.access import Action, Person
from warehouse.ledger.store import open_ledger

PAGE = PageInfo(
    "Needs you", Section.BID, 5, "What the machine could not decide: one decision each.", needs=Action.READ_SUBMISSIONS
)
PLACE = "needs_you"


def render() -> None:
    """Draw what waits, what is this person's first."""
    person = session.person()
    at = clock.now()
    st.title("Needs you")
    told.tell(PLACE)
    found = list_waiting(open_ledger(), settings=settings.current(), at=at, by=person)
    if not found:
        state.empty(
            "Nothing waits for a person.",
            "A delivery comes here when nobody but a person can say what became of it: it may have arrived and no receipt was"
            " found, it was handed over to be uploaded, or a colleague brought a receipt that a second person confirms.",
            page="submissions",
            label="All offers",
        )
        return
    mine = [item for item in found if waiting.is_for(item, person)]
    others = [item for item in found if not waiting.is_for(item, person)]
    _draw_all(mine, "For you", person, at)
    _draw_all(others, "With others", person, at)


def _draw_all(items: Sequence[WaitingDelivery], title: str, person: Person, at: datetime) -> None:
    if not items:
        return
    st.subheader(f"{title}: {len(items)}", anchor=False)
    for number, item in enumerate(items):
        offer = item.sheet.submission
        since = delivery_names.lasting(at - item.run.delivery.created_at)
        words = f"{_kind(item)} · {plain(offer.title)} · {since}"
        with st.expander(words, expanded=number == 0 and title == "For you", key=f"waiting {item.run.delivery.id}"):
            _draw_offer(item, at)
            delivery_waiting.draw(item.run, item.sheet, person, place=PLACE)


def _kind(item: WaitingDelivery) -> str:
    if item.to_confirm is not None:
        return ":blue-badge[receipt to confirm]"
    if item.run.delivery.executor == delivery_names.HAND_OVER:
        return ":orange-badge[handed over]"
    return ":red-badge[in doubt]"


def _draw_offer(item: WaitingDelivery, at: datetime) -> None:
    offer = item.sheet.submission
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        facts = (offer.label, offer.solicitation_number or "no number", offer.owner_email)
        st.caption(" · ".join(plain(fact) for fact in facts if fact))
        st.page_link("pages/workspace.py", label="The workspace →", query_params={"id": offer.id, "part": "delivery"})
    delivery_plan.draw_deadline(offer, at)


if __name__ == "__main__":
    render()
