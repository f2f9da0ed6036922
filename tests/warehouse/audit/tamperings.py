"""The kinds of tampering that the campaign tries: each changes a whole log at a random place and says where it is found.

All places lie below a checkpoint, so that who has no key finds them as well.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.factories_audit import Log, make_checkpoints, make_records
from warehouse.audit.chain import Record, confirmation_hash
from warehouse.audit.keys import AuditKeys
from warehouse.audit.signer import Signer


@dataclass(frozen=True)
class Culprit:
    """What who tampers has at hand: chance, and perhaps a stolen HMAC key (never the key of checkpoints)."""

    rng: Random
    keys: AuditKeys
    signer: Signer


Change = Callable[[Log, Culprit], int]
"""Changes a log and returns the first bad record."""


def _edit(**columns: Callable[[Record, Culprit], object]) -> Change:
    def change(log: Log, who: Culprit) -> int:
        place = who.rng.randrange(len(log.records))
        record = log.records[place]
        log.records[place] = replace(record, **{name: new(record, who) for name, new in columns.items()})  # type: ignore[arg-type]
        return place + 1

    return change


def _flip(value: bytes, rng: Random) -> bytes:
    place = rng.randrange(len(value))
    return value[:place] + bytes([value[place] ^ 1 << rng.randrange(8)]) + value[place + 1 :]


def _other_key(record: Record, who: Culprit) -> str:
    return next(name for name in who.keys.by_id if name != record.key_id)


def _later(at: str, seconds: float) -> str:
    moved = datetime.fromisoformat(at) + timedelta(seconds=seconds)
    return moved.astimezone(UTC).isoformat(timespec="microseconds")


def delete(first: Callable[[int, Random], int], many: Callable[[int, Random], int]) -> Change:
    """Take records out and leave the numbers of the others."""

    def change(log: Log, who: Culprit) -> int:
        begin = first(len(log.records), who.rng)
        del log.records[begin : begin + many(len(log.records) - begin, who.rng)]
        return begin + 1

    return change


def _renumber(records: list[Record]) -> None:
    for place, record in enumerate(records):
        records[place] = replace(record, seq=place + 1)


def delete_and_renumber(log: Log, who: Culprit) -> int:
    """Take one out and close the gap."""
    place = who.rng.randrange(len(log.records) - 1)
    del log.records[place]
    _renumber(log.records)
    return place + 1


def swap(log: Log, who: Culprit) -> int:
    """Let two records change places, numbers aside."""
    one, other = sorted(who.rng.sample(range(len(log.records)), 2))
    log.records[one], log.records[other] = log.records[other], log.records[one]
    _renumber(log.records)
    return one + 1


def swap_numbers(log: Log, who: Culprit) -> int:
    """Let two records change numbers."""
    one = who.rng.randrange(len(log.records) - 1)
    first, second = log.records[one], log.records[one + 1]
    log.records[one], log.records[one + 1] = replace(second, seq=first.seq), replace(first, seq=second.seq)
    return one + 1


def reorder(log: Log, who: Culprit) -> int:
    """Turn a stretch around."""
    begin = who.rng.randrange(len(log.records) - 3)
    end = who.rng.randrange(begin + 2, len(log.records) + 1)
    log.records[begin:end] = reversed(log.records[begin:end])
    _renumber(log.records)
    return begin + 1 if end - begin > 1 else 0


def insert(log: Log, who: Culprit) -> int:
    """Put a made-up record between two."""
    place = who.rng.randrange(len(log.records))
    made = make_records(who.keys, 1, who.rng, previous=log.records[place].previous_hash)[0]
    log.records.insert(place, replace(made, confirmation_hash=who.rng.randbytes(32)))
    _renumber(log.records)
    return place + 1


def replay(log: Log, who: Culprit) -> int:
    """Repeat an earlier record later on."""
    place = who.rng.randrange(1, len(log.records))
    log.records.insert(place, log.records[who.rng.randrange(place)])
    _renumber(log.records)
    return place + 1


def _resign(records: list[Record], begin: int, keys: AuditKeys) -> None:
    """Sign everything from a place on with the stolen key."""
    previous = records[begin - 1].confirmation_hash if begin else b""
    for place in range(begin, len(records)):
        record = records[place]
        signature = confirmation_hash(keys.by_id[record.key_id], previous, record.body)
        records[place] = replace(record, previous_hash=previous, confirmation_hash=signature)
        previous = signature


def _with_body(record: Record, body: bytes) -> Record:
    told = json.loads(body)
    columns = {name: told[name] for name in ("at", "actor", "action", "subject", "submission_ref")}
    return replace(record, body=body, **columns)


def stolen(rewrite: Callable[[dict[str, object], Culprit], bytes]) -> Change:
    """Rewrite one record and sign the whole tail again, rightly."""

    def change(log: Log, who: Culprit) -> int:
        place = who.rng.randrange(len(log.records))
        record = log.records[place]
        told = json.loads(record.body)
        body = rewrite(told, who)
        if body == record.body:
            told["subject"] = "quite another"
            body = _plain(told)
        log.records[place] = _with_body(record, body)
        _resign(log.records, place, who.keys)
        return place + 1

    return change


def _plain(told: dict[str, object], **how: object) -> bytes:
    written = {"sort_keys": True, "separators": (",", ":"), "ensure_ascii": False} | how
    return json.dumps(told, **written).encode()  # type: ignore[arg-type]


def _set(told: dict[str, object], **values: object) -> bytes:
    return _plain(told | values)


def _facts(told: dict[str, object], **values: object) -> bytes:
    return _plain(told | {"facts": {**told["facts"], **values}})  # type: ignore[dict-item]


def stolen_delete(log: Log, who: Culprit) -> int:
    """Take one record out and sign everything after it again, renumbered."""
    place = who.rng.randrange(len(log.records) - 1)
    del log.records[place]
    for at in range(place, len(log.records)):
        record = log.records[at]
        told = json.loads(record.body) | {"seq": at + 1}
        log.records[at] = replace(record, seq=at + 1, body=_plain(told))
    _resign(log.records, place, who.keys)
    return place + 1


def roll_back(log: Log, who: Culprit) -> int:
    """Restore an older state of records and checkpoints."""
    place = who.rng.randrange(1, len(log.records))
    del log.records[place:]
    log.checkpoints = [c for c in log.checkpoints if c.size <= place]
    return place + 1


def fork(log: Log, who: Culprit) -> int:
    """Restore an older state, then go on otherwise, rightly signed, to at least the same length."""
    place = roll_back(log, who) - 1
    more = max(log.witnessed) - place + who.rng.randrange(5)
    previous = log.records[-1].confirmation_hash
    log.records += make_records(who.keys, more, who.rng, first=place + 1, previous=previous)
    return place + 1


def fork_with_new_checkpoints(log: Log, who: Culprit) -> int:
    """Do that, and sign checkpoints over it with a key of one's own."""
    fork(log, who)
    sizes = sorted({*log.witnessed, len(log.records)})
    kept = len(log.checkpoints)
    forged = Signer(who.signer.origin, Ed25519PrivateKey.from_private_bytes(who.rng.randbytes(32)))
    last_good = log.checkpoints[-1].size if kept else 0
    log.checkpoints[kept:] = make_checkpoints(log.records, sizes, forged)[kept:]
    return last_good + 1


