"""What would go where, how and until when: the package's files, the way with what it is told, the deadline, the time it takes."""

from datetime import datetime, timedelta

import streamlit as st

from app.widgets import deadline, delivery_names, filters
from app.widgets.text import plain
from pipelines.submission.delivery_sheet import DeliverySheet
from warehouse.domain.package import size_words
from warehouse.ledger.submissions import Submission

MEASURED_NEVER = "nobody has measured it yet; a rehearsal does"


def draw(sheet: DeliverySheet) -> None:
    """Draw the plan: what goes out on the left, where and how on the right."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        draw_files(sheet)
    with right:
        _draw_way(sheet)
        draw_time(sheet)


def draw_files(sheet: DeliverySheet) -> None:
    """Draw the package that is approved, with its hash and every file with its own."""
    if sheet.manifest is None:
        return
    count = len(sheet.files)
    verb = "went" if sheet.receipt else "goes"
    files = f"{count} {'file' if count == 1 else 'files'}, {size_words(sheet.total_bytes)}"
    st.markdown(f"**What {verb} out** · package {sheet.manifest.number}, {files}")
    rows = [
        {
            "#": file.position,
            "File": file.name,
            "Volume": file.volume,
            "Size": size_words(file.size),
            "SHA-256": file.sha256,
        }
        for file in sheet.files
    ]
    has_volumes = any(file.volume for file in sheet.files)
    wanted = (
        ("File", "Size")
        if filters.is_phone()
        else ("#", "File", *(("Volume",) if has_volumes else ()), "Size", "SHA-256")
    )
    st.dataframe(
        rows, hide_index=True, height="auto" if count > 10 else "content", placeholder="", column_order=wanted,
        alt="Files of the package in their order",
        column_config={
            "#": st.column_config.NumberColumn(width=40),
            "File": st.column_config.TextColumn(width=180 if filters.is_phone() else 240),
            "Size": st.column_config.TextColumn(width=80, alignment="right"),
            "SHA-256": st.column_config.TextColumn(width=190, help="Of its bytes, as it was signed."),
        },
    )  # fmt: skip
    st.caption("SHA-256 over all of it, which legal and finance signed:")
    st.code(sheet.manifest.hash, language=None, wrap_lines=True)


def _draw_way(sheet: DeliverySheet) -> None:
    kind = sheet.kind
    st.markdown(f"**Where and how** · {plain(kind.title if kind else sheet.submission.executor)}")
    if kind:
        st.caption(plain(kind.words))
    for field in kind.fields if kind else ():
        _draw_told(field.label, sheet.fields.get(field.name, ""))
    if sheet.profile:
        st.markdown(f":gray[Portal profile]  \n{plain(sheet.profile.name)}, version {sheet.profile.version}")
    if sheet.reference:
        st.markdown(f":gray[Our reference, which goes with it]  \n`{sheet.reference}`")


def _draw_told(label: str, text: str) -> None:
    if not text.strip():
        return
    with st.container(gap=None):
        st.caption(plain(label))
        st.text(text)


def draw_time(sheet: DeliverySheet) -> None:
    """Draw until when it must be there, and how long it takes."""
    with st.container(gap=None):
        st.caption("Due")
        draw_deadline(sheet.submission, sheet.at)
    if sheet.profile:
        takes = f"{delivery_names.lasting(sheet.lead_needed)} at the slowest" if sheet.lead_needed else MEASURED_NEVER
        left = sheet.lead_left
        is_ahead = left is not None and left > timedelta() and sheet.receipt is None
        spare = f" · {delivery_names.lasting(left)} left" if is_ahead and left else ""
        st.markdown(f":gray[How long it takes]  \n{takes}{spare}")


def draw_deadline(offer: Submission, at: datetime) -> None:
    """Draw an offer's deadline in one line."""
    deadline.draw(words_of(offer, at))


def words_of(offer: Submission, at: datetime) -> deadline.Deadline:
    """Put an offer's deadline into words."""
    return deadline.describe(
        offer.due_date, offer.due_offset_minutes, offer.due_precision, offer.safe_deadline_at, at=at,
        here=deadline.reader_zone(), state=offer.place_state,
    )  # fmt: skip
