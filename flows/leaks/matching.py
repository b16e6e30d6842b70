"""A post beside the whole watchlist: what it gives away, one hit per name."""

from __future__ import annotations

from dataclasses import dataclass

from flows.leaks.excerpts import ExcerptMatcher
from flows.leaks.terms import TermMatcher
from flows.leaks.watchlist import Watchlist
from flows.leaks.words import visible, words

_AROUND = 80
_LONGEST_EXCERPT = 400
_RANK = {"excerpt": 0, "term": 1, "variant": 2}


@dataclass(frozen=True)
class Hit:
    """What a post gives away under one name: how it was seen, the share of the post's words, and the place in it."""

    label: str
    kind: str
    matched_share: float
    excerpt: str


class LeakMatcher:
    """Looks for everything on a watchlist."""

    def __init__(self, watchlist: Watchlist) -> None:
        entries = watchlist.entries.values()
        self._terms = TermMatcher([(one.label, term) for one in entries for term in one.terms], watchlist.key)
        self._excerpts = ExcerptMatcher([(one.label, text) for one in entries for text in one.documents], watchlist.key)

    def find(self, text: str) -> list[Hit]:
        """What a text gives away. Of several places under one name, the surest: an excerpt, a term, a variant."""
        seen = visible(text)
        places = [(hit.label, "excerpt", hit.start, hit.end, hit.word_count) for hit in self._excerpts.find(seen)]
        terms = list(self._terms.find(seen))
        if not places and not terms:
            return []
        all_words = words(seen)
        places += [
            (
                hit.label,
                hit.kind,
                hit.start,
                hit.end,
                sum(one.end > hit.start and one.start < hit.end for one in all_words),
            )
            for hit in terms
        ]
        best: dict[str, Hit] = {}
        for label, kind, start, end, count in sorted(places, key=lambda one: (_RANK[one[1]], -one[4], one[2])):
            if label not in best:
                best[label] = Hit(label, kind, count / len(all_words), _around(seen, start, end))
        return list(best.values())


def _around(text: str, start: int, end: int) -> str:
    """A place with some words around it, on one line."""
    first, last = max(0, start - _AROUND), min(len(text), min(end, start + _LONGEST_EXCERPT) + _AROUND)
    before, after = "… " if first else "", " …" if last < len(text) else ""
    return before + " ".join(text[first:last].split()) + after
