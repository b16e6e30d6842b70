"""From events in arrays to trends: kind, size, severity and beginning."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from flows.night import Night
from flows.trends.detection import Findings, Found
from flows.trends.grid import PERIODS, Grid
from flows.trends.trend import Kind, Severity, Trend
from models.trends import ratio_interval

STRONG_SHIFT = 0.3
STRONG_SHARE_MOVE = 0.1
DRIVER_SHARE = 0.3
"""Part of an entity's excess from which on an aspect is named as what it is about."""


@dataclass(frozen=True)
class Teller:
    """Tells the events of one night. `kinds` says of each entity what it is, `new_topics` which topics are new."""

    night: Night
    grid: Grid
    findings: Findings
    kinds: dict[str, str]
    new_topics: frozenset[str] = frozenset()

    def tell(self, found: Found) -> Trend:
        """Make the trend of an event."""
        if found.measure == "mention_count":
            return self._posts(found)
        if found.measure == "repeat_count":
            return self._repeats(found)
        return self._change(found)

    def _posts(self, found: Found) -> Trend:
        volume, row = self.findings.volume, found.row
        one = self.grid.series[row]
        days = slice(found.first, found.last + 1)
        is_window = found.first == len(self.grid.days) - 1
        if is_window:
            window = volume.window
            count, expected, negative = (
                float(values[row]) for values in (window.count, window.expected, window.negative)
            )
            dispersion = float(window.dispersion[row])
            low = high = None
        else:
            count, expected, negative = (
                float(values[row, days].sum()) for values in (volume.counts, volume.expected, volume.negative)
            )
            dispersion = float(volume.dispersion[row, days].mean()) / (found.last - found.first + 1)
            low, high = float(volume.low[row, found.best]), float(volume.high[row, found.best])
        ratio, ratio_low, ratio_high = ratio_interval(count, expected, dispersion)
        return Trend(
            kind=self._kind(row),
            measure="mention_count",
            direction="up",
            series_id=one.series_id,
            entity_id=one.entity_id,
            aspect_id=one.aspect_id,
            topic_id=one.topic_id,
            severity=self._severity(found),
            started_at=self._start(found),
            first_date=self.grid.days[found.first],
            last_date=self.grid.days[found.last],
            observed=count,
            expected=expected,
            expected_low=low,
            expected_high=high,
            negative_count=round(negative),
            strength=ratio,
            strength_low=ratio_low,
            strength_high=ratio_high,
            p_value=found.p_value,
            q_value=found.q_value,
            driver=self._driver(found),
        )

    def _repeats(self, found: Found) -> Trend:
        original_id, entity_id = self.grid.originals[found.row]
        people = float(self.grid.repeats[found.row, found.first : found.last + 1].sum())
        ratio, low, high = ratio_interval(people, 0.0, 0.0)
        return Trend(
            kind="competitor_move" if self.kinds.get(entity_id) == "competitor" else "surge",
            measure="repeat_count",
            direction="up",
            series_id=f"post:{original_id}",
            entity_id=entity_id,
            aspect_id=None,
            topic_id=None,
            severity="warning" if people >= self.night.settings.alerts.crisis_min_mentions else "info",
            started_at=self._midnight(found.first),
            first_date=self.grid.days[found.first],
            last_date=self.grid.days[found.last],
            observed=people,
            expected=0.0,
            expected_low=None,
            expected_high=None,
            negative_count=None,
            strength=ratio,
            strength_low=low,
            strength_high=high,
            p_value=found.p_value,
            q_value=found.q_value,
        )

    def _change(self, found: Found) -> Trend:
        is_share = found.measure == "share_of_voice"
        measured = self.findings.moves if is_share else self.findings.sentiment
        one = self.grid.series[found.row]
        values = (measured.change, measured.low, measured.high)
        change, low, high = (float(value[found.row, found.best]) for value in values)
        if is_share:
            now = float(self.findings.shares[found.row, found.best])
        else:
            now = float(self.grid.sentiment[found.row, found.best, PERIODS.index("now"), 1])
        strong = STRONG_SHARE_MOVE if is_share else STRONG_SHIFT
        return Trend(
            kind="competitor_move" if is_share else "sentiment_shift",
            measure=found.measure,
            direction=found.direction,
            series_id=one.series_id,
            entity_id=one.entity_id,
            aspect_id=one.aspect_id,
            topic_id=one.topic_id,
            severity="warning" if abs(change) >= strong else "info",
            started_at=self._midnight(found.first),
            first_date=self.grid.days[found.first],
            last_date=self.grid.days[found.last],
            observed=now,
            expected=now - change,
            expected_low=None,
            expected_high=None,
            negative_count=None,
            strength=change,
            strength_low=low,
            strength_high=high,
            p_value=found.p_value,
            q_value=found.q_value,
        )

    def _kind(self, row: int) -> Kind:
        one = self.grid.series[row]
        if one.topic_id is not None:
            return "emerging_topic" if one.topic_id in self.new_topics else "surge"
        return "competitor_move" if self.kinds.get(one.entity_id or "") == "competitor" else "surge"

    def _severity(self, found: Found) -> Severity:
        """Critical is a wave of negative posts about the company or one of its products; see Alerts in the settings."""
        alerts = self.night.settings.alerts
        volume, one = self.findings.volume, self.grid.series[found.row]
        is_ours = one.is_entity and self.kinds.get(one.entity_id or "") in ("company", "product")
        severity: Severity = "info"
        for day in range(found.first, found.last + 1):
            if day == len(self.grid.days) - 1:
                window = volume.window
                numbers = (window.count, window.expected, window.negative, window.negative_expected)
                count, expected, negative, usual = (float(values[found.row]) for values in numbers)
            else:
                columns = (volume.counts, volume.expected, volume.negative, volume.negative_expected)
                count, expected, negative, usual = (float(values[found.row, day]) for values in columns)
            if (
                is_ours
                and count >= alerts.crisis_min_mentions
                and negative >= alerts.crisis_negative_share * count
                and negative >= alerts.surge_factor * usual
            ):
                return "critical"
            if count + 0.5 >= alerts.surge_factor * (expected + 0.5):
                severity = "warning"
        return severity

    def _driver(self, found: Found) -> str | None:
        one, volume = self.grid.series[found.row], self.findings.volume
        if not one.is_entity:
            return None
        days = slice(found.first, found.last + 1)
        excess = (volume.counts - volume.expected)[:, days].sum(axis=1)
        aspects = [
            (float(excess[row]), other.aspect_id)
            for row, other in enumerate(self.grid.series)
            if other.aspect_id is not None and other.entity_id == one.entity_id
        ]
        best, aspect_id = max(aspects, default=(0.0, None), key=lambda pair: (pair[0], pair[1] or ""))
        return aspect_id if best >= max(DRIVER_SHARE * excess[found.row], 1.0) else None

    def _start(self, found: Found) -> datetime:
        """The surging hour that began it, the window's beginning, or midnight of its first day."""
        last_hour = self.night.as_of.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        hours_ago = self.findings.volume.surging_hour[found.row, found.first]
        if not np.isnan(hours_ago):
            return last_hour - timedelta(hours=int(hours_ago) + 1)
        if found.first == len(self.grid.days) - 1:
            return last_hour - timedelta(hours=int(self.findings.volume.window.hours[found.row]))
        return self._midnight(found.first)

    def _midnight(self, column: int) -> datetime:
        return midnight(self.grid.days[column], self.night.settings.time_zone)


def midnight(day: date, time_zone: str) -> datetime:
    """The moment (UTC) at which a day begins in a time zone."""
    return datetime.combine(day, time(), ZoneInfo(time_zone)).astimezone(UTC)
