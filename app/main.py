"""The ASGI entry: `uvicorn app.main:app`, from the repository's folder.

Sizes, the gate and one deed a click in front, our own few routes and the interface for programs, Streamlit behind. Not here:
what any of them does.
"""

from pathlib import Path

from starlette.middleware import Middleware
from starlette.routing import Mount
from streamlit.runtime.pages_manager import PagesManager
from streamlit.starlette import App

from app.api.application import api
from app.api.openapi import PREFIX
from app.body_limit import BodyLimit
from app.calendar_feed import ROUTES as CALENDAR_ROUTES
from app.download import ROUTES as DOWNLOAD_ROUTES
from app.gate import Gate
from app.one_click import OneClick
from app.reset import ROUTES as RESET_ROUTES
from app.second_step import ROUTES as SECOND_STEP_ROUTES
from app.sign_in import ROUTES as SIGN_IN_ROUTES

# Streamlit takes a folder `pages` for its older kind of app until st.navigation has run once: the first window of a
# process listed the bare files. It can go when that kind of app goes (runtime/pages_manager.py of 1.67).
PagesManager.uses_pages_directory = False

app = App(
    Path(__file__).with_name("navigation.py"),
    routes=[
        *SIGN_IN_ROUTES,
        *SECOND_STEP_ROUTES,
        *RESET_ROUTES,
        *DOWNLOAD_ROUTES,
        *CALENDAR_ROUTES,
        Mount(PREFIX, api),
    ],
    middleware=[Middleware(BodyLimit), Middleware(Gate), Middleware(OneClick)],
)
