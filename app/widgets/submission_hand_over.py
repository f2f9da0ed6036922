"""Handing several offers over at once: says how many change hands before they do, and names those that did not."""

from collections.abc import Sequence

import streamlit as st

from app import session
from app.widgets import told
from app.widgets.text import plain
from pipelines.submission import sharing
from pipelines.submission.look_up import may_on
from warehouse import clock
from warehouse.domain.access import Action, Person
from warehouse.errors import ProcuraError
from warehouse.ledger.store import open_ledger
from warehouse.ledger.submissions import Submission

PLACE = "handed_over"


def draw(chosen: Sequence[Submission], person: Person) -> None:
    """Draw what can be done with the chosen offers; nothing while none is chosen."""
    told.tell(PLACE, _say)
    if not chosen:
        return
    ready = [o for o in chosen if o.closed_at is None and may_on(o, person, Action.HAND_OVER_SUBMISSION)]
    officers = {officer.id: officer.email for officer in sharing.list_officers(open_ledger(), by=person)}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        to = st.selectbox(
            "New owner", list(officers), index=None, key="new_owner", format_func=officers.__getitem__, width=300,
            placeholder="Choose a contract officer", disabled=not ready,
        )  # fmt: skip
        st.button(
            f"Hand over {len(ready)} offer{'' if len(ready) == 1 else 's'}",
            type="primary", disabled=to is None or not ready, on_click=_hand_over, args=([o.id for o in ready], to),
        )  # fmt: skip
        if len(ready) < len(chosen):
            st.caption(f"{len(chosen) - len(ready)} of the {len(chosen)} chosen are closed, or not yours to hand over.")


def _hand_over(ids: list[str], to: str) -> None:
    try:
        told.leave(PLACE, sharing.hand_over_many(open_ledger(), ids, to, at=clock.now(), by=session.person()))
    except ProcuraError as error:
        told.leave(PLACE, error)


def _say(done: sharing.HandedOver) -> None:
    if done.changed:
        st.success(f"{len(done.changed)} handed over; the new owner is told.")
    if done.left:
        why = "  \n".join(plain(sentence) for sentence in dict.fromkeys(done.left.values()))
        st.warning(f"{len(done.left)} stay as they are:  \n{why}")
