import json

from typer.testing import CliRunner

from cli.main import app
from tests.factories_notifications import new_notice
from tests.factories_people import new_person
from warehouse.settings import Settings


def test_a_dry_run_counts_and_changes_nothing_and_a_round_says_what_it_did(home: Settings) -> None:
    new_notice(new_person())
    runner = CliRunner()
    before = json.loads(runner.invoke(app, ["notify", "--dry-run", "--json"]).stdout)
    assert before == {"due": 0, "waiting": 0, "failed": 0}
    done = json.loads(runner.invoke(app, ["notify", "--json"]).stdout)
    assert done == {"told": 0, "planned": 1, "sent": 0, "retried": 0, "dropped": 0, "failed": 0}
    assert "0 messages sent" in runner.invoke(app, ["notify"]).stdout
