"""Credentials: setting, removing and listing them. Write-only: no secret ever comes back out of here.

Not here: their use by runs (warehouse/ledger/credentials.py), the question to the source (pipelines/discovery), the master
keys (vault_rotation.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg
from pydantic import SecretStr

from warehouse.domain import access
from warehouse.domain.access import Action, Person
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.credential import CredentialFacts, CredentialNeed, CredentialStatus, Judgement, judge
from warehouse.errors import BadInput, NotFound, VaultRefused, WrongState
from warehouse.ledger import credentials as rows
from warehouse.ledger.credentials import KnownCredential
from warehouse.ledger.store import SYSTEM, Deed, Ledger
from warehouse.settings import current

LONGEST = 4_096
LONGEST_PEM = 32_768
"""A certificate with its chain."""
NOT_ADMITTED = "PR452"
"""The code with which a sealed column refuses a key that was rotated away (warehouse/ledger/migrations)."""


@dataclass(frozen=True)
class Credential:
    """One credential as the list shows it.

    Attributes:
        origin: `store`, `environment`, or empty when it is not set.
        judgement: None when it is not set.
    """

    need: CredentialNeed
    origin: str
    judgement: Judgement | None
    set_at: datetime | None = None
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    last_failed_at: datetime | None = None
    failure_reason: str = ""

    @property
    def is_set(self) -> bool:
        """Whether there is a secret, from wherever."""
        return bool(self.origin)


def list_credentials(
    ledger: Ledger, needs: Sequence[CredentialNeed], *, at: datetime, by: Person | None = None
) -> list[Credential]:
    """Return every credential that a source takes, set or not; never a secret.

    Args:
        needs: What the sources declare (pipelines/discovery/credential_needs.py).
        by: Who looks; None is the operator at the machine's own command line.

    Raises:
        NotPermitted: `by` may not see credentials.
    """
    _check(by, Action.READ_CREDENTIALS)
    with ledger.read(by) as tx:
        known = {(one.connector, one.field): one for one in rows.known_credentials(tx)}
        faults = {name: rows.fault_of(tx, name) for name in {need.connector for need in needs}}
    return [_listed(need, known.get((need.connector, need.field)), faults[need.connector], at) for need in needs]


def set_credential(
    ledger: Ledger,
    need: CredentialNeed,
    secret: SecretStr,
    *,
    expires_at: datetime | None = None,
    at: datetime,
    by: Person | None = None,
) -> Credential:
    """Seal a secret for a source; one that was there is replaced.

    Args:
        expires_at: When the source ends it; None: as long as the source lets one live, counted from now.
        by: Who sets it; None is the operator at the machine's own command line.

    Raises:
        NotPermitted: `by` may not change credentials.
        BadInput: it is empty, too long, holds signs that no key has, or expires in the past.
    """
    _check(by, Action.EDIT_CREDENTIALS)
    tidy = _tidy(secret)
    if expires_at is None and need.lives is not None:
        expires_at = at + need.lives
    if expires_at is not None and expires_at <= at:
        raise BadInput(
            f"{need.title} would have expired already.", kept="what was set before.", todo="name a later day."
        )

    def change(deed: Deed, secrets: dict[str, SecretStr], version: int) -> None:
        rows.put_secrets(deed, need.connector, {**secrets, need.field: tidy}, version)
        rows.put_known(deed, need, version=version, expires_at=expires_at, at=at, by=by.id if by else SYSTEM)

    _change(ledger, "credential:set", need, change, at=at, by=by)
    return Credential(need, "store", judge(CredentialFacts(at, expires_at), at=at), at, expires_at)


def remove_credential(ledger: Ledger, need: CredentialNeed, *, at: datetime, by: Person | None = None) -> None:
    """Forget a secret that was set here.

    Raises:
        NotPermitted: `by` may not change credentials.
        NotFound: none is set.
    """
    _check(by, Action.EDIT_CREDENTIALS)

    def change(deed: Deed, secrets: dict[str, SecretStr], version: int) -> None:
        if not any(one.field == need.field and one.version for one in rows.known_credentials(deed, need.connector)):
            raise NotFound(f"{need.title} is not set here.", kept="everything as it was.")
        rows.put_secrets(deed, need.connector, {f: s for f, s in secrets.items() if f != need.field}, version)
        rows.forget_known(deed, need.connector, [need.field])

    _change(ledger, "credential:removed", need, change, at=at, by=by)


def refresh_statuses(ledger: Ledger, *, at: datetime) -> list[str]:
    """Write the status of every connector that has credentials, because time alone changes it; return what is not well."""
    with ledger.read() as tx:
        names = sorted({one.connector for one in rows.known_credentials(tx)})
    for name in names:
        with ledger.deed(AuditEvent("credential:judged", rows.credential_subject(name), SYSTEM)) as deed:
            if not rows.write_status(deed, name, at=at):
                deed.nothing_happened()
    with ledger.read() as tx:
        known = rows.known_credentials(tx)
        judged = [(one, rows.judge_known(one, rows.fault_of(tx, one.connector), at=at)) for one in known]
    return [
        f"{one.connector} {one.field} {found.reason}"
        for one, found in judged
        if found.status is not CredentialStatus.ACTIVE
    ]


def _change(
    ledger: Ledger,
    action: str,
    need: CredentialNeed,
    change: Callable[[Deed, dict[str, SecretStr], int], None],
    *,
    at: datetime,
    by: Person | None,
) -> None:
    """Change a connector's secrets under its lock; once more where the master key was rotated in just that moment."""
    event = AuditEvent(action, rows.credential_subject(need.connector), by.id if by else SYSTEM, {"field": need.field})
    for attempt in (1, 2):
        try:
            with ledger.deed(event, by) as deed:
                rows.lock_connector(deed, need)
                secrets, version = _present(deed, need)
                change(deed, secrets, version + 1)
                deed.note(version=version + 1)
                rows.write_status(deed, need.connector, at=at)
        except psycopg.DatabaseError as error:
            if error.sqlstate != NOT_ADMITTED or attempt == 2:
                raise _wrong_key(error) from None
        else:
            return


