"""Weights of a survey: respondents in, weights out whose margins are those of the population.

Raking (iterative proportional fitting) after Deming and Stephan (1940), with an upper bound on the weights as in
Deville, Särndal and Sautory (1993): w = min(cap, product of one factor per margin). docs/reference/survey.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

ROUNDS: Final = 1_000
CLOSE: Final = 1e-9


class MarginError(Exception):
    """The margins cannot be reached. Attributes: `margin` and `category`, by number (None: no single one), `reason`."""

    def __init__(self, reason: str, margin: int | None = None, category: int | None = None) -> None:
        super().__init__(reason)
        self.reason, self.margin, self.category = reason, margin, category


@dataclass(frozen=True)
class Weights:
    """Weights of respondents, their mean 1, and which of them stand at the cap, both [respondents]."""

    values: np.ndarray
    is_capped: np.ndarray

    @property
    def design_effect(self) -> float:
        """Kish's (1965) factor by which unequal weights enlarge the variance: 1 for equal weights."""
        return self.values.size / effective_sample_size(self.values)


def effective_sample_size(weights: np.ndarray) -> float:
    """Kish's (1965) effective sample size: the square of the sum by the sum of the squares; 0 for no weights."""
    total = float((weights**2).sum())
    return float(weights.sum()) ** 2 / total if total else 0.0


def rake(categories: np.ndarray, targets: list[np.ndarray], cap: float = np.inf) -> Weights:
    """Weigh respondents so that every margin has its target shares and no weight is above the cap.

    Args:
        categories: of each respondent in each margin, numbers from 0, [respondents, margins].
        targets: per margin the population's share of each category; they add up to 1.
        cap: largest weight, as a multiple of the mean weight.

    Without margins all weights are 1. Raises MarginError when a category has no respondents, would need weights above
    the cap, or the margins contradict one another.
    """
    count = categories.shape[0]
    raw = np.ones(count)
    members = [[np.flatnonzero(categories[:, m] == c) for c in range(len(t))] for m, t in enumerate(targets)]
    for margin, shares in enumerate(targets):
        for category, share in enumerate(shares):
            size = members[margin][category].size
            if not size:
                raise MarginError("has no respondents", margin, category)
            if share * count > cap * size:
                raise MarginError(f"would need weights of {share * count / size:.1f} times the mean", margin, category)
    for _ in range(ROUNDS):
        for margin, shares in enumerate(targets):
            for category, share in enumerate(shares):
                inside = members[margin][category]
                raw[inside] *= _factor(raw[inside], share * count, cap)
        weights = np.minimum(raw, cap)
        if _largest_error(weights, members, targets) < CLOSE:
            return Weights(weights, raw >= cap)
    raise MarginError("The margins cannot all be reached together")


def _factor(raw: np.ndarray, total: float, cap: float) -> float:
    """By what to multiply weights so that, cut at the cap, they add up to the total."""
    ordered = np.sort(raw)[::-1]
    rest = ordered.sum() - np.concatenate([[0.0], np.cumsum(ordered)[:-1]])
    for capped in range(ordered.size):
        factor: float = (total - capped * cap if capped else total) / rest[capped]
        if ordered[capped] * factor <= cap:
            return factor
    return cap / float(ordered[-1])


def _largest_error(weights: np.ndarray, members: list[list[np.ndarray]], targets: list[np.ndarray]) -> float:
    errors = [
        abs(weights[inside].sum() / weights.size - share)
        for inner, shares in zip(members, targets, strict=True)
        for inside, share in zip(inner, shares, strict=True)
    ]
    return max(errors, default=0.0)