def checkpoint(rewrite: Callable[[Log, int, Culprit], None], *, may_be_last: bool = True) -> Change:
    """Change one checkpoint of the ledger or export."""

    def change(log: Log, who: Culprit) -> int:
        place = who.rng.randrange(len(log.checkpoints) - (0 if may_be_last else 1))
        first = log.checkpoints[place].previous_size + 1
        rewrite(log, place, who)
        return first

    return change


def _edit_note(log: Log, place: int, who: Culprit) -> None:
    row = log.checkpoints[place]
    letters = [at for at, letter in enumerate(row.note) if letter.isascii() and letter.isalnum()]
    at = who.rng.choice(letters)
    other = who.rng.choice([letter for letter in "0123456789abcdefXYZ" if letter != row.note[at]])
    log.checkpoints[place] = replace(row, note=row.note[:at] + other + row.note[at + 1 :])


def _replay_note(log: Log, place: int, who: Culprit) -> None:
    others = [c for c in log.checkpoints if c.size != log.checkpoints[place].size]
    log.checkpoints[place] = replace(log.checkpoints[place], note=who.rng.choice(others).note)


def _drop(log: Log, place: int, who: Culprit) -> None:
    del log.checkpoints[place]


def _forge(log: Log, place: int, who: Culprit) -> None:
    forged = Signer(who.signer.origin, Ed25519PrivateKey.from_private_bytes(who.rng.randbytes(32)))
    made = make_checkpoints(log.records, [c.size for c in log.checkpoints], forged)
    log.checkpoints[place] = made[place]


