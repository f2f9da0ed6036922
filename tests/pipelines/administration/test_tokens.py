"""Tokens for programs: who gets one, what it is worth, and that nothing but a live session makes it worth anything."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pipelines.administration.people import add_person, set_role
from pipelines.administration.sessions import ABSOLUTE_LIMIT, IDLE_LIMIT, SignedIn, find_person, sign_out_person
from pipelines.administration.sign_in import Refused, sign_in
from pipelines.administration.token_keys import ACCESS_LIFE, key_file, rotate_token_key, token_keys
from pipelines.administration.tokens import Tokens, open_tokens, person_of_token, refresh_tokens
from warehouse.clock import now
from warehouse.domain.access import Department, Role
from warehouse.errors import BadInput, NotPermitted, NotSignedIn
from warehouse.ledger.store import Ledger, open_ledger
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough

EMAIL, PASSWORD = "program@firm.example", "four quiet green lamps"


@pytest.fixture(scope="module")
def ledger(home: Settings) -> Ledger:
    ledger = open_ledger()
    add_person(ledger, email=EMAIL, role=Role.VIEWER, department=Department.CONTRACTS, password=PASSWORD, at=now())
    return ledger


@pytest.fixture
def tokens(ledger: Ledger) -> Tokens:
    return opened(ledger)


def opened(ledger: Ledger) -> Tokens:
    found = open_tokens(ledger, EMAIL, PASSWORD, "", "10.0.0.1", at=now(), user_agent="python-httpx/0.28")
    assert isinstance(found, Tokens)
    return found


def is_good(ledger: Ledger, access: str, at: datetime | None = None) -> bool:
    try:
        return person_of_token(ledger, access, at=at or now()).email == EMAIL
    except NotSignedIn:
        return False


def parts(access: str) -> tuple[dict[str, Any], dict[str, Any], str]:
    head, body, signature = access.split(".")
    return _decode(head), _decode(body), signature


def _decode(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return found


def _encode(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def signed(settings: Settings, claims: dict[str, Any], **head: Any) -> str:
    """Sign other claims with our own key, as only the product itself could."""
    keys = token_keys(settings, at=now())
    return jwt.encode(claims, keys.by_id[keys.current], algorithm="EdDSA", headers={"kid": keys.current, **head})


def test_token_names_its_session_key_and_ten_minutes(ledger: Ledger, home: Settings, tokens: Tokens) -> None:
    head, claims, _ = parts(tokens.access_token)
    assert head["alg"] == "EdDSA"
    assert head["kid"] == token_keys(home, at=now()).current
    assert claims["exp"] - claims["iat"] == tokens.expires_in_seconds == 600
    assert (claims["iss"], claims["aud"], claims["sub"]) == ("procura", "procura-api", tokens.person.id)
    person = person_of_token(ledger, tokens.access_token, at=now())
    assert base64.urlsafe_b64decode(claims["jti"]) == person.session
    with ledger.read(person) as tx:
        row = tx.row("select device, network from auth_sessions where id_hash = %s", [person.session])
    assert row == {"device": "Program-python-httpx", "network": "10.0.0.1"}


def test_wrong_password_opens_nothing(ledger: Ledger) -> None:
    assert open_tokens(ledger, EMAIL, "not the right one", "", "10.0.0.2", at=now()) == Refused()
    assert open_tokens(ledger, "nobody@firm.example", PASSWORD, "", "10.0.0.2", at=now()) == Refused()


def test_token_ends_with_its_time(ledger: Ledger, tokens: Tokens) -> None:
    ends_at = datetime.fromtimestamp(parts(tokens.access_token)[1]["exp"], UTC)
    assert is_good(ledger, tokens.access_token, ends_at - timedelta(seconds=1))
    assert not is_good(ledger, tokens.access_token, ends_at)


def _unsigned(_: Settings, access: str) -> str:
    head, claims, _s = parts(access)
    return f"{_encode(head | {'alg': 'none'})}.{_encode(claims)}."


def _with_public_key_as_secret(settings: Settings, access: str) -> str:
    """The old confusion of algorithms: HS256 with the public key as its secret."""
    head, claims, _s = parts(access)
    keys = token_keys(settings, at=now())
    secret = keys.by_id[keys.current].public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )  # fmt: skip
    text = f"{_encode(head | {'alg': 'HS256'})}.{_encode(claims)}"
    mark = hmac.new(secret, text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(mark).decode().rstrip('=')}"


def _of_another_key(settings: Settings, access: str) -> str:
    head, claims, _s = parts(access)
    return jwt.encode(claims, Ed25519PrivateKey.generate(), algorithm="EdDSA", headers={"kid": head["kid"]})


def _with_unknown_key_id(settings: Settings, access: str) -> str:
    return signed(settings, parts(access)[1], kid="000000000000")


def _with_changed_subject(_: Settings, access: str) -> str:
    head, _body, signature = access.split(".")
    claims = parts(access)[1] | {"sub": "00000000-0000-0000-0000-000000000000"}
    return f"{head}.{_encode(claims)}.{signature}"


def _resigned(**changes: Any) -> Callable[[Settings, str], str]:
    def make(settings: Settings, access: str) -> str:
        claims = {name: value for name, value in (parts(access)[1] | changes).items() if value is not None}
        return signed(settings, claims)

    return make


FORGERIES: dict[str, Callable[[Settings, str], str]] = {
    "alg none": _unsigned,
    "alg HS256 with the public key": _with_public_key_as_secret,
    "another key": _of_another_key,
    "an unknown key id": _with_unknown_key_id,
    "a changed claim": _with_changed_subject,
    "a cut signature": lambda _, access: access[:-6],
    "no signature": lambda _, access: access.rsplit(".", 1)[0],
    "rubbish": lambda _, __: "a.b.c",
    "nothing": lambda _, __: "",
    "a megabyte": lambda _, __: "a" * 1_000_000,
    "another audience": _resigned(aud="another"),
    "another issuer": _resigned(iss="another"),
    "another subject": _resigned(sub="00000000-0000-0000-0000-000000000000"),
    "an unknown session": _resigned(jti=base64.urlsafe_b64encode(b"x" * 32).decode()),
    "a session that is none": _resigned(jti="?"),
    "no session": _resigned(jti=None),
    "no audience": _resigned(aud=None),
    "no subject": _resigned(sub=None),
    "no end": _resigned(exp=None),
    "a late end": _resigned(exp=int(datetime(2100, 1, 1, tzinfo=UTC).timestamp())),
    "an end that is none": _resigned(exp="never"),
    "an end beyond all time": _resigned(exp=10**30),
    "a beginning in the far future": _resigned(iat=int(datetime(2100, 1, 1, tzinfo=UTC).timestamp())),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_forged_token_is_refused(ledger: Ledger, home: Settings, tokens: Tokens, forgery: str) -> None:
    assert is_good(ledger, tokens.access_token)
    assert not is_good(ledger, FORGERIES[forgery](home, tokens.access_token))


def test_signing_the_same_claims_again_is_no_forgery(ledger: Ledger, home: Settings, tokens: Tokens) -> None:
    """The example beside the forgeries: with everything right, a token signed by the same helper is taken."""
    assert is_good(ledger, _resigned()(home, tokens.access_token))


def test_refresh_gives_a_new_pair_and_the_used_token_is_dead(ledger: Ledger, tokens: Tokens) -> None:
    second = refresh_tokens(ledger, tokens.refresh_token, at=now())
    assert is_good(ledger, second.access_token)
    third = refresh_tokens(ledger, second.refresh_token, at=now())
    assert len({t.refresh_token for t in (tokens, second, third)}) == 3
    assert is_good(ledger, third.access_token)


@pytest.mark.parametrize("generations", [1, 3])
def test_used_refresh_token_ends_the_whole_family(ledger: Ledger, tokens: Tokens, generations: int) -> None:
    latest = tokens
    for _ in range(generations):
        latest = refresh_tokens(ledger, latest.refresh_token, at=now())
    with pytest.raises(NotSignedIn):
        refresh_tokens(ledger, tokens.refresh_token, at=now())
    assert not is_good(ledger, latest.access_token)
    with pytest.raises(NotSignedIn):
        refresh_tokens(ledger, latest.refresh_token, at=now())
    with ledger.read() as tx:
        row = tx.row("select subject from audit_logs where action = 'session:replayed' order by seq desc limit 1")
    assert row == {"subject": tokens.person.id}


def test_two_families_of_one_person_do_not_touch(ledger: Ledger, tokens: Tokens) -> None:
    other = opened(ledger)
    refresh_tokens(ledger, tokens.refresh_token, at=now())
    with pytest.raises(NotSignedIn):
        refresh_tokens(ledger, tokens.refresh_token, at=now())
    assert not is_good(ledger, tokens.access_token)
    assert is_good(ledger, other.access_token)


def test_of_two_refreshes_at_once_one_is_served(ledger: Ledger, tokens: Tokens) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def attempt(_: int) -> bool:
        try:
            refresh_tokens(ledger, tokens.refresh_token, at=now())
        except NotSignedIn:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(4))) == 1


def test_cookie_and_refresh_token_are_never_taken_for_each_other(ledger: Ledger, tokens: Tokens) -> None:
    browser = sign_in(ledger, EMAIL, PASSWORD, "10.0.0.3", at=now())
    assert isinstance(browser, SignedIn)
    assert find_person(ledger, browser.token, at=now()) is not None
    for text in (tokens.refresh_token, tokens.access_token):
        assert find_person(ledger, text, at=now()) is None
    with pytest.raises(NotSignedIn):
        refresh_tokens(ledger, browser.token, at=now())
    assert is_good(ledger, tokens.access_token)
    assert find_person(ledger, browser.token, at=now()) is not None


@pytest.mark.parametrize("text", ["", "x", "x" * 43, "ä" * 43, "\x00", "x" * 1_000_000])
def test_what_is_no_refresh_token_is_refused(ledger: Ledger, text: str) -> None:
    with pytest.raises(NotSignedIn):
        refresh_tokens(ledger, text, at=now())


def test_signing_out_ends_both_tokens_at_once(ledger: Ledger, tokens: Tokens) -> None:
    sign_out_person(ledger, at=now(), by=person_of_token(ledger, tokens.access_token, at=now()))
    assert not is_good(ledger, tokens.access_token)
    with pytest.raises(NotSignedIn):
        refresh_tokens(ledger, tokens.refresh_token, at=now())


def test_idle_and_absolute_limits_hold_for_programs_too(ledger: Ledger, tokens: Tokens) -> None:
    with pytest.raises(NotSignedIn):
        refresh_tokens(ledger, tokens.refresh_token, at=now() + IDLE_LIMIT + timedelta(seconds=1))
    at, latest = now(), tokens
    while at + IDLE_LIMIT / 2 < now() + ABSOLUTE_LIMIT - timedelta(minutes=1):
        at += IDLE_LIMIT / 2
        latest = refresh_tokens(ledger, latest.refresh_token, at=at)
    with pytest.raises(NotSignedIn):
        refresh_tokens(ledger, latest.refresh_token, at=now() + ABSOLUTE_LIMIT)


def test_another_role_ends_a_program_s_session(ledger: Ledger, tokens: Tokens) -> None:
    set_role(ledger, EMAIL, Role.CONTRACT_OFFICER, at=now())
    set_role(ledger, EMAIL, Role.VIEWER, at=now())
    assert not is_good(ledger, tokens.access_token)


def test_secrets_are_in_no_repr(tokens: Tokens, home: Settings) -> None:
    assert tokens.access_token not in repr(tokens)
    assert tokens.refresh_token not in repr(tokens)
    assert "Ed25519" not in repr(token_keys(home, at=now()))


def test_rotated_key_is_honoured_for_ten_minutes(ledger: Ledger, home: Settings, tokens: Tokens) -> None:
    before = token_keys(home, at=now()).current
    new = rotate_token_key(home, at=now())
    assert new != before
    assert is_good(ledger, tokens.access_token)
    assert parts(opened(ledger).access_token)[0]["kid"] == new
    later = now() + ACCESS_LIFE + timedelta(seconds=1)
    assert set(token_keys(home, at=later).by_id) == {new}
    rotate_token_key(home, at=later)
    assert before not in json.loads(key_file(home).read_text())["keys"]


def test_stolen_key_is_honoured_no_more(ledger: Ledger, home: Settings, tokens: Tokens) -> None:
    rotate_token_key(home, at=now(), is_stolen=True)
    assert not is_good(ledger, tokens.access_token)
    assert is_good(ledger, refresh_tokens(ledger, tokens.refresh_token, at=now()).access_token)


def test_keys_are_the_owner_s_alone_and_a_damaged_file_says_what_to_do(home: Settings, tmp_path: Path) -> None:
    assert key_file(home).stat().st_mode & 0o777 == 0o600
    other = replace_home(home, tmp_path)
    other.secrets.mkdir(parents=True)
    token_keys(other, at=now())
    key_file(other).chmod(0o644)
    with pytest.raises(NotPermitted, match="can be read by others"):
        token_keys(other, at=now())
    key_file(other).chmod(0o600)
    for text in ("", "{}", "[]", '{"current": "a", "keys": {}}', '{"current": "a", "keys": {"a": {"seed": "zz"}}}'):
        key_file(other).write_text(text)
        with pytest.raises(BadInput, match="does not hold the keys"):
            token_keys(other, at=now())


def replace_home(settings: Settings, folder: Any) -> Settings:
    return settings.model_copy(update={"home": folder / "another"})
