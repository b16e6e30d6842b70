"""The words of the summary, in English and German."""

from __future__ import annotations

ENGLISH = {
    "title": "The night of {day}",
    "short_voice": (
        "{company}: {count:,} mentions in the last 7 days ({before:,} in the 7 days before), net sentiment {sentiment}."
    ),
    "short_theme": "What has grown most: {aspect}, {intent}: {count:,} posts (before: {before:,}).",
    "short_leads": "{count:,} leads, {switching:,} of them people who leave a competitor.",
    "short_queue": "{count:,} posts need someone at once, most of them in {department} ({most:,}).",
    "short_sources": "Sources that did not deliver: {sources}.",
    "short_unusual": "Sources that deliver, but not as usual: {sources}.",
    "short_channel": "The channel {channel} did not take its messages and is tried again next time: {reason}",
    "trends": "What stands out (last 7 days)",
    "trends_columns": ("severity", "what happened"),
    "severities": {"critical": "critical", "warning": "warning", "info": "info"},
    "voices": "Voices of the last 7 days",
    "voices_columns": ("", "mentions", "before", "net sentiment (95%)", "change", "share of voice"),
    "feedback": "What customers of {company} talk about most (last 7 days)",
    "feedback_columns": ("aspect", "intent", "mentions", "before", "net sentiment", "an example"),
    "leads": "Leads: {count} open in the last 7 days, the best first",
    "leads_columns": ("kind", "score", "why", "where"),
    "queues": "Who needs to see what",
    "queues_columns": ("department", "open", "of these urgent", "overdue"),
    "sources": "Sources of this run",
    "sources_columns": ("source", "outcome", "records", "landed", "quarantined", "left out", "message"),
    "quality": (
        "{mention_count:,} mentions published, {copy_count:,} of them copies, {spam_count:,} spam, "
        "{undated_count:,} without a date, {unscored_count:,} without words to score. Audit: {audit}."
    ),
    "nothing": "nothing yet",
    "passed": "passed",
    "early": "too early",
}

GERMAN = {
    "title": "Die Nacht zum {day}",
    "short_voice": (
        "{company}: {count:,} Erwähnungen in den letzten 7 Tagen ({before:,} in den 7 Tagen davor), "
        "Netto-Stimmung {sentiment}."
    ),
    "short_theme": "Am stärksten gewachsen: {aspect}, {intent}: {count:,} Beiträge (zuvor: {before:,}).",
    "short_leads": "{count:,} Leads, davon {switching:,} von Menschen, die einen Wettbewerber verlassen.",
    "short_queue": "{count:,} Beiträge brauchen sofort jemanden, die meisten in {department} ({most:,}).",
    "short_sources": "Quellen, die nicht geliefert haben: {sources}.",
    "short_unusual": "Quellen, die anders als sonst liefern: {sources}.",
    "short_channel": "Der Kanal {channel} hat seine Nachrichten nicht angenommen; nächstes Mal wieder: {reason}",
    "trends": "Was auffällt (letzte 7 Tage)",
    "trends_columns": ("Stufe", "was geschehen ist"),
    "severities": {"critical": "kritisch", "warning": "Warnung", "info": "Hinweis"},
    "voices": "Stimmen der letzten 7 Tage",
    "voices_columns": ("", "Erwähnungen", "zuvor", "Netto-Stimmung (95 %)", "Änderung", "Stimmenanteil"),
    "feedback": "Worüber die Kunden von {company} am meisten sprechen (letzte 7 Tage)",
    "feedback_columns": ("Aspekt", "Absicht", "Erwähnungen", "zuvor", "Netto-Stimmung", "ein Beispiel"),
    "leads": "Leads: {count} offen aus den letzten 7 Tagen, die besten zuerst",
    "leads_columns": ("Art", "Wert", "warum", "wo"),
    "queues": "Wer was sehen muss",
    "queues_columns": ("Abteilung", "offen", "davon dringend", "überfällig"),
    "sources": "Quellen dieses Laufs",
    "sources_columns": ("Quelle", "Ergebnis", "Datensätze", "gelandet", "Quarantäne", "ausgelassen", "Meldung"),
    "quality": (
        "{mention_count:,} Erwähnungen veröffentlicht, davon {copy_count:,} Kopien, {spam_count:,} Spam, "
        "{undated_count:,} ohne Datum, {unscored_count:,} ohne bewertbare Wörter. Prüfung: {audit}."
    ),
    "nothing": "noch nichts",
    "passed": "bestanden",
    "early": "zu früh",
}

WORDS = {"en": ENGLISH, "de": GERMAN}

INTENTS = {
    "en": {
        "complaint": "complaints",
        "praise": "praise",
        "question": "questions",
        "purchase_interest": "purchase interest",
        "switching": "switching",
        "feature_request": "wishes",
        "recommendation_request": "recommendations asked for",
        "employer": "as an employer",
        "news": "news",
        "other": "other",
    },
    "de": {
        "complaint": "Beschwerden",
        "praise": "Lob",
        "question": "Fragen",
        "purchase_interest": "Kaufinteresse",
        "switching": "Wechsel",
        "feature_request": "Wünsche",
        "recommendation_request": "Bitten um Empfehlung",
        "employer": "als Arbeitgeber",
        "news": "Nachrichten",
        "other": "Sonstiges",
    },
}
"""The model's intents, as a reader would call them."""

LEAD_KINDS = {
    "en": {
        "purchase": "wants to buy",
        "switch_from_competitor": "leaves a competitor",
        "churn_risk": "may leave us",
        "recommendation_request": "asks for advice",
    },
    "de": {
        "purchase": "will kaufen",
        "switch_from_competitor": "verlässt einen Wettbewerber",
        "churn_risk": "geht uns vielleicht verloren",
        "recommendation_request": "bittet um Rat",
    },
}
"""The values of `lead_kind`, as a reader would call them."""
