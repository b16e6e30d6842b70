"""The open alerts, for the command line."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from flows.alerts.registry import SEVERITIES, read_alerts
from flows.errors import UsageError, WarehouseBusy
from flows.home import Home
from flows.published import open_published
from flows.warehouse import connect, exclusive

COLUMNS = (
    "alert_id", "kind", "severity", "entity_id", "aspect_id", "topic_id", "source", "trend_id", "started_at",
    "opened_at", "summary",
)  # fmt: skip


@dataclass(frozen=True)
class OpenAlerts:
    """Rows with the columns of COLUMNS, the most severe first; `note` says when they are not the latest."""

    rows: list[dict[str, Any]]
    note: str = ""


def open_alerts(home: Home) -> OpenAlerts:
    """The alerts that are open now, or while another process works on the warehouse those of the published file.

    Raises UsageError when there is neither.
    """
    if not home.warehouse.exists():
        raise UsageError(f"{home.warehouse}: there is no warehouse yet. Run `marktecho nightly` first.")
    try:
        with exclusive(home), connect(home) as warehouse:
            rows = [asdict(alert) for alert in read_alerts(warehouse) if alert.closed_at is None]
    except WarehouseBusy:
        with open_published(home) as marts:
            found = marts.execute(f"select {', '.join(COLUMNS)} from marts.alerts where status = 'open'")
            rows = [dict(zip(COLUMNS, row, strict=True)) for row in found.fetchall()]
        return OpenAlerts(_ordered(rows), "Another run is at work: these are the alerts of the last published night.")
    return OpenAlerts(_ordered([{name: row[name] for name in COLUMNS} for row in rows]))


def _ordered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: (-SEVERITIES.index(row["severity"]), row["started_at"], row["alert_id"]))
