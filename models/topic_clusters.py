"""Clusters of posts, and how many there are.

k-means (scikit-learn) for a range of numbers of clusters. A number is judged by its gap: the mean silhouette (Rousseeuw
1987) of the posts minus that of points drawn from one normal distribution of the same spread in every direction, which
has no clusters at all; the idea is that of the gap statistic (Tibshirani, Walther, Hastie 2001). Chosen is the largest
number whose gap comes within ``TOLERANCE`` of the best: finer topics are worth more to a reader than the last few per
cent of separation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linear_sum_assignment
from threadpoolctl import threadpool_limits

from models.topic_space import unit

SEED = 20_261_101
CANDIDATES = (3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 18, 20, 24, 28, 32, 40, 48, 60)
TOLERANCE = 0.97
_NULL_POINTS = 3_000
MIN_SIZE = 8
"""Posts in a cluster that is called one."""
AVERAGE_SIZE = 50
"""Posts per cluster on average at least: a list of hundreds of topics is read by nobody."""
NEW_GROUP_SIZE = 12
"""Posts in no cluster that lie close together before they are called one."""
NEW_GROUP_DISTANCE = 0.5
"""Mean cosine distance within such a group at most."""
UNASSIGNED_SHARE = 0.08
"""Share of the fitted posts that lie too far from every cluster to belong to it."""
_STARTS = 5
_JUDGED = 3_000
"""Posts whose silhouette is computed: its cost grows with the square."""


@dataclass(frozen=True)
class Clusters:
    """What was found.

    Attributes:
        centres: float64 [k, directions], unit rows.
        labels: int [n], the cluster of each post.
        separation: float64 [k], mean silhouette of each cluster's posts, -1 to 1.
        gaps: gap (see above) by the number of clusters tried.
    """

    centres: np.ndarray
    labels: np.ndarray
    separation: np.ndarray
    gaps: dict[int, float] = field(default_factory=dict)


def find_clusters(
    coordinates: np.ndarray, *, candidates: Sequence[int] = CANDIDATES, preferred: int | None = None
) -> Clusters:
    """Find clusters among unit coordinates [n, directions].

    The same rows in the same order give the same bytes: one thread, fixed seeds.

    Args:
        coordinates: unit rows, n >= 2 * MIN_SIZE.
        candidates: numbers of clusters to try.
        preferred: a number to keep when it separates nearly as well as the best one.
    """
    with threadpool_limits(1):
        judged = np.linspace(0, len(coordinates) - 1, min(len(coordinates), _JUDGED)).astype(int)
        most = max(2, len(coordinates) // AVERAGE_SIZE)
        tried = sorted({k for k in (*candidates, preferred or 0) if 2 <= k <= most}) or [2]
        fits = {k: _fit(coordinates, k) for k in tried}
        samples = {k: _silhouettes(coordinates[judged], fits[k][1][judged]) for k in tried}
        null = _null(coordinates)
        gaps = {k: float(samples[k].mean() - _silhouettes(null, _fit(null, k, 2)[1]).mean()) for k in tried}
        chosen = choose(gaps, preferred)
        centres, labels = fits[chosen]
        labels_judged = labels[judged]
        separation = np.array(
            [samples[chosen][labels_judged == k].mean() if np.any(labels_judged == k) else 0.0 for k in range(chosen)]
        )
        return Clusters(
            centres=centres,
            labels=labels,
            separation=separation,
            gaps=gaps,
        )


def choose(gaps: dict[int, float], preferred: int | None = None) -> int:
    """The largest number of clusters within tolerance of the best gap, or the preferred one if it is among these."""
    best = max(gaps.values())
    least = best - (1 - TOLERANCE) * abs(best)
    good = [k for k, value in gaps.items() if value >= least]
    return preferred if preferred in good else max(good)


def _null(coordinates: np.ndarray) -> np.ndarray:
    """Points without clusters: normally distributed, as spread out as the posts in every direction."""
    count = min(len(coordinates), _NULL_POINTS)
    drawn = np.random.default_rng(SEED).standard_normal((count, coordinates.shape[1]))
    return unit(drawn * coordinates.std(0))


def _centres(coordinates: np.ndarray, count: int, starts: int) -> np.ndarray:
    from sklearn.cluster import KMeans

    return unit(KMeans(count, n_init=starts, random_state=SEED).fit(coordinates).cluster_centers_)


def _fit(coordinates: np.ndarray, count: int, starts: int = _STARTS) -> tuple[np.ndarray, np.ndarray]:
    centres = _centres(coordinates, count, starts)
    return centres, (coordinates @ centres.T).argmax(1)


def _silhouettes(coordinates: np.ndarray, labels: np.ndarray) -> np.ndarray:
    from sklearn.metrics import silhouette_samples

    found = len(np.unique(labels))
    if not 2 <= found < len(labels):
        return np.full(len(labels), -1.0)
    return np.asarray(silhouette_samples(coordinates, labels, metric="cosine"))


def fitted_temperature(coordinates: np.ndarray, centres: np.ndarray) -> float:
    """The temperature at which confidence means reproducibility.

    Two halves of the posts are clustered apart and both results applied to all posts; the share of posts that get the
    same cluster (matched one to one) is what the mean confidence is set to.
    """
    with threadpool_limits(1):
        agreed = _agreement(coordinates, len(centres))
        similarities = coordinates @ centres.T
    low, high = 1e-3, 10.0
    for _ in range(40):
        middle = float(np.sqrt(low * high))
        powers = np.exp((similarities - similarities.max(1, keepdims=True)) / middle)
        if float((1 / powers.sum(1)).mean()) > agreed:
            low = middle
        else:
            high = middle
    return float(np.sqrt(low * high))


def fitted_floor(coordinates: np.ndarray, centres: np.ndarray) -> float:
    """The cosine to the nearest centre that ``UNASSIGNED_SHARE`` of the posts do not reach."""
    with threadpool_limits(1):
        return float(np.quantile((coordinates @ centres.T).max(1), UNASSIGNED_SHARE))


def _agreement(coordinates: np.ndarray, count: int) -> float:
    if len(coordinates) < 2 * count:
        return 0.5
    one, other = (
        (coordinates @ _centres(half, count, starts=2).T).argmax(1) for half in (coordinates[::2], coordinates[1::2])
    )
    table = np.zeros((count, count))
    np.add.at(table, (one, other), 1)
    rows, columns = linear_sum_assignment(-table)
    return float(np.clip(table[rows, columns].sum() / len(coordinates), 0.05, 0.99))


def dense_groups(vectors: np.ndarray, *, least: int = NEW_GROUP_SIZE) -> list[np.ndarray]:
    """Groups of vectors [n, dimension] that lie close to one another, as rows of indices, largest first.

    Average linkage on cosine distances, cut at ``NEW_GROUP_DISTANCE``; smaller groups than ``least`` are left out.
    """
    if len(vectors) < max(least, 2):
        return []
    from sklearn.cluster import AgglomerativeClustering

    with threadpool_limits(1):
        found = AgglomerativeClustering(
            n_clusters=None, distance_threshold=NEW_GROUP_DISTANCE, metric="cosine", linkage="average"
        ).fit_predict(unit(vectors))
    groups = [np.flatnonzero(found == number) for number in np.unique(found)]
    return sorted((group for group in groups if len(group) >= least), key=lambda group: (-len(group), group[0]))


def parts_of(coordinates: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Divide unit coordinates into `count` parts by k-means: centres and the part of each row, largest part first."""
    with threadpool_limits(1):
        centres, labels = _fit(coordinates, count)
    order = np.argsort(-np.bincount(labels, minlength=count), kind="stable")
    return centres[order], np.argsort(order)[labels]
