"""The night's part: new texts join the topics there are; among texts in no topic, new topics are looked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import duckdb
import numpy as np

from flows.night import Night
from flows.topics.assignments import recorded, write_assignments
from flows.topics.carry import carry_over
from flows.topics.naming import describe_topics
from flows.topics.refresh import refit
from flows.topics.registry import Registry, Topic, load_registry, store_registry
from flows.topics.texts import active_version, batches, fetch, list_texts
from flows.warehouse import connect, transaction
from models.topic_assignment import soft_assignment
from models.topic_clusters import dense_groups

FIRST_FIT_COUNT = 150
"""Texts needed before topics are looked for; fewer say too little."""
POOL_SIZE = 2_000
"""The newest texts in no topic, among which new topics are looked for."""
RETIRE_DAYS = 90
"""A topic without posts for so long is retired."""
REVIVED_FROM = 0.8
"""Cosine of a new topic to a retired one from which it is the old one come back."""


@dataclass(frozen=True)
class TopicCounts:
    """What a run left: topics alive, texts with and without one; and how many events it recorded."""

    topic_count: int
    assigned_count: int
    unassigned_count: int
    event_count: int


def assign_topics(night: Night) -> TopicCounts:
    """Bring topics up to date with new texts. Texts that have a topic keep it.

    The first night with enough texts finds the first topics. One transaction: all or nothing.
    """
    with connect(night.home) as warehouse:
        version = active_version(warehouse)
        if version is None:
            return TopicCounts(0, 0, 0, 0)
        total = list_texts(warehouse, version)
        registry = load_registry(warehouse)
        before = warehouse.execute("select count(*) from core.topic_events").fetchone()
        with transaction(warehouse):
            if registry.fitted is not None:
                if registry.model_version != version:
                    carry_over(warehouse, registry, version)
                _assign_new(warehouse, night, registry)
                _look_for_new_topics(warehouse, night, registry)
                _retire(warehouse, night, registry)
                store_registry(warehouse, night, registry)
            elif total >= FIRST_FIT_COUNT:
                refit(warehouse, night, registry, version)
        after = warehouse.execute("select count(*) from core.topic_events").fetchone()
        with_topic, without = warehouse.execute(
            """
            select count(*) filter (where topic_id is not null), count(*) filter (where topic_id is null)
            from core.text_topics
            semi join topic_texts using (text_hash)
            """
        ).fetchone() or (0, 0)
    return TopicCounts(len(registry.alive), with_topic, without, after[0] - before[0])  # type: ignore[index]


def _assign_new(warehouse: duckdb.DuckDBPyConnection, night: Night, registry: Registry) -> None:
    alive = registry.alive
    counted = warehouse.execute("select count(*) from topic_texts where not is_known").fetchone()
    total = counted[0] if counted else 0
    done = 0
    night.report("topics", 0, total)
    for texts in batches(warehouse, "not is_known"):
        found = np.full(len(texts.hashes), -1)
        confidence = np.zeros(len(texts.hashes))
        if alive and registry.fitted is not None:
            centres, owners = registry.centres(alive)
            coordinates = registry.space.project(texts.embeddings)
            found, confidence, _ = soft_assignment(coordinates, centres, owners, registry.temperature, registry.floor)
        ids = [alive[index].topic_id if index >= 0 else None for index in found]
        write_assignments(warehouse, night, registry, texts.hashes, ids, confidence)
        done += len(texts.hashes)
        night.report("topics", done, total)


def _look_for_new_topics(warehouse: duckdb.DuckDBPyConnection, night: Night, registry: Registry) -> None:
    """Cluster the newest texts in no topic; each dense group of enough texts becomes a topic, or brings one back."""
    pool = fetch(
        warehouse,
        """
        select text_hash
        from topic_texts
        semi join (select text_hash from core.text_topics where topic_id is null) as pool using (text_hash)
        where is_original
        order by seen_at desc, text_hash
        limit $most
        """,
        {"most": POOL_SIZE},
    )
    born: list[str] = []
    for members in dense_groups(pool.embeddings.astype(np.float64) - registry.space.origin):
        parts = pool.embeddings[members].astype(np.float64).mean(0)[None, :]
        topic = _returned(registry, parts)
        if topic is None:
            topic = registry.new_topic(night.as_of, parts)
            registry.record(topic.topic_id, "born", count=len(members), detail="found among the posts in no topic")
            born.append(topic.topic_id)
        else:
            topic.retired_at = None
            registry.record(topic.topic_id, "revived", count=len(members))
        hashes = [pool.hashes[index] for index in members]
        write_assignments(warehouse, night, registry, hashes, [topic.topic_id] * len(hashes), np.ones(len(hashes)))
    if born:
        describe_topics(warehouse, night, registry, recorded(warehouse), born)


def _returned(registry: Registry, parts: np.ndarray) -> Topic | None:
    """The retired, unmerged topic that lies where `parts` lie."""
    place = registry.space.project(parts)
    gone = [
        topic
        for topic in registry.topics.values()
        if not topic.is_alive and topic.merged_into is None and len(topic.parts)
    ]
    scored = [(float((registry.space.project(topic.parts) @ place.T).max()), topic) for topic in gone]
    best = max(scored, key=lambda pair: (pair[0], pair[1].topic_id), default=None)
    return best[1] if best and best[0] >= REVIVED_FROM else None


def _retire(warehouse: duckdb.DuckDBPyConnection, night: Night, registry: Registry) -> None:
    latest = dict(
        warehouse.execute(
            """
            select text_topics.topic_id, max(seen_at)
            from core.text_topics
            join topic_texts using (text_hash)
            where text_topics.topic_id is not null
            group by all
            """
        ).fetchall()
    )
    limit = night.as_of - timedelta(days=RETIRE_DAYS)
    for topic in registry.alive:
        seen = latest.get(topic.topic_id)
        if (seen is None or seen < limit) and not topic.is_pinned and topic.born_at < limit:
            topic.retired_at = night.as_of
            registry.record(topic.topic_id, "died", detail=f"no posts for {RETIRE_DAYS} days")
