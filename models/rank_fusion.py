"""One ranking from several."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

SMOOTHING = 60


def fused(rankings: Iterable[Sequence[str]], smoothing: int = SMOOTHING) -> list[tuple[str, float]]:
    """Fuse rankings of ids, best first, by the sum of 1 / (smoothing + rank): ids with scores, best first.

    Ids in one ranking only take part, too; equal scores are ordered by id. Source: Cormack, Clarke and Büttcher (2009),
    Reciprocal rank fusion outperforms Condorcet and individual rank learning methods, SIGIR; 60 is their value.
    """
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, one in enumerate(ranking, start=1):
            scores[one] = scores.get(one, 0.0) + 1 / (smoothing + rank)
    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))
