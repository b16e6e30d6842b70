"""The public business index: sums per day in, values from 0 to 100 with intervals and ranks out.

Method, reasons and limits: docs/reference/business-index.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.stats import norm, t

COMPONENTS: Final = ("reach", "voice", "sentiment", "responsiveness", "activity")
SUMS: Final = (
    "earned_count",
    "earned_reach",
    "known_reach_count",
    "scored_count",
    "sentiment_weight_sum",
    "asked_count",
    "promptness_sum",
    "own_post_count",
)
"""What is summed per entity and day, in the order of the last axis of `days`."""

SMALLEST_SCALES: Final = np.array([np.log(1.25), 0.03, 0.05, 0.05, np.log(1.25)])
"""Per component the smallest standard deviation that is told from none: 25% more reach or posts, 3 points of share of
voice, 0.05 of net sentiment, 5 points of promptness. Without it the noise of an industry of equals would count."""
PAIR_CONSTANT: Final = 1.0 / (np.sqrt(2.0) * norm.ppf(0.75))
"""Makes the median difference of two normal values their standard deviation."""
SCORED_NEEDED: Final = 10
ASKED_NEEDED: Final = 5
REPLICATES: Final = 1_000
SEED: Final = 20_261_123
CONFIDENCE: Final = 0.95


@dataclass(frozen=True)
class PeriodIndex:
    """The index of a period, a value per entity; NaN where there is nothing to say.

    `components` [entities, components] is 0 to 100, `figures` the figures behind them (logarithm of reach, share of
    voice, net sentiment, promptness, logarithm of own posts); ranks begin with 1, the best.
    """

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    rank_best: np.ndarray
    rank_worst: np.ndarray
    components: np.ndarray
    figures: np.ndarray


def figures(sums: np.ndarray, heard: np.ndarray) -> np.ndarray:
    """What the components are made of, [..., entities, components], from sums [..., entities, len(SUMS)].

    `heard` [entities] says whether an entity's own accounts have ever been seen: without them neither its activity nor
    its answers are known. NaN: unknown. Reach of posts whose source does not tell it is left out; when it is known of
    none of them, the entity's reach is unknown.
    """
    column = dict(zip(SUMS, np.moveaxis(sums, -1, 0), strict=True))
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = np.where(
            (column["known_reach_count"] > 0) | (column["earned_count"] == 0), np.log1p(column["earned_reach"]), np.nan
        )
        voice = column["earned_count"] / column["earned_count"].sum(axis=-1, keepdims=True)
        sentiment = np.clip(column["sentiment_weight_sum"] / column["scored_count"], -1.0, 1.0)
        promptness = np.where(heard, column["promptness_sum"] / column["asked_count"], np.nan)
        activity = np.where(heard, np.log1p(column["own_post_count"]), np.nan)
    return np.stack([reach, voice, sentiment, promptness, activity], axis=-1)


def known_figures(sums: np.ndarray, heard: np.ndarray) -> np.ndarray:
    """The same for a period's own sums [entities, len(SUMS)], without figures that too few posts stand behind.

    A component that only one entity has is left out as well: there is nothing to compare it with.
    """
    found = figures(sums, heard)
    found[sums[:, SUMS.index("scored_count")] < SCORED_NEEDED, COMPONENTS.index("sentiment")] = np.nan
    found[sums[:, SUMS.index("asked_count")] < ASKED_NEEDED, COMPONENTS.index("responsiveness")] = np.nan
    found[:, (~np.isnan(found)).sum(axis=0) < 2] = np.nan
    return found


def industry_scales(periods: list[np.ndarray]) -> np.ndarray:
    """How far entities usually lie apart, per component: a standard deviation [components].

    The median of all differences between two entities in the same period, over the periods given (each
    [entities, components]), made consistent for normal values (after Rousseeuw and Croux 1993). It needs no centre,
    which with three entities would be one of them, and no single entity or period moves it.
    """
    scales = []
    for component, smallest in enumerate(SMALLEST_SCALES):
        differences = [np.empty(0)]
        for period in periods:
            known = period[~np.isnan(period[:, component]), component]
            first, second = np.triu_indices(known.size, k=1)
            differences.append(np.abs(known[first] - known[second]))
        pooled = np.concatenate(differences)
        scales.append(max(PAIR_CONSTANT * float(np.median(pooled)), smallest) if pooled.size else smallest)
    return np.array(scales)


def component_scores(found: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """Scores from 0 to 100 of figures [..., entities, components]: 50 is the median of the entities of the period."""
    centre = _median_of_entities(found)
    scores: np.ndarray = 100.0 * norm.cdf((found - centre) / scales)
    return scores


def index_values(scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted means over the components that are known; NaN without any of weight."""
    known = ~np.isnan(scores)
    total = (known * weights).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        values: np.ndarray = np.where(total > 0, (np.nan_to_num(scores) * weights).sum(axis=-1) / total, np.nan)
    return values


