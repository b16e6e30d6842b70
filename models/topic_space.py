"""Where topics are looked for: the main directions of a corpus's embeddings, less those that tell languages apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

DIMENSIONS = 32
"""Main directions kept. 20 to 50 find the same topics; below 10 neighbouring topics run together."""
LANGUAGE_MIN_COUNT = 30
"""Texts of a language from which its mean can be told."""


@dataclass(frozen=True)
class TopicSpace:
    """A projection of embeddings: subtract ``origin``, apply ``basis``, scale to unit length.

    Attributes:
        origin: float64 [dimension], mean of the corpus.
        basis: float64 [directions, dimension], orthonormal rows.
    """

    origin: np.ndarray
    basis: np.ndarray

    def project(self, embeddings: np.ndarray) -> np.ndarray:
        """Coordinates of embeddings [n, dimension]: float64 [n, directions], unit rows (zero where nothing is left)."""
        with threadpool_limits(1):
            return unit((np.asarray(embeddings, np.float64) - self.origin) @ self.basis.T)


def fit_space(embeddings: np.ndarray, languages: Sequence[str | None], dimensions: int = DIMENSIONS) -> TopicSpace:
    """Find the space of a corpus.

    The differences between the languages' means are taken out first, so that a subject lies in one place whatever the
    language; then the main directions are kept (principal components, by the eigenvectors of the covariance).
    The result depends on the rows and on their order in the last bits only; callers sort them.

    Args:
        embeddings: [n, dimension], n > 0.
        languages: of each row; None counts as a language of its own.
        dimensions: directions to keep at most.
    """
    rows = np.asarray(embeddings, np.float64)
    with threadpool_limits(1):
        origin = rows.mean(0)
        centred = rows - origin
        nuisance = _language_directions(centred, languages)
        centred -= centred @ nuisance.T @ nuisance
        values, vectors = np.linalg.eigh(centred.T @ centred / len(centred))
    kept = min(dimensions, int(np.sum(values > 1e-9 * max(values[-1], 1e-30))))
    basis = vectors[:, ::-1][:, :kept].T
    signs = np.sign(basis[np.arange(len(basis)), np.abs(basis).argmax(1)])
    return TopicSpace(origin, basis * signs[:, None])


def unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors scaled to length 1; zero vectors stay."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)


def _language_directions(centred: np.ndarray, languages: Sequence[str | None]) -> np.ndarray:
    """Orthonormal rows that span the differences between the means of the languages with enough texts."""
    names = np.array([language or "" for language in languages])
    means = [
        centred[names == name].mean(0) for name in sorted(set(names)) if np.sum(names == name) >= LANGUAGE_MIN_COUNT
    ]
    if len(means) < 2:
        return np.zeros((0, centred.shape[1]))
    differences = np.stack(means) - np.mean(means, axis=0)
    _, values, directions = np.linalg.svd(differences, full_matrices=False)
    return directions[values > 1e-6]
