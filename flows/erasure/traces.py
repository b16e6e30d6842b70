"""Traces: whether a text quotes one of many posts, or names their ids or addresses, however it is escaped."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

WINDOW = 24
STRIDE = 12
"""Letters and digits: whatever repeats WINDOW + STRIDE - 1 of them in a row holds a whole window."""
SHORTEST_TEXT = 12
"""A post of fewer letters and digits is found whole places only ("Danke, Acme!" is said by many)."""
SHORTEST_NAME = 12
SHORTEST_NUMBER = 15

_ESCAPED = re.compile(r"\\+u([0-9a-fA-F]{4})")
_BETWEEN = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Traces:
    """Pieces of what has to go, in normal form."""

    needles: tuple[str, ...]

    @classmethod
    def of(cls, texts: Iterable[str], names: Iterable[str]) -> Traces:
        """Take texts of posts apart, and ids and addresses as they are; those too short to tell are left out."""
        needles: set[str] = set()
        for text in texts:
            normal = normal_form(text)
            if len(normal) < WINDOW + STRIDE:
                needles |= {normal} if len(normal) >= SHORTEST_TEXT else set()
            needles.update(normal[at : at + WINDOW] for at in range(0, len(normal) - WINDOW + 1, STRIDE))
        for name in map(normal_form, names):
            if len(name) >= (SHORTEST_NUMBER if name.isdigit() else SHORTEST_NAME):
                needles.add(name)
        return cls(tuple(sorted(needles)))

    def found_in(self, texts: Iterable[str | None]) -> list[bool]:
        """For each text whether a trace is in it."""
        given = [normal_form(text or "") for text in texts]
        if not self.needles:
            return [False] * len(given)
        return pl.Series(given, dtype=pl.String).str.contains_any(list(self.needles)).to_list()

    def is_in(self, text: str) -> bool:
        """Whether a trace is in a text."""
        return self.found_in([text])[0]


def normal_form(text: str) -> str:
    """Letters and digits only, in one case, with the escapes of JSON and HTML undone."""
    if "\\u" in text:
        text = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
    if "&" in text:
        text = html.unescape(html.unescape(text))
    return _BETWEEN.sub("", re.sub(r"\\+[nrt]", " ", text)).casefold()
