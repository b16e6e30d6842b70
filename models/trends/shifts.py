"""Whether a measure is different now from before: net sentiment, and share of voice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

_Z = 1.959964


@dataclass(frozen=True)
class Difference:
    """A measure now minus before, with its 95% interval and two-sided p value; arrays of one shape."""

    change: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p: np.ndarray

    def weaker(self, other: Difference) -> Difference:
        """Elementwise the one of two differences that proves less; opposite signs prove nothing."""
        opposed = np.sign(self.change) != np.sign(other.change)
        first = self.p >= other.p
        return Difference(
            np.where(first, self.change, other.change),
            np.where(first, self.low, other.low),
            np.where(first, self.high, other.high),
            np.where(opposed, 1.0, np.maximum(self.p, other.p)),
        )


def difference_of_estimates(now: np.ndarray, before: np.ndarray) -> Difference:
    """Subtract two independent estimates of which only their intervals are known.

    The interval is that of the "method of variance estimates recovery" (G. Y. Zou and A. Donner, "Construction of
    confidence limits about effect measures", Statistics in Medicine 27 (2008), 1693-1702): it keeps the skewness of
    the two intervals, and needs no second definition of the measure.

    Args:
        now: estimate, lower and upper end of its 95% interval, [..., 3].
        before: the same of the time before.

    Returns:
        The difference; where an interval has no width, the p value is 1.
    """
    change = now[..., 0] - before[..., 0]
    below = np.hypot(now[..., 0] - now[..., 1], before[..., 2] - before[..., 0])
    above = np.hypot(now[..., 2] - now[..., 0], before[..., 0] - before[..., 1])
    towards_zero = np.where(change > 0, below, above) / _Z
    z = np.abs(change) / np.where(towards_zero > 0, towards_zero, np.inf)
    return Difference(change, change - below, change + above, 2 * ndtr(-z))


def share_difference(
    now: np.ndarray, now_all: np.ndarray, before: np.ndarray, before_all: np.ndarray, dispersion: np.ndarray, days: int
) -> Difference:
    """Compare an entity's share of all posts in `days` days with its share in four times as many days before.

    Shares are compared as log odds, whose variance is 1/posts for the entity and for all others, and alpha/days for
    days that are livelier than others. The interval is brought back to shares by the delta method.

    Args:
        now: posts about the entity, [...].
        now_all: posts about the entity and all it is compared with.
        before: the same as `now` of the time before.
        before_all: the same as `now_all` of the time before.
        dispersion: alpha of the entity's daily counts.
        days: length of the window now.
    """
    change = now / np.maximum(now_all, 1) - before / np.maximum(before_all, 1)
    ours, others = now + 0.5, now_all - now + 0.5
    ours_before, others_before = before + 0.5, before_all - before + 0.5
    log_odds = np.log(ours / others) - np.log(ours_before / others_before)
    spread = 2 * dispersion / days * (1 + 1 / 4)
    error = np.sqrt(1 / ours + 1 / others + 1 / ours_before + 1 / others_before + spread)
    share = (now + before + 1) / (now_all + before_all + 2)
    margin = _Z * error * share * (1 - share)
    return Difference(change, change - margin, change + margin, 2 * ndtr(-np.abs(log_odds) / error))
