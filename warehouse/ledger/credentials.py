"""Credentials of connectors: the sealed secrets, what is known of each, and their use by runs.

All secrets of a connector are one sealed value, bound to connector and version; the version grows with each change, and
the audit log knows the highest: a row put back to an older state is refused. Not here: who may set one
(pipelines/administration/credentials.py), how a source is asked (pipelines/discovery).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import SecretStr

from warehouse.domain.access import Person
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.credential import (
    REFUSALS,
    CredentialFacts,
    CredentialNeed,
    CredentialStatus,
    Judgement,
    judge,
    worst,
)
from warehouse.errors import BadInput, NotPermitted, VaultRefused
from warehouse.ledger.store import SYSTEM, Deed, Ledger, Transaction
from warehouse.redaction import remember
from warehouse.settings import current
from warehouse.vault import seal, unseal

_AUDITED = (
    "select coalesce(max((convert_from(body, 'UTF8')::jsonb #>> '{facts,version}')::bigint), 0) from audit_logs"
    " where subject = %(subject)s and action in ('credential:set', 'credential:removed')"
)


@dataclass(frozen=True)
class KnownCredential:
    """What is known of one credential; `version` 0 where it was never set here, only used (the environment gave it)."""

    connector: str
    field: str
    version: int
    is_required: bool
    set_at: datetime | None
    expires_at: datetime | None
    last_used_at: datetime | None
    last_failed_at: datetime | None
    failures: int
    failure_reason: str


@dataclass(frozen=True)
class Secrets:
    """The opened secrets of a connector by field, and the version they are of."""

    version: int
    by_field: Mapping[str, SecretStr]


def known_credentials(tx: Transaction, connector: str | None = None) -> list[KnownCredential]:
    """Return what is known of all credentials, or of one connector's."""
    rows = tx.rows(
        "select c.name as connector, k.field, k.version, k.is_required, k.set_at, k.expires_at, k.last_used_at,"
        " k.last_failed_at, k.failures, coalesce(k.failure_reason, '') as failure_reason"
        " from connector_credentials k join connectors c on c.id = k.connector_id"
        " where %(name)s::text is null or c.name = %(name)s order by c.name, k.field",
        {"name": connector},
    )
    return [KnownCredential(**row) for row in rows]


def open_secrets(tx: Transaction, connector: str) -> Secrets:
    """Open what is sealed for a connector; nothing where nothing was ever set.

    Raises:
        VaultRefused: the sealed value is older than the audit log says, gone, changed, another row's, or its key is not here.
    """
    # One statement sees one moment: between two, somebody may set another version.
    row = tx.row(
        f"select s.sealed, coalesce(s.version, 0) as version, ({_AUDITED}) as audited, exists (select from connector_credentials k"  # noqa: S608 - a text of this file
        " join connectors c on c.id = k.connector_id where c.name = %(name)s and k.version > 0) as is_known"
        " from sealed_credentials(%(name)s) s",
        {"name": connector, "subject": credential_subject(connector)},
    )
    assert row is not None  # noqa: S101 - the function always answers one row
    version = int(row["version"])
    if version < row["audited"]:
        raise VaultRefused(
            f"the credentials of {connector} are of version {version}, and the audit log knows version {row['audited']}:"
            " they were rolled back.",
            kept="nothing was opened.",
            todo="set them again, and look into the audit log for who could write to the database.",
        )
    if row["sealed"] is None:
        if row["is_known"]:
            raise VaultRefused(f"the credentials of {connector} are gone.", todo="set them again.")
        return Secrets(version, {})
    opened = json.loads(unseal(_purpose(connector, version), bytes(row["sealed"])))
    remember(*opened.values())  # the vault knows the whole text only, and each secret is met by itself
    return Secrets(version, {field: SecretStr(text) for field, text in opened.items()})


def audited_version(tx: Transaction, connector: str) -> int:
    """Return the highest version of a connector's credentials that the audit log knows."""
    row = tx.row(f"select ({_AUDITED}) as version", {"subject": credential_subject(connector)})
    return int(row["version"]) if row else 0


def credential_subject(connector: str) -> str:
    """Return the subject under which the audit log keeps what happens to a connector's credentials."""
    return f"connector:{connector}"


def lock_connector(deed: Deed, need: CredentialNeed) -> None:
    """Hold a connector's row, made where it is missing, so that two changes follow each other."""
    deed.execute(
        "insert into connectors (name, auth_type, documentation_url) values (%s, %s, %s) on conflict (name) do nothing",
        [need.connector, need.field, need.documentation_url],
    )
    deed.execute("select id from connectors where name = %s for update", [need.connector])


def put_secrets(deed: Deed, connector: str, secrets: Mapping[str, SecretStr], version: int) -> None:
    """Seal a connector's secrets as a version of their own; the row must be locked."""
    plain = json.dumps({field: secret.get_secret_value() for field, secret in secrets.items()})
    sealed = seal(_purpose(connector, version), plain.encode()) if secrets else None
    deed.execute(
        "update connectors set encrypted_credentials = %s, credentials_version = %s where name = %s",
        [sealed, version, connector],
    )


def put_known(
    deed: Deed, need: CredentialNeed, *, version: int, expires_at: datetime | None, at: datetime, by: str
) -> None:
    """Write down that a credential was set; what was known of an earlier one is forgotten."""
    deed.execute(
        "insert into connector_credentials (connector_id, field, version, is_required, set_at, set_by, expires_at)"
        " select id, %(field)s, %(version)s, %(is_required)s, %(at)s, %(by)s, %(expires_at)s from connectors"
        " where name = %(connector)s"
        " on conflict (connector_id, field) do update set version = excluded.version, is_required = excluded.is_required,"
        " set_at = excluded.set_at, set_by = excluded.set_by, expires_at = excluded.expires_at, last_used_at = null,"
        " last_failed_at = null, failures = 0, failure_reason = null",
        {
            "field": need.field, "version": version, "is_required": need.is_required, "at": at, "by": by,
            "expires_at": expires_at, "connector": need.connector,
        },
    )  # fmt: skip


