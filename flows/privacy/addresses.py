"""Postal addresses in German and Austrian notation: street with house number, with or without postcode and town.

A street is found by its last part (Haupt-straße, Lindenweg, Berliner Platz) in front of a number; from there the
address is widened to both sides. A postcode with a town alone counts only where the words before speak of an address.
"""

from __future__ import annotations

import re

from flows.privacy.spans import replace

_CAPITAL = "A-ZÄÖÜ"
_NUMBER = r"[0-9]{1,3}(?: ?[a-zA-Z](?!\w))?(?: ?[\-–/+] ?[0-9]{1,4} ?(?:[a-zA-Z](?!\w))?)*(?![0-9])"
_STREET_END = re.compile(
    r"(?P<strong>stra(?:ß|ss)e|gasse|allee|chaussee|(?<=[\w\-])str\b\.?|\bstr\.)"
    r"|(?P<weak>weg|platz|ring|ufer|lände|damm|steig|stieg|markt|promenade|zeile|kai|graben|wall|pfad|hof|berg|park)",
    re.IGNORECASE,
)
_STREET = re.compile(
    rf"(?:{_STREET_END.pattern})(?P<gap>[ \u00a0]{{0,2}}(?:Nr\.? ?)?)(?P<number>{_NUMBER})", re.IGNORECASE
)
_OF = re.compile(
    rf"(?P<strong>Stra(?:ß|ss)e|Platz|Allee)(?P<gap>) (?:des|der|am|zum|zur|im) (?:[0-9]{{1,2}}\. )?[{_CAPITAL}][\w\-]+"
    rf"(?: [{_CAPITAL}][\w\-]+)? (?P<number>{_NUMBER})"
)
_POST_BOX = re.compile(r"(?P<strong>\bPostfach)(?P<gap>) (?P<number>[0-9]{2,3}(?: ?[0-9]{1,3}){0,3})(?![0-9])")

_FLAT = re.compile(
    r"(?:[,/]? ?(?:Stiege|Stg\.?|Top|Tür|Haus|Hs\.|Wohnung|Whg\.?|Apartment|Apt\.?|Zimmer|Hinterhaus|HH|EG|DG"
    r"|[0-9]{1,2}\. ?(?:OG|Stock|Etage|Obergeschoss))(?! ?\w*[a-zäöüß])(?: ?[0-9]{1,3}[a-z]?\b)?)+",
    re.IGNORECASE,
)
_TOWN_NAME = (
    rf"(?:Bad |Sankt |St\. |Neu |Alt |Groß |Klein |Markt )?[{_CAPITAL}][\wäöüß]+(?:-[{_CAPITAL}][\w]+)*"
    rf"(?: (?:am|an der|im|in der|bei|ob der|unter|vor der|v\.d\.|a\.d\.|a\.|i\.) ?[{_CAPITAL}]\w+|/[{_CAPITAL}]\w+"
    rf"| \([{_CAPITAL}]\w+\))?"
)
_NOT_A_TOWN = (
    r"(?!(?:Euro|EUR|Menschen|Leute|Follower|Kunden|Mitarbeiter|Stück|Kilometer|Uhr|Dollar|Nutzer|Aufrufe|Fans|Likes|Jahre"
    r"|Bewertungen|Zeichen|Mal|Watt|Einwohner|Besucher|Schritte|Punkte|Minuten|Stunden|Tage|Prozent|Modell|Teile)\b)"
)
_POSTCODE = r"(?:(?:D|A|CH|DE|AT)[ \-–]{1,2})?(?<![0-9])[0-9]{4,5}"
_BY_TOWN = re.compile(
    rf"(?:(?:Am|An der|An den|Auf der|Auf dem|Im|In der|In den|Zum|Zur|Unter den|Hinter der|Hinterm|Vor dem|Beim) )?"
    rf"(?:[{_CAPITAL}][\wäöüß.\-]+ ){{1,3}}(?P<number>{_NUMBER})"
    rf"(?=[,;|·\n]? ?(?:D-|A-|CH-)?(?!(?:19|20)[0-9]{{2}} )[0-9]{{4,5}} {_NOT_A_TOWN}{_TOWN_NAME})"
    rf"|(?<!\w)(?i:(?:am|an der|auf der|im|in der|zum|zur) [a-zäöüß\-]{{3,}} (?:{_NUMBER}),? "
    rf"[0-9]{{5}} {_NOT_A_TOWN}[a-zäöüß]{{3,}})"
)
_TOWN_AFTER = re.compile(
    rf"(?:\s?[,;|·/\-–]\s?|\s)(?:in )?{_POSTCODE}[ \u00a0]{{1,2}}{_NOT_A_TOWN}{_TOWN_NAME}"
    r"|,? (?:in )?(?:D-|A-)?[0-9]{5}(?![0-9\w])(?! [0-9A-ZÄÖÜ€])"
)
_POSTCODE_HINT = re.compile(r"(?<![0-9])[0-9]{4,5} [^\W\d_]")
_TOWN_BEFORE = re.compile(rf"(?<!\w){_POSTCODE} {_TOWN_NAME}(?:\s?[,;|·]\s?|\s)$")
_TOWN_ALONE = re.compile(
    rf"(?:(?<=PLZ )|(?<=PLZ: )|(?<=Adresse: )|(?<=Adresse )|(?<=Anschrift: )|(?<=Anschrift )|(?<=wohne in )"
    rf"|(?<=wohnt in )|(?<=wohnen in )|(?<=wohnhaft in )|(?<=lebe in )|(?<=live in )|(?<=living in )|(?<=address: )"
    rf"|(?<=zuhause in )|(?<=Postleitzahl )|(?<![\w\-])(?=(?:D|A|DE|AT)-)){_POSTCODE} {_NOT_A_TOWN}{_TOWN_NAME}",
    re.IGNORECASE,
)

