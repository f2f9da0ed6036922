"""The ASGI entry: `uvicorn app.main:app`, from the repository's folder.

The gate in front, our own few routes, Streamlit behind. Not here: what any of them does.
"""

from pathlib import Path

from starlette.middleware import Middleware
from streamlit.runtime.pages_manager import PagesManager
from streamlit.starlette import App

from app.gate import Gate
from app.sign_in import ROUTES

# Streamlit takes a folder `pages` for its older kind of app until st.navigation has run once: the first window of a
# process listed the bare files. It can go when that kind of app goes (runtime/pages_manager.py of 1.67).
PagesManager.uses_pages_directory = False

app = App(Path(__file__).with_name("navigation.py"), routes=ROUTES, middleware=[Middleware(Gate)])
