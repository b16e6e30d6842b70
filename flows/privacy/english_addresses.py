"""Postal addresses in British and American notation: house number, street, then town and postcode where they follow."""

from __future__ import annotations

import re

from flows.privacy.spans import replace

_STREET = (
    r"(?:Street|St\.?|Road|Rd\.?|Avenue|Ave\.?|Lane|Ln\.?|Drive|Dr\.?|Court|Ct\.?|Boulevard|Blvd\.?|Close|Crescent"
    r"|Terrace|Square|Place|Pl\.?|Gardens|Grove|Mews|Parkway|Pkwy\.?|Highway|Hwy\.?|Circle|Way)"
)
_STATE = (
    r"(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT"
    r"|V[AT]|W[AIVY])"
)
_UK_POSTCODE = r"[A-Z]{1,2}[0-9][0-9A-Z]? ?[0-9][A-Z]{2}"
_ADDRESS = re.compile(
    r"(?<![\w.,$€£#\-/])(?P<number>[0-9]{1,5}[A-Za-z]?(?:[\-–/][0-9]{1,4})?) "
    r"(?:(?:N|S|E|W|NE|NW|SE|SW|North|South|East|West|Old|New|Upper|Lower|Great|St\.?) )?"
    rf"(?P<street>(?:[A-Z][a-z'’]+|[0-9]{{1,3}}(?:st|nd|rd|th))(?: [A-Z][a-z'’]+)?) {_STREET}(?![\w'’])"
)
_FLAT_BEFORE = re.compile(r"(?:(?:Flat|Apt\.?|Apartment|Unit|Suite) [0-9]{1,4}[A-Za-z]?,? )$")
_MORE = re.compile(
    rf"(?:,? (?:Apt\.?|Apartment|Unit|Suite|Flat|#) ?[0-9]{{1,5}}[A-Za-z]?)?"
    rf"(?:,? (?:[A-Z][a-z]+(?: [A-Z][a-z]+)?)(?:,? (?:{_STATE}(?: [0-9]{{5}}(?:-[0-9]{{4}})?)?|{_UK_POSTCODE})(?!\w))"
    rf"|,? (?:{_UK_POSTCODE})(?!\w)|,? [0-9]{{5}}(?:-[0-9]{{4}})?(?!\w))?"
)
_POSTCODE = re.compile(
    rf"(?<!\w)(?i:postcode|post code|zip(?: ?code)?)(?: is|:)? "
    rf"(?P<code>{_UK_POSTCODE}|[0-9]{{5}}(?:-[0-9]{{4}})?)(?!\w)"
)
_PLAIN_WORDS = re.compile(
    r"(?:Hour|Star|Day|Minute|Mile|Year|Week|Download|Dollar|Million|Percent|Way|Player|Point|Step)s?"
    r"|Best|Top|Easy|Free|Big|New"
)


def redact_english_addresses(text: str) -> str:
    """Replace postal addresses in British and American notation, and postcodes that are announced as such."""
    text = replace(_ADDRESS, _judge, "[address]", text)
    return replace(_POSTCODE, lambda match: match.span("code"), "[address]", text)


def _judge(match: re.Match[str]) -> tuple[int, int] | None:
    if _PLAIN_WORDS.fullmatch(match["street"].split()[0]):
        return None
    text = match.string
    before = _FLAT_BEFORE.search(text, max(0, match.start() - 20), match.start())
    more = _MORE.match(text, match.end())
    return before.start() if before else match.start(), more.end() if more else match.end()
