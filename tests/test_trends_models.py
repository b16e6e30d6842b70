"""The statistics of trends, on noise and on events of which everything is known."""

from __future__ import annotations

import numpy as np
import pytest

from models.trends import (
    EARLIEST_DAY,
    common_factors,
    daily_baseline,
    difference_of_estimates,
    events,
    expected_range,
    judge_hours,
    lower_p_values,
    p_values,
    q_values,
    ratio_interval,
    share_difference,
)

DAYS = 90
WEEKDAYS = np.arange(DAYS) % 7
PATTERN = np.array([1.1, 1.15, 1.1, 1.1, 1.0, 0.8, 0.75])
SETTLED = slice(28, None)


def noise(mean: float, spread: float, series: int = 150, seed: int = 1) -> np.ndarray:
    """Counts with a weekday pattern: Poisson when spread is 0, otherwise negative binomial."""
    rng = np.random.default_rng(seed)
    means = np.broadcast_to(mean * PATTERN[WEEKDAYS], (series, DAYS))
    return rng.poisson(means if spread == 0 else rng.gamma(1 / spread, spread * means)).astype(float)


@pytest.mark.parametrize("spread", [0, 0.1, 0.3])
@pytest.mark.parametrize("mean", [0.2, 2, 20])
def test_nothing_that_happens_is_seldom_taken_for_something(mean: float, spread: float) -> None:
    counts = noise(mean, spread)
    base = daily_baseline(counts, WEEKDAYS)
    p = p_values(counts, base.expected, base.dispersion)[:, SETTLED]
    assert (p < 1e-2).mean() <= 0.03
    assert (p < 1e-4).mean() <= 0.001
    assert base.expected[:, SETTLED].mean() == pytest.approx(mean, rel=0.15)


def test_false_discoveries_of_a_night_are_bounded() -> None:
    """200 nights of 150 series in which nothing happens: a report in about one of twenty nights."""
    nights = 0
    for seed in range(4):
        counts = noise(5, 0.1, seed=seed)
        base = daily_baseline(counts, WEEKDAYS)
        p = p_values(counts, base.expected, base.dispersion)
        nights += sum(q_values(p[:, day]).min() <= 0.05 for day in range(40, DAYS))
    assert nights <= 0.15 * 200


def test_a_weekday_pattern_and_a_trend_are_expected() -> None:
    rng = np.random.default_rng(3)
    growing = 30 * 1.012 ** np.arange(DAYS)
    counts = rng.poisson(growing * PATTERN[WEEKDAYS], (40, DAYS)).astype(float)
    base = daily_baseline(counts, WEEKDAYS)
    truth = growing * PATTERN[WEEKDAYS]
    late = slice(60, None)
    assert np.abs(base.expected[:, late].mean(axis=0) / truth[late] - 1).max() < 0.13


@pytest.mark.parametrize(("mean", "factor"), [(10, 3), (30, 2), (0.5, 12)])
def test_a_burst_is_found_on_its_day(mean: float, factor: float) -> None:
    counts = noise(mean, 0)
    counts[:, 70] = np.random.default_rng(4).poisson(mean * PATTERN[WEEKDAYS[70]] * factor, len(counts))
    base = daily_baseline(counts, WEEKDAYS)
    p = p_values(counts[:, 70], base.expected[:, 70], base.dispersion[:, 70])
    assert (p < 1e-3).mean() >= 0.75


