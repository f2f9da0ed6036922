"""Bringing the office's receipt: its number, when it was given, and the document in which the number stands.

Not here: how the number is found in it (pipelines/submission/receipt_documents.py), who confirms it (delivery_confirm.py).
"""

from datetime import UTC, date, datetime, time, tzinfo

import streamlit as st

from app import session
from app.widgets import deadline, file_uploads, told
from pipelines.submission.deliver import LONGEST_NUMBER, bring_receipt
from pipelines.submission.delivery_sheet import RunLook
from warehouse import clock, settings
from warehouse.domain.deadlines import office_zone, zone_name
from warehouse.errors import BadInput, ProcuraError
from warehouse.ledger.store import open_ledger
from warehouse.ledger.submissions import Submission

ROUND = "receipt_round"
TYPES = ["pdf", "png", "jpg", "jpeg", "eml", "txt", "html", "htm", "docx"]
BROUGHT = "The receipt is kept. A second person confirms it; then the offer is submitted."


def draw(look: RunLook, offer: Submission, *, place: str) -> None:
    """Draw the form; it is empty again once a receipt was kept.

    Args:
        place: Where what came of it is told.
    """
    now = clock.now()
    zones = _zones(offer, now)
    key = f"receipt {place} {look.delivery.id} {st.session_state.get(ROUND, 0)}"
    st.markdown("**Bring the office’s receipt**")
    with st.form(key, border=False):
        st.text_input(
            "Receipt or confirmation number", key=f"{key} number", max_chars=LONGEST_NUMBER, autocomplete="off",
            help="Letter by letter as the office writes it.",
        )  # fmt: skip
        left, right = st.columns(2)
        left.date_input("Day on it", None, key=f"{key} day", help="Empty where the office names none.")
        right.time_input("Time on it", None, key=f"{key} time", step=60, help="Empty where the office names none.")
        st.selectbox("In the zone", list(zones), key=f"{key} zone")
        st.file_uploader(
            "The document: picture, PDF or the office’s mail", type=TYPES, key=f"{key} document",
            max_upload_size=min(25, settings.current().files_most_mb),
            help="The number is looked for in its text. A picture is not read: who confirms it compares the number.",
        )  # fmt: skip
        st.form_submit_button(
            "Keep this receipt", type="primary", on_click=_bring, args=(look.delivery.id, key, zones, place)
        )


def _zones(offer: Submission, now: datetime) -> dict[str, tzinfo]:
    """Return the zones in which a receipt's time may be written, by what they are called."""
    named: dict[str, tzinfo] = {}
    if offer.due_date is not None:
        office = office_zone(now, offer.due_offset_minutes, offer.place_state)
        named[f"{zone_name(now.astimezone(office))}, the office’s"] = office
    here = deadline.reader_zone()
    if all(zone.utcoffset(now) != here.utcoffset(now) for zone in named.values()):
        named[f"{zone_name(now.astimezone(here))}, yours"] = here
    if all(zone.utcoffset(now) != UTC.utcoffset(now) for zone in named.values()):
        named["UTC"] = UTC
    return named


def _bring(run_id: str, key: str, zones: dict[str, tzinfo], place: str) -> None:
    typed = st.session_state
    document = typed.get(f"{key} document")
    try:
        if document is None:
            raise BadInput(
                "A receipt comes with its document.", kept="what you typed.", todo="choose the picture, PDF or mail."
            )
        received = _instant(
            typed.get(f"{key} day"), typed.get(f"{key} time"), zones.get(typed.get(f"{key} zone") or "", UTC)
        )
        bring_receipt(
            open_ledger(), run_id, number=str(typed.get(f"{key} number") or ""), received_at=received, name=document.name,
            stream=document, settings=settings.current(), at=clock.now(), by=session.person(acts=True),
        )  # fmt: skip
    except ProcuraError as error:
        told.leave(place, error)
        return
    file_uploads.let_go(document)
    typed[ROUND] = typed.get(ROUND, 0) + 1
    told.leave(place, BROUGHT)


def _instant(day: date | None, hour: time | None, zone: tzinfo) -> datetime | None:
    """Put day and time together; neither is none, one without the other says too little."""
    if day is None and hour is None:
        return None
    if day is None or hour is None:
        raise BadInput("Day and time belong together.", kept="what you typed.", todo="fill in both, or neither.")
    return datetime.combine(day, hour, zone).astimezone(UTC)
