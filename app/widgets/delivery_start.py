"""What speaks against delivering now, and the two buttons: a dry run, and the delivery itself with a typed word."""

import streamlit as st

from app import session
from app.widgets import delivery_names, told
from app.widgets.text import plain
from pipelines.submission.deliver import start_delivery
from pipelines.submission.delivery_sheet import DeliverySheet
from warehouse import clock, settings
from warehouse.domain.access import Action, who_may
from warehouse.domain.package import size_words
from warehouse.errors import BadInput
from warehouse.ledger.store import open_ledger

PLACE = "delivery"
WORD = "DELIVER"
TYPED = "delivery_word"


def draw(sheet: DeliverySheet) -> None:
    """Draw whether it can go out now, and the buttons for who may press them."""
    draw_against(sheet)
    if sheet.manifest is None:
        return
    if not sheet.may_start:
        st.caption(f"Delivered by {who_may(Action.DELIVER_PACKAGE)} who works on this offer.")
        return
    is_stopped = bool(sheet.against)
    with st.container(horizontal=True):
        st.button(
            "Dry run", key="dry_run", icon=":material/experiment:", disabled=is_stopped and not _only_time(sheet),
            on_click=_start, args=(sheet.submission.id, sheet.manifest.hash, True),
            help="Does everything but the last act: asks, reads every file again, fills in. Sends nothing, changes no state.",
        )  # fmt: skip
        with st.popover(f"{_verb(sheet)} now …", key="deliver_open", type="primary", disabled=is_stopped):
            _draw_confirmation(sheet)


def draw_against(sheet: DeliverySheet) -> None:
    """Draw every reason why it cannot go out now, or that there is none."""
    st.markdown("**May it go out now?**")
    if not sheet.against:
        st.markdown(":green-badge[yes] Approved, frozen, in time: nothing speaks against it.")
    for clause in sheet.against:
        st.markdown(f":red-badge[no] {plain(_sentence(clause))}")


def _sentence(clause: str) -> str:
    return f"{clause[:1].upper()}{clause[1:].rstrip('.')}."


def _only_time(sheet: DeliverySheet) -> bool:
    """Whether a dry run could still be tried: it sends nothing, so it needs no time left for the last act."""
    return len(sheet.against) == 1 and "are left and the delivery takes" in sheet.against[0]


def _is_hand_over(sheet: DeliverySheet) -> bool:
    return sheet.kind is not None and sheet.kind.name == delivery_names.HAND_OVER


def _verb(sheet: DeliverySheet) -> str:
    return "Hand over" if _is_hand_over(sheet) else "Deliver"


def _draw_confirmation(sheet: DeliverySheet) -> None:
    manifest = sheet.manifest
    if manifest is None:
        return
    count = len(sheet.files)
    what = f"{count} {'file' if count == 1 else 'files'} ({size_words(sheet.total_bytes)}), package `{manifest.hash[:12]}…`"
    if _is_hand_over(sheet):
        st.markdown(
            f"{what}, is laid out for **you** to upload at {plain(_where(sheet))}. From then on it may have arrived: the package"
            " stays as it was signed until you bring the receipt, or say that nothing was uploaded."
        )
    else:
        st.markdown(
            f"{what}, goes to **{plain(_where(sheet))}** at once, under our reference `{sheet.reference}`."
            " **It cannot be taken back.** Whether it arrived is read from the office, and only its receipt makes the offer submitted."
        )
    with st.form("deliver", border=False):
        st.text_input(f"Type {WORD} to confirm", key=TYPED, autocomplete="off", placeholder=WORD, max_chars=20)
        st.form_submit_button(
            f"{_verb(sheet)} package {manifest.number}", type="primary", on_click=_confirmed,
            args=(sheet.submission.id, manifest.hash),
        )  # fmt: skip


def _where(sheet: DeliverySheet) -> str:
    fields = sheet.fields
    return fields.get("to") or fields.get("portal_name") or fields.get("portal_address") or "the office"


def _confirmed(submission_id: str, wanted_hash: str) -> None:
    typed = str(st.session_state.get(TYPED) or "").strip()
    st.session_state[TYPED] = ""
    if typed.upper() != WORD:
        told.leave(
            PLACE, BadInput("The word was not typed.", kept="nothing was sent.", todo=f"type {WORD} to confirm.")
        )
        return
    _start(submission_id, wanted_hash, False)


def _start(submission_id: str, wanted_hash: str, is_dry_run: bool) -> None:
    told.attempt(
        PLACE,
        lambda: start_delivery(
            open_ledger(), submission_id, wanted_hash, is_dry_run=is_dry_run, settings=settings.current(), at=clock.now(),
            by=session.person(acts=True),
        ),
    )  # fmt: skip
