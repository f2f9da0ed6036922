"""Which buyers and topics a headline names. Pure: names and headline in, places of them out.

A department is named by its telling words ("Veterans Affairs"), by its initials where these are three letters and more and
written large (GSA, NASA, DoD), or, where one word alone would say too little ("Energy"), only beside the word department.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

_FILLERS = frozenset(
    {"DEPARTMENT", "DEPT", "OF", "THE", "AND", "FOR", "US", "U", "S", "UNITED", "STATES", "ON", "AGENCY"}
)
_SMALL = frozenset({"OF", "THE", "AND", "FOR", "ON"})
_ALONE = frozenset({"ARMY", "NAVY"})
"""Single words that name a buyer by themselves."""
_TURNED = re.compile(r"^(?P<name>.+?),\s*(?P<kind>(?:DEPARTMENT|DEPT|AGENCY|OFFICE)\b.*)$", re.I)


def mentions(headline: str, name: str) -> bool:
    """Say whether a headline names a buyer, however a source writes the buyer's name."""
    words, initials, beside = _signs(name)
    said = _words(headline)
    if any(word.upper() in initials and sum(c.isupper() for c in word) > 1 for word in said):
        return True
    if words == ("VETERANS", "AFFAIRS") and re.search(r"(?<!, )\bVA\b", headline):  # behind a comma it is Virginia
        return True
    large = [word.upper() for word in said]
    places = [n for n in range(len(large)) if words and tuple(large[n : n + len(words)]) == words]
    if not beside:
        return any(said[n][0].isupper() for n in places)
    return any({"DEPARTMENT", "DEPT"} & set(large[max(0, n - 3) : n + 2]) for n in places)


def telling_words(name: str) -> frozenset[str]:
    """Return the words, in capitals, one of which stands in every headline that names a buyer: for finding candidates quickly."""
    words, initials, _ = _signs(name)
    return initials | frozenset(words[:1]) | (frozenset(["VA"]) if words == ("VETERANS", "AFFAIRS") else frozenset())


def headline_words(headline: str) -> frozenset[str]:
    """Return a headline's words in capitals, as `telling_words` has them."""
    return frozenset(word.upper() for word in _words(headline))


def topics_of(headline: str, topics: Iterable[str]) -> tuple[str, ...]:
    """Return the topics that begin at the beginning of a word of the headline, in any case; as a profile's keywords do."""
    return tuple(
        topic for topic in topics if topic.strip() and re.search(rf"(?<!\w){re.escape(topic.strip())}", headline, re.I)
    )


def spoken(name: str) -> str:
    """Turn a buyer's name as it is filed into that which people write: "VETERANS AFFAIRS, DEPARTMENT OF" the right way round."""
    found = _TURNED.match(" ".join(name.split()))
    full = f"{found['kind']} {found['name']}" if found else " ".join(name.split())
    full = re.sub(r"^DEPT\b\.?(?! OF)", "DEPARTMENT OF", full, flags=re.I)
    words = re.sub(r"\bDEPT\b\.?", "DEPARTMENT", full, flags=re.I).split()
    return " ".join(_cased(word, is_first=not n) for n, word in enumerate(words))


def _cased(word: str, *, is_first: bool) -> str:
    if word.upper() in {"US", "U.S."}:
        return "US"
    return word.lower() if word.upper() in _SMALL and not is_first else word.capitalize()


@lru_cache(maxsize=10_000)
def _signs(name: str) -> tuple[tuple[str, ...], frozenset[str], bool]:
    """Return a name's telling words, its initials, and whether its words need the word department beside them."""
    full = [word.upper() for word in _words(spoken(name))]
    telling = tuple(word for word in full if word not in _FILLERS)
    initials = "".join(word[0] for word in full if word not in _SMALL and word not in {"US", "UNITED", "STATES"})
    if full[:2] == ["DEPARTMENT", "OF"] and len(telling) == 1:
        initials = f"DO{telling[0][0]}"  # as people say: DoD, DOE, DOJ
    both = {initials, "".join(word[0] for word in telling)}  # DHHS and HHS
    return telling, frozenset(one for one in both if len(one) >= 3), len(telling) == 1 and telling[0] not in _ALONE


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", re.sub(r"\b([A-Z])\.(?=[A-Z]\.|\s|$)", r"\1", text))
