"""Where terms stand: spans of word positions, and the joins that phrases and NEAR are made of.

Positions count through all posts of a batch; between two posts lies a gap wider than any distance, so that no phrase
and no NEAR reaches from one into the next.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

Positions = np.ndarray
"""int64 [n]"""


class Spans(NamedTuple):
    """Spans from `starts[i]` to `ends[i]`, both included, sorted by start; no two are equal."""

    starts: Positions
    ends: Positions


def make_spans(starts: Positions, ends: Positions) -> Spans:
    """Sort spans and drop repetitions."""
    order = np.lexsort((ends, starts))
    starts, ends = starts[order], ends[order]
    if len(starts):
        is_new = np.concatenate(([True], (np.diff(starts) != 0) | (np.diff(ends) != 0)))
        starts, ends = starts[is_new], ends[is_new]
    return Spans(starts, ends)


def union(parts: list[Spans]) -> Spans:
    """Spans of any of the parts."""
    if len(parts) == 1:
        return parts[0]
    return make_spans(np.concatenate([part.starts for part in parts]), np.concatenate([part.ends for part in parts]))


def expand(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Write out ranges: for each value of `low[i]` to `high[i] - 1` the i it comes from, and the value itself."""
    counts = high - low
    owners = np.repeat(np.arange(len(counts)), counts)
    return owners, np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts) + low[owners]


def followed_by(first: Spans, second: Spans) -> Spans:
    """Spans of `first` directly followed by `second`, from the start of the one to the end of the other."""
    low = np.searchsorted(second.starts, first.ends + 1, "left")
    high = np.searchsorted(second.starts, first.ends + 1, "right")
    left, right = expand(low, high)
    return make_spans(first.starts[left], second.ends[right])


def near(one: Spans, other: Spans, distance: int) -> Spans:
    """Spans of `other` with one of `one` before or after it and at most `distance` positions between."""
    after = np.searchsorted(one.starts, other.ends + 1, "left") < np.searchsorted(
        one.starts, other.ends + 1 + distance, "right"
    )
    ends = np.sort(one.ends)
    before = np.searchsorted(ends, other.starts - 1 - distance, "left") < np.searchsorted(
        ends, other.starts - 1, "right"
    )
    return Spans(other.starts[after | before], other.ends[after | before])
