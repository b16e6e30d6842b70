"""Who appears in the demo. All names are invented."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

COMPANY = "Velumo"
COMPETITORS = ("Pedelo", "Rollwerk")
PRODUCT = "Velumo Cargo"
SECRET_PROJECT = "Projekt Nachtigall"  # noqa: S105 - a planted leak, not a password

DAYS = 60


class Event(StrEnum):
    """What the script plants; the ground truth of the demo's acceptance test."""

    LAUNCH = "launch"
    DELIVERY_DISASTER = "delivery_disaster"
    PRICE_RISE = "price_rise"
    VIRAL_JOKE = "viral_joke"
    LEAK = "leak"
    SPAM_WAVE = "spam_wave"
    DELETED = "deleted"


FIRST_DAY: dict[Event, int] = {
    Event.LAUNCH: 12,
    Event.SPAM_WAVE: 20,
    Event.DELIVERY_DISASTER: 53,
    Event.PRICE_RISE: 48,
    Event.VIRAL_JOKE: 38,
    Event.LEAK: 44,
    Event.DELETED: 50,
}
"""Day of the script (0 to DAYS - 1) on which an event begins."""


@dataclass(frozen=True)
class Post:
    """One scripted public post.

    `platform` is mastodon, hackernews or feed; `reply_to` is the key of another post of the same platform.
    """

    key: str
    platform: str
    author: str
    text: str
    language: str
    published_at: datetime
    event: Event | None = None
    title: str | None = None
    reply_to: str | None = None
    likes: int = 0
    reposts: int = 0
    is_opted_out: bool = False
    has_no_date: bool = False


def day_start(end: datetime, day: int) -> datetime:
    """Midnight (UTC) at which day `day` of the script begins, when the script ends at `end`."""
    return end - timedelta(days=DAYS - day)
