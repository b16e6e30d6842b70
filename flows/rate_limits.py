"""How long a platform asks to wait, in the dialects in which platforms say it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def asked_wait(headers: Mapping[str, str], now: float) -> float:
    """Seconds that a platform asks to wait: `Retry-After` (seconds or HTTP date), else `X-RateLimit-Reset`.

    The reset may be an ISO timestamp (Mastodon), seconds to go, or Unix time. Times are read by the platform's own
    clock (`Date`), when it tells it. Returns 0 when nothing usable is said.
    """
    server_now = _moment(headers.get("date", "")) or now
    asked = headers.get("retry-after", "") or headers.get("x-ratelimit-reset", "")
    try:
        number = float(asked)
    except ValueError:
        moment = _moment(asked)
        return max(0.0, moment - server_now) if moment else 0.0
    return max(0.0, number - server_now if number > 1e9 else number) if number < float("inf") else 0.0


def _moment(value: str) -> float | None:
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = parse(value.strip())
        except (ValueError, TypeError):
            continue
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return None