def forget_known(deed: Deed, connector: str, fields: list[str]) -> None:
    """Drop what is known of credentials that are gone."""
    deed.execute(
        "delete from connector_credentials k using connectors c"
        " where c.id = k.connector_id and c.name = %s and k.field = any(%s)",
        [connector, fields],
    )


def read_credential(ledger: Ledger, connector: str, field: str, *, at: datetime) -> SecretStr | None:
    """Return a credential for a run, and write down that it was used; the environment's wins over the store's.

    Returns:
        None where none is set, or where the source has refused it three times in a row: it is not asked with it again
        until somebody sets another one or tests it.

    Raises:
        VaultRefused: it is set and cannot be opened.
    """
    secret = current().given_credential(connector, field)
    if secret is None:
        with ledger.read() as tx:
            known = {one.field: one for one in known_credentials(tx, connector)}.get(field)
            if known is not None and known.failures >= REFUSALS:
                return None
            secret = open_secrets(tx, connector).by_field.get(field)
    if secret is not None:
        with ledger.housekeeping() as tx:
            _note(tx, connector, field, "last_used_at = %(at)s", {"at": at})
    return secret


def note_outcome(
    ledger: Ledger, connector: str, field: str, refusal: str | None, *, at: datetime, by: Person | None = None
) -> None:
    """Write down what a source made of a credential, and what that means for the connector's status.

    Args:
        refusal: Why it was refused, in our words; None when it was accepted. Trouble that says nothing of the credential
            (no answer, quota) is not for here.
        by: Who tried it; None is a run.
    """
    action = "credential:accepted" if refusal is None else "credential:refused"
    event = AuditEvent(action, credential_subject(connector), by.id if by else SYSTEM, {"field": field})
    with ledger.deed(event, by) as deed:
        if refusal is not None:
            change = (
                "last_used_at = %(at)s, last_failed_at = %(at)s, failures = k.failures + 1, failure_reason = %(why)s"
            )
        else:
            change = "last_used_at = %(at)s, failures = 0, failure_reason = null"
        _note(deed, connector, field, change, {"at": at, "why": refusal})
        write_status(deed, connector, at=at)


def note_failure(ledger: Ledger, connector: str, field: str, reason: str, *, at: datetime) -> None:
    """Write down that a source has refused a run's credential (HTTP 401 or 403)."""
    note_outcome(ledger, connector, field, reason, at=at)


def _note(tx: Transaction, connector: str, field: str, change: str, values: dict[str, object]) -> None:
    """Change what is known of a credential's use; `change` is one of the texts of this file."""
    names: dict[str, object] = {"connector": connector, "field": field}
    tx.execute(
        "insert into connector_credentials (connector_id, field) select id, %(field)s from connectors"
        " where name = %(connector)s on conflict (connector_id, field) do nothing",
        names,
    )
    tx.execute(
        f"update connector_credentials k set {change} from connectors c"  # noqa: S608 - a text of this file
        " where c.id = k.connector_id and c.name = %(connector)s and k.field = %(field)s",
        names | values,
    )


def fault_of(tx: Transaction, connector: str) -> str:
    """Say why a connector's credentials cannot be opened; empty when they can, or when none is set."""
    try:
        open_secrets(tx, connector)
    except (VaultRefused, NotPermitted, BadInput) as error:
        return error.what
    return ""


def judge_known(known: KnownCredential, fault: str, *, at: datetime) -> Judgement:
    """Judge one credential from what is known of it; of one that the environment gives, only its use is known."""
    if current().given_credential(known.connector, known.field) is not None:
        return judge(CredentialFacts(failures=known.failures, failure_reason=known.failure_reason), at=at)
    facts = CredentialFacts(known.set_at, known.expires_at, known.failures, known.failure_reason, fault)
    return judge(facts, at=at)


def write_status(deed: Deed, connector: str, *, at: datetime) -> bool:
    """Write the connector's status: the worse of what its last run met and what its credentials are; say if it changed."""
    fault = fault_of(deed, connector)
    found = worst(
        (
            CredentialNeed(connector, known.field, "", "", is_required=known.is_required),
            judge_known(known, fault, at=at),
        )
        for known in known_credentials(deed, connector)
    )
    run = deed.row(
        "select r.status::text as status, r.outcome, r.reason from discovery_runs r join connectors c on c.id = r.connector_id"
        " where c.name = %s and r.finished_at is not null order by r.started_at desc limit 1",
        [connector],
    )
    is_troubled = run is not None and (run["status"] == "failed" or run["outcome"] in ("broken", "key_refused"))
    if found.status is CredentialStatus.ACTIVE and run is not None and is_troubled:
        found = Judgement(CredentialStatus.WARNING, run["reason"])
    changed = deed.execute(
        "update connectors set status = %(status)s::connector_status, status_reason = %(reason)s where name = %(name)s"
        " and (status, status_reason) is distinct from (%(status)s::connector_status, %(reason)s)",
        {"status": found.status.value, "reason": found.reason or None, "name": connector},
    )
    return changed.rowcount > 0


def _purpose(connector: str, version: int) -> str:
    return f"connector:{connector}:{version}"
