"""`procura retention` and `procura hold`: what is shown is what goes; the operator lifts no hold of the operator's own."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.factories_retention import drop_and_read, empty, old_row, young_row
from tests.fakes.sam_gov import sam_id
from warehouse.errors import BadInput, NotPermitted, WrongState
from warehouse.lake.connection import open_lake
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough


@pytest.fixture
def fresh(home: Settings) -> Settings:
    """The home with one old and one young notice, each in a file of its own."""
    empty(home)
    drop_and_read(home, "old.csv", [old_row(1)])
    drop_and_read(home, "young.csv", [young_row(2)])
    return home


def told(*arguments: str) -> Any:
    """Run a command that succeeds and return its JSON."""
    result = CliRunner().invoke(app, [*arguments, "--json"], catch_exceptions=False)
    assert result.exit_code == 0
    return json.loads(result.stdout)


def said(*arguments: str, typed: str | None = None) -> str:
    """Run a command that succeeds and return its words."""
    result = CliRunner().invoke(app, list(arguments), input=typed, catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_plan_is_purged_by_its_hash_and_backups_are_spoken_of(fresh: Settings) -> None:
    words = said("retention", "plan")
    plan = told("retention", "plan")
    assert f"procura retention purge --plan {plan['hash']}" in words
    assert plan["counts"] == {"notice": 1, "landed_files": 1}
    notice = next(one for one in plan["classes"] if one["class"] == "notice")
    assert (notice["kept"], notice["due"], notice["samples"][0]["clock"]) == ("7 years", 1, "archive date")
    assert [file["stays_for"] for file in plan["files"]] == ["", "notices that are not due yet"]
    with pytest.raises(BadInput, match="not confirmed"):
        said("retention", "purge", "--plan", plan["hash"], typed="n\n")
    done = told("retention", "purge", "--plan", plan["hash"], "--yes")
    assert done["counts"] == plan["counts"]
    assert "Backups and copies made before" in done["backups"]
    assert open_lake().cursor().execute("select notice_id from core.notice_versions").fetchall() == [(sam_id(2),)]
    assert said("retention", "plan").rstrip().endswith("Nothing is due.")
    with pytest.raises(WrongState):
        said("retention", "purge", "--plan", plan["hash"], "--yes")


def test_hold_of_the_operator_keeps_and_the_operator_does_not_lift_it(fresh: Settings) -> None:
    hold = told("hold", "set", "agency", "dept of the army", "--reason", "claim 17")
    assert [one["id"] for one in told("hold", "list")] == [hold["id"]]
    assert told("retention", "plan")["counts"] == {}
    with pytest.raises(NotPermitted, match="does not lift it"):
        said("hold", "lift", hold["id"], "--reason", "settled")
    assert "dept of the army" in said("hold", "list")
