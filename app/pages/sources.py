"""Sources: is anything blind? Per source its last answer and counts, the runs, what could not be read, and a run at once."""

from datetime import datetime

import streamlit as st

from app import session
from app.page import PageInfo, Section
from app.widgets import deadline, names, quarantine, source_card, state, told
from app.widgets.text import plain
from pipelines.administration.run_requests import DISCOVERY, request_run
from pipelines.discovery.look_at_sources import SourcesSeen, look_at_sources
from warehouse import clock
from warehouse.domain import access, daily_run
from warehouse.domain.access import Action, Person
from warehouse.ledger.sources import Run, RunRequest, latest_request, list_runs
from warehouse.ledger.store import open_ledger

PAGE = PageInfo(
    "Sources", Section.RUN, 1, "What each source last brought, what could not be read, and a run at once.",
    needs=Action.READ_SOURCES,
)  # fmt: skip
PLACE = "run"
STATES = {
    "pending": "waiting to begin",
    "running": "running",
    "success": "finished",
    "failed": "failed",
}
COLOURS = {"pending": "orange", "running": "blue", "success": "green", "failed": "red"}


def render() -> None:
    """Draw the page."""
    person = session.person()
    st.title("Sources")
    seen = look_at_sources(open_ledger(), by=person)
    _draw_request(person)
    _draw_sources(seen)
    _draw_runs(seen.runs)
    quarantine.draw()


def _draw_request(person: Person) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if access.may(person, Action.REQUEST_RUN):
            st.button(
                "Discover now",
                type="primary",
                on_click=_request,
                help="Asks every source, publishes and scores what came. Usually a minute.",
            )
        else:
            st.caption("An admin or a contract officer can start a run.")
        _draw_progress()
    told.tell(PLACE)


def _request() -> None:
    told.attempt(PLACE, lambda: request_run(open_ledger(), DISCOVERY, by=session.person(), at=clock.now()))


@st.fragment(run_every=2)
def _draw_progress() -> None:
    person = session.person()  # a fragment runs by itself: it must not outlive the session
    with open_ledger().read(person) as tx:
        request = latest_request(tx, DISCOVERY)
        running = [run for run in list_runs(tx, limit=5) if run.status == "running"]
    if request is not None:
        st.markdown(progress_words(request, clock.now()))
    for run in running:
        st.caption(f"{plain(names.source(run.source))}: {run.records_fetched:,} records read so far")
    finished = request is not None and request.state in ("success", "failed")
    if finished and request is not None and st.session_state.get("seen_request") == (request.id, "open"):
        st.session_state["seen_request"] = (request.id, "done")
        st.rerun()
    if request is not None and not finished:
        st.session_state["seen_request"] = (request.id, "open")


def progress_words(request: RunRequest, now: datetime) -> str:
    """Say how far the last request is."""
    since = deadline.left(request.requested_at, now).removeprefix("passed ")
    detail = f": {plain(request.detail)}" if request.detail else ""
    badge = f":{COLOURS[request.state]}-badge[{STATES[request.state]}]"
    return f"{badge} asked for by {plain(request.requested_by)} {since}{detail}"


def _draw_sources(seen: SourcesSeen) -> None:
    if not seen.sources:
        state.empty(
            "No source has been asked yet.",
            "The first run begins by itself when Procura starts; it can also be asked for above.",
        )
        return
    now = clock.now()
    for source in seen.sources:
        source_card.draw(source, seen, now)
    st.caption(f"By itself the next run begins {deadline.moment(daily_run.after(now), deadline.reader_zone())}.")


def _draw_runs(runs: list[Run]) -> None:
    st.subheader("Runs", anchor=False)
    if not runs:
        st.caption("No run yet.")
        return
    zone = deadline.reader_zone()
    table = [
        {
            "Began": deadline.moment(run.started_at, zone),
            "Source": names.source(run.source),
            "State": STATES[run.status],
            "Landed": run.records_fetched,
            "Accepted": run.accepted,
            "Quarantined": run.quarantined,
            "Unchanged": run.unchanged,
            "New versions": run.versions,
            "Requests": run.requests_spent,
            "Came to": source_card.OUTCOMES.get(run.outcome, ("", ""))[0],
            "Seconds": round((run.finished_at - run.started_at).total_seconds(), 1) if run.finished_at else None,
            "Why": run.reason,
        }
        for run in runs
    ]
    number = st.column_config.NumberColumn(format="localized")
    counts = ("Landed", "Accepted", "Quarantined", "Unchanged", "New versions", "Requests")
    st.dataframe(
        table,
        hide_index=True,
        height="auto" if len(table) > 10 else "content",
        column_config={**dict.fromkeys(counts, number), "Began": st.column_config.TextColumn(width=190)},
        placeholder="",
        alt="Runs of discovery, newest first",
    )
    skipped = [(item.get("name", ""), item.get("reason", "")) for item in runs[0].skipped_files]
    if skipped:
        st.markdown(
            "**Skipped in the last run**  \n"
            + "  \n".join(f"{plain(name)}: {plain(reason)}" for name, reason in skipped)
        )


if __name__ == "__main__":
    render()
