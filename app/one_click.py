"""One click is one deed: what a part of the page sends by itself, to look whether something is new, presses no button.

A browser that is busy may send such a look between the click and the click's own message. Streamlit's page (1.67) then puts
the press into both, and its server would carry the deed out twice: two points for one click. The click's own message always
follows, so nothing is lost. Not here: who may connect at all (gate.py).
"""

from google.protobuf.message import DecodeError
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg

PRESSES = frozenset({"trigger_value", "string_trigger_value", "json_trigger_value", "chat_input_value"})
"""The kinds of widget values that mean "it was pressed", as against "it stands so"."""


class OneClick:
    """Take presses out of what the page sends by itself; everything else passes untouched."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a connection on; only a websocket is listened to."""
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return

        async def listen() -> Message:
            message = await receive()
            data = message.get("bytes")
            return {**message, "bytes": without_presses(data)} if data else message

        await self.app(scope, listen, send)


def without_presses(data: bytes) -> bytes:
    """Return a message of the page (Streamlit's BackMsg) without its presses if the page sent it by itself, else as it is."""
    message = BackMsg()
    try:
        message.ParseFromString(data)
    except DecodeError:
        return data  # Streamlit refuses it in its own words
    if message.WhichOneof("type") != "rerun_script" or not message.rerun_script.is_auto_rerun:
        return data
    widgets = message.rerun_script.widget_states.widgets
    kept = [widget for widget in widgets if widget.WhichOneof("value") not in PRESSES]
    if len(kept) == len(widgets):
        return data
    del widgets[:]
    widgets.extend(kept)
    return bytes(message.SerializeToString())
