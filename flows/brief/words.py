"""The words of the brief, in English and German, and how it writes numbers and days."""

from __future__ import annotations

import math
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

ENGLISH: Final[dict[str, Any]] = {
    "title_day": "Morning brief",
    "title_week": "Weekly brief",
    "as_of": "as of {time}",
    "mentions_7": "mentions in 7 days",
    "before": "{count} in the 7 days before",
    "yesterday": "mentions yesterday",
    "usual": "{count} on usual {weekday}s",
    "net_sentiment": "net sentiment, 7 days",
    "interval": "95%: {low} to {high}",
    "alerts": "Open alerts",
    "no_alerts": "No alert is open.",
    "since": "since {day}",
    "points_day": "Five things to know",
    "points_week": "Five things to know about this week",
    "points_some": "What there is to know",
    "no_points": "Nothing to report yet: there are too few posts. The next nights will have more.",
    "evidence": "The posts behind it",
    "trend_figure": {"mention_count": "posts", "repeat_count": "people repeated one post"},
    "trend_interval": "{low} to {high} times the expected {expected} (95%)",
    "trend_new": "where next to none were expected; 95%: {low} to {high}",
    "change_interval": "change {low} to {high} (95%)",
    "people_interval": "95%: {low} to {high}",
    "trend_title": {
        "mention_count": "{name}: {times} times as many posts as expected",
        "new": "{name}: {count} posts out of nothing",
        "repeat_count": "A post about {name} goes round",
        "net_sentiment up": "Net sentiment about {name} has risen",
        "net_sentiment down": "Net sentiment about {name} has fallen",
        "share_of_voice up": "{name} is talked about more",
        "share_of_voice down": "{name} is talked about less",
    },
    "sentiment_title": "Net sentiment about {name}",
    "sentiment_fell": "It has fallen by {change} against the 7 days before.",
    "sentiment_rose": "It has risen by {change} against the 7 days before.",
    "sentiment_same": "It is as it was 7 days before.",
    "sentiment_early": "There are too few posts to compare it with the 7 days before.",
    "sentiment_says": "{negative} of {count} posts in 7 days are negative, {positive} positive.",
    "growth_title": "{intent} about {aspect} have grown most",
    "growth_says": "{now} posts in 7 days, {before} in the 7 days before.",
    "ratio": "{low} to {high} times as often as before (95%)",
    "ratio_at_least": "at least {low} times as often as before (95%)",
    "growth": "Growth",
    "sentiment": "Sentiment",
    "competitor": "Competitor",
    "share": "Share of voice",
    "competitor_title": "Net sentiment about {name}",
    "competitor_says": "{count} posts in 7 days, {before} in the 7 days before.",
    "topic_title": "More talk about “{topic}”",
    "topic_says": "{now} posts in 7 days, {before} in the 28 days before.",
    "share_title": "Share of voice of {name}",
    "share_says": "{count} of {total} posts about {name} and its competitors in 7 days.",
    "expected_level": "expected",
    "chart_posts": "{name}: posts per day",
    "chart_sentiment": "Net sentiment of 7 days with 95% intervals",
    "chart_share": "Share of voice of 7 days with 95% intervals",
    "leads": "Leads",
    "leads_new": "{count} new since yesterday",
    "leads_week": "{count} in the last 7 days",
    "leads_none": "No leads in the last 7 days.",
    "leads_more": "{count} more in the page's view Leads.",
    "score": "score {score}",
    "answers": "What needs an answer today",
    "answers_some": "{due} due today, {overdue} overdue",
    "answers_none": "Nothing urgent is due today.",
    "answers_more": "{count} more in the page's view Queues.",
    "due": "due {time}",
    "overdue": "overdue since {time}",
    "quality": "How far to trust this",
    "quality_fine": "All sources delivered, as much as usual.",
    "quality_failed": "{source} did not deliver: {message}",
    "quality_unusual": "{source} delivered, but not as usual: {alarms}.",
    "quality_quarantine": "{count} broken records are in quarantine; they are counted nowhere.",
    "quality_counts": (
        "Of {all} posts stored, {copies} are copies and {spam} spam: they count in no number here. "
        "{undated} posts without a date are in no daily number."
    ),
    "quality_audit": "All tables passed their audit before they were published.",
    "quality_intervals": (
        "Intervals hold the true value in 95 of 100 cases if posts are independent; "
        "where one post leads to another they should be wider."
    ),
    "run": "Run {run_id}",
    "made": "Written by Marktecho from the published marts. Holds words of public posts: do not publish it.",
    "weekdays": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "more_posts": "More posts:",
    "share_of_voice": "share of voice, 7 days",
    "undated": "no date",
}  # fmt: skip

