"""While a run writes, pages and `procura sql` answer: no reader ever meets a lock."""

import time
from pathlib import Path

import pytest

from tests.flows.conftest import Product, wait_for
from tests.flows.notices_csv import write_bulk_csv

pytestmark = pytest.mark.flow


@pytest.mark.parametrize("seconds", [10, pytest.param(60, marks=pytest.mark.slow)])
def test_readers_are_answered_while_a_run_writes(product: Product, tmp_path: Path, seconds: int) -> None:
    product.up()
    product.wait_until_serving()
    folder = tmp_path / "drops" / "sam_gov"
    folder.mkdir(parents=True)
    end, answers, number = time.monotonic() + seconds, 0, 0
    import subprocess
    import sys

    from warehouse.settings import ROOT

    writer = None
    while time.monotonic() < end or answers < 3:
        if writer is None or writer.poll() is not None:
            assert writer is None or writer.returncode == 0
            write_bulk_csv(folder / f"{number}.csv", records=3_000, first=number * 3_000)
            number += 1
            writer = subprocess.Popen(
                [sys.executable, "-m", "cli.main", "run", "--inbox", str(folder.parent), "--json"],
                env=product.environment, cwd=ROOT, stdout=subprocess.DEVNULL,
            )  # fmt: skip
        assert product.is_healthy()
        assert product.rows("select count(*) as n from core.notices n join ledger.opportunities o on o.external_ref = n.notice_id") is not None  # fmt: skip # noqa: E501
        answers += 1
    assert writer is not None
    assert writer.wait(120) == 0
    wait_for("the board holds all of them", lambda: product.rows("select count(*) as n from marts.opportunity_board")[0]["n"] == number * 3_000)  # fmt: skip # noqa: E501
