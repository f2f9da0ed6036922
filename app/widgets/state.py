"""The designed states: empty, failed, not permitted, signed out, the store away. Each says why and the one thing to do."""

import streamlit as st

from app.gate import SIGN_IN
from app.widgets.text import plain
from warehouse.domain.access import Action, who_may
from warehouse.errors import NotPermitted, ProcuraError, StoreUnavailable


def empty(title: str, why: str, *, page: str | None = None, label: str = "") -> None:
    """Say that there is nothing, why, and the one thing to do: a link to a page of app/pages."""
    with st.container(border=True):
        st.markdown(f"**{title}**")
        st.markdown(why)
        if page:
            st.page_link(f"pages/{page}.py", label=f"{label} →")


def signed_out() -> None:
    """Say that the session has ended."""
    with st.container(border=True, width=480):
        st.markdown("### Your session has ended")
        st.markdown(f"Everything you saved is kept. [Sign in again]({SIGN_IN}) to go on, or reload this page.")


def unavailable(error: StoreUnavailable) -> None:
    """Say that a store does not answer."""
    st.warning(f"**One moment:** {plain(error.what)} Kept: everything you saved. Reload in a few seconds.")


def not_permitted(title: str, needs: Action | None) -> None:
    """Say who may see a page."""
    who = who_may(needs) if needs else "everybody"
    st.info(f"**{title}** is for {who}. Ask an admin if you need it.")


def refused(error: NotPermitted) -> None:
    """Say that a deed is not this person's."""
    st.warning(_sentence(error))


def told(error: ProcuraError) -> None:
    """Say what the product itself has to say about a deed that could not be done."""
    st.warning(_sentence(error))


def failed(error: BaseException, reference: str) -> None:
    """Say that the page failed: what happened, what was kept, what to do, and the number under which the log has it."""
    what = (
        _sentence(error)
        if isinstance(error, ProcuraError)
        else "This page could not be shown. Kept: everything you saved."
    )
    st.error(f"{what}  \nReload the page; if it stays, give your admin the reference **{reference}**.")


def _sentence(error: ProcuraError) -> str:
    parts = [plain(error.what)]
    if error.kept:
        parts.append(f"Kept: {plain(error.kept)}")
    if error.todo:
        parts.append(f"To do: {plain(error.todo)}")
    return "  \n".join(parts)
