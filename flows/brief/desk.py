"""What the points of a brief are written with, and what all of them have."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from flows.brief.charts import Bars, Chart
from flows.brief.facts import Marts
from flows.brief.posts import Post
from flows.brief.words import Writer
from flows.settings import Settings

POSTS_PER_POINT = 7
"""Posts behind a point: the first of them are quoted, the others only linked."""
QUOTED_POSTS = 2


@dataclass(frozen=True)
class Point:
    """One thing to know.

    Attributes:
        subject: what it is about; no two points of a brief share one.
        figure, unit, interval: the number, what it counts, and its 95% interval, as they are read.
        posts, links: the posts behind it, quoted and only linked.
    """

    subject: str
    label: str
    title: str
    figure: str
    unit: str
    interval: str
    says: str
    chart: Chart
    posts: list[Post]
    links: list[Post] = field(default_factory=list)
    is_critical: bool = False

    def told_once(self, told: set[str]) -> Point:
        """The point with the first posts that `told` does not hold yet quoted, the others linked; adds to `told`."""
        quoted = [post for post in self.posts if post.mention_id not in told][:QUOTED_POSTS]
        told |= {post.mention_id for post in quoted}
        links = [post for post in self.posts if post not in quoted and post.url]
        return replace(self, posts=quoted, links=links)


@dataclass(frozen=True)
class Desk:
    """What points are written with. `days` is the length of the charts, `recent` of the time that is reported."""

    marts: Marts
    settings: Settings
    writer: Writer
    today: date
    days: int
    recent: int


def bars(
    desk: Desk,
    title: str,
    counts: dict[date, int],
    first: date,
    last: date | None = None,
    *,
    level: float | None = None,
) -> Bars:
    """A chart of posts per day whose days from `first` to `last` are marked."""
    days = list(counts)
    return Bars(
        title,
        list(counts.values()),
        frozenset(place for place, day in enumerate(days) if first <= day <= (last or days[-1])),
        desk.writer.day(days[0]),
        desk.writer.day(days[-1]),
        level,
        desk.writer.words["expected_level"],
    )


def sentiment_interval(writer: Writer, row: dict[str, Any]) -> str:
    """The interval of a net sentiment in words."""
    return writer.say(
        "interval", low=writer.signed(row["net_sentiment_low"]), high=writer.signed(row["net_sentiment_high"])
    )


def ratio_interval(writer: Writer, interval: tuple[float, float]) -> str:
    """How many times as many, in words; with nothing before there is no upper end."""
    low, high = interval
    if math.isinf(high):
        return writer.say("ratio_at_least", low=writer.number(low, 1))
    return writer.say("ratio", low=writer.number(low, 1), high=writer.number(high, 1))
