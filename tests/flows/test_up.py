"""`procura up` for real: it serves, it is refused twice, it survives the death of each child, it ends without a trace."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid

import pytest

from tests.flows.conftest import Product, wait_for
from warehouse.settings import ROOT

pytestmark = pytest.mark.flow
CHILDREN = ["app", "code", "daemon", "web", "postgres"]


def _pid(product: Product, name: str) -> int:
    return int(product.state["processes"][name]["pid"])


def test_serves_and_ctrl_c_leaves_no_process(product: Product) -> None:
    product.up()
    product.wait_until_serving()
    assert product.json("status", "--json")["phase"] == "serving"
    wait_for("the demo has its people", lambda: "demo.legal@procura.example" in product.words)

    refused = product.run("up")
    assert refused.returncode == 1
    assert refused.stderr.startswith("AlreadyRunning: ")
    (product.home.parent / "link").symlink_to(product.home)
    product.environment["PROCURA_HOME"] = str(product.home.parent / "link")
    assert product.run("up").stderr.startswith("AlreadyRunning: ")
    product.environment["PROCURA_HOME"] = str(product.home)

    mutation = 'mutation{launchRun(executionParams:{selector:{repositoryName:"__repository__",repositoryLocationName:"procura",jobName:"discovery"},runConfigData:{}}){__typename}}'  # fmt: skip # noqa: E501
    assert product.ask_dagster(mutation)["data"]["launchRun"]["__typename"] == "UnauthorizedError"

    assert product.stop() == 0
    assert product.tree() == []
    assert product.json("status", "--json") == {"is_running": False, "home": str(product.home)}


def test_second_start_serves_what_there_was_and_down_ends_it(product: Product) -> None:
    first = product.run("up", "--no-serve")
    assert first.returncode == 0
    assert "First sign-in" in first.stdout
    product.up()
    product.wait_until_serving()
    assert "First sign-in" not in product.words
    assert product.rows("select count(*) as n from marts.opportunity_board")[0]["n"] > 0
    assert product.json("down", "--json")["stopped"] is True
    assert product.process is not None
    assert product.process.wait(10) == 0
    assert product.tree() == []
    assert product.json("down", "--json") == {"stopped": False, "reason": "nothing ran"}


@pytest.mark.slow
def test_a_terminal_that_is_gone_takes_nothing_with_it(product: Product) -> None:
    product.home.mkdir(mode=0o700)
    command = [sys.executable, "-m", "cli.main", "up"]
    product.process = subprocess.Popen(
        command, env=product.environment, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert product.process.stdout is not None
    assert product.process.stdout.readline()
    product.process.stdout.close()
    product.wait_until_serving()
    assert product.json("down", "--json")["stopped"] is True
    assert product.process.wait(10) == 0
    assert product.tree() == []


def test_ctrl_c_in_the_middle_of_the_first_run_leaves_no_process_and_nothing_half_done(product: Product) -> None:
    product.up()
    wait_for("the first run goes", lambda: (product.home / "run" / "up.json").exists() and "first-run" in product.state["processes"])  # fmt: skip # noqa: E501
    time.sleep(2)
    assert product.stop() == 0
    assert product.tree() == []
    assert _faults(product) == []
    assert product.json("run", "--json")["open"] > 0


@pytest.mark.slow
def test_each_child_killed_comes_back_by_itself(product: Product) -> None:
    product.up()
    product.wait_until_serving()
    wait_for("the first run has ended", lambda: "open opportunities" in product.words)
    for name in CHILDREN:
        before = _pid(product, name)
        os.kill(before, signal.SIGKILL)
        wait_for(f"{name} is back", lambda name=name, before=before: _pid(product, name) != before, 30)
        wait_for("health", product.is_healthy, 30)
        wait_for("Dagster", product.dagster_answers, 40)
    assert product.rows("select count(*) as n from marts.opportunity_board")[0]["n"] > 0
    assert product.stop() == 0
    assert product.tree() == []


@pytest.mark.slow
def test_up_itself_killed_everything_is_there_at_the_next_start(product: Product) -> None:
    product.up()
    wait_for("the first run goes", lambda: (product.home / "run" / "up.json").exists() and "daemon" in product.state["processes"])  # fmt: skip # noqa: E501
    assert product.process is not None
    product.process.kill()
    product.process.wait()
    product.up()
    product.wait_until_serving()
    wait_for("the run of this start has ended", lambda: "open opportunities" in product.words)
    twice = "select count(*) - count(distinct (source, notice_id, content_hash)) as n from core.notice_versions"
    assert product.rows(twice)[0]["n"] == 0
    assert product.stop() == 0


def test_taken_port_is_told_before_anything_starts(product: Product) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        product.environment["PROCURA_APP_PORT"] = str(taken.getsockname()[1])
        done = product.run("up")
    assert done.returncode == 1
    assert "PROCURA_APP_PORT" in done.stderr
    assert not (product.home / "postgres").exists()


def test_request_of_a_person_becomes_a_run_and_is_settled(product: Product) -> None:
    product.up()
    product.wait_until_serving()
    wait_for("the first run has ended", lambda: "open opportunities" in product.words)
    request = _ask_for_a_run(product)
    wait_for("the request is settled", lambda: _request_state(product, request) == "success")
    assert product.stop() == 0


def _faults(product: Product) -> list[str]:
    """What the doctor finds, the test machine's own lacks apart."""
    findings = json.loads(product.run("doctor", "--json").stdout)["findings"]
    return [
        finding["what"]
        for finding in findings
        if not finding["is_good"] and finding["subject"] not in {"browser", "disk"}
    ]


def _in_home(product: Product, code: str, *arguments: str) -> str:
    """Run a few lines in a process of that home."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], env=product.environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def _ask_for_a_run(product: Product) -> str:
    code = (
        "import sys\n"
        "from warehouse.domain.audit_event import AuditEvent\n"
        "from warehouse.ledger.store import open_ledger\n"
        "ledger = open_ledger('procura_app')\n"
        "with ledger.read() as tx:\n"
        "    person = str(tx.row('select id from profiles limit 1')['id'])\n"
        "with ledger.deed(AuditEvent('run:requested', sys.argv[1], person)) as deed:\n"
        "    deed.execute(\"insert into run_requests (id, job, requested_by) values (%s, 'discovery', %s)\","
        " [sys.argv[1], person])\n"
    )
    request = str(uuid.uuid4())
    _in_home(product, code, request)
    return request


def _request_state(product: Product, request: str) -> str:
    code = (
        "import sys\n"
        "from warehouse.ledger.store import open_ledger\n"
        "with open_ledger('procura_app').read() as tx:\n"
        "    print(tx.row('select state from run_requests where id = %s', [sys.argv[1]])['state'])\n"
    )
    return _in_home(product, code, request)
