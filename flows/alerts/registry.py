"""The alerts of all runs: a cause has one open alert at a time, with an id that stays, and its row is kept for good."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta

import duckdb
import pyarrow as pa

from flows.settings.alerts import Kind, Severity

SEVERITIES: tuple[Severity, ...] = ("info", "warning", "critical")
REOPEN_WITHIN = timedelta(hours=48)
"""What comes back so soon has not been over."""


@dataclass(frozen=True)
class Cause:
    """Something that is wrong now.

    Attributes:
        cause: a family and what it is about, such as `trend:0123abcd` or `audit`.
        summary: what is wrong, in one or two sentences of the company's language; no words of posts.
        started_at: when it began, UTC.
    """

    cause: str
    kind: Kind
    severity: Severity
    summary: str
    started_at: datetime
    entity_id: str | None = None
    aspect_id: str | None = None
    topic_id: str | None = None
    source: str | None = None
    trend_id: str | None = None

    @property
    def family(self) -> str:
        """The part of `cause` that says how it is found."""
        return self.cause.partition(":")[0]


@dataclass(frozen=True, kw_only=True)
class Alert(Cause):
    """A cause with its alert: times in UTC, `closed_at` None while it is open."""

    alert_id: str
    opened_at: datetime
    seen_at: datetime
    closed_at: datetime | None = None


def merge(known: Iterable[Alert], causes: Iterable[Cause], families: Iterable[str], now: datetime) -> list[Alert]:
    """Enter what a run has found into the registry and return all alerts as they are from now on.

    A cause with an open alert goes on with it; one that was over for less than REOPEN_WITHIN opens it again; any other
    gets a new alert. Open alerts of the examined `families` whose cause is gone are closed. The severity of an alert
    never falls while it is open.
    """
    alerts = list(known)
    examined = set(families)
    found = {cause.cause: cause for cause in causes}
    for place, alert in enumerate(alerts):
        if alert.closed_at is None and alert.family in examined and alert.cause not in found:
            alerts[place] = replace(alert, closed_at=max(now, alert.opened_at))
    for cause in found.values():
        place_of = _place(alerts, cause, now)
        if place_of is None:
            alerts.append(_opened(cause, now))
        else:
            alerts[place_of] = _continued(alerts[place_of], cause, now)
    return alerts


def _place(alerts: list[Alert], cause: Cause, now: datetime) -> int | None:
    same = [place for place, alert in enumerate(alerts) if alert.cause == cause.cause]
    open_ones = [place for place in same if alerts[place].closed_at is None]
    if open_ones:
        return open_ones[0]
    recent = [place for place in same if now - (alerts[place].closed_at or now) < REOPEN_WITHIN]
    return max(recent, key=lambda place: (alerts[place].opened_at, place), default=None)


def _opened(cause: Cause, now: datetime) -> Alert:
    named = f"{cause.cause} {now.astimezone(UTC).isoformat()}"
    alert_id = hashlib.blake2b(named.encode(), digest_size=8).hexdigest()
    return Alert(**asdict(cause), alert_id=alert_id, opened_at=now, seen_at=now)


def _continued(alert: Alert, cause: Cause, now: datetime) -> Alert:
    keeps_severity = SEVERITIES.index(alert.severity) > SEVERITIES.index(cause.severity)
    return replace(
        alert,
        **asdict(cause)
        | {
            "kind": alert.kind if keeps_severity else cause.kind,
            "severity": alert.severity if keeps_severity else cause.severity,
            "started_at": min(alert.started_at, cause.started_at),
            "opened_at": min(alert.opened_at, now),
            "seen_at": max(alert.seen_at, now),
            "closed_at": None,
        },
    )


def read_alerts(warehouse: duckdb.DuckDBPyConnection) -> list[Alert]:
    """All alerts ever raised, the oldest first."""
    names = [one.name for one in fields(Alert)]
    rows = warehouse.execute(f"select {', '.join(names)} from core.alerts order by opened_at, alert_id").fetchall()
    return [Alert(**dict(zip(names, row, strict=True))) for row in rows]


def write_alerts(warehouse: duckdb.DuckDBPyConnection, alerts: Iterable[Alert]) -> None:
    """Replace core.alerts, inside the caller's transaction."""
    rows = [asdict(alert) for alert in alerts]
    schema = warehouse.execute("select * from core.alerts limit 0").to_arrow_table().schema
    warehouse.execute("delete from core.alerts")
    if rows:
        warehouse.register("batch", pa.Table.from_pylist(rows, schema=schema))
        warehouse.execute("insert into core.alerts by name select * from batch")
        warehouse.unregister("batch")
