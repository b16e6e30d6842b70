"""What one pass of the model says about a batch of texts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

SENTIMENTS = ("negative", "neutral", "positive")
INTENTS = (
    "complaint",
    "praise",
    "question",
    "purchase_interest",
    "switching",
    "feature_request",
    "recommendation_request",
    "employer",
    "news",
    "other",
)
IRONY = ("literal", "ironic")
OFFENSIVE = ("inoffensive", "offensive")
EMOTIONS = ("anger", "joy", "optimism", "sadness")
HEAD_LABELS = {
    "sentiment": SENTIMENTS,
    "intent": INTENTS,
    "irony": IRONY,
    "offensive": OFFENSIVE,
    "emotion": EMOTIONS,
    "target": SENTIMENTS,
}
"""Every head a model may have, with the order of its classes. ``target`` is the sentiment toward a span of a text."""
SPAN_HEAD = "target"
NEEDED_HEADS = ("sentiment", "intent")

READ_LANGUAGES = ("de", "en", "es", "fr", "it", "pt")
"""ISO 639-1 codes of the languages that the model reads."""

EMPTY = "empty"
NO_WORDS = "no_words"
UNSUPPORTED_LANGUAGE = "unsupported_language"


@dataclass(frozen=True)
class Clause:
    """A span of a text as it was given: ``text[start:end]``."""

    start: int
    end: int


@dataclass(frozen=True)
class Reading:
    """One row per text, in the order given.

    Attributes:
        embeddings: float32 [n, dimension], L2-normalised; zeros where not scored.
        sentiment: float32 [n, 3], calibrated probabilities in the order of SENTIMENTS; NaN where not scored.
        intent: float32 [n, len(INTENTS)], probabilities in the order of INTENTS; NaN where not scored.
        not_scored: None where scored, else the reason: "empty", "no_words" (only emoji, links, handles, digits or
            punctuation), "unsupported_language" (over a quarter in characters that the vocabulary lacks, or surely in
            none of READ_LANGUAGES).
        clauses: the clauses of each text in order; an empty list unless asked for or where not scored.
        clause_embeddings: per text float32 [clauses, dimension], L2-normalised.
        clause_sentiment: per text float32 [clauses, 3], probabilities.
        irony: float32 [n, 2], probabilities in the order of IRONY; NaN where not scored; None when the model has no
            such head, as for the next three.
        offensive: float32 [n, 2], in the order of OFFENSIVE.
        emotion: float32 [n, 4], in the order of EMOTIONS.
        clause_target: per text float32 [clauses, 3], probabilities of the sentiment toward what the clause is about,
            read with the whole text in view.
    """

    embeddings: np.ndarray
    sentiment: np.ndarray
    intent: np.ndarray
    not_scored: list[str | None]
    clauses: list[list[Clause]]
    clause_embeddings: list[np.ndarray]
    clause_sentiment: list[np.ndarray]
    irony: np.ndarray | None = None
    offensive: np.ndarray | None = None
    emotion: np.ndarray | None = None
    clause_target: list[np.ndarray] | None = None


class TextReader(Protocol):
    """A model that reads texts: the embedded one, one adapted to a company's labels, or one of the hub.

    Attributes:
        version: names everything that changes the numbers; the key of stored enrichments.
        dimension: length of an embedding.
        aspect_settings: threshold and margin of the aspect matcher.
        error_rates: of the sentiment head, by language ("*" = all others): rows = true class, columns = predicted.
    """

    version: str
    dimension: int
    aspect_settings: Mapping[str, float]
    error_rates: Mapping[str, np.ndarray]

    def read(self, texts: Sequence[str], *, with_clauses: bool = False) -> Reading:
        """Read texts; row i of the Reading is about text i. Raises ModelError when the model cannot read."""
