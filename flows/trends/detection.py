"""What stands out: every series, measure and day tested, with one rate of false discoveries over all tests of a day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from flows.settings import Alerts
from flows.trends.comparisons import repeat_p_values, sentiment_shifts, share_moves
from flows.trends.grid import Grid
from flows.trends.volume import FALSE_DISCOVERIES, Volume, measure_volume
from models.trends import Difference, events, q_values

SIGN = 0.05
"""p value below which a day belongs to an event that other days have shown."""
SMALLEST_SHIFT = 0.15
SMALLEST_SHARE_MOVE = 0.05
SMALLEST_REPEAT = 10
"""People who repeat a post on one day below which it does not go round."""

Measure = Literal["mention_count", "repeat_count", "net_sentiment", "share_of_voice"]
Direction = Literal["up", "down"]
Test = tuple[Measure, Direction]


@dataclass(frozen=True)
class Found:
    """An event in one row of its measure's arrays: columns of its first and last day, and of its clearest one.

    `p_value` and `q_value` are those of the clearest day.
    """

    measure: Measure
    direction: Direction
    row: int
    first: int
    last: int
    best: int
    p_value: float
    q_value: float


@dataclass(frozen=True)
class Findings:
    """Events, and what was measured to find them.

    Attributes:
        moves: of the share of voice.
        shares: of voice in the seven days up to each day, [series, days].
        hits: days that are reported, per test, bool [rows, days].
        signs: days that show something, reported or not.
        tested_count: tests of the last full day and of the hours up to the night.
    """

    volume: Volume
    sentiment: Difference
    moves: Difference
    shares: np.ndarray
    hits: dict[Test, np.ndarray]
    signs: dict[Test, np.ndarray]
    found: list[Found]
    tested_count: int


def detect(grid: Grid, alerts: Alerts, voices: np.ndarray, competitors: np.ndarray) -> Findings:
    """Test everything and join what stands out to events.

    `voices` are the rows of the entities that share the voice, `competitors` those of them that are not the company.
    """
    volume = measure_volume(grid, alerts.surge_factor)
    sentiment = sentiment_shifts(grid)
    moves, shares = share_moves(grid, volume, voices, competitors)
    tests: dict[Test, np.ndarray] = {
        ("mention_count", "up"): volume.p,
        ("repeat_count", "up"): repeat_p_values(grid),
        **_directions("net_sentiment", sentiment),
        **_directions("share_of_voice", moves),
    }
    large: dict[Measure, np.ndarray] = {
        "mention_count": volume.is_large,
        "repeat_count": grid.repeats >= SMALLEST_REPEAT,
        "net_sentiment": np.abs(sentiment.change) >= SMALLEST_SHIFT,
        "share_of_voice": np.abs(moves.change) >= SMALLEST_SHARE_MOVE,
    }
    q = _false_discovery(tests)
    hits = {test: (values <= FALSE_DISCOVERIES) & large[test[0]] for test, values in q.items()}
    hits["mention_count", "up"] |= ~np.isnan(volume.surging_hour)
    signs = {test: (p < SIGN) | hits[test] for test, p in tests.items()}
    found = [
        _found(test, row, first, last, hits[test], tests[test], q[test])
        for test in tests
        for row, first, last in events(hits[test], signs[test])
    ]
    tested_count = int(sum((~np.isnan(p[:, -2:])).sum() for p in tests.values()))
    return Findings(volume, sentiment, moves, shares, hits, signs, found, tested_count)


def _found(test: Test, row: int, first: int, last: int, hits: np.ndarray, p: np.ndarray, q: np.ndarray) -> Found:
    surprising = np.where(hits[row], np.nan_to_num(p[row], nan=1.0), 2.0)
    best = first + int(np.argmin(surprising[first : last + 1]))
    measure, direction = test
    values = (float(np.nan_to_num(one[row, best], nan=1.0)) for one in (p, q))
    return Found(measure, direction, row, first, last, best, *values)


def _directions(measure: Measure, difference: Difference) -> dict[Test, np.ndarray]:
    """One two-sided test, reported in the direction of its change."""
    return {
        (measure, "up"): np.where(difference.change > 0, difference.p, np.nan),
        (measure, "down"): np.where(difference.change <= 0, difference.p, np.nan),
    }


def _false_discovery(tests: dict[Test, np.ndarray]) -> dict[Test, np.ndarray]:
    """Adjust the p values of all tests of a day together, whatever they are about."""
    adjusted = {test: np.full(p.shape, np.nan) for test, p in tests.items()}
    edges = np.cumsum([len(p) for p in tests.values()])[:-1]
    family = np.concatenate(list(tests.values()))
    q = np.full(family.shape, np.nan)
    for day in range(family.shape[1]):
        tested = ~np.isnan(family[:, day])
        q[tested, day] = q_values(family[tested, day])
    for test, part in zip(adjusted, np.split(q, edges), strict=True):
        adjusted[test][:] = part
    return adjusted
