"""Find by meaning which aspects a post talks about, in which clause, and how the clause sounds.

An aspect is what its description and examples mean: each is embedded, and a clause belongs to the aspect whose
nearest description or example is similar enough. Threshold and margin are measured on labelled reviews
(models/RESULTS.md) and stored in the card of the weights.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np

from models.reader import Reader
from models.reading import Reading


@dataclass(frozen=True)
class AspectDefinition:
    """Something customers talk about; description and examples may mix languages."""

    aspect_id: str
    name: str
    description: str
    examples: tuple[str, ...]


@dataclass(frozen=True)
class AspectHit:
    """An aspect in a text: cosine similarity, clause sentiment [3], and the evidence ``text[start:end]``."""

    aspect_id: str
    similarity: float
    sentiment: np.ndarray
    start: int
    end: int


class AspectMatcher:
    """Matches clauses against aspect definitions.

    Attributes:
        version: changes with the reader's version or any definition; the key of stored aspect hits.
    """

    def __init__(self, reader: Reader, aspects: Sequence[AspectDefinition]):
        """Embed the definitions; name, description and every example count as ways to say the aspect."""
        definitions = json.dumps([astuple(aspect) for aspect in aspects], ensure_ascii=False)
        digest = hashlib.sha256(f"{reader.version}\n{definitions}".encode()).hexdigest()[:12]
        self.version = f"{reader.version}/{digest}"
        self._threshold = reader.aspect_settings["threshold"]
        self._margin = reader.aspect_settings["margin"]
        self._aspects = list(aspects)
        phrases: list[str] = []
        owners: list[int] = []
        for number, aspect in enumerate(aspects):
            for phrase in (aspect.name, aspect.description, *aspect.examples):
                if phrase.strip():
                    phrases.append(phrase)
                    owners.append(number)
        self._phrases = reader.read(phrases).embeddings
        self._owners = np.array(owners, int)

    def similarities(self, embeddings: np.ndarray) -> np.ndarray:
        """Similarity [n, aspects] of clause embeddings [n, dimension] to the nearest phrase of every aspect."""
        nearest = np.full((len(embeddings), len(self._aspects)), -1.0, np.float32)
        if len(embeddings) and len(self._phrases):
            cosines = embeddings @ self._phrases.T
            for number in range(len(self._aspects)):
                nearest[:, number] = cosines[:, self._owners == number].max(1, initial=-1.0)
        return nearest

    def match(self, texts: Sequence[str], reading: Reading) -> list[list[AspectHit]]:
        """Aspects of each text, best clause per aspect, in the order of the definitions.

        Args:
            texts: the texts that were read.
            reading: of these texts, made ``with_clauses=True``.

        Returns:
            per text its hits; empty where nothing is similar enough or the text was not scored.

        Raises:
            ValueError: the reading has another number of texts, or scored texts without clauses.
        """
        if len(texts) != len(reading.not_scored):
            raise ValueError(f"{len(texts)} texts, but a reading of {len(reading.not_scored)}")
        unread = [
            row
            for row, (reason, clauses) in enumerate(zip(reading.not_scored, reading.clauses, strict=True))
            if reason is None and not clauses
        ]
        if unread:
            raise ValueError(f"text {unread[0]} has no clauses: read it with_clauses=True")
        return [self._hits(reading, row) for row in range(len(texts))]

    def _hits(self, reading: Reading, row: int) -> list[AspectHit]:
        nearest = self.similarities(reading.clause_embeddings[row])
        if not nearest.size:
            return []
        is_hit = (nearest >= self._threshold) & (nearest >= nearest.max(1, keepdims=True) - self._margin)
        hits = []
        for number, aspect in enumerate(self._aspects):
            candidates = np.flatnonzero(is_hit[:, number])
            if len(candidates):
                best = candidates[nearest[candidates, number].argmax()]
                clause = reading.clauses[row][best]
                hits.append(
                    AspectHit(
                        aspect_id=aspect.aspect_id,
                        similarity=float(nearest[best, number]),
                        sentiment=reading.clause_sentiment[row][best],
                        start=clause.start,
                        end=clause.end,
                    )
                )
        return hits
