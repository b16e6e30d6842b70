"""Tax and social insurance numbers: Germany, Austria, Switzerland, the United Kingdom and the United States."""

from __future__ import annotations

import re

from flows.privacy.labels import is_labelled_otherwise
from flows.privacy.spans import replace

_EDGE = r"(?<![0-9A-Za-z\-./+])"
_END = r"(?![0-9A-Za-z]|[\-./][0-9])"
_TAX_ID = re.compile(rf"{_EDGE}[1-9][0-9](?:[ \-/]?[0-9]{{3}}){{3}}{_END}")
_VAT_ID = re.compile(
    rf"{_EDGE}(?:DE[ \-]?[0-9](?:[ .\-]?[0-9]){{8}}|ATU ?[0-9]{{8}}|CHE[ \-]?[0-9]{{3}}(?:[ .]?[0-9]{{3}}){{2}}){_END}",
    re.IGNORECASE,
)
_TAX_NUMBER = re.compile(
    r"(?<!\w)(?:St(?:euer)?[\-. ]{0,2}(?:Nr|Nummer)\.?|Steuernummer|tax (?:number|no\.?))(?: (?:ist|lautet|is))?\s?:?"
    rf"\s{{0,2}}(?P<number>[0-9]{{2,3}}[ /][0-9]{{3,4}}[ /][0-9]{{4,5}}(?:[ /][0-9])?){_END}",
    re.IGNORECASE,
)
_PENSION = re.compile(rf"{_EDGE}[0-9]{{2}}[ ]?[0-9]{{6}}[ ]?[A-Za-z][ ]?[0-9]{{3}}{_END}")
_HEALTH = re.compile(rf"{_EDGE}[A-Z][0-9]{{3}}[ ]?[0-9]{{3}}[ ]?[0-9]{{3}}{_END}")
_SWISS = re.compile(rf"{_EDGE}756[.\- ]?[0-9]{{4}}[.\- ]?[0-9]{{4}}[.\- ]?[0-9]{{2}}{_END}")
_AUSTRIAN = re.compile(
    r"(?:SVNR|SV-?Nr\.?|Sozialversicherungsnummer|Versicherungsnummer|Sozialversicherungs-?Nr\.?)"
    r"(?: (?:ist|lautet))?\s?:?\s{0,2}(?P<number>[1-9][0-9]{3}[ /\-]?[0-9]{6})" + _END,
    re.IGNORECASE,
)
_SSN = re.compile(
    rf"{_EDGE}(?!000|666|9)[0-9]{{3}}(?P<gap>[\- ])(?!00)[0-9]{{2}}(?P=gap)(?!0000)[0-9]{{4}}{_END}"
    r"|(?<=SSN )(?!000|666|9)[0-9]{9}(?![0-9])|(?<=SSN: )(?!000|666|9)[0-9]{9}(?![0-9])"
)
_SSN_LABEL = re.compile(r"(?:\bSSN|social(?: security)?(?: number| no\.?| #)?)\W{0,3}(?:is )?$", re.IGNORECASE)
_NINO = re.compile(
    rf"{_EDGE}(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z](?P<gap>[ \-]?)[0-9]{{2}}(?P=gap)[0-9]{{2}}"
    rf"(?P=gap)[0-9]{{2}}(?P=gap)[A-D]{_END}",
    re.IGNORECASE,
)
_PENSION_WEIGHTS = (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)
_AUSTRIAN_WEIGHTS = (3, 7, 9, 0, 5, 8, 4, 2, 1, 6)


def redact_tax_ids(text: str) -> str:
    """Replace German tax ids and VAT ids whose check digit holds, Austrian and Swiss VAT ids, labelled tax numbers.

    Check digits: ISO 7064 mod 11,10; of the tax id also that one digit of the first ten occurs two or three times
    (Paragraph 139b of the Abgabenordnung).
    """
    text = replace(_TAX_ID, _judge_tax_id, "[tax-id]", text)
    text = replace(_VAT_ID, _judge_vat_id, "[tax-id]", text)
    return replace(_TAX_NUMBER, lambda match: match.span("number"), "[tax-id]", text)


