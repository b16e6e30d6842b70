"""Let go of what is older than the settings allow."""

from __future__ import annotations

BELONGINGS = ("mention_entities", "sentiment_overrides", "copies", "spam", "prepared", "rechecks", "signatures")
"""Core tables that say something about one mention."""
READINGS = ("enrichments", "aspect_scores", "aspect_texts")
"""Core tables that say something about one text."""
