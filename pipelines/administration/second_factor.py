"""The second factor: time-based codes (RFC 6238) and recovery codes for the day when the telephone is lost.

The seed is sealed by the vault and bound to its person; a code is accepted once. Not here: when a code is asked for
(sign_in.py).
"""

import hmac
import re
import secrets
from base64 import b32encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pipelines.administration.attempts import charge_or_refuse, code_counter, forgive
from pipelines.administration.reauthentication import check_recent
from pipelines.administration.sessions import hashed
from warehouse.domain import access
from warehouse.domain.access import Action, Person, State
from warehouse.domain.audit_event import AuditEvent
from warehouse.errors import BadInput, VaultRefused, WrongState
from warehouse.ledger import second_factors
from warehouse.ledger.second_factors import SecondFactor
from warehouse.ledger.store import Ledger
from warehouse.vault import seal, unseal

ISSUER = "Procura"
STEP_SECONDS = 30
WINDOW = (-1, 0, 1)
"""Steps that are accepted: clocks of telephones go wrong by seconds, people type slowly (RFC 6238, 5.2)."""
ENROLMENT_LIMIT = timedelta(minutes=30)
RECOVERY_CODES = 10
RECOVERY_BYTES = 10
"""80 random bits: too many to try even for who has stolen the hashes."""


@dataclass(frozen=True)
class Enrolment:
    """A seed to be taken into an authenticator app: `uri` for its camera, `seed` for typing. Never logged."""

    uri: str = field(repr=False)
    seed: str = field(repr=False)

    def as_svg(self) -> str:
        """Return the code for the camera as an SVG of its own size, dark on white in both themes."""
        import segno

        return str(segno.make(self.uri, error="m").svg_inline(scale=5, border=4, dark="#000", light="#fff"))


@dataclass(frozen=True)
class SecondFactorState:
    """What the account page says: since when there is one, how many recovery codes are left, whether it must be."""

    confirmed_at: datetime | None
    recovery_codes: int
    is_required: bool


def read_state(ledger: Ledger, *, by: Person) -> SecondFactorState:
    """Return how a person's own second factor stands."""
    access.check(by, Action.EDIT_ACCOUNT, State.OWN)
    with ledger.read(by) as tx:
        factor = second_factors.find_second_factor(tx, by.id)
        return SecondFactorState(
            factor.confirmed_at if factor else None,
            second_factors.count_recovery_codes(tx, by.id),
            second_factors.is_second_factor_required(tx),
        )


def enrol(ledger: Ledger, *, at: datetime, by: Person) -> Enrolment:
    """Begin, or go on with, the enrolment of a person's own second factor.

    Raises:
        NotPermitted: the password was not proven in the last minutes.
    """
    access.check(by, Action.EDIT_ACCOUNT, State.OWN)
    check_recent(ledger, at=at, by=by)
    return current_or_new_enrolment(ledger, by, at=at)


def confirm_enrolment(ledger: Ledger, code: str, *, at: datetime, by: Person) -> list[str]:
    """Confirm the enrolled seed by a code and return the recovery codes, to be shown once.

    Raises:
        NotPermitted: the password was not proven in the last minutes.
        BadInput: the code is not right.
        WrongState: nothing is being enrolled, or too many tries.
    """
    access.check(by, Action.EDIT_ACCOUNT, State.OWN)
    check_recent(ledger, at=at, by=by)
    charge_or_refuse(ledger, code_counter(by.id), at=at)
    codes = confirm(ledger, by, code, at=at)
    forgive(ledger, [code_counter(by.id)])
    return codes


def remove(ledger: Ledger, *, at: datetime, by: Person) -> None:
    """Remove a person's own second factor.

    Raises:
        NotPermitted: the password was not proven in the last minutes.
        WrongState: the firm asks for one, or there is none.
    """
    access.check(by, Action.EDIT_ACCOUNT, State.OWN)
    check_recent(ledger, at=at, by=by)
    with ledger.deed(AuditEvent("person:second_factor_removed", by.id, by.id), by) as deed:
        if second_factors.is_second_factor_required(deed):
            raise WrongState(
                "Your firm asks everybody for a second factor.",
                kept="yours.",
                todo="replace it instead of removing it.",
            )
        if not second_factors.remove_second_factor(deed, by.id):
            raise WrongState("There is no second factor to remove.")


