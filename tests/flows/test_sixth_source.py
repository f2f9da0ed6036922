"""One file dropped among the connectors adds a source: it is asked, read, published, scheduled and told of like the others."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from pipelines.discovery.checks import nothing_lost_between_layers
from tests.conformance import sixth_source
from tests.fakes.loopback import Handler, serving
from warehouse.lake.connection import open_lake
from warehouse.ledger.sources import list_sources
from warehouse.ledger.store import open_ledger
from warehouse.settings import ROOT, Settings

pytestmark = [pytest.mark.flow, pytest.mark.thorough, pytest.mark.timeout(600)]
FOLDERS = ("app", "assets", "cli", "pipelines", "warehouse")
COUNT = 7


def bid(number: int) -> dict[str, Any]:
    # A day is a day in Washington: today's by UTC has not begun there during the first hours.
    published, closes = datetime.now(UTC) - timedelta(days=1), datetime.now(UTC) + timedelta(days=20)
    return {
        "bid": f"VA-{number}", "name": f"Network support for school {number}", "number": f"VA26-{number:04d}",
        "buyer": "VIRGINIA DEPARTMENT OF EDUCATION", "kind": "Solicitation", "published": f"{published:%Y-%m-%d}",
        "closes": f"{closes:%Y-%m-%dT14:00:00-04:00}", "naics": "541512", "what": "Switches, cables and their care.",
        "page": f"https://bids.example.test/{number}", "state": "VA", "mail": "buyer@example.test", "files": ["https://bids.example.test/f.pdf"],
    }  # fmt: skip


@pytest.fixture
def state() -> Iterator[str]:
    """Serve bids in pages, one of them without its id; return the address."""
    bids = [bid(number) for number in range(COUNT)]
    del bids[4]["bid"]

    class Api(Handler):
        def do_GET(self) -> None:
            start = int(parse_qs(urlsplit(self.path).query)["page"][0]) * sixth_source.PAGE_RECORDS
            body = json.dumps({"bids": bids[start : start + sixth_source.PAGE_RECORDS]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with serving(Api) as url:
        yield url


@pytest.fixture
def product(tmp_path: Path, state: str) -> Path:
    """Copy the product and drop one file into it."""
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "dagster.yaml"):
        shutil.copy(ROOT / name, tmp_path / name)
    text = Path(sixth_source.__file__).read_text(encoding="utf-8")
    text = text.replace(sixth_source.URL, f"{state}/bids").replace("IS_OWN = False", "IS_OWN = True")
    (tmp_path / "pipelines/discovery/connectors/state_bids.py").write_text(text, encoding="utf-8")
    return tmp_path


def python(product: Path, *arguments: str, **settings: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=product, env={**os.environ, **settings}, capture_output=True, text=True,
        check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_one_file_adds_a_source(product: Path, home: Settings) -> None:
    told = json.loads(python(product, "-m", "cli.main", "discover", "state_bids", "--json", PROCURA_OFFLINE="0"))
    assert (told["landed"], told["accepted"], told["quarantined"]) == (COUNT, COUNT - 1, 1)
    holds, facts = nothing_lost_between_layers(open_lake())
    assert holds, facts

    python(product, "-m", "cli.main", "run", "--json", PROCURA_OFFLINE="1")
    with open_ledger().read() as tx:
        shown = tx.rows("select * from opportunities where source = 'state_bids' order by external_ref")
        source = next(one for one in list_sources(tx) if one.name == "state_bids")
    assert [row["external_ref"] for row in shown] == [f"VA-{number}" for number in range(COUNT) if number != 4]
    assert all(row["is_open"] and row["fit_score"] is not None for row in shown)
    assert shown[0]["title"] == "Network support for school 0"
    assert shown[0]["naics_code"] == "541512"
    assert shown[0]["attachment_urls"] == ["https://bids.example.test/f.pdf"]
    assert source.last_success_at is not None

    again = json.loads(python(product, "-m", "cli.main", "discover", "state_bids", "--json", PROCURA_OFFLINE="0"))
    assert again["versions"] == 0

    found = python(
        product, "-c",
        "from assets.definitions import defs; print([key.to_user_string() for key in defs.resolve_all_asset_keys()])",
    )  # fmt: skip
    assert "'raw_state_bids'" in found
