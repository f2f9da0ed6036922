"""Sources: is anything blind? Per source its last answer and counts, the runs, what could not be read, and a run at once."""

from datetime import datetime

import streamlit as st

from app import session
from app.page import PageInfo, Section
from app.widgets import deadline, names, quarantine, state, told
from app.widgets.banner import STALE_AFTER
from app.widgets.text import link, plain
from pipelines.administration.run_requests import DISCOVERY, request_run
from pipelines.discovery.look_at_sources import look_at_sources
from warehouse import clock
from warehouse.domain import access
from warehouse.domain.access import Action, Person
from warehouse.ledger.sources import Run, RunRequest, Source, latest_request, list_runs
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
    _draw_sources(seen.sources, seen.runs)
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


def _draw_sources(sources: list[Source], runs: list[Run]) -> None:
    if not sources:
        state.empty(
            "No source has been asked yet.",
            "The first run begins by itself when Procura starts; it can also be asked for above.",
        )
        return
    now = clock.now()
    for source in sources:
        latest = next((run for run in runs if run.source == source.name and run.status == "success"), None)
        with st.container(border=True):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**{plain(names.source(source.name))}**")
                st.markdown(_health(source, now))
                if source.documentation_url:
                    st.markdown(link(source.documentation_url, "documentation"))
            if source.status_reason:
                st.caption(plain(source.status_reason))
            if latest:
                st.markdown(_counts(latest))


def _health(source: Source, now: datetime) -> str:
    if source.last_success_at is None:
        return ":gray-badge[has not answered yet]"
    since = deadline.left(source.last_success_at, now).removeprefix("passed ")
    is_stale = now - source.last_success_at > STALE_AFTER
    return f":orange-badge[stale: answered {since}]" if is_stale else f":green-badge[answered {since}]"


def _counts(run: Run) -> str:
    return (
        f"Last run: **{run.records_fetched:,}** landed = **{run.accepted:,}** accepted + **{run.quarantined:,}** quarantined;"
        f" {run.unchanged:,} unchanged, {run.versions:,} new versions"
    )


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
            "Seconds": round((run.finished_at - run.started_at).total_seconds(), 1) if run.finished_at else None,
            "Why": run.reason,
        }
        for run in runs
    ]
    number = st.column_config.NumberColumn(format="localized")
    counts = ("Landed", "Accepted", "Quarantined", "Unchanged", "New versions")
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
