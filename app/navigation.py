"""The frame of every page: who is signed in, the side bar, the banners, and what is shown when a page fails.

Streamlit runs this file at each rerun. Not here: what a page shows.
"""

import logging
import uuid
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from app import session
from app.page import PageInfo, Section, find_pages
from app.widgets import banner, state, unread, waiting
from app.widgets.text import plain
from warehouse.domain.access import Person, may
from warehouse.errors import NotPermitted, NotSignedIn, ProcuraError, StoreUnavailable

HERE = Path(__file__).parent
LOG = logging.getLogger("procura.app")
ROOT_PATH = "first"
"""Only a name that no other page has: the first page's address is the root."""


def draw() -> None:
    """Draw the frame and run the page that the address asks for."""
    st.set_page_config(page_title="Procura", page_icon=str(HERE / "icon.png"), layout="wide", initial_sidebar_state=220)
    try:
        person = session.person()
    except NotSignedIn:
        _register(None)  # all pages, or a deep link would be lost
        state.signed_out()
        return
    except StoreUnavailable as error:
        _register(None)
        state.unavailable(error)
        return
    page = _register(person)
    _draw_side_bar(person)
    _run(page, person)


def _register(person: Person | None) -> st.Page:
    sections: dict[str, list[st.Page]] = {}
    for path, info in find_pages().by_file.items():
        is_visible = person is not None and info.is_listed and _may_see(person, info)
        page = st.Page(
            path,
            title=info.title,
            url_path=ROOT_PATH if info.is_first else path.stem,
            default=info.is_first,
            visibility="visible" if is_visible else "hidden",
            help=info.help,
        )
        found = sections.setdefault(info.section.value, [])
        found.append(page)
        if info.is_first:  # Streamlit serves it at the root alone, and people type its name as they do any other's
            found.append(st.Page(path, title=info.title, url_path=path.stem, visibility="hidden"))
    ordered: dict[str, list[str | Path | Callable[[], None] | st.Page]] = {
        str(s.value): list(sections[s.value]) for s in Section if s.value in sections
    }
    return st.navigation(ordered, position="sidebar" if person else "hidden", expanded=True)


def _draw_side_bar(person: Person) -> None:
    with st.sidebar:
        st.caption(f"{plain(person.email)}  \n{person.role.value.replace('_', ' ')} · {person.department.value}")
        if person.is_demo:
            st.badge("demo account", color="orange")
        unread.draw(person)
        waiting.draw(person)
        st.button("Sign out", on_click=session.end, width="stretch")
        for name, fault in find_pages().broken.items():
            st.error(f"The page {plain(name)} cannot be shown: {plain(fault)}")


def _run(page: st.Page, person: Person) -> None:
    info = _info_of(page)
    try:
        banner.draw(person)
        if info is not None and not _may_see(person, info):
            state.not_permitted(info.title, info.needs)
            return
        page.run()
    except NotSignedIn:
        state.signed_out()
    except StoreUnavailable as error:
        state.unavailable(error)
    except NotPermitted as error:
        state.refused(error)
    except ProcuraError as error:
        state.failed(error, _reference(error))
    except Exception as error:  # noqa: BLE001 - the outermost edge of a page: recorded, then said in words
        state.failed(error, _reference(error))


def _may_see(person: Person, info: PageInfo) -> bool:
    return info.needs is None or may(person, info.needs)


def _info_of(page: st.Page) -> PageInfo | None:
    return next((i for path, i in find_pages().by_file.items() if i.title == page.title), None)


def _reference(error: BaseException) -> str:
    reference = uuid.uuid4().hex[:8]
    LOG.error("page failed, reference %s", reference, exc_info=error)
    return reference


if __name__ == "__main__":
    draw()