GERMAN: Final[dict[str, Any]] = {
    "title_day": "Morgenbericht",
    "title_week": "Wochenbericht",
    "as_of": "Stand {time}",
    "mentions_7": "Erwähnungen in 7 Tagen",
    "before": "{count} in den 7 Tagen davor",
    "yesterday": "Erwähnungen gestern",
    "usual": "{count} an üblichen {weekday}en",
    "net_sentiment": "Netto-Stimmung, 7 Tage",
    "interval": "95 %: {low} bis {high}",
    "alerts": "Offene Alarme",
    "no_alerts": "Kein Alarm ist offen.",
    "since": "seit {day}",
    "points_day": "Fünf Dinge, die man wissen sollte",
    "points_week": "Fünf Dinge, die man über diese Woche wissen sollte",
    "points_some": "Was man wissen sollte",
    "no_points": "Noch nichts zu berichten: Es gibt zu wenige Beiträge. Die nächsten Nächte bringen mehr.",
    "evidence": "Die Beiträge dahinter",
    "trend_figure": {"mention_count": "Beiträge", "repeat_count": "Menschen haben einen Beitrag wiederholt"},
    "trend_interval": "das {low}- bis {high}-Fache der erwarteten {expected} (95 %)",
    "trend_new": "erwartet waren so gut wie keine; 95 %: {low} bis {high}",
    "change_interval": "Änderung {low} bis {high} (95 %)",
    "people_interval": "95 %: {low} bis {high}",
    "trend_title": {
        "mention_count": "{name}: {times}-mal so viele Beiträge wie erwartet",
        "new": "{name}: {count} Beiträge aus dem Nichts",
        "repeat_count": "Ein Beitrag über {name} macht die Runde",
        "net_sentiment up": "Die Netto-Stimmung zu {name} ist gestiegen",
        "net_sentiment down": "Die Netto-Stimmung zu {name} ist gefallen",
        "share_of_voice up": "Über {name} wird mehr gesprochen",
        "share_of_voice down": "Über {name} wird weniger gesprochen",
    },
    "sentiment_title": "Netto-Stimmung zu {name}",
    "sentiment_fell": "Sie ist gegenüber den 7 Tagen davor um {change} gefallen.",
    "sentiment_rose": "Sie ist gegenüber den 7 Tagen davor um {change} gestiegen.",
    "sentiment_same": "Sie ist wie in den 7 Tagen davor.",
    "sentiment_early": "Für einen Vergleich mit den 7 Tagen davor gibt es zu wenige Beiträge.",
    "sentiment_says": "Von {count} Beiträgen in 7 Tagen sind {negative} negativ und {positive} positiv.",
    "growth_title": "Am meisten zugenommen: {intent} zu {aspect}",
    "growth_says": "{now} Beiträge in 7 Tagen, {before} in den 7 Tagen davor.",
    "ratio": "{low}- bis {high}-mal so häufig wie davor (95 %)",
    "ratio_at_least": "mindestens {low}-mal so häufig wie davor (95 %)",
    "growth": "Zuwachs",
    "sentiment": "Stimmung",
    "competitor": "Wettbewerb",
    "share": "Stimmenanteil",
    "competitor_title": "Netto-Stimmung zu {name}",
    "competitor_says": "{count} Beiträge in 7 Tagen, {before} in den 7 Tagen davor.",
    "topic_title": "Mehr Gespräch über „{topic}“",
    "topic_says": "{now} Beiträge in 7 Tagen, {before} in den 28 Tagen davor.",
    "share_title": "Stimmenanteil von {name}",
    "share_says": "{count} von {total} Beiträgen über {name} und den Wettbewerb in 7 Tagen.",
    "expected_level": "erwartet",
    "chart_posts": "{name}: Beiträge pro Tag",
    "chart_sentiment": "Netto-Stimmung von 7 Tagen mit 95-%-Intervallen",
    "chart_share": "Stimmenanteil von 7 Tagen mit 95-%-Intervallen",
    "leads": "Leads",
    "leads_new": "{count} neue seit gestern",
    "leads_week": "{count} in den letzten 7 Tagen",
    "leads_none": "Keine Leads in den letzten 7 Tagen.",
    "leads_more": "{count} weitere in der Ansicht Leads der Seite.",
    "score": "Punkte {score}",
    "answers": "Was heute eine Antwort braucht",
    "answers_some": "{due} heute fällig, {overdue} überfällig",
    "answers_none": "Heute ist nichts Dringendes fällig.",
    "answers_more": "{count} weitere in der Ansicht Aufgaben der Seite.",
    "due": "fällig {time}",
    "overdue": "überfällig seit {time}",
    "quality": "Wie weit man dem trauen kann",
    "quality_fine": "Alle Quellen haben geliefert, so viel wie üblich.",
    "quality_failed": "{source} hat nicht geliefert: {message}",
    "quality_unusual": "{source} hat geliefert, aber nicht wie üblich: {alarms}.",
    "quality_quarantine": "{count} fehlerhafte Datensätze sind in Quarantäne; sie zählen nirgends mit.",
    "quality_counts": (
        "Von {all} gespeicherten Beiträgen sind {copies} Kopien und {spam} Spam: Sie zählen hier in keiner Zahl. "
        "{undated} Beiträge ohne Datum stehen in keiner Tageszahl."
    ),
    "quality_audit": "Alle Tabellen haben vor der Veröffentlichung ihre Prüfung bestanden.",
    "quality_intervals": (
        "Die Intervalle enthalten in 95 von 100 Fällen den wahren Wert, wenn Beiträge unabhängig sind; "
        "wo ein Beitrag den anderen nach sich zieht, müssten sie weiter sein."
    ),
    "run": "Lauf {run_id}",
    "made": (
        "Von Marktecho aus den veröffentlichten Tabellen geschrieben. "
        "Enthält Worte öffentlicher Beiträge: nicht veröffentlichen."
    ),
    "weekdays": ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
    "more_posts": "Weitere Beiträge:",
    "share_of_voice": "Stimmenanteil, 7 Tage",
    "undated": "ohne Datum",
}  # fmt: skip

