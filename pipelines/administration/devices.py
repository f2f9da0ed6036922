"""Known devices: a browser that has signed in to an account before keeps a sealed note of it.

The note is no key: it only lets the owner past the pauses that a stranger's wrong passwords cause (attempts.py).
"""

import json
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta

from warehouse.errors import BadInput, NotPermitted, VaultRefused
from warehouse.ledger.people import tidy_email
from warehouse.vault import seal, unseal

PURPOSE = "known-device"
KNOWN_FOR = timedelta(days=180)
LONGEST_NOTE = 2_000
SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS X", "Mac"),
           ("CrOS", "ChromeOS"), ("Linux", "Linux"))  # fmt: skip
BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("FxiOS", "Firefox"), ("CriOS", "Chrome"),
            ("Chrome/", "Chrome"), ("Safari/", "Safari"))  # fmt: skip


def make_note(email: str, *, at: datetime) -> str:
    """Return a note that this device has signed in to an account; empty where the vault cannot seal it now."""
    content = {"email": tidy_email(email), "device": secrets.token_hex(16), "at": int(at.timestamp())}
    try:
        return urlsafe_b64encode(seal(PURPOSE, json.dumps(content).encode())).decode()
    except (VaultRefused, NotPermitted, BadInput):
        return ""  # a fault of the vault is told at start; it must not keep people out


def known_device(note: str | None, email: str, *, at: datetime) -> str | None:
    """Return the id of a device that has signed in to this account within half a year; None for any other note."""
    if not note or len(note) > LONGEST_NOTE:
        return None
    try:
        content = json.loads(unseal(PURPOSE, urlsafe_b64decode(note.encode())))
    except (VaultRefused, NotPermitted, BadInput, ValueError):
        return None
    made_at = datetime.fromtimestamp(content["at"], UTC)
    is_theirs = content["email"] == tidy_email(email) and at - made_at < KNOWN_FOR
    return str(content["device"]) if is_theirs else None


def name_device(user_agent: str) -> str:
    """Return browser and system in a few words ("Chrome on Windows"); what a program calls itself where it is none."""
    browser = next((name for sign, name in BROWSERS if sign in user_agent), None)
    system = next((name for sign, name in SYSTEMS if sign in user_agent), None)
    if browser and system:
        return f"{browser} on {system}"
    program = re.match(r"[A-Za-z][\w.-]{0,30}", user_agent)
    return browser or system or (program.group() if program else "unknown")
