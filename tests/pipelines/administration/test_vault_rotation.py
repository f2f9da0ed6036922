"""Rotation of the vault's master keys: nothing lost, nothing left behind, whoever reads, writes or is killed meanwhile."""

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.fernet import Fernet
from psycopg.conninfo import make_conninfo
from pydantic import SecretStr

from pipelines.administration.credentials import set_credential
from pipelines.administration.vault_rotation import list_vault_keys, retire_vault_keys, rotate_vault, vault_faults
from tests.factories_people import new_person
from warehouse import settings as settings_module
from warehouse.addresses import superuser_conninfo
from warehouse.domain.credential import CredentialNeed
from warehouse.errors import AlreadyRunning, WrongState
from warehouse.ledger import vault as rows
from warehouse.ledger.credentials import read_credential
from warehouse.ledger.store import Ledger, open_ledger
from warehouse.settings import ROOT, Settings
from warehouse.vault import key_of, seal, unseal
from warehouse.vault_keys import add_key, key_file, key_id, use_key, vault_keys

pytestmark = pytest.mark.thorough

AT = datetime(2026, 4, 10, 12, tzinfo=UTC)
SOURCES = 12
SEEDS = 3


def as_superuser(home: Settings) -> psycopg.Connection:
    return psycopg.connect(make_conninfo("", **superuser_conninfo(home)), autocommit=True)


def need(number: int) -> CredentialNeed:
    return CredentialNeed(f"source_{number}", "api_key", f"Source {number}", "")


@pytest.fixture(scope="module")
def filled(home: Settings) -> Settings:
    """Some credentials, and a second factor each of some people."""
    ledger = open_ledger()
    for number in range(SOURCES):
        set_credential(ledger, need(number), SecretStr(f"key of {number}"), at=AT)
    people = [new_person().id for _ in range(SEEDS)]
    with as_superuser(home) as connection:
        for person in people:
            connection.execute(
                "insert into second_factors (profile_id, sealed_seed, created_at) values (%s, %s, now())",
                [person, seal(f"totp:{person}", b"seed")],
            )
    return home


@pytest.fixture
def ledger(filled: Settings) -> Ledger:
    return open_ledger()


def all_values(ledger: Ledger) -> list[rows.SealedValue]:
    with ledger.read() as tx:
        return rows.sealed_values(tx)


def all_readable() -> bool:
    pipeline = open_ledger("procura_pipeline")
    found = [read_credential(pipeline, need(n).connector, "api_key", at=AT) for n in range(SOURCES)]
    return all(secret is not None and secret.get_secret_value().startswith("key of ") for secret in found)


def test_every_column_of_sealed_values_is_registered_and_a_new_one_that_is_not_is_found(filled: Settings) -> None:
    with as_superuser(filled) as connection, connection.transaction(force_rollback=True):
        assert unregistered(connection) == set()
        connection.execute("create table portals (id int, sealed_password bytea, encrypted_note bytea, body bytea)")
        assert unregistered(connection) == {"portals.sealed_password", "portals.encrypted_note"}
        connection.execute("select vault_register('portals', 'sealed_password')")
        assert unregistered(connection) == {"portals.encrypted_note"}


def unregistered(connection: psycopg.Connection) -> set[str]:
    found = connection.execute(
        "select c.relname || '.' || a.attname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " join pg_attribute a on a.attrelid = c.oid where n.nspname = 'public' and c.relkind in ('r', 'p')"
        r" and a.attnum > 0 and not a.attisdropped and (a.attname like 'sealed\_%' or a.attname like 'encrypted\_%')"
        " and not exists (select from vault_places p join pg_trigger t on t.tgrelid = c.oid"
        " and t.tgname = 'vault_admits_' || p.column_name where p.table_name = c.relname and p.column_name = a.attname)"
    )
    return {row[0] for row in found}


def test_a_rotation_leaves_nothing_unreadable_and_nothing_on_the_old_key(filled: Settings, ledger: Ledger) -> None:
    old = vault_keys(filled).current
    done = rotate_vault(ledger, filled, at=AT)
    assert done.is_complete
    assert done.key != old
    assert done.values == done.resealed == len(all_values(ledger))
    assert {value.place for value in all_values(ledger)} == {
        "connectors.encrypted_credentials", "second_factors.sealed_seed",
    }  # fmt: skip
    assert {key_of(value.sealed) for value in all_values(ledger)} == {done.key}
    assert all_readable()
    assert vault_faults(ledger, filled) == []
    assert retire_vault_keys(ledger, filled, at=AT) == [old]
    assert list(vault_keys(filled).by_id) == [done.key]
    assert all_readable()
    assert [one.state for one in list_vault_keys(ledger, filled)] == ["seals"]


def test_nothing_new_can_come_under_a_key_that_was_rotated_away(filled: Settings, ledger: Ledger) -> None:
    """A process that read the keys just before the rotation, and writes just after it."""
    late = seal("connector:source_1:99", b"{}")
    rotate_vault(ledger, filled, at=AT)
    with as_superuser(filled) as connection, pytest.raises(psycopg.DatabaseError, match="seals nothing new"):
        connection.execute("update connectors set encrypted_credentials = %s where name = 'source_1'", [late])
    set_credential(ledger, need(1), SecretStr("key of 1"), at=AT)
    assert all_readable()


