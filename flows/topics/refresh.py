"""The weekly refresh: topics found anew, matched to those there are, every difference recorded."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import duckdb
import numpy as np

from flows.errors import MarktechoError
from flows.night import Night
from flows.topics.assignments import recorded, write_assignments
from flows.topics.naming import describe_topics
from flows.topics.registry import Registry, Topic, load_registry, store_registry
from flows.topics.texts import Texts, active_version, batches, list_texts, sample
from flows.warehouse import connect, transaction
from models.topic_assignment import centre, soft_assignment
from models.topic_clusters import MIN_SIZE, Clusters, find_clusters, fitted_floor, fitted_temperature
from models.topic_matching import Matching, match_topics
from models.topic_space import fit_space

MOVED_FROM = 0.3
"""A text leaves a topic that lives on only for one whose centre is nearer by this much (cosine)."""


@dataclass(frozen=True)
class RefreshCounts:
    """What a refresh did: topics alive, texts with and without one, texts that changed topic, and events by kind."""

    topic_count: int
    assigned_count: int
    unassigned_count: int
    moved_count: int
    events: dict[str, int]


def refresh_topics(night: Night) -> RefreshCounts:
    """Refit the topics and match them to those there are.

    One transaction: all or nothing. Raises MarktechoError when there are too few texts to fit anything.
    """
    with connect(night.home) as warehouse:
        version = active_version(warehouse)
        if version is None or list_texts(warehouse, version) < 2 * MIN_SIZE:
            raise MarktechoError(
                f"{night.home.warehouse}: there are fewer than {2 * MIN_SIZE} scored posts, too few to find topics in. "
                "Run `marktecho nightly` first, or listen to more."
            )
        registry = load_registry(warehouse)
        with transaction(warehouse):
            return refit(warehouse, night, registry, version)


def refit(warehouse: duckdb.DuckDBPyConnection, night: Night, registry: Registry, version: str) -> RefreshCounts:
    """Fit, match, move, name and store, inside the caller's transaction; the registry changes with it."""
    drawn = sample(warehouse)
    registry.fitted = fit_space(drawn.embeddings, drawn.languages)
    registry.model_version = version
    coordinates = registry.space.project(drawn.embeddings)
    old = registry.alive
    clusters = find_clusters(coordinates, preferred=sum(not topic.is_pinned for topic in old) or None)
    matching = _matched(registry, old, drawn, coordinates, clusters)
    unnamed = _apply(registry, night, old, drawn, coordinates, clusters, matching)
    centres, _ = registry.centres([topic for topic in registry.alive if len(topic.parts)])
    registry.temperature = fitted_temperature(coordinates, centres)
    registry.floor = fitted_floor(coordinates, centres)
    counts = _move(warehouse, night, registry, {old[o].topic_id: old[h].topic_id for o, h in matching.merged.items()})
    _record_sizes(warehouse, registry)
    describe_topics(warehouse, night, registry, recorded(warehouse), unnamed)
    events = dict(sorted(Counter(event.kind for event in registry.events).items()))
    store_registry(warehouse, night, registry)
    return RefreshCounts(len(registry.alive), *counts, events)


def _matched(
    registry: Registry, old: list[Topic], drawn: Texts, coordinates: np.ndarray, clusters: Clusters
) -> Matching:
    """Count what topics and clusters share; topics lie where their texts of the sample lie."""
    position = {topic.topic_id: index for index, topic in enumerate(old)}
    owner = np.array([position.get(topic or "", len(old)) for topic in drawn.topic_ids], int)
    shared = np.zeros((len(old) + 1, len(clusters.centres)), int)
    np.add.at(shared, (owner, clusters.labels), 1)
    places = (
        np.stack([_place(registry, topic, coordinates[owner == n]) for n, topic in enumerate(old)])
        if old
        else (np.zeros((0, coordinates.shape[1])))
    )
    return match_topics(
        shared,
        places @ clusters.centres.T,
        places @ places.T,
        clusters.separation,
        np.array([topic.is_pinned for topic in old], bool),
    )


def _place(registry: Registry, topic: Topic, members: np.ndarray) -> np.ndarray:
    """Where a topic lies: at the centre of its texts, or where it lay when none of them was drawn."""
    if len(members):
        return centre(members)
    return centre(registry.space.project(topic.parts)) if len(topic.parts) else np.zeros(registry.space.basis.shape[0])


