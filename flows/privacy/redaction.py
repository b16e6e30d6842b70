"""Redaction: personal data in a text becomes a typed placeholder before anything touches the disk.

What is recognised, and what is not, stands in docs/privacy.md; the measured recall and precision in
docs/decisions/redaction.md.
"""

from __future__ import annotations

import re

from flows.privacy.accounts import redact_cards, redact_ibans
from flows.privacy.addresses import redact_addresses
from flows.privacy.contacts import redact_contacts
from flows.privacy.english_addresses import redact_english_addresses
from flows.privacy.identity_numbers import redact_insurance_ids, redact_tax_ids
from flows.privacy.links import LINK, redact_link
from flows.privacy.names import redact_names
from flows.privacy.phones import redact_phones
from flows.privacy.plates import redact_plates

_NAMING = re.compile(
    r"\b(?:Herrn?|Hr|Fr|Frau|Fräulein|Mrs?|M[sx]|Miss|Sir)\b"
    r"|(?i:\b(?:name|hei(?:ß|ss)|hieß|called|regards|sincerely|yours|many thanks|mfg|grüße|gruessen|ich bin d|this is"
    r"|hier s))"
)
_DIGIT = re.compile(r"[0-9]")
_MANY_DIGITS = re.compile(r"(?:[0-9][^0-9]{0,3}){5}")
_SUSPICIOUS = re.compile(
    rf"[@0-9]|{_NAMING.pattern}|(?i:[\[({{]\s?(?:at|ät)\s?[\])}}]|https?://|www\.|\.[a-z]{{2,4}}/|\s(?:dot|punkt)\s)"
)
"""Without one of these nothing can be found, and most posts have none."""
_MAX_PASSES = 5


def redact(text: str, keep_handles: frozenset[str] = frozenset()) -> str:
    """Replace personal data by `[email]`, `[phone]`, `[iban]`, `[card]`, `[tax-id]` and so on, and handles by `@user`.

    `keep_handles` are the handles listened to (lower-case, without @; also `name@server`): they stay. Links stay
    readable, but credentials, e-mail addresses and personal profiles in them go (see `flows.privacy.links`). A text
    without personal data comes back unchanged, and redacting twice changes nothing more. Never raises on any text.
    """
    if _SUSPICIOUS.search(text) is None:
        return text
    for _ in range(_MAX_PASSES):
        redacted = _redact_once(text, keep_handles)
        if redacted == text:
            break
        text = redacted
    return text


def _redact_once(text: str, keep_handles: frozenset[str]) -> str:
    parts: list[str] = []
    done = 0
    for link in LINK.finditer(text):
        parts += (_redact_words(text[done : link.start()], keep_handles), redact_link(link.group(), keep_handles))
        done = link.end()
    parts.append(_redact_words(text[done:], keep_handles))
    return "".join(parts)


def _redact_words(text: str, keep_handles: frozenset[str]) -> str:
    text = redact_contacts(text, keep_handles)
    if _DIGIT.search(text) is not None:
        if _MANY_DIGITS.search(text) is not None:
            text = redact_cards(redact_ibans(text))
            text = redact_phones(redact_insurance_ids(redact_tax_ids(text)))
        text = redact_plates(redact_english_addresses(redact_addresses(text)))
    return redact_names(text) if _NAMING.search(text) is not None else text
