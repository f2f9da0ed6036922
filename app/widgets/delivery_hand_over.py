"""The hand-over to a person: each field to copy, each file with its name and hash, the time left, the way to the portal."""

from dataclasses import replace
from datetime import datetime, timedelta

import streamlit as st

from app import session
from app.widgets import deadline, delivery_names, delivery_plan, told
from app.widgets.text import label, plain
from pipelines.submission.delivery_sheet import DeliverySheet, SheetFile
from pipelines.submission.download_links import link_to
from warehouse import clock, settings
from warehouse.domain.executor import WEB_ADDRESS, entries
from warehouse.domain.package import size_words
from warehouse.errors import ProcuraError

PLACE = "hand_over"
EACH_SECOND, SELDOM = 1, 15
FINAL = timedelta(hours=1)
"""Within it the seconds are counted."""


def draw(sheet: DeliverySheet, *, place: str) -> None:
    """Draw everything that the person needs at the portal."""
    told.tell(f"{PLACE} {place}")
    name = sheet.fields.get("portal_name", "the portal")
    with st.container(border=True):
        left, right = st.columns([3, 2], vertical_alignment="center")
        with left:
            _draw_countdown(sheet)
        with right:
            _draw_way(sheet, name)
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.markdown(f"**1 · Copy into the forms of {plain(name)}**")
        _draw_fields(sheet)
    with right:
        count = len(sheet.files)
        st.markdown(f"**2 · Upload {'this file' if count == 1 else f'these {count} files'}, in this order**")
        for file in sheet.files:
            _draw_file(file, place)
        st.caption(f"{size_words(sheet.total_bytes)} together. What is downloaded is byte for byte what was signed.")


def _draw_countdown(sheet: DeliverySheet) -> None:
    due = sheet.deadline
    if due is None:
        st.markdown("The notice states no deadline that could be read: look at the portal.")
        return
    seconds = EACH_SECOND if timedelta() < due - clock.now() < FINAL else SELDOM
    st.fragment(run_every=seconds)(_count)(due)
    # How long is left is counted above.
    deadline.draw(replace(delivery_plan.words_of(sheet.submission, sheet.at), left=""))


def _count(due: datetime) -> None:
    now = clock.now()
    left = due - now
    if left <= timedelta():
        st.markdown(f"### :gray[Passed {delivery_names.lasting(-left)} ago]")
        return
    colour = deadline.urgency(due, now)
    st.markdown(f"### {deadline.coloured(f'{delivery_names.lasting(left)} left', colour)}")


def _draw_way(sheet: DeliverySheet, name: str) -> None:
    address = sheet.fields.get("portal_address", "")
    if WEB_ADDRESS.fullmatch(address):  # what is signed was checked; a link leads nowhere else
        st.link_button(
            f"Open {label(name)}", address, type="primary", icon=":material/open_in_new:", help=plain(address)
        )
    st.caption(
        "Sign in there as yourself, fill in and upload, press its last button. Then come back with the receipt: it alone makes"
        " the offer submitted."
    )


def _draw_fields(sheet: DeliverySheet) -> None:
    pairs = [
        ("Our reference, where there is a place for one", sheet.reference),
        ("Solicitation number", sheet.submission.solicitation_number or ""),
        *entries(sheet.fields.get("entries", "")),
    ]
    for name, value in pairs:
        if value:
            st.caption(plain(name))
            st.code(value, language=None, wrap_lines=True)


def _draw_file(file: SheetFile, place: str) -> None:
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            volume = f" · {plain(file.volume)}" if file.volume else ""
            st.markdown(f"{file.position} · **{plain(file.name)}**  \n:small[:gray[{size_words(file.size)}{volume}]]")
            st.button(
                "Download", key=f"hand_over {place} {file.file_id}", icon=":material/download:", on_click=_download,
                args=(file.file_id, file.name, place), help=f"{plain(file.name)}, under its name in the package",
            )  # fmt: skip
        st.caption("SHA-256")
        st.code(file.sha256, language=None, wrap_lines=True)


def _download(file_id: str, name: str, place: str) -> None:
    """Let the browser fetch a file under its name in the package: the link is for this session, and good for a minute."""
    try:
        link = link_to(settings.current(), file_id, at=clock.now(), by=session.person(acts=True), name=name)
        session.leave_for(link)
    except ProcuraError as error:
        told.leave(f"{PLACE} {place}", error)
