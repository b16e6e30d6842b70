"""The index's arithmetic: a worked example, robustness, missing parts, and intervals that hold what they promise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from models.business_index import (
    COMPONENTS,
    SMALLEST_SCALES,
    SUMS,
    component_scores,
    figures,
    index_values,
    industry_scales,
    known_figures,
    period_index,
)

WEIGHTS = np.array([15.0, 25.0, 30.0, 20.0, 10.0])
WIDE = SMALLEST_SCALES * 4


def sums(**values: float) -> np.ndarray:
    return np.array([values.get(name, 0.0) for name in SUMS])


ACME = sums(
    earned_count=60, earned_reach=999, known_reach_count=60, scored_count=50, sentiment_weight_sum=-10, asked_count=20,
    promptness_sum=5, own_post_count=9,
)  # fmt: skip
RIVAL = sums(
    earned_count=30, earned_reach=99, known_reach_count=30, scored_count=20, sentiment_weight_sum=8, asked_count=10,
    promptness_sum=8, own_post_count=29,
)  # fmt: skip
OTHER = sums(earned_count=10, earned_reach=9, known_reach_count=10, scored_count=10, sentiment_weight_sum=1)
HEARD = np.array([True, True, False])


def test_a_worked_example() -> None:
    """Figures, differences and scores as one gets them with a pocket calculator."""
    found = known_figures(np.stack([ACME, RIVAL, OTHER]), HEARD)
    assert found[0] == pytest.approx([np.log(1000), 0.6, -0.2, 0.25, np.log(10)])
    assert found[1] == pytest.approx([np.log(100), 0.3, 0.4, 0.8, np.log(30)])
    assert found[2][:3] == pytest.approx([np.log(10), 0.1, 0.1])
    assert np.isnan(found[2][3:]).all()
    scales = industry_scales([found])
    # the differences in net sentiment are 0.6, 0.3 and 0.3: their median is 0.3
    assert scales[2] == pytest.approx(0.3 / (np.sqrt(2) * 0.6744897502))
    scores = component_scores(found, scales)
    assert scores[:, 2] == pytest.approx([100 * norm.cdf(step / scales[2]) for step in (-0.3, 0.3, 0.0)])
    assert scores[2, 2] == 50.0  # the median
    values = index_values(scores, WEIGHTS)
    assert values[0] == pytest.approx((scores[0] * WEIGHTS).sum() / 100)
    assert values[2] == pytest.approx((scores[2, :3] * WEIGHTS[:3]).sum() / 70)


def test_an_industry_of_equals_is_in_the_middle() -> None:
    """Tiny differences are not blown up, although they are all there is."""
    twin = ACME + sums(earned_reach=1, sentiment_weight_sum=0.05)
    found = known_figures(np.stack([ACME, ACME, twin]), np.array([True] * 3))
    assert component_scores(found, industry_scales([found])) == pytest.approx(50, abs=2)


def test_one_strange_month_does_not_move_the_scale() -> None:
    rng = np.random.default_rng(1)
    months = [rng.normal(0, 0.5, (3, 5)) for _ in range(24)]
    usual = industry_scales(months)
    strange = [*months[:-1], months[-1] + np.array([[0.0], [40.0], [-70.0]])]
    assert industry_scales(strange) == pytest.approx(usual, rel=0.2)
    assert industry_scales([rng.normal(0, 0.5, (4, 5)) for _ in range(400)]) == pytest.approx(0.5, rel=0.08)


def test_what_only_one_entity_has_or_few_posts_stand_behind_is_left_out() -> None:
    few = RIVAL.copy()
    few[SUMS.index("scored_count")] = 9
    few[SUMS.index("asked_count")] = 4
    found = known_figures(np.stack([ACME, few]), np.array([True, False]))
    missing = {name for name, column in zip(COMPONENTS, found.T, strict=True) if np.isnan(column).all()}
    assert missing == {"sentiment", "responsiveness", "activity"}


def test_reach_is_unknown_where_no_source_tells_it_and_zero_where_nobody_spoke() -> None:
    untold = sums(earned_count=5)
    found = figures(np.stack([untold, sums(), ACME]), np.zeros(3, dtype=bool))
    assert np.isnan(found[0, 0]) and found[1, 0] == 0.0


def test_alone_there_is_no_index() -> None:
    days = np.broadcast_to(ACME / 30, (1, 30, len(SUMS)))
    found = period_index(days, np.array([True]), WEIGHTS, SMALLEST_SCALES)
    assert np.isnan(found.value).all() and np.isnan(found.low).all() and np.isnan(found.rank_best).all()


def drawn_days(rng: np.random.Generator, days: int) -> np.ndarray:
    """Posts of three entities in waves: whole days are busier or worse than others, for one entity or for all."""
    mean = np.array([6.0, 4.0, 3.0])[:, None] * rng.gamma(8, 1 / 8, (1, days)) * rng.gamma(4, 1 / 4, (3, days))
    counts = rng.poisson(mean)
    tone = np.array([-0.1, 0.1, 0.25])[:, None] + rng.normal(0, 0.15, (3, days))
    asked = rng.binomial(counts, 0.4)
    column: dict[str, Any] = {
        "earned_count": counts,
        "earned_reach": counts * np.array([200.0, 300.0, 100.0])[:, None],
        "known_reach_count": counts,
        "scored_count": counts,
        "sentiment_weight_sum": counts * tone + rng.normal(0, 0.7, (3, days)) * np.sqrt(counts),
        "asked_count": asked,
        "promptness_sum": asked * np.array([0.3, 0.6, 0.4])[:, None],
        "own_post_count": rng.poisson(1.5, (3, days)),
    }
    return np.stack([np.broadcast_to(column[name], (3, days)) for name in SUMS], axis=-1).astype(float)


def test_the_interval_holds_the_truth_in_about_95_of_100_months() -> None:
    rng = np.random.default_rng(5)
    heard = np.array([True] * 3)
    truth = period_index(drawn_days(rng, 40_000).sum(axis=1, keepdims=True) / 40_000 * 30, heard, WEIGHTS, WIDE).value
    months = [period_index(drawn_days(rng, 30), heard, WEIGHTS, WIDE) for _ in range(150)]
    covered = np.mean([(one.low <= truth) & (truth <= one.high) for one in months])
    assert 0.91 <= covered <= 0.99
    wrong = np.mean([np.argmax(truth) != np.argmax(one.value) for one in months])
    apart = np.mean([one.rank_worst.min() == 1 for one in months])  # somebody is first beyond doubt
    assert apart <= 1 - wrong


def test_the_same_days_give_the_same_interval() -> None:
    days = drawn_days(np.random.default_rng(2), 20)
    one, two = (period_index(days, HEARD, WEIGHTS, WIDE) for _ in range(2))
    assert np.array_equal(one.low, two.low) and np.array_equal(one.rank_worst, two.rank_worst)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), days=st.integers(2, 40), count=st.integers(2, 5))
def test_values_stay_in_range_and_belong_to_their_entities(seed: int, days: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    made = rng.poisson(2, (count, days, len(SUMS))) * (rng.random((count, 1, len(SUMS))) < 0.8)
    heard = rng.random(count) < 0.7
    found = period_index(made.astype(float), heard, WEIGHTS, WIDE)
    known = ~np.isnan(found.value)
    assert ((found.low <= found.value) & (found.value <= found.high))[known].all()
    assert ((found.low >= 0) & (found.high <= 100))[known].all()
    assert (found.rank_best <= found.rank_worst)[known].all()
    order = rng.permutation(count)
    again = period_index(made[order].astype(float), heard[order], WEIGHTS, WIDE)
    assert np.allclose(again.value, found.value[order], equal_nan=True)
    assert np.allclose(again.low, found.low[order], equal_nan=True)
