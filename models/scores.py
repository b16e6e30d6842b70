"""What a reading says, as columns: the one place where probabilities become classes and scores."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from models.aspects import AspectHit
from models.reading import INTENTS, SENTIMENTS, Reading


def score_columns(reading: Reading) -> dict[str, pa.Array]:
    """Columns with a row per text: sentiment, sentiment_score, p_negative, p_neutral, p_positive, intent, intent_score
    and not_scored_reason.

    `sentiment_score` is p_positive - p_negative (-1 to 1), `intent_score` the probability of the intent. A text has
    either scores or a not_scored_reason; the other is null.
    """
    scored = np.array([reason is None for reason in reading.not_scored], bool)
    missing = ~scored
    sentiment = reading.sentiment.astype(np.float64)
    intent = np.nan_to_num(reading.intent).astype(np.float64)
    return {
        "sentiment": _best(SENTIMENTS, np.nan_to_num(sentiment), scored),
        "sentiment_score": pa.array(sentiment[:, 2] - sentiment[:, 0], mask=missing),
        **{f"p_{name}": pa.array(sentiment[:, number], mask=missing) for number, name in enumerate(SENTIMENTS)},
        "intent": _best(INTENTS, intent, scored),
        "intent_score": pa.array(intent.max(axis=1), mask=missing),
        "not_scored_reason": pa.array(reading.not_scored, pa.string()),
    }


def _best(names: Sequence[str], probabilities: np.ndarray, scored: np.ndarray) -> pa.Array:
    best = probabilities.argmax(axis=1)
    return pa.array([names[k] if ok else None for k, ok in zip(best, scored, strict=True)], pa.string())


def aspect_row(text: str, hit: AspectHit) -> dict[str, Any]:
    """One aspect of a text: id, similarity, probabilities, sentiment, sentiment_score, evidence from the text."""
    negative, neutral, positive = (float(probability) for probability in hit.sentiment)
    return {
        "aspect_id": hit.aspect_id,
        "similarity": float(hit.similarity),
        "p_negative": negative,
        "p_neutral": neutral,
        "p_positive": positive,
        "sentiment": SENTIMENTS[int(hit.sentiment.argmax())],
        "sentiment_score": float(hit.sentiment[2] - hit.sentiment[0]),
        "evidence": text[hit.start : hit.end],
    }
