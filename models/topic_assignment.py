"""The soft assignment of posts to topics: cosines to the topics' centres, turned into probabilities."""

from __future__ import annotations

import numpy as np

from models.topic_space import unit


def centre(coordinates: np.ndarray) -> np.ndarray:
    """The centre of unit coordinates [n, directions]: their mean, scaled to unit length."""
    return unit(np.asarray(coordinates, np.float64).mean(0))


def soft_assignment(
    coordinates: np.ndarray, centres: np.ndarray, owners: np.ndarray, temperature: float, floor: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Assign posts to the topic whose centre is nearest.

    The probability of a topic is the softmax of the cosines to each topic's nearest centre, over ``temperature``; a
    post below ``floor`` from every centre is in no topic, and its confidence is that of the nearest one.

    Args:
        coordinates: unit rows [n, directions].
        centres: unit rows [m, directions]; a topic of several parts has several.
        owners: int [m], the topic of each centre, numbered from 0.
        temperature: how soft; see ``models.topic_clusters``.
        floor: cosine needed to belong to a topic, -1 to 1.

    Returns:
        topic of each post (int [n], -1 for none), confidence (float64 [n], 0 to 1) and the cosines to all topics
        (float64 [n, topics]).
    """
    topic_count = int(owners.max()) + 1
    similarities = np.full((len(coordinates), topic_count), -1.0)
    for column, owner in enumerate(owners):
        similarities[:, owner] = np.maximum(similarities[:, owner], coordinates @ centres[column])
    best = similarities.argmax(1)
    highest = similarities[np.arange(len(best)), best]
    confidence = 1 / np.exp((similarities - highest[:, None]) / temperature).sum(1)
    return np.where(highest >= floor, best, -1), confidence, similarities
