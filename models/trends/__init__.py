"""Trends: counts in, surprises out. Knows neither texts nor tables.

- `baseline`: what was to be expected of a day
- `common`: what all series do on the same day
- `surprise`: how surprising it is, and what is more than chance among many tests
- `hours`: the same for the last hour
- `shifts`: net sentiment and share of voice, now against before
- `events`: days joined to events
"""

from models.trends.baseline import EARLIEST_DAY, LEVEL_DAYS, PATTERN_DAYS, Baseline, daily_baseline
from models.trends.common import common_factors
from models.trends.events import LARGEST_GAP, events
from models.trends.hours import HISTORY_HOURS, Hours, judge_hours
from models.trends.shifts import Difference, difference_of_estimates, share_difference
from models.trends.surprise import expected_range, lower_p_values, p_values, q_values, ratio_interval, surprise_scores

__all__ = [
    "EARLIEST_DAY",
    "HISTORY_HOURS",
    "LARGEST_GAP",
    "LEVEL_DAYS",
    "PATTERN_DAYS",
    "Baseline",
    "Difference",
    "Hours",
    "common_factors",
    "daily_baseline",
    "difference_of_estimates",
    "events",
    "expected_range",
    "judge_hours",
    "lower_p_values",
    "p_values",
    "q_values",
    "ratio_interval",
    "share_difference",
    "surprise_scores",
]