def test_an_old_key_is_kept_while_a_value_needs_it(filled: Settings, ledger: Ledger) -> None:
    rotate_vault(ledger, filled, at=AT)
    kept = next(value for value in all_values(ledger) if value.table_name == "connectors")
    rotate_vault(ledger, filled, at=AT)
    with as_superuser(filled) as connection:
        connection.execute("set session_replication_role = replica")  # past the trigger, as a restored backup is
        where = "select name from connectors where encrypted_credentials is not null order by name limit 1"
        moved = connection.execute(
            f"update connectors set encrypted_credentials = %s where name = ({where}) returning name", [kept.sealed]
        ).fetchone()
    with pytest.raises(WrongState, match="1 sealed value still under a key"):
        retire_vault_keys(ledger, filled, at=AT)
    assert rotate_vault(ledger, filled, at=AT).is_complete
    assert len(retire_vault_keys(ledger, filled, at=AT)) >= 2
    assert moved is not None
    set_credential(ledger, need(int(moved[0].removeprefix("source_"))), SecretStr("key of it"), at=AT)
    assert all_readable()


def test_a_lost_key_is_told_by_place_and_number_and_a_rotation_begins_anew(filled: Settings, ledger: Ledger) -> None:
    file, kept = key_file(filled), key_file(filled).read_bytes()
    file.unlink()
    faults = vault_faults(ledger, filled)
    assert any(f"{SOURCES} sealed values of connectors.encrypted_credentials cannot be read" in told for told in faults)
    assert any("not the one this database knows" in told for told in faults)
    file.write_bytes(kept)
    assert vault_faults(ledger, filled) == []
    file.unlink()
    try:
        done = rotate_vault(ledger, filled, at=AT)
        assert not done.is_complete
        assert set(done.unreadable) == {"connectors.encrypted_credentials", "second_factors.sealed_seed"}
        set_credential(ledger, need(0), SecretStr("key of 0, set again"), at=AT)
        found = read_credential(ledger, need(0).connector, "api_key", at=AT)
        assert found is not None
        assert found.get_secret_value() == "key of 0, set again"
    finally:
        merge_keys(file, kept)
    assert rotate_vault(ledger, filled, at=AT).is_complete
    assert all_readable()


def merge_keys(file: Path, kept: bytes) -> None:
    """The operator finds the old key after all and puts it beside the new one."""
    now, then = json.loads(file.read_text()), json.loads(kept)
    file.write_text(json.dumps(now | {"keys": then["keys"] | now["keys"]}))


