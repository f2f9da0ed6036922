"""The workspace's part Deliver: what goes where until when, the delivery as it happens, its receipt beside the approved hash.

Its chapters are delivery_*.py, each about one thing.
"""

import streamlit as st

from app import session
from app.widgets import (
    delivery_plan,
    delivery_progress,
    delivery_receipt,
    delivery_runs,
    delivery_start,
    delivery_waiting,
    state,
    told,
)
from pipelines.submission.deliver import look_at_delivery
from pipelines.submission.delivery_sheet import DeliverySheet
from warehouse import clock, settings
from warehouse.domain.access import Person
from warehouse.domain.submission import SubmissionStatus
from warehouse.ledger.store import open_ledger
from warehouse.ledger.submissions import Submission


def draw(submission: Submission, person: Person) -> None:
    """Draw the part."""
    sheet = look_at_delivery(open_ledger(), submission.id, settings=settings.current(), at=clock.now(), by=person)
    st.subheader("Deliver", anchor=False)
    if session.is_refresh() and sheet.receipt is not None:
        told.forget(delivery_start.PLACE)  # "a second person confirms it" was said before one did
    told.tell(delivery_start.PLACE)
    if sheet.manifest is None and not sheet.runs:
        _draw_not_yet(sheet)
        return
    delivery_receipt.draw(sheet, person)
    running = sheet.open_run
    if running is not None and running.delivery.needs_person:
        with st.container():
            delivery_waiting.draw(running, sheet, person, place=delivery_start.PLACE)
    elif running is not None:
        delivery_progress.draw(running)
    elif sheet.submission.status is not SubmissionStatus.SUBMITTED:
        with st.container(border=True):
            delivery_start.draw(sheet)
    is_laid_out = running is not None and bool(running.delivery.needs_person)
    if sheet.manifest is not None and not is_laid_out:
        with st.container():
            delivery_plan.draw(sheet)
    delivery_runs.draw([look for look in sheet.runs if not look.delivery.is_open], person)


def _draw_not_yet(sheet: DeliverySheet) -> None:
    state.empty(
        "Nothing to deliver yet.",
        "What goes out is the package that legal and finance have signed. Make it under Package and send it to approval; here you"
        " then see what goes where until when, and deliver it.",
    )
    delivery_plan.draw_time(sheet)
