"""Secrets are taken out by name, by shape and by value; what is none stays readable."""

import base64
import json
import secrets
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse import redaction
from warehouse.errors import SourceUnavailable
from warehouse.redaction import HIDDEN, clean_error, redact, redact_text, remember

TOKEN = "kJ3xQ9vT_2mNpR7-wYz1bC4dE5fG6hI8jK0lM2nO3pQ"
FERNET = "gAAAAABl" + "aB3_" * 25 + "=="
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl-_x"
PEM = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIKw5\n-----END PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("could not reach postgresql://procura:hunter2secret@db.firm.example:5432/x", "hunter2secret"),
        ("could not reach postgresql://procura:p@ss@word@db.firm.example/x", "p@ss@word"),
        ("GET https://api.sam.gov/v2/search?api_key=SAM-1234-abc&limit=10 failed", "SAM-1234-abc"),
        ("https://firm.example/reset?token=abcdef12345", "abcdef12345"),
        ("Authorization: Bearer abc.def-ghi", "abc.def-ghi"),
        ("authorization: basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
        (f"the token {JWT} was refused", JWT),
        (f"sealed as {FERNET}", FERNET),
        (f"key:\n{PEM}\nend", "MC4CAQAwBQYDK2VwBCIEIKw5"),
        ("MC4CAQAwBQYDK2VwBCIEIKw5abcdefgh", "BCIEIKw5abcdefgh"),
        ("using AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
        ("sk-ant-api03-abcdefghijklmnop", "abcdefghijklmnop"),
        ("Cookie: procura_session=abc; other=def", "abc; other=def"),
        ('{"password": "it is \\"quoted\\" here"}', "quoted"),
        ("{'api_key': 'abc def'}", "abc def"),
        ("host=db user=procura password='two words' dbname=x", "two words"),
        ("$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA", "aGFzaA"),
        (f"session {TOKEN} was opened", TOKEN),
    ],
)
def test_secret_of_a_known_shape_is_taken_out(text: str, secret: str) -> None:
    told = redact_text(text)
    assert secret not in told
    assert HIDDEN in told


@pytest.mark.parametrize(
    "text",
    [
        "SAM.gov refused page 7 of today's run (HTTP 429): 600 notices were kept.",
        "the password must have 15 to 128 characters.",
        "audit record 17 has key 3f9a0c2b11de",
        "f" * 64,
        "2026-04-10T12:00:00+00:00 opportunity o1234567890abcdef12345678 was published",
        "postgresql://db.firm.example:5432/x",
        "the-office-of-the-assistant-secretary-of-42",
    ],
)
def test_what_is_no_secret_stays_as_it_is(text: str) -> None:
    assert redact_text(text) == text


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs", "Cc"]), min_size=8, max_size=60))
def test_remembered_value_is_taken_out_in_every_usual_spelling(secret: str) -> None:
    if len(set(secret)) < 5:
        return  # blanks and the like would meet the sentence around them
    remember(secret)
    raw = secret.encode()
    for spelling in (
        secret,
        quote(secret),
        quote(secret, safe=""),
        base64.b64encode(raw).decode(),
        raw.hex(),
        json.dumps(secret)[1:-1],
    ):
        assert spelling not in redact_text(f"before <{spelling}> after")


def test_short_values_are_not_remembered() -> None:
    remember("abc", b"", None)
    assert redact_text("abc") == "abc"


@pytest.mark.thorough
def test_registry_of_values_is_bounded() -> None:
    for _ in range(redaction.MOST_VALUES):
        remember(secrets.token_hex(12))
    assert len(redaction._values) <= redaction.MOST_VALUES


def test_names_hide_whatever_they_hold() -> None:
    told = redact({"password": 12345, "SAM_API_KEY": None, "facts": {"totp_secret": "x", "count": 3}, "raw": b"abc"})
    assert told == {
        "password": HIDDEN,
        "SAM_API_KEY": HIDDEN,
        "facts": {"totp_secret": HIDDEN, "count": 3},
        "raw": "(3 bytes)",
    }


def test_error_and_its_causes_are_cleaned_in_place() -> None:
    remember("a-key-nobody-sees")
    error = SourceUnavailable("no answer from a-key-nobody-sees.", kept="all", todo="a-key-nobody-sees")
    error.__cause__ = ValueError("GET /x?q=a-key-nobody-sees")
    error.__cause__.__context__ = error  # a circle must not hang it
    clean_error(error)
    assert "a-key-nobody-sees" not in f"{error} {error!r} {error.__cause__} {error.args}"
    assert str(error).startswith("SourceUnavailable: no answer from ***.")
