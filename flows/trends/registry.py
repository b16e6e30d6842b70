"""The trends of all nights: an event keeps its id and beginning for as long as it goes on, and its row for good."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa

from flows.trends.trend import SEVERITIES, Trend
from models.trends import LARGEST_GAP

LATE_DAYS = 3
"""Posts arrive late: a day is looked at again for so long before what it shows is history."""


@dataclass(frozen=True)
class Recorded:
    """A trend as the registry holds it."""

    trend: Trend
    detected_at: datetime
    status: str


def recorded(warehouse: duckdb.DuckDBPyConnection, time_zone: str) -> list[Recorded]:
    """All trends ever reported, the oldest first."""
    names = [one.name for one in fields(Trend) if one.name not in ("first_date", "driver")]
    found = warehouse.execute(
        f"""
        select {", ".join(names)}, cast(timezone($time_zone, started_at) as date) as first_date, detected_at, status
        from core.trend_events
        order by started_at, trend_id
        """,
        {"time_zone": time_zone},
    )
    columns = [column[0] for column in found.description or []]
    rows = (dict(zip(columns, row, strict=True)) for row in found.fetchall())
    return [Recorded(detected_at=row.pop("detected_at"), status=row.pop("status"), trend=Trend(**row)) for row in rows]


@dataclass(frozen=True)
class Look:
    """One night's look at the days.

    Attributes:
        now: the night's time; new events are detected then.
        today: its day.
        since: the first day that has been tested.
        open_since: what ended before this day is history and brings nothing new; None: everything may.
        signs: days that show something, per measure, direction and series.
    """

    now: datetime
    today: date
    since: date
    open_since: date | None
    signs: dict[tuple[str, str, str], set[date]]


def merge(known: list[Recorded], told: Iterable[Trend], look: Look) -> list[Recorded]:
    """Enter the events of a night into the registry and return all its rows as they are from now on.

    An event that overlaps a known one is the same event; it keeps trend_id, kind, beginning, time of detection and its
    highest severity. A known one whose days show nothing any more (posts deleted, or found out as spam or copies) is
    withdrawn.
    """
    entries = list(known)
    taken: set[int] = set()
    for trend in sorted(told, key=lambda one: (one.first_date, one.series_id)):
        place = next((at for at, entry in enumerate(entries) if _is_same(entry.trend, trend)), None)
        if place is None:
            if look.open_since is None or trend.last_date >= look.open_since:
                entries.append(Recorded(trend.identified(), look.now, _status(trend, look.today)))
                taken.add(len(entries) - 1)
            continue
        entries[place] = _continued(entries[place], trend, look.today, is_again=place in taken)
        taken.add(place)
    for place, entry in enumerate(entries):
        if place not in taken:
            entries[place] = replace(entry, status=_status_unseen(entry, look))
    return entries


def _continued(entry: Recorded, trend: Trend, today: date, *, is_again: bool) -> Recorded:
    old = entry.trend
    if is_again and trend.last_date <= old.last_date:
        return entry
    merged = replace(
        trend,
        trend_id=old.trend_id,
        kind=old.kind,
        started_at=old.started_at,
        first_date=old.first_date,
        severity=max(old.severity, trend.severity, key=SEVERITIES.index),
    )
    return Recorded(merged, entry.detected_at, _status(merged, today))


def _is_same(old: Trend, new: Trend) -> bool:
    gap = timedelta(days=LARGEST_GAP)
    return (
        (old.measure, old.direction, old.series_id) == (new.measure, new.direction, new.series_id)
        and new.first_date <= old.last_date + gap
        and old.first_date <= new.last_date + gap
    )


def _status(trend: Trend, today: date) -> str:
    return "ongoing" if trend.last_date >= today - timedelta(days=LARGEST_GAP) else "ended"


def _status_unseen(entry: Recorded, look: Look) -> str:
    trend = entry.trend
    days = look.signs.get((trend.measure, trend.direction, trend.series_id))
    if days is None or trend.first_date < look.since:
        return _status(trend, look.today) if entry.status == "ongoing" else entry.status
    if not any(trend.first_date <= day <= trend.last_date for day in days):
        return "withdrawn"
    return _status(trend, look.today)


def write(
    warehouse: duckdb.DuckDBPyConnection, entries: list[Recorded], summaries: dict[str, str], now: datetime
) -> None:
    """Replace core.trend_events, inside the caller's transaction. A trend without a new summary keeps its old one."""
    old = dict(warehouse.execute("select trend_id, summary from core.trend_events").fetchall())
    rows = [_row(entry, summaries.get(entry.trend.trend_id) or old[entry.trend.trend_id], now) for entry in entries]
    warehouse.execute("delete from core.trend_events")
    if rows:
        warehouse.register("batch", pa.Table.from_pylist(rows, schema=_schema(warehouse)))
        warehouse.execute("insert into core.trend_events by name select * from batch")
        warehouse.unregister("batch")


def _row(entry: Recorded, summary: str, now: datetime) -> dict[str, Any]:
    values = {one.name: getattr(entry.trend, one.name) for one in fields(Trend)}
    kept = {name: value for name, value in values.items() if name not in ("first_date", "driver")}
    return kept | {
        "status": entry.status,
        "detected_at": entry.detected_at,
        "summary": summary,
        "updated_at": now,
    }


def _schema(warehouse: duckdb.DuckDBPyConnection) -> pa.Schema:
    return warehouse.execute("select * from core.trend_events limit 0").to_arrow_table().schema


def parts(entries: Iterable[Recorded]) -> Iterator[tuple[int, str]]:
    """Which entries are part of an entity's wave of posts: what is said about its aspects meanwhile, its sentiment."""
    listed = list(entries)
    waves = [one.trend for one in listed if one.trend.measure == "mention_count" and _is_entity(one.trend)]
    for place, entry in enumerate(listed):
        trend = entry.trend
        for wave in waves:
            if wave.entity_id == trend.entity_id and wave is not trend and _is_within(trend, wave):
                yield place, wave.trend_id
                break


def _is_entity(trend: Trend) -> bool:
    return trend.entity_id is not None and trend.aspect_id is None


def _is_within(trend: Trend, wave: Trend) -> bool:
    if trend.measure == "repeat_count":
        return False
    return trend.first_date <= wave.last_date + timedelta(days=LARGEST_GAP) and wave.first_date <= trend.last_date