def renew_recovery_codes(ledger: Ledger, *, at: datetime, by: Person) -> list[str]:
    """Replace a person's recovery codes and return the new ones, to be shown once.

    Raises:
        NotPermitted: the password was not proven in the last minutes.
        WrongState: there is no second factor.
    """
    access.check(by, Action.EDIT_ACCOUNT, State.OWN)
    check_recent(ledger, at=at, by=by)
    codes = _new_codes()
    with ledger.deed(AuditEvent("person:recovery_codes_renewed", by.id, by.id), by) as deed:
        if second_factors.find_second_factor(deed, by.id) is None:
            raise WrongState("There is no second factor to recover.", todo="turn one on first.")
        second_factors.write_recovery_codes(deed, by.id, [_hash_code(by.id, code) for code in codes], at=at)
    return codes


def accept_code(ledger: Ledger, profile_id: str, code: str, *, at: datetime) -> str | None:
    """Judge a code at sign-in and use it up: say how ("code" or "recovery code"), or None when it is not right.

    Not asked here: how often one may try (sign_in.py charges before).
    """
    tidy = _tidy(code)
    with ledger.read() as tx:
        factor = second_factors.find_second_factor(tx, profile_id)
    if factor is None:
        return None
    try:
        step = _matching_step(factor, profile_id, tidy, at)
    except VaultRefused:  # the master key is lost, which is told at start: recovery codes still open the account
        step = None
    with ledger.housekeeping() as tx:
        if step is not None and second_factors.accept_step(tx, factor.id, step):
            return "code"
        if second_factors.use_recovery_code(tx, profile_id, _hash_code(profile_id, tidy), at=at):
            return "recovery code"
    return None


def current_or_new_enrolment(ledger: Ledger, person: Person, *, at: datetime) -> Enrolment:
    """Return the seed that a person is enrolling, made now where there is none or it is old."""
    import pyotp

    with ledger.read(person) as tx:
        factor = second_factors.find_second_factor(tx, person.id, is_confirmed=False)
    if factor is None or at - factor.created_at >= ENROLMENT_LIMIT:
        seed = pyotp.random_base32()
        sealed = seal(_purpose(person.id), seed.encode())
        with ledger.deed(AuditEvent("person:second_factor_begun", person.id, person.id), person) as deed:
            second_factors.begin_second_factor(deed, person.id, sealed, at=at)
    else:
        seed = unseal(_purpose(person.id), factor.sealed_seed).decode()
    return Enrolment(pyotp.TOTP(seed).provisioning_uri(name=person.email, issuer_name=ISSUER), seed)


def confirm(ledger: Ledger, person: Person, code: str, *, at: datetime) -> list[str]:
    """Make the seed that a person is enrolling theirs, and return new recovery codes.

    Raises:
        BadInput: the code is not right.
        WrongState: nothing is being enrolled.
    """
    with ledger.read(person) as tx:
        factor = second_factors.find_second_factor(tx, person.id, is_confirmed=False)
    if factor is None or at - factor.created_at >= ENROLMENT_LIMIT:
        raise WrongState("Nothing is being enrolled, or it took too long.", todo="begin again.")
    step = _matching_step(factor, person.id, _tidy(code), at)
    if step is None:
        raise BadInput(
            "This code is not right.",
            kept="your account as it was.",
            todo="take the newest code of the app; check that the telephone sets its clock by itself.",
        )
    codes = _new_codes()
    with ledger.deed(AuditEvent("person:second_factor_set", person.id, person.id), person) as deed:
        if not second_factors.confirm_second_factor(deed, person.id, factor.id, step=step, at=at):
            raise WrongState("Nothing is being enrolled any more.", todo="begin again.")
        second_factors.write_recovery_codes(deed, person.id, [_hash_code(person.id, c) for c in codes], at=at)
    return codes


def _matching_step(factor: SecondFactor, profile_id: str, code: str, at: datetime) -> int | None:
    import pyotp

    totp = pyotp.TOTP(unseal(_purpose(profile_id), factor.sealed_seed).decode(), interval=STEP_SECONDS)
    now = int(at.timestamp()) // STEP_SECONDS
    right = [now + shift for shift in WINDOW if hmac.compare_digest(totp.generate_otp(now + shift), code)]
    return right[0] if right else None


def _new_codes() -> list[str]:
    made = (b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode().lower() for _ in range(RECOVERY_CODES))
    return ["-".join(code[i : i + 4] for i in range(0, len(code), 4)) for code in made]


def _hash_code(profile_id: str, code: str) -> bytes:
    return hashed(f"recovery\n{profile_id}\n{_tidy(code)}")


def _tidy(code: str) -> str:
    """Return a code as it is compared: people type blanks and dashes, and telephones begin with a capital."""
    return re.sub(r"[\s-]", "", code.strip().lower())[:64].encode("ascii", "ignore").decode()


def _purpose(profile_id: str) -> str:
    return f"totp:{profile_id}"
