"""A trend as it is told: what happened, how strongly, how sure that is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from flows.trends.detection import Direction, Measure

Kind = Literal["emerging_topic", "surge", "sentiment_shift", "competitor_move"]
Severity = Literal["info", "warning", "critical"]
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "critical")


@dataclass(frozen=True)
class Trend:
    """One event of one series, as of a night.

    Attributes:
        series_id: what is counted; `post:` and a mention_id for a post that goes round.
        first_date, last_date: days in the company's time zone.
        observed, expected: posts, people, net sentiment or share of voice, by `measure`; for the last two, expected is
            what it was before.
        strength: observed over expected for posts and people; the change for the others; with its 95% interval.
        driver: the aspect that most of an entity's excess is about.
        trend_id: set when it is entered into the registry.
    """

    kind: Kind
    measure: Measure
    direction: Direction
    series_id: str
    entity_id: str | None
    aspect_id: str | None
    topic_id: str | None
    severity: Severity
    started_at: datetime
    first_date: date
    last_date: date
    observed: float
    expected: float
    expected_low: float | None
    expected_high: float | None
    negative_count: int | None
    strength: float
    strength_low: float
    strength_high: float
    p_value: float
    q_value: float
    driver: str | None = None
    part_of: str | None = None
    trend_id: str = ""

    def identified(self) -> Trend:
        """Give it the id that its kind, series, direction and beginning make: 16 hex digits."""
        named = f"{self.kind} {self.measure} {self.direction} {self.series_id} {self.first_date.isoformat()}"
        return replace(self, trend_id=hashlib.blake2b(named.encode(), digest_size=8).hexdigest())
