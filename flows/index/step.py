"""The step: sums per day out of the posts, the index of every period out of the sums."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import polars as pl

from flows import build
from flows.index.accounts import replace_accounts
from flows.index.periods import Period, periods
from flows.night import Night
from flows.warehouse import connect, transaction
from models.business_index import COMPONENTS, SUMS, PeriodIndex, industry_scales, known_figures, period_index

MORE_SUMS = ("answered_count", "log_answer_hours_sum")
SCALE_MONTHS = 12
FEWEST_POSTS = 10


@dataclass(frozen=True)
class IndexCounts:
    """What one run of the step did: periods told, entities compared, and values that could be given."""

    period_count: int
    entity_count: int
    value_count: int


def index(night: Night) -> IndexCounts:
    """Compute the business index of every month and of the last 90 days anew, and replace core.index_values.

    Raises MarktechoError when the intermediate tables cannot be built.
    """
    with connect(night.home) as warehouse:
        replace_accounts(warehouse, night)
    build.run_dbt(night.home, ["run", "--select", "+tag:index", "--vars", json.dumps(build.dbt_variables(night))])
    with connect(night.home) as warehouse:
        today = night.as_of.astimezone(ZoneInfo(night.settings.time_zone)).date()
        days = _read_days(warehouse, today)
        told = [period for period in periods(days.first, today) if _has_posts(days, period)] if days.first else []
        night.report("index", 0, len(told))
        rows = _rows(days, told, np.array([getattr(night.settings.index, name) for name in COMPONENTS]))
        _write(warehouse, rows)
        night.report("index", len(told), len(told))
    return IndexCounts(len(told), len(days.entities), sum(row["index_value"] is not None for row in rows))


@dataclass(frozen=True)
class _Days:
    """Sums [entities, days, SUMS and MORE_SUMS] from `first` on; None: nobody has been talked about yet."""

    entities: list[str]
    heard: np.ndarray
    first: date | None
    sums: np.ndarray

    def of(self, period: Period) -> np.ndarray:
        assert self.first is not None  # noqa: S101 - without days there are no periods
        return self.sums[:, (period.first - self.first).days : (period.last - self.first).days + 1]


def _read_days(warehouse: duckdb.DuckDBPyConnection, today: date) -> _Days:
    entities = [
        row[0]
        for row in warehouse.execute(
            "select entity_id from core.entities where kind in ('company', 'competitor') order by entity_id"
        ).fetchall()
    ]
    names = (*SUMS, *MORE_SUMS)
    rows = warehouse.execute(
        f"""
        select entity_id, published_date, has_heard_accounts, {", ".join(f"cast({name} as double)" for name in names)}
        from intermediate.int_index_days
        where published_date <= $today
            and entity_id in (select entity_id from core.entities where kind in ('company', 'competitor'))
        order by published_date
        """,
        {"today": today},
    ).fetchall()
    heard = {entity_id for entity_id, _, has_heard, *_ in rows if has_heard}
    is_heard = np.array([entity_id in heard for entity_id in entities], dtype=bool)
    if not rows:
        return _Days(entities, is_heard, None, np.zeros((len(entities), 0, len(names))))
    first: date = rows[0][1]
    sums = np.zeros((len(entities), (today - first).days + 1, len(names)))
    place = {entity_id: number for number, entity_id in enumerate(entities)}
    for entity_id, day, _, *values in rows:
        sums[place[entity_id], (day - first).days] = values
    return _Days(entities, is_heard, first, sums)


def _rows(days: _Days, told: list[Period], weights: np.ndarray) -> list[dict[str, Any]]:
    months = [period for period in told if period.kind == "month"][-SCALE_MONTHS:]
    scales = industry_scales([known_figures(_sums(days, period), days.heard) for period in months])
    return [
        row
        for period in told
        for row in _period_rows(
            days, period, period_index(days.of(period)[..., : len(SUMS)], days.heard, weights, scales)
        )
    ]


def _has_posts(days: _Days, period: Period) -> bool:
    """Whether a month has posts enough to be told: some of years ago come along with any source."""
    return period.kind != "month" or bool(_sums(days, period)[:, SUMS.index("earned_count")].sum() >= FEWEST_POSTS)


def _sums(days: _Days, period: Period) -> np.ndarray:
    sums: np.ndarray = days.of(period)[..., : len(SUMS)].sum(axis=1)
    return sums


def _period_rows(days: _Days, period: Period, found: PeriodIndex) -> list[dict[str, Any]]:
    totals = days.of(period).sum(axis=1)
    column = dict(zip((*SUMS, *MORE_SUMS), totals.T, strict=True))
    everything = column["earned_count"].sum()
    rows = []
    for number, entity_id in enumerate(days.entities):
        one = {name: float(values[number]) for name, values in column.items()}
        is_heard = bool(days.heard[number])
        asked, answered = int(one["asked_count"]), one["answered_count"]
        rows.append(
            {
                "entity_id": entity_id,
                "period_kind": period.kind,
                "period": period.name,
                "period_start_date": period.first,
                "period_end_date": period.last,
                "index_value": _said(found.value[number]),
                "index_low": _said(found.low[number]),
                "index_high": _said(found.high[number]),
                "rank_best": _whole(found.rank_best[number]),
                "rank_worst": _whole(found.rank_worst[number]),
                **{name: _said(found.components[number, place]) for place, name in enumerate(COMPONENTS)},
                "missing_components": [
                    name for place, name in enumerate(COMPONENTS) if np.isnan(found.components[number, place])
                ],
                "earned_count": int(one["earned_count"]),
                "earned_reach": int(one["earned_reach"]) if one["known_reach_count"] else None,
                "earned_share_of_voice": one["earned_count"] / everything if everything else None,
                "earned_net_sentiment": _net_sentiment(one),
                "asked_count": asked,
                "answered_share": answered / asked if is_heard and asked else None,
                "answer_hours": float(np.expm1(one["log_answer_hours_sum"] / answered)) if answered else None,
                "own_post_count": int(one["own_post_count"]) if is_heard else None,
                "is_incomplete": period.is_incomplete,
            }
        )
    return rows


def _net_sentiment(one: dict[str, float]) -> float | None:
    if not one["scored_count"]:
        return None
    return round(max(-1.0, min(1.0, one["sentiment_weight_sum"] / one["scored_count"])), 6)


def _said(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 4)


def _whole(value: float) -> int | None:
    return None if np.isnan(value) else int(value)


def _write(warehouse: duckdb.DuckDBPyConnection, rows: list[dict[str, Any]]) -> None:
    with transaction(warehouse):
        warehouse.execute("delete from core.index_values")
        if rows:
            frame = pl.DataFrame(rows, infer_schema_length=None)
            frame = frame.with_columns(pl.col("missing_components").cast(pl.List(pl.String)))
            warehouse.register("batch", frame.to_arrow())
            warehouse.execute("insert into core.index_values by name select * from batch")
            warehouse.unregister("batch")
