"""The vault's master keys: a new one, everything under it, the old one gone; each step survives a kill and is resumed.

The order of a rotation: the new key reaches the disk; the ledger admits it; it becomes the one that seals; the ledger
admits no other (a trigger of each sealed column refuses latecomers, so that the old keys' values only grow fewer); every
value is sealed again, some at a time, while readers and writers go on; and they are counted. Not here: the keys' file
(warehouse/vault_keys.py), keys that sign (warehouse/audit/keys.py and the API's).
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from warehouse import vault_keys
from warehouse.domain.audit_event import AuditEvent
from warehouse.errors import AlreadyRunning, ProcuraError, VaultRefused, WrongState
from warehouse.ledger import vault as rows
from warehouse.ledger.store import SYSTEM, Ledger
from warehouse.ledger.vault import SealedValue
from warehouse.settings import Settings
from warehouse.vault import is_readable, key_of, reseal
from warehouse.vault_keys import VaultKeys

BATCH = 50
"""Values of one transaction: readers and writers of credentials wait no longer than that."""
SUBJECT = "vault"
Report = Callable[[str, int, int | None], None]


@dataclass(frozen=True)
class Rotation:
    """What a rotation left: all values, those still under another key, and the places of those that no key here opens."""

    key: str
    values: int
    resealed: int
    on_other_keys: int
    unreadable: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        """Whether everything is readable and under the new key."""
        return not self.on_other_keys and not self.unreadable


@dataclass(frozen=True)
class KeyState:
    """One master key: where it is, what the ledger says of it, and how many values are under it."""

    key: str
    origin: str
    state: str
    changed_at: datetime | None
    values: int


def rotate_vault(ledger: Ledger, settings: Settings, *, at: datetime, report: Report = lambda *_: None) -> Rotation:
    """Begin a new master key, or go on with the rotation that a kill interrupted, and seal everything with it.

    Keys of the environment are rotated there: the newest of PROCURA_VAULT_KEYS becomes the one that seals.

    Raises:
        AlreadyRunning: another rotation of this home runs.
        NotPermitted, BadInput, VaultRefused: the keys cannot be read.
    """
    with _alone(settings):
        before = vault_keys.vault_keys(settings)
        target = before.current if before.given else vault_keys.add_key(settings)
        facts: dict[str, str | int] = {"key": target}
        with ledger.deed(AuditEvent("keys:admitted", SUBJECT, SYSTEM, {**facts, "which": "vault"})) as deed:
            rows.admit_keys(deed, _admissible(rows.admitted_keys(deed), before, target), at=at)
        if not before.given:
            vault_keys.use_key(settings, target)
        with ledger.deed(AuditEvent("keys:rotated", SUBJECT, SYSTEM, {**facts, "which": "vault"})) as deed:
            rows.admit_only(deed, target, at=at)
        keys = vault_keys.vault_keys(settings)
        resealed = _reseal_all(ledger, keys, target, report)
        rotation = _count(ledger, keys, target, resealed)
        counted = {"values": rotation.values, "unreadable": len(rotation.unreadable), "left": rotation.on_other_keys}
        with ledger.deed(AuditEvent("keys:counted", SUBJECT, SYSTEM, {**facts, **counted})):
            pass
        if not before.given:
            vault_keys.end_rotation(settings)
    return rotation


def retire_vault_keys(ledger: Ledger, settings: Settings, *, at: datetime) -> list[str]:
    """Remove every master key but the present one, and return their ids.

    Keys of the environment are only named: whoever set them takes them away.

    Raises:
        WrongState: a rotation is unfinished, or a value still needs an old key.
        AlreadyRunning: a rotation of this home runs.
    """
    with _alone(settings):
        keys = vault_keys.vault_keys(settings)
        old = {name for name in keys.by_id if name != keys.current}
        if keys.next is not None:
            raise WrongState("a rotation is unfinished.", kept="all keys.", todo="`procura keys rotate` finishes it.")
        if not old:
            return []
        event = AuditEvent("keys:retired", SUBJECT, SYSTEM, {"which": "vault", "keys": ", ".join(sorted(old))})
        with ledger.deed(event) as deed:
            admitted = old & rows.admitted_keys(deed)
            needed = [value for value in rows.sealed_values(deed, besides=keys.current) if key_of(value.sealed) in old]
            if needed or admitted:
                raise WrongState(
                    f"{_number(needed)} still under a key that would go"
                    f" ({', '.join(sorted({value.place for value in needed}) or sorted(admitted))}).",
                    kept="all keys.",
                    todo="`procura keys rotate`, then retire again; what rotation calls unreadable must be set again or removed.",
                )
            rows.retire_keys(deed, old, at=at)
        if not keys.given:
            vault_keys.forget_keys(settings, old)
    return sorted(old)


def list_vault_keys(ledger: Ledger, settings: Settings) -> list[KeyState]:
    """Return every master key that is here or that a sealed value names, the present one first."""
    keys = vault_keys.vault_keys(settings)
    with ledger.read() as tx:
        counts, states = rows.values_by_key(rows.sealed_values(tx)), rows.key_states(tx)
    names = sorted({*keys.by_id, *counts} - {""})
    found = [_key_state(name, keys, counts[name], states.get(name)) for name in names]
    return sorted(found, key=lambda one: (one.key != keys.current, one.origin == "missing", one.key))


def vault_faults(ledger: Ledger, settings: Settings) -> list[str]:
    """Say in one sentence each what of the vault cannot be read and what to do; nothing when all is well."""
    try:
        keys = vault_keys.vault_keys(settings)
        with ledger.read() as tx:
            values, admitted = rows.sealed_values(tx), rows.admitted_keys(tx)
    except ProcuraError as error:
        return [f"{error.what} {error.todo}".strip()]
    faults = [
        f"{_number(lost)} of {place} cannot be read ({_why(lost, keys)})." for place, lost in _unreadable(values, keys)
    ]
    if admitted and keys.current not in admitted:
        faults.append(
            f"The vault's present key {keys.current} is not the one this database knows ({', '.join(sorted(admitted))})."
        )
    if keys.next is not None:
        faults.append("A rotation of the vault's keys is unfinished: `procura keys rotate` goes on with it.")
    return faults


LOST_KEY_TODO = (
    "restore secrets/vault_keys.json or PROCURA_VAULT_KEYS from your backup; else `procura keys rotate` begins anew, and each"
    " credential is set again (`procura connector list`), each second factor enrolled again"
)


def _admissible(admitted: set[str], before: VaultKeys, target: str) -> set[str]:
    """The present key must go on sealing until the new one is in use; but only if it was admitted, or none was."""
    return {target, before.current} if not admitted or before.current in admitted else {target}


def _reseal_all(ledger: Ledger, keys: VaultKeys, target: str, report: Report) -> int:
    hopeless: set[bytes] = set()
    done = 0
    while True:
        with ledger.read() as tx:
            found = rows.sealed_values(tx, besides=target, at_most=BATCH + len(hopeless))
        work = [value for value in found if value.sealed not in hopeless][:BATCH]
        if not work:
            return done
        with ledger.deed(AuditEvent("vault:resealed", SUBJECT, SYSTEM, {"key": target})) as deed:
            changed = 0
            for value in work:
                fresh = _resealed(value, keys)
                if fresh is None:
                    hopeless.add(value.sealed)
                else:
                    changed += rows.replace_sealed(deed, value, fresh)
            if not changed:
                deed.nothing_happened()
            deed.note(values=changed)
        done += changed
        report("sealing again", done, None)


def _resealed(value: SealedValue, keys: VaultKeys) -> bytes | None:
    try:
        return reseal(value.sealed, keys)
    except VaultRefused:
        return None


def _count(ledger: Ledger, keys: VaultKeys, target: str, resealed: int) -> Rotation:
    with ledger.read() as tx:
        values = rows.sealed_values(tx)
    left = sum(key_of(value.sealed) != target for value in values)
    lost = tuple(value.place for value in values if not is_readable(value.sealed, keys))
    return Rotation(target, len(values), resealed, left, lost)


def _unreadable(values: list[SealedValue], keys: VaultKeys) -> Iterator[tuple[str, list[SealedValue]]]:
    lost = [value for value in values if not is_readable(value.sealed, keys)]
    for place in sorted({value.place for value in lost}):
        yield place, [value for value in lost if value.place == place]


def _number(values: list[SealedValue]) -> str:
    return "1 sealed value" if len(values) == 1 else f"{len(values)} sealed values"


def _why(lost: list[SealedValue], keys: VaultKeys) -> str:
    missing = sorted({key_of(value.sealed) for value in lost} - set(keys.by_id) - {""})
    return f"the key {', '.join(missing)} is not here" if missing else "they were changed"


def _key_state(name: str, keys: VaultKeys, values: int, state: tuple[str, datetime] | None) -> KeyState:
    origin = "environment" if name in keys.given else "file" if name in keys.by_id else "missing"
    told = (
        "seals" if name == keys.current else "next" if name == keys.next else "old" if name in keys.by_id else "missing"
    )
    return KeyState(name, origin, told, state[1] if state else None, values)


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    lock_file = os.open(settings.secrets / "vault_rotation.lock", os.O_WRONLY | os.O_CREAT, 0o600)
    with os.fdopen(lock_file, "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning("another rotation of the vault's keys runs.", todo="wait for its end.") from None
        yield
