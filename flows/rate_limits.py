"""One limiter, five dialects: how platforms say how much may be asked, and when to go on.

| dialect | how the platform says it | used for |
|---|---|---|
| `Limiter` | 429 only, maybe with `Retry-After` | Lemmy, Discourse, Hacker News, feeds |
| `HeaderTimestamp` | headers: requests left, and the time from which there are new ones | Mastodon, Bluesky, GitHub |
| `HeaderSeconds` | headers: requests left, and the seconds until there are new ones | Reddit |
| `BodyBackoff` | body: `backoff` seconds for a method, `quota_remaining` for the day | Stack Exchange |
| `DailyBudget` | nothing: every request costs units of a daily budget that we count ourselves | YouTube |
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from flows.http import Response
    from flows.memory import Memory


class Limiter:
    """Knows how much a platform lets be asked; the base is the dialect of platforms that only answer 429.

    A client calls `delay` before each request, `sent` when it sends it, and `note` with each answer; `refusal` says
    which answers mean "too many requests". `path` is the requested method, `cost` what the request costs in units of
    the platform, `now` Unix time.
    """

    def delay(self, path: str, cost: int, now: float) -> float:
        """Seconds to wait before this request may be sent; 0 when it may be sent now."""
        return 0.0

    def sent(self, path: str, cost: int, now: float) -> None:
        """A request is being sent: it counts, whatever comes back."""

    def note(self, path: str, answer: Response, now: float) -> None:
        """Learn from an answer."""

    def refusal(self, answer: Response, now: float) -> float | None:
        """Seconds to wait when the answer means "too many requests" (0: it does not say how long), else None."""
        return asked_wait(answer.headers, now) if answer.status == 429 else None


class HeaderTimestamp(Limiter):
    """Headers `<prefix>-Remaining` and `<prefix>-Reset`, the latter an ISO time (Mastodon) or Unix time (GitHub).

    GitHub refuses with 403 as well: then no requests are left, or `Retry-After` is there.
    """

    def __init__(self, prefix: str = "X-RateLimit") -> None:
        self._prefix = prefix.lower()
        self._not_before = 0.0

    def delay(self, path: str, cost: int, now: float) -> float:
        """Seconds until the platform's new period, when none are left in this one."""
        return max(0.0, self._not_before - now)

    def note(self, path: str, answer: Response, now: float) -> None:
        """Read how many requests are left."""
        if self._is_used_up(answer):
            self._not_before = now + self.seconds_to_reset(answer.headers, now)

    def refusal(self, answer: Response, now: float) -> float | None:
        """429, and 403 where the headers say that it is about the number of requests."""
        is_limit = answer.status == 403 and ("retry-after" in answer.headers or self._is_used_up(answer))
        if answer.status != 429 and not is_limit:
            return None
        return asked_wait(answer.headers, now) or self.seconds_to_reset(answer.headers, now)

    def seconds_to_reset(self, headers: Mapping[str, str], now: float) -> float:
        """Seconds until there are new requests, by the platform's own clock when it tells it; 0 when not said."""
        asked = headers.get(f"{self._prefix}-reset", "")
        moment = _number(asked) or _moment(asked) or 0.0
        return max(0.0, moment - (_moment(headers.get("date", "")) or now))

    def _is_used_up(self, answer: Response) -> bool:
        left = _number(answer.headers.get(f"{self._prefix}-remaining", ""))
        return left is not None and left < 1


class HeaderSeconds(HeaderTimestamp):
    """Headers `<prefix>-Remaining` (may be a decimal number) and `<prefix>-Reset`, the latter in seconds to go."""

    def seconds_to_reset(self, headers: Mapping[str, str], now: float) -> float:
        """Seconds until there are new requests; 0 when not said."""
        return max(0.0, _number(headers.get(f"{self._prefix}-reset", "")) or 0.0)


