"""A small warehouse made by hand: core tables with the mentions a test writes down, and a night to work on them.

core = CoreTables(Home.locate(tmp_path))
core.mention("m1", entities=["acme"], sentiment="negative", aspects={"delivery": "negative"})
night = make_night(core.home)
build(night)
rows(core.home, "select * from marts.mentions")
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb

from flows.home import Home
from flows.settings import Alerts, Index
from flows.warehouse import connect

AS_OF = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
MODEL = "model-1"
ASPECTS = "aspects-1"

ENTITIES = (("acme", "Acme", "company"), ("rival", "Rival", "competitor"), ("other", "Other", "competitor"))
MORE_ENTITIES = (("gadget", "Gadget", "product"), ("parcels", "Parcels", "market"))

PROBABILITIES = {"negative": (0.8, 0.15, 0.05), "neutral": (0.1, 0.8, 0.1), "positive": (0.05, 0.15, 0.8)}
UNSCORED = (None, None, None)


def make_night(home: Home, *, as_of: datetime = AS_OF, run_id: str = "20261123T013000Z-000001", **settings: Any) -> Any:
    """A night as the steps receive it, with the few settings the marts depend on."""
    chosen = {
        "time_zone": "Europe/Berlin",
        "language": "en",
        "fingerprint": "settings-1",
        "alerts": Alerts(),
        "index": Index(),
        "accounts": [],
        "sources": (),
    } | settings
    return SimpleNamespace(
        run_id=run_id,
        as_of=as_of,
        settings=SimpleNamespace(**chosen),
        home=home,
        report=lambda step, done, total: None,
    )


def rows(home: Home, sql: str) -> list[dict[str, Any]]:
    """The rows of a query over the warehouse."""
    with connect(home) as warehouse:
        result = warehouse.execute(sql)
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def text_hash(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


class CoreTables:
    """Core tables of one home, written row by row; made empty first when the home has been used before."""

    def __init__(self, home: Home | Path) -> None:
        self.home = home if isinstance(home, Home) else Home.locate(home)
        self._open: duckdb.DuckDBPyConnection | None = None
        with self.batch():
            self._start_again()

    def _start_again(self) -> None:
        """Empty core and drop what was built: a used home is quicker than a new one, dbt knows its project there."""
        for schema in ("staging", "intermediate", "marts"):
            self.execute(f"drop schema if exists {schema} cascade")
        assert self._open is not None
        for (table,) in self._open.execute(
            "select table_name from duckdb_tables() where schema_name = 'core'"
        ).fetchall():
            self.execute(f"delete from core.{table}")
        self.insert("active_versions", [(MODEL, ASPECTS)])
        self.insert("entities", [(*entity, "query-1") for entity in ENTITIES + MORE_ENTITIES])
        self.insert("aspects", [(name, name.title(), f"About {name}.") for name in ("delivery", "price", "quality")])

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Keep the warehouse open over several writes."""
        if self._open is not None:
            yield
            return
        with connect(self.home) as warehouse:
            self._open = warehouse
            try:
                yield
            finally:
                self._open = None

    def insert(self, table: str, values: Iterable[Sequence[Any]]) -> None:
        """Append rows to a core table, values in the columns' order."""
        for row in values:
            marks = ", ".join("?" for _ in row)
            self.execute(f"insert into core.{table} values ({marks})", *row)

    def execute(self, sql: str, *parameters: Any) -> None:
        """Change the core tables."""
        with self.batch():
            assert self._open is not None
            self._open.execute(sql, list(parameters))

    def mention(
        self,
        mention_id: str,
        *,
        entities: Sequence[str] = ("acme",),
        sentiment: str | None = "neutral",
        intent: str | None = "other",
        intent_score: float = 0.9,
        aspects: Mapping[str, str] | None = None,
        text: str | None = None,
        source: str = "forum",
        language: str | None = "en",
        published_at: datetime | None = AS_OF - timedelta(hours=30),
        collected_at: datetime = AS_OF - timedelta(hours=1),
        author_kind: str = "person",
        likes: int | None = None,
        reposts: int | None = None,
        replies: int | None = None,
        reach: int | None = None,
        copy_of: str | None = None,
        spam: str | None = None,
        override: str | None = None,
    ) -> None:
        """Write a mention with all that preparation and models say about it."""
        text = f"Text of {mention_id}." if text is None else text
        with self.batch():
            self._mention(
                mention_id, text, source, language, published_at, collected_at, author_kind, likes, reposts, replies,
                reach,
            )  # fmt: skip
            self.insert("mention_entities", [(mention_id, entity) for entity in entities])
            self.reading(text, sentiment=sentiment, intent=intent, intent_score=intent_score, aspects=aspects or {})
            if copy_of:
                self.insert("copies", [(mention_id, copy_of, "near", 0.95)])
            if spam:
                self.insert("spam", [(mention_id, spam)])
            if override:
                self.insert("sentiment_overrides", [(mention_id, "rule-1", override)])

    def _mention(
        self,
        mention_id: str,
        text: str,
        source: str,
        language: str | None,
        published_at: datetime | None,
        collected_at: datetime,
        author_kind: str,
        likes: int | None,
        reposts: int | None,
        replies: int | None,
        reach: int | None,
    ) -> None:
        self.insert(
            "mentions",
            [
                (
                    mention_id, source, f"native-{mention_id}", f"https://example.org/{mention_id}",
                    f"author-{mention_id}", author_kind, text, text_hash(text), language, 0.99, published_at,
                    collected_at, None, None, None, likes, reposts, replies, reach, None, f"content-{mention_id}",
                    collected_at,
                )
            ],
        )  # fmt: skip

    def reading(
        self,
        text: str,
        *,
        sentiment: str | None,
        intent: str | None = "other",
        intent_score: float = 0.9,
        aspects: Mapping[str, str] | None = None,
        model: str = MODEL,
    ) -> None:
        """Write what a model version says about a text, in place of what it said before."""
        key = text_hash(text)
        self.execute("delete from core.enrichments where text_hash = ? and model_version = ?", key, model)
        self.execute("delete from core.aspect_scores where text_hash = ?", key)
        negative, neutral, positive = PROBABILITIES[sentiment] if sentiment else UNSCORED
        score = None if negative is None or positive is None else positive - negative
        self.insert(
            "enrichments",
            [
                (
                    key, model, None if sentiment else "no_words", [0.1, 0.2], negative, neutral, positive, sentiment,
                    score, intent, intent_score if intent else None, AS_OF,
                )
            ],
        )  # fmt: skip
        self.insert(
            "aspect_scores",
            [
                (
                    key, ASPECTS, aspect, 0.7, *PROBABILITIES[tone], tone,
                    PROBABILITIES[tone][2] - PROBABILITIES[tone][0], text,
                )
                for aspect, tone in (aspects or {}).items()
            ],
        )  # fmt: skip

    def weights(self, language: str, negative: float, neutral: float, positive: float, *, model: str = MODEL) -> None:
        """Write the corrected weights of the model's three classes for a language."""
        corrected = {"negative": negative, "neutral": neutral, "positive": positive}
        raw = {"negative": -1.0, "neutral": 0.0, "positive": 1.0}
        self.insert("sentiment_weights", [(model, language, name, raw[name], corrected[name]) for name in raw])

    def rule(
        self,
        rule_id: str,
        department: str,
        *,
        position: int = 1,
        intents: list[str] | None = None,
        aspects: list[str] | None = None,
        sentiments: list[str] | None = None,
        entity_kinds: list[str] | None = None,
        min_reach: int | None = None,
        priority: int = 2,
        due_hours: int = 24,
        reason: str = "Somebody should look.",
    ) -> None:
        """Write a routing rule."""
        self.insert(
            "routing_rules",
            [
                (
                    rule_id, position, department, intents, aspects, sentiments, entity_kinds, min_reach, priority,
                    due_hours, reason,
                )
            ],
        )  # fmt: skip

    def trend(
        self,
        trend_id: str,
        *,
        kind: str = "surge",
        severity: str = "warning",
        status: str = "ongoing",
        entity: str = "acme",
        part_of: str | None = None,
        evidence: Sequence[str] = (),
        detected_at: datetime = AS_OF,
    ) -> None:
        """Write a surge of posts since yesterday, in place of what was said about it before."""
        self.execute("delete from core.trend_events where trend_id = ?", trend_id)
        self.insert(
            "trend_events",
            [
                (
                    trend_id, kind, "mention_count", "up", entity, entity, None, None, status, severity,
                    AS_OF - timedelta(days=1), detected_at, AS_OF.date(), 40.0, 5.0, 2.0, 9.0, 30, 7.4, 5.0, 11.0, 1e-9,
                    1e-8, part_of, f"{entity.title()}: 40 posts about {trend_id}.", AS_OF,
                )
            ],
        )  # fmt: skip
        self.insert("trend_evidence", [(trend_id, place, one) for place, one in enumerate(evidence, start=1)])
