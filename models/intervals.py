"""Intervals of 95% around counts, shares and ratios of counts. Events are taken as independent of one another."""

from __future__ import annotations

import math

from scipy.stats import beta, chi2

CONFIDENCE = 0.95
_TAIL = (1 - CONFIDENCE) / 2
_Z = 1.959963984540054


def count_interval(count: int) -> tuple[float, float]:
    """The mean numbers of events for which `count` is not unusual.

    Exact: F. Garwood, "Fiducial limits for the Poisson distribution", Biometrika 28 (1936), 437-442.
    """
    low = float(chi2.ppf(_TAIL, 2 * count)) / 2 if count else 0.0
    return low, float(chi2.ppf(1 - _TAIL, 2 * count + 2)) / 2


def share_interval(part: int, whole: int) -> tuple[float, float]:
    """The shares, 0 to 1, for which `part` of `whole` is not unusual; (0, 1) when there is nothing.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the American
    Statistical Association 22 (1927), 209-212.
    """
    if not whole:
        return 0.0, 1.0
    share, weight = part / whole, _Z**2 / whole
    middle = share + weight / 2
    spread = _Z * math.sqrt(share * (1 - share) / whole + weight / (4 * whole))
    return max(0.0, (middle - spread) / (1 + weight)), min(1.0, (middle + spread) / (1 + weight))


def ratio_of_counts(now: int, before: int, *, length_ratio: float = 1.0) -> tuple[float, float]:
    """How many times as frequent events are now as before; the upper end is infinite when there were none before.

    Exact, given the sum of both: J. Przyborowski and H. Wilenski, "Homogeneity of results in testing samples from
    Poisson series", Biometrika 31 (1940), 313-323, with the limits of Clopper and Pearson. `length_ratio` is the length
    of the time now divided by that before.
    """
    low = float(beta.ppf(_TAIL, now, before + 1)) if now else 0.0
    high = float(beta.ppf(1 - _TAIL, now + 1, before)) if before else 1.0
    return _odds(low) / length_ratio, _odds(high) / length_ratio


def _odds(share: float) -> float:
    return math.inf if share >= 1 else share / (1 - share)