def _edit_leaves(log: Log, place: int, who: Culprit) -> None:
    row = log.checkpoints[place]
    log.checkpoints[place] = replace(row, leaves=_flip(row.leaves, who.rng))


KINDS: dict[str, Change] = {
    "actor edited": _edit(actor=lambda r, w: r.actor + "x"),
    "action edited": _edit(action=lambda r, w: "person:removed"),
    "subject edited": _edit(subject=lambda r, w: r.subject[::-1] + "1"),
    "submission edited": _edit(submission_ref=lambda r, w: None if r.submission_ref else "s77"),
    "time edited": _edit(at=lambda r, w: _later(r.at, w.rng.choice([-3600, 0.000001, 1]))),
    "bytes edited": _edit(body=lambda r, w: _flip(r.body, w.rng)),
    "predecessor edited": _edit(previous_hash=lambda r, w: w.rng.randbytes(32)),
    "signature edited": _edit(confirmation_hash=lambda r, w: _flip(r.confirmation_hash, w.rng)),
    "key id swapped": _edit(key_id=_other_key),
    "key id unknown": _edit(key_id=lambda r, w: "0123456789ab"),
    "columns and bytes edited together": _edit(
        subject=lambda r, w: "elsewhere", body=lambda r, w: _set(json.loads(r.body), subject="elsewhere")
    ),
    "numbers re-encoded": _edit(
        body=lambda r, w: _facts(json.loads(r.body), count=float(json.loads(r.body)["facts"]["count"]))
    ),
    "unicode re-encoded": _edit(body=lambda r, w: r.body.replace(b'"subject":"o', b'"subject":"\\u006f')),
    "blanks added": _edit(body=lambda r, w: r.body.replace(b'":', b'": ', 1)),
    "number changed": delete(lambda n, rng: rng.randrange(n - 1), lambda n, rng: 1),
    "head deleted": delete(lambda n, rng: 0, lambda n, rng: rng.randrange(1, n)),
    "middle deleted": delete(lambda n, rng: rng.randrange(1, n - 2), lambda n, rng: rng.randrange(1, n)),
    "last deleted": delete(lambda n, rng: n - 1, lambda n, rng: 1),
    "tail cut off": delete(lambda n, rng: rng.randrange(1, n), lambda n, rng: n),
    "emptied": delete(lambda n, rng: 0, lambda n, rng: n),
    "deleted and renumbered": delete_and_renumber,
    "swapped": swap,
    "numbers swapped": swap_numbers,
    "reordered": reorder,
    "inserted": insert,
    "replayed": replay,
    "rolled back": roll_back,
    "forked after a roll back": fork,
    "forked with forged checkpoints": fork_with_new_checkpoints,
    "stolen key: rewritten": stolen(lambda t, w: _set(t, subject=f"x{w.rng.random()}")),
    "stolen key: number as a float": stolen(lambda t, w: _facts(t, count=float(t["facts"]["count"]))),  # type: ignore[index]
    "stolen key: number with exponent": stolen(lambda t, w: _plain(t).replace(b'"count":', b'"count":1e1,"count":', 1)),
    "stolen key: escaped unicode": stolen(lambda t, w: _plain(t).replace(b'"actor":"', b'"actor":"\\u0061', 1)),
    "stolen key: ascii only": stolen(lambda t, w: _plain(t, ensure_ascii=True)),
    "stolen key: other order": stolen(lambda t, w: _plain(dict(reversed(t.items())), sort_keys=False)),
    "stolen key: name twice": stolen(lambda t, w: _plain(t).replace(b'"seq":', b'"seq":1,"seq":')),
    "stolen key: a field more": stolen(lambda t, w: _set(t, extra=1)),
    "stolen key: time moved": stolen(
        lambda t, w: _set(t, at=_later(str(t["at"]), w.rng.choice([-3600, -0.1, 0.1, 3600])))
    ),
    "stolen key: deleted": stolen_delete,
    "checkpoint edited": checkpoint(_edit_note),
    "checkpoint dropped": checkpoint(_drop),
    "checkpoint replayed": checkpoint(_replay_note),
    "checkpoint forged": checkpoint(_forge),
    "checkpoint's leaves edited": checkpoint(_edit_leaves),
}
