"""Submissions: where does each offer stand? A board by state and a table, with filters in the address."""

import streamlit as st

from app import session
from app.page import PageInfo, Section
from app.widgets import state, submission_board, submission_hand_over, submission_table, submission_view
from pipelines.submission.board import find_submissions, newest_runs
from warehouse import clock
from warehouse.domain import access
from warehouse.domain.access import Action
from warehouse.ledger.store import open_ledger

PAGE = PageInfo(
    "Submissions", Section.BID, 2, "Where each offer stands, and who holds it.", needs=Action.READ_SUBMISSIONS
)


def render() -> None:
    """Draw the offers of the view that the address names."""
    person = session.person()
    at = clock.now()
    st.title("Submissions")
    view = submission_view.current()
    found = find_submissions(open_ledger(), by=person)
    if not found:
        state.empty(
            "No offers yet.",
            "An offer begins on the page of an opportunity: “Open a workspace”. Here you then see where it stands.",
            page="opportunities",
            label="Find an opportunity",
        )
        return
    submission_view.draw(view, sorted({offer.owner_email for offer in found}))
    shown = [offer for offer in found if view.shows(offer, person, at)]
    if not shown:
        state.empty("Nothing matches.", "No offer has all of this. Take a filter away, or show closed ones too.")
        return
    runs = newest_runs(open_ledger(), [offer.id for offer in shown], by=person)
    if view.look == "board":
        submission_board.draw(shown, runs, at)
        return
    above = st.container()
    can_choose = access.may(person, Action.HAND_OVER_SUBMISSION, access.State.OWN)
    chosen = submission_table.draw(shown, runs, at, can_choose=can_choose)
    with above:
        submission_hand_over.draw(chosen, person)


if __name__ == "__main__":
    render()
