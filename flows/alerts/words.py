"""What alerts about the operation say, and what alerts are called, in English and German."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from flows.night import Night

SENTENCES: Final = {
    "en": {
        "source_down": "{source} has delivered nothing since {since}. Last run: {outcome}. {reason}",
        "volume_anomaly": "{source} delivers, but not as usual: {alarms}.",
        "audit_refused": (
            "The audit refused to publish: {reason} The marts published before stay in place; "
            "the Data Docs in reports/data_docs/{run_id} show the rows."
        ),
        "night_failed": "The night failed: {reason} The marts published before stay in place.",
    },
    "de": {
        "source_down": "{source} hat seit {since} nichts geliefert. Letzter Lauf: {outcome}. {reason}",
        "volume_anomaly": "{source} liefert, aber nicht wie üblich: {alarms}.",
        "audit_refused": (
            "Die Prüfung hat die Veröffentlichung verweigert: {reason} Die bisherigen Tabellen bleiben stehen; "
            "die Data Docs in reports/data_docs/{run_id} zeigen die Zeilen."
        ),
        "night_failed": "Die Nacht ist gescheitert: {reason} Die bisherigen Tabellen bleiben stehen.",
    },
}
KINDS: Final = {
    "en": {
        "crisis": "Crisis",
        "surge": "Surge",
        "sentiment_shift": "Shift in sentiment",
        "emerging_topic": "Emerging topic",
        "competitor_move": "Move of a competitor",
        "source_down": "Source down",
        "volume_anomaly": "Unusual volume",
        "audit_refused": "Audit refused",
        "night_failed": "Night failed",
        "leak": "Leak",
    },
    "de": {
        "crisis": "Krise",
        "surge": "Welle",
        "sentiment_shift": "Stimmungswechsel",
        "emerging_topic": "Neues Thema",
        "competitor_move": "Bewegung beim Wettbewerb",
        "source_down": "Quelle ausgefallen",
        "volume_anomaly": "Ungewöhnliche Menge",
        "audit_refused": "Prüfung nicht bestanden",
        "night_failed": "Nacht gescheitert",
        "leak": "Leck",
    },
}
SEVERITIES: Final = {
    "en": {"critical": "critical", "warning": "warning", "info": "info"},
    "de": {"critical": "kritisch", "warning": "Warnung", "info": "Hinweis"},
}


def say(night: Night, sentence: str, **values: str | datetime) -> str:
    """A sentence in the company's language; times in its time zone."""
    zone = ZoneInfo(night.settings.time_zone)
    language = night.settings.language
    form = "%d.%m.%Y %H:%M" if language == "de" else "%Y-%m-%d %H:%M"
    shown = {
        name: value.astimezone(zone).strftime(form) if isinstance(value, datetime) else value
        for name, value in values.items()
    }
    return SENTENCES[language][sentence].format(**shown).strip()
