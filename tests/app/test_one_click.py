"""One click is one deed, though the page sends the press twice."""

from collections.abc import Iterator

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import ChatInputValue, StringTriggerValue
from streamlit.proto.WidgetStates_pb2 import WidgetState

from app.cookies import session_cookie
from app.one_click import without_presses
from pipelines.administration.sessions import SignedIn
from pipelines.administration.sign_in import sign_in
from tests.app_server import Served, serve
from tests.factories_people import PASSWORD, new_person
from tests.factories_submissions import new_submission
from tests.streamlit_person import at_page
from warehouse import clock
from warehouse.ledger.store import open_ledger
from warehouse.ledger.submission_tasks import list_tasks
from warehouse.settings import Settings

TYPED = WidgetState(id="title", string_value="Egress plan")
PRESSED = [
    WidgetState(id="button", trigger_value=True),
    WidgetState(id="words", string_trigger_value=StringTriggerValue(data="x")),
    WidgetState(id="json", json_trigger_value="[1]"),
    WidgetState(id="chat", chat_input_value=ChatInputValue(data="x")),
]


@pytest.fixture(scope="module")
def served(home: Settings) -> Iterator[Served]:
    with serve(home) as found:
        yield found


def message(*widgets: WidgetState, is_auto: bool) -> bytes:
    made = BackMsg()
    made.rerun_script.is_auto_rerun = is_auto
    made.rerun_script.fragment_id = "part"
    made.rerun_script.widget_states.widgets.extend(widgets)
    return made.SerializeToString()


@pytest.mark.parametrize("pressed", PRESSED, ids=lambda widget: widget.id)
def test_a_look_of_the_page_presses_nothing_and_keeps_what_was_typed(pressed: WidgetState) -> None:
    assert without_presses(message(TYPED, pressed, is_auto=True)) == message(TYPED, is_auto=True)


@pytest.mark.parametrize(
    "data",
    [message(TYPED, *PRESSED, is_auto=False), message(TYPED, is_auto=True), BackMsg(stop_script=True).SerializeToString(), b"\xff"],
    ids=["a click", "a look", "no turn", "rubbish"],
)  # fmt: skip
def test_everything_else_passes_as_it_came(data: bytes) -> None:
    assert without_presses(data) == data


@pytest.mark.thorough
def test_one_click_adds_one_point_though_the_page_looks_for_news_at_that_moment(served: Served) -> None:
    officer = new_person()
    offer = new_submission(officer)
    signed = sign_in(open_ledger(), officer.email, PASSWORD, "10.0.0.7", at=clock.now())
    assert isinstance(signed, SignedIn)
    with at_page(served.address, {session_cookie(): signed.token}, "workspace", f"id={offer}") as page:
        page.press_while_a_part_refreshes("Add point")
        page.fill("text_input", "Title", "Egress plan")
        page.press_while_a_part_refreshes("save point")
    with open_ledger().read(officer) as tx:
        assert [task.title for task in list_tasks(tx, offer)].count("Egress plan") == 1