WORDS: Final = {"en": ENGLISH, "de": GERMAN}


class Writer:
    """Writes numbers, days and times as readers of a language do; times in a time zone."""

    def __init__(self, language: str, time_zone: str) -> None:
        self.language = language
        self.words = WORDS[language]
        self._zone = ZoneInfo(time_zone)

    def say(self, sentence: str, /, **values: Any) -> str:
        """A sentence with values that are written already."""
        return str(self.words[sentence].format(**values))

    def number(self, value: float, digits: int = 0) -> str:
        """1,234.5 or 1.234,5; infinity as a sign."""
        if math.isinf(value):
            return "∞"
        text = f"{value:,.{digits}f}"
        return text.translate(str.maketrans(",.", ".,")) if self.language == "de" else text

    def signed(self, value: float, digits: int = 2) -> str:
        """A number with its sign, a true minus sign for negative ones; zero without."""
        rounded = round(value, digits)
        sign = "+" if rounded > 0 else "−" if rounded < 0 else ""
        return sign + self.number(abs(value), digits)

    def percent(self, share: float) -> str:
        """A share, 0 to 1, in percent."""
        return f"{share * 100:.0f} %" if self.language == "de" else f"{share * 100:.0f}%"

    def day(self, day: date) -> str:
        """24.11. or 24 Nov."""
        return f"{day.day}.{day.month}." if self.language == "de" else f"{day.day} {day:%b}"

    def long_day(self, day: date) -> str:
        """Dienstag, 24.11.2026 or Tuesday, 24 Nov 2026."""
        weekday = self.weekday(day)
        if self.language == "de":
            return f"{weekday}, {day.day}.{day.month}.{day.year}"
        return f"{weekday}, {day.day} {day:%b %Y}"

    def weekday(self, day: date) -> str:
        """The name of a weekday."""
        return str(self.words["weekdays"][day.weekday()])

    def day_of(self, moment: datetime) -> str:
        """The day of a moment in the time zone."""
        return self.day(moment.astimezone(self._zone).date())

    def moment(self, moment: datetime) -> str:
        """A day and time in the time zone."""
        local = moment.astimezone(self._zone)
        return f"{self.day(local.date())} {local:%H:%M}"
