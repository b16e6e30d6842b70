"""Raking, shares and their intervals, against independent implementations."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import root
from scipy.stats import t

from models.survey_estimates import Estimator, Share, change
from models.survey_weights import MarginError, Weights, effective_sample_size, rake

INDUSTRIES = np.array([0.3, 0.2, 0.5])
SIZES = np.array([0.7, 0.3])


def sample(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Industry and size of respondents who are not drawn in proportion, and an answer that depends on both."""
    rng = np.random.default_rng(seed)
    industry = rng.choice(3, count, p=[0.5, 0.3, 0.2])
    size = rng.binomial(1, 0.4 + 0.15 * (industry == 2))
    answer = rng.random(count) < 0.2 + 0.3 * size + 0.15 * (industry == 1)
    return np.stack([industry, size], axis=1), answer


def newton_weights(categories: np.ndarray, base: np.ndarray, total: float) -> np.ndarray:
    """Raking by another way: the calibration equations of Deville and Särndal (1992), F = exp, solved for lambda."""
    design = np.hstack([np.eye(3)[categories[:, 0]], np.eye(2)[categories[:, 1]][:, :1]])
    wanted = total * np.concatenate([INDUSTRIES, SIZES[:1]])

    def miss(multipliers: np.ndarray) -> np.ndarray:
        return design.T @ (base * np.exp(design @ multipliers)) - wanted

    found = root(miss, np.zeros(4), tol=1e-13)
    assert found.success
    weights: np.ndarray = base * np.exp(design @ found.x)
    return weights


def test_raking_agrees_with_calibration_equations_solved_by_newton() -> None:
    categories, _ = sample(1, 400)
    raked = rake(categories, [INDUSTRIES, SIZES])
    assert raked.values == pytest.approx(newton_weights(categories, np.ones(400), 400), rel=1e-6)
    assert raked.values.mean() == pytest.approx(1)


def test_raking_meets_all_margins_and_keeps_odds_ratios() -> None:
    """The 4 by 4 table that Wikipedia's article "Iterative proportional fitting" fits to its margins."""
    table = np.array([[40, 30, 20, 10], [35, 50, 100, 75], [30, 80, 70, 120], [20, 30, 40, 50]])
    rows, columns = np.array([150, 300, 400, 150]) / 1000, np.array([200, 300, 400, 100]) / 1000
    cells = np.repeat(list(product(range(4), range(4))), table.ravel(), axis=0)
    raked = rake(cells, [rows, columns]).values * 1000 / table.sum()
    fitted = np.zeros((4, 4))
    np.add.at(fitted, (cells[:, 0], cells[:, 1]), raked)
    assert fitted.sum(axis=0) == pytest.approx(columns * 1000, abs=1e-4)
    assert fitted.sum(axis=1) == pytest.approx(rows * 1000, abs=1e-4)
    # raking keeps every odds ratio of the table
    assert fitted[0, 0] * fitted[1, 1] / (fitted[0, 1] * fitted[1, 0]) == pytest.approx(40 * 50 / (30 * 35))


def test_weights_shares_and_errors_agree_with_samplics() -> None:
    """What samplics 0.6.1 gives for the same 360 respondents: SampleWeight.rake, then TaylorEstimator(mean).

    Its errors take weights as given, as ours do without margins; those that know of the raking are tested below.
    """
    answers = {
        (0, 0): (18, 62),
        (0, 1): (35, 65),
        (1, 0): (20, 40),
        (1, 1): (30, 30),
        (2, 0): (8, 22),
        (2, 1): (14, 16),
    }
    rows = [(*cell, yes) for cell, counts in answers.items() for yes, count in zip((1, 0), counts, strict=True)
            for _ in range(count)]  # fmt: skip
    categories, picked = np.array(rows)[:, :2], np.array(rows)[:, 2] == 1
    weights = rake(categories, [INDUSTRIES, SIZES])
    by_cell = {cell: weights.values[(categories == cell).all(axis=1)][0] for cell in answers}
    assert by_cell == pytest.approx(
        {(0, 0): 0.9, (0, 1): 0.36, (1, 0): 0.857143, (1, 1): 0.342857, (2, 0): 4.285714, (2, 1): 1.714286}, rel=1e-5
    )
    estimator = Estimator(Weights(weights.values, weights.is_capped), np.empty((len(rows), 0), dtype=int), [])
    for inside, share, error in (
        (np.ones(len(rows), dtype=bool), 0.318095, 0.0351553),
        (categories[:, 1] == 1, 0.434127, 0.0480635),
        (categories[:, 0] == 2, 0.323810, 0.0642304),
    ):
        found = estimator.share(inside, picked)
        assert (found.value, found.standard_error) == pytest.approx((share, error), rel=1e-5)


def weighted_share(weights: np.ndarray, asked: np.ndarray, picked: np.ndarray) -> float:
    return float(weights[asked & picked].sum() / weights[asked].sum())


def test_the_standard_error_is_that_of_the_infinitesimal_jackknife_with_raking_done_again() -> None:
    """Independent of the formula: let each respondent count a little more, rake again by Newton, see the share move.

    For all respondents and for a group that the margins do not know.
    """
    count = 150
    categories, picked = sample(3, count)
    asked = np.random.default_rng(4).random(count) < 0.6
    estimator = Estimator(rake(categories, [INDUSTRIES, SIZES]), categories, [3, 2])
    for inside in (np.ones(count, dtype=bool), asked):
        step = 1e-4
        moved = []
        for respondent in range(count):
            shares = []
            for sign in (-1, 1):
                base = np.ones(count)
                base[respondent] += sign * step
                shares.append(weighted_share(newton_weights(categories, base, count), inside, picked))
            moved.append((shares[1] - shares[0]) / (2 * step))
        influence = np.array(moved)
        error = np.sqrt(count / (count - 1) * ((influence - influence.mean()) ** 2).sum())
        assert estimator.share(inside, picked).standard_error == pytest.approx(error, rel=1e-4)


