"""The step: count, test, and write down what stands out."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import duckdb
import numpy as np
import polars as pl

from flows import build
from flows.night import Night
from flows.trends import registry
from flows.trends.detection import Findings, detect
from flows.trends.evidence import replace_evidence
from flows.trends.grid import Grid, local_day, read_grid
from flows.trends.telling import Teller
from flows.trends.words import Names, sentence
from flows.warehouse import connect, transaction
from models.trends import surprise_scores

REPORTED_DAYS = 90
"""Days of which a night tells what was expected; those before are what it is expected from."""


@dataclass(frozen=True)
class TrendCounts:
    """What one run of the step did: series counted, tests of the last day, trends that are new, and ongoing."""

    series_count: int
    tested_count: int
    new_count: int
    ongoing_count: int


def trends(night: Night) -> TrendCounts:
    """Find what stands out in the posts up to the night, and bring core.trend_days and core.trend_events up to date.

    The first night looks at all its history; later ones report only what goes on or has just ended. Raises
    MarktechoError when the intermediate tables cannot be built.
    """
    with connect(night.home):
        pass  # the core tables exist from here on
    build.run_dbt(night.home, ["run", "--select", "+tag:trends", "--vars", json.dumps(build.dbt_variables(night))])
    today = local_day(night.as_of, night.settings.time_zone)
    with connect(night.home) as warehouse:
        since = _listened_since(warehouse, today)
        grid = read_grid(warehouse, night.as_of, night.settings.time_zone, since)
        if grid is None or len(grid.days) < 2:
            return TrendCounts(0, 0, 0, 0)
        night.report("trends", 0, len(grid.series))
        kinds = dict(warehouse.execute("select entity_id, kind from core.entities").fetchall())
        findings = detect(grid, night.settings.alerts, *_rows_of_voices(grid, kinds))
        known = registry.recorded(warehouse, night.settings.time_zone)
        entries = _entries(warehouse, night, grid, findings, kinds, known, today)
        told = [entry for entry in entries if entry.trend.last_date >= grid.days[0] and entry.status != "withdrawn"]
        ongoing = sum(entry.status == "ongoing" for entry in entries)
        with transaction(warehouse):
            _write_days(warehouse, grid, findings)
            registry.write(warehouse, entries, _summaries(warehouse, night, told), night.as_of)
            replace_evidence(warehouse, told)
            warehouse.execute("delete from core.trend_runs where as_of = ?", [night.as_of])
            warehouse.execute(
                "insert into core.trend_runs values (?, ?, ?)", [night.as_of, findings.tested_count, ongoing]
            )
        night.report("trends", len(grid.series), len(grid.series))
    return TrendCounts(len(grid.series), findings.tested_count, len(entries) - len(known), ongoing)


def _listened_since(warehouse: duckdb.DuckDBPyConnection, today: date) -> dict[str, date]:
    """Since when entities are listened to that were added after the first night.

    What such an entity had before is only what was found by chance: in posts about others.
    """
    is_first = warehouse.execute("select count(*) = 0 from core.trend_entities").fetchone() == (True,)
    warehouse.execute(
        """
        insert into core.trend_entities
        select entity_id, if($is_first, null, cast($today as date))
        from core.entities
        anti join core.trend_entities using (entity_id)
        """,
        {"is_first": is_first, "today": today},
    )
    found = warehouse.execute(
        "select entity_id, listened_since from core.trend_entities where listened_since is not null"
    ).fetchall()
    return dict(found)


def _rows_of_voices(grid: Grid, kinds: dict[str, str]) -> tuple[np.ndarray, np.ndarray]:
    voices = [
        row
        for row, one in enumerate(grid.series)
        if one.is_entity and kinds.get(one.entity_id or "") in ("company", "competitor")
    ]
    competitors = [row for row in voices if kinds[grid.series[row].entity_id or ""] == "competitor"]
    return np.array(voices, dtype=int), np.array(competitors, dtype=int)


def _entries(
    warehouse: duckdb.DuckDBPyConnection,
    night: Night,
    grid: Grid,
    findings: Findings,
    kinds: dict[str, str],
    known: list[registry.Recorded],
    today: date,
) -> list[registry.Recorded]:
    """All trends as of this night, those that an entity's wave explains marked as its part."""
    teller = Teller(night, grid, findings, kinds, _new_topics(warehouse))
    looked_since = _looked_since(grid)
    told = [trend for trend in map(teller.tell, findings.found) if trend.last_date >= looked_since]
    look = registry.Look(night.as_of, today, looked_since, _open_since(warehouse, night), _signs(grid, findings))
    entries = registry.merge(known, told, look)
    entries = [replace(entry, trend=replace(entry.trend, part_of=None)) for entry in entries]
    for place, trend_id in registry.parts(entries):
        entries[place] = replace(entries[place], trend=replace(entries[place].trend, part_of=trend_id))
    return entries


