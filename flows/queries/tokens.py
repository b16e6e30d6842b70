"""What counts as a word: posts and queries are cut into tokens by the same rules.

A raw token is a link, a handle, a hashtag, a word (with inner hyphens, apostrophes, dots and `&`) or an emoji. It has
one position per part, and forms: the texts under which it can be found, each over some of these positions.

    Lieferung       Lieferung
    E-Bike          E, Bike, and EBike over both
    McDonald's      McDonald, s, and McDonalds over both
    H&M             H, M
    Disney+         Disney, and Disney+
    #BlackFriday    hashtag and word BlackFriday over both of Black, Friday
    @zara@x.social  handle zara@x.social, handle and word zara
    [email], @user  nothing: they stand where personal data stood
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

import polars as pl

from flows.queries.syntax import Kind

LINK = "link"
REMOVED_HANDLE = "@user"
_PLACEHOLDER = r"\[(?:email|phone|iban|card|address|tax-id|insurance-id|plate|name)\]"
_LINK = r"(?i:https?://|www\.)[^\s<>]*[^\s<>.,;:!?)\]}'\"»“”…]"
_EMOJI = (
    r"\p{Extended_Pictographic}[\x{FE0F}\p{Emoji_Modifier}]*"
    r"(?:\x{200D}\p{Extended_Pictographic}[\x{FE0F}\p{Emoji_Modifier}]*)*|\p{Regional_Indicator}{2}"
)
_HANDLE = r"@\w+(?:[.-]\w+)*(?:@\w+(?:[.-]\w+)*)?"
_IN_POSTS = rf"{_PLACEHOLDER}|{_LINK}|{_HANDLE}|#\w+|\w+(?:[-'.&]\w+)*\+{{0,2}}|{_EMOJI}"
_IN_QUERIES = rf"{_LINK}|{_HANDLE}\*?|#[\w*]+(?:\?+[\w*]+)*|[\w*]+(?:[-'.&?]+[\w*]+)*\+{{0,2}}|{_EMOJI}"

_INVISIBLE = r"[\x{00AD}\x{200B}\x{2060}\x{FEFF}]"
_STARTS_AN_EMOJI = r"^[^\w@#*\[]"
_SKIN_AND_STYLE = r"[\x{FE0F}\p{Emoji_Modifier}]"
_CONNECTORS = re.compile(r"[-'.&_]+")
_JOINS = re.compile(r"\w+(?:[-']\w+)*\+*")
_CAMEL_OR_DIGITS = re.compile(
    r"(?<=[a-zà-öø-ÿß])(?=[A-ZÀ-ÖØ-Þ])|(?<=[A-ZÀ-ÖØ-Þ])(?=[A-ZÀ-ÖØ-Þ][a-zà-öø-ÿß])|(?<=\D)(?=\d)"
)


class Writing(StrEnum):
    """Whose text is cut: wildcards only mean something in queries."""

    POST = _IN_POSTS
    QUERY = _IN_QUERIES


class Form(NamedTuple):
    """A text under which a raw token is found: at positions `offset` to `offset + width - 1` of it."""

    kind: str
    text: str
    offset: int
    width: int


class Token(NamedTuple):
    """A raw token: how many positions it takes and the forms under which it is found."""

    width: int
    forms: tuple[Form, ...]


def cut(texts: pl.Series, writing: Writing = Writing.POST) -> pl.Series:
    """Cut texts [n strings] into raw tokens [n lists], in Unicode normal form C."""
    return (
        texts.str.normalize("NFC")
        .str.replace_all(_INVISIBLE, "")
        .str.replace_all("[’‘ʼ´`]", "'")
        .str.replace_all("[‐‑]", "-")
        .str.extract_all(writing.value)
    )


def parts_of(word: str) -> list[str]:
    """Split a word at its hyphens, apostrophes, dots, underscores and `&`; plus and question marks at an end go."""
    parts = (part.strip("?") for part in _CONNECTORS.split(word.rstrip("+")))
    return [part for part in parts if part]


def joined_form(word: str) -> str | None:
    """The word without hyphens and apostrophes (`E-Bike` -> `EBike`); None when it has dots or `&`."""
    if not _JOINS.fullmatch(word.replace("*", "x").replace("?", "x")):
        return None
    return "".join(parts_of(word))


def are_emoji(tokens: pl.Series) -> pl.Series:
    """Which raw tokens are emoji: what is no letter to `cut` must be none here, so the same engine judges."""
    return tokens.str.contains(_STARTS_AN_EMOJI)


def emoji_forms(emoji: pl.Series) -> pl.Series:
    """Emoji without skin tone and presentation style."""
    return emoji.str.replace_all(_SKIN_AND_STYLE, "")


def link_form(link: str) -> str:
    """A link as it is compared: without scheme and `www.`, lower-case host, no slash at the end."""
    rest = re.sub(r"^(?:https?://)?(?:www\.)?", "", link, flags=re.IGNORECASE)
    host, slash, path = rest.partition("/")
    return (host.lower() + slash + path).rstrip("/")


def analyse(raw: str) -> Token:
    """Find the forms of one raw token of a post that is no emoji."""
    if raw.startswith("[") or raw.lower() == REMOVED_HANDLE:
        return Token(1, ())
    if re.match(r"https?://|www\.", raw, re.IGNORECASE):
        return Token(1, (Form(LINK, link_form(raw), 0, 1),))
    if raw.startswith("@"):
        return Token(1, tuple(_handle_forms(raw[1:])))
    if raw.startswith("#"):
        return _hashtag(raw[1:])
    return _word(raw)


def _handle_forms(handle: str) -> Iterator[Form]:
    local, at, _ = handle.partition("@")
    yield Form(Kind.HANDLE, local, 0, 1)
    if at:
        yield Form(Kind.HANDLE, handle, 0, 1)
    yield Form(Kind.WORD, local, 0, 1)


def _hashtag(tag: str) -> Token:
    parts = [piece for part in parts_of(tag) for piece in _CAMEL_OR_DIGITS.split(part)] or [tag]
    forms = [Form(Kind.HASHTAG, tag, 0, len(parts)), Form(Kind.WORD, tag, 0, len(parts))]
    if len(parts) > 1:
        forms += [Form(Kind.WORD, part, offset, 1) for offset, part in enumerate(parts)]
    return Token(len(parts), tuple(forms))


def _word(word: str) -> Token:
    parts = parts_of(word) or [word]
    forms = [Form(Kind.WORD, part, offset, 1) for offset, part in enumerate(parts)]
    joined = joined_form(word)
    if len(parts) > 1 and joined:
        forms.append(Form(Kind.WORD, joined, 0, len(parts)))
    if len(parts) == 1 and word.endswith("+"):
        forms.append(Form(Kind.WORD, word, 0, 1))
    return Token(len(parts), tuple(forms))
