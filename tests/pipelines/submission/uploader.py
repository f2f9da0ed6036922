"""A process that uploads files until it is killed, and writes down which were acknowledged.

python -m tests.pipelines.submission.uploader PERSON EMAIL OFFER FILE SEED
"""

import io
import random
import sys

from pipelines.submission.files import upload_file
from warehouse.clock import now
from warehouse.domain.access import Department, Person, Role
from warehouse.errors import ProcuraError
from warehouse.ledger.store import open_ledger


def main(person_id: str, email: str, submission_id: str, path: str, seed: str) -> None:
    """Upload files of 1 kB to 2 MB, as new documents and as versions; say of each when it begins and when it is kept."""
    by, chance = Person(person_id, email, Role.CONTRACT_OFFICER, Department.CONTRACTS), random.Random(seed)
    ledger, document_id = open_ledger(), None
    with open(path, "a") as told:
        while True:
            size = chance.choice([1_000, 50_000, 2_000_000])
            data = f"{seed} {chance.random()}\n".encode() + b"Our approach to the work.\n" * (size // 26)
            print("begins", flush=True)
            try:
                kept = upload_file(
                    ledger, submission_id, io.BytesIO(data), "volume.txt", document_id=document_id, at=now(), by=by
                )
            except ProcuraError:
                return  # PostgreSQL was killed: nothing is acknowledged
            document_id = chance.choice([None, kept.document_id])
            told.write(f"{kept.id} {kept.sha256} {kept.scan_status}\n")
            told.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
