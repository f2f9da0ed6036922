"""`procura submission show`: the state, the gates and the hashes of an offer for the operator at the machine."""

import json

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.factories_approvals import ready_offer, send
from tests.factories_people import new_person
from warehouse.domain.access import Department
from warehouse.errors import NotFound
from warehouse.settings import Settings


def show(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["submission", "show", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_an_offer_is_shown_with_its_gates_and_hashes(home: Settings) -> None:
    owner = new_person()
    for department in (Department.LEGAL, Department.FINANCE):
        new_person(department=department)
    submission_id = ready_offer(owner)
    before = json.loads(show(submission_id, "--json"))
    assert (before["status"], before["is_ready"], before["manifests"]) == ("draft", True, [])
    sent = send(submission_id, owner)
    after = json.loads(show(submission_id, "--json"))
    assert after["manifests"] == [
        {"number": 1, "id": sent.id, "sha256": sent.hash, "made_at": sent.made_at.isoformat(), "is_present": True,
         "frozen_at": None, "voided_at": None, "void_reason": None}
    ]  # fmt: skip
    assert (after["status"], after["package"]["sha256"]) == ("pending_approval", sent.hash)
    assert after["package"]["files"][0]["sha256"] == sent.body["files"][0]["sha256"]
    told = show(submission_id)
    assert sent.hash in told
    assert "The checklist is complete" in told


def test_an_offer_that_is_not_there_is_said_so(home: Settings) -> None:
    with pytest.raises(NotFound, match="no such offer"):
        show("nothing")
