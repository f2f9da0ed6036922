from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from pydantic import SecretStr

from pipelines.administration.credentials import Credential, list_credentials, set_credential
from pipelines.discovery import credential_question
from pipelines.discovery.credential_check import check_credential, credential_needs, need_of
from pipelines.discovery.credential_question import Outcome, Question, ask
from tests.factories_people import new_person
from tests.fakes.keyed_source import KeyedSource, running_source
from warehouse import settings as settings_module
from warehouse.addresses import superuser_conninfo
from warehouse.domain.access import Role
from warehouse.errors import NotFound, NotPermitted, WrongState
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

AT = datetime(2026, 4, 10, 12, tzinfo=UTC)
CANARY = "canary key/4711+&="
THROTTLED = {"code": "900804", "message": "Message throttled out", "nextAccessTime": "2026-Sep-09 00:00:00+0000 UTC"}


@pytest.fixture
def source(home: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[KeyedSource]:
    """A source on this machine, at which every address of a source points."""
    with running_source(KeyedSource()) as served:
        for name in ("SAM_GOV_API_URL", "GOVCON_API_URL", "NEWSAPI_URL", "SIMPLER_GRANTS_URL"):
            monkeypatch.setenv(f"PROCURA_{name}", served.url)
        monkeypatch.setenv("PROCURA_OFFLINE", "0")
        settings_module.current.cache_clear()
        yield served
    monkeypatch.undo()
    settings_module.current.cache_clear()


def check(connector: str = "sam_gov") -> credential_question.Answer:
    set_credential(open_ledger(), need_of(connector), SecretStr(CANARY), at=AT)
    return check_credential(open_ledger(), connector, at=AT)


@pytest.mark.parametrize(
    ("status", "body", "outcome", "words"),
    [
        (200, {"totalRecords": 3}, Outcome.WORKS, "It works."),
        (404, {"message": "no data found"}, Outcome.WORKS, "It works."),
        (401, {"error": "An invalid api_key was supplied"}, Outcome.REFUSED, "The source refuses it (HTTP 401)."),
        (403, {"error": {"code": "API_KEY_INVALID"}}, Outcome.REFUSED, "The source refuses it (HTTP 403)."),
        (403, b"Your key has EXPIRED", Outcome.EXPIRED, "It has expired (HTTP 403)."),
        (401, {"code": "apiKeyExhausted"}, Outcome.QUOTA, "It works no more today: its requests are used up."),
        (429, THROTTLED, Outcome.QUOTA, "used up until 2026-Sep-09 00:00:00+0000 UTC."),
        (500, {}, Outcome.UNREACHABLE, "trouble of its own (HTTP 500)"),
        (302, {}, Outcome.UNREACHABLE, "trouble of its own (HTTP 302)"),
        (200, b"<html>Welcome to the hotel's network</html>", Outcome.UNREACHABLE, "Something else than the source"),
        (404, b"<html>no such page</html>", Outcome.UNREACHABLE, "Something else than the source"),
        (200, {"hello": 1}, Outcome.UNREACHABLE, "Something else than the source"),
        (200, b"[" * 100_000, Outcome.UNREACHABLE, "Something else than the source"),
    ],
)
def test_each_answer_is_told_in_words(
    source: KeyedSource, status: int, body: object, outcome: Outcome, words: str
) -> None:
    source.status, source.body = status, body
    answer = check()
    assert answer.outcome is outcome
    assert words in answer.words
    assert CANARY not in repr(answer)


def test_the_key_is_sent_as_each_source_wants_it(source: KeyedSource) -> None:
    for connector in ("sam_gov", "govcon", "newsapi", "simpler_grants"):
        assert check(connector).outcome is Outcome.WORKS
    asked = dict(zip(("sam_gov", "govcon", "newsapi", "simpler_grants"), source.asked, strict=True))
    assert "api_key=canary+key%2F4711%2B%26%3D" in asked["sam_gov"][0]
    assert "postedFrom=04%2F09%2F2026" in asked["sam_gov"][0]
    assert asked["govcon"][1]["authorization"] == f"Bearer {CANARY}"
    assert asked["newsapi"][1]["x-api-key"] == CANARY
    assert asked["simpler_grants"][1]["x-api-key"] == CANARY


def test_refusals_count_and_trouble_of_the_network_does_not(source: KeyedSource) -> None:
    source.status = 503
    check()
    check_credential(open_ledger(), "sam_gov", at=AT)
    judgement = found().judgement
    assert judgement is not None
    assert judgement.status == "active"
    source.status = 403
    for expected in ("warning", "warning", "revoked"):
        check_credential(open_ledger(), "sam_gov", at=AT)
        judgement = found().judgement
        assert judgement is not None
        assert judgement.status == expected
    source.status = 200
    check_credential(open_ledger(), "sam_gov", at=AT)
    assert found().judgement is not None
    assert found().failure_reason == ""


def found() -> Credential:
    return list_credentials(open_ledger(), [need_of("sam_gov")], at=AT)[0]


def test_nobody_waits_for_a_silent_source(source: KeyedSource, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credential_question, "READ_SECONDS", 0.2)
    source.silent_seconds = 1.5
    assert ask(Question(source.url)).outcome is Outcome.UNREACHABLE


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "no address", "http://", f"ftp://x/{CANARY}", "http://[::1"])
def test_an_address_that_does_not_answer_is_told_without_itself(url: str) -> None:
    answer = ask(Question(url, params={"api_key": CANARY}))
    assert answer.outcome is Outcome.UNREACHABLE
    assert CANARY not in answer.words


