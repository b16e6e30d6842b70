"""The one form in which texts reach the model, in training and in use: ``@user`` for handles, ``http`` for links."""

import html
import re
from bisect import bisect_right
from dataclasses import dataclass

_LINK = r"(?:https?://|www\.)[^\s<>\"']*[^\s<>\"'.,;:!?)\]…]|\bhttps?\b"
_HANDLE = r"(?<![\w@.])@[\w.\-]*\w(?:@[\w.\-]*\w)?"
_CHANGED = re.compile(
    rf"(?P<link>{_LINK})|(?P<handle>{_HANDLE})"
    r"|(?P<entity>&(?:[a-zA-Z]{2,8}|#\d{1,7}|#x[0-9a-fA-F]{1,6});)"
    r"|(?P<invisible>[\u200b\u200e\u200f\u2060\ufeff\u00ad]+)"
    r"|(?P<space>\s{2,}|[^\S ])"
)
_WORD = re.compile(r"[^\W\d_]{2,}|[^\W\d_]+['’][^\W\d_]+")
_LINK_OR_HANDLE = re.compile(f"{_LINK}|{_HANDLE}")


@dataclass(frozen=True)
class NormalForm:
    """A text in normal form and where its characters come from.

    ``kept`` holds the start in ``text`` of every stretch copied or replaced, ``origins`` the matching start in the
    text as given, ``is_copied`` whether the stretch is unchanged.
    """

    text: str
    kept: list[int]
    origins: list[int]
    is_copied: list[bool]

    def origin(self, position: int) -> int:
        """Index in the text as given of the character at ``position`` of the normal form."""
        stretch = max(bisect_right(self.kept, position) - 1, 0)
        offset = position - self.kept[stretch] if self.is_copied[stretch] else 0
        return self.origins[stretch] + offset


def _replacement(match: re.Match[str]) -> str:
    kind = match.lastgroup
    if kind == "link":
        return "http"
    if kind == "handle":
        return "@user"
    if kind == "entity":
        return html.unescape(match.group())
    return "" if kind == "invisible" else " "


def normal_text(text: str) -> str:
    """The normal form of a text, as a string."""
    return _CHANGED.sub(_replacement, text).strip()


def normal_form(text: str) -> NormalForm:
    """The normal form of a text with its alignment; ``normal_form(t).text == normal_text(t)``."""
    parts: list[str] = []
    kept, origins, is_copied = [], [], []
    done = length = 0

    def add(part: str, origin: int, copied: bool) -> None:
        nonlocal length
        if part:
            kept.append(length)
            origins.append(origin)
            is_copied.append(copied)
            parts.append(part)
            length += len(part)

    for match in _CHANGED.finditer(text):
        add(text[done : match.start()], done, True)
        add(_replacement(match), match.start(), False)
        done = match.end()
    add(text[done:], done, True)
    joined = "".join(parts)
    leading = len(joined) - len(joined.lstrip())
    return NormalForm(joined.strip(), [at - leading for at in kept] or [0], origins or [0], is_copied or [True])


def has_words(text: str) -> bool:
    """Whether anything but links, handles, digits, emoji and punctuation is left to read.

    One letter alone is no word; a single Chinese or Japanese character is let through by the two-letter rule only
    together with others, which is right for the languages this model reads.
    """
    return _WORD.search(_LINK_OR_HANDLE.sub(" ", text)) is not None
