"""How many posts a series was to be expected to have on a day, from the days before it.

The method is that of outbreak surveillance in public health, brought from weeks to days: a robust level with trend and
weekday pattern, a negative-binomial spread around it, and earlier outbreaks weighed down so that they do not hide the
next. Source: A. Noufaily et al., "An improved algorithm for outbreak detection in multiple surveillance systems",
Statistics in Medicine 32 (2013), 1206-1222. Instead of one regression per series, level, pattern and spread of each
series are drawn towards those of all series together (empirical Bayes), because most series are short and thin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.trends.surprise import lower_p_values, p_values

EARLIEST_DAY = 7
"""A series is judged from its eighth day on: every weekday has been seen once."""
LEVEL_DAYS = 28
PATTERN_DAYS = 56
_PATTERN_MINIMUM = 14
_TREND_MINIMUM = 21
_PATTERN_PRIOR_POSTS = 20.0
_PATTERN_PRIOR_DAYS = 1.0
_SPREAD_PRIOR = 0.05
_SPREAD_PRIOR_DAYS = 20.0
_SPREAD_POOL_DAYS = 25.0
_SPREAD_FLOOR = 0.01
_CAP_DEVIATIONS = 3.0
_CAP_BIAS = 1.4
"""Counts cut at three deviations spread about this much less than the counts themselves."""
_OUTLIER_P = 0.001
_OUTLIER_DEVIATIONS = 1.5
_LARGEST_TREND = 2.0


@dataclass(frozen=True)
class Baseline:
    """What was to be expected, float64 [series, days]; nothing is expected of days that are too early.

    Attributes:
        expected: mean number of posts.
        dispersion: alpha of the negative binomial, variance = mean + alpha * mean^2; holds the error of the mean, too.
        is_early: whether the series has too short a history to say.
    """

    expected: np.ndarray
    dispersion: np.ndarray
    is_early: np.ndarray


def daily_baseline(
    counts: np.ndarray,
    weekdays: np.ndarray,
    first_days: np.ndarray | None = None,
    factors: np.ndarray | None = None,
) -> Baseline:
    """Expect each day from the days before it.

    Args:
        counts: posts, [series, days]; days without posts are zeros.
        weekdays: 0 to 6, [days].
        first_days: the day from which on a series could have had posts, int [series]; default the first for all.
        factors: how many times the usual each day is expected to have for reasons known by its end, [series, days]
            (`common_factors`); default 1.

    Returns:
        Expected counts for every day, each known on the day before, but for the day's own factor.
    """
    series, days = counts.shape
    first = np.zeros(series, dtype=int) if first_days is None else np.asarray(first_days)
    clean = counts.astype(np.float64)
    expected = np.zeros((series, days))
    dispersion = np.full((series, days), _SPREAD_PRIOR)
    is_early = np.arange(days)[None, :] < (first + EARLIEST_DAY)[:, None]
    known = np.ones((series, days)) if factors is None else factors
    for day in range(1, days):
        mean, alpha = _expect(clean, weekdays, first, known, day)
        expected[:, day], dispersion[:, day] = mean, alpha
        clean[:, day] = np.where(is_early[:, day], clean[:, day], _without_outliers(clean[:, day], mean, alpha))
    return Baseline(expected, dispersion, is_early)


def _expect(
    clean: np.ndarray, weekdays: np.ndarray, first: np.ndarray, known: np.ndarray, day: int
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and dispersion of each series for one day."""
    start = max(0, day - PATTERN_DAYS)
    past = clean[:, start:day]
    seen = np.arange(start, day)[None, :] >= first[:, None]
    recent = slice(max(0, past.shape[1] - LEVEL_DAYS), None)
    history = seen.sum(axis=1)
    pattern = _weekday_pattern(past / known[:, start:day], seen, weekdays[start:day])
    factors = pattern[:, weekdays[start:day]] * known[:, start:day]
    kept, level, exposure, alpha = _level_and_spread(past[:, recent], seen[:, recent], factors[:, recent])
    trend, trust = _trend(kept, seen[:, recent], factors[:, recent], level, alpha)
    has_trend = history >= _TREND_MINIMUM
    mean = level * np.where(has_trend, trend, 1.0) * pattern[:, weekdays[day]] * known[:, day]
    error = (1 / level + alpha) / np.maximum(exposure, 1.0)
    return mean, alpha + error * (1 + 3 * np.where(has_trend, trust, 0.0))


