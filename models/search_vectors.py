"""Vectors to search by meaning: main directions of the embeddings, a signed byte each."""

from __future__ import annotations

import numpy as np

DIRECTIONS = 128
"""Directions kept of an embedding. 64 find fewer of the posts that are looked for, 192 no more (bench/SEARCH.md)."""
_SCALE = 254
"""Steps of a coordinate of 1. Coordinates of unit vectors in so many directions lie well below 0.5."""


def as_bytes(coordinates: np.ndarray) -> np.ndarray:
    """Unit vectors [n, directions] as int8 [n, directions]."""
    return np.clip(np.rint(coordinates * _SCALE), -127, 127).astype(np.int8)


def cosines(vectors: np.ndarray, coordinates: np.ndarray) -> np.ndarray:
    """Cosine of each vector (int8 [n, directions]) with a unit vector [directions]: float32 [n], -1 to 1."""
    return vectors.astype(np.float32) @ (coordinates.astype(np.float32) / _SCALE)
