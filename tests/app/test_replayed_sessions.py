"""A cookie and an access token after each event that ends a session: nothing of the running app takes them any more."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import httpx
import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from websockets.exceptions import InvalidStatus

from app.cookies import session_cookie
from app.sign_in import sign_out_token
from pipelines.administration.account import change_password
from pipelines.administration.one_time_links import reset_password
from pipelines.administration.people import add_person, disable_person, set_role
from pipelines.administration.sessions import SignedIn, end_other_sessions, end_session, person_of_session
from pipelines.administration.sign_in import sign_in
from pipelines.administration.tokens import Tokens, open_tokens, person_of_token
from pipelines.qualification.look_up import find_opportunities
from tests.app_server import Served, serve
from tests.streamlit_client import Window, open_window
from warehouse import clock
from warehouse.addresses import superuser_conninfo
from warehouse.domain.access import Department, Person, Role
from warehouse.errors import NotSignedIn
from warehouse.ledger.opportunity_filter import OpportunityFilter
from warehouse.ledger.store import Ledger, open_ledger
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough

PASSWORD, ANOTHER = "four quiet green lamps", "five louder red lamps"
HTML = {"accept": "text/html"}
ENDED = "Your session has ended"


@pytest.fixture(scope="module")
def served(home: Settings) -> Iterator[Served]:
    with serve(home) as found:
        yield found


@pytest.fixture(scope="module")
def ledger(home: Settings) -> Ledger:
    return open_ledger()


@pytest.fixture(scope="module")
def admin(ledger: Ledger) -> Person:
    email = "admin@firm.example"
    add_person(
        ledger, email=email, role=Role.ADMIN, department=Department.OPERATIONS, password=PASSWORD, at=clock.now()
    )
    return person_of_session(ledger, browser_of(ledger, email), at=clock.now())


def browser_of(ledger: Ledger, email: str) -> str:
    signed = sign_in(ledger, email, PASSWORD, "10.0.0.1", at=clock.now())
    assert isinstance(signed, SignedIn)
    return signed.token


@dataclass(frozen=True)
class World:
    """One person with a browser, a program and a second browser, and an admin beside."""

    served: Served
    ledger: Ledger
    home: Settings
    email: str
    cookie: str
    tokens: Tokens
    other: Person
    admin: Person

    @property
    def in_browser(self) -> Person:
        return person_of_session(self.ledger, self.cookie, at=clock.now())

    @property
    def in_program(self) -> Person:
        return person_of_token(self.ledger, self.tokens.access_token, at=clock.now())

    @property
    def handles(self) -> list[bytes]:
        return [handle for handle in (self.in_browser.session, self.in_program.session) if handle]

    @property
    def cookies(self) -> dict[str, str]:
        return {session_cookie(): self.cookie}

    @property
    def bearer(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.tokens.access_token}"}

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.served.address, cookies=self.cookies, follow_redirects=False, timeout=20)


@pytest.fixture
def world(served: Served, ledger: Ledger, home: Settings, admin: Person) -> World:
    email = f"{uuid.uuid4().hex[:10]}@firm.example"
    add_person(
        ledger, email=email, role=Role.CONTRACT_OFFICER, department=Department.CONTRACTS, password=PASSWORD,
        at=clock.now(),
    )  # fmt: skip
    tokens = open_tokens(ledger, email, PASSWORD, "", "10.0.0.1", at=clock.now())
    assert isinstance(tokens, Tokens)
    other = person_of_session(ledger, browser_of(ledger, email), at=clock.now())
    return World(served, ledger, home, email, browser_of(ledger, email), tokens, other, admin)


def signs_out(w: World) -> None:
    with w.client() as client:
        origin = {"origin": w.served.address}
        assert client.post("/sign-out", data={"token": sign_out_token(w.cookie)}, headers=origin).status_code == 303
        assert client.delete("/api/v1/token", headers=w.bearer).status_code == 204


def changes_password_elsewhere(w: World) -> None:
    change_password(w.ledger, PASSWORD, ANOTHER, at=clock.now(), by=w.other)


def changes_password_here(w: World) -> None:
    change_password(w.ledger, PASSWORD, ANOTHER, at=clock.now(), by=w.in_browser)


def gets_another_role(w: World) -> None:
    set_role(w.ledger, w.email, Role.VIEWER, at=clock.now(), by=w.admin)


def gets_another_department(w: World) -> None:
    set_role(w.ledger, w.email, Role.CONTRACT_OFFICER, Department.LEGAL, at=clock.now(), by=w.admin)


def is_disabled(w: World) -> None:
    disable_person(w.ledger, w.email, at=clock.now(), by=w.admin)


def is_reset(w: World) -> None:
    reset_password(w.ledger, w.email, at=clock.now(), by=w.admin)


def is_ended_from_the_list(w: World) -> None:
    for handle in w.handles:
        end_session(w.ledger, handle, at=clock.now(), by=w.other)


def is_ended_by_an_admin(w: World) -> None:
    for handle in w.handles:
        end_session(w.ledger, handle, at=clock.now(), by=w.admin)


def ends_all_others(w: World) -> None:
    end_other_sessions(w.ledger, at=clock.now(), by=w.other)


def _is_let_pass(w: World, column: str) -> None:
    """Move a limit of the sessions to a second ago: the app's own clock cannot be turned."""
    past = clock.now() - timedelta(seconds=1)
    with psycopg.connect(make_conninfo("", **superuser_conninfo(w.home))) as connection:
        moved = connection.execute(
            f"update auth_sessions set {column} = %s where id_hash = any(%s)",  # type: ignore[arg-type]
            [past, w.handles],
        )
        assert moved.rowcount == 2


