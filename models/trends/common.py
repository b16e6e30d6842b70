"""What all series have in common: days on which everybody writes more, or less.

Series of one stream rise and fall together, with holidays, the weather and what else is in the news. A series is held
against what is usual *times* what the others do that day, as far as the series have really moved together so far: where
they have not, nothing is taken away from them.
"""

from __future__ import annotations

import numpy as np

LEVEL_DAYS = 28
MEMORY_DAYS = 56
_EARLIEST_DAY = 7
_PRIOR_POSTS = 20.0
"""So many posts of a usual day are added to the others: few others say little."""
_PRIOR_WEIGHT = 20.0
"""Weight of the assumption that series have nothing in common."""
_LARGEST_DEVIATION = 4.0
_LEAST_LEVEL = 0.25


def common_factors(counts: np.ndarray, others: np.ndarray) -> np.ndarray:
    """How many times the usual each series is to be expected to have on each day, by what the others have.

    The others' posts of a day divided by those of a usual day of the week are raised to a power between 0 (series move
    each for themselves) and 1 (all move together), which is the slope of a regression of the series' deviations from
    their usual on those of the others, over the days before.

    Args:
        counts: posts, [series, days].
        others: posts that are not of the series, the same shape.

    Returns:
        Factors around 1, float64 [series, days]; each is known at the end of its day.
    """
    level = np.maximum(_mean_before(counts), _LEAST_LEVEL)
    ratio = (others + _PRIOR_POSTS) / (_mean_before(others) + _PRIOR_POSTS)
    ratio[:, :_EARLIEST_DAY] = 1.0
    ratio /= _same_weekday_before(ratio)
    weight = np.sqrt(level)
    own = np.clip((counts / level - 1) * weight, -_LARGEST_DEVIATION, _LARGEST_DEVIATION)
    common = (ratio - 1) * weight
    together = _sum_before((own * common).sum(axis=0))
    alone = _sum_before((common**2).sum(axis=0))
    power = np.clip(together / (alone + _PRIOR_WEIGHT), 0.0, 1.0)
    return np.asarray(ratio**power)


def _mean_before(values: np.ndarray) -> np.ndarray:
    """Mean of the `LEVEL_DAYS` before each day; of the first day, itself."""
    days = np.arange(values.shape[1])
    summed = np.cumsum(np.pad(values.astype(np.float64), ((0, 0), (1, 0))), axis=1)
    first = np.maximum(days - LEVEL_DAYS, 0)
    mean = (summed[:, days] - summed[:, first]) / np.maximum(days - first, 1)
    mean[:, 0] = values[:, 0]
    return np.asarray(mean)


def _same_weekday_before(ratio: np.ndarray) -> np.ndarray:
    """Mean of the ratio on the same weekday of the weeks before, one week at 1 added."""
    usual = np.ones_like(ratio)
    for day in range(7, ratio.shape[1]):
        weeks = ratio[:, day % 7 : day : 7][:, -MEMORY_DAYS // 7 :]
        usual[:, day] = (weeks.sum(axis=1) + 1) / (weeks.shape[1] + 1)
    return usual


def _sum_before(values: np.ndarray) -> np.ndarray:
    """Sum of the `MEMORY_DAYS` before each day."""
    days = np.arange(len(values))
    summed = np.cumsum(np.pad(values, (1, 0)))
    return np.asarray(summed[days] - summed[np.maximum(days - MEMORY_DAYS, 0)])
