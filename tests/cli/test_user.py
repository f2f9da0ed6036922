"""`procura user` on a real home: links work, the last admin stays, secrets are no arguments."""

import json

import pytest
from typer.testing import CliRunner

from cli.main import app
from pipelines.administration.one_time_links import use_link
from pipelines.administration.sessions import SignedIn, find_person
from pipelines.administration.sign_in import sign_in
from tests.factories_people import PASSWORD, new_person
from warehouse import clock
from warehouse.domain.access import Role
from warehouse.errors import NotFound, WrongState
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough

NEW = "seven slow silver snails"


def run(*words: str) -> str:
    result = CliRunner().invoke(app, ["user", *words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_invited_person_comes_by_the_link_that_was_printed(home: Settings) -> None:
    told = json.loads(run("invite", "guest@firm.example", "--role", "viewer", "--department", "audit", "--json"))
    assert told["link"].startswith("http://127.0.0.1:")
    secret = told["link"].partition("?link=")[2]
    use_link(open_ledger(), secret, NEW, at=clock.now())
    assert isinstance(sign_in(open_ledger(), "guest@firm.example", NEW, "10.0.0.1", at=clock.now()), SignedIn)
    listed = {row["email"]: row for row in json.loads(run("list", "--json"))}
    assert listed["guest@firm.example"]["department"] == "audit"
    assert listed["guest@firm.example"]["has_password"] is True


def test_reset_shows_a_link_once_and_ends_the_sessions(home: Settings) -> None:
    email = new_person().email
    signed = sign_in(open_ledger(), email, PASSWORD, "10.0.0.1", at=clock.now())
    assert isinstance(signed, SignedIn)
    first = run("reset", email)
    assert "/reset?link=" in first
    assert find_person(open_ledger(), signed.token, at=clock.now()) is None
    assert run("reset", email) != first


def test_disabled_and_enabled(home: Settings) -> None:
    email = new_person().email
    assert json.loads(run("disable", email, "--json")) == {"email": email, "is_disabled": True}
    with pytest.raises(WrongState):
        run("disable", email)
    assert "may sign in again" in run("enable", email)
    with pytest.raises(NotFound):
        run("disable", "ghost@firm.example")


def test_last_admin_stays(home: Settings) -> None:
    admin = new_person(Role.ADMIN).email
    with pytest.raises(WrongState, match="last admin"):
        run("disable", admin)
    with pytest.raises(WrongState, match="last admin"):
        run("role", admin, "viewer")
