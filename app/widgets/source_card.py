"""One source: is it blind, why, what it still allows and until when, and what to do."""

from datetime import datetime

import streamlit as st

from app.widgets import deadline, names
from app.widgets.banner import STALE_AFTER
from app.widgets.text import link, plain
from pipelines.discovery.look_at_sources import SourcesSeen
from warehouse.domain.run_outcome import RunOutcome
from warehouse.ledger.source_budgets import Budget
from warehouse.ledger.sources import Run, Source

OUTCOMES: dict[str, tuple[str, str]] = {
    RunOutcome.CAME: ("brought something", "green"),
    RunOutcome.NO_NEWS: ("no news", "green"),
    RunOutcome.NOT_ASKED: ("was not asked", "gray"),
    RunOutcome.NO_KEY: ("has no key", "gray"),
    RunOutcome.QUOTA: ("requests used up", "blue"),
    RunOutcome.KEY_REFUSED: ("key refused", "red"),
    RunOutcome.BROKEN: ("does not answer as it should", "orange"),
    RunOutcome.INTERRUPTED: ("was interrupted", "orange"),
}
"""In words and as a colour; a source without a key, or one whose requests are used up, is calm."""
TO_DO = {
    RunOutcome.NO_KEY: "An admin can set a key on the page [Credentials](credentials); without one this source is left out.",
    RunOutcome.KEY_REFUSED: "An admin sets another key on the page [Credentials](credentials).",
    RunOutcome.QUOTA: "Nothing to do: it is asked again by itself.",
    RunOutcome.BROKEN: "Nothing to do at first: it is tried again with each run. When it lasts, look into its documentation.",
    RunOutcome.INTERRUPTED: "Nothing to do: the next run goes on where it stopped.",
}


def draw(source: Source, seen: SourcesSeen, now: datetime) -> None:
    """Draw its state, its latest counts and its requests."""
    latest = next((run for run in seen.runs if run.source == source.name and run.finished_at is not None), None)
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(names.source(source.name))}**")
            st.markdown(_health(source, now))
            if latest and latest.outcome:
                words, colour = OUTCOMES[latest.outcome]
                st.markdown(f":{colour}-badge[last run: {words}]")
            if source.documentation_url:
                st.markdown(link(source.documentation_url, "documentation"))
        if latest and latest.reason:
            st.caption(plain(latest.reason))
        if source.status_reason and (latest is None or source.status_reason != latest.reason):
            st.caption(plain(source.status_reason))
        if latest and latest.outcome in TO_DO:
            st.caption(TO_DO[RunOutcome(latest.outcome)])
        if latest and latest.records_fetched:
            st.markdown(_counts(latest))
        if budget := seen.budgets.get(source.name):
            st.caption(_requests(budget, now))


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


def _requests(budget: Budget, now: datetime) -> str:
    zone = deadline.reader_zone()
    if budget.closed_until is not None and budget.closed_until > now:
        why = "its requests are used up" if budget.closed_because == "quota" else "it was broken several times in a row"
        return f"It is left alone until {deadline.moment(budget.closed_until, zone)}: {why}."
    left = budget.left(now)
    until = f" until {deadline.moment(budget.ends, zone)}" if budget.ends > now else ""
    return f"{left:,} of {budget.allowed:,} requests left{until}."