def test_days_on_which_all_write_more_surprise_in_no_series() -> None:
    counts = noise(20, 0, series=20)
    wave = np.ones(DAYS)
    wave[::9] = 2.0
    counts = np.random.default_rng(6).poisson(counts.mean() * PATTERN[WEEKDAYS] * wave, counts.shape).astype(float)
    others = counts.sum(axis=0) - counts
    alone = daily_baseline(counts, WEEKDAYS)
    together = daily_baseline(counts, WEEKDAYS, factors=common_factors(counts, others))
    burst = counts[:, 72].copy() * 2
    days = np.arange(45, DAYS)[np.arange(45, DAYS) % 9 == 0]
    p_alone, p_together = (
        p_values(counts[:, days], one.expected[:, days], one.dispersion[:, days]) for one in (alone, together)
    )
    assert (p_together < 1e-2).mean() <= 0.05
    assert np.median(together.dispersion[:, days]) < 0.5 * np.median(alone.dispersion[:, days])
    assert (p_alone < 0.05).mean() > 3 * (p_together < 0.05).mean()
    assert (p_values(burst, together.expected[:, 72], together.dispersion[:, 72]) < 1e-3).mean() > 0.8


def test_series_that_move_each_for_themselves_have_nothing_in_common() -> None:
    counts = noise(20, 0.1, series=40)
    before = common_factors(counts, counts.sum(axis=0) - counts)
    assert np.abs(before[:, 63:] - 1).mean() < 0.05
    counts[0, 70] *= 5
    after = common_factors(counts, counts.sum(axis=0) - counts)
    assert after[0, 70] == before[0, 70]
    assert (after[1:, 70] / before[1:, 70]).max() < 1.15


def test_without_others_there_is_nothing_in_common() -> None:
    counts = noise(20, 0.1, series=1)
    assert (common_factors(counts, np.zeros_like(counts)) == 1).all()


def test_an_event_does_not_become_its_own_baseline() -> None:
    """Five days of four times as many posts: the days after the first one expect as much as the first."""
    counts = noise(10, 0)
    counts[:10, 60:65] *= 4
    base = daily_baseline(counts, WEEKDAYS)
    before, after = base.expected[:10, 53:60].mean(), base.expected[:10, 63:70].mean()
    assert after < 1.35 * before
    p = p_values(counts[:10, 64], base.expected[:10, 64], base.dispersion[:10, 64])
    assert (p < 1e-2).all()


def test_a_new_level_is_accepted_in_the_end() -> None:
    counts = noise(10, 0)
    counts[:, 40:] = np.random.default_rng(5).poisson(20 * PATTERN[WEEKDAYS[40:]], (len(counts), DAYS - 40))
    expected = daily_baseline(counts, WEEKDAYS).expected
    assert expected[:, 83:].mean() == pytest.approx(20, rel=0.15)


def test_the_first_posts_after_long_silence_are_surprising() -> None:
    counts = np.zeros((1, 60))
    counts[0, 40] = 8
    base = daily_baseline(counts, np.arange(60) % 7)
    p = p_values(counts, base.expected, base.dispersion)
    assert p[0, 40] < 1e-6
    assert (p[0, :40] == 1).all()


def test_a_short_history_is_too_early() -> None:
    counts = noise(3, 0, series=2)
    base = daily_baseline(counts, WEEKDAYS, np.array([0, 50]))
    assert base.is_early[0, :EARLIEST_DAY].all() and not base.is_early[0, EARLIEST_DAY:].any()
    assert base.is_early[1, : 50 + EARLIEST_DAY].all() and not base.is_early[1, 50 + EARLIEST_DAY :].any()


def test_a_day_is_expected_from_earlier_days_only() -> None:
    counts = noise(5, 0.1, series=20)
    changed = counts.copy()
    changed[:, 60:] += 50
    assert np.array_equal(
        daily_baseline(counts, WEEKDAYS).expected[:, :61], daily_baseline(changed, WEEKDAYS).expected[:, :61]
    )


