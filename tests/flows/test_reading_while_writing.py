"""While runs write, pages and `procura sql` answer: no reader ever meets a lock."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.flows.conftest import Product
from tests.flows.notices_csv import write_bulk_csv
from warehouse.settings import ROOT

pytestmark = pytest.mark.flow
RECORDS = 2_000
JOINED = (
    "select count(*) as n from core.notices n join ledger.opportunities o on o.external_ref = n.notice_id"
    " join marts.opportunity_board b using (opportunity_id)"
)


def _start(product: Product, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", *arguments], env=product.environment, cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def _told(process: subprocess.Popen[str]) -> dict[str, float]:
    out, _ = process.communicate(timeout=240)
    assert process.returncode == 0
    told: dict[str, float] = json.loads(out)
    return told


@pytest.mark.parametrize("seconds", [3, pytest.param(60, marks=pytest.mark.slow)])
def test_readers_are_answered_while_runs_write(product: Product, tmp_path: Path, seconds: int) -> None:
    folder = tmp_path / "drops" / "sam_gov"
    folder.mkdir(parents=True)
    write_bulk_csv(folder / "0.csv", records=RECORDS)
    run = ("cli.main", "run", "--inbox", str(folder.parent), "--json")
    assert _told(_start(product, *run))["versions"] == RECORDS
    product.up()
    product.wait_until_serving()

    reader, end, files = _start(product, "tests.flows.page_reader", str(seconds)), time.monotonic() + seconds, 1
    while time.monotonic() < end:
        write_bulk_csv(folder / f"{files}.csv", records=RECORDS, first=files * RECORDS)
        writer = _start(product, *run)
        files += 1
        while writer.poll() is None:
            assert product.is_healthy()
            assert product.rows(JOINED)[0]["n"] >= RECORDS
        assert _told(writer)["versions"] == RECORDS
    assert _told(reader)["rounds"] > 0
    assert product.rows(JOINED)[0]["n"] == files * RECORDS
    assert product.stop() == 0
