"""A server that does not answer: is it the disk?"""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from warehouse.errors import DiskFull, StoreUnavailable
from warehouse.ledger.store import Ledger
from warehouse.room import lacks_room
from warehouse.settings import Settings


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A volume on which no further piece of PostgreSQL's log fits."""
    command = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", tmp_path]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root may mount a small volume")
    yield tmp_path
    subprocess.run(["umount", "-l", tmp_path], check=True)


def test_no_room_is_seen_where_the_home_lies_and_only_for_a_server_of_ours(small: Path) -> None:
    elsewhere = SecretStr("postgresql://db.example/procura")
    assert lacks_room(Settings(home=small))
    assert not lacks_room(Settings(home=small, database_url=elsewhere))
    assert not lacks_room(Settings(home=small / "not-made-yet"))


def test_a_ledger_that_does_not_answer_tells_of_the_full_disk(
    small: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for home, told in ((small, DiskFull), (tmp_path_factory.mktemp("roomy"), StoreUnavailable)):
        settings = Settings(home=home)
        settings.secrets.mkdir(parents=True)
        ledger = Ledger(settings, "procura_app", wait_seconds=0.2)
        with pytest.raises(told), ledger.read():
            raise AssertionError("nobody answers there")
        ledger.close()


def test_a_server_that_ended_on_a_full_disk_and_gave_room_back_has_said_so(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    settings.logs.mkdir(parents=True)
    log = settings.logs / "postgres.log"
    assert not lacks_room(settings)
    log.write_text("LOG:  ready to accept connections\nPANIC:  could not write to file: No space left on device\n")
    assert lacks_room(settings)
    with log.open("a") as more:
        more.write("LOG:  ready to accept connections\nFATAL:  the database system is shutting down\n")
    assert not lacks_room(settings)
