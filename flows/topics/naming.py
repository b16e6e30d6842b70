"""Names and keywords of topics, from the posts that are in them."""

from __future__ import annotations

import re
from collections.abc import Collection

import duckdb
import pyarrow as pa

from flows.night import Night
from flows.topics.endpoint import ask_for_labels
from flows.topics.registry import Registry
from flows.topics.texts import posts_by_topic
from models.topic_labels import LANGUAGES, labels
from models.topic_words import Keyword, keywords

KEYWORDS = 10
EXAMPLES = 4
"""Posts per language that a language model is shown."""


def describe_topics(
    warehouse: duckdb.DuckDBPyConnection,
    night: Night,
    registry: Registry,
    assigned: dict[str, str],
    unnamed: Collection[str],
) -> None:
    """Give topics their keywords, and those of `unnamed` their labels too.

    `assigned` has the topic id of each text. Names of companies are left out of both: they tell who is talked about,
    which is another column. What a person has named keeps its name.
    """
    topic_of = pa.table({"text_hash": list(assigned), "topic_id": list(assigned.values())})
    posts = posts_by_topic(warehouse, topic_of)
    excluded = _company_words(night)
    words = {language: keywords(posts[language], language, excluded=excluded) for language in LANGUAGES}
    for topic in registry.alive:
        counts = {language: len(posts[language].get(topic.topic_id, ())) for language in LANGUAGES}
        if any(counts.values()):
            topic.keywords = _interleaved(words, counts, topic.topic_id)
    wanted = sorted(topic for topic in unnamed if not registry.topics[topic].is_named)
    post_counts = {language: {topic: len(found) for topic, found in posts[language].items()} for language in LANGUAGES}
    endpoint = night.settings.topics.label_endpoint
    for topic_id, named in labels(words, post_counts, wanted).items():
        if endpoint:
            examples = [post for language in LANGUAGES for post in posts[language].get(topic_id, ())[:EXAMPLES]]
            named.update(ask_for_labels(endpoint, registry.topics[topic_id].keywords, examples) or {})
        registry.topics[topic_id].label_de, registry.topics[topic_id].label_en = named["de"], named["en"]


def _interleaved(words: dict[str, dict[str, list[Keyword]]], counts: dict[str, int], topic_id: str) -> list[str]:
    """German and English keywords in the proportion of the posts, the more frequent language first."""
    total = sum(counts.values())
    chosen: list[str] = []
    for language in sorted(LANGUAGES, key=lambda language: (-counts[language], language)):
        most = round(KEYWORDS * counts[language] / total)
        chosen += [word.shown for word in words[language].get(topic_id, ())[:most]]
    return list(dict.fromkeys(chosen))


def _company_words(night: Night) -> set[str]:
    names = " ".join(entity.name for entity in night.settings.entities if entity.kind in ("company", "competitor"))
    return {word.lower() for word in re.findall(r"[^\W\d_]+", names)}
