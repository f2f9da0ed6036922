"""Titles as vectors: words and pieces of words, weighted by how rare they are.

Here: tokens, the table of rarities (IDF), cosine similarity of titles. Not here: codes (code_similarity.py), weights of
the kinds of evidence against each other (ranker.py).
"""

import hashlib
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array

GRAM_LENGTHS = (3, 4, 5)
"""Pieces long enough to carry a stem, short enough to meet across spellings ("elec", "electrical", "electronics")."""

# Supply offices put the product group before the title: "53--WASHER,FLAT". It is in psc_code already.
_GROUP_PREFIX = re.compile(r"^\s*[0-9A-Z]{1,4}\s*--+")
_WORD = re.compile(r"[^\W_]+")


def words(title: str | None) -> list[str]:
    """Split a title into words, folded in case and width, without the product group that some offices put in front."""
    return _WORD.findall(unicodedata.normalize("NFKC", _GROUP_PREFIX.sub("", title or "")).casefold())


def grams(word: str) -> list[str]:
    """Cut a word, marked at both ends, into its pieces of GRAM_LENGTHS characters."""
    marked = f" {word} "
    return [marked[i : i + n] for n in GRAM_LENGTHS for i in range(len(marked) - n + 1)]


@dataclass(frozen=True)
class Idf:
    """How rare words are: the table against which titles are compared. Scores are equal only under equal tables.

    Attributes:
        n_texts: Number of texts counted.
        word_counts: Word -> number of texts that hold it.
    """

    n_texts: int
    word_counts: Mapping[str, int]

    @cached_property
    def version(self) -> str:
        """Hash of the content, twelve hex digits; part of the scorer's id."""
        digest = hashlib.sha256(f"{self.n_texts}\n".encode())
        for word in sorted(self.word_counts):
            digest.update(f"{word} {self.word_counts[word]}\n".encode("utf-8", "surrogatepass"))
        return digest.hexdigest()[:12]

    @cached_property
    def gram_counts(self) -> Mapping[str, int]:
        """Piece -> number of texts, as far as the words tell: the sum over the words that hold it."""
        counts: Counter[str] = Counter()
        for word, n in self.word_counts.items():
            for gram in set(grams(word)):
                counts[gram] += n
        return counts

    def of_word(self, word: str) -> float:
        """Weigh a word: 1 when every text holds it, more the rarer it is, most when unseen."""
        return self._weight(self.word_counts.get(word, 0))

    def is_common(self, word: str) -> bool:
        """Say whether a word stands in more than one text of twenty, as "and" and "services" do, and so tells little."""
        # In a pool of less than a hundred texts a share says nothing: there a word must occur more than five times.
        return self.word_counts.get(word, 0) > max(5, self.n_texts / 20)

    def of_gram(self, gram: str) -> float:
        """Weigh a piece of a word in the same way."""
        return self._weight(self.gram_counts.get(gram, 0))

    def _weight(self, count: int) -> float:
        return math.log((1 + self.n_texts) / (1 + min(count, self.n_texts))) + 1


def build_idf(texts: Iterable[str | None]) -> Idf:
    """Count in how many of `texts` (titles) each word occurs. No text at all is allowed: every word is then as rare."""
    counts: Counter[str] = Counter()
    n_texts = 0
    for text in texts:
        n_texts += 1
        counts.update(set(words(text)))
    return Idf(n_texts, dict(counts))


class TitleSpace:
    """A column of titles as vectors, and the similarity of other titles to each of them.

    Tokens are numbered in alphabetical order: a title's numbers then add up in the same order whatever else the column
    holds, and its similarity is the same to the last bit.
    """

    def __init__(self, titles: Sequence[str | None], idf: Idf) -> None:
        """Vectorise `titles` under the rarities of `idf`."""
        self._idf = idf
        self.tokens = [words(title) for title in titles]
        self._words, by_word = _unit_rows(_counted(self.tokens), idf.of_word)
        self._grams, by_gram = _unit_rows(_counted_grams(self.tokens), idf.of_gram)
        self._by_word, self._by_gram = csr_array(by_word.T), csr_array(by_gram.T)

    def similarities(self, titles: Sequence[str | None]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Compare `titles` with the column: cosine by words, cosine by pieces of words.

        Returns:
            Two arrays of shape (len(titles), length of the column), 0 to 1; 0 for an empty title.
        """
        lines = [words(title) for title in titles]
        by_word = _renumbered(*_unit_rows(_counted(lines), self._idf.of_word), self._words)
        by_gram = _renumbered(*_unit_rows(_counted_grams(lines), self._idf.of_gram), self._grams)
        return (by_word @ self._by_word).toarray(), (by_gram @ self._by_gram).toarray()


Numbered = dict[str, int]


def _counted(lines: Sequence[Sequence[str]]) -> tuple[Numbered, csr_array]:
    """Number the tokens alphabetically and count them by line."""
    vocabulary = {token: i for i, token in enumerate(sorted({token for line in lines for token in line}))}
    columns = np.array([vocabulary[token] for line in lines for token in line], dtype=np.int64)
    starts = np.cumsum([0, *(len(line) for line in lines)])
    counts = csr_array((np.ones(len(columns)), columns, starts), shape=(len(lines), len(vocabulary)))
    counts.sum_duplicates()
    return vocabulary, counts


def _counted_grams(lines: Sequence[Sequence[str]]) -> tuple[Numbered, csr_array]:
    """Count the pieces of words by line, cutting each distinct word once."""
    vocabulary, by_word = _counted(lines)
    pieces, spelled = _counted([grams(word) for word in vocabulary])
    return pieces, csr_array(by_word @ spelled)


def _unit_rows(counted: tuple[Numbered, csr_array], weight: Callable[[str], float]) -> tuple[Numbered, csr_array]:
    """Turn counts into (1 + ln count) x rarity, each row of length 1."""
    vocabulary, counts = counted
    counts.sort_indices()
    weights = np.array([weight(token) for token in vocabulary], dtype=np.float64)
    counts.data = (1 + np.log(counts.data)) * weights[counts.indices]
    lengths = np.sqrt(counts.multiply(counts).sum(axis=1))
    return vocabulary, csr_array(diags_array(1 / np.where(lengths > 0, lengths, 1)) @ counts)


def _renumbered(own: Numbered, vectors: csr_array, other: Numbered) -> csr_array:
    """Give the columns the numbers they have in another vocabulary; tokens it lacks have played their part in the length."""
    known = [token for token in own if token in other]
    kept = csr_array(vectors[:, [own[token] for token in known]])
    numbers = np.array([other[token] for token in known], dtype=np.int64)
    return csr_array((kept.data, numbers[kept.indices], kept.indptr), shape=(len(vectors.indptr) - 1, len(other)))
