"""What a proof's files say, read from the ledger: texts for people and for the verifier, and which stored bytes belong to it.

Not here: writing them (proof.py), reading them (verify_submission.py).
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

from pipelines.submission import verify_submission
from warehouse.audit import verify_audit
from warehouse.audit.canonical import instant
from warehouse.audit.export import export_line, record_columns
from warehouse.audit.proofs import extract
from warehouse.errors import NotFound, WrongState
from warehouse.ledger.approvals import chain_of
from warehouse.ledger.deliveries import Delivery, deliveries_of, evidence_of, steps_of
from warehouse.ledger.package_manifests import Manifest, read_manifest
from warehouse.ledger.portal_profiles import read_profile
from warehouse.ledger.receipts import receipts_of
from warehouse.ledger.store import Transaction
from warehouse.ledger.submission_files import read_file
from warehouse.ledger.submissions import Submission, read_submission

HELD = {"worker", "lease_until", "fence", "look_at"}
"""What of a run is about whose turn it is."""
PACKAGE, RUNS = "files", "runs"
README = """\
The proof of one offer, to be verified without the product that wrote it (Python 3.8 or newer, nothing else):

    python3 -I verify_submission.py .
    python3 -I verify_submission.py . --public-key FILE

offer.json        what the offer was, and where it stands
manifest.json     the package as it was signed: its SHA-256 is what people approved
files/            the files of the package
approvals.json    who signed which step, and when
runs/N/           each delivery: what it did (run.json, steps.json), by which portal profile, and what it saw (evidence/)
receipts.json     what the office answered, where it can be read, who confirmed it where a person brought it
contents.json     the SHA-256 of all of the above; its own SHA-256 is in the last record of the log
audit/            the log's records about this offer, each with the proof that the signed checkpoint covers it; checkpoints; the key

verify_submission.py and verify_audit.py use Python's standard library only; read them before you trust them. Take the public
key from somebody else than who gave you this folder: the one in audit/ shows only that the folder is consistent in itself.
"""


@dataclass(frozen=True)
class Contents:
    """Everything but the log's part.

    Attributes:
        texts: By name within the folder.
        files: Where bytes lie in the object store and their SHA-256, by name within the folder.
        receipt: The office's number; "" where none counts.
    """

    manifest_hash: str
    receipt: str
    texts: Mapping[str, bytes]
    files: Mapping[str, tuple[str, str]]

    def list_with(self, digests: Mapping[str, str]) -> bytes:
        """Return contents.json, given the SHA-256 of the texts."""
        return written({**digests, **{name: digest for name, (_, digest) in self.files.items()}})


def read_contents(tx: Transaction, submission_id: str) -> Contents:
    """Read what belongs to the proof of an offer, whose present package must have been frozen.

    Raises:
        NotFound: there is no such offer, or it is not for this person to see.
        WrongState: no package of it is approved, or a file of it is gone.
    """
    submission = read_submission(tx, submission_id)
    if submission is None:
        raise NotFound("There is no such offer, or it is not yours to see.", todo="ask its owner to share it.")
    manifest = read_manifest(tx, submission.manifest_id)
    if manifest is None or manifest.frozen_at is None:
        raise WrongState(
            "Nothing of this offer is approved: there is nothing to prove yet.",
            kept="nothing was written.",
            todo="deliver it first.",
        )
    receipts = [one for one in receipts_of(tx, submission_id) if one.manifest_id == manifest.id]
    places, files, texts = dict[str, str](), _package(tx, manifest), dict[str, bytes]()
    for run in deliveries_of(tx, submission_id):
        _add_run(tx, run, texts, files, places)
    texts["receipts.json"] = written(
        [{**_told(one), "evidence": places.get(one.evidence_id), "counts": one.counts} for one in receipts]
    )
    texts["approvals.json"] = written([_told(step) for step in chain_of(tx, manifest.id)])
    texts["offer.json"] = written(_offer(submission, manifest))
    texts["manifest.json"] = manifest.encoded
    texts["README.txt"] = README.encode()
    for verifier in (verify_submission, verify_audit):
        source = Path(str(verifier.__file__))
        texts[source.name] = source.read_bytes()
    number = next((one.number for one in receipts if one.counts), "")
    return Contents(manifest.hash, number, texts, files)


def audit_part(tx: Transaction, submission_id: str, size: int, public_key: str) -> tuple[int, dict[str, bytes]]:
    """Return how many records of the log are about an offer, and the files of the folder audit/."""
    found = extract(tx.connection, submission_id, size)
    records = [
        {"record": record_columns(one.row), "covered_by": one.covered_by, "proof": [step.hex() for step in one.proof]}
        for one in found.records
    ]
    checkpoints = [{"note": one.note, "proof": [step.hex() for step in one.proof]} for one in found.checkpoints]
    return len(records), {
        "records.jsonl": b"".join(map(export_line, records)),
        "checkpoints.jsonl": b"".join(map(export_line, checkpoints)),
        "public-key.txt": f"{public_key}\n".encode(),
    }


def written(value: object) -> bytes:
    """Write a value so that a person can read it, the one way."""
    return (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _package(tx: Transaction, manifest: Manifest) -> dict[str, tuple[str, str]]:
    entries: Sequence[Mapping[str, Any]] = manifest.body["files"]
    found = {f"{PACKAGE}/{entry['name']}": (read_file(tx, str(entry["file_id"])), entry) for entry in entries}
    if gone := [name for name, (row, _) in found.items() if row is None]:
        raise WrongState(f"The ledger has no {gone[0]} any more.", kept="nothing was written.")
    return {name: (row.storage_path, str(entry["sha256"])) for name, (row, entry) in found.items() if row is not None}


def _add_run(
    tx: Transaction, run: Delivery, texts: dict[str, bytes], files: dict[str, tuple[str, str]], places: dict[str, str]
) -> None:
    """Add what a run did and saw; `places` gets where each kept thing is, by its id."""
    folder = f"{RUNS}/{run.number}"
    profile = read_profile(tx, run.portal_profile_id)
    told = {name: value for name, value in _told(run).items() if name not in HELD}
    texts[f"{folder}/run.json"] = written(
        {**told, "portal_profile": f"{profile.name} {profile.version}" if profile else None}
    )
    texts[f"{folder}/steps.json"] = written([_told(step) for step in steps_of(tx, run.id)])
    if profile is not None:
        texts[f"{folder}/portal-profile.toml"] = profile.body.encode()
    for kept in evidence_of(tx, run.id):
        safe = re.sub(r"[^A-Za-z0-9._-]+", "_", kept.name)[-80:]
        places[kept.id] = name = f"{folder}/evidence/{kept.position:03d}-{safe}"
        files[name] = (kept.storage_path, kept.sha256)


def _offer(submission: Submission, manifest: Manifest) -> dict[str, Any]:
    return {
        "id": submission.id, "opportunity_id": submission.opportunity_id, "title": submission.title,
        "solicitation_number": submission.solicitation_number, "agency": submission.agency, "office": submission.office,
        "owner": submission.owner_email, "status": submission.status.value, "executor": manifest.body["executor"],
        "deadline": manifest.body["deadline"], "package": manifest.number, "manifest_id": manifest.id,
        "frozen_at": _plain(manifest.frozen_at), "is_demo": submission.is_demo,
    }  # fmt: skip


def _told(record: Any) -> dict[str, Any]:
    return {name: _plain(value) for name, value in vars(record).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return instant(value)
    return value.value if isinstance(value, Enum) else value
