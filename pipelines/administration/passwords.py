"""Passwords: which are good enough, how they are kept, and how one is made for a new account.

Not here: who may sign in, and how often one may try (sign_in.py).
"""

import functools
import secrets
import threading
import unicodedata
from typing import TYPE_CHECKING

from warehouse.errors import BadInput

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST, LONGEST = 15, 128
"""NIST SP 800-63B-4: 15 characters where a password is the only factor; a limit, so that a long one costs no hashing time."""

BLOCKED = frozenset(
    {
        "administrator",
        "changemechangeme",
        "correcthorsebatterystaple",
        "defaultpassword",
        "iloveyouiloveyou",
        "letmeinletmein",
        "mypasswordispassword",
        "passwordpassword",
        "procuraopscommand",
        "procuraprocura",
        "qwertyuiopasdfgh",
        "qwertyuiopasdfghjkl",
        "thisismypassword",
        "thisisapassword",
        "trustno1trustno1",
        "welcomewelcome",
    }
)
"""Long enough, and tried first all the same."""

LINES = ("abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "01234567890123456789", "9876543210987654321")
SIMULTANEOUS_HASHES = 4
"""Each takes 64 MiB; a flood of sign-ins must not take the machine's memory."""

_turns = threading.BoundedSemaphore(SIMULTANEOUS_HASHES)


def normalised(password: str) -> str:
    """Return the form that is hashed: one spelling for what looks alike on different keyboards (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def check_password(password: str, email: str = "") -> None:
    """Refuse a password that is too short, too long or too easy. No rules of composition: a pass phrase is fine.

    Raises:
        BadInput: it is; the sentence says why, and never repeats it.
    """
    text = normalised(password)
    fault = _fault(text, email)
    if fault:
        raise BadInput(f"This password {fault}.", todo="take a phrase of four or five unrelated words.")


def _fault(text: str, email: str) -> str | None:
    plain = "".join(c for c in text.lower() if c.isalnum())
    name = email.partition("@")[0].lower()
    faults = {
        f"has {len(text)} characters; at least {SHORTEST} are needed": len(text) < SHORTEST,
        f"has {len(text)} characters; at most {LONGEST} are taken": len(text) > LONGEST,
        "is among the first that are tried": bool(BLOCKED & {plain, plain.rstrip("0123456789")}),
        "repeats a few characters": len(set(plain)) < 5 or _repeats(plain),
        "follows the keyboard or the alphabet": any(plain in line * 3 or plain[::-1] in line * 3 for line in LINES),
        "is the address": text.lower() == email.lower() or (len(name) >= 3 and not plain.replace(name, "")),
    }
    return next((fault for fault, is_so in faults.items() if is_so), None)


def _repeats(plain: str) -> bool:
    return any(plain == (plain[:length] * len(plain))[: len(plain)] for length in range(1, 6))


def hash_password(password: str) -> str:
    """Return the argon2id text that is stored."""
    with _turns:
        return _hasher().hash(normalised(password))


def matches(stored: str | None, password: str) -> bool:
    """Compare with a stored text; without one (an unknown name) take the same time and say no."""
    from argon2.exceptions import VerificationError

    if len(password) > LONGEST * 4:
        password = ""  # nobody's, and not worth hashing
    instead = _nobody()  # made once, and for known names too: the first unknown one must not take longer
    with _turns:
        try:
            _hasher().verify(stored or instead, normalised(password))
        except VerificationError:
            return False
    return stored is not None


def new_password() -> str:
    """Make one: 24 letters and digits without look-alikes in groups of six (about 119 bits)."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(6)) for _ in range(4))


@functools.cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher

    return PasswordHasher()


@functools.cache
def _nobody() -> str:
    return _hasher().hash(secrets.token_urlsafe(32))
