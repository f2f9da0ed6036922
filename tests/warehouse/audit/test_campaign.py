"""A thousand tamperings, in the ledger and in an export, each found at its place by both verifiers; no false alarm."""

import hashlib
import json
from pathlib import Path
from random import Random

import psycopg
import pytest

from tests.factories_audit import BEGAN, Log, make_log, put_into_export, put_into_folder, put_into_ledger, superuser
from tests.warehouse.audit.tamperings import KINDS, Culprit
from warehouse.audit import verify_audit
from warehouse.audit.keys import AuditKeys, audit_keys
from warehouse.audit.private_file import write_private
from warehouse.audit.signer import Signer, signer
from warehouse.audit.verdict import Verdict
from warehouse.audit.verify import Verification
from warehouse.audit.witness import FolderWitness
from warehouse.settings import Settings

SEEDS = range(23)
"""Times the kinds, more than a thousand."""


def two_keys(settings: Settings, retired_after: int) -> AuditKeys:
    """Give the home two keys, the first of them in use up to a record."""
    keys = {name: hashlib.sha256(name.encode()).hexdigest() for name in ("1st", "2nd")}
    told = {"current": "2nd", "keys": keys, "retired": {"1st": retired_after}}
    write_private(settings.secrets / "audit_keys.json", json.dumps(told))
    return audit_keys(settings)


def verify_in_ledger(settings: Settings, connection: psycopg.Connection[tuple[object, ...]]) -> Verdict:
    """Verify what the connection sees, uncommitted changes and all."""
    witnessed = FolderWitness(settings, signer(settings).origin).sizes()
    (settings.resolved_home / "audit" / "accepted.json").unlink(missing_ok=True)
    return Verification(connection, settings, witnessed=witnessed, accepted=None, start=None, at=BEGAN).run(None, None)


def verify_export(folder: Path, key: Signer, keys: AuditKeys | None, witness: Path | None) -> verify_audit.Fault | None:
    """Verify an export in this process; None when it holds."""
    known = None if keys is None else {name: (secret, *keys.span(name)) for name, secret in keys.by_id.items()}
    public = (key.origin, key.verifier.key)
    shown = []
    for path in sorted(witness.rglob("*.note")) if witness else []:
        note = verify_audit.Note(path.read_text(), str(path))
        note.leaves = verify_audit.split_leaves(path.with_suffix(".leaves").read_text())
        shown.append(note)
    try:
        verify_audit.Log(folder, public, shown, known).verify()
    except verify_audit.Fault as fault:
        return fault
    return None


def tampered(name: str, seed: int, untouched: Log, who: Culprit) -> tuple[Log, int]:
    log = untouched.copy()
    position = KINDS[name](log, who)
    assert (log.records, log.checkpoints) != (untouched.records, untouched.checkpoints)
    return log, position


def run_campaign(home: Settings, tmp_path: Path, seeds: range) -> int:
    keys, key = two_keys(home, 30), signer(home)
    missed, tried = [], 0
    for seed in seeds:
        rng = Random(seed)
        sizes = [*sorted(rng.sample(range(2, 60), 5)), 60]
        untouched = make_log(keys, key, sizes, rng)
        witness = put_into_folder(home, key.origin, untouched)
        for name in KINDS:
            who = Culprit(Random(f"{seed} {name}"), keys, key)
            log, position = tampered(name, seed, untouched, who)
            with superuser(home, autocommit=False) as connection:
                put_into_ledger(connection, log)
                verdict = verify_in_ledger(home, connection)
                connection.rollback()
            put_into_export(tmp_path / "export", log)
            with_keys = verify_export(tmp_path / "export", key, keys, witness)
            without = verify_export(tmp_path / "export", key, None, witness)
            tried += 1
            found = (verdict.position, with_keys and with_keys.position, without and without.position)
            if found != (position, position, position) or not verdict.first_fault:
                missed.append((name, seed, position, found, verdict.first_fault, str(with_keys), str(without)))
    assert not missed, "\n".join(map(str, missed))
    return tried


@pytest.mark.thorough
def test_tampering_of_every_kind_is_found_at_its_place_by_both_verifiers(home: Settings, tmp_path: Path) -> None:
    assert run_campaign(home, tmp_path, range(100, 102)) == 2 * len(KINDS)


@pytest.mark.slow
@pytest.mark.timeout(3_600)
def test_a_thousand_tamperings_are_all_found_at_their_places(home: Settings, tmp_path: Path) -> None:
    assert run_campaign(home, tmp_path, SEEDS) >= 1_000


def run_untouched(home: Settings, tmp_path: Path, seeds: range) -> None:
    keys, key = two_keys(home, 30), signer(home)
    for seed in seeds:
        rng = Random(seed)
        length = rng.randrange(1, 80)
        sizes = sorted(rng.sample(range(1, length + 1), rng.randrange(1, min(length, 8) + 1)))
        log = make_log(keys, key, sizes, rng, tail=rng.randrange(4))
        witness = put_into_folder(home, key.origin, log)
        with superuser(home, autocommit=False) as connection:
            put_into_ledger(connection, log)
            verdict = verify_in_ledger(home, connection)
            connection.rollback()
        assert verdict.holds, (seed, verdict)
        put_into_export(tmp_path / "export", Log(log.records[: sizes[-1]], log.checkpoints))
        for known in (keys, None):
            assert verify_export(tmp_path / "export", key, known, witness) is None, seed


@pytest.mark.thorough
def test_untouched_logs_raise_no_alarm(home: Settings, tmp_path: Path) -> None:
    run_untouched(home, tmp_path, range(50))


@pytest.mark.slow
@pytest.mark.timeout(3_600)
def test_a_thousand_untouched_logs_raise_no_alarm(home: Settings, tmp_path: Path) -> None:
    run_untouched(home, tmp_path, range(1_000))
