"""`procura qualify` tells of batches that are out."""

import json
from datetime import timedelta

from typer.testing import CliRunner

from cli.main import app
from tests.factories_assessments import put_into_batch
from warehouse.clock import now
from warehouse.settings import Settings


def test_what_is_out_in_batches_is_told_with_its_number_its_time_and_its_most_cost(home: Settings) -> None:
    sent_at = now() - timedelta(hours=1)
    put_into_batch(["o00000001", "o00000002"], at=sent_at, most="0.25")
    told = json.loads(CliRunner().invoke(app, ["qualify", "--json", "--yes"]).stdout)
    (batch,) = told["batches"]
    assert (batch["questions"], batch["open"], batch["since"], float(batch["most_usd"])) == (
        2,
        2,
        sent_at.isoformat(),
        0.5,
    )
    assert (batch["provider"], batch["state"], told["from_batches"]["asked"]) == ("anthropic", "sent", 0)
    words = CliRunner().invoke(app, ["qualify", "--yes"]).stdout
    assert "2 questions are in batches" in words
    assert "0.500000 USD at most" in words
