"""Points that a notice's own text asks for, each with the words that ask, byte for byte as they are stored. No quote, no point.

Every rule is data: a word to look for, what its sentence must say, what it must not say. Nothing here understands a text: a
point found is a question to the person who works on the offer, who ticks, waives or removes it.

Time is bounded whatever the text: markup is masked by one pass, anchors begin with a letter and repeat nothing, each rule looks
at a limited number of sentences of limited length. Not here: what templates ask of every offer (checklist_templates.py).
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pipelines.submission.text_rules import Rule, rules
from warehouse.domain.checklist import DueBefore, Reliance

MOST_CHARACTERS = 2_000_000
MOST_POINTS = 40
AROUND = 80
"""Characters before and behind a word in which its anchor is looked for."""
MOST_LOOKS = 3_000
"""Places of a word at which one rule tries its anchor."""
MOST_TRIES = 200
"""Sentences that one rule looks at; a text that names a thing so often without asking for it asks nothing."""
MOST_BACK, MOST_AHEAD = 220, 260
"""How far a sentence reaches before and behind its anchor."""
MARKUP = re.compile(r"<[^<>]{1,500}>|&(?:nbsp|#160|#xa0);", re.I)
LINE_BREAK = re.compile(r"</?(?:p|br|div|li|tr|td|th|ul|ol|table|h[1-6])\b", re.I)
BREAK = re.compile(r"\n[ \t\r]{0,40}(?=\n)|\n(?=[ \t]{0,20}(?:[-*•·]|\(?[0-9a-z]{1,3}[.)]))")
"""Line ends that end a sentence: an empty line, or one before an item of a list."""
BLANKS = re.compile("[ \x1f]{2,}")
SENTENCE_END = re.compile(r"[.;!?](?=[ \x1f])|\x1f")
ABBREVIATION = re.compile(
    r"(?:\b(?:no|nos|e\.g|i\.e|st|u\.s|inc|dr|mr|ms|mrs|p\.o|attn|approx|sec|para|vol|p\.m|a\.m|p|a|m)|^\W*[0-9a-z]{1,2})\.$"
)


@dataclass(frozen=True)
class FoundPoint:
    """A point with its evidence.

    Attributes:
        kind: The rule's name.
        quote: The words that ask for it: `texts[field][start:start + len(quote)]`, markup included.
        start: Counted in characters.
    """

    kind: str
    title: str
    detail: str
    field: str
    start: int
    quote: str
    is_required: bool
    due: DueBefore
    relies_on: frozenset[Reliance]


class Words:
    """A text as the rules read it: small letters, markup gone, one blank between words; it knows where each place was stored."""

    def __init__(self, stored: str) -> None:
        self.stored = stored
        words = masked(stored)
        self._places, self._was, parts, end = [0], [0], list[str](), 0
        length = 0
        for run in BLANKS.finditer(words):
            parts += [words[end : run.start()], "\x1f" if "\x1f" in run[0] else " "]
            length += run.start() - end + 1
            end = run.end()
            self._places.append(length)
            self._was.append(end)
        parts.append(words[end:])
        self.text = "".join(parts)

    def quote(self, start: int, end: int) -> tuple[int, str]:
        """Return where a part stands in the stored text, and the part as it is stored."""
        first, last = self._stored(start), self._stored(end - 1) + 1
        return first, self.stored[first:last]

    def _stored(self, place: int) -> int:
        run = bisect_right(self._places, place) - 1
        return self._was[run] + place - self._places[run]


def points_in(texts: Mapping[str, str]) -> tuple[FoundPoint, ...]:
    """Find what texts ask for, each kind (and each value of it) once, in the order of the rules.

    Args:
        texts: By field; of each the first two million characters are read.
    """
    read = {name: Words(text[:MOST_CHARACTERS]) for name, text in texts.items()}
    found: list[FoundPoint] = []
    for rule in rules():
        points: dict[str, FoundPoint] = {}
        for name, words in read.items():
            for match in _matches(rule, words.text):
                if len(points) < rule.most:
                    point = _point(rule, name, words, match)
                    points.setdefault(point.title.lower(), point)
        found += points.values()
    return tuple(found[:MOST_POINTS])


def _point(rule: Rule, field: str, words: Words, match: "_Match") -> FoundPoint:
    start, quote = words.quote(match.start, match.end)
    return FoundPoint(
        kind=rule.kind,
        title=rule.title_of(match.group),
        detail=rule.detail,
        field=field,
        start=start,
        quote=quote,
        is_required=rule.is_required,
        due=DueBefore(rule.days),
        relies_on=frozenset({Reliance.TEXT}),
    )


def masked(text: str) -> str:
    """Return a text in small letters whose markup and line ends are blank, each sign where it was; \x1f ends a sentence."""
    blank = MARKUP.sub(lambda m: ("\x1f" if LINE_BREAK.match(m[0]) else " ") * len(m[0]), text)
    # The only letter whose small form is longer than itself.
    small = blank.replace("İ", "i").lower()
    if len(small) != len(text):
        small = blank
    broken = BREAK.sub(lambda m: "\x1f" * len(m[0]), small)
    return broken.replace("\n", " ").replace("\r", " ").replace("\t", " ").replace("\xa0", " ")


@dataclass(frozen=True)
class _Match:
    start: int
    end: int
    group: str


def _matches(rule: Rule, words: str) -> Iterator[_Match]:
    for anchor in _anchors(rule, words)[:MOST_TRIES]:
        start, end = sentence(words, anchor.start(), anchor.end())
        said = words[start:end]
        if rule.says is not None and not rule.says.search(said):
            continue
        if rule.says_not is not None and rule.says_not.search(said):
            continue
        group = next((g for g in anchor.groups() if g), "") if anchor.re.groups else anchor[0]
        yield _Match(start, end, " ".join(group.split()))


def _anchors(rule: Rule, words: str) -> list[re.Match[str]]:
    """Return where an anchor stands, in order: a plain search for one of its words, then the pattern around it."""
    found: dict[int, re.Match[str]] = {}
    for word in rule.near:
        place, looks = words.find(word), 0
        while place >= 0 and looks < MOST_LOOKS and len(found) < MOST_TRIES:
            looks += 1
            for match in rule.anchor.finditer(words, max(0, place - AROUND), place + AROUND):
                found.setdefault(match.start(), match)
            place = words.find(word, place + len(word))
    return [found[start] for start in sorted(found)]


def sentence(words: str, start: int, end: int) -> tuple[int, int]:
    """Return where the sentence begins and ends that holds a place; at most 220 characters before it and 260 behind."""
    low = max(0, start - MOST_BACK)
    before = words[low:start]
    begin = low
    for stop in SENTENCE_END.finditer(before):
        if not ABBREVIATION.search(before[max(0, stop.end() - 8) : stop.end()]):
            begin = low + stop.end()
    if begin == low and low > 0:
        begin = _after_blank(words, low, start)
    high = min(len(words), end + MOST_AHEAD)
    finish = high
    for stop in SENTENCE_END.finditer(words, end, high):
        if not ABBREVIATION.search(words[max(0, stop.end() - 8) : stop.end()]):
            finish = stop.start() + (words[stop.start()] in ".;!?")
            break
    else:
        if high < len(words):
            finish = max(end, words.rfind(" ", end, high))
    said = words[begin:finish]
    skipped = len(said) - len(said.lstrip(" \x1f-*•·"))
    return begin + skipped, begin + len(said.rstrip(" \x1f"))


def _after_blank(words: str, low: int, start: int) -> int:
    """Begin a sentence that is cut at a word's beginning."""
    blank = words.find(" ", low, start)
    return low if blank < 0 else blank + 1
