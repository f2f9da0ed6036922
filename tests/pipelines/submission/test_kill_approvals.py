"""A kill at any moment of sending, signing, rejecting and freezing: what was acknowledged stands, and nothing is half done."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipelines.submission.approval_freeze import finish_approvals
from tests.factories_approvals import new_signer
from warehouse.clock import now
from warehouse.domain.access import Department, Person
from warehouse.ledger.store import close_ledgers, open_ledger
from warehouse.settings import ROOT, Settings
from warehouse.stores import open_stores

MOVED_BY = {"sent": "package:sent", "legal": "package:signed", "finance": "package:signed", "rejected": "package:rejected",
            "approved": "package:frozen", "taken_back": "package:taken_back"}  # fmt: skip


def kill_round(
    home: Settings, team: dict[str, Person], told: Path, chance: random.Random, number: int, what: str
) -> None:
    """Let people approve for a moment, then kill their process, or PostgreSQL under it."""
    people = {n: (p.id, p.email, p.department.value, (p.session or b"").hex()) for n, p in team.items()}
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.pipelines.submission.approver", json.dumps(people), str(told), str(number)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "begins\n"
        time.sleep(chance.choice([0.3, 1.5, 4.0]) * chance.random())
        if what == "postgres":
            os.kill(int((home.postgres_data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
            child.wait(60)
    finally:
        child.kill()
        child.wait(30)
        if child.stdout is not None:
            child.stdout.close()


def check_nothing_is_lost(home: Settings, told: Path) -> str:
    """Finish what was cut off, then compare rows, audit records and what was acknowledged."""
    finished = finish_approvals(open_ledger(), home, at=now())
    assert not finished.faults
    assert not finished.voided
    with open_ledger().read() as tx:
        decided = tx.rows(
            "select submission_id::text as offer, manifest_hash as hash, department, status::text as status, approver_id::text as by"
            " from approval_workflows where status <> 'pending'"
        )
        records = tx.rows(
            "select submission_ref as offer, action, actor, convert_from(body, 'UTF8')::jsonb -> 'facts' ->> 'manifest_hash' as hash"
            " from audit_logs where submission_ref is not null and action like 'package:%'"
        )
        offers = {
            row["id"]: row
            for row in tx.rows(
                "select s.id::text as id, s.status::text as status, s.approval_status::text as signed, m.frozen_at,"
                " m.manifest_hash as hash, (select count(*) from approval_workflows w where w.manifest_id = s.manifest_id"
                "   and w.status <> 'pending' and w.voided_at is null)"
                " as signatures from submissions s left join package_manifests m on m.id = s.manifest_id"
            )
        }
        loose = tx.rows(
            "select from package_manifests m where not exists (select from approval_workflows w where w.manifest_id = m.id)"
        )
    known = {(r["offer"], r["action"], r["actor"], r["hash"]) for r in records}
    for row in decided:
        action = "package:rejected" if row["status"] == "rejected" else "package:signed"
        assert (row["offer"], action, row["by"], row["hash"]) in known, "a signature without its record"
    signed = {(row["offer"], row["by"], row["hash"]) for row in decided}
    assert all(
        (r["offer"], r["actor"], r["hash"]) in signed
        for r in records
        if r["action"] in ("package:signed", "package:rejected")
    )
    assert not loose, "a package without its steps"
    for offer in offers.values():
        assert (offer["status"], offer["signed"]) in {
            ("draft", "pending"), ("pending_approval", "pending"), ("pending_approval", "legal_approved"),
            ("rejected", "rejected"), ("approved", "complete"),
        }  # fmt: skip
        assert (offer["status"] == "approved") == bool(offer["frozen_at"] and offer["signatures"] == 2)
    acknowledged = [line.split() for line in told.read_text().splitlines()]
    said = {(r["offer"], r["action"]) for r in records}
    for deed, offer_id, digest in acknowledged:
        assert (offer_id, MOVED_BY[deed]) in said, f"{deed} was acknowledged and is not in the log"
        if deed in ("legal", "finance"):
            assert any(r["offer"] == offer_id and r["department"] == deed and r["hash"] == digest for r in decided)
    taken = {offer_id for deed, offer_id, _ in acknowledged if deed == "taken_back"}
    for deed, offer_id, digest in acknowledged:
        if deed == "approved" and offer_id not in taken and offers[offer_id]["status"] != "draft":
            assert (offers[offer_id]["status"], offers[offer_id]["hash"]) == ("approved", digest)
    return f"{len(acknowledged)} acknowledged, {len(decided)} decisions, {len(offers)} offers, {len(finished.approved)} finished"


def campaign(home: Settings, folder: Path, *, rounds: int, what: str) -> None:
    chance, told = random.Random(20_261_125), folder / "acknowledged"
    told.touch()
    for number in range(rounds):
        with open_stores(home):
            if number % 10 == 0:  # a password proven ten minutes ago signs nothing
                team = {
                    "owner": new_signer(Department.CONTRACTS),
                    "legal": new_signer(Department.LEGAL),
                    "finance": new_signer(Department.FINANCE),
                }
            kill_round(home, team, told, chance, number, what)
        close_ledgers()
    with open_stores(home):
        print(f"{rounds} kills of {what}: {check_nothing_is_lost(home, told)}")
    close_ledgers()


@pytest.mark.thorough
@pytest.mark.parametrize(("what", "rounds"), [("the app", 4), ("postgres", 2)])
def test_a_few_kills_lose_no_signature_and_leave_nothing_half_done(
    own_home: Settings, tmp_path: Path, what: str, rounds: int
) -> None:
    campaign(own_home, tmp_path, rounds=rounds, what=what)


@pytest.mark.slow
@pytest.mark.timeout(7_200)
@pytest.mark.parametrize(("what", "rounds"), [("the app", 60), ("postgres", 40)])
def test_a_hundred_kills_lose_no_signature_and_leave_nothing_half_done(
    own_home: Settings, tmp_path: Path, what: str, rounds: int
) -> None:
    campaign(own_home, tmp_path, rounds=rounds, what=what)
