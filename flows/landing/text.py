"""Text as it may be stored: valid Unicode in composed form, no control characters, tidy white space."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# Zero-width joiners and variation selectors stay: emoji are made of them. Soft hyphens, zero-width spaces, byte order
# marks and direction marks go: they are invisible and break words in two for every later step.
_INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]"
)
_LINE_END: Final = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_BLANKS: Final = re.compile("[ \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_AROUND_LINE_END: Final = re.compile(" ?\n ?")
_TIDY: Final = re.compile("[!-~]+(?: [!-~]+)*")
_EMPTY_LINES: Final = re.compile("\n{3,}")


def well_formed(text: str) -> str:
    """Make text encodable as UTF-8: surrogate pairs are joined, a lone surrogate becomes U+FFFD, NUL is removed."""
    if text.isascii():
        return text.replace("\x00", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace("\x00", "")


def normalise(text: str) -> str:
    """Tidy plain text: NFC, no control or invisible characters, one blank between words, at most one empty line.

    Line breaks are kept as "\\n". Idempotent.
    """
    if _TIDY.fullmatch(text):
        return text
    text = _INVISIBLE.sub("", _LINE_END.sub("\n", well_formed(text)))
    text = _AROUND_LINE_END.sub("\n", _BLANKS.sub(" ", unicodedata.normalize("NFC", text)))
    return _EMPTY_LINES.sub("\n\n", text).strip()
