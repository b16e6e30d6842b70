"""Dates and times as exports write them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from math import isnan
from typing import Any, Final
from zoneinfo import ZoneInfo

_EPOCHS: Final = (
    (re.compile(r"\d{9,11}(?:\.\d+)?"), 1.0),
    (re.compile(r"\d{12,14}"), 1e3),
    (re.compile(r"\d{15,17}"), 1e6),
)
_GERMAN: Final = re.compile(
    r"(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\.\s?(?P<year>\d{4})(?:,?\s+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?(?:\s*Uhr)?)?"
)
_PARTS: Final = ("year", "month", "day", "hour", "minute", "second")
_TWITTER: Final = "%a %b %d %H:%M:%S %z %Y"
_ZONE_NAME: Final = re.compile(r"\s(?:UTC|GMT|Z)$")


class UnreadableTime(ValueError):  # noqa: N818 - a fact about the value
    """A value that is no time in any known form, or not in the given one."""


def read_time(value: Any, zone: ZoneInfo, date_format: str | None = None) -> datetime | None:
    """Read a time in UTC; None when there is none (null or blank).

    Without `date_format` (as of `strptime`) these are known: ISO 8601, RFC 2822, `Tue Oct 31 23:36:20 +0000 2017`,
    seconds, milli- or microseconds since 1970, and German `31.10.2017 23:36`. Times without a zone are in `zone`;
    dates are its midnight. Raises UnreadableTime for anything else; `10/11/2017` is not guessed at, as it has two
    meanings.
    """
    if value is None or (isinstance(value, float) and isnan(value)):
        return None
    if isinstance(value, datetime):
        return _to_utc(value, zone)
    if isinstance(value, date):
        return _to_utc(datetime(value.year, value.month, value.day), zone)  # noqa: DTZ001 - the zone follows
    text = str(value).strip()
    if not text or text.lower() in ("null", "none", "nan", "nat"):
        return None
    forms = [lambda one: datetime.strptime(one, date_format)] if date_format else _FORMS  # noqa: DTZ007
    for form in forms:
        try:
            found = form(text)
            if found is not None:
                return _to_utc(found, zone)
        except (ValueError, OverflowError, OSError, TypeError, IndexError):
            continue
    raise UnreadableTime(text)


def _to_utc(moment: datetime, zone: ZoneInfo) -> datetime:
    return (moment if moment.utcoffset() is not None else moment.replace(tzinfo=zone)).astimezone(UTC)


def _epoch(text: str) -> datetime | None:
    for form, per_second in _EPOCHS:
        if form.fullmatch(text):
            return datetime.fromtimestamp(float(text) / per_second, UTC)
    return None


def _iso(text: str) -> datetime:
    return datetime.fromisoformat(_ZONE_NAME.sub("+00:00", text))


def _german(text: str) -> datetime | None:
    found = _GERMAN.fullmatch(text)
    if not found:
        return None
    year, month, day, hour, minute, second = (int(found[name] or 0) for name in _PARTS)
    return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - the zone follows


def _twitter(text: str) -> datetime:
    return datetime.strptime(text, _TWITTER)  # noqa: DTZ007 - the form has a zone


_FORMS: Final[list[Callable[[str], datetime | None]]] = [_epoch, _iso, _twitter, _german, parsedate_to_datetime]
