"""Who is to be told what now: alerts against what a channel has been told already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from flows.alerts.registry import SEVERITIES, Alert
from flows.settings.alerts import Channel, Severity

News = Literal["opened", "worse", "resolved"]
RESOLVED = "resolved"
_OPEN = "open "


@dataclass(frozen=True)
class Told:
    """The last message that a channel has taken about a subject (an alert)."""

    cause: str
    state: str
    at: datetime


@dataclass(frozen=True)
class Notice:
    """Something to tell: an alert, and what is new about it."""

    alert: Alert
    news: News

    @property
    def state(self) -> str:
        """What the channel knows once it has taken the message."""
        return RESOLVED if self.news == "resolved" else open_state(self.alert.severity)


def open_state(severity: Severity) -> str:
    """How the delivery log writes that an alert was told while it was open."""
    return f"{_OPEN}{severity}"


def due(
    alerts: Iterable[Alert],
    channel: Channel,
    told: Mapping[str, Told],
    *,
    now: datetime,
    cool_down: timedelta,
    is_quiet: bool,
) -> Iterator[Notice]:
    """Choose what a channel is to be told now.

    An open alert is told once, and again when its severity has risen; one that is over is told when the channel was
    told that it is open. Within `cool_down` of a message about the same cause it is not opened anew, unless it is more
    severe than what was told. In quiet hours only what is critical is told; the rest is still due afterwards.

    Args:
        told: the last message per alert_id.
    """
    for alert in alerts:
        if alert.kind not in channel.kinds or not _at_least(alert.severity, channel.min_severity):
            continue
        news = _news(alert, told.get(alert.alert_id), channel)
        if news is None or (is_quiet and (alert.severity != "critical" or news == "resolved")):
            continue
        if news == "opened" and _is_cooling_down(alert, told.values(), now, cool_down):
            continue
        yield Notice(alert, news)


def _news(alert: Alert, last: Told | None, channel: Channel) -> News | None:
    was_open = last is not None and last.state != RESOLVED
    if alert.closed_at is not None:
        return "resolved" if was_open and channel.resolved else None
    if last is None or not was_open:
        return "opened"
    return "worse" if _rank(alert.severity) > _rank_of_state(last.state) else None


def _is_cooling_down(alert: Alert, told: Iterable[Told], now: datetime, cool_down: timedelta) -> bool:
    recent = [one for one in told if one.cause == alert.cause and now - one.at < cool_down]
    return any(one.state == RESOLVED or _rank_of_state(one.state) >= _rank(alert.severity) for one in recent)


def _at_least(severity: Severity, least: Severity) -> bool:
    return _rank(severity) >= _rank(least)


def _rank(severity: Severity) -> int:
    return SEVERITIES.index(severity)


def _rank_of_state(state: str) -> int:
    return [open_state(severity) for severity in SEVERITIES].index(state)
