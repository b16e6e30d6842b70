"""Words of posts in messages and reports: short, and harmless wherever they are read."""

from __future__ import annotations

from urllib.parse import urlsplit

_WORD_JOINER = "\u2060"


_CALLS = (("@", f"@{_WORD_JOINER}"), ("<!", f"<{_WORD_JOINER}!"), ("](", f"]{_WORD_JOINER}("))


def harmless(text: str) -> str:
    """A text as one line that calls nobody and hides no address.

    Control characters and changes of the direction of writing are taken out. Chat services turn @channel and <!here>
    into a call for everybody and [words](address) into a link, also in what they are sent as plain text; an invisible
    character in between prevents it.
    """
    line = " ".join("".join(char if char.isprintable() or char.isspace() else "" for char in text).split())
    for sign, broken in _CALLS:
        line = line.replace(sign, broken)
    return line


def shortened(text: str, length: int) -> str:
    """A harmless line of at most `length` characters, invisible ones not counted."""
    line = " ".join(harmless(text).replace(_WORD_JOINER, "").split())
    return harmless(line if len(line) <= length else f"{line[: length - 1].rstrip()}…")


def web_address(url: str | None) -> str | None:
    """An address if it is one of the web, else None: nothing that a click could run."""
    if url is None:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.netloc else None