_WORD_BEFORE = re.compile(r"[\w.\-]*$")
_NAME_BEFORE = re.compile(
    rf"(?:(?:Am|An der|An den|Auf der|Auf dem|Im|In der|Zum|Zur|Unter den|Hinter der|Vor dem|Bei der) )?"
    rf"(?:[{_CAPITAL}][\w.\-]*[\w.] ){{1,2}}$"
)
_LEADING = r"(?:Alt|Neu|Lang|Kurz|Groß|Klein|Hoh|Breit|Ober|Unter|Inner|Äußer|Vorder|Hinter|Grün|Schön)e[rnsm]?"
_ADJECTIVE_BEFORE = re.compile(rf"(?:(?:Am|An der|Im|Zum|Zur) )?(?<!\w)(?:[{_CAPITAL}]\w+(?:er|en|es|em)|{_LEADING}) $")
_LEADING_BEFORE = re.compile(rf"(?<!\w)(?:(?:Am|An der|Im|Zum|Zur)(?: {_LEADING})?|{_LEADING}) $")
_NOT_A_NAME = re.compile(
    r"(?:^|\s)(?:der|die|das|den|dem|ein(?:e|er|en|em)?|auf|erster?|zweiter?|dritter?|vierter?|letzter?|unser\w*|dies\w*|jed\w+"
    r"|gut\w+|toll\w+|super|freie[rn]?|oder|aber|immer|wieder|meine?r?|deine?r?|seine?r?|ihre?r?|keine?r?|viele|alle|eure?r?"
    r"|erste[nr]?|beste[nr]?|diese[nrms]?|welche[nrms]?|andere[nrms]?|nächste[nrms]?) $",
    re.IGNORECASE,
)
# words with a street's ending that are none: country roads, ranks, ways of doing things, English words on -ring
_NOT_A_STREET = re.compile(
    r"(?:bundes|landes|kreis|staats|wasch|produktions|fertigungs|seiden|milch|daten|zug)stra(?:ß|ss)e|sackgasse"
    r"|.*(?:arbeits|park|sitz|steh|stell|tabellen|start|listen|lager|spiel|camping|fußball|sport|speicher|steck|lade|liege"
    r"|rast|flug|handels|finanz|podest|studien|ausbildungs|kita|betreuungs|fenster|stamm|treff|messe|golf|tennis)platz"
    r"|(?:rang|bau|heim|zelt|gang|vor|schau|lehr|schlaf|hub|tank|logen|ab|er|neben|haupt|mittel)platz"
    r"|.*(?:arbeits|rad|fuß|transport|liefer|lösungs|wander|karriere|lebens|bildungs|vertriebs|zahlungs|kommunikations)weg"
    r"|(?:um|aus|rück|heim|hin|hinter|durch|vor|schlicht|frisch|gerade|über|unter|halb|mittel|keines|ver|feld|post)weg"
    r"|.*[eoiu]ring|(?!hansaring).*aring|.*s[pt]ring|bring|nürburgring|hockenheimring|salzburgring|sachsenring|schlüsselring|ohrring"
    r"|.*(?:super|bau|aktien|arbeits|wochen|floh|binnen|welt|media|wohnungs|kapital|garten|getränke|drogerie|elektro"
    r"|weihnachts|verbraucher|bio|finanz|immobilien|krypto|schwarz|haupt|transfer|fach|möbel)markt"
    r"|.*(?:bahn|fried|flug|bauern|gerichts|innen|schul|reiter)hof|.*berg|.*park|str|autobahndamm|bahnsteig|bürgersteig"
    r"|firewall|paywall|.*(?:schlag|kopf|betreff|kommando|befehls)zeile",
    re.IGNORECASE,
)
_UNIT = re.compile(
    r"\s?(?:€|\$|%|°|[.,:][0-9]|x\b|eur(?:o|os)?\b|uhr\b|min(?:uten?)?\b|h\b|std\b|stunden?\b|tage?n?\b|wochen?\b|monate?n?\b"
    r"|jahre?n?\b|k?m\b|km/h|meter\b|kilometer\b|mal\b|prozent\b|leute\b|menschen\b|personen\b|autos?\b|unfälle\b|bäume\b"
    r"|sterne?\b|punkte?\b|cent\b|gb\b|mb\b|von\b|neue\b|weitere\b|minutes?\b|hours?\b|days?\b|years?\b)",
    re.IGNORECASE,
)


