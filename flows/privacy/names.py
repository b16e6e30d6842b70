"""Names of private persons where they are named as such: behind a form of address, an introduction, a signature."""

from __future__ import annotations

import re

from flows.privacy.spans import replace

_LARGE = "A-ZÀ-ÖØ-ÞĆČĐĞİŁŃŚŞŠŹŻŽ"
_SMALL = "a-zß-öø-ÿāăąćčďđēęěğģīıłńňőœřśşšţťūůűźżž"
_PART = rf"(?:(?:[ODL]['’]|Mc|Mac)?[{_LARGE}][{_SMALL}]+(?:['’][{_SMALL}]+)?)"
_WORD = rf"{_PART}(?:-{_PART})?"
_PARTICLE = r"(?:(?:von der|von dem|van der|van den|zu der|von|van|vom|zur|zum|de|del|la|di|al|el) )"
_INITIAL = rf"[{_LARGE}]\."
_TITLE = r"(?:(?:Prof|Dr|Mag|Ing|med|Dipl|Professor(?:in)?|Doktor)\b\.?(?:-\w+\.?)? ?)*"
_NAME = rf"{_PARTICLE}?(?:{_INITIAL} ?)*{_WORD}(?: (?:{_INITIAL} )?{_PARTICLE}?{_WORD})?(?!\w)"
_FULL_NAME = rf"{_WORD}(?: {_INITIAL})?(?: {_PARTICLE}?{_WORD}){{0,2}}(?!\w)"

_ADDRESSED = re.compile(
    rf"(?<![\w\-])(?:(?P<german>Herrn?|Hr\.|Frau|Fr\.|Fräulein) {_TITLE}|(?:Mr|Mrs|Ms|Mx)\.? |Miss (?=[A-Z])|Sir )"
    rf"(?P<name>{_NAME})"
)
_PERSON_DE = (
    r"(?:mitarbeiter(?:in)?|kolleg(?:e|in|en)|verkäufer(?:in)?|berater(?:in)?|techniker(?:in)?|fahrer(?:in)?|mann|frau|herr|kerl|typ"
    r"|bote|botin|azubi|student(?:in)?|kund(?:e|in|en))"
)
_PERSON_EN = (
    r"(?:agent|employee|rep|representative|guy|lady|woman|man|driver|technician|manager|colleague|advisor"
    r"|assistant|clerk|girl|boy)"
)
_INTRODUCED = re.compile(
    rf"(?<!\w)(?i:(?:mein|sein|ihr|dein|unser) name (?:ist|lautet|war)|ich hei(?:ß|ss)e"
    rf"|(?:er|sie|{_PERSON_DE}) (?:hei(?:ß|ss)t|hieß)|{_PERSON_DE},? namens"
    rf"|my (?:full )?name(?: is|['’]s)|(?:his|her|their) name (?:is|was)"
    rf"|(?:i am|i['’]m) called|{_PERSON_EN} (?:named|called))(?::| )\s?(?P<name>{_FULL_NAME})"
)
_PRESENTED = re.compile(
    rf"(?<!\w)(?:(?i:ich bin (?:der|die)|hier (?:schreibt|spricht)) (?P<name>{_WORD} {_PARTICLE}?{_WORD})(?!\w)"
    rf"|(?i:this is) (?P<english>{_WORD} {_WORD})(?= (?:from|writing|here|speaking)))"
)
_SIGNED = re.compile(
    r"(?i:mit freundlichen grüßen|mit freundlichen gruessen|freundliche grüße|viele grüße|beste grüße|liebe grüße"
    r"|mit besten grüßen|herzliche grüße|mfg|(?:kind |best )?regards|yours sincerely|yours faithfully|sincerely"
    rf"|many thanks),?\s{{1,3}}(?P<name>{_WORD}(?: {_INITIAL})?(?: {_PARTICLE}?{_WORD}){{0,2}})\s*[.!]?\s*$"
)
# words with a capital that follow a form of address and name nobody
_NOBODY = re.compile(
    r"(?:Dr|Prof|Mag|Ing|Dipl|Ober|Gott|Nachbar(?:in)?|Doktor|Doctor|Professor(?:in)?|Präsident(?:in)?|President|Bundes\w+|Minister\w*|Direktor(?:in)?"
    r"|Kolleg(?:e|in|en)|Lehrer(?:in)?|Wirt(?:in)?|Chef(?:in)?|Vorsitzende\w*|Richter(?:in)?|Schaffner(?:in)?|Verkäufer(?:in)?"
    r"|Bürgermeister(?:in)?|Holle|Mustermann|Musterfrau|Und|Oder|Der|Die|Das|Mit|Ist|Hat|Sie|Wir|Ich|Als|Nicht|Mann|Frau|Herr"
    r"|Kunde|Kundin|Right|Robot|Bean|President|Chairman|Speaker|Universe|World|Germany|Sir|Madam|Lord|Clean|Proper|Miyagi"
    r"|Potato|Burns|Krabs|Incredible|Perfect|Nobody|Nice|Big|Darcy|Universum|Welt|Unbekannt|Doubtfire|Marvel|Kafka"
    r"|Hilfe|Danke|Bitte|Grüße|Team|Service|Kundenservice|Support|Sehr|Hallo|Guten|Werner Beinhart)",
)
_NOT_A_NAME = re.compile(
    r"(?:Programm|Egal|Legion|Hase|Synonym|Standard|English|German|Deutsch\w*|Gesetz|Recht|Pflicht|Service|Support|Team|Kundenservice"
    r"|Not|The|A|An|Just|Still|Always|Never|Only|So|On|In|Spelled|Misspelled|Wrong|Correct|Listed|Mud|Nicht|Noch|Falsch|Bekannt"
    r"|Zwar|Auch|Ja|Echt|Schon|Immer|Nur|Kunde|Kundin|Neukunde|Neukundin|Meinung|Ansicht|Customer|Your|Our|My)",
)


def redact_names(text: str) -> str:
    """Replace names behind Herr, Frau, Mr and the like, behind "my name is", and below a closing formula.

    Titles and forms of address stay, so that a text reads on: "Herr [name]". Names elsewhere are not looked for.
    """
    text = replace(_ADDRESSED, _judge_addressed, "[name]", text)
    text = replace(_INTRODUCED, _judge_introduced, "[name]", text)
    text = replace(_PRESENTED, _judge_introduced, "[name]", text)
    return replace(_SIGNED, _judge_introduced, "[name]", text)


def _judge_addressed(match: re.Match[str]) -> tuple[int, int] | None:
    return None if _NOBODY.fullmatch(match["name"].split()[0]) else match.span("name")


def _judge_introduced(match: re.Match[str]) -> tuple[int, int] | None:
    group = match.lastgroup or "name"
    first = match[group].split()[0]
    return None if _NOT_A_NAME.fullmatch(first) or _NOBODY.fullmatch(first) else match.span(group)
