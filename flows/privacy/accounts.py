"""Bank accounts and payment cards: numbers that carry their own check digits."""

from __future__ import annotations

import re

from flows.privacy.labels import is_labelled_otherwise
from flows.privacy.spans import replace

# ISO 13616: characters of an IBAN per country (SWIFT IBAN registry)
IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28,
    "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18,
    "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22,
    "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20,
    "LU": 20, "LV": 21, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18, "NO": 15,
    "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SE": 24, "SI": 19,
    "SK": 24, "SM": 27, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
}  # fmt: skip

_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}[ \u00a0]?[0-9]{2}(?:[ \u00a0\u202f.\-]{0,2}[A-Za-z0-9]){11,28}")
_CARD = re.compile(
    r"(?<![0-9A-Za-z+])(?<![0-9][ .\-])(?:"
    r"[0-9]{4}(?P<gap>[ \u00a0\u202f]{1,2}|[\-.])(?:[0-9]{4}(?P=gap)[0-9]{4}(?P=gap)[0-9]{4}"
    r"|[0-9]{6}(?P=gap)[0-9]{4,5})"
    r"|[0-9]{12,19})(?![0-9])"
)
# ISO/IEC 7812 issuer ranges in use: Visa, Mastercard, Amex, Diners, Discover, JCB, Maestro, UnionPay
_ISSUERS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}|3[47]\d{13}"
    r"|3(?:0[0-5]|[689]\d)\d{11}|35(?:2[89]|[3-8]\d)\d{12}|6(?:011|4[4-9]\d|5\d\d)\d{12,15}|62\d{14,17}"
    r"|(?:50|5[6-8]|6\d)\d{10,17}"
)


def redact_ibans(text: str) -> str:
    """Replace international bank account numbers whose check digits hold (ISO 13616, ISO 7064 mod 97-10)."""
    return replace(_IBAN, _judge_iban, "[iban]", text)


def redact_cards(text: str) -> str:
    """Replace payment card numbers of a known issuer whose check digit holds (ISO/IEC 7812, Luhn)."""
    return replace(_CARD, _judge_card, "[card]", text)


def _judge_iban(match: re.Match[str]) -> tuple[int, int] | None:
    candidate = match.group()
    length = IBAN_LENGTHS.get(candidate[:2].upper())
    if length is None:
        return None
    places = [place for place, letter in enumerate(candidate) if letter.isalnum()]
    if len(places) < length:
        return None
    end = match.start() + places[length - 1] + 1
    if match.string[end : end + 1].isdigit():
        return None
    iban = "".join(candidate[place] for place in places[:length]).upper()
    number = "".join(str(int(letter, 36)) for letter in iban[4:] + iban[:4])
    return (match.start(), end) if int(number) % 97 == 1 else None


def _judge_card(match: re.Match[str]) -> tuple[int, int] | None:
    digits = re.sub(r"\D", "", match.group())
    if not _ISSUERS.fullmatch(digits) or not _luhn_holds(digits):
        return None
    return None if is_labelled_otherwise(match.string, match.start()) else match.span()


def _luhn_holds(digits: str) -> bool:
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(int(digit) for digit in digits[-1::-2]) + sum(doubled)) % 10 == 0
