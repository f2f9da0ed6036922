"""What deliveries and rehearsals saw is known to doctor and purge: its bytes are named by rows of their own."""

import io
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.administration.stored_files import examine_files, remove_unnamed
from tests.factories_deliveries import new_office, new_team, newest_run, offer_to_office, start, use_profile, work
from tests.factories_people import new_person
from warehouse.clock import now
from warehouse.domain.access import Role
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.retention import RecordClass
from warehouse.ledger import portal_profiles
from warehouse.ledger.retention import start_clock
from warehouse.ledger.store import SYSTEM, open_ledger
from warehouse.object_store import open_object_store
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough
LATER = timedelta(hours=2)


def faults() -> dict[str, str]:
    found = examine_files(open_ledger(), open_object_store(), at=now() + LATER)
    return {one.subject: one.what for one in found if not one.is_good}


def test_evidence_is_never_stray_and_missed_by_name(home: Settings, tmp_path: Path) -> None:
    store = open_object_store()
    profile, team, office = use_profile(), new_team(), new_office(tmp_path)
    rehearsed = store.put(io.BytesIO(b"a picture of a rehearsal"), limit=100)
    admin = new_person(Role.ADMIN)
    with open_ledger().deed(AuditEvent("portal:rehearsed", profile, admin.id), admin) as deed:
        kept = [
            {"name": "step 1.png", "sha256": rehearsed.sha256, "storage_path": rehearsed.path, "size": rehearsed.size}
        ]
        portal_profiles.add_rehearsal(deed, profile, by=admin.id, reached_end=True, seconds=1, words="x", evidence=kept)
    offer, manifest = offer_to_office(team)
    start(offer, manifest, team.owner)
    work(office)
    seen = [one.storage_path for one in newest_run(offer, team.owner).evidence]
    assert faults() == {}
    assert remove_unnamed(open_ledger(), store, [rehearsed.path, *seen]) == 0
    for path, words in (
        (rehearsed.path, "a rehearsal of the portal profile office"),
        (seen[0], "seen by delivery 1 of the offer"),
    ):
        with store.open(path) as stream:
            data = stream.read()
        store.delete(path)
        assert words in faults()["files"]
        store.put(io.BytesIO(data), limit=10_000)
    assert faults() == {}


def test_purged_bid_gives_its_evidence_back(home: Settings, tmp_path: Path) -> None:
    team, office = new_team(), new_office(tmp_path)
    use_profile()
    offer, manifest = offer_to_office(team)
    start(offer, manifest, team.owner)
    work(office)
    seen = {one.storage_path for one in newest_run(offer, team.owner).evidence}
    with open_ledger().deed(AuditEvent("retention:purged", offer, SYSTEM)) as deed:
        start_clock(
            deed, RecordClass.BID, offer, starts_at=now() - timedelta(days=1), source="close", by=SYSTEM, at=now()
        )
        row = deed.row("select removed, files from purge_records('bid', %s)", [[offer]])
        assert row is not None
        assert row["removed"] == 1
        assert seen <= set(row["files"])
        assert deed.row("select from receipts where submission_id = %s", [offer]) is None
