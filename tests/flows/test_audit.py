"""The log is signed while `up` runs, with nobody asking for it; and the commands for it, as people script against them."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.factories_audit import superuser
from tests.flows.conftest import Product, wait_for
from warehouse.settings import Settings

pytestmark = [pytest.mark.flow, pytest.mark.thorough]


@pytest.mark.slow
def test_the_log_is_signed_while_up_runs_and_once_more_when_it_ends(product: Product) -> None:
    product.up()
    product.wait_until_serving()
    notes = wait_for("the first checkpoint", lambda: sorted((product.home / "witness").rglob("*.note")))
    audit = int(product.state["processes"]["audit"]["pid"])
    os.kill(audit, signal.SIGKILL)
    wait_for("who signs is started again", lambda: product.state["processes"]["audit"]["pid"] != audit)
    wait_for("the demo has its people", lambda: "demo.legal@procura.example" in product.words)
    assert product.json("status", "--json")["faults"] == []
    assert product.stop() == 0
    told = product.json("audit", "verify", "--json")
    assert (told["holds"], told["covered"], told["checked"]) == (True, told["records"], told["records"])
    assert len(sorted((product.home / "witness").rglob("*.note"))) >= len(notes)
    assert product.json("audit", "verify", "--since-last", "--json")["checked"] == 0


def test_the_commands_verify_export_and_name_the_first_bad_record(product: Product, tmp_path: Path) -> None:
    product.json("audit", "checkpoint", "--json")
    out = tmp_path / "an export"
    told = product.json("audit", "export", "--out", str(out), "--json")
    assert sorted(path.name for path in out.iterdir()) == [
        "README.txt", "checkpoints.jsonl", "records.jsonl", "verify_audit.py"
    ]  # fmt: skip
    assert len((out / "records.jsonl").read_text().splitlines()) == told["size"]
    assert product.run("audit", "public-key", "--out", str(tmp_path / "key")).returncode == 0
    witness = str(product.home / "witness")
    command = [sys.executable, "-I", str(out / "verify_audit.py"), str(out), "--public-key", str(tmp_path / "key")]
    done = subprocess.run([*command, "--checkpoint", witness, "--json"], capture_output=True, text=True, check=False)
    assert (done.returncode, json.loads(done.stdout)["holds"]) == (0, True)

    again = product.run("audit", "export", "--out", str(out))
    assert (again.returncode, again.stderr.startswith("BadInput: ")) == (1, True)
    from warehouse.stores import open_stores

    settings = Settings(home=product.home)
    with open_stores(settings), superuser(settings) as connection:
        connection.execute("alter table audit_logs disable trigger refuse_change")
        connection.execute("update audit_logs set subject = 'another' where seq = 1")
    found = product.run("audit", "verify", "--json")
    told = json.loads(found.stdout)
    assert (found.returncode, told["holds"], told["position"]) == (1, False, 1)
    assert "column subject" in told["first_fault"]
    assert len(told["faults"]) == 2
    shown = product.run("audit", "verify")
    assert (shown.returncode, "does NOT hold" in shown.stdout) == (1, True)
