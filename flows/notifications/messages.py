"""Notices as a message: a title, and a body in HTML that holds nothing of a post that could be run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Final, Literal
from zoneinfo import ZoneInfo

from flows.alerts.registry import SEVERITIES
from flows.alerts.words import KINDS
from flows.alerts.words import SEVERITIES as SEVERITY_WORDS
from flows.notifications.channels import Message
from flows.notifications.due import Notice
from flows.notifications.posts import Quote
from flows.quoting import harmless
from flows.settings import Settings

WORDS: Final = {
    "en": {
        "one": "{company}: {kind}",
        "one_resolved": "{company}: {kind} is over",
        "several": "{company}: {count} messages ({kinds})",
        "worse": "now {severity}",
        "opened": "{severity}",
        "resolved": "over since {closed}",
        "since": "since {since}",
        "test": "Marktecho: a test",
        "test_body": "Messages of Marktecho about {company} arrive here. Nothing has happened.",
        "leaks": "{company}: confidential terms seen in public",
        "leaks_body": "Confidential terms have been seen in public posts. New findings: {count}. The page shows them.",
    },
    "de": {
        "one": "{company}: {kind}",
        "one_resolved": "{company}: {kind} ist vorbei",
        "several": "{company}: {count} Meldungen ({kinds})",
        "worse": "jetzt {severity}",
        "opened": "{severity}",
        "resolved": "vorbei seit {closed}",
        "since": "seit {since}",
        "test": "Marktecho: ein Test",
        "test_body": "Meldungen von Marktecho über {company} kommen hier an. Es ist nichts geschehen.",
        "leaks": "{company}: Vertrauliches in der Öffentlichkeit gesehen",
        "leaks_body": "Vertrauliches wurde öffentlich gesehen. Neue Funde: {count}. Die Seite zeigt sie.",
    },
}


def compose(notices: Sequence[Notice], quotes: Mapping[str, list[Quote]], settings: Settings) -> Message:
    """One message of all notices for a channel, the most severe first, what is over last."""
    ordered = sorted(notices, key=_urgency)
    return Message(
        _title(ordered, settings), "".join(_section(one, quotes, settings) for one in ordered), _tone(ordered)
    )


def test_message(settings: Settings) -> Message:
    """What `marktecho alerts test` sends."""
    words = WORDS[settings.language]
    return Message(words["test"], f"<p>{escape(words['test_body'].format(company=settings.company.name))}</p>")


def leak_message(new_count: int, settings: Settings) -> Message:
    """That leaks were found: how many, never what."""
    words = WORDS[settings.language]
    body = words["leaks_body"].format(count=new_count)
    return Message(words["leaks"].format(company=settings.company.name), f"<p>{escape(body)}</p>", "failure")


def _urgency(notice: Notice) -> tuple[bool, int, datetime, str]:
    alert = notice.alert
    return notice.news == "resolved", -SEVERITIES.index(alert.severity), alert.opened_at, alert.alert_id


def _title(notices: Sequence[Notice], settings: Settings) -> str:
    words, kinds = WORDS[settings.language], KINDS[settings.language]
    company = settings.company.name
    if len(notices) == 1:
        form = "one_resolved" if notices[0].news == "resolved" else "one"
        return words[form].format(company=company, kind=kinds[notices[0].alert.kind])
    listed = ", ".join(dict.fromkeys(kinds[one.alert.kind] for one in notices))
    return words["several"].format(company=company, count=len(notices), kinds=listed)


def _section(notice: Notice, quotes: Mapping[str, list[Quote]], settings: Settings) -> str:
    alert, words = notice.alert, WORDS[settings.language]
    severity = SEVERITY_WORDS[settings.language][alert.severity]
    closed = _moment(alert.closed_at, settings) if alert.closed_at else ""
    state = words[notice.news].format(severity=severity, closed=closed)
    since = words["since"].format(since=_moment(alert.started_at, settings))
    head = f"<strong>{escape(KINDS[settings.language][alert.kind])}</strong> · {escape(state)} · {escape(since)}"
    shown = () if notice.news == "resolved" else quotes.get(alert.trend_id or "", ())
    listed = "".join(f"<li>{_quoted(quote, settings)}</li>" for quote in shown)
    return f"<p>{head}<br>{escape(harmless(alert.summary))}</p>" + (f"<ul>{listed}</ul>" if listed else "")


def _quoted(quote: Quote, settings: Settings) -> str:
    place = escape(quote.source)
    if quote.url:
        place = f'<a href="{escape(quote.url)}" rel="noopener noreferrer">{place}</a>'
    when = f", {_moment(quote.published_at, settings)}" if quote.published_at else ""
    return f"“{escape(quote.text)}” ({place}{when})"


def _moment(moment: datetime, settings: Settings) -> str:
    form = "%d.%m.%Y %H:%M" if settings.language == "de" else "%Y-%m-%d %H:%M"
    return moment.astimezone(ZoneInfo(settings.time_zone)).strftime(form)


def _tone(notices: Sequence[Notice]) -> Literal["info", "success", "warning", "failure"]:
    if all(one.news == "resolved" for one in notices):
        return "success"
    severity = max((one.alert.severity for one in notices if one.news != "resolved"), key=SEVERITIES.index)
    return {"critical": "failure", "warning": "warning"}.get(severity, "info")  # type: ignore[return-value]
