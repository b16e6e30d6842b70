"""Confidential documents as keyed fingerprints, and excerpts of them found in posts.

Method: winnowing (Schleimer, Wilkerson and Aiken 2003) over shingles of words. Of every `WINDOW` successive shingles of
a document the one with the smallest hash is kept, so that any run of `SHINGLE + WINDOW - 1` words holds a kept one. A
post is compared in full. Where fingerprints occur in the post in the order and at the distances of the document, their
words count together; edits between them shift the distances a little, and that is allowed.

An excerpt is found when enough words are so covered, those with a meaning of their own counting three times: "if you
have any questions please let us know" is in many documents and gives nothing away. The bounds are such that a run of
`GUARANTEED` words with half as many different ones of meaning is always found: at most one word at each of its ends is
not covered.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

import numpy as np

from flows.errors import UsageError
from flows.leaks.words import Word, folded, visible, words
from models.topic_words import stop_words

SHINGLE = 3
WINDOW = 2
GUARANTEED = 8
MIN_WORDS = 5
MIN_CONTENT = 2
MIN_WEIGHT = 10
"""Covered words, and twice the different ones of meaning among them."""
MOST_WORDS = 500_000
_GAP = 7
"""Words of a post between two fingerprints of one excerpt, at most."""
_SHIFT = 2
"""By how much words lost or added may shift the next fingerprint."""


class ExcerptHit(NamedTuple):
    """A place at which an excerpt was found, in the characters of the visible text."""

    label: str
    start: int
    end: int
    word_count: int


@dataclass(frozen=True)
class DocumentPrints:
    """The kept shingles of one document: hashes (uint64) and the places of their first words (uint32)."""

    hashes: np.ndarray
    places: np.ndarray


@dataclass
class _Chain:
    """Fingerprints that follow one another in a post as they do in a document."""

    last: int
    covered: set[int] = field(default_factory=set)


def fingerprint_document(text: str, key: bytes) -> DocumentPrints:
    """Turn a document into its fingerprints. Raises UsageError when it has too few or too many words."""
    found = words(visible(text))
    if len(found) < GUARANTEED:
        raise UsageError(
            f"has {len(found)} words; an excerpt is recognised from {GUARANTEED} words on. Add it as terms."
        )
    if len(found) > MOST_WORDS:
        raise UsageError(f"has more than {MOST_WORDS:,} words. Add it in parts.")
    hashes = _shingles(found, key)
    kept = winnow(hashes)
    return DocumentPrints(hashes[kept], kept.astype(np.uint32))


def winnow(hashes: np.ndarray) -> np.ndarray:
    """The places [m] of the hashes [n] that are the smallest of a window, the rightmost of equal ones."""
    if len(hashes) <= WINDOW:
        return np.array([len(hashes) - 1 - int(np.argmin(hashes[::-1]))])
    windows = np.lib.stride_tricks.sliding_window_view(hashes, WINDOW)
    from_right = np.argmin(windows[:, ::-1], axis=1)
    return np.unique(np.arange(len(windows)) + WINDOW - 1 - from_right)


class ExcerptMatcher:
    """Finds excerpts of several labels' documents in texts."""

    def __init__(self, documents: Sequence[tuple[str, DocumentPrints]], key: bytes) -> None:
        self._key = key
        self._labels = [label for label, _ in documents]
        self._places: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for number, (_, prints) in enumerate(documents):
            for digest, place in zip(prints.hashes.tolist(), prints.places.tolist(), strict=True):
                self._places[digest].append((number, place))

    def find(self, text: str) -> Iterator[ExcerptHit]:
        """The excerpts in a visible text."""
        if not self._places:
            return
        found = words(text)
        if len(found) < SHINGLE:
            return
        hits: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for at, digest in enumerate(_shingles(found, self._key).tolist()):
            for number, place in self._places.get(digest, ()):
                hits[number].append((at, place - at))
        for number, places in hits.items():
            for chain in _chains(places):
                covered = sorted(chain.covered)
                content = _content(found, covered)
                if len(covered) >= MIN_WORDS and content >= MIN_CONTENT and len(covered) + 2 * content >= MIN_WEIGHT:
                    yield ExcerptHit(
                        self._labels[number], found[covered[0]].start, found[covered[-1]].end, len(covered)
                    )


def _chains(places: Sequence[tuple[int, int]]) -> list[_Chain]:
    """Join hits (place in the post, distance to the place in the document), given in the order of the post."""
    chains: list[_Chain] = []
    latest: dict[int, _Chain] = {}
    for at, distance in places:
        nearby = (latest.get(distance + shift) for shift in sorted(range(-_SHIFT, _SHIFT + 1), key=abs))
        chain = next((one for one in nearby if one and at - one.last <= _GAP + SHINGLE), None)
        if chain is None:
            chain = _Chain(at)
            chains.append(chain)
        chain.last = at
        chain.covered.update(range(at, at + SHINGLE))
        latest[distance] = chain
    return chains


def _content(found: Sequence[Word], covered: Sequence[int]) -> int:
    """How many different words with a meaning of their own are among the covered ones."""
    return len({found[at].form for at in covered if len(found[at].form) > 2} - _empty_words())


@cache
def _empty_words() -> frozenset[str]:
    return frozenset(folded(word) for language in ("de", "en") for word in stop_words(language))


def _shingles(found: Sequence[Word], key: bytes) -> np.ndarray:
    """The keyed hashes of all runs of `SHINGLE` words, in their order: uint64 [n]."""
    forms = [word.form for word in found]
    return np.array(
        [
            int.from_bytes(
                hashlib.blake2b(
                    " ".join(forms[at : at + SHINGLE]).encode(), key=key, digest_size=8, person=b"leak-excerpt"
                ).digest(),
                "little",
            )
            for at in range(len(forms) - SHINGLE + 1)
        ],
        dtype=np.uint64,
    )
