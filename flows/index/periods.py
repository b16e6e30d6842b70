"""The periods that the index is told for: calendar months, and the last 90 days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

MONTHS_TOLD = 24
LAST_DAYS = 90
SHORTEST = 7
"""Days below which a month is too short to be told, unless it is all there is."""


@dataclass(frozen=True)
class Period:
    """Days from `first` to `last`, both included."""

    kind: str
    name: str
    first: date
    last: date
    is_incomplete: bool


def periods(first: date, today: date) -> list[Period]:
    """The periods of posts that begin on `first`, as of `today`, whose own day is not over and left out.

    Months whose days were not all listened to, and the one that is not over, are incomplete. Empty without a full day.
    """
    yesterday = today - timedelta(days=1)
    if first > yesterday:
        return []
    found: list[Period] = []
    month = date(yesterday.year, yesterday.month, 1)
    while len(found) < MONTHS_TOLD:
        following = date(month.year + month.month // 12, month.month % 12 + 1, 1)
        begin, end = max(month, first), min(following - timedelta(days=1), yesterday)
        if end < first:
            break
        is_incomplete = begin > month or end < following - timedelta(days=1)
        found.append(Period("month", f"{month:%Y-%m}", begin, end, is_incomplete))
        month = date(month.year - (month.month == 1), (month.month - 2) % 12 + 1, 1)
    told = [one for one in found if (one.last - one.first).days + 1 >= SHORTEST] or found
    begin = max(today - timedelta(days=LAST_DAYS), first)
    window = Period("last_90_days", "last_90_days", begin, yesterday, (yesterday - begin).days + 1 < LAST_DAYS)
    return [*reversed(told), window]