def test_weighting_to_what_an_answer_depends_on_makes_it_surer() -> None:
    """Ignoring that the weights were estimated would give a larger error here: the formula does not."""
    categories, _ = sample(5, 500)
    picked = categories[:, 1] == 1
    weights = rake(categories, [INDUSTRIES, SIZES])
    everybody = np.ones(500, dtype=bool)
    known = Estimator(weights, categories, [3, 2]).share(everybody, picked)
    assert known.value == pytest.approx(0.3)
    assert known.standard_error == pytest.approx(0, abs=1e-9)


def test_the_interval_holds_the_truth_in_about_95_of_100_surveys() -> None:
    """Drawn from a population of six cells with other shares than the sample has."""
    truth = sum(INDUSTRIES[i] * SIZES[s] * (0.2 + 0.3 * s + 0.15 * (i == 1)) for i, s in product(range(3), range(2)))
    rng = np.random.default_rng(6)
    covered = 0
    for _ in range(400):
        industry = rng.choice(3, 120, p=[0.5, 0.3, 0.2])
        size = rng.binomial(1, 0.5, 120)
        picked = rng.random(120) < 0.2 + 0.3 * size + 0.15 * (industry == 1)
        categories = np.stack([industry, size], axis=1)
        share = Estimator(rake(categories, [INDUSTRIES, SIZES]), categories, [3, 2]).share(np.ones(120, bool), picked)
        covered += share.low <= truth <= share.high
    assert 0.925 <= covered / 400 <= 0.98


def test_without_weights_the_interval_is_wilsons() -> None:
    """13 of 40: Wilson's interval by its textbook form, with Student's t and the sample's own standard error."""
    picked = np.arange(40) < 13
    share = Estimator(Weights(np.ones(40), np.zeros(40, bool)), np.empty((40, 0), int), []).share(
        np.ones(40, bool), picked
    )
    size = 39  # p (1 - p) / s^2 with s^2 = p (1 - p) / (n - 1)
    q = t.ppf(0.975, 39)
    centre, spread = (0.325 + q**2 / (2 * size)), q * np.sqrt(0.325 * 0.675 / size + q**2 / (4 * size**2))
    assert (share.low, share.high) == pytest.approx(
        ((centre - spread) / (1 + q**2 / size), (centre + spread) / (1 + q**2 / size))
    )
    assert (share.count, share.effective_count) == (40, pytest.approx(40))
    nobody = Estimator(Weights(np.ones(40), np.zeros(40, bool)), np.empty((40, 0), int), []).share(
        np.ones(40, bool), np.zeros(40, bool)
    )
    assert nobody.low == 0 < nobody.high < 0.12


def test_no_weight_is_above_the_cap_and_the_margins_still_hold() -> None:
    categories = np.array([[0, 0]] * 60 + [[0, 1]] * 30 + [[1, 0]] * 9 + [[1, 1]] * 1)
    free = rake(categories, [np.array([0.75, 0.25]), np.array([0.6, 0.4])])
    capped = rake(categories, [np.array([0.75, 0.25]), np.array([0.6, 0.4])], cap=2.8)
    assert free.values.max() > 2.8 and not free.is_capped.any()
    assert capped.values.max() == pytest.approx(2.8)
    assert capped.is_capped.sum() == 1
    assert capped.values[categories[:, 0] == 1].sum() == pytest.approx(25)
    assert capped.values[categories[:, 1] == 1].sum() == pytest.approx(40)
    assert capped.design_effect < free.design_effect
    assert effective_sample_size(np.array([1.0, 1.0, 2.0])) == pytest.approx(16 / 6)


@pytest.mark.parametrize(
    ("categories", "cap", "said"),
    [
        ([[0, 0], [0, 1], [1, 0]], 5.0, "has no respondents"),
        ([[0, 0]] * 50 + [[1, 1]] * 50 + [[2, 0]], 5.0, "would need weights of 50.5 times the mean"),
        ([[0, 0]] * 5 + [[1, 1]] * 5 + [[2, 1]] * 5, 9.0, "cannot all be reached together"),
    ],
)
def test_margins_that_cannot_be_reached_are_told(categories: list[list[int]], cap: float, said: str) -> None:
    with pytest.raises(MarginError, match=said):
        rake(np.array(categories), [INDUSTRIES, SIZES], cap)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(30, 200), st.floats(1.5, 6))
def test_raked_weights_have_the_margins_or_say_why_not(seed: int, count: int, cap: float) -> None:
    categories, _ = sample(seed, count)
    try:
        weights = rake(categories, [INDUSTRIES, SIZES], cap)
    except MarginError as error:
        assert error.reason
        return
    assert weights.values.max() <= cap + 1e-9
    for margin, shares in enumerate((INDUSTRIES, SIZES)):
        for category, share in enumerate(shares):
            assert weights.values[categories[:, margin] == category].sum() / count == pytest.approx(share, abs=1e-6)


def test_a_difference_between_waves_is_tested() -> None:
    before = Share(0.40, 0.31, 0.50, 0.05, 100, 90)
    now = Share(0.58, 0.48, 0.67, 0.05, 100, 90)
    found = change(now, before)
    assert found is not None
    assert found.value == pytest.approx(0.18)
    assert found.p_value == pytest.approx(2 * t.sf(0.18 / np.sqrt(0.005), 198))
    assert found.low > 0 and found.p_value < 0.05
    assert change(Share(1, 0.9, 1, 0, 20, 20), Share(1, 0.9, 1, 0, 20, 20)) is None