def period_index(days: np.ndarray, heard: np.ndarray, weights: np.ndarray, scales: np.ndarray) -> PeriodIndex:
    """The index of a period.

    Args:
        days: sums per entity and day, [entities, days, len(SUMS)]; days without posts are zeros.
        heard: whether an entity's own accounts have ever been seen, bool [entities].
        weights: of the components, [components], 0 or more.
        scales: of the industry (`industry_scales`).

    The interval is the value and so many standard errors to each side as Student's t with one less than the number of
    days gives for 95%. The standard error is that of drawing whole days again, for all entities the same, with the
    rescaling of Rao and Wu (1988): posts of one day depend on one another, days hardly do.
    """
    found = known_figures(days.sum(axis=1), heard)
    scores = component_scores(found, scales)
    value = index_values(scores, weights)
    nothing = np.full(value.shape, np.nan)
    count = days.shape[1]
    if count < 2:
        return PeriodIndex(value, nothing, nothing, nothing, nothing, scores, found)
    rng = np.random.default_rng(SEED)
    drawn = rng.multinomial(count - 1, np.full(count, 1.0 / count), size=REPLICATES) * (count / (count - 1))
    sums = np.einsum("rd,eds->res", drawn, days)
    again = np.where(np.isnan(found), np.nan, figures(sums, heard))
    replicates = index_values(component_scores(again, scales), weights)
    replicates = np.where(np.isnan(replicates), value, replicates)
    half = t.ppf(0.5 + CONFIDENCE / 2, count - 1) * replicates.std(axis=0, ddof=1)
    best, worst = _rank_range(replicates)
    return PeriodIndex(
        value, np.maximum(value - half, 0.0), np.minimum(value + half, 100.0), best, worst, scores, found
    )


def _rank_range(replicates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Between which ranks 95% of the replicates [replicates, entities] put each entity; NaN for one without a value."""
    with np.errstate(invalid="ignore"):
        rounded = np.round(replicates, 1)
        ranks = 1 + (rounded[:, None, :] > rounded[:, :, None]).sum(axis=-1).astype(float)
    ranks[np.isnan(replicates)] = np.nan
    tails = (0.5 - CONFIDENCE / 2, 0.5 + CONFIDENCE / 2)
    low, high = (np.quantile(ranks, tail, axis=0, method="nearest") for tail in tails)
    return low, high


def _median_of_entities(found: np.ndarray) -> np.ndarray:
    """The median over the entities (axis -2), unknown ones left out; NaN where all are unknown."""
    ordered = np.sort(found, axis=-2)  # NaN comes last
    known = (~np.isnan(found)).sum(axis=-2, keepdims=True)
    low = np.take_along_axis(ordered, np.maximum((known - 1) // 2, 0), axis=-2)
    high = np.take_along_axis(ordered, np.maximum(known // 2, 0).clip(max=found.shape[-2] - 1), axis=-2)
    middle: np.ndarray = np.where(known > 0, (low + high) / 2, np.nan)
    return middle
