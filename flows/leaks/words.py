"""The words of a text in the form in which leaks are looked for, with their places.

Folded away are case, accents, the two ways to write an umlaut (`ä`, `ae`), `ß`, invisible characters, punctuation, and
digits that stand for letters (`Pr0jekt`).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from flows.queries.folding import plain

_WORD = re.compile(r"[^\W_]+")
_CAPITAL_INSIDE = re.compile(r"(?<=[a-zß-öø-ÿ])(?=[A-ZÀ-ÖØ-Þ])")
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff]"
)
_UMLAUTS = re.compile("(?<=[aou])e")
_LEET = str.maketrans("0134578", "oieastb")


class Word(NamedTuple):
    """A word: its folded form, and where it begins and ends in the visible text."""

    form: str
    start: int
    end: int


def visible(text: str) -> str:
    """The text in compatibility composition (NFKC), without characters that nobody sees."""
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))


def words(text: str) -> list[Word]:
    """The words of a visible text."""
    return [Word(folded(match[0]), *match.span()) for match in _WORD.finditer(text)]


def parts(text: str) -> list[Word]:
    """The words of a visible text, cut where small letters turn into capitals: `#ProjektX` is `projekt`, `x`."""
    found = []
    for match in _WORD.finditer(text):
        start = match.start()
        for part in _CAPITAL_INSIDE.split(match[0]):
            found.append(Word(folded(part), start, start + len(part)))
            start += len(part)
    return found


@lru_cache(maxsize=200_000)
def folded(word: str) -> str:
    """A word as it is compared. The umlaut's `e` goes everywhere, so that `Größe`, `Groesse` and `GROSSE` are equal."""
    return _UMLAUTS.sub("", plain(word)).translate(_LEET)