def _wrong_key(error: psycopg.DatabaseError) -> Exception:
    if error.sqlstate != NOT_ADMITTED:
        return error
    return WrongState(
        "the vault's present key is not the one that this database knows.",
        kept="what was set before.",
        todo="restore secrets/vault_keys.json or PROCURA_VAULT_KEYS; `procura keys rotate` begins with a new key.",
    )


def _present(deed: Deed, need: CredentialNeed) -> tuple[dict[str, SecretStr], int]:
    """Return what is sealed now and the highest version known; what cannot be opened is lost, and is said to be."""
    try:
        opened = rows.open_secrets(deed, need.connector)
    except VaultRefused as error:
        lost = [one for one in rows.known_credentials(deed, need.connector) if one.version]
        rows.forget_known(deed, need.connector, [one.field for one in lost if one.field != need.field])
        deed.note(replaced_unreadable=error.what)
        row = deed.row("select credentials_version as version from connectors where name = %s", [need.connector])
        return {}, max(int(row["version"]) if row else 0, rows.audited_version(deed, need.connector))
    return dict(opened.by_field), opened.version


def _tidy(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value().strip()
    if not text:
        raise BadInput("the secret is empty.", kept="what was set before.")
    if is_pem(text):
        return SecretStr(text)
    if len(text) > LONGEST or not text.isprintable():
        raise BadInput(
            f"this is no secret of one line: longer than {LONGEST:,} signs, or with signs that cannot be printed.",
            kept="what was set before.",
            todo="copy the key alone.",
        )
    return SecretStr(text)


def is_pem(text: str) -> bool:
    """Say whether a text is a certificate or key as a file of them holds it: the one kind of secret with lines."""
    is_framed = text.startswith("-----BEGIN ") and "-----END " in text and text.endswith("-----")
    return is_framed and len(text) <= LONGEST_PEM and text.isascii() and "".join(text.split()).isprintable()


def _listed(need: CredentialNeed, known: KnownCredential | None, fault: str, at: datetime) -> Credential:
    is_given = current().given_credential(need.connector, need.field) is not None
    if known is None or not (known.version or is_given):
        return (
            Credential(need, "environment", judge(CredentialFacts(), at=at)) if is_given else Credential(need, "", None)
        )
    return Credential(
        need,
        "environment" if is_given else "store",
        rows.judge_known(known, fault, at=at),
        None if is_given else known.set_at,
        None if is_given else known.expires_at,
        known.last_used_at,
        known.last_failed_at,
        known.failure_reason,
    )


def _check(by: Person | None, action: Action) -> None:
    if by is not None:
        access.check(by, action)
