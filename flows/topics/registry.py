"""The registry of topics: read from the warehouse, changed in memory, written back with every event."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import duckdb
import numpy as np
import pyarrow as pa

from flows.night import Night
from models.topic_labels import twins
from models.topic_space import TopicSpace


@dataclass
class Topic:
    """A topic as recorded in core.topics, with its parts: points among the embeddings, float64 [parts, dimension]."""

    topic_id: str
    label_de: str
    label_en: str
    born_at: datetime
    keywords: list[str] = field(default_factory=list)
    is_named: bool = False
    is_pinned: bool = False
    parent_id: str | None = None
    merged_into: str | None = None
    retired_at: datetime | None = None
    parts: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))

    @property
    def is_alive(self) -> bool:
        """Whether new posts can join it."""
        return self.retired_at is None


@dataclass(frozen=True)
class Event:
    """Something that happened to a topic."""

    topic_id: str
    kind: str
    other_topic_id: str | None = None
    text_count: int | None = None
    detail: str | None = None


@dataclass
class Registry:
    """All topics, the space they lie in, and what happened to them since the registry was read.

    `fitted` is None before the first fit; `model_version` is that of the space.
    """

    topics: dict[str, Topic]
    fitted: TopicSpace | None = None
    model_version: str | None = None
    temperature: float = 0.1
    floor: float = -1.0
    events: list[Event] = field(default_factory=list)

    @property
    def space(self) -> TopicSpace:
        """The space of a fitted registry."""
        if self.fitted is None:
            raise RuntimeError("no topics have been fitted yet")
        return self.fitted

    @property
    def alive(self) -> list[Topic]:
        """Topics that posts can join, by id."""
        return [topic for _, topic in sorted(self.topics.items()) if topic.is_alive]

    def new_topic(self, born_at: datetime, parts: np.ndarray, parent_id: str | None = None) -> Topic:
        """Add a topic without a name yet, under the next free id."""
        number = 1 + max((int(topic_id[1:]) for topic_id in self.topics), default=0)
        topic_id = f"t{number:04d}"
        topic = Topic(topic_id, topic_id, topic_id, born_at, parent_id=parent_id, parts=parts)
        self.topics[topic_id] = topic
        return topic

    def record(self, topic_id: str, kind: str, other: str | None = None, count: int = 0, detail: str = "") -> None:
        """Note an event: born, split (`other`: from), merged (into), died, revived, renamed, reassigned (to)."""
        self.events.append(Event(topic_id, kind, other, count, detail or None))

    def centres(self, topics: list[Topic]) -> tuple[np.ndarray, np.ndarray]:
        """Coordinates of all parts of some topics, and to which of them (by position) each belongs."""
        parts = np.concatenate([topic.parts for topic in topics])
        owners = np.repeat(np.arange(len(topics)), [len(topic.parts) for topic in topics])
        return self.space.project(parts), owners

    def point(self, centre: np.ndarray) -> np.ndarray:
        """The point among the embeddings that has these coordinates; [1, dimension], ready to be a topic's part."""
        return (self.space.origin + centre @ self.space.basis)[None, :]


def load_registry(warehouse: duckdb.DuckDBPyConnection) -> Registry:
    """Read the registry."""
    rows = warehouse.execute(
        """
        select
            topic_id, label_de, label_en, born_at, keywords, is_named, is_pinned, parent_id, merged_into, retired_at
        from core.topics
        order by topic_id
        """
    ).fetchall()
    registry = Registry({row[0]: Topic(*row) for row in rows})
    space = warehouse.execute(
        "select origin, basis, temperature, floor, model_version from core.topic_spaces order by fitted_at desc limit 1"
    ).fetchone()
    if space is None:
        return registry
    registry.fitted = TopicSpace(np.array(space[0], np.float64), np.array(space[1], np.float64))
    registry.temperature, registry.floor, registry.model_version = space[2], space[3], space[4]
    parts: dict[str, list[list[float]]] = {}
    for topic_id, centroid in warehouse.execute(
        "select topic_id, centroid from core.topic_centroids where model_version = ? order by topic_id, part",
        [space[4]],
    ).fetchall():
        parts.setdefault(topic_id, []).append(centroid)
    for topic_id, points in parts.items():
        registry.topics[topic_id].parts = np.array(points, np.float64)
    return registry


def store_registry(warehouse: duckdb.DuckDBPyConnection, night: Night, registry: Registry) -> None:
    """Write the registry and the new events, inside the caller's transaction."""
    topics = [topic for _, topic in sorted(registry.topics.items())]
    alike = twins({topic.topic_id: (topic.label_de, topic.label_en) for topic in topics if topic.is_alive})
    warehouse.execute("delete from core.topics")
    _insert(
        warehouse,
        "topics",
        [
            {
                "topic_id": topic.topic_id,
                "label_de": topic.label_de,
                "label_en": topic.label_en,
                "keywords": topic.keywords,
                "is_named": topic.is_named,
                "is_pinned": topic.is_pinned,
                "parent_id": topic.parent_id,
                "merged_into": topic.merged_into,
                "similar_topic_ids": alike.get(topic.topic_id, []),
                "born_at": topic.born_at,
                "retired_at": topic.retired_at,
                "updated_at": night.as_of,
            }
            for topic in topics
        ],
    )
    if registry.fitted is not None:
        _store_space(warehouse, night, registry, topics)
    known = warehouse.execute("select count(*) from core.topic_events where run_id = ?", [night.run_id]).fetchone()
    start = known[0] if known else 0
    _insert(
        warehouse,
        "topic_events",
        [
            {
                "event_id": f"{night.run_id}-{number:04d}",
                "run_id": night.run_id,
                "happened_at": night.as_of,
                **vars(event),
            }
            for number, event in enumerate(registry.events, start=start)
        ],
    )
    registry.events = []


def _store_space(warehouse: duckdb.DuckDBPyConnection, night: Night, registry: Registry, topics: list[Topic]) -> None:
    warehouse.execute("delete from core.topic_spaces")
    warehouse.execute("delete from core.topic_centroids")
    stamp = {"model_version": registry.model_version, "fitted_at": night.as_of}
    _insert(
        warehouse,
        "topic_spaces",
        [
            {
                "origin": registry.space.origin.tolist(),
                "basis": registry.space.basis.tolist(),
                "temperature": registry.temperature,
                "floor": registry.floor,
                **stamp,
            }
        ],
    )
    _insert(
        warehouse,
        "topic_centroids",
        [
            {"topic_id": topic.topic_id, "part": part, "centroid": point.tolist(), **stamp}
            for topic in topics
            for part, point in enumerate(topic.parts)
        ],
    )


def _insert(warehouse: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, object]]) -> None:
    if not rows:
        return
    warehouse.register("new_rows", pa.Table.from_pylist(rows))
    warehouse.execute(f"insert into core.{table} by name select * from new_rows")
    warehouse.unregister("new_rows")
