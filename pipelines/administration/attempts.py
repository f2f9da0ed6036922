"""How often one may try: pauses that grow with wrong passwords and codes, and end.

Three counters stand beside each other: an account from one client, a client over all accounts, and an account over all
clients. Each pause is bounded, and a device that has signed in before has a counter of its own instead of all three; so
nobody can lock an owner out for ever. Attempts are counted before they are judged.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipelines.administration.devices import known_device
from pipelines.administration.sessions import hashed
from warehouse.errors import WrongState
from warehouse.ledger import throttle
from warehouse.ledger.people import tidy_email
from warehouse.ledger.store import Ledger

FREE_ATTEMPTS = 5
"""Wrong passwords of one address from one client that cost nothing."""
FREE_ATTEMPTS_OF_CLIENT = 50
"""The same of one client over all addresses: an office behind one address must not block itself by typing errors."""
FREE_ATTEMPTS_OF_ACCOUNT = 30
"""The same of one address over all clients: a guesser with many machines."""
FREE_CODES = 5
"""Wrong codes of a second factor: whoever tries them has the password already."""
LONGEST_PAUSE = timedelta(seconds=60)
"""Pauses grow 1, 2, 4 … seconds up to this: a guesser gets 1,440 tries a day, the owner waits a minute at most."""
LONGEST_PAUSE_OF_ACCOUNT = timedelta(minutes=5)
"""288 tries a day for all the guesser's machines together."""
LONGEST_PAUSE_OF_CODES = timedelta(minutes=15)
"""96 codes a day, three of a million right at a time: one chance in 3,500 a day."""
FORGOTTEN_AFTER = timedelta(hours=1)


@dataclass(frozen=True)
class Counter:
    """What is counted together, and what it costs."""

    subject: bytes
    free: int
    longest: timedelta


def password_counters(email: str, client: str, note: str | None, *, at: datetime) -> list[Counter]:
    """Return the counters of an attempt to sign in; the first is forgiven when it succeeds."""
    account = tidy_email(email)
    device = known_device(note, account, at=at)
    if device is not None:
        return [Counter(hashed(f"device\n{account}\n{device}"), FREE_ATTEMPTS, LONGEST_PAUSE)]
    return [
        Counter(hashed(f"{account}\n{client}"), FREE_ATTEMPTS, LONGEST_PAUSE),
        Counter(hashed(f"client\n{client}"), FREE_ATTEMPTS_OF_CLIENT, LONGEST_PAUSE),
        Counter(hashed(f"account\n{account}"), FREE_ATTEMPTS_OF_ACCOUNT, LONGEST_PAUSE_OF_ACCOUNT),
    ]


def code_counter(profile_id: str) -> Counter:
    """Return the counter of a person's second factor."""
    return Counter(hashed(f"code\n{profile_id}"), FREE_CODES, LONGEST_PAUSE_OF_CODES)


def own_password_counter(profile_id: str) -> Counter:
    """Return the counter of a signed-in person who proves the password again."""
    return Counter(hashed(f"own password\n{profile_id}"), FREE_ATTEMPTS, LONGEST_PAUSE)


def charge(ledger: Ledger, counters: list[Counter], *, at: datetime) -> int:
    """Count an attempt and return how many seconds it must wait; 0: it is judged now."""
    with ledger.housekeeping() as tx:
        for counter in counters:
            wait_until = throttle.charge_attempt(
                tx, counter.subject, at=at, free=counter.free, longest=counter.longest, forgotten=FORGOTTEN_AFTER
            )
            if wait_until:  # the further counters are not charged for what is not even judged
                return max(1, math.ceil((wait_until - at).total_seconds()))
    return 0


def charge_or_refuse(ledger: Ledger, counter: Counter, *, at: datetime) -> None:
    """Count an attempt of somebody who is signed in.

    Raises:
        WrongState: too many; the sentence says how long to wait.
    """
    wait_seconds = charge(ledger, [counter], at=at)
    if wait_seconds:
        raise WrongState(
            f"Too many tries. Try again in {wait_seconds} s.", kept="everything as it was; nothing is locked."
        )


def forgive(ledger: Ledger, counters: list[Counter]) -> None:
    """After a right answer forget the failures of the first counter, and take this attempt back from the others."""
    with ledger.housekeeping() as tx:
        throttle.forgive(tx, counters[0].subject)
        for counter in counters[1:]:
            throttle.refund(tx, counter.subject, free=counter.free)
