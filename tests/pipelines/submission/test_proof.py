"""A proof holds on a machine without the product; whichever byte of it is changed, the verifier says in which file."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pipelines.submission.proof import write_proof
from pipelines.submission.verify_submission import Proof
from tests.factories_audit import superuser
from tests.factories_people import new_person
from tests.factories_proofs import FILES, Delivered, delivered_offer, open_run
from tests.factories_submissions import new_submission
from warehouse import clock
from warehouse.audit import verify_audit
from warehouse.audit.checkpoint import write_checkpoint
from warehouse.audit.note import Verifier
from warehouse.audit.signer import signer
from warehouse.domain.access import Department, Role
from warehouse.errors import BadInput, NotFound, NotPermitted, WrongState
from warehouse.ledger.store import open_ledger
from warehouse.object_store import open_object_store
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def delivered(home: Settings) -> Delivered:
    return delivered_offer()


@pytest.fixture(scope="module")
def proof(home: Settings, delivered: Delivered, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("proofs") / "proof"
    made = write_proof(open_ledger(), home, delivered.offer, folder, at=clock.now())
    assert (made.receipt, made.manifest_hash) == ("R-2026-000123", delivered.manifest.hash)
    write_checkpoint(open_ledger(), home, at=clock.now())
    return folder


def verify(folder: Path, *arguments: str, verifier: Path | None = None) -> tuple[int, str]:
    """Run the verifier as an outsider does: no product, no environment, no third-party package."""
    command = [sys.executable, "-I", "-S", str(verifier or folder / "verify_submission.py"), str(folder), *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, env={"PATH": os.environ["PATH"]}, cwd="/", check=False
    )
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout


def names_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_proof_holds_and_says_on_one_page_what_was_delivered(proof: Path, home: Settings, tmp_path: Path) -> None:
    before = names_in(proof)
    code, page = verify(proof)
    assert code == 0, page
    assert "HOLDS: this package was delivered, and the office's receipt is R-2026-000123." in page
    assert "it can be read in runs/1/evidence/001-what_the_portal_answered.html" in page
    assert "after it was signed into the log" in page
    assert len(page.splitlines()) < 40
    assert names_in(proof) == before, "verifying leaves the folder as it is"
    assert {name.removeprefix("files/") for name in before if name.startswith("files/")} == set(FILES)
    key = tmp_path / "key"
    key.write_text(f"{signer(home).verifier}\n")
    told = json.loads(verify(proof, "--public-key", str(key), "--json")[1])
    assert told == {"holds": True, "receipt": "R-2026-000123", "faults": [], "signer_checked": True}


def flip(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "first byte": lambda data: flip(data, 0),
    "a byte in the middle": lambda data: flip(data, len(data) // 2),
    "last byte": lambda data: flip(data, len(data) - 1),
    "cut short": lambda data: data[:-1],
    "longer": lambda data: data + b"\n",
}


def assert_found(name: str, faults: list[str]) -> None:
    """One fault, and it names the file; another key than that of the folder shows as checkpoints that it did not sign."""
    named = {name, "audit/checkpoints.jsonl"} if name == "audit/public-key.txt" else {name}
    assert len(faults) == 1, faults
    assert faults[0] in named, (name, faults)


def test_changed_byte_of_any_file_is_found_and_the_file_named(proof: Path, tmp_path: Path) -> None:
    copy = tmp_path / "proof"
    shutil.copytree(proof, copy)
    for name in names_in(proof):
        whole = (copy / name).read_bytes()
        (copy / name).write_bytes(CHANGES["a byte in the middle"](whole))
        # A verifier that was changed itself says nothing that counts: the outsider has another copy of it.
        code, page = verify(copy, verifier=proof / "verify_submission.py")
        assert code == 1, f"{name}: {page}"
        assert_found(name, re.findall(r"FAULT +(.+?): ", page))
        (copy / name).write_bytes(whole)
    assert verify(copy)[0] == 0


@pytest.mark.parametrize("change", CHANGES)
def test_every_kind_of_change_is_found(proof: Path, tmp_path: Path, change: str) -> None:
    copy = tmp_path / "proof"
    shutil.copytree(proof, copy)
    for name in names_in(proof):
        whole = (copy / name).read_bytes()
        (copy / name).write_bytes(CHANGES[change](whole))
        assert_found(name, [fault.name for fault in Proof(copy, verify_audit, None).faults])
        (copy / name).write_bytes(whole)


def test_missing_and_added_files_are_found(proof: Path, tmp_path: Path) -> None:
    copy = tmp_path / "proof"
    shutil.copytree(proof, copy)
    for name in names_in(proof):
        (copy / name).rename(tmp_path / "away")
        assert_found(name, [fault.name for fault in Proof(copy, verify_audit, None).faults])
        (tmp_path / "away").rename(copy / name)
    shutil.copytree(proof, tmp_path / "more")
    (tmp_path / "more" / "files" / "Volume III.txt").write_text("one more")
    assert "FAULT     files/Volume III.txt: it is not part of the proof" in verify(tmp_path / "more")[1]


@pytest.mark.parametrize("name", ["audit/records.jsonl", "audit/checkpoints.jsonl", "contents.json"])
def test_byte_anywhere_in_what_holds_the_rest_is_found(proof: Path, tmp_path: Path, name: str) -> None:
    copy = tmp_path / "proof"
    shutil.copytree(proof, copy)
    data = (copy / name).read_bytes()
    for place in range(0, len(data), 401):
        for changed in (flip(data, place), data[:place] + data[place + 1 :], data[:place] + b" " + data[place:]):
            (copy / name).write_bytes(changed)
            faults = Proof(copy, verify_audit, None).faults
            assert [fault.name for fault in faults] == [name], place


def rewritten(folder: Path, name: str, change: Callable[[dict[str, object]], None]) -> None:
    """Change a JSON file and list it as it is now: what somebody does who hides the change."""
    told = json.loads((folder / name).read_bytes())
    for one in told if isinstance(told, list) else [told]:
        change(one)
    (folder / name).write_text(json.dumps(told))
    listed = json.loads((folder / "contents.json").read_bytes())
    listed[name] = sha256((folder / name).read_bytes()).hexdigest()
    (folder / "contents.json").write_text(json.dumps(listed))


def test_hidden_change_is_found_by_the_record_of_the_log(proof: Path, tmp_path: Path) -> None:
    copy = tmp_path / "proof"
    shutil.copytree(proof, copy)
    rewritten(copy, "receipts.json", lambda one: one.update(number="R-2026-000124"))
    code, page = verify(copy)
    assert code == 1
    assert "FAULT     contents.json: it is not the list that the last record of the log names" in page


def test_log_of_somebody_else_is_refused_by_the_key_from_elsewhere(proof: Path, tmp_path: Path) -> None:
    other = tmp_path / "key"
    other.write_text("procura-audit/3f9a61c0b2d4+")
    assert verify(proof, "--public-key", str(other))[0] == 1
    key = Verifier("procura-audit/3f9a61c0b2d4", Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    other.write_text(f"{key}\n")
    code, page = verify(proof, "--public-key", str(other))
    assert code == 1
    assert "another key" in page


def test_row_that_was_changed_in_the_database_before_the_proof_does_not_fit_the_log(
    home: Settings, tmp_path: Path
) -> None:
    made = delivered_offer("R-2026-000777")
    with superuser(home) as connection:
        connection.execute("alter table receipts disable trigger receipt_stays")
        connection.execute("alter table submission_runs disable trigger delivery_stays")
        connection.execute(
            "update receipts set receipt_number = 'R-2026-999999' where submission_id = %s", [made.offer]
        )
        connection.execute("update submission_runs set receipt_id = 'R-2026-999999' where id = %s", [made.run])
        connection.execute("alter table receipts enable always trigger receipt_stays")
        connection.execute("alter table submission_runs enable always trigger delivery_stays")
    write_proof(open_ledger(), home, made.offer, tmp_path / "proof", at=clock.now())
    code, page = verify(tmp_path / "proof")
    assert code == 1
    assert "FAULT     receipts.json: the log has no record of the receipt R-2026-999999" in page


def test_proof_without_a_receipt_says_that_nothing_was_delivered(home: Settings, tmp_path: Path) -> None:
    made = open_run()
    write_proof(open_ledger(), home, made.offer, tmp_path / "proof", at=clock.now())
    code, page = verify(tmp_path / "proof")
    assert code == 3
    assert "HOLDS, BUT NOT DELIVERED" in page


def test_second_proof_of_an_offer_holds_as_the_first_does(
    home: Settings, delivered: Delivered, proof: Path, tmp_path: Path
) -> None:
    write_proof(open_ledger(), home, delivered.offer, tmp_path / "again", at=clock.now())
    assert verify(tmp_path / "again")[0] == 0
    assert verify(proof)[0] == 0


def test_proof_is_taken_by_those_who_may_and_the_log_says_so(
    home: Settings, delivered: Delivered, tmp_path: Path
) -> None:
    with pytest.raises(NotPermitted):
        viewer = new_person(Role.VIEWER, Department.CONTRACTS)
        write_proof(open_ledger(), home, delivered.offer, tmp_path / "viewer", at=clock.now(), by=viewer)
    assert not (tmp_path / "viewer").exists()
    write_proof(open_ledger(), home, delivered.offer, tmp_path / "owner", at=clock.now(), by=delivered.owner)
    records = (tmp_path / "owner" / "audit" / "records.jsonl").read_text()
    assert delivered.owner.id in records.splitlines()[-1]
    assert "submission:proven" in records.splitlines()[-1]


def test_offer_without_an_approved_package_and_one_that_is_not_there_are_told_apart(
    home: Settings, tmp_path: Path
) -> None:
    with pytest.raises(NotFound, match="no such offer"):
        write_proof(open_ledger(), home, "nothing", tmp_path / "a", at=clock.now())
    with pytest.raises(WrongState, match="nothing to prove"):
        write_proof(open_ledger(), home, new_submission(new_person()), tmp_path / "a", at=clock.now())
    assert list(tmp_path.iterdir()) == []


def test_folder_that_holds_something_is_not_touched(home: Settings, delivered: Delivered, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(BadInput, match="not an empty folder"):
        write_proof(open_ledger(), home, delivered.offer, tmp_path, at=clock.now())
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_bytes_that_are_gone_or_changed_make_no_proof(home: Settings, tmp_path: Path) -> None:
    made = delivered_offer("R-2026-000888")
    path = f"{made.manifest.body['files'][0]['sha256'][:2]}/{made.manifest.body['files'][0]['sha256']}"
    place = home.files / path
    whole = place.read_bytes()
    place.chmod(0o600)
    place.write_bytes(b"Another approach")
    with pytest.raises(WrongState, match=r"Volume I\.txt are not those"):
        write_proof(open_ledger(), home, made.offer, tmp_path / "a", at=clock.now())
    open_object_store(home).delete(path)
    with pytest.raises(WrongState, match=r"Volume I\.txt are gone"):
        write_proof(open_ledger(), home, made.offer, tmp_path / "a", at=clock.now())
    place.write_bytes(whole)
    assert list(tmp_path.iterdir()) == []
