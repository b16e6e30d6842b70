"""Alerts: what somebody should know at once, each cause once, from its beginning until it is over."""

from flows.alerts.step import check_alerts, check_sources, raise_failure, settle_alerts

__all__ = ["check_alerts", "check_sources", "raise_failure", "settle_alerts"]
