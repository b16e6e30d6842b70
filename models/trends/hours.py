"""The hour that just ended, for crises that cannot wait for a day to be over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.trends.surprise import p_values

PAST_HOURS = 12
DAY = 24
WEEK = 7 * DAY
HISTORY_HOURS = WEEK + 2
"""Hours that must have passed before an hour can be judged: the same hour a week ago and its neighbours."""
_SPREAD = 0.25
"""Alpha of posts per hour: people answer one another, so hours spread wider than days do."""


@dataclass(frozen=True)
class Hours:
    """The last hours, each judged by others, [series, hours].

    Attributes:
        p: the larger of the two p values; 1 where the history is shorter than HISTORY_HOURS.
        usual: the larger of the two means that the hour is compared with; nan where the history is too short.
    """

    p: np.ndarray
    usual: np.ndarray


def judge_hours(counts: np.ndarray, hours: int) -> Hours:
    """Judge each of the last hours by the 12 before it, then by the same time of yesterday and of a week ago.

    An hour stands out only when it does so in both comparisons: the first alone takes every morning for a surge, the
    second alone every event that has been going on since yesterday. Yesterday's and last week's hour are taken with the
    hours beside them, because one hour has few posts.

    Args:
        counts: posts per hour, [series, all hours], the last column being the last full hour.
        hours: how many of the last hours to judge.
    """
    series, length = counts.shape
    p, usual = np.ones((series, hours)), np.full((series, hours), np.nan)
    for back in range(hours):
        now = length - 1 - back
        if now < HISTORY_HOURS:
            break
        past = counts[:, now - PAST_HOURS : now]
        same = np.concatenate([_around(counts, now - DAY), _around(counts, now - WEEK)], axis=1)
        column = hours - 1 - back
        p[:, column] = np.maximum(_p(counts[:, now], past), _p(counts[:, now], same))
        usual[:, column] = np.maximum(past.mean(axis=1), same.mean(axis=1))
    return Hours(p, usual)


def _around(counts: np.ndarray, hour: int) -> np.ndarray:
    return counts[:, hour - 1 : hour + 2]


def _p(now: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Surprise of an hour given other hours, with the error of their mean."""
    mean = (others.sum(axis=1) + 0.5) / others.shape[1]
    error = (1 / mean + _SPREAD) / others.shape[1]
    return p_values(now, mean, _SPREAD + error)
