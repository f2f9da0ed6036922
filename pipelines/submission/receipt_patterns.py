"""Patterns of a receipt number, tried on the words of letters in a child process that ends when its time is up.

A pattern comes from a profile and the words from anybody: together they may take for ever. This file is also what the child
runs, so it imports the standard library only. Not here: whose words are looked at (mail/judging.py).

python -I receipt_patterns.py, with what to do as JSON on standard input; the answer is JSON on standard output.
"""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

FLAGS = re.IGNORECASE | re.MULTILINE
LONGEST_TEXT = 20_000
"""Characters of one letter that are looked at: a receipt is said in its first lines."""
LONGEST_PATTERN = 200
SHORTEST_NUMBER, LONGEST_NUMBER = 4, 80
WORDS_AROUND = 200
"""Characters."""
PATIENCE_SECONDS = 5


@dataclass(frozen=True)
class FoundNumber:
    """A number, the words in which it stands, and which of the texts holds it."""

    text: int
    number: str
    quote: str


class PatternsTooSlow(Exception):
    """No answer within the time: one of the patterns does not fit the words, or the machine is too busy."""


def fault_of_pattern(pattern: str) -> str:
    """Say why a text is no pattern of a receipt number; "" when it is."""
    if len(pattern) > LONGEST_PATTERN:
        return f"has more than {LONGEST_PATTERN} characters"
    try:
        made = re.compile(pattern, FLAGS)
    except (re.error, OverflowError, RecursionError) as error:
        return f"is no regular expression: {error}"
    if made.groups != 1:
        return f"has {made.groups} groups: exactly one, the number, is wanted"
    return "matches an empty text" if made.match("") else ""


def find_numbers(
    patterns: Sequence[str], texts: Sequence[str], *, seconds: float = PATIENCE_SECONDS
) -> list[FoundNumber]:
    """Return every number that a pattern finds, in the order of texts, patterns and places.

    Raises:
        PatternsTooSlow: the child did not end in time.
    """
    if not texts:
        return []
    work = {"patterns": list(patterns), "texts": [text[:LONGEST_TEXT] for text in texts], "seconds": seconds}
    try:
        child = subprocess.run(
            [sys.executable, "-I", "-S", __file__], input=json.dumps(work).encode(), capture_output=True, env={},
            timeout=seconds, check=True,
        )  # fmt: skip
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        raise PatternsTooSlow(f"the patterns of a receipt number took more than {seconds:g} seconds") from error
    return [FoundNumber(**found) for found in json.loads(child.stdout)]


def search(pattern: str, text: str) -> list[tuple[str, str]]:
    """Return the numbers that a pattern finds in a text, each with its quote."""
    found = []
    for match in re.finditer(pattern, text, FLAGS):
        number = " ".join((match[1] or "").split())
        # "Confirmation number: pending" is none: a number has a digit.
        if SHORTEST_NUMBER <= len(number) <= LONGEST_NUMBER and number.isprintable() and re.search(r"\d", number):
            found.append((number, _quote(text, match)))
    return found


def _quote(text: str, match: re.Match[str]) -> str:
    """Return the lines of a match, no more than some words on either side of the number."""
    begin = max(text.rfind("\n", 0, match.start()) + 1, match.start(1) - WORDS_AROUND)
    stop = text.find("\n", match.end())
    return " ".join(text[begin : min(stop if stop >= 0 else len(text), match.end(1) + WORDS_AROUND)].split())


def main() -> None:
    """Search what was asked for; ends itself when its parent was killed."""
    work = json.load(sys.stdin.buffer)
    signal.setitimer(signal.ITIMER_REAL, work["seconds"] + 1)
    found = [
        {"text": position, "number": number, "quote": quote}
        for position, text in enumerate(work["texts"])
        for pattern in work["patterns"]
        for number, quote in search(pattern, text)
    ]
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
