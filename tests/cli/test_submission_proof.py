"""`procura submission proof`: a folder that verifies, and the words or the JSON that say so."""

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.factories_proofs import delivered_offer, open_run
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough


def test_proof_is_written_and_said_where(home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = delivered_offer()
    named = tmp_path / "proof"
    run = CliRunner().invoke(app, ["submission", "proof", made.offer, "--out", str(named)], catch_exceptions=False)
    assert run.exit_code == 0
    assert "receipt is R-2026-000123" in run.stdout
    assert os.access(named / "verify_submission.py", os.R_OK)
    monkeypatch.chdir(tmp_path)
    waiting = open_run()
    told = json.loads(CliRunner().invoke(app, ["submission", "proof", waiting.offer, "--json"]).stdout)
    assert (told["receipt"], told["files"]) == ("", 2)
    assert told["folder"] == str(tmp_path / f"proof-{waiting.offer}")
