"""When two spellings of a word count as the same.

Two words are the same when their *plain* forms are equal, or their *spelled-out* forms: `größe` is plain `grosse` and
spelled out `groesse`, so it finds both and both find it, while `due` does not find `du`. The relation is reflexive and
symmetric; it is not transitive on purpose (`grosse` does not find `groesse`). Case folding and canonical forms follow
the Unicode Standard (sections 3.13 and UAX #15); oe, ae, ue and ss are the usual German replacements (Duden).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

Fold = Callable[[str], str]

_MARKS = re.compile("[\u0300-\u036f]+")
_LETTERS = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})
_UMLAUTS = (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("Ä", "ae"), ("Ö", "oe"), ("Ü", "ue"))


def plain(text: str) -> str:
    """Fold case and drop accents: `Größe` -> `grosse`, `Café` -> `cafe`. Applying it twice changes nothing."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKD", text)
    text = _MARKS.sub("", text).casefold().translate(_LETTERS)
    return _MARKS.sub("", unicodedata.normalize("NFKD", text))


def spelled_out(text: str) -> str:
    """Fold case, write umlauts as two letters, and drop other accents: `Größe` -> `groesse`."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFC", text)
    for umlaut, letters in _UMLAUTS:
        text = text.replace(umlaut, letters)
    return plain(text)


def lower(text: str) -> str:
    """Fold case only, keeping umlauts, ß and accents: what `=` compares."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())


def as_written(text: str) -> str:
    """Normal form C: what `==` compares."""
    return unicodedata.normalize("NFC", text)
