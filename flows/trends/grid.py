"""The counts that trends are found in, as arrays: series by day, read from the intermediate tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import polars as pl

from models.trends import EARLIEST_DAY, LEVEL_DAYS

DAILY = ("original_count", "negative_count", "so_far_count", "so_far_negative_count")
ROLLING = ("original_count", "negative_count", "short_count", "short_negative_count")
HOURS = 240
"""Hours of which each is counted by itself, as in int_trend_hours."""
PERIODS = ("now", "before", "earlier")


@dataclass(frozen=True)
class Series:
    """What is counted: an entity, an aspect of an entity, or a topic."""

    series_id: str
    entity_id: str | None
    aspect_id: str | None
    topic_id: str | None

    @property
    def is_entity(self) -> bool:
        """Whether all posts about an entity are counted."""
        return self.entity_id is not None and self.aspect_id is None


@dataclass(frozen=True)
class Grid:
    """Counts up to the night; the last column is the night's own day, which is not over.

    Attributes:
        series: the rows of all arrays.
        days: the columns, in the company's time zone.
        daily: per name of DAILY posts [sources, series, days], where sources are those that count from the same day on.
        rolling: per name of ROLLING posts in the 24 hours (or the last hours of them) that end with the night's last
            full hour, one day earlier per column to the left, [sources, series, days].
        short_hours: the shorter of the two lengths in `rolling`.
        hours: posts per hour, [series, HOURS], the last full hour last.
        hour_columns: the column of the day on which each of these hours began, negative before the first.
        repeats: people who repeated an original, [originals, days].
        originals: mention_id and entity_id of the rows of `repeats`.
        sentiment: scored posts, net sentiment, lower and upper end, [series, days, PERIODS, 4]; nan where unknown.
        first_days: the column from which on a series could have had posts, [series].
        counted_from: the column from which on the posts of these sources count, [sources].
    """

    series: list[Series]
    days: list[date]
    daily: dict[str, np.ndarray]
    rolling: dict[str, np.ndarray]
    short_hours: int
    hours: np.ndarray
    hour_columns: np.ndarray
    repeats: np.ndarray
    originals: list[tuple[str, str]]
    sentiment: np.ndarray
    first_days: np.ndarray
    counted_from: np.ndarray

    @property
    def weekdays(self) -> np.ndarray:
        """0 (Monday) to 6 of each column."""
        return np.array([day.weekday() for day in self.days], dtype=int)

    def spans(self) -> Iterator[tuple[np.ndarray, slice]]:
        """Which sources count for which columns."""
        starts = [int(start) for start in self.counted_from if start < len(self.days)]
        for start, stop in zip(starts, [*starts[1:], len(self.days)], strict=True):
            yield self.counted_from <= start, slice(start, stop)


def local_day(moment: datetime, time_zone: str) -> date:
    """The day of a moment in a time zone."""
    return moment.astimezone(ZoneInfo(time_zone)).date()


def read_grid(
    warehouse: duckdb.DuckDBPyConnection, as_of: datetime, time_zone: str, since: dict[str, date]
) -> Grid | None:
    """Read the intermediate tables; None when there is no dated post.

    `since` says from which day on an entity has been listened to, for those added later than the others.
    """
    daily = _frame(warehouse, "select * from intermediate.int_trend_daily")
    if daily.is_empty():
        return None
    series = [
        Series(*row)
        for row in daily.select("series_id", "entity_id", "aspect_id", "topic_id").unique().sort("series_id").rows()
    ]
    today = local_day(as_of, time_zone)
    oldest: date = daily["published_date"].min()  # type: ignore[assignment]
    days = [oldest + timedelta(days=offset) for offset in range((today - oldest).days + 1)]
    rows = {one.series_id: row for row, one in enumerate(series)}
    daily = daily.with_columns(column=(pl.col("published_date") - oldest).dt.total_days())
    sources = _sources(daily)
    counted_from = np.unique(list(sources.values()))
    places = {source: int(np.searchsorted(counted_from, start)) for source, start in sources.items()}
    shape = (len(counted_from), len(series), len(days))
    rolling = _frame(warehouse, "select * from intermediate.int_trend_rolling").with_columns(
        column=len(days) - 1 - pl.col("days_ago")
    )
    hours = _frame(warehouse, "select * from intermediate.int_trend_hours")
    counted = _filled((1, len(series), HOURS), ["original_count"], rows, {"all": 0}, hours.with_columns(
        column=HOURS - 1 - pl.col("hours_ago"), source=pl.lit("all")
    ))  # fmt: skip
    last_hour = as_of.replace(minute=0, second=0, microsecond=0)
    originals, repeats = _repeats(warehouse, days)
    return Grid(
        series=series,
        days=days,
        daily=_filled(shape, DAILY, rows, places, daily),
        rolling=_filled(shape, ROLLING, rows, places, rolling),
        short_hours=int(rolling["short_hours"].max() or 0),  # type: ignore[arg-type]
        hours=counted["original_count"][0],
        hour_columns=np.array(
            [(local_day(last_hour - timedelta(hours=HOURS - hour), time_zone) - oldest).days for hour in range(HOURS)]
        ),
        repeats=repeats,
        originals=originals,
        sentiment=_sentiment(warehouse, rows, days),
        first_days=np.array([_first_day(one, since, oldest) for one in series], dtype=int),
        counted_from=counted_from,
    )


def _sources(daily: pl.DataFrame) -> dict[str, int]:
    """From which column on each source counts.

    A source that is new makes every series jump. It counts once it has been heard on all the days that a level is taken
    from, unless it is as old as the oldest.
    """
    starts: dict[str, int] = dict(daily.group_by("source").agg(pl.col("column").min()).rows())
    oldest = min(starts.values())
    return {source: 0 if start <= oldest + EARLIEST_DAY else start + LEVEL_DAYS for source, start in starts.items()}


def _first_day(series: Series, since: dict[str, date], oldest: date) -> int:
    start = since.get(series.entity_id or "", oldest)
    return max(0, (start - oldest).days)


def _filled(
    shape: tuple[int, int, int],
    names: Sequence[str],
    rows: dict[str, int],
    sources: dict[str, int],
    frame: pl.DataFrame,
) -> dict[str, np.ndarray]:
    """Zeros, with the counts of the frame at their places."""
    frame = frame.filter(pl.col("column") >= 0, pl.col("series_id").is_in(list(rows)))
    places = (
        np.array([sources[source] for source in frame["source"]], dtype=int),
        np.array([rows[series_id] for series_id in frame["series_id"]], dtype=int),
        frame["column"].to_numpy().astype(int),
    )
    arrays = {}
    for name in names:
        arrays[name] = np.zeros(shape)
        np.add.at(arrays[name], places, frame[name].to_numpy())
    return arrays


def _repeats(warehouse: duckdb.DuckDBPyConnection, days: list[date]) -> tuple[list[tuple[str, str]], np.ndarray]:
    found = warehouse.execute(
        "select original_id, entity_id, published_date, people_count from intermediate.int_trend_repeats"
    ).fetchall()
    originals = sorted({(row[0], row[1]) for row in found})
    rows = {key: row for row, key in enumerate(originals)}
    repeats = np.zeros((len(originals), len(days)))
    for original_id, entity_id, day, people in found:
        if day >= days[0]:
            repeats[rows[original_id, entity_id], (day - days[0]).days] += people
    return originals, repeats


def _sentiment(warehouse: duckdb.DuckDBPyConnection, rows: dict[str, int], days: list[date]) -> np.ndarray:
    values = np.full((len(rows), len(days), len(PERIODS), 4), np.nan)
    found = warehouse.execute(
        """
        select series_id, last_date, period, scored_count, net_sentiment, net_sentiment_low, net_sentiment_high
        from intermediate.int_trend_sentiment
        where scored_count > 0
        """
    ).fetchall()
    columns = {day: column for column, day in enumerate(days)}
    for series_id, day, period, *numbers in found:
        if series_id in rows and day in columns:
            values[rows[series_id], columns[day], PERIODS.index(period)] = numbers
    return values


def _frame(warehouse: duckdb.DuckDBPyConnection, sql: str) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(warehouse.execute(sql).to_arrow_table()))