def test_keys_of_the_environment_are_rotated_by_putting_a_new_one_first(
    filled: Settings, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Fernet.generate_key()
    try:
        monkeypatch.setenv("PROCURA_VAULT_KEYS", first.decode())
        settings_module.current.cache_clear()
        given = settings_module.current()
        done = rotate_vault(ledger, given, at=AT)
        assert done.is_complete
        assert done.key == key_id(first)
        assert rotate_vault(ledger, given, at=AT).resealed == 0
        assert all_readable()
    finally:
        monkeypatch.undo()
        settings_module.current.cache_clear()
        back = settings_module.current()
        key_file_keeps(back, first)
    assert rotate_vault(ledger, back, at=AT).is_complete
    assert all_readable()


def key_file_keeps(settings: Settings, key: bytes) -> None:
    stored = json.loads(key_file(settings).read_text())
    key_file(settings).write_text(json.dumps(stored | {"keys": stored["keys"] | {key_id(key): key.decode()}}))


def test_two_rotations_at_once_are_one(filled: Settings, ledger: Ledger) -> None:
    with (filled.secrets / "vault_rotation.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(AlreadyRunning):
            rotate_vault(ledger, filled, at=AT)


def test_an_unfinished_rotation_goes_on_with_its_own_key_and_stands_in_the_way_of_retiring(
    filled: Settings, ledger: Ledger
) -> None:
    begun = add_key(filled)
    use_key(filled, begun)
    assert any("unfinished" in told for told in vault_faults(ledger, filled))
    with pytest.raises(WrongState, match="unfinished"):
        retire_vault_keys(ledger, filled, at=AT)
    assert rotate_vault(ledger, filled, at=AT).key == begun
    assert vault_keys(filled).next is None
    assert rotate_vault(ledger, filled, at=AT).key != begun


ROTATE = "from cli.main import main; import sys; sys.argv = ['procura', 'keys', 'rotate', '--json']; main()"


LOAD = """
import json, random, select, sys
from datetime import UTC, datetime
from pydantic import SecretStr
from pipelines.administration.credentials import set_credential
from warehouse.domain.credential import CredentialNeed
from warehouse.ledger.credentials import read_credential
from warehouse.ledger.store import open_ledger
at, chance, writes, sources = datetime.now(UTC), random.Random(sys.argv[1]), sys.argv[1] == "writer", int(sys.argv[2])
ledger, faults, done = open_ledger("procura_app" if writes else "procura_pipeline"), [], 0
print("ready", flush=True)
while not select.select([sys.stdin], [], [], 0)[0]:
    number = chance.randrange(sources)
    try:
        if writes:
            need = CredentialNeed(f"source_{number}", "api_key", "", "")
            set_credential(ledger, need, SecretStr(f"key of {number}"), at=at)
        else:
            secret = read_credential(ledger, f"source_{number}", "api_key", at=at)
            assert secret is not None and secret.get_secret_value().startswith("key of ")
        done += 1
    except Exception as error:
        faults.append(repr(error))
print(json.dumps({"done": done, "faults": faults}))
"""


@contextmanager
def under_load() -> Iterator[dict[str, dict[str, Any]]]:
    """Two processes that read credentials and one that writes them, without a pause; afterwards what each has done."""
    names = ("reader 1", "reader 2", "writer")
    processes = {
        name: subprocess.Popen(
            [sys.executable, "-c", LOAD, name, str(SOURCES)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in names
    }
    told: dict[str, dict[str, Any]] = {}
    try:
        for process in processes.values():
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        yield told
    finally:
        for name, process in processes.items():
            told[name] = json.loads(process.communicate("stop\n", timeout=60)[0])


@pytest.mark.thorough
@pytest.mark.parametrize("points", [5, pytest.param(24, marks=pytest.mark.slow)])
def test_a_rotation_killed_at_many_points_under_load_loses_nothing(
    filled: Settings, ledger: Ledger, points: int
) -> None:
    began = time.monotonic()
    whole = subprocess.run([sys.executable, "-c", ROTATE], cwd=ROOT, check=True, capture_output=True, text=True)
    seconds = time.monotonic() - began
    assert '"unreadable": []' in whole.stdout
    killed = 0
    with under_load() as told:
        for point in range(points):
            # From the first import to past the end, so that each step of the order is cut somewhere.
            process = subprocess.Popen([sys.executable, "-c", ROTATE], cwd=ROOT, stdout=subprocess.DEVNULL)
            try:
                process.wait(seconds * (0.35 + 0.9 * point / points))
            except subprocess.TimeoutExpired:
                os.kill(process.pid, signal.SIGKILL)
                killed += 1
            process.wait()
        last = subprocess.run([sys.executable, "-c", ROTATE], cwd=ROOT, check=True, capture_output=True, text=True)
    assert [one["faults"] for one in told.values()] == [[], [], []]
    assert all(one["done"] > 10 for one in told.values())
    assert killed >= points // 3
    assert re.search(r'"on_other_keys": 0, "unreadable": \[\]', last.stdout)
    present = vault_keys(filled).current
    assert {key_of(value.sealed) for value in all_values(ledger)} == {present}
    assert all_readable()
    assert present not in retire_vault_keys(ledger, filled, at=AT)
    assert list(vault_keys(filled).by_id) == [present]
    assert all_readable()


STEPS = ("add_key", "admit_keys", "use_key", "admit_only", "replace_sealed", "end_rotation")


@pytest.mark.thorough
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_rotation_killed_at_each_step_of_its_order_is_resumed(
    filled: Settings, ledger: Ledger, step: str, when: str
) -> None:
    """The process ends itself without any clean-up, exactly there; then it is started once more."""
    program = f"""
import os, sys
from warehouse import vault_keys
from warehouse.ledger import vault as rows
owner = vault_keys if hasattr(vault_keys, {step!r}) else rows
real = getattr(owner, {step!r})
calls = []
def killed(*args, **kwargs):
    calls.append(1)
    if {when!r} == "before" and len(calls) == ({step!r} == "replace_sealed") * 4 + 1:
        os.kill(os.getpid(), 9)
    found = real(*args, **kwargs)
    if {when!r} == "after" and len(calls) == ({step!r} == "replace_sealed") * 4 + 1:
        os.kill(os.getpid(), 9)
    return found
setattr(owner, {step!r}, killed)
{ROTATE}
"""
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False, capture_output=True)
    assert ended.returncode == -signal.SIGKILL
    assert all_readable(), "whoever reads meanwhile reads everything"
    set_credential(ledger, need(2), SecretStr("key of 2"), at=AT)
    done = rotate_vault(ledger, filled, at=AT)
    assert done.is_complete
    assert {key_of(value.sealed) for value in all_values(ledger)} == {done.key}
    retire_vault_keys(ledger, filled, at=AT)
    assert list(vault_keys(filled).by_id) == [done.key]
    assert all_readable()


def test_a_second_factor_is_resealed_and_still_opens(filled: Settings, ledger: Ledger) -> None:
    rotate_vault(ledger, filled, at=AT)
    with as_superuser(filled) as connection:
        found = connection.execute("select profile_id::text, sealed_seed from second_factors").fetchall()
    assert found
    assert all(unseal(f"totp:{profile}", bytes(sealed)) == b"seed" for profile, sealed in found)
