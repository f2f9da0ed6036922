import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.administration.passwords import check_password, hash_password, matches, new_password
from warehouse.errors import BadInput


@pytest.mark.parametrize(
    "password",
    [
        "too short",
        "x" * 129,
        "aaaaaaaaaaaaaaaaaaaa",
        "abcabcabcabcabcabc",
        "passwordpassword1234",
        "Correct Horse Battery Staple",
        "123456789012345",
        "qwertyuiopasdfghj",
        "zyxwvutsrqponmlk",
        "ana.smith@firm.example",
    ],
)
def test_easy_passwords_are_refused_without_repeating_them(password: str) -> None:
    with pytest.raises(BadInput) as refusal:
        check_password(password, "ana.smith@firm.example")
    assert password not in str(refusal.value)


@pytest.mark.parametrize(
    "password", ["four quiet green lamps", "Ünïcödé is fine here", "x7#kQ9!mZ2$pL4&", "a" * 5 + "bcdefghij 42 kl"]
)
def test_phrases_are_taken(password: str) -> None:
    check_password(password, "ana.smith@firm.example")


def test_made_passwords_pass_the_rules_and_differ() -> None:
    made = {new_password() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        check_password(password)


def test_a_password_matches_its_own_hash_only() -> None:
    stored = hash_password("four quiet green lamps")
    assert stored.startswith("$argon2id$")
    assert matches(stored, "four quiet green lamps")
    assert not matches(stored, "four quiet green lamp")
    assert not matches(None, "four quiet green lamps")
    assert not matches(stored, "x" * 1_000_000)


@given(st.text(max_size=200))
def test_any_text_is_either_taken_or_refused_in_words(password: str) -> None:
    with contextlib.suppress(BadInput):
        check_password(password, "ana@firm.example")