def _apply(
    registry: Registry,
    night: Night,
    old: list[Topic],
    drawn: Texts,
    coordinates: np.ndarray,
    clusters: Clusters,
    matching: Matching,
) -> list[str]:
    """Give topics their new places, and clusters that are new their topics. Returns the ids that need a name."""
    owners = np.array([topic or "" for topic in drawn.topic_ids])
    continued = {topic: cluster for cluster, topic in matching.kept.items()}
    for number, topic in enumerate(old):
        members = coordinates[owners == topic.topic_id]
        if number in matching.merged:
            topic.merged_into = old[matching.merged[number]].topic_id
            topic.retired_at = night.as_of
            registry.record(topic.topic_id, "merged", topic.merged_into, len(members))
        elif number in continued and not topic.is_pinned:
            topic.parts = registry.point(clusters.centres[continued[number]])
        else:
            topic.parts = _parts(registry, topic, members)
    unnamed = []
    for cluster in range(len(clusters.centres)):
        if cluster in matching.kept or cluster in matching.absorbed:
            continue
        parent = old[matching.split[cluster]].topic_id if cluster in matching.split else None
        topic = registry.new_topic(night.as_of, registry.point(clusters.centres[cluster]), parent)
        registry.record(topic.topic_id, "split" if parent else "born", parent)
        unnamed.append(topic.topic_id)
    return unnamed


def _parts(registry: Registry, topic: Topic, members: np.ndarray) -> np.ndarray:
    """The parts of a topic that no cluster continues: each moves to the centre of the texts nearest to it."""
    if not len(topic.parts):
        return registry.point(centre(members)) if len(members) else topic.parts
    places = registry.space.project(topic.parts)
    nearest = (members @ places.T).argmax(1) if len(members) else np.zeros(0, int)
    return np.concatenate(
        [
            registry.point(centre(members[nearest == part]) if np.any(nearest == part) else places[part])
            for part in range(len(places))
        ]
    )


def _move(
    warehouse: duckdb.DuckDBPyConnection, night: Night, registry: Registry, heirs: dict[str, str]
) -> tuple[int, int, int]:
    """Assign all texts; those of topics that live on stay unless another one is much nearer. Records every move.

    Returns how many texts have a topic, have none, and changed theirs.
    """
    alive = [topic for topic in registry.alive if len(topic.parts)]
    index = {topic.topic_id: number for number, topic in enumerate(alive)}
    ids = [topic.topic_id for topic in alive]
    parents = np.array([index.get(topic.parent_id or "", -1) for topic in alive])
    fresh = {event.topic_id for event in registry.events if event.kind == "split"}
    is_fresh = np.array([topic_id in fresh for topic_id in ids], bool)
    centres, owners = registry.centres(alive)
    moves: Counter[tuple[str, str]] = Counter()
    with_topic = without = 0
    for texts in batches(warehouse, "true"):
        coordinates = registry.space.project(texts.embeddings)
        best, _, similarities = soft_assignment(coordinates, centres, owners, registry.temperature, registry.floor)
        before = np.array([index.get(heirs.get(topic or "", topic or ""), -1) for topic in texts.topic_ids])
        after = _settled(best, before, similarities, parents, is_fresh)
        rows = np.arange(len(after))
        powers = np.exp((similarities - similarities.max(1, keepdims=True)) / registry.temperature)
        shares = powers / powers.sum(1, keepdims=True)
        confidence = np.where(after >= 0, shares[rows, after], shares.max(1))
        new_ids = [ids[number] if number >= 0 else None for number in after]
        moves.update(
            (was, now)
            for was, now in zip(texts.topic_ids, new_ids, strict=True)
            if was is not None and now is not None and was != now and heirs.get(was) != now
        )
        with_topic += int((after >= 0).sum())
        without += int((after < 0).sum())
        changed = np.flatnonzero(
            [was != now or not known for was, now, known in zip(texts.topic_ids, new_ids, texts.are_known, strict=True)]
        )
        write_assignments(
            warehouse,
            night,
            registry,
            [texts.hashes[row] for row in changed],
            [new_ids[row] for row in changed],
            confidence[changed],
        )
        night.report("topics refresh", with_topic + without, None)
    for (was, now), count in sorted(moves.items()):
        if now not in fresh:
            registry.record(was, "reassigned", now, count)
    return with_topic, without, sum(moves.values())


def _settled(
    best: np.ndarray, before: np.ndarray, similarities: np.ndarray, parents: np.ndarray, is_fresh: np.ndarray
) -> np.ndarray:
    """The topic of each text: the one it had, unless another one is much nearer or a nearer part was split from it."""
    rows = np.arange(len(best))
    had = before >= 0
    nearest = similarities.argmax(1)
    gain = similarities[rows, nearest] - similarities[rows, np.maximum(before, 0)]
    is_child = is_fresh[nearest] & (parents[nearest] == before)
    moves = had & ((gain > MOVED_FROM) | (is_child & (gain > 0)))
    return np.where(had, np.where(moves, nearest, before), best)


def _record_sizes(warehouse: duckdb.DuckDBPyConnection, registry: Registry) -> None:
    """Complete the events of topics that are new with the number of their texts."""
    sizes = dict(
        warehouse.execute(
            "select topic_id, count(*) from core.text_topics where topic_id is not null group by all"
        ).fetchall()
    )
    registry.events = [
        type(event)(**{**vars(event), "text_count": sizes.get(event.topic_id, 0)})
        if event.kind in ("born", "split")
        else event
        for event in registry.events
    ]
