"""A receipt that one person brought, before another: its document beside what it is said to say; confirmed, or put aside."""

import streamlit as st

from app import session
from app.widgets import deadline, delivery_evidence, delivery_names, delivery_receipt, told
from app.widgets.text import plain
from pipelines.submission.deliver import LONGEST_REASON, confirm_receipt, put_receipt_aside
from pipelines.submission.delivery_sheet import DeliverySheet
from warehouse import clock, settings
from warehouse.domain.access import Action, Person, who_may
from warehouse.ledger.receipts import Receipt
from warehouse.ledger.store import open_ledger

CONFIRMED = "Confirmed. The offer is submitted, and who works on it is told."
ASIDE = "Put aside. Who works on the offer can bring another one."


def draw(sheet: DeliverySheet, receipt: Receipt, person: Person, *, place: str) -> None:
    """Draw the receipt with its document, and the two buttons for who may judge it.

    Args:
        place: Where what came of it is told.
    """
    with st.container(border=True):
        left, right = st.columns([3, 2], gap="large")
        kept = delivery_receipt.evidence_of(sheet, receipt)
        with left:
            st.markdown("**The document**")
            if kept is None:
                st.caption("It is not there any more: bring it again.")
            else:
                st.caption(f"{plain(kept.name)} · SHA-256 `{kept.sha256[:12]}…`")
                delivery_evidence.download_button(kept, place=f"confirm {place}")
                delivery_evidence.draw_inert(kept, person)
        with right:
            st.markdown(":orange-badge[to confirm] **What it is said to say**")
            st.subheader(plain(receipt.number), anchor=False)
            st.markdown(_facts(sheet, receipt))
            st.markdown(f":gray[In these words]  \n{delivery_names.quoted(delivery_receipt.around(receipt))}")
            _draw_deeds(sheet, receipt, person, place)


def _facts(sheet: DeliverySheet, receipt: Receipt) -> str:
    zone = deadline.reader_zone()
    received = deadline.moment(receipt.received_at, zone) if receipt.received_at else "not stated"
    return "  \n".join(
        (
            f":gray[Received] {received}",
            f":gray[Brought] {deadline.moment(receipt.read_at, zone)} by {plain(receipt.captured_by)}",
            f":gray[For] package `{receipt.manifest_hash[:16]}…` · our reference `{sheet.reference}`",
        )
    )


def _draw_deeds(sheet: DeliverySheet, receipt: Receipt, person: Person, place: str) -> None:
    if not sheet.may_confirm:
        st.info(f"Confirmed by {who_may(Action.CONFIRM_RECEIPT)} who did not bring it.")
        return
    if receipt.captured_by_id == person.id:
        st.info("You brought it: somebody else looks at it and confirms. You can still put it aside.")
    with st.container(horizontal=True):
        if receipt.captured_by_id != person.id:
            st.button(
                "It is the office’s: confirm", type="primary", key=f"confirm {place} {receipt.id}", on_click=_confirm,
                args=(receipt.id, place), help="The offer is then submitted. That stays so.",
            )  # fmt: skip
        with (
            st.popover("Put it aside …", key=f"aside_open {place} {receipt.id}"),
            st.form(f"aside {receipt.id}", border=False),
        ):
            st.markdown("It does not count; it stays in the record with your reason, and another one can be brought.")
            key = f"aside_why {place} {receipt.id}"
            st.text_area("Why", key=key, max_chars=LONGEST_REASON, height=80)
            st.form_submit_button(
                "Put this receipt aside", type="primary", on_click=_aside, args=(receipt.id, key, place)
            )


def _confirm(receipt_id: str, place: str) -> None:
    told.attempt(
        place,
        lambda: confirm_receipt(
            open_ledger(), receipt_id, settings=settings.current(), at=clock.now(), by=session.person(acts=True)
        ),
        CONFIRMED,
    )


def _aside(receipt_id: str, key: str, place: str) -> None:
    reason = str(st.session_state.get(key) or "")
    told.attempt(
        place, lambda: put_receipt_aside(open_ledger(), receipt_id, reason, by=session.person(acts=True)), ASIDE
    )
