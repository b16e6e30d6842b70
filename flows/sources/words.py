"""Finding listened words in a stream that cannot be searched, fast: one regular expression for all of them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flows.queries.folding import plain, spelled_out


class Words:
    """Words and phrases, whole and in any case; `*` at the end of one means any ending.

    Spellings count as the same as they do in queries (docs/reference/queries.md): `größe` finds `Groesse`.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self._forms = [
            (fold, re.compile("|".join(_pattern(fold(word)) for word in words))) for fold in (plain, spelled_out)
        ]

    def are_in(self, text: str) -> bool:
        """Whether any of them occurs."""
        return any(pattern.search(fold(text)) for fold, pattern in self._forms)


def _pattern(word: str) -> str:
    parts = [re.escape(part) for part in word.removesuffix("*").split()]
    end = "" if word.endswith("*") else r"(?!\w)"
    return r"(?<!\w)" + r"\s+".join(parts) + end
