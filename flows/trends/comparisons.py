"""What is compared with the time before: net sentiment, share of voice, and posts that go round."""

from __future__ import annotations

import numpy as np

from flows.trends.grid import Grid
from flows.trends.volume import Volume
from models.trends import Difference, daily_baseline, difference_of_estimates, p_values, share_difference

SHARE_DAYS = 7
HISTORY_DAYS = 28
LEAST_SCORED = 10
"""Scored posts that both windows need, as for every change the marts show (change_min_count)."""


def sentiment_shifts(grid: Grid) -> Difference:
    """Net sentiment of seven days against the 28 before, and against the 28 before those where there are any.

    Only what differs from both is a shift: otherwise the end of an event would be reported as one.
    """
    now, before, earlier = (grid.sentiment[:, :, period] for period in range(3))
    shift = difference_of_estimates(now[..., 1:], before[..., 1:])
    older = difference_of_estimates(now[..., 1:], earlier[..., 1:])
    has_older = np.nan_to_num(earlier[..., 0]) >= LEAST_SCORED
    weaker = shift.weaker(older)
    enough = (np.nan_to_num(now[..., 0]) >= LEAST_SCORED) & (np.nan_to_num(before[..., 0]) >= LEAST_SCORED)
    enough &= np.arange(len(grid.days))[None, :] >= grid.first_days[:, None] + HISTORY_DAYS + SHARE_DAYS
    return Difference(
        np.where(has_older, weaker.change, shift.change),
        np.where(has_older, weaker.low, shift.low),
        np.where(has_older, weaker.high, shift.high),
        np.where(enough, np.where(has_older, weaker.p, shift.p), np.nan),
    )


def share_moves(
    grid: Grid, volume: Volume, voices: np.ndarray, competitors: np.ndarray
) -> tuple[Difference, np.ndarray]:
    """Share of voice of competitors in seven full days against the 28 before, and against the 28 before those.

    When a company is talked about more, the shares of all others fall: a competitor has moved only when its own number
    of posts has changed in the same direction. Returns the moves and the shares of the seven days.
    """
    counts, days = volume.counts, len(grid.days)
    total = counts[voices].sum(axis=0, keepdims=True)

    def window(values: np.ndarray, length: int, back: int) -> np.ndarray:
        summed = np.cumsum(np.pad(values, ((0, 0), (1, 0))), axis=1)
        stops = np.arange(days) + 1 - back
        return np.asarray(summed[:, np.maximum(stops, 0)] - summed[:, np.maximum(stops - length, 0)])

    dispersion = np.maximum(volume.dispersion, 0.05)
    pairs = [
        share_difference(
            window(counts, SHARE_DAYS, 0), window(total, SHARE_DAYS, 0) + 0 * counts, window(counts, 28, back),
            window(total, 28, back) + 0 * counts, dispersion, SHARE_DAYS,
        )
        for back in (SHARE_DAYS, SHARE_DAYS + 28)
    ]  # fmt: skip
    has_older = (np.arange(days) >= SHARE_DAYS + 56)[None, :]
    weaker = pairs[0].weaker(pairs[1])
    change, low, high, p = (
        np.where(has_older, getattr(weaker, name), getattr(pairs[0], name)) for name in ("change", "low", "high", "p")
    )
    own, usual = window(counts, SHARE_DAYS, 0), window(volume.expected, SHARE_DAYS, 0)
    error = np.sqrt(np.maximum(usual, 1) + dispersion / SHARE_DAYS * usual**2)
    has_moved = np.sign(own - usual) * np.sign(change) * np.abs(own - usual) / error > 1.64
    tested = np.zeros(counts.shape, dtype=bool)
    if len(voices) > 1:
        tested[competitors, SHARE_DAYS + 28 : days - 1] = True
    p = np.where(tested, np.where(has_moved, p, 1.0), np.nan)
    return Difference(change, low, high, p), own / np.maximum(window(total, SHARE_DAYS, 0), 1)


def repeat_p_values(grid: Grid) -> np.ndarray:
    """Surprise of the people who repeated an original on a day, given how often people repeat posts about its entity.

    Returns p values [originals, days], nan where nobody repeated it or it is too early to say.
    """
    entities = sorted({entity_id for _, entity_id in grid.originals})
    first_days = {one.entity_id: grid.first_days[row] for row, one in enumerate(grid.series) if one.is_entity}
    rows = np.array([entities.index(entity_id) for _, entity_id in grid.originals], dtype=int)
    totals = np.zeros((len(entities), len(grid.days)))
    np.add.at(totals, rows, grid.repeats)
    base = daily_baseline(totals, grid.weekdays, np.array([first_days.get(one, 0) for one in entities], dtype=int))
    p = p_values(grid.repeats, base.expected[rows], base.dispersion[rows])
    return np.where((grid.repeats > 0) & ~base.is_early[rows], p, np.nan)
