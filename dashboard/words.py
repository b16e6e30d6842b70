"""The words of the page, in English and German."""

from __future__ import annotations

from typing import Final

import streamlit as st

LANGUAGES: Final = {"de": "Deutsch", "en": "English"}

_WORDS: Final[dict[str, tuple[str, str]]] = {
    # pages
    "overview": ("Overview", "Übersicht"),
    "mentions": ("Mentions", "Erwähnungen"),
    "feedback": ("Feedback", "Rückmeldungen"),
    "topics": ("Topics", "Themen"),
    "competitors": ("Competitors", "Wettbewerb"),
    "leads": ("Leads", "Leads"),
    "queues": ("Queues", "Aufgaben"),
    "index": ("Index", "Index"),
    "leaks": ("Leaks", "Lecks"),
    "sources": ("Sources and runs", "Quellen und Läufe"),
    "language": ("Language", "Sprache"),
    # states
    "night_of": ("Night of {day}", "Nacht zum {day}"),
    "new_night": ("A new night has been published.", "Eine neue Nacht ist veröffentlicht."),
    "nothing_published": (
        "Nothing has been published yet. Run `marktecho nightly` first; this page then fills itself.",
        "Noch ist nichts veröffentlicht. Zuerst `marktecho nightly` ausführen; die Seite füllt sich dann von selbst.",
    ),
    "nothing_found": (
        "Nothing matches. Widen the period or take a filter away.",
        "Nichts passt dazu. Den Zeitraum erweitern oder einen Filter wegnehmen.",
    ),
    "nothing_here": ("Nothing here yet.", "Hier ist noch nichts."),
    "not_in_file": (
        "The published file does not have this table yet; the next night adds it.",
        "Die veröffentlichte Datei hat diese Tabelle noch nicht; die nächste Nacht ergänzt sie.",
    ),
    "no_leaks": (
        "Nothing on the watchlist has been seen. `marktecho watchlist add` says what to watch for.",
        "Nichts von der Beobachtungsliste ist aufgetaucht. `marktecho watchlist add` sagt, worauf zu achten ist.",
    ),
    "too_early": ("too early", "zu früh"),
    "no_topics": (
        "No topics yet: they appear once enough posts talk about the same thing.",
        "Noch keine Themen: Sie erscheinen, sobald genug Beiträge vom selben handeln.",
    ),
    # controls
    "period": ("Period", "Zeitraum"),
    "days": ("last {days} days", "letzte {days} Tage"),
    "everything": ("everything", "alles"),
    "entity": ("About", "Über"),
    "all": ("all", "alle"),
    "search": ("Search", "Suche"),
    "search_help": (
        "Best match compares words and meaning, across German and English; exact words shows the posts that have them "
        "all.",
        "Beste Treffer vergleicht Wörter und Bedeutung, über Deutsch und Englisch hinweg; Genaue Wörter zeigt die "
        "Beiträge, in denen alle vorkommen.",
    ),
    "way": ("How to search", "Art der Suche"),
    "best_match": ("Best match", "Beste Treffer"),
    "exact_words": ("Exact words", "Genaue Wörter"),
    "with_copies": ("with copies and spam", "mit Kopien und Spam"),
    "more_filters": ("More filters", "Weitere Filter"),
    "shown": (
        "{shown} of {count}, the newest first",
        "{shown} von {count}, die neuesten zuerst",
    ),
    "best_of": ("{shown} of {count}, the best first", "{shown} von {count}, die besten zuerst"),
    "found": ("{shown} posts, the best match first", "{shown} Beiträge, der beste Treffer zuerst"),
    "choose_row": (
        "Choose a post on its left edge to read its thread.",
        "Einen Beitrag am linken Rand auswählen, um seinen Gesprächsverlauf zu lesen.",
    ),
    "thread": ("Its thread", "Der Gesprächsverlauf"),
    "alone": (
        "No other post of this thread is known.",
        "Von diesem Gespräch ist kein weiterer Beitrag bekannt.",
    ),
    "download": ("Download", "Herunterladen"),
    "mark_open": ("Open again", "Wieder öffnen"),
    "mark_false_positive": ("Gives nothing away", "Verrät nichts"),
    "mark_confirmed": ("Is a leak", "Ist ein Leck"),
    # figures
    "count": ("mentions", "Erwähnungen"),
    "count_help": (
        "Originals of the last 7 days, without copies and spam; beside it the change from the 7 days before.",
        "Originale der letzten 7 Tage, ohne Kopien und Spam; daneben die Änderung gegenüber den 7 Tagen davor.",
    ),
    "net_sentiment": ("net sentiment", "Netto-Stimmung"),
    "net_sentiment_help": (
        "(positive - negative) / all, from -1 to 1, corrected for the model's known errors, with its 95% interval.",
        "(positiv - negativ) / alle, von -1 bis 1, um die bekannten Fehler des Modells berichtigt, mit 95-%-Intervall.",
    ),
    "share_of_voice": ("share of voice", "Stimmenanteil"),
    "share_of_voice_help": (
        "Originals about the company, divided by originals about it and all competitors.",
        "Originale über das Unternehmen, geteilt durch Originale über es und alle Wettbewerber.",
    ),
    "leads_7": ("leads, 7 days", "Leads, 7 Tage"),
    "urgent": ("urgent posts", "dringende Beiträge"),
    "interval": ("95% interval", "95-%-Intervall"),
    "day": ("day", "Tag"),
    "week": ("week", "Woche"),
    "before": ("before", "zuvor"),
    "change": ("change", "Änderung"),
    "window": ("Window", "Fenster"),
    # sections
    "brief": ("Morning brief", "Morgenbericht"),
    "alert_since": ("Alert since {day}", "Alarm seit {day}"),
    "what_happened": ("What happened", "Was geschehen ist"),
    "no_trends": (
        "Nothing moved more than chance explains.",
        "Nichts hat sich stärker bewegt, als der Zufall erklärt.",
    ),
    "posts_behind": ("The posts behind it", "Die Beiträge dahinter"),
    "per_day": ("Mentions per day", "Erwähnungen pro Tag"),
    "voices": ("Voices and sentiment, last {days} days", "Stimmen und Stimmung, letzte {days} Tage"),
    "grown": ("What has grown most in the last 7 days", "Was in den letzten 7 Tagen am stärksten gewachsen ist"),
    "heat_map": ("Net sentiment by aspect and week", "Netto-Stimmung nach Aspekt und Woche"),
    "heat_map_help": (
        "The number is the count of originals; a pale field with few posts says little.",
        "Die Zahl ist die Anzahl der Originale; ein Feld mit wenigen Beiträgen sagt wenig.",
    ),
    "feedback_table": ("What people say, and why they write", "Was gesagt wird, und warum geschrieben wird"),
    "verbatims": ("In their words", "Im Wortlaut"),
    "share_per_week": ("Share of voice per week", "Stimmenanteil pro Woche"),
    "strengths": ("Strengths and weaknesses, last 90 days", "Stärken und Schwächen, letzte 90 Tage"),
    "strengths_help": (
        "Complaints and praise about an aspect, by who they are about.",
        "Beschwerden und Lob zu einem Aspekt, nach dem, um wen es geht.",
    ),
    "leaving": ("Who leaves whom", "Wer wen verlässt"),
    "open": ("open", "offen"),
    "overdue": ("overdue", "überfällig"),
    "to_do": ("to do", "zu tun"),
    "taken": ("taken", "in Arbeit"),
    "done": ("done", "erledigt"),
    "not_for_us": ("not for us", "nicht für uns"),
    "take": ("Take", "Übernehmen"),
    "mark_done": ("Done", "Erledigt"),
    "reject": ("Not for us", "Nicht für uns"),
    "reopen": ("Reopen", "Wieder öffnen"),
    "more": ("Note, corrections", "Notiz, Korrekturen"),
    "note": ("Note, kept with the next decision", "Notiz zur nächsten Entscheidung"),
    "save": ("Save", "Speichern"),
    "pass_on": ("Pass on", "Weitergeben"),
    "rather": ("it is ...", "es ist ..."),
    "wrong_sentiment": ("Wrong sentiment", "Falsche Stimmung"),
    "wrong_intent": ("Wrong intent", "Falsche Absicht"),
    "wrong_department": ("Wrong department", "Falsche Abteilung"),
    "priority_is": ("priority {priority}", "Priorität {priority}"),
    "edited_since": ("edited since", "seitdem bearbeitet"),
    "to_the_post": ("To the post", "Zum Beitrag"),
    "page_of": ("Page of {pages}", "Seite von {pages}"),
    "as_table": ("As a table, to download", "Als Tabelle, zum Herunterladen"),
    "queue_empty": ("Nothing to do here with this status.", "Mit diesem Stand ist hier nichts zu tun."),
    "your_name": ("Your name", "Ihr Name"),
    "your_name_help": (
        "Stands at what you decide, for your colleagues.",
        "Steht bei dem, was Sie entscheiden, für Ihre Kolleginnen und Kollegen.",
    ),
    "is_overdue": ("overdue", "überfällig"),
    "actor": ("by", "von"),
    "sign_in": ("Sign in", "Anmelden"),
    "sign_out": ("Sign out", "Abmelden"),
    "please_sign_in": (
        "This page is for members of the company. Please sign in.",
        "Diese Seite ist für Mitglieder des Unternehmens. Bitte anmelden.",
    ),
    "not_allowed": (
        "This is not for you to see. If it should be, ask whoever keeps the settings of Marktecho (access).",
        "Das ist nicht für Sie freigegeben. Wenn es das sein soll: bei der Person fragen, die die Einstellungen von "
        "Marktecho pflegt (access).",
    ),
    "last_run": ("Each source's last run", "Der letzte Lauf jeder Quelle"),
    "runs": ("Runs", "Läufe"),
    "records_per_run": ("Records per run", "Datensätze pro Lauf"),
    # index
    "public_part": ("What the public says", "Was öffentlich gesagt wird"),
    "public_part_help": (
        "0 to 100 against the competitors in listening.yaml; 50 is their middle. Docs: reference/business-index.md.",
        "0 bis 100 gegen die Wettbewerber in listening.yaml; 50 ist ihre Mitte. Doku: reference/business-index.md.",
    ),
    "survey_part": ("What companies say", "Was Unternehmen sagen"),
    "survey_part_help": (
        "Shares weighted to the population, with 95% intervals. Docs: reference/survey.md.",
        "Auf die Grundgesamtheit gewichtete Anteile mit 95-%-Intervallen. Doku: reference/survey.md.",
    ),
    "no_index": (
        "No index yet: it appears after the first full day with posts about one of the companies.",
        "Noch kein Index: Er erscheint nach dem ersten vollen Tag mit Beiträgen über eines der Unternehmen.",
    ),
    "no_comparison": (
        "There is nobody to compare with. Name competitors in listening.yaml; the next night then computes the index.",
        "Es gibt niemanden zum Vergleichen. Wettbewerber in listening.yaml nennen; die nächste Nacht rechnet dann.",
    ),
    "no_company_index": (
        "The company itself has no index in this period: too little is known about it.",
        "Das Unternehmen selbst hat in diesem Zeitraum keinen Index: Über es ist zu wenig bekannt.",
    ),
    "no_survey": (
        "No survey yet. Import one with `marktecho survey import FILE --survey CODEBOOK`; the next night shows it.",
        "Noch keine Umfrage. Einlesen mit `marktecho survey import DATEI --survey CODEBUCH`; dann zeigt sie die Nacht.",
    ),
    "index_help": (
        "Point: the index. Line: its 95% interval. Dashed: the industry's median. "
        "Where lines overlap, the order may be chance.",
        "Punkt: der Index. Linie: sein 95-%-Intervall. Gestrichelt: der Median der Branche. "
        "Wo sich Linien überlappen, kann die Reihenfolge Zufall sein.",
    ),
    "rank": ("rank", "Rang"),
    "rank_of": ("{rank} of {count}", "{rank} von {count}"),
    "rank_help": (
        "By the index; below it the ranks that chance alone may bring (95%).",
        "Nach dem Index; darunter die Ränge, die allein der Zufall bringen kann (95 %).",
    ),
    "rank_range": ("{best} to {worst} (95%)", "{best} bis {worst} (95 %)"),
    "industry_median": ("industry median", "Median der Branche"),
    "components": ("Components", "Bestandteile"),
    "component": ("component", "Bestandteil"),
    "figure": ("figure", "Zahl"),
    "voice": ("voice", "Stimme"),
    "responsiveness": ("responsiveness", "Antworten"),
    "activity": ("activity", "Aktivität"),
    "missing_components": (
        "{entity}: not known and left out: {listed}. The other components weigh more.",
        "{entity}: nicht bekannt und ausgelassen: {listed}. Die übrigen Bestandteile wiegen mehr.",
    ),
    "per_month": ("Per month", "Pro Monat"),
    "month": ("month", "Monat"),
    "incomplete": ("not complete", "nicht vollständig"),
    "incomplete_help": (
        "Hollow: a month that is not over or was not heard from its beginning.",
        "Hohl: ein Monat, der nicht vorbei ist oder nicht von Anfang an gehört wurde.",
    ),
    "figures_behind": ("The figures behind it", "Die Zahlen dahinter"),
    "waiting": ("waiting for an answer", "warten auf Antwort"),
    "answered": ("answered", "beantwortet"),
    "answer_hours": ("hours to the answer", "Stunden bis zur Antwort"),
    "own_posts": ("own posts", "eigene Beiträge"),
    "survey": ("Survey", "Umfrage"),
    "wave": ("Wave", "Welle"),
    "industry": ("Industry", "Branche"),
    "size_class": ("Size of company", "Unternehmensgröße"),
    "state": ("State: what is", "Stand: was ist"),
    "needs": ("Needs: what is missing", "Bedarf: was fehlt"),
    "plans": ("Plans: what is intended", "Pläne: was vorgesehen ist"),
    "too_few_respondents": (
        "Fewer than {count} respondents: too few to be told. Choose a larger group.",
        "Weniger als {count} Antworten: zu wenige, um etwas zu zeigen. Eine größere Gruppe wählen.",
    ),
    "survey_note": (
        "{complete_count} responses, {incomplete_count} unfinished and {quarantined_count} unfitting ones left out. "
        "▲ ▼: a change since the wave before that is more than chance.",
        "{complete_count} Antworten; {incomplete_count} abgebrochene und {quarantined_count} unpassende ausgelassen. "
        "▲ ▼: eine Änderung seit der Welle davor, die mehr als Zufall ist.",
    ),
    "points": ("{points} points", "{points} Punkte"),
    "answer": ("answer", "Antwort"),
    "respondents": ("respondents", "Antwortende"),
    "share": ("share", "Anteil"),
    "share_low": ("from", "von"),
    "share_high": ("to", "bis"),
    # columns
    "published_at": ("published", "veröffentlicht"),
    "text": ("text", "Text"),
    "url": ("link", "Link"),
    "sentiment": ("sentiment", "Stimmung"),
    "intent": ("intent", "Absicht"),
    "department": ("department", "Abteilung"),
    "source": ("source", "Quelle"),
    "reach": ("reach", "Reichweite"),
    "post_language": ("language", "Sprache"),
    "aspect": ("aspect", "Aspekt"),
    "score": ("score", "Wert"),
    "reason": ("why", "warum"),
    "kind": ("kind", "Art"),
    "priority": ("priority", "Priorität"),
    "due_at": ("due", "fällig"),
    "status": ("status", "Stand"),
    "topic": ("topic", "Thema"),
    "keywords": ("keywords", "Stichwörter"),
    "first_seen": ("first seen", "zuerst gesehen"),
    "last_seen": ("last seen", "zuletzt gesehen"),
    "outcome": ("outcome", "Ergebnis"),
    "records": ("records", "Datensätze"),
    "landed": ("landed", "gelandet"),
    "quarantined": ("quarantined", "Quarantäne"),
    "left_out": ("left out", "ausgelassen"),
    "message": ("message", "Meldung"),
    "started_at": ("started", "begonnen"),
    "finished_at": ("finished", "beendet"),
    "audit": ("audit", "Prüfung"),
    "author_kind": ("author", "Autor"),
    "found_by": ("found by", "gefunden über"),
    # values
    "words": ("words", "Wörter"),
    "meaning": ("meaning", "Bedeutung"),
    "both": ("both", "beides"),
    "person": ("person", "Person"),
    "organisation": ("organisation", "Organisation"),
    "bot": ("bot", "Bot"),
    "unknown": ("unknown", "unbekannt"),
    "negative": ("negative", "negativ"),
    "neutral": ("neutral", "neutral"),
    "positive": ("positive", "positiv"),
    "complaint": ("complaint", "Beschwerde"),
    "praise": ("praise", "Lob"),
    "question": ("question", "Frage"),
    "purchase_interest": ("purchase interest", "Kaufinteresse"),
    "switching": ("switching", "Wechsel"),
    "feature_request": ("wish", "Wunsch"),
    "recommendation_request": ("asks for a recommendation", "Bitte um Empfehlung"),
    "employer": ("as an employer", "als Arbeitgeber"),
    "news": ("news", "Nachricht"),
    "other": ("other", "Sonstiges"),
    "sales": ("sales", "Vertrieb"),
    "marketing": ("marketing", "Marketing"),
    "product": ("product", "Produkt"),
    "support": ("support", "Kundendienst"),
    "pr": ("PR", "PR"),
    "hr": ("HR", "Personal"),
    "purchase": ("wants to buy", "will kaufen"),
    "switch_from_competitor": ("leaves a competitor", "verlässt einen Wettbewerber"),
    "churn_risk": ("may leave us", "könnte uns verlassen"),
    "false_positive": ("false positives", "Fehlalarme"),
    "confirmed": ("confirmed", "bestätigt"),
    "term": ("term", "Begriff"),
    "variant": ("term with a typing error", "Begriff mit Tippfehler"),
    "excerpt": ("excerpt of a document", "Auszug aus einem Dokument"),
    "new": ("new", "neu"),
    "growing": ("growing", "wächst"),
    "steady": ("steady", "stetig"),
    "fading": ("fading", "schwindet"),
    "retired": ("retired", "beendet"),
    "emerging_topic": ("new topic", "neues Thema"),
    "surge": ("surge", "Anstieg"),
    "sentiment_shift": ("sentiment shift", "Stimmungswechsel"),
    "competitor_move": ("competitor", "Wettbewerb"),
}


def language() -> str:
    """The language of the page: the one chosen, else the browser's, else English."""
    chosen = st.session_state.get("language")
    if chosen in LANGUAGES:
        return str(chosen)
    return "de" if (st.context.locale or "").lower().startswith("de") else "en"


def word(key: str, **values: object) -> str:
    """A word of the page in its language. Raises KeyError for one that is not there."""
    return _WORDS[key][0 if language() == "en" else 1].format(**values)


def has_word(key: str) -> bool:
    """Whether the page has a word of that key: names of entities as columns have none and stand as they are."""
    return key in _WORDS


def value_name(value: str) -> str:
    """A value of the marts, such as an intent or a department, as a reader would call it; others as they are."""
    return word(value) if value in _WORDS else value.replace("_", " ")


def period_names(*days: int | None) -> dict[int | None, str]:
    """Periods of that many days, as a reader would call them; None is all there is."""
    return {one: word("everything") if one is None else word("days", days=one) for one in days}
