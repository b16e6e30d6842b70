"""The steps: compare what is wrong now with the alerts there are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flows.alerts.causes import source_causes, trend_causes, volume_causes
from flows.alerts.registry import Cause, merge, read_alerts, write_alerts
from flows.alerts.words import say
from flows.errors import AuditRefused
from flows.night import Night
from flows.warehouse import connect, transaction

REASON_LENGTH = 300


@dataclass(frozen=True)
class AlertCounts:
    """Alerts that a step opened (again) and closed, and how many are open now."""

    opened_count: int
    closed_count: int
    open_count: int


def check_alerts(night: Night) -> AlertCounts:
    """Bring core.alerts up to date with trends, sources and their volumes; the next build shows it."""
    with connect(night.home) as warehouse:
        causes = [
            *trend_causes(warehouse, night),
            *source_causes(warehouse, night),
            *volume_causes(warehouse, night),
        ]
    return _enter(night, causes, ("trend", "source", "volume"))


def check_sources(night: Night) -> AlertCounts:
    """Between two nights: raise and close alerts about sources that do not deliver."""
    with connect(night.home) as warehouse:
        causes = list(source_causes(warehouse, night))
    return _enter(night, causes, ("source",))


def settle_alerts(night: Night) -> AlertCounts:
    """After a publication: alerts about nights that were not published are over."""
    return _enter(night, (), ("audit", "night"))


def raise_failure(night: Night, error: Exception) -> AlertCounts:
    """Raise an alert about a night that ends in a refused audit or another error."""
    reason = _first_line(error)
    if isinstance(error, AuditRefused):
        summary = say(night, "audit_refused", reason=reason, run_id=night.run_id)
        return _enter(night, [Cause("audit", "audit_refused", "critical", summary, night.as_of)], ("audit",))
    summary = say(night, "night_failed", reason=reason)
    return _enter(night, [Cause("night", "night_failed", "critical", summary, night.as_of)], ("night",))


def _enter(night: Night, causes: Iterable[Cause], families: Iterable[str]) -> AlertCounts:
    with connect(night.home) as warehouse:
        known = read_alerts(warehouse)
        alerts = merge(known, causes, families, night.as_of)
        with transaction(warehouse):
            write_alerts(warehouse, alerts)
    was_open = {alert.alert_id for alert in known if alert.closed_at is None}
    is_open = {alert.alert_id for alert in alerts if alert.closed_at is None}
    return AlertCounts(len(is_open - was_open), len(was_open - is_open), len(is_open))


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    first = lines[0] if lines else type(error).__name__
    return first if len(first) <= REASON_LENGTH else f"{first[: REASON_LENGTH - 1]}…"
