"""Shares of a weighted survey, with design-based standard errors and intervals, and differences between waves.

Formulas and sources: docs/reference/survey.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.stats import t

from models.survey_weights import Weights, effective_sample_size

CONFIDENCE: Final = 0.95


@dataclass(frozen=True)
class Share:
    """An estimated share with its interval (0 to 1) and standard error.

    `count` is the number of respondents it is about, `effective_count` Kish's effective sample size among them.
    """

    value: float
    low: float
    high: float
    standard_error: float
    count: int
    effective_count: float


class Estimator:
    """Estimates shares in one sample.

    `categories` [respondents, margins] and `margin_sizes` (categories per margin) are those the weights were raked to;
    no margins: equal weights.
    """

    def __init__(self, weights: Weights, categories: np.ndarray, margin_sizes: list[int]) -> None:
        self._weights = weights.values
        blocks = [np.eye(size)[categories[:, margin]] for margin, size in enumerate(margin_sizes)]
        self._design = np.hstack(blocks) if blocks else np.empty((weights.values.size, 0))
        # a weight at the cap does not move with the margins' factors, so it has no part in the regression
        self._moving = np.where(weights.is_capped, 0.0, weights.values)
        self._inverse = np.linalg.pinv(self._design.T @ (self._moving[:, None] * self._design))

    def share(self, asked: np.ndarray, picked: np.ndarray) -> Share:
        """Estimate which share of those `asked` has `picked`, both bool [respondents]; somebody has been asked."""
        weights = self._weights
        total = weights[asked].sum()
        value = float(weights[asked & picked].sum() / total)
        error = self._standard_error(np.where(asked, (picked - value) / total, 0.0))
        count = int(asked.sum())
        effective = effective_sample_size(weights[asked])
        return Share(value, *_interval(value, error, count, effective), error, count, effective)

    def _standard_error(self, linearised: np.ndarray) -> float:
        """Of a statistic with these linearised values: residuals of their regression on the margins, weighted."""
        explained = self._design @ (self._inverse @ (self._design.T @ (self._moving * linearised)))
        influence = self._weights * (linearised - explained)
        count = influence.size
        if count < 2:
            return 0.0
        return float(np.sqrt(count / (count - 1) * ((influence - influence.mean()) ** 2).sum()))


def _interval(value: float, error: float, count: int, effective: float) -> tuple[float, float]:
    """Wilson's (1927) interval with the sample size that a simple random sample of this standard error would have."""
    if count < 2:
        return 0.0, 1.0
    size = value * (1 - value) / error**2 if error > 0 and 0 < value < 1 else effective
    quantile = float(t.ppf(0.5 + CONFIDENCE / 2, count - 1))
    centre = (value + quantile**2 / (2 * size)) / (1 + quantile**2 / size)
    half = (
        quantile / (1 + quantile**2 / size) * float(np.sqrt(value * (1 - value) / size + (quantile / (2 * size)) ** 2))
    )
    return max(0.0, min(centre - half, value)), min(1.0, max(centre + half, value))


@dataclass(frozen=True)
class Change:
    """How a share differs from that of an earlier, independent sample, with its interval and p value."""

    value: float
    low: float
    high: float
    p_value: float


def change(now: Share, before: Share) -> Change | None:
    """Test the difference of two independent samples (t test of estimates with their standard errors).

    None when neither varies, so that nothing can be tested.
    """
    error = float(np.hypot(now.standard_error, before.standard_error))
    if error == 0:
        return None
    difference = now.value - before.value
    freedom = now.count + before.count - 2
    half = float(t.ppf(0.5 + CONFIDENCE / 2, freedom)) * error
    p_value = float(2 * t.sf(abs(difference) / error, freedom))
    return Change(difference, max(-1.0, difference - half), min(1.0, difference + half), p_value)
