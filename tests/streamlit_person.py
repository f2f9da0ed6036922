"""A person at an open page without a browser: widgets are found by their labels, used, and looked at again.

Speaks Streamlit's websocket as its browser part does: sends the state of all widgets, knows which part of the page a widget
belongs to, and lets the parts that refresh themselves do so. Not here: shaking hands (streamlit_client.py).
"""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import ClientConnection, connect

SECONDS = 60
KINDS = {"checkbox": "bool_value", "text_area": "string_value", "text_input": "string_value", "button": "trigger_value"}
WITH_BODY = {"markdown", "text", "alert", "heading"}
WHOLE_PAGE = ""


@dataclass(frozen=True)
class Widget:
    """One widget as it was drawn."""

    id: str
    kind: str
    label: str
    part: str
    value: Any
    is_disabled: bool


@dataclass
class Part:
    """What one part of the page (a fragment, or the page around them) drew in its last run."""

    widgets: list[Widget] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """What exceptions and red boxes say."""


class Someone:
    """One person with one open page."""

    def __init__(self, connection: ClientConnection, page: str, query: str) -> None:
        self._connection = connection
        self._page, self._query, self._page_hash = page, query, ""
        self._states: dict[str, Any] = {}
        self._refreshed_at: dict[str, float] = {}
        self.parts: dict[str, Part] = {}
        self.refreshing: dict[str, float] = {}
        """Seconds between two turns of each part that refreshes itself."""
        self.runs = 0

    def load(self) -> None:
        """Draw the whole page."""
        self._send(WHOLE_PAGE)

    def find(self, kind: str, label: str) -> Widget | None:
        """Return the widget of this label, else the first whose label holds it or whose key it is, if it is there."""
        widgets = [w for part in self.parts.values() for w in part.widgets if w.kind == kind]
        found = [w for w in widgets if label in w.label or w.id.endswith(f"-{label}")]
        return next((w for w in found if w.label == label), found[0] if found else None)

    def fill(self, kind: str, label: str, value: Any) -> None:
        """Type or tick without sending it yet."""
        widget = self.find(kind, label)
        assert widget is not None, f"no {kind} {label!r}: {self.texts[:500]}"
        self._states[widget.id] = value

    def tick(self, label: str, value: bool) -> None:
        """Tick a box, or take the tick away."""
        widget = self.find("checkbox", label)
        assert widget is not None, f"no box {label!r}: {self.texts[:500]}"
        self._states[widget.id] = value
        self._send(widget.part)

    def press(self, label: str) -> None:
        """Press a button."""
        widget = self._button(label)
        self._send(widget.part, pressed=widget.id)

    def press_while_a_part_refreshes(self, label: str) -> None:
        """Press a button as a busy browser does: a part that refreshes itself is sent first, with the press in it as well."""
        widget = self._button(label)
        self._send(next(iter(self.refreshing)), pressed=widget.id, is_auto=True)
        self.press(label)

    def _button(self, label: str) -> Widget:
        widget = self.find("button", label)
        assert widget is not None, f"no button {label!r}: {self.texts[:500]}"
        return widget

    def let_refresh(self) -> None:
        """Let each part that refreshes itself do so once it is due."""
        for part, seconds in list(self.refreshing.items()):
            if time.monotonic() - self._refreshed_at.get(part, 0) >= seconds:
                self._refreshed_at[part] = time.monotonic()
                self._send(part, is_auto=True)

    @property
    def texts(self) -> str:
        """Everything that stands on the page."""
        return "\n".join(text for part in self.parts.values() for text in part.texts)

    @property
    def faults(self) -> list[str]:
        """What red boxes and exceptions on the page say."""
        return [fault for part in self.parts.values() for fault in part.faults]

    def _send(self, part: str, *, pressed: str = "", is_auto: bool = False) -> None:
        message = BackMsg()
        rerun = message.rerun_script
        rerun.query_string, rerun.page_name, rerun.page_script_hash = self._query, self._page, self._page_hash
        rerun.fragment_id, rerun.is_auto_rerun = part, is_auto
        for widget_id, value in self._states.items():
            rerun.widget_states.widgets.append(_state(widget_id, value))
        if pressed:
            rerun.widget_states.widgets.append(WidgetState(id=pressed, trigger_value=True))
        self._connection.send(message.SerializeToString())
        self._take()

    def _take(self) -> None:
        drawn: dict[str, Part] = {}
        refreshing: dict[str, float] = {}
        while True:
            answer = ForwardMsg()
            received = self._connection.recv(timeout=SECONDS)
            assert isinstance(received, bytes)
            answer.ParseFromString(received)
            kind = answer.WhichOneof("type")
            if kind == "new_session":
                drawn, refreshing = {}, {}
            elif kind == "delta":
                self._draw(answer.delta, drawn.setdefault(answer.delta.fragment_id, Part()))
            elif kind == "navigation":
                self._page_hash = answer.navigation.page_script_hash
            elif kind == "auto_rerun":
                refreshing[answer.auto_rerun.fragment_id] = answer.auto_rerun.interval
            elif kind == "script_finished" and answer.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                if answer.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                    self.parts, self.refreshing = {}, {}
                    self._refreshed_at = dict.fromkeys(refreshing, time.monotonic())
                self.parts |= drawn
                self.refreshing |= refreshing
                self.runs += 1
                return

    def _draw(self, delta: Delta, part: Part) -> None:
        kind = delta.new_element.WhichOneof("type") if delta.WhichOneof("type") == "new_element" else None
        element: Any = getattr(delta.new_element, kind) if kind else None
        if kind in WITH_BODY:
            part.texts.append(element.body)
        if kind == "exception":
            part.faults.append(element.message)
        elif kind == "alert" and element.format == element.ERROR:
            part.faults.append(element.body)
        elif kind in KINDS:
            if kind != "button":
                self._states[element.id] = (
                    element.value if element.set_value else self._states.get(element.id, element.default)
                )
            value = self._states.get(element.id)
            part.widgets.append(Widget(element.id, kind, element.label, delta.fragment_id, value, element.disabled))


@contextlib.contextmanager
def at_page(address: str, cookies: dict[str, str], page: str, query: str) -> Iterator[Someone]:
    """Open a page as a person who is signed in, and draw it once.

    Args:
        page: The page's name in its address, such as `workspace`.
        query: What stands behind the question mark.
    """
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    with connect(
        f"{address.replace('http', 'ws', 1)}/_stcore/stream", origin=address, subprotocols=["streamlit"],
        additional_headers=headers, max_size=None, open_timeout=SECONDS,
    ) as connection:  # type: ignore[call-overload] # fmt: skip
        someone = Someone(connection, page, query)
        someone.load()
        yield someone


def _state(widget_id: str, value: Any) -> WidgetState:
    name = "bool_value" if isinstance(value, bool) else "string_value"
    return WidgetState(id=widget_id, **{name: value})