def _new_topics(warehouse: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """Topics of which people began to talk; those of the first night are not new, only found."""
    found = warehouse.execute(
        "select topic_id from core.topics where born_at > (select min(born_at) from core.topics) and parent_id is null"
    ).fetchall()
    return frozenset(row[0] for row in found)


def _looked_since(grid: Grid) -> date:
    return max(grid.days[0], grid.days[-1] - timedelta(days=REPORTED_DAYS - 1))


def _open_since(warehouse: duckdb.DuckDBPyConnection, night: Night) -> date | None:
    """What ended before this day is history; None on the first night."""
    row = warehouse.execute("select max(as_of) from core.trend_runs where as_of < ?", [night.as_of]).fetchone()
    if row is None or row[0] is None:
        return None
    last: datetime = row[0]
    return local_day(last, night.settings.time_zone) - timedelta(days=registry.LATE_DAYS)


def _signs(grid: Grid, findings: Findings) -> dict[tuple[str, str, str], set[date]]:
    signs: dict[tuple[str, str, str], set[date]] = defaultdict(set)
    for (measure, direction), shown in findings.signs.items():
        names = (
            [f"post:{original_id}" for original_id, _ in grid.originals]
            if measure == "repeat_count"
            else [one.series_id for one in grid.series]
        )
        for row, name in enumerate(names):
            signs[measure, direction, name] |= {grid.days[column] for column in np.flatnonzero(shown[row])}
    return dict(signs)


def _summaries(warehouse: duckdb.DuckDBPyConnection, night: Night, told: list[registry.Recorded]) -> dict[str, str]:
    labels = f"label_{night.settings.language}"
    names = Names(
        entities=dict(warehouse.execute("select entity_id, name from core.entities").fetchall()),
        aspects=dict(warehouse.execute("select aspect_id, name from core.aspects").fetchall()),
        topics=dict(warehouse.execute(f"select topic_id, {labels} from core.topics").fetchall()),
    )
    return {
        entry.trend.trend_id: sentence(entry.trend, names, night.settings.language, is_over=entry.status == "ended")
        for entry in told
    }


def _write_days(warehouse: duckdb.DuckDBPyConnection, grid: Grid, findings: Findings) -> None:
    """Replace what was expected of the reported days; earlier days stay as they were told."""
    volume = findings.volume
    first = grid.days.index(_looked_since(grid))
    rows, columns = (places.ravel() for places in np.mgrid[0 : len(grid.series), first : len(grid.days)])
    known = ~volume.is_early[rows, columns]
    scores = surprise_scores(volume.count_p)

    def told(values: np.ndarray) -> pl.Series:
        return pl.Series(np.where(known, values[rows, columns], np.nan), dtype=pl.Float64).fill_nan(None)

    frame = pl.DataFrame(
        {
            "series_id": [grid.series[row].series_id for row in rows],
            "entity_id": pl.Series([grid.series[row].entity_id for row in rows], dtype=pl.String),
            "aspect_id": pl.Series([grid.series[row].aspect_id for row in rows], dtype=pl.String),
            "topic_id": pl.Series([grid.series[row].topic_id for row in rows], dtype=pl.String),
            "published_date": [grid.days[column] for column in columns],
            "original_count": volume.counts[rows, columns].astype(np.int64),
            "expected_count": told(volume.expected).round(3),
            "expected_low": told(volume.low),
            "expected_high": told(volume.high),
            "surprise_score": told(scores).round(3),
            "is_emerging": findings.hits["mention_count", "up"][rows, columns],
            "is_incomplete": columns == len(grid.days) - 1,
        }
    )
    warehouse.execute("delete from core.trend_days where published_date >= ?", [grid.days[first]])
    warehouse.register("batch", frame.to_arrow())
    warehouse.execute("insert into core.trend_days by name select * from batch")
    warehouse.unregister("batch")
