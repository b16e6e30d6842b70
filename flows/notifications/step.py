"""The step: tell every channel what is due there, and remember what it has taken."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb

from flows.alerts import raise_failure
from flows.alerts.registry import read_alerts
from flows.night import Night
from flows.notifications.briefs import due_briefs
from flows.notifications.channels import ChannelFailed, Message, send
from flows.notifications.due import due
from flows.notifications.leaks import untold_leaks
from flows.notifications.log import read_told, record_failure, record_taken
from flows.notifications.messages import compose, leak_message, test_message
from flows.notifications.posts import quotes_of
from flows.remedies import in_words
from flows.settings import Channel, Settings
from flows.warehouse import connect, transaction

logger = logging.getLogger(__name__)

REPLAY_AFTER = timedelta(hours=48)
"""A night whose logical time is so long ago plays the past again: nobody is woken for that."""
Subjects = list[tuple[str, str, str]]
"""Entries of the delivery log: subject_id, cause, state."""


@dataclass(frozen=True)
class Sent:
    """Messages that channels have taken, and why others have not, by channel."""

    message_count: int = 0
    failures: dict[str, str] = field(default_factory=dict)


def notify(night: Night, *, now: datetime | None = None) -> Sent:
    """Send what is due: alerts that are new, worse or over, leaks, and the brief of the published night.

    A channel that fails is tried again by the next call; it never stops the others or raises. What a channel has taken
    is not sent to it again, except when the process dies between the two. `now` is the clock for quiet hours and
    cool-down.
    """
    now = now or datetime.now(UTC)
    if now - night.as_of > REPLAY_AFTER:
        return Sent()
    taken, failures = 0, {}
    for channel in night.settings.alerts.channels:
        with connect(night.home) as warehouse:
            outgoing = list(_outgoing(warehouse, night, channel, now))
        for message, subjects in outgoing:
            try:
                send(channel, message)
            except ChannelFailed as failure:
                failures[channel.name] = str(failure)
                logger.warning("channel %s: %s", channel.name, failure)
                break
            taken += 1
            with connect(night.home) as warehouse, transaction(warehouse):
                record_taken(warehouse, channel.name, subjects, now)
    if failures:
        with connect(night.home) as warehouse, transaction(warehouse):
            for name, reason in failures.items():
                record_failure(warehouse, name, reason, now)
    return Sent(taken, failures)


@contextmanager
def telling_failures(night: Night) -> Iterator[None]:
    """When the steps inside the block end in an error, raise an alert, tell it, and pass the error on."""
    try:
        yield
    except Exception as error:
        try:
            raise_failure(night, error)
            notify(night)
        except Exception as untold:
            words = in_words(untold)
            if words is None:
                logger.exception("The failure of the night could not be told")
            else:
                logger.warning("The failure of the night could not be told: %s", words)
        raise


def send_test(settings: Settings, channels: tuple[Channel, ...]) -> Sent:
    """Send a test to channels, now; nothing is recorded."""
    failures = {}
    for channel in channels:
        try:
            send(channel, test_message(settings))
        except ChannelFailed as failure:
            failures[channel.name] = str(failure)
    return Sent(len(channels) - len(failures), failures)


def _outgoing(
    warehouse: duckdb.DuckDBPyConnection, night: Night, channel: Channel, now: datetime
) -> Iterator[tuple[Message, Subjects]]:
    settings = night.settings
    alerts, told = read_alerts(warehouse), read_told(warehouse, channel.name)
    notices = list(
        due(
            alerts,
            channel,
            told,
            now=now,
            cool_down=timedelta(hours=settings.alerts.cool_down_hours),
            is_quiet=settings.alerts.is_quiet(now.astimezone(ZoneInfo(settings.time_zone)).time()),
        )
    )
    if notices:
        quotes = quotes_of(warehouse, [one.alert.trend_id for one in notices if one.alert.trend_id])
        subjects = [(one.alert.alert_id, one.alert.cause, one.state) for one in notices]
        yield compose(notices, quotes, settings), subjects
    if "leak" in channel.kinds:
        leaks = untold_leaks(warehouse, channel.name)
        if leaks:
            yield leak_message(len(leaks), settings), leaks
    for message, subject in due_briefs(night.home, settings, channel, told, now):
        yield message, [subject]
