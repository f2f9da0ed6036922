"""`procura run` and `procura up --no-serve` on an empty home: what they count, and that a second time changes nothing."""

from pathlib import Path

import pytest

from tests.flows.conftest import Product
from tests.flows.notices_csv import write_bulk_csv

pytestmark = pytest.mark.flow
KEYS = ["landed", "accepted", "quarantined", "unchanged", "versions", "open", "scored", "skipped_files", "seconds"]


def test_second_run_over_the_same_files_writes_nothing(product: Product, inbox: Path) -> None:
    (inbox / "sam_gov" / "empty.csv").touch()
    (inbox / "elsewhere").mkdir()
    (inbox / "elsewhere" / "notes.txt").write_text("nothing for us")
    first = product.json("run", "--inbox", str(inbox), "--json")
    assert list(first) == KEYS
    assert (first["landed"], first["accepted"], first["quarantined"]) == (40, 40, 0)
    assert (first["unchanged"], first["versions"], first["open"], first["scored"]) == (0, 40, 40, 40)
    assert {Path(skipped["name"]).parts[0] for skipped in first["skipped_files"]} == {"sam_gov", "elsewhere"}
    board = product.rows("select * from marts.opportunity_board order by opportunity_id")
    assert len(board) == 40

    second = product.json("run", "--inbox", str(inbox), "--json")
    assert (second["landed"], second["accepted"], second["quarantined"]) == (40, 40, 0)
    assert (second["unchanged"], second["versions"], second["open"], second["scored"]) == (40, 0, 40, 0)
    assert product.rows("select * from marts.opportunity_board order by opportunity_id") == board
    assert sorted(path.name for path in inbox.rglob("*") if path.is_file()) == [
        "ContractOpportunities.csv", "empty.csv", "notes.txt",
    ]  # fmt: skip


def test_files_are_read_slice_by_slice_and_counted_once(product: Product, tmp_path: Path) -> None:
    folder = tmp_path / "large" / "sam_gov"
    folder.mkdir(parents=True)
    # More than the first pass reads: the job runs twice.
    write_bulk_csv(folder / "a.csv", records=5_500)
    write_bulk_csv(folder / "b.csv", records=600, first=5_500)
    told = product.json("run", "--inbox", str(folder.parent), "--json")
    assert (told["landed"], told["accepted"], told["versions"], told["open"]) == (6_100, 6_100, 6_100, 6_100)
    assert told["scored"] == 6_100


def test_world_of_another_day_is_seen_by_the_run_and_by_nothing_else(product: Product, inbox: Path) -> None:
    told = product.json("run", "--inbox", str(inbox), "--as-of", "2026-01-05", "--json")
    assert (told["landed"], told["open"]) == (40, 0), "they were all posted later"
    assert product.json("run", "--inbox", str(inbox), "--json")["open"] == 40


def test_up_without_serving_prepares_runs_once_and_leaves_no_process(product: Product) -> None:
    done = product.run("up", "--no-serve")
    assert done.returncode == 0, done.stderr
    assert "First sign-in: admin@procura.example" in done.stdout
    assert product.tree() == []
    password = done.stdout.split("admin@procura.example")[1].split()[0]
    for log in (product.home / "logs").iterdir():
        assert password not in log.read_text(errors="replace")
    again = product.run("up", "--no-serve")
    assert "First sign-in" not in again.stdout, "the password is shown once"
    assert product.rows("select count(*) as n from ledger.opportunities where is_demo")[0]["n"] > 0


def test_run_needs_a_folder(product: Product, tmp_path: Path) -> None:
    done = product.run("run", "--inbox", str(tmp_path / "absent"), "--json")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("BadInput: --inbox:")


@pytest.mark.shared
def test_real_sample_is_accounted_for_to_the_last_record(product: Product, shared_data: Path) -> None:
    first = product.json("run", "--inbox", str(shared_data), "--as-of", "2026-04-10", "--json")
    assert first["landed"] == first["accepted"] + first["quarantined"]
    assert first["landed"] >= 6502
    assert first["seconds"] <= 120
    assert {"grants_gov", "usaspending", "fit", "reference"} <= {
        Path(skipped["name"]).parts[0] for skipped in first["skipped_files"]
    }
    second = product.json("run", "--inbox", str(shared_data), "--as-of", "2026-04-10", "--json")
    assert (second["versions"], second["scored"]) == (0, 0)
    assert (second["landed"], second["open"]) == (first["landed"], first["open"])
