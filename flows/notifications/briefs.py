"""The morning brief as a message: once a day to every channel that wants it, and that of the week on Mondays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from flows.brief import as_mail, brief_file, compose_brief, due_periods
from flows.home import Home
from flows.notifications.channels import Message
from flows.notifications.due import Told
from flows.published import open_published
from flows.settings import Channel, Settings

OLD_AFTER = timedelta(hours=24)
"""A brief that a channel has not taken by then is yesterday's paper."""
STATE = "sent"


def due_briefs(
    home: Home, settings: Settings, channel: Channel, told: Mapping[str, Told], now: datetime
) -> Iterator[tuple[Message, tuple[str, str, str]]]:
    """The briefs of the published night that a channel wants and has not taken, as messages and log entries.

    The page with its charts goes along where the service takes attachments.
    """
    if not channel.brief or not home.marts.exists():
        return
    with open_published(home) as marts:
        for period in due_periods(marts, settings, since=now - OLD_AFTER):
            if not channel.wants_brief(period):
                continue
            brief = compose_brief(marts, settings, period=period)
            subject = f"brief:{period}:{brief.day.isoformat()}"
            if subject in told:
                continue
            page = brief_file(home, brief)
            title = f"{brief.company}: {brief.title}, {brief.writer.long_day(brief.day)}"
            yield Message(title, as_mail(brief), attachment=page if page.exists() else None), (subject, "brief", STATE)
