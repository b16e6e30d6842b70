"""How surprising a count is, given what was to be expected, and which of many surprises are more than chance."""

from __future__ import annotations

import numpy as np
from scipy.special import betainc
from scipy.stats import false_discovery_control, nbinom

_SMALLEST_P = 1e-300
_POISSON_BELOW = 1e-9


def p_values(counts: np.ndarray, expected: np.ndarray, dispersion: np.ndarray) -> np.ndarray:
    """Probability of at least so many posts when nothing has happened (negative binomial).

    Args:
        counts: observed numbers of posts.
        expected: mean numbers, same shape.
        dispersion: alpha, variance = mean + alpha * mean^2; 0 is the Poisson distribution.

    Returns:
        p values in (0, 1], same shape.
    """
    counts = np.ceil(np.asarray(counts, dtype=np.float64))
    mean = np.maximum(np.asarray(expected, dtype=np.float64), 1e-12)
    size = 1 / np.maximum(dispersion, _POISSON_BELOW)
    found = np.maximum(counts, 1.0)
    tail = betainc(found, size, mean / (mean + size))
    return np.where(counts <= 0, 1.0, np.clip(tail, _SMALLEST_P, 1.0))


def lower_p_values(counts: np.ndarray, expected: np.ndarray, dispersion: np.ndarray) -> np.ndarray:
    """Probability of at most so many posts when nothing has happened; arguments as in `p_values`."""
    mean = np.maximum(np.asarray(expected, dtype=np.float64), 1e-12)
    size = 1 / np.maximum(dispersion, _POISSON_BELOW)
    return np.clip(betainc(size, np.floor(counts) + 1, size / (mean + size)), _SMALLEST_P, 1.0)


def surprise_scores(p: np.ndarray) -> np.ndarray:
    """-log10 of p values: 3 happens by chance once in a thousand days, 0 always."""
    return -np.log10(p) + 0.0


def expected_range(expected: np.ndarray, dispersion: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of posts between which 95 of 100 days lie when nothing happens."""
    mean = np.maximum(np.asarray(expected, dtype=np.float64), 1e-12)
    size = 1 / np.maximum(dispersion, _POISSON_BELOW)
    share = size / (size + mean)
    return nbinom.ppf(0.025, size, share), nbinom.ppf(0.975, size, share)


def ratio_interval(count: float, expected: float, dispersion: float) -> tuple[float, float, float]:
    """How many times what was expected, with a 95% interval (log-normal, after the delta method).

    Half a post is added to both, so that "expected: none" gives a number and not infinity.
    """
    ratio = (count + 0.5) / (expected + 0.5)
    error = float(np.sqrt(1 / (count + 0.5) + dispersion * (expected / (expected + 0.5)) ** 2))
    return ratio, ratio * float(np.exp(-1.96 * error)), ratio * float(np.exp(1.96 * error))


def q_values(p: np.ndarray) -> np.ndarray:
    """Benjamini and Hochberg's adjusted p values of all tests of a night, in the order given.

    Reporting the tests with q at most 0.05 means that at most 5% of what is reported is chance (Journal of the Royal
    Statistical Society B 57 (1995), 289-300); tests that depend on one another positively keep that promise (Benjamini
    and Yekutieli, Annals of Statistics 29 (2001)).
    """
    if p.size == 0:
        return p.copy()
    return np.asarray(false_discovery_control(p.ravel(), method="bh").reshape(p.shape))