def test_a_key_of_foreign_letters_is_told_and_not_raised(source: KeyedSource) -> None:
    assert ask(Question(source.url, headers={"X-Api-Key": "schlüssel€"})).outcome is Outcome.UNREACHABLE


def test_the_key_is_in_no_log(source: KeyedSource, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    check()
    assert "canary" not in caplog.text


def test_an_unknown_or_unset_credential_cannot_be_tested(source: KeyedSource) -> None:
    with pytest.raises(NotFound, match="no source nowhere"):
        check_credential(open_ledger(), "nowhere", at=AT)
    with psycopg.connect(make_conninfo("", **superuser_conninfo(settings_module.current())), autocommit=True) as link:
        assert link.execute("select from connectors where name = 'portal'").fetchall() == []
    with pytest.raises(NotFound, match=r"field user_name|credential user_name"):
        check_credential(open_ledger(), "sam_gov", "user_name", at=AT)


@pytest.mark.parametrize("role", [Role.CONTRACT_OFFICER, Role.VIEWER])
def test_only_an_admin_tests_a_credential(source: KeyedSource, role: Role) -> None:
    with pytest.raises(NotPermitted):
        check_credential(open_ledger(), "sam_gov", at=AT, by=new_person(role))
    assert source.asked == []


def test_an_admin_tests_it_and_the_log_says_so(source: KeyedSource) -> None:
    admin = new_person(Role.ADMIN)
    set_credential(open_ledger(), need_of("sam_gov"), SecretStr(CANARY), at=AT)
    for status, action in ((200, "credential:accepted"), (403, "credential:refused"), (503, "credential:tested")):
        source.status = status
        check_credential(open_ledger(), "sam_gov", at=AT, by=admin)
        with open_ledger().read() as tx:
            row = tx.row("select action, actor from audit_logs where subject = 'connector:sam_gov' order by seq desc")
        assert row == {"action": action, "actor": admin.id}


def test_no_source_is_asked_while_the_network_is_kept_out(source: KeyedSource, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROCURA_OFFLINE", "1")
    settings_module.current.cache_clear()
    with pytest.raises(WrongState, match="kept out"):
        check()
    assert source.asked == []


def test_every_source_that_takes_a_key_says_so_itself() -> None:
    assert [need.connector for need in credential_needs()] == ["sam_gov", "govcon", "newsapi", "simpler_grants"]
