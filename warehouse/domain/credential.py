"""Credentials: which one a source needs, what is known of one that is set, and whether it will work tomorrow. No secrets.

Not here: the secret itself (warehouse/vault.py, warehouse/ledger/credentials.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

WARN_BEFORE = timedelta(days=14)
"""A SAM.gov key is renewed by a person on a web page; two weeks survive a holiday."""
REFUSALS = 3
"""One refusal may be the source's own trouble; three in a row are not."""
ROTATE_AFTER = timedelta(days=365)
"""A key that does not expire by itself is replaced once a year."""


class CredentialStatus(StrEnum):
    """The ledger's enum `connector_status`, from good to bad."""

    ACTIVE = "active"
    WARNING = "warning"
    REVOKED = "revoked"


@dataclass(frozen=True)
class CredentialNeed:
    """A secret that a source takes.

    Attributes:
        connector: The source's name in every store.
        field: Which of its secrets: `api_key`.
        title: The source and the secret in words.
        documentation_url: Where the source says how to get one.
        lives: How long the source lets it live; None where it does not end by itself.
        is_required: False where the source also works without it.
    """

    connector: str
    field: str
    title: str
    documentation_url: str
    lives: timedelta | None = None
    is_required: bool = True


@dataclass(frozen=True)
class CredentialFacts:
    """What is known of a credential that is set.

    Attributes:
        set_at: None where the environment gives it.
        failures: Refusals in a row.
        fault: Why it cannot be opened; empty when it can.
    """

    set_at: datetime | None = None
    expires_at: datetime | None = None
    failures: int = 0
    failure_reason: str = ""
    fault: str = ""


@dataclass(frozen=True)
class Judgement:
    """A status and why; the reason is empty when all is well."""

    status: CredentialStatus
    reason: str = ""


def judge(facts: CredentialFacts, *, at: datetime) -> Judgement:
    """Say whether a credential works, will soon stop, or has stopped."""
    stopped = _stopped(facts, at)
    if stopped:
        return Judgement(CredentialStatus.REVOKED, stopped)
    doubts = _doubts(facts, at)
    return Judgement(CredentialStatus.WARNING, doubts) if doubts else Judgement(CredentialStatus.ACTIVE)


def _stopped(facts: CredentialFacts, at: datetime) -> str:
    if facts.fault:
        return f"cannot be read: {facts.fault}"
    if facts.failures >= REFUSALS:
        return f"was refused {facts.failures} times in a row: {facts.failure_reason}"
    if facts.expires_at is not None and facts.expires_at <= at:
        return f"expired on {_day(facts.expires_at)}"
    return ""


def _doubts(facts: CredentialFacts, at: datetime) -> str:
    if facts.failures:
        return f"was refused at its last use: {facts.failure_reason}"
    if facts.expires_at is not None and facts.expires_at - at <= WARN_BEFORE:
        return f"expires on {_day(facts.expires_at)}"
    if facts.expires_at is None and facts.set_at is not None and at - facts.set_at > ROTATE_AFTER:
        return f"is {(at - facts.set_at).days} days old: get a new one from the source"
    return ""


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%b %Y}"


def worst(judgements: Iterable[tuple[CredentialNeed, Judgement]]) -> Judgement:
    """Return what a connector's credentials together make of it; one it can do without is never more than a warning."""
    order = list(CredentialStatus)
    found = Judgement(CredentialStatus.ACTIVE)
    for need, judgement in judgements:
        status = (
            judgement.status if need.is_required else min(judgement.status, CredentialStatus.WARNING, key=order.index)
        )
        if order.index(status) > order.index(found.status):
            found = Judgement(status, f"the {need.field.replace('_', ' ')} {judgement.reason}")
    return found
