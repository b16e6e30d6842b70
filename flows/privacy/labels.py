"""Words in front of a number that say what it is: an order number, or a telephone number."""

from __future__ import annotations

import re

_WINDOW = 48
_SAYS_SOMETHING = re.compile("[^\\W\\d_]|[#\u2116\u260e\u260f\U0001f4de\U0001f4f1\U0001f4f2]")
"""Without a letter or one of these signs no label can be there."""

_OTHERWISE = re.compile(
    r"(?:(?:bestell|auftrag|sendung|paket|tracking|rechnung|kunden|ticket|vorgang|artikel|serien|vertrag|mitglied"
    r"|referenz|buchung|liefer|beleg|fall|zähler|inventar|charge|patent|akten|fahrgestell|seriennummer|produkt"
    r"|order|invoice|case|customer|member|reference|serial|booking|shipment|parcel|product|part|item|build|version"
    r"|isbn|issn|ean|gtin|upc|sku|asin|imei|iccid|mac|hrb|hra|ust|vat|pzn|doi|md5|sha)"
    r"[\w\-]{0,14}\.?[ \-]?(?:nummer|number|nr|num|no|id|code|zeichen|key)?|\b[a-z]{2}[0-9]{2}(?: [0-9]{4})+ ?)"
    r"\.?\s{0,2}(?:[:=#]|ist|is|lautet|war|was)?\s{0,2}[\"'(#„]?$",
    re.IGNORECASE,
)
_PERHAPS_OTHERWISE = re.compile(r"(?:\b(?:nr|no|id|lot|ref)|[#№])\.?\s{0,2}[:=#]?\s{0,2}[\"'(#„]?$", re.IGNORECASE)
_TELEPHONE = re.compile(
    r"(?:(?<!\w)(?:tel(?:efon|ephone)?|fon|fone|phone|mobil|mobile|cell|handy|fax|telefax|whats ?app|sms|hotline"
    r"|durchwahl|rufnummer|(?:tel|telefon|handy|mobil|fax|ruf|festnetz|phone|mobile|cell|whatsapp)[\- ]?"
    r"(?:nummer|number|nr|no)"
    r"|(?:meine|deine|ihre|seine|unsere|my|your|his|her)(?: neue| alte| new)? (?:nummer|number|nr)"
    r"|(?:call|ring|phone|text) (?:me|us|him|her|them)(?: (?:at|on|under))?|(?:call|reach)(?: \w+){0,2} (?:at|on)"
    r"|(?:ruf|rufen|ruft|rufe|anruf|anrufen|melde|meldet|melden|erreichbar|erreichen|erreicht|schreib)(?: \w+){0,3}"
    r" (?:unter|auf)(?: der| folgender)?(?: nummer)?)|[\u260e\u260f\U0001f4de\U0001f4f1\U0001f4f2]\ufe0f?)"
    r"\.?(?:\s?(?:nr|no)\b\.?)?\s{0,2}(?:[:=]|ist|is|lautet|\u2192|->)?\s{0,2}[\"'(„]?$",
    re.IGNORECASE,
)


def is_labelled_otherwise(text: str, at: int, *, is_grouped: bool = True) -> bool:
    """Whether the words before position `at` announce an order, ticket, article or similar number.

    "Nr." alone says so only of a number without blanks and the like (`is_grouped` false): telephone numbers have them.
    """
    before = text[max(0, at - _WINDOW) : at]
    if _SAYS_SOMETHING.search(before) is None:
        return False
    labels = [_OTHERWISE] if is_grouped else [_OTHERWISE, _PERHAPS_OTHERWISE]
    return any(label.search(before) for label in labels) and _TELEPHONE.search(before) is None


def is_labelled_telephone(text: str, at: int) -> bool:
    """Whether the words before position `at` announce a telephone number."""
    before = text[max(0, at - _WINDOW) : at]
    return _SAYS_SOMETHING.search(before) is not None and _TELEPHONE.search(before) is not None