class BodyBackoff(Limiter):
    """Fields of the JSON body: `backoff` seconds for this method, `quota_remaining` requests until midnight UTC.

    Refusals are errors named `throttle_violation` with status 400, whose message says how many seconds are left.
    """

    def __init__(self) -> None:
        self._not_before: dict[str, float] = {}
        self._day_ends = 0.0

    def delay(self, path: str, cost: int, now: float) -> float:
        """Seconds until this method may be asked again, or until the next day when the quota is used up."""
        return max(0.0, self._not_before.get(path, 0.0) - now, self._day_ends - now)

    def note(self, path: str, answer: Response, now: float) -> None:
        """Read `backoff` and `quota_remaining`."""
        body = _json_object(answer)
        if isinstance(seconds := body.get("backoff"), int | float):
            self._not_before[path] = now + seconds
        left = body.get("quota_remaining")
        if isinstance(left, int) and left <= 0:
            self._day_ends = now + seconds_to_midnight(now, "UTC")

    def refusal(self, answer: Response, now: float) -> float | None:
        """429, and errors named `throttle_violation`."""
        if answer.status == 429:
            return asked_wait(answer.headers, now)
        body = _json_object(answer) if answer.status in (400, 502) else {}
        if body.get("error_name") != "throttle_violation" and body.get("error_id") != 502:
            return None
        seconds = re.search(r"available in (\d+) second", str(body.get("error_message")))
        return float(seconds[1]) if seconds else 0.0


class DailyBudget(Limiter):
    """`units` a day, counted by us in `memory` under `name`, new at midnight of the platform's `zone`.

    Whoever shares a key shares its budget: give them the same name. Refusals are errors with the reasons of Google's
    interfaces: `quotaExceeded`, `dailyLimitExceeded` (nothing is left today), `rateLimitExceeded` (too fast).
    """

    def __init__(self, memory: Memory, name: str, *, units: int, zone: str) -> None:
        self._memory = memory
        self._name = name
        self._units = units
        self._zone = zone

    def delay(self, path: str, cost: int, now: float) -> float:
        """Seconds until midnight when the request costs more than what is left."""
        return seconds_to_midnight(now, self._zone) if self.spent(now) + cost > self._units else 0.0

    def sent(self, path: str, cost: int, now: float) -> None:
        """Count the units."""
        self._memory.update(self._name, lambda kept: {"day": self._day(now), "spent": self._spent(kept, now) + cost})

    def refusal(self, answer: Response, now: float) -> float | None:
        """429 and 403 with one of the reasons; one about the day marks the budget as spent."""
        if answer.status not in (403, 429):
            return None
        error = _json_object(answer).get("error")
        errors = error.get("errors") if isinstance(error, dict) else None
        reasons = {one.get("reason") for one in errors or [] if isinstance(one, dict)}
        if reasons & {"quotaExceeded", "dailyLimitExceeded"}:
            self._memory.update(self._name, lambda kept: {"day": self._day(now), "spent": self._units})
            return seconds_to_midnight(now, self._zone)
        is_limit = answer.status == 429 or bool(reasons & {"rateLimitExceeded", "userRateLimitExceeded"})
        return asked_wait(answer.headers, now) if is_limit else None

    def spent(self, now: float) -> int:
        """Units spent today."""
        return self._spent(self._memory.read(self._name), now)

    def _spent(self, kept: Mapping[str, Any], now: float) -> int:
        return int(kept.get("spent", 0)) if kept.get("day") == self._day(now) else 0

    def _day(self, now: float) -> str:
        return datetime.fromtimestamp(now, ZoneInfo(self._zone)).date().isoformat()


def seconds_to_midnight(now: float, zone: str) -> float:
    """Seconds from Unix time `now` to the next midnight of a time zone."""
    local = datetime.fromtimestamp(now, ZoneInfo(zone))
    midnight = datetime.combine(local.date() + timedelta(days=1), datetime.min.time(), ZoneInfo(zone))
    return midnight.timestamp() - now


def asked_wait(headers: Mapping[str, str], now: float) -> float:
    """Seconds that a platform asks to wait: `Retry-After` (seconds or HTTP date), else `X-RateLimit-Reset`.

    The reset may be an ISO timestamp (Mastodon), seconds to go, or Unix time. Times are read by the platform's own
    clock (`Date`), when it tells it. Returns 0 when nothing usable is said.
    """
    server_now = _moment(headers.get("date", "")) or now
    asked = headers.get("retry-after") or headers.get("x-ratelimit-reset") or headers.get("ratelimit-reset") or ""
    number = _number(asked)
    if number is None:
        moment = _moment(asked)
        return max(0.0, moment - server_now) if moment else 0.0
    return max(0.0, number - server_now if number > 1e9 else number)


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None


def _moment(value: str) -> float | None:
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = parse(value.strip())
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, TypeError, OverflowError):
            continue
    return None


def _json_object(answer: Response) -> Mapping[str, Any]:
    try:
        body = json.loads(answer.body.decode("utf-8-sig", "replace"), strict=False)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}
