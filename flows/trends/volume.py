"""How many posts there are against how many were expected: by day, in the last hours, in single hours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flows.trends.grid import Grid
from models.trends import Baseline, common_factors, daily_baseline, expected_range, judge_hours, p_values, q_values

FALSE_DISCOVERIES = 0.03
"""Share of what is reported that may be chance."""
SMALLEST_EXCESS = 5.0
"""Posts more than expected below which nobody needs to know."""
SMALLEST_RATIO = 1.5
SMALLEST_HOUR = 10
HOURS_PER_NIGHT = 24


@dataclass(frozen=True)
class Window:
    """The 24 hours before the night's last full hour, or the last of them, whichever says more; arrays [series]."""

    hours: np.ndarray
    count: np.ndarray
    expected: np.ndarray
    dispersion: np.ndarray
    negative: np.ndarray
    negative_expected: np.ndarray
    p: np.ndarray
    is_large: np.ndarray


@dataclass(frozen=True)
class Volume:
    """Posts and negative posts against what was expected, arrays [series, days].

    The last column is the part of the night's day that has passed, its p values are those of `window`.

    Attributes:
        low, high: 95 of 100 days lie between them when nothing happens.
        p: of posts and negative posts together; nan where it is too early to say.
        count_p: of posts alone.
        is_large: whether the excess matters to anybody.
        surging_hour: hours ago of the first surging hour of a day; nan where there is none.
    """

    counts: np.ndarray
    expected: np.ndarray
    dispersion: np.ndarray
    low: np.ndarray
    high: np.ndarray
    negative: np.ndarray
    negative_expected: np.ndarray
    window: Window
    p: np.ndarray
    count_p: np.ndarray
    is_early: np.ndarray
    is_large: np.ndarray
    surging_hour: np.ndarray


def measure_volume(grid: Grid, surge_factor: float) -> Volume:
    """Hold posts and negative posts of all days, of the last 24 hours and of single hours against their baselines."""
    counts, base = _against_days(grid, "original_count", "so_far_count")
    negative, negative_base = _against_days(grid, "negative_count", "so_far_negative_count")
    count_p = p_values(counts, base.expected, base.dispersion)
    p = _both(count_p, p_values(negative, negative_base.expected, negative_base.dispersion))
    is_large = _is_large(counts, base.expected) | _is_large(negative, negative_base.expected)
    window = _last_hours(grid)
    p[:, -1], is_large[:, -1] = window.p, window.is_large
    p[base.is_early] = np.nan
    low, high = expected_range(base.expected, base.dispersion)
    return Volume(
        counts, base.expected, base.dispersion, low, high, negative, negative_base.expected, window, p, count_p,
        base.is_early, is_large, _surging_hours(grid, surge_factor, base.is_early[:, -1]),
    )  # fmt: skip


def _against_days(grid: Grid, name: str, so_far: str) -> tuple[np.ndarray, Baseline]:
    """Counts of the sources that count, with their baseline; the last day against the same part of earlier days."""
    counts, base = _by_span(grid, grid.daily[name])
    part_counts, part = _by_span(grid, grid.daily[so_far])
    counts[:, -1] = part_counts[:, -1]
    base.expected[:, -1], base.dispersion[:, -1] = part.expected[:, -1], part.dispersion[:, -1]
    return counts, base


def _by_span(grid: Grid, by_source: np.ndarray) -> tuple[np.ndarray, Baseline]:
    """Counts and baselines; what is said about everything else tells on which days everybody writes more.

    A wave of all that is said about one entity is that entity's, held against the others; its aspects are held against
    the whole wave.
    """
    shape = by_source.shape[1:]
    is_entity = np.array([one.is_entity for one in grid.series], dtype=bool)
    counts = np.zeros(shape)
    whole = Baseline(np.zeros(shape), np.zeros(shape), np.ones(shape, dtype=bool))
    for sources, columns in grid.spans():
        summed = by_source[sources].sum(axis=0)[:, : columns.stop]
        others = np.maximum(summed[is_entity].sum(axis=0) - summed, 0.0)
        factors = common_factors(summed, others)
        base = daily_baseline(summed, grid.weekdays[: columns.stop], grid.first_days, factors)
        counts[:, columns] = summed[:, columns]
        whole.expected[:, columns] = base.expected[:, columns]
        whole.dispersion[:, columns] = base.dispersion[:, columns]
        whole.is_early[:, columns] = base.is_early[:, columns]
    return counts, whole


def _last_hours(grid: Grid) -> Window:
    long = _window(grid, "original_count", "negative_count", 24)
    short = _window(grid, "short_count", "short_negative_count", grid.short_hours)
    is_long = long.p <= short.p
    better = {name: np.where(is_long, getattr(long, name), getattr(short, name)) for name in Window.__annotations__}
    return Window(**better | {"p": np.minimum(1.0, 2 * better["p"])})


def _window(grid: Grid, name: str, negative_name: str, hours: int) -> Window:
    counts, base = _by_span(grid, grid.rolling[name])
    negative, negative_base = _by_span(grid, grid.rolling[negative_name])
    count, expected, dispersion = counts[:, -1], base.expected[:, -1], base.dispersion[:, -1]
    bad, bad_expected, bad_dispersion = negative[:, -1], negative_base.expected[:, -1], negative_base.dispersion[:, -1]
    return Window(
        np.full(len(grid.series), hours),
        count,
        expected,
        dispersion,
        bad,
        bad_expected,
        _both(p_values(count, expected, dispersion), p_values(bad, bad_expected, bad_dispersion)),
        _is_large(count, expected) | _is_large(bad, bad_expected),
    )


def _surging_hours(grid: Grid, surge_factor: float, is_early: np.ndarray) -> np.ndarray:
    hours = judge_hours(grid.hours, HOURS_PER_NIGHT)
    counts = grid.hours[:, -HOURS_PER_NIGHT:]
    q = np.stack([q_values(hours.p[:, hour]) for hour in range(HOURS_PER_NIGHT)], axis=1)
    hits = (
        (q <= FALSE_DISCOVERIES / HOURS_PER_NIGHT)
        & (counts >= SMALLEST_HOUR)
        & (counts >= surge_factor * hours.usual)
        & ~is_early[:, None]
    )
    surging = np.full((len(grid.series), len(grid.days)), np.nan)
    columns = grid.hour_columns[-HOURS_PER_NIGHT:]
    for series, hour in np.argwhere(hits):
        if columns[hour] >= 0:
            surging[series, columns[hour]] = np.fmax(surging[series, columns[hour]], HOURS_PER_NIGHT - 1 - hour)
    return surging


def _both(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The p value of two tests of which either may speak (Bonferroni)."""
    return np.minimum(1.0, 2 * np.minimum(one, other))


def _is_large(counts: np.ndarray, expected: np.ndarray) -> np.ndarray:
    return np.asarray((counts - expected >= SMALLEST_EXCESS) & (counts >= SMALLEST_RATIO * expected))
