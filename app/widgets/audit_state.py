"""Whether the log is whole: signed up to where and by when, verified when, where its witness lies; verify now, export."""

from datetime import datetime, timedelta

import streamlit as st

from app.widgets import deadline
from app.widgets.text import plain
from pipelines.administration.audit_log import LogState, export_as_zip, log_state, verify_audit_log
from warehouse import clock, settings
from warehouse.audit.export import zip_of_text
from warehouse.audit.verdict import Verdict
from warehouse.domain import access
from warehouse.domain.access import Action, Person
from warehouse.errors import ProcuraError
from warehouse.ledger.store import open_ledger

MOST_EXPORTED = 200_000
"""Beyond, an archive in a browser's memory is the wrong way: the command line streams."""
VERDICT = "audit_verdict"


def draw(person: Person) -> None:
    """Draw the state, and the buttons of who may verify and export."""
    found = log_state(open_ledger(), settings.current(), by=person)
    with st.container(border=True):
        told: tuple[Verdict, datetime] | None = st.session_state.get(VERDICT)
        _draw_health(found, told)
        _draw_places(found)
        with st.container(horizontal=True, vertical_alignment="center"):
            if access.may(person, Action.VERIFY_AUDIT_LOG):
                new = st.button("Verify what is new", type="primary", help="What was appended since the log last held.")
                whole = st.button(
                    "Verify the whole log", help="Every record and checkpoint; a million take about 10 s."
                )
                if new or whole:
                    _verify(person, since_last=new)
            if access.may(person, Action.EXPORT_AUDIT_LOG):
                _draw_export(person, found)


def _draw_health(found: LogState, told: tuple[Verdict, datetime] | None) -> None:
    if found.failing or (told is not None and not told[0].holds):
        st.markdown(":red-badge[:material/error: needs a look]")
    elif found.accepted_at:
        st.markdown(":green-badge[:material/verified: whole when last verified]")
    else:
        st.markdown(":gray-badge[not verified yet]")
    for words in found.failing:
        st.error(plain(words))
    if told is not None:
        _draw_verdict(*told)
    elif found.accepted_at:
        st.markdown(
            f"Verified {_ago(datetime.fromisoformat(found.accepted_at))}: all **{found.accepted:,}** records held."
        )


def _draw_verdict(verdict: Verdict, at: datetime) -> None:
    if verdict.holds:
        st.success(
            f"The log is whole: {verdict.checked:,} of {verdict.records:,} records and {verdict.checkpoints:,}"
            f" checkpoint{'' if verdict.checkpoints == 1 else 's'}"
            f" looked at {_ago(at)}."
        )
        return
    lines = "  \n".join(plain(fault.what) for fault in verdict.faults[:10])
    more = f"  \nand {len(verdict.faults) - 10} more" if len(verdict.faults) > 10 else ""
    st.error(f"**The log does not hold.** The first fault, then what else was found:  \n{lines}{more}")


def _draw_places(found: LogState) -> None:
    checkpoint = found.checkpoint
    if checkpoint is None:
        st.markdown(f"**{found.records:,}** records, not signed yet: a checkpoint is written within a minute.")
    else:
        waiting = found.records - checkpoint.size
        st.markdown(
            f"Signed up to record **{checkpoint.size:,}** of {found.records:,}, {_ago(checkpoint.written_at)}"
            + (f"; **{waiting:,}** {'waits' if waiting == 1 else 'wait'} for the next checkpoint" if waiting else "")
        )
        with st.expander("The last checkpoint"):
            st.code(checkpoint.note, language=None, wrap_lines=True)
    for place in found.places:
        st.caption(f"Its witness lies in {plain(place)}")


def _verify(person: Person, *, since_last: bool) -> None:
    bar = st.progress(0.0, "Verifying …")

    def show(done: int, total: int) -> None:
        bar.progress(done / max(1, total), f"{done:,} of {total:,} records")

    at = clock.now()
    verdict = verify_audit_log(
        open_ledger(), settings.current(), at=at, by=person, since_last=since_last, progress=show
    )
    st.session_state[VERDICT] = (verdict, at)
    st.rerun()


def _draw_export(person: Person, found: LogState) -> None:
    if found.records > MOST_EXPORTED:
        st.caption("To export: `procura audit export --out DIR`.")
        return

    def make() -> bytes:
        # Made when it is clicked, outside the page's run: the person was asked for above, the session is asked again within.
        try:
            return export_as_zip(open_ledger(), settings.current(), at=clock.now(), by=person)
        except ProcuraError as error:
            return zip_of_text("NOT-EXPORTED.txt", str(error))

    st.download_button(
        "Export",
        make,
        file_name=f"audit-log-{clock.now():%Y-%m-%d}.zip",
        mime="application/zip",
        on_click="ignore",
        help="All records, the checkpoints, and a verifier that needs nothing of ours. The export itself is recorded.",
    )


def _ago(moment: datetime) -> str:
    now = clock.now()
    return deadline.left(moment, now).removeprefix("passed ") if now - moment >= timedelta(minutes=1) else "just now"
