"""A window on the app without a browser: Streamlit's websocket, spoken by hand."""

import contextlib
from collections.abc import Iterator
from typing import Any

from google.protobuf.message import Message
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

SECONDS = 30


class Window:
    """One open websocket; `rerun` draws the page and returns what came."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self.session_id = ""
        self.icon = ""

    def rerun(self, query: str = "") -> str:
        """Run the page's script to its end and return all texts that it drew."""
        message = BackMsg()
        message.rerun_script.query_string = query
        self._connection.send(message.SerializeToString())
        texts: list[str] = []
        while True:
            answer = ForwardMsg()
            answer.ParseFromString(self._receive())
            kind = answer.WhichOneof("type")
            if kind == "new_session":
                self.session_id = answer.new_session.initialize.session_id or self.session_id
            elif kind == "page_config_changed":
                self.icon = answer.page_config_changed.favicon or self.icon
            elif kind == "delta":
                texts += _texts(answer.delta)
            elif kind == "script_finished":
                return "\n".join(texts)

    def _receive(self) -> bytes:
        found = self._connection.recv(timeout=SECONDS)
        assert isinstance(found, bytes)
        return found


@contextlib.contextmanager
def open_window(address: str, cookies: dict[str, str], **options: Any) -> Iterator[Window]:
    """Shake hands as a page of ours does.

    Raises:
        websockets.exceptions.InvalidStatus: the gate refused the handshake.
    """
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())} if cookies else {}
    with connect(
        f"{address.replace('http', 'ws', 1)}/_stcore/stream", origin=address, subprotocols=["streamlit"],
        additional_headers=headers, max_size=None, open_timeout=SECONDS, **options,
    ) as connection:  # type: ignore[arg-type] # fmt: skip
        yield Window(connection)


def _texts(message: Message) -> list[str]:
    """Return every text in a message, however deep."""
    found: list[str] = []
    for field, value in message.ListFields():
        for item in value if field.is_repeated else [value]:
            if isinstance(item, Message):
                found += _texts(item)
            elif isinstance(item, str):
                found.append(item)
    return found
