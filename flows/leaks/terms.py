"""Confidential terms as keyed fingerprints: found in other spellings and with one wrong letter.

A term is compared without its blanks and hyphens. One wrong letter is found by deletion neighbourhoods (as in SymSpell,
Garbe 2012, after Mor and Fraenkel 1982): two strings at distance one become equal when each loses one letter. The place
of the lost letter is part of what is hashed, so that exactly the optimal string alignment distance of one is found: a
letter too many, too few, wrong, or two swapped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple

from flows.errors import UsageError
from flows.leaks.words import Word, parts, visible

SHORTEST = 4
LONGEST = 80
TYPOS_FROM = 8
"""Letters from which on a wrong one is allowed; in shorter terms it would mean another word too often."""
_EDGE = 3
"""One wrong letter, or two swapped, in `TYPOS_FROM` leave the first or the last so many as they are."""
_MOST_PARTS = 20
_KEPT_EDGES = 200_000
_WHOLE = -1
"""The place of a lost letter where nothing has to be lost."""

TermKind = Literal["term", "variant"]


@dataclass(frozen=True)
class TermPrints:
    """The fingerprints of one term. `edges`, its first and last letters, spare most words of a post a closer look."""

    edges: tuple[bytes, bytes]
    exact: bytes
    near: frozenset[bytes]


class TermHit(NamedTuple):
    """A place at which a term was found, in the characters of the visible text."""

    label: str
    kind: TermKind
    start: int
    end: int


def fingerprint_term(term: str, key: bytes) -> TermPrints:
    """Turn a term into its fingerprints. Raises UsageError, without the term, when it is too short or too long."""
    joined = "".join(part.form for part in parts(visible(term)))
    if len(joined) < SHORTEST:
        raise UsageError(
            f"a term has fewer than {SHORTEST} letters and digits: it would be found everywhere, and could be guessed "
            "from its fingerprint. Use a longer name for it."
        )
    if len(joined) > LONGEST:
        raise UsageError(f"a term has more than {LONGEST} letters and digits. Add longer texts as a document.")
    digest = partial(_digest, key)
    near = frozenset(digest("near", place, rest) for place, rest in _stored_neighbours(joined))
    return TermPrints(
        (digest("edge", 0, joined[:_EDGE]), digest("edge", 1, joined[-_EDGE:])), digest("exact", 0, joined), near
    )


class TermMatcher:
    """Finds the terms of several labels in texts."""

    def __init__(self, terms: Sequence[tuple[str, TermPrints]], key: bytes) -> None:
        self._digest = partial(_digest, key)
        self._exact = {prints.exact: label for label, prints in terms}
        self._near = {near: label for label, prints in terms for near in prints.near}
        self._edges = {edge for _, prints in terms for edge in prints.edges}
        self._known: dict[tuple[int, str], bool] = {}

    def find(self, text: str) -> Iterator[TermHit]:
        """The places in a visible text that name a term; a window with a wrong letter only where no exact one is."""
        if not self._exact:
            return
        found = parts(text)
        for first, last, joined in self._windows(found):
            hit = self._look_up(joined)
            if hit:
                label, kind = hit
                yield TermHit(label, kind, found[first].start, found[last - 1].end)

    def _windows(self, found: Sequence[Word]) -> Iterator[tuple[int, int, str]]:
        """Runs of words whose first or last letters are those of a term."""
        starts = [self._is_edge(0, self._edge_from(found, at)) for at in range(len(found))]
        ends = [self._is_edge(1, self._edge_to(found, at)) for at in range(len(found))]
        if not any(starts) and not any(ends):
            return
        for first in range(len(found)):
            joined = ""
            for last in range(first, min(first + _MOST_PARTS, len(found))):
                joined += found[last].form
                if len(joined) > LONGEST + 1:
                    break
                if (starts[first] or ends[last]) and len(joined) >= SHORTEST:
                    yield first, last + 1, joined

    def _look_up(self, joined: str) -> tuple[str, TermKind] | None:
        label = self._exact.get(self._digest("exact", 0, joined))
        if label is not None:
            return label, "term"
        if len(joined) >= TYPOS_FROM - 1:
            for place, rest in _asked_neighbours(joined):
                label = self._near.get(self._digest("near", place, rest))
                if label is not None:
                    return label, "variant"
        return None

    def _is_edge(self, side: int, letters: str) -> bool:
        known = self._known.get((side, letters))
        if known is None:
            if len(self._known) >= _KEPT_EDGES:
                self._known.clear()
            known = self._known[side, letters] = self._digest("edge", side, letters) in self._edges
        return known

    @staticmethod
    def _edge_from(found: Sequence[Word], at: int) -> str:
        letters = found[at].form[:_EDGE]
        while len(letters) < _EDGE and (at := at + 1) < len(found):
            letters += found[at].form
        return letters[:_EDGE]

    @staticmethod
    def _edge_to(found: Sequence[Word], at: int) -> str:
        letters = found[at].form[-_EDGE:]
        while len(letters) < _EDGE and (at := at - 1) >= 0:
            letters = found[at].form + letters
        return letters[-_EDGE:]


def _stored_neighbours(term: str) -> Iterator[tuple[int, str]]:
    """What a term answers to: a letter inserted anywhere, each of its letters wrong or lost, each two swapped."""
    if len(term) < TYPOS_FROM:
        return
    for place in range(len(term) + 1):
        yield place, term
    for place in range(len(term)):
        rest = term[:place] + term[place + 1 :]
        yield place, rest
        yield _WHOLE, rest
    for place in range(len(term) - 1):
        yield _WHOLE, term[:place] + term[place + 1] + term[place] + term[place + 2 :]


def _asked_neighbours(word: str) -> Iterator[tuple[int, str]]:
    """What a word of a post asks for: itself as it is, and each of its letters lost."""
    yield _WHOLE, word
    for place in range(len(word)):
        yield place, word[:place] + word[place + 1 :]


def _digest(key: bytes, kind: str, place: int, text: str) -> bytes:
    return hashlib.blake2b(
        f"{kind}\x1f{place}\x1f{text}".encode(), key=key, digest_size=16, person=b"leak-term"
    ).digest()
