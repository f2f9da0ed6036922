from datetime import UTC, datetime, timedelta

import pytest

from warehouse.domain.credential import (
    REFUSALS,
    ROTATE_AFTER,
    WARN_BEFORE,
    CredentialFacts,
    CredentialNeed,
    CredentialStatus,
    Judgement,
    judge,
    worst,
)

AT = datetime(2026, 4, 10, 12, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
ACTIVE, WARNING, REVOKED = CredentialStatus


@pytest.mark.parametrize(
    ("facts", "status", "words"),
    [
        (CredentialFacts(AT), ACTIVE, ""),
        (CredentialFacts(AT, AT + timedelta(days=90)), ACTIVE, ""),
        (CredentialFacts(AT, AT + WARN_BEFORE + MOMENT), ACTIVE, ""),
        (CredentialFacts(AT, AT + WARN_BEFORE), WARNING, "expires on 24 Apr 2026"),
        (CredentialFacts(AT, AT + MOMENT), WARNING, "expires on 10 Apr 2026"),
        (CredentialFacts(AT, AT), REVOKED, "expired on 10 Apr 2026"),
        (CredentialFacts(AT, AT - timedelta(days=1)), REVOKED, "expired on 9 Apr 2026"),
        (CredentialFacts(AT - ROTATE_AFTER), ACTIVE, ""),
        (CredentialFacts(AT - ROTATE_AFTER - MOMENT), WARNING, "is 365 days old: get a new one from the source"),
        (CredentialFacts(AT - ROTATE_AFTER - MOMENT, AT + timedelta(days=30)), ACTIVE, ""),
        (CredentialFacts(AT, failures=1, failure_reason="HTTP 403"), WARNING, "was refused at its last use: HTTP 403"),
        (CredentialFacts(AT, failures=REFUSALS - 1, failure_reason="HTTP 403"), WARNING, "was refused at its last use: HTTP 403"),
        (CredentialFacts(AT, failures=REFUSALS, failure_reason="HTTP 403"), REVOKED, "was refused 3 times in a row: HTTP 403"),
        (CredentialFacts(AT, AT, failures=1, failure_reason="HTTP 403"), REVOKED, "expired on 10 Apr 2026"),
        (CredentialFacts(AT, fault="its key is not here"), REVOKED, "cannot be read: its key is not here"),
        (CredentialFacts(), ACTIVE, ""),
    ],
)  # fmt: skip
def test_each_boundary_of_a_credentials_status(facts: CredentialFacts, status: CredentialStatus, words: str) -> None:
    assert judge(facts, at=AT) == Judgement(status, words)


def need(field: str, *, is_required: bool = True) -> CredentialNeed:
    return CredentialNeed("source", field, "", "", is_required=is_required)


def test_a_connector_is_as_bad_as_its_worst_credential() -> None:
    good, bad, gone = Judgement(ACTIVE), Judgement(WARNING, "expires"), Judgement(REVOKED, "expired")
    assert worst([]) == Judgement(ACTIVE)
    assert worst([(need("user_name"), good), (need("password"), bad)]) == Judgement(WARNING, "the password expires")
    assert worst([(need("api_key"), gone), (need("password"), bad)]) == Judgement(REVOKED, "the api key expired")


def test_a_credential_that_a_source_can_do_without_is_never_more_than_a_warning() -> None:
    gone = Judgement(REVOKED, "expired")
    assert worst([(need("api_key", is_required=False), gone)]) == Judgement(WARNING, "the api key expired")