def _weekday_pattern(past: np.ndarray, seen: np.ndarray, weekdays: np.ndarray) -> np.ndarray:
    """Factor per series and weekday [series, 7], with mean 1: the series' own, drawn towards the one of all series."""
    series = past.shape[0]
    if past.shape[1] < _PATTERN_MINIMUM:
        return np.ones((series, 7))
    one_hot = np.eye(7)[weekdays]
    level = (past * seen).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    cap = (level + _CAP_DEVIATIONS * np.sqrt(level + _SPREAD_PRIOR * level**2) + 1)[:, None]
    capped = np.minimum(past, cap) * seen
    posts = capped @ one_hot
    usual = (level[:, None] * seen) @ one_hot
    all_usual = usual.sum(axis=0)
    prior = 1 + _PATTERN_PRIOR_DAYS * all_usual.mean() / max(past.shape[1] / 7, 1)
    common = (posts.sum(axis=0) + prior) / (all_usual + prior)
    own = (posts + _PATTERN_PRIOR_POSTS * common) / (usual + _PATTERN_PRIOR_POSTS)
    return own / own.mean(axis=1, keepdims=True)


def _level_and_spread(
    past: np.ndarray, seen: np.ndarray, factors: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Counts cut at what is usual, posts per average day, average days seen, and alpha."""
    exposure = (factors * seen).sum(axis=1)
    level = _trimmed_level(past, seen, factors)
    alpha = np.full(past.shape[0], _SPREAD_PRIOR)
    kept = past
    for _ in range(3):
        mean = level[:, None] * factors
        deviation = np.sqrt(mean + alpha[:, None] * mean**2)
        kept = np.minimum(past, np.maximum(mean + _CAP_DEVIATIONS * deviation, 1.0))
        level = ((kept * seen).sum(axis=1) + 0.5) / np.maximum(exposure, 0.5)
        alpha = _spread(kept, seen, level[:, None] * factors)
    return kept, level, exposure, alpha


def _trimmed_level(past: np.ndarray, seen: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Mean of the four fifths of the days that have the fewest posts, to start from."""
    rates = np.where(seen, past / factors, np.inf)
    rates.sort(axis=1)
    keep = np.ceil(0.8 * seen.sum(axis=1)).astype(int)
    used = np.arange(rates.shape[1])[None, :] < keep[:, None]
    total = np.where(used, rates, 0.0).sum(axis=1)
    return np.asarray((total + 0.5) / np.maximum(keep, 1))


def _spread(kept: np.ndarray, seen: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Alpha per series by the method of moments, drawn towards that of all series."""
    excess = ((kept - mean) ** 2 - mean) * seen
    own = _CAP_BIAS * np.maximum(excess.sum(axis=1), 0.0) / np.maximum((mean**2 * seen).sum(axis=1), 1e-9)
    informed = ((mean / (1 + mean)) ** 2 * seen).sum(axis=1)
    pool = ((informed * np.minimum(own, 1.0)).sum() + _SPREAD_PRIOR_DAYS * _SPREAD_PRIOR) / (
        informed.sum() + _SPREAD_PRIOR_DAYS
    )
    drawn = (informed * own + _SPREAD_POOL_DAYS * pool) / (informed + _SPREAD_POOL_DAYS)
    return np.maximum(drawn, _SPREAD_FLOOR)


def _trend(
    kept: np.ndarray, seen: np.ndarray, factors: np.ndarray, level: np.ndarray, alpha: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What the next day is relative to the middle of the window, and how far the slope is to be trusted (0 to 1).

    A slope counts as much as it exceeds its own error, so that chance makes no trends.
    """
    days = np.arange(kept.shape[1], dtype=np.float64)[None, :]
    weight = factors * seen
    total = np.maximum(weight.sum(axis=1, keepdims=True), 1e-9)
    middle = (days * weight).sum(axis=1, keepdims=True) / total
    offset = (days - middle) * seen
    relative = (kept / (level[:, None] * factors) - 1) * weight
    squares = np.maximum((offset**2 * weight).sum(axis=1), 1e-9)
    slope = (offset * relative).sum(axis=1) / squares
    error = np.sqrt((1 / level + alpha) / squares)
    strength = np.maximum((slope / error) ** 2 - 1, 0.0)
    trust = strength / (strength + 3)
    ahead = kept.shape[1] - middle[:, 0]
    return np.clip(1 + trust * slope * ahead, 1 / _LARGEST_TREND, _LARGEST_TREND), trust


def _without_outliers(counts: np.ndarray, mean: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Counts that stand out are taken for what is just unusual, so that an event does not become its own baseline."""
    deviation = np.sqrt(mean + alpha * mean**2)
    high = mean + _OUTLIER_DEVIATIONS * deviation
    low = np.maximum(mean - _OUTLIER_DEVIATIONS * deviation, 0.0)
    cut = np.where(p_values(counts, mean, alpha) < _OUTLIER_P, np.minimum(counts, high), counts)
    return np.where(lower_p_values(counts, mean, alpha) < _OUTLIER_P, np.maximum(cut, low), cut)
