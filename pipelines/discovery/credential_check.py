"""Does a credential work? The use case behind the test button and `procura connector test`; and which credentials there are.

Not here: setting one (pipelines/administration/credentials.py), the request itself (credential_question.py).
"""

from datetime import datetime

from pydantic import SecretStr

from pipelines.discovery.connector import find_connectors
from pipelines.discovery.credential_question import Answer, TakenCredential, ask
from warehouse.domain import access
from warehouse.domain.access import Action, Person
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.credential import CredentialNeed
from warehouse.errors import NotFound, WrongState
from warehouse.ledger.credentials import credential_subject, note_outcome, open_secrets
from warehouse.ledger.store import SYSTEM, Ledger
from warehouse.settings import current


def credential_needs() -> list[CredentialNeed]:
    """Return every credential that a source takes, by source and field."""
    return [taken.need for taken in _taken()]


def need_of(connector: str, field: str = "api_key") -> CredentialNeed:
    """Return one of them.

    Raises:
        NotFound: no source takes it.
    """
    return _taken_of(connector, field).need


def check_credential(
    ledger: Ledger, connector: str, field: str = "api_key", *, at: datetime, by: Person | None = None
) -> Answer:
    """Ask the source once with the credential that is set, and write down what it made of it.

    Args:
        by: Who asks; None is the operator at the machine's own command line.

    Raises:
        NotPermitted: `by` may not change credentials.
        NotFound: no source takes it, or it is not set.
        VaultRefused: it is set and cannot be opened.
        WrongState: the network is kept out (PROCURA_OFFLINE).
    """
    if by is not None:
        access.check(by, Action.EDIT_CREDENTIALS)
    taken = _taken_of(connector, field)
    secret = _secret(ledger, taken.need, by)
    if current().offline:
        raise WrongState(
            "the network is kept out.", kept="the key as it is.", todo="unset PROCURA_OFFLINE, then test again."
        )
    answer = ask(taken.question(current(), secret, at))
    if answer.outcome == "works" or answer.outcome.says_no:
        note_outcome(ledger, connector, field, answer.words if answer.outcome.says_no else None, at=at, by=by)
    else:
        facts = {"field": field, "outcome": answer.outcome.value}
        event = AuditEvent("credential:tested", credential_subject(connector), by.id if by else SYSTEM, facts)
        with ledger.deed(event, by):
            pass  # nothing changes, but the secret has left the house
    return answer


def _secret(ledger: Ledger, need: CredentialNeed, by: Person | None) -> SecretStr:
    secret = current().given_credential(need.connector, need.field)
    if secret is None:
        with ledger.read(by) as tx:
            secret = open_secrets(tx, need.connector).by_field.get(need.field)
    if secret is None:
        raise NotFound(f"{need.title} is not set.", todo=f"`procura connector set-key {need.connector}`.")
    return secret


def _taken() -> list[TakenCredential]:
    """Return what the sources' own files say they take, SAM.gov's first."""
    found = [taken for source in find_connectors()[0].values() for taken in getattr(source, "credentials", ())]
    return sorted(found, key=lambda taken: (taken.need.connector != "sam_gov", taken.need.connector, taken.need.field))


def _taken_of(connector: str, field: str) -> TakenCredential:
    taken = _taken()
    for one in taken:
        if (one.need.connector, one.need.field) == (connector, field):
            return one
    known = ", ".join(f"{one.need.connector} ({one.need.field})" for one in taken)
    raise NotFound(f"no source {connector} takes a credential {field}.", todo=f"name one of {known}.")
