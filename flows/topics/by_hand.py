"""What people do to topics: rename, merge, split. Each is recorded, and every refresh keeps it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import duckdb
import numpy as np

from flows.errors import UsageError
from flows.night import Night
from flows.topics.assignments import recorded, write_assignments
from flows.topics.naming import describe_topics
from flows.topics.registry import Registry, Topic, load_registry, store_registry
from flows.topics.texts import fetch, list_texts
from flows.warehouse import connect, transaction
from models.topic_clusters import MIN_SIZE, parts_of


def rename_topic(night: Night, topic_id: str, *, label_de: str | None = None, label_en: str | None = None) -> Topic:
    """Give a topic a name of your own; a language not given keeps its name. Raises UsageError for a wrong id."""
    if not (label_de or "").strip() and not (label_en or "").strip():
        raise UsageError("Say what the topic shall be called: --de NAME, --en NAME or both.")
    with _changing(night) as (_, registry):
        topic = _alive(registry, topic_id)
        before = f"{topic.label_de} / {topic.label_en}"
        topic.label_de = (label_de or "").strip() or topic.label_de
        topic.label_en = (label_en or "").strip() or topic.label_en
        topic.is_named = True
        registry.record(topic_id, "renamed", detail=f"was: {before}")
    return topic


def merge_topics(night: Night, topic_ids: Sequence[str], into: str) -> int:
    """Make topics part of another one, which keeps its id and name. Returns how many texts moved.

    Raises UsageError for a wrong id, or when a topic shall be merged into itself.
    """
    moved = 0
    with _changing(night) as (warehouse, registry):
        heir = _alive(registry, into)
        for topic_id in dict.fromkeys(topic_ids):
            topic = _alive(registry, topic_id)
            if topic is heir:
                raise UsageError(f"{topic_id}: a topic cannot be merged into itself.")
            counted = warehouse.execute(
                "select count(*) from core.text_topics where topic_id = ?", [topic_id]
            ).fetchone()
            count = counted[0] if counted else 0
            warehouse.execute(
                "update core.text_topics set topic_id = $heir, assigned_at = $now where topic_id = $topic",
                {"heir": into, "topic": topic_id, "now": night.as_of},
            )
            heir.parts = np.concatenate([part for part in (heir.parts, topic.parts) if len(part)])
            topic.merged_into, topic.retired_at = into, night.as_of
            registry.record(topic_id, "merged", into, count, "by hand")
            moved += count
        heir.is_pinned = True
        describe_topics(warehouse, night, registry, recorded(warehouse), ())
    return moved


def split_topic(night: Night, topic_id: str, count: int = 2) -> list[Topic]:
    """Split a topic into `count` parts: the largest keeps id and name, the others become topics of their own.

    Returns all of them, the largest first. Raises UsageError for a wrong id, or when the topic has too few texts.
    """
    with _changing(night) as (warehouse, registry):
        topic = _alive(registry, topic_id)
        members = fetch(warehouse, "select text_hash from topic_texts where topic_id = $topic", {"topic": topic_id})
        if len(members.hashes) < count * MIN_SIZE:
            raise UsageError(
                f"{topic_id}: {len(members.hashes)} different posts are too few to split into {count} topics; "
                f"each needs {MIN_SIZE}."
            )
        centres, labels = parts_of(registry.space.project(members.embeddings), count)
        topic.parts, topic.is_pinned = registry.point(centres[0]), True
        topics = [topic]
        for part in range(1, len(centres)):
            new = registry.new_topic(night.as_of, registry.point(centres[part]), topic_id)
            new.is_pinned = True
            hashes = [members.hashes[index] for index in np.flatnonzero(labels == part)]
            write_assignments(warehouse, night, registry, hashes, [new.topic_id] * len(hashes), np.ones(len(hashes)))
            registry.record(new.topic_id, "split", topic_id, len(hashes), "by hand")
            topics.append(new)
        describe_topics(warehouse, night, registry, recorded(warehouse), [new.topic_id for new in topics[1:]])
    return topics


@contextmanager
def _changing(night: Night) -> Iterator[tuple[duckdb.DuckDBPyConnection, Registry]]:
    """The registry, stored when the block ends well. Raises UsageError when there are no topics yet."""
    with connect(night.home) as warehouse:
        registry = load_registry(warehouse)
        if registry.fitted is None or registry.model_version is None:
            raise UsageError(f"{night.home.warehouse}: there are no topics yet. Run `marktecho nightly` first.")
        list_texts(warehouse, registry.model_version)
        with transaction(warehouse):
            yield warehouse, registry
            store_registry(warehouse, night, registry)


def _alive(registry: Registry, topic_id: str) -> Topic:
    topic = registry.topics.get(topic_id)
    if topic is None:
        raise UsageError(f"{topic_id}: there is no such topic. `marktecho topics list` shows all.")
    if not topic.is_alive:
        gone = f"was merged into {topic.merged_into}" if topic.merged_into else "is retired"
        raise UsageError(f"{topic_id}: this topic {gone}.")
    return topic
