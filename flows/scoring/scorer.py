"""Texts in, columns out: the same numbers that the night gives to the same texts."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
import pyarrow as pa

from flows.core.mentions import choose_language
from flows.landing.clean import as_landed
from flows.model import aspect_matcher
from flows.queries import match
from flows.settings import Settings
from flows.settings.aspects import default_aspects
from models.language import detect
from models.reading import SENTIMENTS, TextReader
from models.scores import aspect_row, score_columns

ASPECT = pa.struct([("aspect_id", pa.string()), ("sentiment", pa.string()), ("evidence", pa.string())])
ADDED = pa.schema(
    {
        "language": pa.string(),
        "language_score": pa.float64(),
        "sentiment": pa.string(),
        "sentiment_score": pa.float64(),
        "p_negative": pa.float64(),
        "p_neutral": pa.float64(),
        "p_positive": pa.float64(),
        "intent": pa.string(),
        "intent_score": pa.float64(),
        "aspects": pa.list_(ASPECT),
        "not_scored_reason": pa.string(),
    }
)
"""The columns that scoring adds (docs/reference/score.md)."""


class Scorer:
    """The model, the aspects to look for and the phrase rules that override its sentiment."""

    def __init__(self, reader: TextReader, settings: Settings | None = None) -> None:
        """Prepare; without settings the default aspects are looked for and there are no rules."""
        self._reader = reader
        self._aspects = aspect_matcher(reader, settings.aspects if settings else default_aspects())
        self._rules = settings.rules if settings else ()
        self._keep_handles = settings.listened_handles if settings else frozenset()

    def score(self, texts: Sequence[str]) -> pa.Table:
        """Read texts; a row of `ADDED` for each, in order."""
        landed = [as_landed(text, self._keep_handles) for text in texts]
        detected, scores = detect(landed)
        languages = [choose_language(*one, None) for one in zip(detected, scores.tolist(), strict=True)]
        reading = self._reader.read(landed, with_clauses=True)
        aspects = [
            [aspect_row(text, hit) for hit in hits] if reason is None else None
            for text, hits, reason in zip(landed, self._aspects.match(landed, reading), reading.not_scored, strict=True)
        ]
        columns = {
            "language": pa.array([language for language, _ in languages], pa.string()),
            "language_score": pa.array([score for _, score in languages], pa.float64()),
            **score_columns(reading),
            "aspects": pa.array(aspects, ADDED.field("aspects").type),
        }
        return self._overridden(landed, pa.table({name: columns[name] for name in ADDED.names}, schema=ADDED))

    def _overridden(self, texts: list[str], scores: pa.Table) -> pa.Table:
        """Give the sentiment of the first phrase rule that matches, as the night does."""
        if not self._rules:
            return scores
        posts = pl.DataFrame(
            {"mention_id": range(len(texts)), "text": texts, "language": scores["language"].to_pylist()},
            schema={"mention_id": pl.Int64, "text": pl.String, "language": pl.String},
        ).with_columns(source=pl.lit(None, pl.String), author_key=pl.lit(None, pl.String))
        hits = match({rule.id: rule.query for rule in self._rules}, posts, lambda _: ())
        sentiment_of = {rule.id: rule.sentiment for rule in self._rules}
        sentiments, numbers = scores["sentiment"].to_pylist(), scores["sentiment_score"].to_pylist()
        for row, rule_id in reversed(hits.rows()):  # hits stand in the order of the rules: the first one wins
            sentiments[row] = sentiment_of[rule_id]
            numbers[row] = float(SENTIMENTS.index(sentiment_of[rule_id]) - 1)
        for name, values in (("sentiment", sentiments), ("sentiment_score", numbers)):
            field = ADDED.field(name)
            scores = scores.set_column(ADDED.get_field_index(name), field, pa.array(values, field.type))
        return scores
