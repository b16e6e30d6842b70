"""Telephone numbers in international, German, Austrian, Swiss, British and North American notation."""

from __future__ import annotations

import re

import phonenumbers

from flows.privacy.labels import is_labelled_otherwise, is_labelled_telephone
from flows.privacy.spans import replace

_GAP = r"[ \u00a0\u202f()/.\-\u2010-\u2014]"
_PHONE = re.compile(
    rf"(?<![0-9A-Za-z+])(?:"
    rf"(?P<international>(?:\(?\+|00[ \u00a0]?(?=[1-9])){_GAP}?[0-9](?:{_GAP}{{0,4}}[0-9]){{6,16}})"
    rf"|(?P<national>(?<![0-9][.,/\-:])\(?0(?:[1-9]|[ \u00a0][1-9](?=[0-9 ]{{1,5}}[)/]))(?:{_GAP}{{0,4}}[0-9]){{4,14}})"
    r"|(?P<american>(?<![0-9][.,/\-])(?:1[ .\-])?\(?[2-9][0-9]{2}\)?[ .\-]{1,2}[2-9][0-9]{2}[.\-][0-9]{4}(?![0-9\-]))"
    rf"|(?P<labelled>[0-9](?:{_GAP}{{0,3}}[0-9]){{4,14}})"
    r")"
)
_EXTENSION = re.compile(
    r"(?:[\-\u2010-\u2014/]|(?:,\s?|\s{0,2})(?:ext\.?|extension|x|DW|Durchwahl|Dw\.?|App\.?|Kl\.?|Klappe)[ .:]{0,2})"
    r"[0-9]{1,5}(?![ 0-9.,:/\-]*[0-9])",
    re.IGNORECASE,
)
_GROUP_END = re.compile(r"[0-9](?![0-9])")
_DATE = re.compile(
    r"[( ]*(?:[0-3]?[0-9]\s?[.\-/]\s?[01]?[0-9]\s?[.\-/]|[01]?[0-9][.\-/](?:19|20)[0-9]{2}(?![0-9])"
    r"|(?:19|20)[0-9]{2}[.\-/ ][01][0-9](?![0-9]))"
)
_VERSION = re.compile(r"[0-9]{1,2}\.[0-9]")
_BY_FOURS = re.compile(r"[0-9]{4}[ \-][0-9]{4}(?![0-9])")
_FOUR_BEFORE = re.compile(r"(?<![0-9])[0-9]{4}[ \-]$")
_UNIT = re.compile(
    r"\s?(?:€|\$|£|%|°|eur(?:o|os)?\b|usd\b|dollars?\b|cent\b|k?[gm]\b|km\b|cm\b|mm\b|m?ah\b|[kmg]b\b|mbit|uhr\b|x\b|mal\b"
    r"|follower|views|aufrufe|likes|menschen|leute|people|users?\b|nutzer|kunden|mitarbeiter|stück|mio|mrd|prozent|minuten"
    r"|stunden|tage|jahre|hours|days|years)",
    re.IGNORECASE,
)
_MAX_DIGITS = 13
_REGIONS = ("DE", "AT", "CH")


def redact_phones(text: str) -> str:
    """Replace telephone numbers; those of a numbering plan are checked with `phonenumbers` (ITU and national plans).

    Dates, prices, versions and numbers announced as something else (order, ticket, customer, article) stay.
    """
    return replace(_PHONE, _judge, "[phone]", text)


def _judge(match: re.Match[str]) -> tuple[int, int] | None:
    text, start, candidate = match.string, match.start(), match.group()
    labelled = is_labelled_telephone(text, start)
    if not labelled and "+" not in candidate and _is_something_else(text, start, candidate):
        return None
    if match.lastgroup == "international":
        end = _longest(candidate, ("DE",), is_strict=False)
    elif labelled and _VERSION.match(candidate):
        return None
    elif labelled:
        digits = sum(character.isdigit() for character in candidate)
        end = _longest(candidate, _REGIONS, is_strict=True) or (len(candidate) if digits <= _MAX_DIGITS else None)
    elif match.lastgroup == "american":
        end = len(candidate)
    elif match.lastgroup == "national":
        end = _national(candidate)
    else:
        return None
    if end is None or _UNIT.match(text, start + end):
        return None
    return start, _with_extension(text, start + end)


def _is_something_else(text: str, start: int, candidate: str) -> bool:
    """Whether an unlabelled candidate is a date, the rest of a longer number, or announced as another number."""
    if _DATE.match(candidate) or (_BY_FOURS.match(candidate) and _FOUR_BEFORE.search(text, max(0, start - 6), start)):
        return True
    return is_labelled_otherwise(text, start, is_grouped=not candidate.isdigit())


def _national(candidate: str) -> int | None:
    """End of an unlabelled number that starts with a zero: its first group must look like an area code."""
    area = re.match(r"\(0[0-9 ]+\)|0 ?[0-9][0-9 ]*(?=\s?/)|[0-9]+", candidate)
    code = re.sub(r"\D", "", area.group()) if area else ""
    is_bare = len(code) >= 9
    if len(code) > 5 and not is_bare:
        return None
    if len(code) < 3 and code != "01":
        return None
    if code == "01" and "." in candidate:
        return None
    regions: tuple[str, ...] = _REGIONS
    if len(code) in (3, 4, 5) and not is_bare:
        # 01 is the whole area code of Vienna, so that 0123 is none of Austria
        regions = ("DE", "GB") if code.startswith("01") else (*_REGIONS, "GB")
    return _longest(candidate, regions, is_strict=True)


def _longest(candidate: str, regions: tuple[str, ...], *, is_strict: bool) -> int | None:
    """End of the longest run of digit groups that is a number of one of the regions."""
    for last in reversed(list(_GROUP_END.finditer(candidate))):
        part = candidate[: last.end()]
        digits = sum(character.isdigit() for character in part)
        if digits < 7:
            return None
        if digits > _MAX_DIGITS + 2 * (not is_strict):
            continue
        if any(_is_number(part, region, is_strict=is_strict) for region in regions):
            return last.end()
    return None


def _is_number(part: str, region: str, *, is_strict: bool) -> bool:
    try:
        number = phonenumbers.parse(part, region)
    except phonenumbers.NumberParseException:
        return False
    if phonenumbers.is_valid_number(number):
        return True
    # a mistyped or invented number behind a country code is still somebody's
    return not is_strict and len(str(number.national_number)) >= 8 and phonenumbers.is_possible_number(number)


def _with_extension(text: str, end: int) -> int:
    extension = _EXTENSION.match(text, end)
    return extension.end() if extension else end
