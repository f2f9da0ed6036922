import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from warehouse import settings as settings_module
from warehouse.errors import BadInput, NotPermitted, VaultRefused
from warehouse.settings import Settings
from warehouse.vault import is_readable, key_of, reseal, seal, unseal
from warehouse.vault_keys import add_key, end_rotation, forget_keys, key_file, key_id, use_key, vault_keys

SECRET = b"canary-4711-secret"


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    monkeypatch.setenv("PROCURA_HOME", str(tmp_path))
    monkeypatch.delenv("PROCURA_VAULT_KEYS", raising=False)
    settings_module.current.cache_clear()
    yield settings_module.current()
    settings_module.current.cache_clear()


def give(monkeypatch: pytest.MonkeyPatch, *keys: bytes) -> Settings:
    monkeypatch.setenv("PROCURA_VAULT_KEYS", ",".join(key.decode() for key in keys))
    settings_module.current.cache_clear()
    return settings_module.current()


def test_what_was_sealed_for_a_purpose_opens_for_it_alone(fresh: Settings) -> None:
    sealed = seal("connector:sam_gov:3", SECRET)
    assert unseal("connector:sam_gov:3", sealed) == SECRET
    assert SECRET not in sealed
    for other in (
        "connector:govcon:3",
        "connector:sam_gov:2",
        "connector:sam_gov:33",
        "connector:sam_gov:",
        "totp:3",
        "",
    ):
        with pytest.raises(VaultRefused, match="moved or rolled back"):
            unseal(other, sealed)


def test_a_purpose_cannot_flow_over_into_the_text(fresh: Settings) -> None:
    with pytest.raises(VaultRefused):
        unseal("totp:1", seal("totp:", b"1" + SECRET))


@pytest.mark.parametrize("length", [0, 1, 32, 100_000])
def test_every_length_and_every_byte_comes_back(fresh: Settings, length: int) -> None:
    text = bytes(range(256)) * (length // 256) + bytes(range(length % 256))
    assert unseal("p", seal("p", text)) == text


def test_every_single_changed_byte_is_refused(fresh: Settings) -> None:
    sealed = seal("p", SECRET)
    for place in range(len(sealed)):
        changed = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        with pytest.raises(VaultRefused):
            unseal("p", changed)
    for end in range(len(sealed)):
        with pytest.raises(VaultRefused):
            unseal("p", sealed[:end])


def test_a_token_of_another_maker_under_the_same_key_is_refused(fresh: Settings) -> None:
    keys = vault_keys(fresh)
    foreign = b"v1." + keys.current.encode() + b"." + keys.by_id[keys.current].encrypt(b"\x00\x00\xff\xffp")
    with pytest.raises(VaultRefused):
        unseal("p", foreign)


def test_no_refusal_says_the_secret(fresh: Settings) -> None:
    sealed = seal("p", SECRET)
    for told in (sealed[:-9], sealed.replace(b"v1.", b"v2."), SECRET):
        with pytest.raises(VaultRefused) as caught:
            unseal("p", told)
        assert SECRET.decode() not in str(caught.value)


def test_keys_are_made_once_for_the_owner_only_and_never_shown(fresh: Settings) -> None:
    keys = vault_keys(fresh)
    assert vault_keys(fresh).current == keys.current
    assert key_file(fresh).stat().st_mode & 0o077 == 0
    assert "Fernet" not in repr(keys)
    assert all(text not in repr(keys) for text in key_file(fresh).read_text().split('"') if len(text) == 44)


def test_nothing_beside_the_keys_is_open_to_others(fresh: Settings) -> None:
    seal("a", b"b")
    assert {path.stat().st_mode & 0o077 for path in fresh.secrets.iterdir()} == {0}


def test_a_key_file_open_to_others_is_refused(fresh: Settings) -> None:
    vault_keys(fresh)
    key_file(fresh).chmod(0o640)
    with pytest.raises(NotPermitted, match="chmod 600"):
        seal("p", SECRET)


@pytest.mark.parametrize("text", ["{}", "no json", '{"current": "a", "keys": {}}', '{"current": "a", "keys": []}'])
def test_a_damaged_key_file_is_told_and_not_replaced(fresh: Settings, text: str) -> None:
    vault_keys(fresh)
    key_file(fresh).write_text(text)
    with pytest.raises(VaultRefused, match="backup"):
        vault_keys(fresh)
    assert key_file(fresh).read_text() == text


def test_a_new_key_seals_once_it_is_used_and_the_old_one_still_opens(fresh: Settings) -> None:
    sealed = seal("p", SECRET)
    old, new = vault_keys(fresh).current, add_key(fresh)
    assert key_of(seal("p", SECRET)) == old
    assert add_key(fresh) == new, "an unfinished rotation takes up its key again"
    use_key(fresh, new)
    end_rotation(fresh)
    assert key_of(seal("p", SECRET)) == new
    assert unseal("p", sealed) == SECRET
    moved = reseal(sealed, vault_keys(fresh))
    assert (key_of(moved), unseal("p", moved)) == (new, SECRET)
    forget_keys(fresh, {old})
    assert unseal("p", moved) == SECRET
    assert not is_readable(sealed, vault_keys(fresh))
    with pytest.raises(VaultRefused, match=f"the key {old}, which is not here"):
        unseal("p", sealed)


def test_keys_of_the_environment_come_newest_first_and_the_files_own_still_open(
    fresh: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from_file = seal("p", SECRET)
    first, second = Fernet.generate_key(), Fernet.generate_key()
    give(monkeypatch, first)
    from_first = seal("p", SECRET)
    settings = give(monkeypatch, second, first)
    assert key_of(from_first) == key_id(first)
    assert vault_keys(settings).current == key_id(second)
    assert unseal("p", from_first) == unseal("p", from_file) == SECRET
    assert first.decode() not in repr(settings)


def test_no_key_file_is_made_where_the_environment_has_keys(fresh: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, Fernet.generate_key())
    seal("p", SECRET)
    assert not key_file(fresh).exists()


@pytest.mark.parametrize("words", ["", " , ", "short", base64.b64encode(b"x" * 31).decode()])
def test_an_environment_without_proper_keys_is_told_without_its_value(
    fresh: Settings, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.setenv("PROCURA_VAULT_KEYS", words)
    settings_module.current.cache_clear()
    with pytest.raises(BadInput) as caught:
        seal("p", SECRET)
    assert not words.strip(" ,") or words not in str(caught.value)
