"""One sentence per trend that says what happened, in German or English."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from flows.trends.trend import Trend

TEXTS = {
    "en": {
        "posts": "{subject}: {count} posts {days}, {times} times the {expected} expected (95%: {low} to {high}).",
        "posts_new": "{subject}: {count} posts {days}, where next to none were expected.",
        "people": "One post about {subject} goes round: {count} people have repeated it {days}; it counts as one post.",
        "sentiment_up": "Net sentiment about {subject} rose from {before} to {now} {days} (95%: {low} to {high}).",
        "sentiment_down": "Net sentiment about {subject} fell from {before} to {now} {days} (95%: {low} to {high}).",
        "share_up": "{subject}'s share of voice rose from {before} to {now} {days} (95%: {low} to {high} points).",
        "share_down": "{subject}'s share of voice fell from {before} to {now} {days} (95%: {low} to {high} points).",
        "driver": " Mostly about: {driver}.",
        "negative": " {share} of them are negative.",
        "since": "since {first}",
        "between": "from {first} to {last}",
        "on": "on {first}",
        "aspect": "{entity}, {aspect}",
        "topic": 'Topic "{topic}"',
    },
    "de": {
        "posts": (
            "{subject}: {count} Beiträge {days}, das {times}-Fache der erwarteten {expected} (95 %: {low} bis {high})."
        ),
        "posts_new": "{subject}: {count} Beiträge {days}, erwartet waren so gut wie keine.",
        "people": (
            "Ein Beitrag über {subject} macht die Runde: {count} Menschen haben ihn {days} wiederholt; "
            "er zählt als ein Beitrag."
        ),
        "sentiment_up": (
            "Die Netto-Stimmung zu {subject} ist {days} von {before} auf {now} gestiegen (95 %: {low} bis {high})."
        ),
        "sentiment_down": (
            "Die Netto-Stimmung zu {subject} ist {days} von {before} auf {now} gefallen (95 %: {low} bis {high})."
        ),
        "share_up": (
            "Der Stimmenanteil von {subject} ist {days} von {before} auf {now} gestiegen "
            "(95 %: {low} bis {high} Punkte)."
        ),
        "share_down": (
            "Der Stimmenanteil von {subject} ist {days} von {before} auf {now} gefallen "
            "(95 %: {low} bis {high} Punkte)."
        ),
        "driver": " Vor allem: {driver}.",
        "negative": " {share} davon sind negativ.",
        "since": "seit dem {first}",
        "between": "vom {first} bis {last}",
        "on": "am {first}",
        "aspect": "{entity}, {aspect}",
        "topic": "Thema „{topic}“",
    },
}
NEARLY_NONE = 1.0
"""Posts expected below which a ratio says nothing."""
NEGATIVE_SHARE = 0.5
"""Share of negative posts from which on the sentence says it."""


@dataclass(frozen=True)
class Names:
    """What readers call entities, aspects and topics, by id."""

    entities: dict[str, str]
    aspects: dict[str, str]
    topics: dict[str, str]


def sentence(trend: Trend, names: Names, language: str, *, is_over: bool) -> str:
    """Say in one or two short sentences what happened."""
    texts = TEXTS[language]
    subject = _subject(trend, names, texts)
    days = _days(trend, texts, language, is_over=is_over)
    number = _german if language == "de" else _english
    if trend.measure == "repeat_count":
        return texts["people"].format(subject=subject, count=f"{trend.observed:.0f}", days=days)
    if trend.measure == "mention_count":
        form = "posts" if trend.expected >= NEARLY_NONE else "posts_new"
        said = texts[form].format(
            subject=subject,
            count=f"{trend.observed:.0f}",
            days=days,
            times=number(trend.strength, 1),
            expected=f"{trend.expected:.0f}",
            low=number(trend.strength_low, 1),
            high=number(trend.strength_high, 1),
        )
        if trend.negative_count and trend.negative_count >= NEGATIVE_SHARE * trend.observed:
            said += texts["negative"].format(share=_percent(trend.negative_count / trend.observed, language))
        if trend.driver:
            said += texts["driver"].format(driver=names.aspects.get(trend.driver, trend.driver))
        return said
    is_share = trend.measure == "share_of_voice"
    values = (trend.expected, trend.observed, trend.strength_low, trend.strength_high)
    if is_share:
        before, now = (_percent(value, language) for value in values[:2])
        low, high = (_signed(100 * value, 0, number) for value in values[2:])
    else:
        before, now, low, high = (_signed(value, 2, number) for value in values)
    form = f"{'share' if is_share else 'sentiment'}_{trend.direction}"
    return texts[form].format(subject=subject, days=days, before=before, now=now, low=low, high=high)


def _subject(trend: Trend, names: Names, texts: dict[str, str]) -> str:
    if trend.topic_id is not None:
        return texts["topic"].format(topic=names.topics.get(trend.topic_id, trend.topic_id))
    entity = names.entities.get(trend.entity_id or "", trend.entity_id or "")
    if trend.aspect_id is None:
        return entity
    return texts["aspect"].format(entity=entity, aspect=names.aspects.get(trend.aspect_id, trend.aspect_id))


def _days(trend: Trend, texts: dict[str, str], language: str, *, is_over: bool) -> str:
    first, last = _date(trend.first_date, language), _date(trend.last_date, language)
    if not is_over:
        return texts["since"].format(first=first)
    return texts["on" if trend.first_date == trend.last_date else "between"].format(first=first, last=last)


def _date(day: date, language: str) -> str:
    return f"{day.day}.{day.month}.{day.year}" if language == "de" else day.isoformat()


def _percent(share: float, language: str) -> str:
    return f"{share:.0%}".replace("%", " %") if language == "de" else f"{share:.0%}"


def _signed(value: float, digits: int, number: Callable[[float, int], str]) -> str:
    return ("+" if round(value, digits) > 0 else "-" if round(value, digits) < 0 else "") + number(abs(value), digits)


def _english(value: float, digits: int) -> str:
    return f"{value:,.{digits}f}"


def _german(value: float, digits: int) -> str:
    return f"{value:,.{digits}f}".translate(str.maketrans(",.", ".,"))
