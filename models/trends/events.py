"""From days that stand out to events with a beginning and an end."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import numpy as np

LARGEST_GAP = 2
"""Days without a sign after which an event is over."""


def events(hits: np.ndarray, signs: np.ndarray) -> Iterator[tuple[int, int, int]]:
    """Join days to events.

    Args:
        hits: days that are reported, bool [series, days].
        signs: days that show something, reported or not (a p value below 0.05), bool [series, days].

    Yields:
        Series, first and last day of each event: a run of days with a sign, with gaps of at most LARGEST_GAP days, at
        least one of them reported.
    """
    signs = signs | hits
    for series in np.flatnonzero(hits.any(axis=1)):
        days = np.flatnonzero(signs[series])
        run = np.concatenate([[0], np.cumsum(np.diff(days) > LARGEST_GAP)])
        for _, group in groupby(zip(run, days, strict=True), key=lambda pair: int(pair[0])):
            members = [int(day) for _, day in group]
            if hits[series, members].any():
                yield int(series), members[0], members[-1]
