"""A disk that fills while a run works: one message, nothing lost, and the next run goes on. On a small volume of its own."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.conftest import Product
from tests.flows.notices_csv import write_bulk_csv

pytestmark = [pytest.mark.flow, pytest.mark.thorough]
RECORDS = 20_000


@pytest.fixture
def volume(tmp_path: Path) -> Iterator[Path]:
    """A volume of memory that is too small for the run."""
    where = tmp_path / "volume"
    where.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=230m", "tmpfs", where], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip("only root may mount a small volume")
    yield where
    subprocess.run(["umount", "-l", where], check=True)


@pytest.mark.parametrize("command", [("run", "--json"), pytest.param(("up", "--no-serve"), marks=pytest.mark.slow)])
def test_one_message_nothing_lost_and_the_next_run_goes_on(volume: Path, command: tuple[str, ...]) -> None:
    product = Product(volume / "home")
    inbox = product.home / "inbox" / "sam_gov"
    inbox.mkdir(parents=True)
    write_bulk_csv(inbox / "a.csv", records=RECORDS)

    refused = product.run(*command)
    assert refused.returncode == 1
    told = (refused.stdout if command[0] == "up" else "") + refused.stderr
    assert told.count("DiskFull: ") == 1
    assert "  Kept: " in told
    assert "  To do: free some space" in told
    assert "Traceback" not in told
    assert "psycopg" not in told
    if command[0] == "run":
        assert refused.stdout == ""
        assert len(refused.stderr.splitlines()) == 3
    assert product.tree() == []

    subprocess.run(["mount", "-o", "remount,size=1500m", volume], check=True)
    told_next = product.json("run", "--json")
    assert (told_next["landed"], told_next["open"]) == (RECORDS, RECORDS)
    assert product.rows("select count(*) as n from marts.opportunity_board")[0]["n"] == RECORDS
    assert product.json("run", "--json")["versions"] == 0
