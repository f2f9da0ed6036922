"""A process that sends, signs, rejects and takes back without end, and writes down what was acknowledged; it is killed.

Run as a module: people's ids with their sessions as JSON, a file for acknowledged deeds, a seed.
"""

import json
import random
import sys
import uuid
from pathlib import Path

from pipelines.submission import approvals
from pipelines.submission.look_up import find_submission
from tests.factories_approvals import ready_offer, send, sign_as
from warehouse.domain.access import Department, Person, Role
from warehouse.errors import ProcuraError
from warehouse.ledger.store import open_ledger


def main() -> None:
    people = {
        name: Person(id_, email, Role.CONTRACT_OFFICER, Department(department), session=bytes.fromhex(session))
        for name, (id_, email, department, session) in json.loads(sys.argv[1]).items()
    }
    told, chance = Path(sys.argv[2]), random.Random(int(sys.argv[3]))
    owner, legal, finance = people["owner"], people["legal"], people["finance"]

    def acknowledge(deed: str, submission_id: str, digest: str) -> None:
        with told.open("a") as file:
            file.write(f"{deed} {submission_id} {digest}\n")

    is_warm = False
    while True:
        try:
            # Another process made others before: each offer answers a notice of its own.
            name = uuid.uuid4().hex
            submission_id = ready_offer(owner, id=f"o{name[:12]}", external_ref=name)
            if not is_warm:  # everything is imported and connected: from here on a kill meets deeds, not a start
                is_warm = True
                print("begins", flush=True)
            manifest = send(submission_id, owner)
            acknowledge("sent", submission_id, manifest.hash)
            sign_as(submission_id, manifest, legal)
            acknowledge("legal", submission_id, manifest.hash)
            if chance.random() < 0.3:
                approvals.reject(open_ledger(), submission_id, manifest.hash, "No.", by=finance)
                acknowledge("rejected", submission_id, manifest.hash)
                continue
            done = sign_as(submission_id, manifest, finance)
            acknowledge("finance", submission_id, manifest.hash)
            if done.is_frozen:
                acknowledge("approved", submission_id, manifest.hash)
            if chance.random() < 0.3:
                version = find_submission(open_ledger(), submission_id, by=owner).version
                approvals.take_back(open_ledger(), submission_id, "Why.", version=version, by=owner)
                acknowledge("taken_back", submission_id, manifest.hash)
        except ProcuraError as error:
            print(error, file=sys.stderr)
            return


if __name__ == "__main__":
    main()
