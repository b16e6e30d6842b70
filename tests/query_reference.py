"""A slow, obvious reading of the query language, to compare the fast one with: post by post, position by position."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flows.queries.syntax import And, Compound, Exactness, Field, Kind, Near, Node, Not, Or, Phrase, Term

# Raw tokens as they stand in posts, and by hand the forms under which each is found: kind, text, offset, width.
WORD, TAG, HANDLE, EMOJI, LINK = "word", "hashtag", "handle", "emoji", "link"
TOKENS: dict[str, list[tuple[str, str, int, int]]] = {
    "paket": [(WORD, "paket", 0, 1)],
    "Paket": [(WORD, "Paket", 0, 1)],
    "zu": [(WORD, "zu", 0, 1)],
    "spät,": [(WORD, "spät", 0, 1)],
    "spaet": [(WORD, "spaet", 0, 1)],
    "Größe": [(WORD, "Größe", 0, 1)],
    "größe": [(WORD, "größe", 0, 1)],
    "groesse": [(WORD, "groesse", 0, 1)],
    "GROSSE": [(WORD, "GROSSE", 0, 1)],
    "„Lieferung“": [(WORD, "Lieferung", 0, 1)],
    "geliefert.": [(WORD, "geliefert", 0, 1)],
    "E-Bike": [(WORD, "E", 0, 1), (WORD, "Bike", 1, 1), (WORD, "EBike", 0, 2)],
    "ebike": [(WORD, "ebike", 0, 1)],
    "bike": [(WORD, "bike", 0, 1)],
    "e": [(WORD, "e", 0, 1)],
    "H&M": [(WORD, "H", 0, 1), (WORD, "M", 1, 1)],
    "McDonald’s": [(WORD, "McDonald", 0, 1), (WORD, "s", 1, 1), (WORD, "McDonalds", 0, 2)],
    "Disney+": [(WORD, "Disney", 0, 1), (WORD, "Disney+", 0, 1)],
    "disney": [(WORD, "disney", 0, 1)],
    "#BikeSale": [(TAG, "BikeSale", 0, 2), (WORD, "BikeSale", 0, 2), (WORD, "Bike", 0, 1), (WORD, "Sale", 1, 1)],
    "#zara": [(TAG, "zara", 0, 1), (WORD, "zara", 0, 1)],
    "@zara": [(HANDLE, "zara", 0, 1), (WORD, "zara", 0, 1)],
    "@zara@x.social": [(HANDLE, "zara@x.social", 0, 1), (HANDLE, "zara", 0, 1), (WORD, "zara", 0, 1)],
    "@user": [(WORD, "", 0, 1)],
    "[email]": [(WORD, "", 0, 1)],
    "👍🏽": [(EMOJI, "👍", 0, 1)],
    "https://www.zara.com/kids": [(LINK, "zara.com/kids", 0, 1)],
    "so\u00adfort": [(WORD, "sofort", 0, 1)],
}


@dataclass(frozen=True)
class Post:
    tokens: tuple[str, ...]
    language: str | None
    source: str
    author_key: str | None

    @property
    def text(self) -> str:
        return " ".join(self.tokens)

    def forms(self) -> list[tuple[str, str, int, int]]:
        """Kind, text, first and last position of every form."""
        found, position = [], 0
        for token in self.tokens:
            forms = TOKENS[token]
            found += [(kind, text, position + at, position + at + width - 1) for kind, text, at, width in forms if text]
            position += max(at + width for _, _, at, width in forms)
        return found


def holds(node: Node, post: Post, author_keys: dict[str, set[str]]) -> bool:  # noqa: PLR0911 - a case per kind of node
    """Whether a post matches."""
    match node:
        case And(items):
            return all(holds(item, post, author_keys) for item in items)
        case Or(items):
            return any(holds(item, post, author_keys) for item in items)
        case Not(item):
            return not holds(item, post, author_keys)
        case Field("lang", value):
            return post.language == value or (value == "und" and post.language is None)
        case Field("source", value):
            return re.fullmatch(value.replace("*", ".*"), post.source) is not None
        case Field("author", value):
            return post.author_key in author_keys.get(value, set())
        case Field("link", value):
            links = [text for kind, text, _, _ in post.forms() if kind == LINK]
            return any((link + "/").startswith(value + "/") or f".{value}/" in f".{link}/" for link in links)
        case _:
            return bool(spans(node, post))


def spans(node: Node, post: Post) -> set[tuple[int, int]]:
    """First and last position of every place where a part of a query stands."""
    match node:
        case Term():
            return {(start, end) for kind, text, start, end in post.forms() if kind == node.kind and same(node, text)}
        case Compound(_, parts, joined):
            return in_a_row(parts, post) | (spans(joined, post) if joined else set())
        case Phrase(items):
            return in_a_row(items, post)
        case Or(items):
            return set().union(*(spans(item, post) for item in items))
        case Near(items, distances):
            found = spans(items[0], post)
            for item, distance in zip(items[1:], distances, strict=True):
                found = {
                    one
                    for one in spans(item, post)
                    if any(words_between(one, other) in range(distance + 1) for other in found)
                }
            return found
        case _:
            raise TypeError(node)


def words_between(one: tuple[int, int], other: tuple[int, int]) -> int:
    """Number of words between two spans; negative when they overlap."""
    return max(one[0] - other[1], other[0] - one[1]) - 1


def in_a_row(items: tuple[Node, ...], post: Post) -> set[tuple[int, int]]:
    found = spans(items[0], post)
    for item in items[1:]:
        found = {(start, last) for start, end in found for first, last in spans(item, post) if first == end + 1}
    return found


def same(term: Term, text: str) -> bool:
    """Whether a term stands for a word of a post, by the letters that occur in TOKENS."""
    if term.kind is Kind.EMOJI or term.exactness is Exactness.AS_WRITTEN:
        return like(term.text, text)
    if term.exactness is Exactness.SPELLED:
        return like(term.text.lower(), text.lower())
    return any(like(fold(term.text, umlauts), fold(text, umlauts)) for umlauts in ("aou", ("ae", "oe", "ue")))


def fold(text: str, umlauts: str | tuple[str, ...]) -> str:
    for umlaut, letters in zip("äöü", umlauts, strict=True):
        text = text.lower().replace(umlaut, letters)
    return text.replace("ß", "ss")


def like(pattern: str, text: str) -> bool:
    expression = "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in pattern)
    return re.fullmatch(expression, text) is not None
