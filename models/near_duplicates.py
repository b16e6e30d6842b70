"""Which posts repeat one another: folded texts, MinHash signatures in bands, and their likeness.

Method: MinHash (Broder 1997) over the character 5-grams of the folded text, candidates by banded locality-sensitive
hashing (Leskovec, Rajaraman, Ullman: Mining of Massive Datasets, chapter 3), confirmed by the exact Jaccard similarity.
Short posts say the same by chance ("thanks, it works again now"), so only longer ones can be copies; the limits and the
threshold were chosen on real posts (docs/decisions/copies.md).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import itemgetter

import numpy as np
from rensa import RMinHash

SIMILARITY_THRESHOLD = 0.6
BANDS = 20
_ROWS = 4
_SHINGLE = 5
_SEED = 42
_EXACT_MINIMUM = (8, 40)
"""Words of letters and characters that a folded text needs for an equal one to be its copy."""
_NEAR_MINIMUM = (12, 60)
"""The same for a merely similar one."""

SIGNATURE_VERSION = f"rensa{RMinHash.ALGORITHM_VERSION}-{BANDS}x{_ROWS}-{_SHINGLE}-{_SEED}"
"""Signatures of different versions cannot be compared."""

_LEFT_OUT = re.compile(
    r"(?:https?://|www\.)\S+|@[\w.\-@]+|&(?:amp|lt|gt|quot|#\d+);|\[(?:email|phone|iban|card|address|token|tax-id|insurance-id|plate|name)\]"
)
_WORD = re.compile(r"[^\W_]+")
_LETTERS = re.compile(r"\b[^\W\d_]{2,}\b")


def fold(text: str) -> str:
    """Bring a text to the form in which copies are equal: words only, in lower case, without links and handles."""
    return " ".join(_WORD.findall(_LEFT_OUT.sub(" ", unicodedata.normalize("NFKC", text)).casefold()))


def text_key(folded: str) -> str | None:
    """Give the key that exact copies share (32 hex digits, BLAKE2b), or None when the text is too short to be one."""
    if not _reaches(folded, _EXACT_MINIMUM):
        return None
    return hashlib.blake2b(folded.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def is_comparable(folded: str) -> bool:
    """Whether a text is long enough for a similar one to be its copy."""
    return _reaches(folded, _NEAR_MINIMUM)


def buckets(folded: Sequence[str]) -> np.ndarray:
    """Compute the bucket of each text in each band: uint64 [n, BANDS].

    Texts that share a bucket in any band are candidates. Two texts of similarity 0.6 are candidates with probability
    0.94, of 0.7 with 0.996, of 0.2 with 0.03.
    """
    if not folded:
        return np.zeros((0, BANDS), dtype=np.uint64)
    digests = RMinHash.digest_matrix_from_token_sets([list(_shingles(text)) for text in folded], BANDS * _ROWS, _SEED)
    rows = np.array(digests.to_rows(), dtype=np.uint64).reshape(len(folded), BANDS, _ROWS)
    mixed = np.zeros((len(folded), BANDS), dtype=np.uint64)
    for row in range(_ROWS):
        mixed = (mixed ^ rows[:, :, row]) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    return mixed


def similarity(one: str, other: str) -> float:
    """Jaccard similarity of the 5-grams of two folded texts, 0 to 1."""
    return _jaccard(_shingles(one), _shingles(other))


def similarities(folded: Mapping[str, str], pairs: Sequence[tuple[str, str]]) -> list[float]:
    """Similarity of many pairs of keys of `folded`; fastest when pairs with the same first key follow one another."""
    scores: list[float] = []
    for first, following in groupby(pairs, key=itemgetter(0)):
        shingles = _shingles(folded[first])
        scores += [_jaccard(shingles, _shingles(folded[other])) for _, other in following]
    return scores


def groups(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Join pairs to groups (union-find): every key that occurs, with the smallest key of its group.

    Neither the order of the pairs nor that within a pair makes a difference.
    """
    parent: dict[str, str] = {}

    def root(key: str) -> str:
        parent.setdefault(key, key)
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    for one, other in pairs:
        first, second = sorted((root(one), root(other)))
        parent[second] = first
    return {key: root(key) for key in parent}


def _shingles(folded: str) -> set[str]:
    return {folded[at : at + _SHINGLE] for at in range(max(len(folded) - _SHINGLE + 1, 1))}


def _jaccard(first: set[str], second: set[str]) -> float:
    shared = len(first & second)
    return shared / (len(first) + len(second) - shared)


def _reaches(folded: str, minimum: tuple[int, int]) -> bool:
    words, characters = minimum
    return len(folded) >= characters and len(_LETTERS.findall(folded)) >= words
