"""Find by meaning which aspects a post talks about, in which clause, and how the clause sounds.

An aspect is the mean direction of the embeddings of its name, description and examples, and a clause speaks of the
aspects that it is similar enough to (the mean finds more, and more precisely, than the nearest single phrase).
Threshold and margin are measured on labelled reviews (models/RESULTS.md) and stored in the card of the weights.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np

from models.reading import Reading, TextReader


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


def _ways_to_say(aspect: AspectDefinition) -> tuple[str, ...]:
    return (aspect.name, aspect.description, *aspect.examples)


class AspectMatcher:
    """Matches clauses against aspect definitions.

    Attributes:
        version: changes with the reader's version, its settings or any definition; the key of stored aspect hits.
    """

    def __init__(self, reader: TextReader, aspects: Sequence[AspectDefinition]):
        """Embed the definitions; name, description and every example count alike as ways to say the aspect."""
        definitions = json.dumps([astuple(aspect) for aspect in aspects], ensure_ascii=False)
        settings = json.dumps(dict(reader.aspect_settings), sort_keys=True)
        digest = hashlib.sha256(f"{settings}\n{definitions}".encode()).hexdigest()[:12]
        self.version = f"{reader.version}/{digest}"
        self._threshold = reader.aspect_settings["threshold"]
        self._margin = reader.aspect_settings["margin"]
        self._aspects = list(aspects)
        phrases = [[text for text in _ways_to_say(aspect) if text.strip()] for aspect in aspects]
        embeddings = iter(reader.read([text for one in phrases for text in one]).embeddings)
        self._centres = np.zeros((len(aspects), reader.dimension), np.float32)
        for number, one in enumerate(phrases):
            total = np.sum([next(embeddings) for _ in one], axis=0)
            self._centres[number] = total / max(float(np.linalg.norm(total)), 1e-12)

    def similarities(self, embeddings: np.ndarray) -> np.ndarray:
        """Cosine [n, aspects] of clause embeddings [n, dimension] to the centre of every aspect."""
        return embeddings @ self._centres.T

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
