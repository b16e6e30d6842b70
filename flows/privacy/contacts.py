"""E-mail addresses and handles."""

from __future__ import annotations

import re

_NAME = r"[\w.+%\-]*\w[.\-]?"
_DOMAIN = r"(?:[^\W_][\w\-]*\.)+"
# "react@icon.png" is a file, not an address
_TOP_LEVEL = r"(?!(?:png|jpe?g|gif|svg|webp|js|css|py)\b)[^\W\d_]{2,24}"

_CONTACT = re.compile(
    r"(?P<handle>(?<!\w)@+(?!\dx\b)(?=[\w.\-]*[^\W\d]|[0-9]{5})[\w.\-]*\w(?:@\w[\w.\-]*\w)?)"
    rf"|(?P<email>(?<![\w.+%\-]){_NAME}@{_DOMAIN}{_TOP_LEVEL})"
    r"|(?P<glued>(?<=\w\w)@[^\W\d]\w{3,})"
)
_OPEN, _CLOSE = r"\s?[\[({<]\s?", r"\s?[\])}>]\s?"
_SPELT = re.compile(
    rf"(?<![\w.+%\-])[\w.+%\-]+(?:{_OPEN}(?:at|ät|@){_CLOSE}|\s@\s(?=(?:gmail|gmx|web|t-online|outlook|hotmail|yahoo"
    r"|icloud|aol|posteo|freenet|mailbox|proton)))"
    rf"[\w\-]+(?:(?:{_OPEN}(?:dot|punkt|\.){_CLOSE}|\.|\s(?:dot|punkt)\s)[\w\-]*[^\W\d_]{{2}})+"
    r"|(?<![\w.+%\-])[\w.+%\-]+(?:\sat\s|@)[\w\-]+\s(?:dot|punkt)\s(?:de|at|ch|com|org|net|eu|info)\b",
    re.IGNORECASE,
)
_SPELT_HINT = re.compile(r"[\[({<]\s?(?:at|ät|@)\s?[\])}>]|\s(?:dot|punkt)\s|\s@\s", re.IGNORECASE)


def redact_contacts(text: str, keep_handles: frozenset[str]) -> str:
    """Replace e-mail addresses, also those spelt with (at) and (dot), and handles not in `keep_handles`."""
    if _SPELT_HINT.search(text) is not None:
        text = _SPELT.sub("[email]", text)
    if "@" not in text:
        return text

    def placeholder(match: re.Match[str]) -> str:
        if match.lastgroup == "email":
            return "[email]"
        return match.group() if is_kept(match.group(), keep_handles) else "@user"

    return _CONTACT.sub(placeholder, text)


def is_kept(handle: str, keep_handles: frozenset[str]) -> bool:
    """Whether a handle, with or without @ and server, is one that is listened to."""
    name = handle.lstrip("@").lower()
    return name in keep_handles or name.partition("@")[0] in keep_handles