def test_p_values_are_tails_of_the_negative_binomial() -> None:
    from scipy.stats import nbinom, poisson

    counts, mean = np.arange(30.0), np.full(30, 4.0)
    for spread in (0.0, 0.5):
        law = poisson(4) if spread == 0 else nbinom(1 / spread, 1 / (1 + spread * 4))
        assert p_values(counts, mean, np.full(30, spread)) == pytest.approx(law.sf(counts - 1), rel=1e-4)
        assert lower_p_values(counts, mean, np.full(30, spread)) == pytest.approx(law.cdf(counts), rel=1e-4)
        low, high = expected_range(mean, np.full(30, spread))
        assert law.cdf(high[0]) - law.cdf(low[0] - 1) >= 0.95
    assert p_values(np.array([1e6]), np.array([1e-9]), np.array([0.1])) > 0


def test_q_values_are_those_of_benjamini_and_hochberg() -> None:
    p = np.array([0.01, 0.04, 0.03, 0.005, 0.9])
    assert q_values(p) == pytest.approx([0.025, 0.05, 0.05, 0.025, 0.9])
    assert q_values(np.array([])).size == 0


def test_a_ratio_has_an_interval_also_when_nothing_was_expected() -> None:
    ratio, low, high = ratio_interval(22, 0, 0.1)
    assert low < ratio < high < np.inf
    ratio, low, high = ratio_interval(300, 100, 0)
    assert (ratio, low, high) == pytest.approx((2.99, 2.67, 3.35), abs=0.02)


def test_a_surging_hour_must_beat_the_last_hours_and_the_same_hour_before() -> None:
    rng = np.random.default_rng(6)
    day = np.array([0.2] * 7 + [4] * 14 + [0.5] * 3)  # people wake up at seven
    counts = rng.poisson(np.tile(day, 10), (400, 240)).astype(float)
    quiet = judge_hours(counts, 24)
    assert (quiet.p < 1e-3).mean() < 2e-3
    counts[:, -10] += 30  # nothing like it in the hours, the day and the week before
    hours = judge_hours(counts, 24)
    assert (hours.p[:, -10] < 1e-4).mean() > 0.95
    counts[:, -10 - 24] += 40  # it was like that yesterday at the same time
    assert (judge_hours(counts, 24).p[:, -10] < 1e-4).mean() < 0.05
    assert (judge_hours(counts[:, :100], 24).p == 1).all()


def test_the_difference_of_two_estimates_keeps_their_skewness() -> None:
    now, before = np.array([0.4, 0.1, 0.6]), np.array([-0.2, -0.4, 0.1])
    shift = difference_of_estimates(now, before)
    assert shift.change == pytest.approx(0.6)
    assert shift.low == pytest.approx(0.6 - np.hypot(0.3, 0.3))
    assert shift.high == pytest.approx(0.6 + np.hypot(0.2, 0.2))
    assert 0.003 < shift.p < 0.01
    same = difference_of_estimates(now, now)
    assert same.p == pytest.approx(1)
    assert shift.weaker(difference_of_estimates(before, now)).p == 1


def test_shares_differ_only_beyond_chance_and_lively_days() -> None:
    rng = np.random.default_rng(7)
    lively = rng.gamma(10, 0.1, (500, 35))
    ours, all_posts = rng.poisson(4 * lively), rng.poisson(12, (500, 35))
    moved = share_difference(
        ours[:, 28:].sum(1), (ours + all_posts)[:, 28:].sum(1), ours[:, :28].sum(1), (ours + all_posts)[:, :28].sum(1),
        np.full(500, 0.1), 7,
    )  # fmt: skip
    assert (moved.p < 0.05).mean() < 0.08
    doubled = share_difference(
        np.array([56.0]), np.array([140.0]), np.array([112.0]), np.array([448.0]), np.array([0.1]), 7
    )
    assert doubled.p < 0.02 and doubled.low > 0


def test_days_with_signs_join_to_one_event() -> None:
    hits = np.zeros((2, 20), dtype=bool)
    signs = np.zeros((2, 20), dtype=bool)
    hits[0, [5, 12]] = True
    signs[0, [4, 7, 14, 18]] = True
    signs[1, 3] = True
    assert list(events(hits, signs)) == [(0, 4, 7), (0, 12, 14)]
