"""The office's receipt beside the hash of what was approved: the same package, and the words in which the number stands."""

import streamlit as st

from app.widgets import deadline, delivery_evidence, delivery_names, delivery_standing
from app.widgets.text import plain
from pipelines.submission.delivery_sheet import DeliverySheet
from warehouse.domain.access import Person
from warehouse.ledger.deliveries import Evidence
from warehouse.ledger.receipts import Receipt

QUOTE_AROUND = 240


def draw(sheet: DeliverySheet, person: Person) -> None:
    """Draw the receipt that counts; nothing as long as there is none."""
    receipt, manifest = sheet.receipt, sheet.manifest
    if receipt is None or manifest is None:
        return
    with st.container(border=True):
        left, right = st.columns([2, 3], gap="large")
        with left:
            st.markdown(":green-badge[receipt] **What the office answered**")
            st.subheader(plain(receipt.number), anchor=False)
            st.markdown(_facts(receipt))
            delivery_standing.draw(
                [one for look in sheet.runs if look.delivery.id == receipt.run_id for one in look.statuses]
            )
            st.markdown(f":gray[Its words]  \n{delivery_names.quoted(around(receipt))}")
            kept = evidence_of(sheet, receipt)
            if kept is not None:
                delivery_evidence.download_button(kept, place="receipt", label=f"Download {plain(kept.name)}")
        with right:
            st.markdown("**What was approved**")
            is_same = receipt.manifest_hash == manifest.hash
            words = ":green-badge[the same] The receipt is for exactly this package." if is_same else (
                ":red-badge[another] The receipt is for another package than the one that is approved."
            )  # fmt: skip
            st.markdown(words)
            st.caption(f"Package {manifest.number}, SHA-256 over all of it, as it was signed:")
            st.code(manifest.hash, language=None, wrap_lines=True)
            st.caption("SHA-256 for which the receipt was given:")
            st.code(receipt.manifest_hash, language=None, wrap_lines=True)
            st.markdown(f":gray[Our reference]  \n`{sheet.reference}`")


def _facts(receipt: Receipt) -> str:
    zone = deadline.reader_zone()
    received = deadline.moment(receipt.received_at, zone) if receipt.received_at else "not stated"
    lines = [f":gray[Received] {received}", f":gray[Read] {deadline.moment(receipt.read_at, zone)}, {_source(receipt)}"]
    if receipt.confirmed_by and receipt.confirmed_at:
        lines.append(f":gray[Confirmed] {deadline.moment(receipt.confirmed_at, zone)} by {plain(receipt.confirmed_by)}")
    return "  \n".join(lines)


def _source(receipt: Receipt) -> str:
    said = delivery_names.SOURCES[receipt.source]
    return f"brought by {plain(receipt.captured_by)}" if receipt.captured_by else said


def around(receipt: Receipt) -> str:
    """Return the words around a receipt's number."""
    at = receipt.quote.find(receipt.number)
    if at < 0 or len(receipt.quote) <= 2 * QUOTE_AROUND:
        return receipt.quote
    start, end = max(0, at - QUOTE_AROUND), at + len(receipt.number) + QUOTE_AROUND
    return f"{'… ' if start else ''}{receipt.quote[start:end].strip()}{' …' if end < len(receipt.quote) else ''}"


def evidence_of(sheet: DeliverySheet, receipt: Receipt) -> Evidence | None:
    """Return the kept thing in which a receipt can be read again."""
    every = (one for look in sheet.runs for one in look.evidence)
    return next((one for one in every if one.id == receipt.evidence_id), None)
