"""Replacing what a recogniser finds in a text by its placeholder."""

from __future__ import annotations

import re
from collections.abc import Callable

Judge = Callable[[re.Match[str]], tuple[int, int] | None]
"""Says where personal data begins and ends around a candidate, or None when it is none."""


def replace(candidates: re.Pattern[str], judge: Judge, placeholder: str, text: str) -> str:
    """Replace every candidate that the judge confirms; a refused one is searched again from its second character on.

    The judge may widen a candidate to the left, but never into what has been replaced already.
    """
    parts: list[str] = []
    done = at = 0
    while (match := candidates.search(text, at)) is not None:
        span = judge(match)
        if span is None:
            at = match.start() + 1
            continue
        start, end = max(span[0], done), span[1]
        parts += (text[done:start], placeholder)
        done = at = end
    if not parts:
        return text
    parts.append(text[done:])
    return "".join(parts)