def redact_insurance_ids(text: str) -> str:
    """Replace social insurance numbers: German pension and health insurance, Swiss, British, American, Austrian.

    All but the British and the American ones have a check digit, which must hold; Austrian ones must be announced.
    """
    text = replace(_PENSION, _judge_pension, "[insurance-id]", text)
    text = replace(_HEALTH, _judge_health, "[insurance-id]", text)
    text = replace(_SWISS, _judge_swiss, "[insurance-id]", text)
    text = replace(_AUSTRIAN, _judge_austrian, "[insurance-id]", text)
    text = replace(_NINO, _judge_nino, "[insurance-id]", text)
    return replace(_SSN, _judge_ssn, "[insurance-id]", text)


def _digits(match: re.Match[str] | str) -> list[int]:
    return [int(letter) for letter in (match if isinstance(match, str) else match.group()) if letter.isdigit()]


def _judge_tax_id(match: re.Match[str]) -> tuple[int, int] | None:
    digits = _digits(match)
    repeats = sorted((digits[:10].count(digit) for digit in set(digits[:10])), reverse=True)
    if repeats[0] not in (2, 3) or repeats[1:2] != [1] or _mod_11_10(digits[:-1]) != digits[-1]:
        return None
    return None if is_labelled_otherwise(match.string, match.start()) else match.span()


def _judge_vat_id(match: re.Match[str]) -> tuple[int, int] | None:
    if match.group()[:2].upper() != "DE":
        return match.span()
    digits = _digits(match)
    return match.span() if digits[0] and _mod_11_10(digits[:-1]) == digits[-1] else None


def _mod_11_10(digits: list[int]) -> int:
    """Check digit by ISO 7064, mod 11,10."""
    product = 10
    for digit in digits:
        total = (digit + product) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10


def _judge_pension(match: re.Match[str]) -> tuple[int, int] | None:
    number = match.group().replace(" ", "").upper()
    day, month, serial = int(number[2:4]), int(number[4:6]), number[:-1]
    # a day may be raised by 50 where numbers of a birthday ran out
    if not 1 <= month <= 12 or not 1 <= (day - 50 if day > 50 else day) <= 31:
        return None
    letter = f"{ord(serial[8]) - 64:02d}"
    digits = _digits(serial[:8] + letter + serial[9:])
    total = sum(sum(divmod(digit * weight, 10)) for digit, weight in zip(digits, _PENSION_WEIGHTS, strict=True))
    return match.span() if total % 10 == int(number[-1]) else None


def _judge_health(match: re.Match[str]) -> tuple[int, int] | None:
    number = match.group().replace(" ", "")
    digits = _digits(f"{ord(number[0]) - 64:02d}{number[1:-1]}")
    total = sum(sum(divmod(digit * (1 + at % 2), 10)) for at, digit in enumerate(digits))
    if total % 10 != int(number[-1]) or is_labelled_otherwise(match.string, match.start()):
        return None
    return match.span()


def _judge_swiss(match: re.Match[str]) -> tuple[int, int] | None:
    digits = _digits(match)
    total = sum(digit * (1 + 2 * (at % 2)) for at, digit in enumerate(digits[:-1]))
    return match.span() if -total % 10 == digits[-1] else None


def _judge_austrian(match: re.Match[str]) -> tuple[int, int] | None:
    digits = _digits(match["number"])
    total = sum(digit * weight for digit, weight in zip(digits, _AUSTRIAN_WEIGHTS, strict=True))
    return match.span("number") if total % 11 == digits[3] else None


def _judge_nino(match: re.Match[str]) -> tuple[int, int] | None:
    if match.group() != match.group().upper() or is_labelled_otherwise(match.string, match.start()):
        return None
    return match.span()


def _judge_ssn(match: re.Match[str]) -> tuple[int, int] | None:
    is_labelled = _SSN_LABEL.search(match.string, max(0, match.start() - 40), match.start()) is not None
    if match["gap"] == " " and not is_labelled:
        return None
    return None if is_labelled_otherwise(match.string, match.start()) and not is_labelled else match.span()
