"""Which of last week's topics is which of this week's clusters.

One to one by optimal assignment (Hungarian method, scipy's ``linear_sum_assignment``) on what the two have in common:
the texts that are in both (Dice coefficient) and the cosine of their centres, half each. What is left over is told
apart with care, because a topic that changes its identity is worse than one that is a little out of shape.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

LEAST_WEIGHT = 0.35
"""Weight (0 to 1) from which a cluster is the topic's continuation."""
SPLIT_SHARE = 0.5
"""Share of a cluster's texts that must come from one topic for the cluster to be split from it ..."""
SPLIT_OF_TOPIC = 0.2
"""... and the share of that topic's texts that the cluster must hold."""
APART = 0.6
"""Cosine below which two parts of a topic lie apart."""
BORN_SHARE = 0.5
"""Share of a cluster's texts that were in no topic for the cluster to be a new one."""
MERGE_SHARE = 0.6
"""Share of a topic's texts that must lie in another topic's cluster for the two to be one ..."""
TOGETHER = 0.8
"""... and the cosine of their centres from which they lie together."""
LEAST_SEPARATION = 0.5
"""A cluster that is to become a topic of its own separates at least this well, relative to the median cluster."""


@dataclass(frozen=True)
class Matching:
    """What becomes of clusters and topics; all are numbered from 0 as in the arguments of ``match_topics``.

    Every cluster is in exactly one of ``kept`` (cluster: the topic it continues), ``split`` (cluster: the topic it was
    split from), ``born`` and ``absorbed`` (it becomes nothing; its texts stay where they are). A topic that is neither
    a value of ``kept`` nor a key of ``merged`` (topic: its heir) lives on as its texts say.
    """

    kept: dict[int, int]
    split: dict[int, int]
    born: list[int]
    absorbed: list[int]
    merged: dict[int, int]


def match_topics(
    shared: np.ndarray,
    similarity: np.ndarray,
    topic_similarity: np.ndarray,
    separation: np.ndarray,
    is_pinned: np.ndarray,
) -> Matching:
    """Match topics to clusters.

    Args:
        shared: int [topics + 1, clusters], texts in both; the last row counts texts that were in no topic.
        similarity: [topics, clusters], cosines of the centres.
        topic_similarity: [topics, topics], cosines of the topics' centres as their texts lie now.
        separation: [clusters], mean silhouettes.
        is_pinned: [topics], merged or split by a person: neither merged nor split here.
    """
    topic_count, cluster_count = similarity.shape
    kept = _continuations(shared[:-1], similarity)
    clusters_of = {topic: cluster for cluster, topic in kept.items()}
    least = LEAST_SEPARATION * float(np.median(separation)) if cluster_count else 0.0
    split: dict[int, int] = {}
    born: list[int] = []
    absorbed: list[int] = []
    for cluster in range(cluster_count):
        if cluster in kept:
            continue
        total = max(int(shared[:, cluster].sum()), 1)
        parent = int(shared[:-1, cluster].argmax()) if topic_count else -1
        if separation[cluster] < least:
            absorbed.append(cluster)
        elif shared[-1, cluster] >= BORN_SHARE * total:
            born.append(cluster)
        elif _is_split(cluster, parent, clusters_of, shared, similarity, is_pinned):
            split[cluster] = parent
        else:
            absorbed.append(cluster)
    merged = {
        topic: heir
        for topic in range(topic_count)
        if topic not in clusters_of and (heir := _heir(topic, kept, shared, topic_similarity, is_pinned)) is not None
    }
    return Matching(kept, split, born, absorbed, merged)


def _continuations(shared: np.ndarray, similarity: np.ndarray) -> dict[int, int]:
    if not similarity.size:
        return {}
    sizes = shared.sum(1)[:, None] + shared.sum(0)[None, :]
    dice = 2 * shared / np.maximum(sizes, 1)
    weight = (dice + np.maximum(similarity, 0)) / 2
    topics, clusters = linear_sum_assignment(-weight)
    return {
        int(cluster): int(topic)
        for topic, cluster in zip(topics, clusters, strict=True)
        if weight[topic, cluster] >= LEAST_WEIGHT
    }


def _is_split(
    cluster: int,
    parent: int,
    clusters_of: dict[int, int],
    shared: np.ndarray,
    similarity: np.ndarray,
    is_pinned: np.ndarray,
) -> bool:
    """The cluster holds a good part of a topic that goes on elsewhere, and lies apart from it."""
    if parent < 0 or is_pinned[parent] or parent not in clusters_of:
        return False
    count = shared[parent, cluster]
    return bool(
        count >= SPLIT_SHARE * shared[:, cluster].sum()
        and count >= SPLIT_OF_TOPIC * shared[parent].sum()
        and similarity[parent, cluster] < APART
    )


def _heir(
    topic: int, kept: dict[int, int], shared: np.ndarray, topic_similarity: np.ndarray, is_pinned: np.ndarray
) -> int | None:
    """The topic that this one has become one with, if so."""
    total = shared[topic].sum()
    if is_pinned[topic] or not total:
        return None
    cluster = int(shared[topic].argmax())
    heir = kept.get(cluster)
    if heir is None or is_pinned[heir] or shared[topic, cluster] < MERGE_SHARE * total:
        return None
    return heir if topic_similarity[topic, heir] >= TOGETHER else None