def is_idle(w: World) -> None:
    _is_let_pass(w, "idle_ends_at")


def is_too_old(w: World) -> None:
    _is_let_pass(w, "expires_at")


EVENTS: list[Callable[[World], None]] = [
    signs_out, changes_password_elsewhere, changes_password_here, gets_another_role, gets_another_department, is_disabled,
    is_reset, is_ended_from_the_list, is_ended_by_an_admin, ends_all_others, is_idle, is_too_old,
]  # fmt: skip


@pytest.mark.thorough
@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_nothing_takes_a_session_that_has_ended(world: World, event: Callable[[World], None]) -> None:
    in_browser, in_program = world.in_browser, world.in_program
    with open_window(world.served.address, world.cookies) as window, world.client() as client:
        assert ENDED not in window.rerun()
        client.get("/_stcore/health")
        assert taken(world, client, window, in_browser, in_program) == ALL

        event(world)

        assert ENDED in window.rerun(), "the open page ends within one rerun"
        assert taken(world, client, window, in_browser, in_program) == set()
        refresh = client.post("/api/v1/token/refresh", json={"refresh_token": world.tokens.refresh_token})
        assert refresh.status_code == 401


def test_refresh_of_a_live_session_is_taken(world: World) -> None:
    """The example beside it."""
    with world.client() as client:
        answer = client.post("/api/v1/token/refresh", json={"refresh_token": world.tokens.refresh_token})
    assert answer.status_code == 200


ALL = {"page", "websocket", "upload", "download", "program", "use case of the page", "use case of the program"}


def taken(world: World, client: httpx.Client, window: Window, in_browser: Person, in_program: Person) -> set[str]:
    """Try the cookie and the token everywhere and return where they are taken."""
    xsrf = {"x-xsrftoken": client.cookies["_streamlit_xsrf"]}
    upload = f"/_stcore/upload_file/{window.session_id}/{uuid.uuid4()}"
    tried = {
        "page": client.get("/opportunities", headers=HTML).status_code == 200,
        "websocket": _opens(world),
        "upload": client.put(upload, files={"file": b"x"}, headers=xsrf).status_code == 204,
        "download": client.get(window.icon).status_code == 200,
        "program": client.get("/api/v1/opportunities", headers=world.bearer).status_code == 200,
        "use case of the page": _may_look(world.ledger, in_browser),
        "use case of the program": _may_look(world.ledger, in_program),
    }
    return {what for what, is_taken in tried.items() if is_taken}


def _opens(world: World) -> bool:
    try:
        with open_window(world.served.address, world.cookies) as window:
            return ENDED not in window.rerun()
    except InvalidStatus:
        return False


def _may_look(ledger: Ledger, by: Person) -> bool:
    try:
        find_opportunities(ledger, OpportunityFilter(), at=clock.now(), limit=1, by=by)
    except NotSignedIn:
        return False
    return True
