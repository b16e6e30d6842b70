"""Bursts of known size, shape and start, put into a real stream and into made-up ones: what is found, when, what else.

    python -m bench.trends STREAM.jsonl.gz   (fields created_at, text)

Peers: the rolling z-score (mean and deviation of the last 28 days, alarm at three), and Kleinberg's two-state automaton
as the package `burst_detection` has it, which this environment needs besides our own packages (with `mpmath`). All look
every three hours at the same counts of the last 24 hours. Each peer is shown at its own setting and at the one with
which it finds as many bursts as we do. Writes bench/RESULTS-trends.md; the texts stay where they are.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from models.trends import common_factors, daily_baseline, p_values, q_values

RESULTS = Path(__file__).with_name("RESULTS-trends.md")
SERIES = {
    "playback": r"play|song", "premium": r"premium|subscri", "playlist": r"playlist", "phone": r"phone|ios",
    "android": r"android|samsung", "account": r"account|login|log in|password", "album": r"album|artist",
    "version": r"version|updat", "computer": r"desktop|windows|mac\b|laptop", "problem": r"problem|issue|error|bug",
    "works": r"\bwork", "thanks": r"thank", "help": r"help", "download": r"download|offline", "email": r"e-?mail",
    "shuffle": r"shuffle|repeat", "wifi": r"wifi|internet|network", "student": r"student|family", "ads": r"\bads?\b",
    "price": r"pay|price|charge|money|refund",
}  # fmt: skip
STEP_HOURS = 3
WARM_UP_DAYS = 21
SHORT_HOURS = 12
REPETITIONS = 6
SAME_EVENT_HOURS = 48
FALSE_DISCOVERIES = 0.03
Score = Callable[[np.ndarray], np.ndarray]
"""Posts per hour [series, hours] to a score [series, looks]: the higher, the more of a burst; -inf says nothing."""


@dataclass(frozen=True)
class Burst:
    """A burst put into a series: first hour and length, and which."""

    series: int
    start: int
    hours: int


@dataclass(frozen=True)
class Outcome:
    """Bursts found within a day, median delay in hours, false alarms, and weeks that all series were watched."""

    recall: float
    delay: float
    precision: float
    false_per_week: float


def main(stream: Path) -> None:
    real = read_stream(stream)
    lines = [
        "# Bursts found: trends beside two other detectors",
        "",
        f"`python -m bench.trends STREAM` (texts not in this repository), {datetime.now(UTC):%Y-%m-%d}.",
        "",
        f"Real stream: {real.shape[1] // 24} days of customer-care posts in {real.shape[0]} series by keyword "
        f"({', '.join(f'{24 * mean:.0f}' for mean in sorted(real.mean(axis=1), reverse=True))} posts a day).",
        "It has waves of its own that nobody has labelled; each alarm about them counts as false. Made-up streams: the",
        "same means, weekdays and hours, Poisson and with days that spread (alpha 0.05). One burst in each series at a",
        f"random hour, {REPETITIONS} times over; found: an alarm within 24 hours of its start. Alarms of a series in",
        f"{SAME_EVENT_HOURS} hours are one. All look every {STEP_HOURS} hours; *nightly* looks at 03:00 only.",
    ]
    streams = {"real stream": real, "made up, Poisson": made_up(real, 0.0), "made up, spread": made_up(real, 0.05)}
    busy = real[:, WARM_UP_DAYS * 24 :].mean(axis=1) * 24 >= 10
    for name, counts in streams.items():
        for title, chosen in (("at least 10 posts a day", busy), ("fewer", ~busy)):
            lines += ["", f"## {name}, series with {title} ({chosen.sum()})", "", *table(counts[chosen])]
            RESULTS.write_text("\n".join(lines) + "\n", encoding="utf-8")
            print("\n".join(lines[-12:]), flush=True)


def table(counts: np.ndarray) -> list[str]:
    """Results for bursts of 3 times the baseline, then of other sizes and shapes for our own detector."""
    rows = [
        "| burst | detector | recall in 24 h | median delay (h) | precision | false alarms a week |",
        "|---|---|---:|---:|---:|---:|",
    ]
    ours = evaluate(counts, surprise, threshold(1), 3, 48, "step")
    rows.append(row("3 x, 48 h, step", "**trends**", ours))
    rows.append(
        row("", "trends, nightly", evaluate(counts, surprise, threshold(8), 3, 48, "step", looks=slice(0, None, 8)))
    )
    for label, score, usual in (("z-score", z_scores, 3.0), ("Kleinberg", kleinberg, 1.0)):
        rows.append(row("", f"{label} at {usual:g}", evaluate(counts, score, usual, 3, 48, "step")))
        equal = at_recall(counts, score, ours.recall)
        rows.append(row("", f"{label} at equal recall ({equal[0]:.2g})", equal[1]))
    for factor, hours, shape in ((2, 48, "step"), (5, 48, "step"), (3, 24, "step"), (3, 48, "ramp"), (3, 48, "decay")):
        found = evaluate(counts, surprise, threshold(1), factor, hours, shape)
        rows.append(row(f"{factor} x, {hours} h, {shape}", "trends", found))
    return rows


def row(burst: str, detector: str, one: Outcome) -> str:
    values = f"{one.recall:.2f} | {one.delay:.0f} | {one.precision:.2f} | {one.false_per_week:.2f}"
    return f"| {burst} | {detector} | {values} |"


def read_stream(path: Path) -> np.ndarray:
    """Posts per hour [series, hours] of the busy part of the stream."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        posts = [json.loads(line) for line in file]
    dated = [
        (datetime.strptime(post["created_at"], "%a %b %d %H:%M:%S %z %Y"), post["text"].lower())
        for post in posts
        if post["created_at"] and post["text"]
    ]
    start = datetime(2017, 10, 4, tzinfo=UTC)
    counts = np.zeros((len(SERIES), 61 * 24))
    patterns = [re.compile(pattern) for pattern in SERIES.values()]
    for moment, text in dated:
        hour = int((moment - start).total_seconds() // 3600)
        if 0 <= hour < counts.shape[1]:
            counts[[pattern.search(text) is not None for pattern in patterns], hour] += 1
    return counts


def made_up(real: np.ndarray, spread: float) -> np.ndarray:
    """Series with the means, weekdays and hours of the real ones, and nothing else in common."""
    rng = np.random.default_rng(1)
    hours = np.arange(real.shape[1])
    total = real.sum(axis=0)
    shape = np.array(
        [[total[(hours // 24 % 7 == day) & (hours % 24 == hour)].mean() for hour in range(24)] for day in range(7)]
    )
    profile = shape[hours // 24 % 7, hours % 24] / shape.mean()
    mean = real.mean(axis=1)[:, None] * profile
    days = real.shape[1] // 24
    lively = rng.gamma(1 / spread, spread, (len(real), days)) if spread else np.ones((len(real), days))
    return rng.poisson(mean * np.repeat(lively, 24, axis=1)).astype(float)


def inject(counts: np.ndarray, factor: float, hours: int, shape: str, seed: int) -> tuple[np.ndarray, list[Burst]]:
    """Add a burst to each series: `factor` times its usual posts at the same hours, for so many hours."""
    rng = np.random.default_rng(seed)
    result = counts.copy()
    bursts = []
    mean = counts.mean(axis=1)
    profile = np.array([counts[:, hour::24].sum() for hour in range(24)])
    profile = profile / profile.mean()
    height = {
        "step": np.ones(hours),
        "ramp": np.linspace(0, 2, hours),
        "decay": 2 * np.exp(-np.arange(hours) / (hours / 2.3)),
    }[shape]
    for series in range(len(counts)):
        start = int(rng.integers(WARM_UP_DAYS * 24, counts.shape[1] - hours - 24))
        span = np.arange(start, start + hours)
        result[series, span] += rng.poisson((factor - 1) * mean[series] * profile[span % 24] * height)
        bursts.append(Burst(series, start, hours))
    return result, bursts


def looks_of(counts: np.ndarray) -> np.ndarray:
    """The hours after which one looks: the first full hour not counted any more."""
    return np.arange(STEP_HOURS, counts.shape[1] + 1, STEP_HOURS)


def windows(counts: np.ndarray, length: int) -> np.ndarray:
    """Posts in the last `length` hours before each look, [series, looks]."""
    summed = np.cumsum(np.pad(counts, ((0, 0), (1, 0))), axis=1)
    ends = looks_of(counts)
    return np.asarray(summed[:, ends] - summed[:, np.maximum(ends - length, 0)])


def surprise(counts: np.ndarray) -> np.ndarray:
    """-log10 of the q values, as the step works them out: 24 hours and the last 12 of them, against the same hours of
    the days before; -inf where the excess is too small to matter."""
    p, large = np.ones(windows(counts, 24).shape), np.zeros(windows(counts, 24).shape, dtype=bool)
    per_day = 24 // STEP_HOURS
    for length in (24, SHORT_HOURS):
        found = windows(counts, length)
        for offset in range(per_day):
            columns = slice(offset, None, per_day)
            days = found[:, columns]
            factors = common_factors(days, days.sum(axis=0) - days)
            base = daily_baseline(days, np.arange(days.shape[1]) % 7, factors=factors)
            one = p_values(days, base.expected, base.dispersion)
            big = (days - base.expected >= 5) & (days >= 1.5 * base.expected)
            better = one < p[:, columns]
            large[:, columns] = np.where(better, big, large[:, columns])
            p[:, columns] = np.minimum(one, p[:, columns])
    q = np.stack([q_values(np.minimum(1, 2 * p[:, look])) for look in range(p.shape[1])], axis=1)
    return np.where(large, -np.log10(q), -np.inf)


def threshold(looks_between: int) -> float:
    """What the q value must be for one look when there are so many a day that a day has the rate of one look."""
    return float(-np.log10(FALSE_DISCOVERIES * looks_between * STEP_HOURS / 24))


def z_scores(counts: np.ndarray) -> np.ndarray:
    """Deviations from the mean of the same 24 hours of the last 28 days."""
    found = windows(counts, 24)
    per_day = 24 // STEP_HOURS
    scores = np.full(found.shape, -np.inf)
    for look in range(WARM_UP_DAYS * per_day, found.shape[1]):
        past = found[:, max(look % per_day, look - 28 * per_day) : look : per_day]
        scores[:, look] = (found[:, look] - past.mean(axis=1)) / np.maximum(past.std(axis=1, ddof=1), 1e-9)
    return scores


def kleinberg(counts: np.ndarray) -> np.ndarray:
    """The gamma up to which the last day is a burst (twice the share of the last 28 days)."""
    import burst_detection

    burst_detection.np = _OlderNumpy()
    found = windows(counts, 24)
    total = found.sum(axis=0)
    per_day = 24 // STEP_HOURS
    scores = np.full(found.shape, -np.inf)
    for look in range(WARM_UP_DAYS * per_day, found.shape[1]):
        span = slice(max(look % per_day, look - 28 * per_day), look + 1, per_day)
        for series in range(len(found)):
            scores[series, look] = _largest_gamma(burst_detection, found[series, span], total[span])
    return scores


class _OlderNumpy:
    """NumPy as the package expects it: with `np.float`, with one place of a minimum, and cells that hold numbers."""

    float = float

    @staticmethod
    def full(shape: list[int], value: float) -> np.ndarray:
        return np.full(shape[0] if shape[1] == 1 else shape, value)

    def __getattr__(self, name: str) -> object:
        return getattr(np, name)

    @staticmethod
    def where(condition: np.ndarray) -> int:
        return int(np.flatnonzero(condition)[0])


GAMMAS = (0.05, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)


def _largest_gamma(package: object, ours: np.ndarray, total: np.ndarray) -> float:
    share = ours.sum() / total.sum()
    if not ours[-1] / max(total[-1], 1) > share:  # cannot be in the higher state
        return -np.inf
    best = -np.inf
    for gamma in GAMMAS:
        states, *_ = package.burst_detection(ours, total, len(ours), 2, gamma, 1)  # type: ignore[attr-defined]
        if states[-1] != 1:
            break
        best = gamma
    return best


_scored: dict[tuple[str, bytes], np.ndarray] = {}


def scores_of(score: Score, counts: np.ndarray) -> np.ndarray:
    key = (score.__name__, counts.tobytes())
    if key not in _scored:
        _scored[key] = score(counts)
    return _scored[key]


def evaluate(
    counts: np.ndarray, score: Score, limit: float, factor: float, hours: int, shape: str, *, looks: slice = slice(None)
) -> Outcome:
    """Recall and delay on streams with bursts; false alarms of the stream without any."""
    ends = looks_of(counts)[looks]
    warm = ends > WARM_UP_DAYS * 24
    delays: list[float] = []
    found, wrong = 0, 0
    for seed in range(REPETITIONS):
        with_bursts, bursts = inject(counts, factor, hours, shape, seed)
        alarms = (scores_of(score, with_bursts)[:, looks] >= limit) & warm
        for burst in bursts:
            after = ends[alarms[burst.series] & (ends > burst.start) & (ends <= burst.start + 24)]
            if after.size:
                found += 1
                delays.append(float(after[0] - burst.start))
            outside = alarms[burst.series] & ((ends <= burst.start) | (ends > burst.start + burst.hours + 24))
            wrong += _events(ends[outside])
    quiet = (scores_of(score, counts)[:, looks] >= limit) & warm
    false = sum(_events(ends[one]) for one in quiet)
    weeks = (counts.shape[1] - WARM_UP_DAYS * 24) / 168
    return Outcome(
        found / (REPETITIONS * len(counts)),
        float(np.median(delays)) if delays else float("nan"),
        found / max(found + wrong, 1),
        false / weeks,
    )


def _events(hours: np.ndarray) -> int:
    return 0 if hours.size == 0 else 1 + int((np.diff(hours) > SAME_EVENT_HOURS).sum())


def at_recall(counts: np.ndarray, score: Score, recall: float) -> tuple[float, Outcome]:
    """The strictest setting with which a detector finds at least as many bursts, or its laxest."""
    limits = GAMMAS if score is kleinberg else tuple(np.arange(0.2, 8.0, 0.1))
    for limit in sorted(limits, reverse=True):
        outcome = evaluate(counts, score, float(limit), 3, 48, "step")
        if outcome.recall >= recall:
            return float(limit), outcome
    return float(limit), outcome


if __name__ == "__main__":
    main(Path(sys.argv[1]))