def redact_addresses(text: str) -> str:
    """Replace postal addresses in German and Austrian notation."""
    if _STREET_END.search(text) is not None:
        text = replace(_OF, _judge, "[address]", text)
        text = replace(_STREET, _judge, "[address]", text)
    if "ostfach" in text:
        text = replace(_POST_BOX, _judge, "[address]", text)
    if _POSTCODE_HINT.search(text) is not None:
        text = replace(_BY_TOWN, _judge, "[address]", text)
        text = _TOWN_ALONE.sub("[address]", text)
    return text


def _judge(match: re.Match[str]) -> tuple[int, int] | None:
    text = match.string
    town = _TOWN_AFTER.match(text, match.end())
    if town is None and _UNIT.match(text, match.end()):
        return None
    start = match.start() if match.re is not _STREET else _start_of_street(match, has_town=town is not None)
    if start is None:
        return None
    before = _TOWN_BEFORE.search(text, max(0, start - 60), start)
    start = before.start() if before else start
    end = match.end()
    for pattern in (_FLAT, _TOWN_AFTER):
        found = pattern.match(text, end)
        end = found.end() if found else end
    return start, end


def _start_of_street(match: re.Match[str], *, has_town: bool) -> int | None:
    """Where the street's name begins, or None when the words are no street."""
    text, at = match.string, match.start()
    before = _WORD_BEFORE.search(text, max(0, at - 60), at)
    stem = before.group() if before else ""
    if len(stem) >= 2:
        if not _is_compound_street(stem, match, has_town=has_town):
            return None
        at -= len(stem)
        leading = _LEADING_BEFORE.search(text, max(0, at - 30), at)
        return leading.start() if leading else at
    if stem or not text[at].isupper():
        return None
    pattern = _ADJECTIVE_BEFORE if match["weak"] and not has_town else _NAME_BEFORE
    named = pattern.search(text, max(0, at - 80), at)
    return None if named is None or _NOT_A_NAME.search(named.group()) else named.start()


def _is_compound_street(stem: str, match: re.Match[str], *, has_town: bool) -> bool:
    """Whether a word like Haupt-straße or Linden-weg names a street; weak endings must be nouns and stand apart."""
    is_noun = stem[0].isupper()
    if _NOT_A_STREET.fullmatch(stem + (match["strong"] or match["weak"])):
        return has_town and is_noun
    return match["weak"] is None or ((is_noun or has_town) and match["gap"] != "")
