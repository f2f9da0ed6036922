"""What came of a deed: left where it was done, told where it belongs.

It stays while the page draws itself anew because of others, and is gone when the person has its place drawn again. The place
is always there, filled or not: what stands below it does not move, so nothing that is open closes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from app import session
from app.widgets import state
from warehouse.errors import ProcuraError


@dataclass
class _Left:
    said: object
    is_drawn: bool = False


def leave(place: str, said: object) -> None:
    """Leave what is to be told at a place: words, what refused the deed, or whatever its `say` can draw."""
    st.session_state[_key(place)] = _Left(said)


def forget(place: str) -> None:
    """Take back what was left."""
    st.session_state.pop(_key(place), None)


def attempt(place: str, deed: Callable[[], object], words: str = "") -> bool:
    """Carry out a deed; leave what refuses it, or the words that say it is done. Say whether it is."""
    try:
        deed()
    except ProcuraError as error:
        leave(place, error)
        return False
    if words:
        leave(place, words)
    return True


def tell(place: str, say: Callable[[Any], object] = st.success) -> None:
    """Tell what was left, if anything; to be called once in a drawing of the place.

    Args:
        say: Draws what is no error.
    """
    left: _Left | None = st.session_state.get(_key(place))
    if left is not None and left.is_drawn and not session.is_refresh():
        forget(place)
        left = None
    with st.container():  # an empty one takes no room, unless it is all that another one holds
        if left is None:
            return
        left.is_drawn = True
        if isinstance(left.said, ProcuraError):
            state.told(left.said)
        else:
            say(left.said)


def _key(place: str) -> str:
    return f"told: {place}"
