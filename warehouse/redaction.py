"""What may not be read in a log, and how it is taken out: by a key's name, by its shape, by its value.

The values are those this process has read itself (`remember`); they live in its memory only. Not here: where log lines
go (logs.py).
"""

import base64
import json
import re
import threading
from collections.abc import Mapping
from functools import partial
from urllib.parse import quote, quote_plus

HIDDEN = "***"
SHORTEST_VALUE = 6
"""A shorter value would be met by chance, and a log full of marks says less than one that spells a four-letter secret."""
MOST_VALUES = 5_000
"""Spellings; a process reads some tens of secrets of about eight each. Should it read thousands, the oldest are forgotten."""
DEEPEST = 6

SECRET_NAME = re.compile(
    r"(?i)passw(or)?d|passphrase|pwd$|secret|token$|api[_-]?key|apikey|access[_-]?key|private[_-]?key|master[_-]?keys?$"
    r"|authorization|cookie|credential|totp|otp$|seed$|recovery[_-]?codes?$|conninfo|database[_-]?url|dsn$|session(_id)?$"
)
"""Names of keys whose value is never shown, whatever it looks like."""
_NAMED = r"[\w.-]{0,40}(?:passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|apikey|access[_-]?key|authorization|totp|otp|session)"
_SHAPES: tuple[tuple[re.Pattern[str], str], ...] = (
    # An address with a password: everything up to the last @ before the path.
    (re.compile(r"\b([a-zA-Z][a-zA-Z0-9+.-]{0,30}://[^\s:/@'\"]*:)[^\s/'\"]+(?=@)"), rf"\1{HIDDEN}"),
    (re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)", re.S), HIDDEN),
    # The base64 line of an Ed25519 key, printed without its frame.
    (re.compile(r"MC4CAQAwBQYDK2Vw[A-Za-z0-9+/]+=*"), HIDDEN),
    (re.compile(r"\beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*"), HIDDEN),
    (re.compile(r"gAAAAA[\w-]{50,}={0,2}"), HIDDEN),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/-]{6,}=*"), rf"\1 {HIDDEN}"),
    (re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"), HIDDEN),
    (re.compile(r"\bsk-[\w-]{16,}"), HIDDEN),
    (re.compile(r"\$argon2(?:id|i|d)\$[^\s'\"]+|SCRAM-SHA-256\$[^\s'\"]+"), HIDDEN),
    (re.compile(r"(?i)\b((?:set-)?cookie\s*:\s*)[^\r\n]+"), rf"\1{HIDDEN}"),
    # name=value of an address, a connection text or a form; "name": "value" of JSON and of a repr.
    (re.compile(rf"(?i)\b({_NAMED}\s*=\s*)('[^']*'|\"[^\"]*\"|[^\s&,;'\")}}\]]+)"), rf"\1{HIDDEN}"),
    (re.compile(rf"(?i)([\"']{_NAMED}[\"']\s*:\s*b?)('[^']*'|\"(?:[^\"\\]|\\.)*\")"), rf"\1'{HIDDEN}'"),
    # 256 random bits as our own sessions, links and keys are written; with letters of both cases and a digit.
    (re.compile(r"(?<![\w-])(?=[\w-]{0,42}[a-z])(?=[\w-]{0,42}[A-Z])(?=[\w-]{0,42}\d)[\w-]{43}=?(?![\w-])"), HIDDEN),
)  # fmt: skip

_values: dict[str, None] = {}
_longest_first: tuple[str, ...] = ()
_lock = threading.Lock()


def remember(*secrets: str | bytes | None) -> None:
    """Note secrets that this process has read: none of them is written to a log, in any of their usual spellings."""
    global _longest_first  # noqa: PLW0603 - the one registry of a process
    spellings = {spelling for secret in secrets if secret for spelling in _spellings(secret)}
    with _lock:
        new = [spelling for spelling in spellings if len(spelling) >= SHORTEST_VALUE and spelling not in _values]
        if not new:
            return
        _values.update(dict.fromkeys(new))
        while len(_values) > MOST_VALUES:
            del _values[next(iter(_values))]
        # A value that begins with another one is hidden whole.
        _longest_first = tuple(sorted(_values, key=len, reverse=True))


def redact_text(text: str) -> str:
    """Return a text without secrets, by value and by shape."""
    for value in _longest_first:
        if value in text:
            text = text.replace(value, HIDDEN)
    for shape, instead in _SHAPES:
        text = shape.sub(instead, text)
    return text


def redact(value: object, depth: int = 0) -> object:
    """Return a value as it may be written: texts without secrets, bytes as their number, secret names hidden."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return f"({len(value)} bytes)"
    if depth < DEEPEST and isinstance(value, Mapping):
        return {
            redact_text(str(name)): HIDDEN if SECRET_NAME.search(str(name)) else redact(held, depth + 1)
            for name, held in value.items()
        }
    if depth < DEEPEST and isinstance(value, list | tuple | set | frozenset):
        return [redact(held, depth + 1) for held in value]
    return redact_text(value if isinstance(value, str) else str(value))


def clean_error(error: BaseException) -> BaseException:
    """Take secrets out of an error and of what caused it, in place, before it leaves for a store that is not ours.

    Dagster keeps the text of every error of a step, its causes included.
    """
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        one.args = tuple(map(_clean, one.args))
        for name in ("what", "kept", "todo", "description", "__notes__"):
            if name in getattr(one, "__dict__", {}):
                setattr(one, name, _clean(getattr(one, name)))
        waiting += [one.__cause__, one.__context__]
    return error


def _clean(held: object) -> object:
    if isinstance(held, list):
        return [_clean(one) for one in held]
    return redact_text(held) if isinstance(held, str) else held


def _spellings(secret: str | bytes) -> set[str]:
    raw = secret.encode() if isinstance(secret, str) else secret
    found = {base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode(), raw.hex()}
    found |= {spelling.rstrip("=") for spelling in found}
    if isinstance(secret, str):
        spell = (str, quote, partial(quote, safe=""), quote_plus, json.dumps, repr)
        found |= {made(secret).strip("'\"") for made in spell}
    return found
