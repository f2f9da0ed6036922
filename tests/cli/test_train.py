"""`procura train` writes where it is told and says what was measured."""

import json
from pathlib import Path

from typer.testing import CliRunner

from cli.main import app
from pipelines.qualification.chances import parse_chances
from tests.factories_fit_set import invented_set


def test_what_was_learned_is_written_where_told_and_measured_figures_are_printed(tmp_path: Path) -> None:
    out = tmp_path / "chances.json"
    done = CliRunner().invoke(app, ["train", str(invented_set(tmp_path)), "--out", str(out), "--json"])
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    learned = parse_chances(out.read_text(encoding="utf-8"))
    assert told["learned_from"] == learned.learned_from
    assert [figure["what"] for figure in told["measured"]] == [figure.what for figure in learned.measured]
