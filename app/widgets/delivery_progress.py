"""A delivery that is under way, as it happens: its phase in words and every step with its time. It refreshes itself."""

from datetime import timedelta

import streamlit as st

from app import session
from app.widgets import deadline, delivery_names
from app.widgets.text import plain
from pipelines.submission.deliver import look_at_delivery
from pipelines.submission.delivery_sheet import RunLook
from warehouse import clock, settings
from warehouse.domain.access import Person
from warehouse.domain.delivery import Outcome, Phase
from warehouse.ledger.deliveries import Delivery, Step
from warehouse.ledger.store import open_ledger

EVERY_SECONDS = 1
LONG_AFTER = timedelta(seconds=30)
"""A worker takes a run within some seconds; beyond that somebody looks whether one runs."""


def draw(look: RunLook) -> None:
    """Draw a run that has not ended, and go on drawing it."""
    with st.container(border=True):
        _draw_live(look.delivery.submission_id, look.delivery.id)


@st.fragment(run_every=EVERY_SECONDS)
def _draw_live(submission_id: str, run_id: str) -> None:
    person = session.person()  # a fragment runs by itself: it must not outlive the session
    look = _look(submission_id, run_id, person)
    if look is None:
        return
    run = look.delivery
    if session.is_part_alone() and (not run.is_open or run.needs_person):
        session.refresh()  # what follows is drawn by the page around it
    draw_head(run)
    st.caption(_now(run))
    draw_steps(look.steps)


def _look(submission_id: str, run_id: str, person: Person) -> RunLook | None:
    sheet = look_at_delivery(open_ledger(), submission_id, settings=settings.current(), at=clock.now(), by=person)
    return next((look for look in sheet.runs if look.delivery.id == run_id), None)


def draw_head(run: Delivery) -> None:
    """Draw a run's name, where it stands, who started it and its reference."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{delivery_names.title(run)}** {delivery_names.badge(run)}")
        began = deadline.moment(run.created_at, deadline.reader_zone())
        st.caption(
            f"{plain(delivery_names.way(run.executor))} · started by {plain(delivery_names.starter(run))}, {began}"
            f" · {delivery_names.took(run, clock.now())}"
        )
        st.caption(f"reference `{run.reference}`")


def draw_steps(steps: tuple[Step, ...]) -> None:
    """Draw what was done, line by line."""
    if not steps:
        return
    lines = [
        f":gray[{delivery_names.clock_time(step.at)}] {':red-badge[fault] ' if step.is_fault else ''}{plain(step.words)}"
        for step in steps
    ]
    st.markdown("  \n".join(lines))


def _now(run: Delivery) -> str:
    """Say what happens at this moment, and what is known of the offer at the office."""
    words = f"Procura {delivery_names.PHASES[run.phase]}."
    if run.phase is Phase.WAITING:
        is_long = clock.now() - run.created_at > LONG_AFTER
        words = "A worker takes it within some seconds." + (
            " None has yet: ask an admin whether Procura’s runs are up." if is_long else ""
        )
    if run.outcome is Outcome.UNKNOWN and run.transported_at:
        words += " A server took it; the office’s receipt is still to come."
    elif run.outcome is Outcome.UNKNOWN and run.phase is Phase.RECONCILING:
        words += " It may have arrived: nothing is sent again until that is certain."
    if run.phase is Phase.RECONCILING and run.look_at > clock.now():
        words += f" It looks again {deadline.left(run.look_at, clock.now())}."
    return words
