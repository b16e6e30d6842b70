"""A query as a tree. `str()` of any part is a query text that parses to the same part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

RESERVED = frozenset({"and", "or", "not", "near", "und", "oder"})
"""Words that must stand in quotation marks to be searched for (in any case)."""


MEANING = 1
"""Raise it whenever the same query finds other posts than before: all posts are then matched again."""


class Kind(StrEnum):
    """What a term is compared with. A word also finds the hashtag and the handle of that name."""

    WORD = "word"
    HASHTAG = "hashtag"
    HANDLE = "handle"
    EMOJI = "emoji"


class Exactness(IntEnum):
    """How many `=` stand before a term."""

    FOLDED = 0
    """Case, umlauts and accents do not matter."""
    SPELLED = 1
    """Umlauts and accents matter, case does not."""
    AS_WRITTEN = 2
    """Every character matters."""


@dataclass(frozen=True)
class Term:
    """One word, hashtag, handle or emoji; words and hashtags may hold the wildcards `*` and `?`."""

    kind: Kind
    text: str
    exactness: Exactness = Exactness.FOLDED

    @property
    def is_pattern(self) -> bool:
        """Whether there is a wildcard in it."""
        return "*" in self.text or "?" in self.text

    @property
    def bare(self) -> str:
        """As it stands inside quotation marks."""
        return {Kind.HASHTAG: "#", Kind.HANDLE: "@"}.get(self.kind, "") + self.text

    def __str__(self) -> str:
        quote = '"' if self.text.lower() in RESERVED and self.kind is Kind.WORD else ""
        return "=" * self.exactness + quote + self.bare + quote


@dataclass(frozen=True)
class Compound:
    """A word with hyphens, apostrophes, dots or `&` in it: its parts in a row, or (if there is one) the joined word."""

    text: str
    parts: tuple[Term, ...]
    joined: Term | None

    @property
    def bare(self) -> str:
        """As it stands inside quotation marks."""
        return self.text

    def __str__(self) -> str:
        return "=" * self.parts[0].exactness + self.text


@dataclass(frozen=True)
class Phrase:
    """Terms that follow one another."""

    items: tuple[Term | Compound, ...]

    def __str__(self) -> str:
        first = self.items[0]
        exactness = (first.parts[0] if isinstance(first, Compound) else first).exactness
        return "=" * exactness + '"' + " ".join(item.bare for item in self.items) + '"'


@dataclass(frozen=True)
class Near:
    """A chain of items, each near the one before it, in any order.

    `distances[i]` is the largest number of words between `items[i]` and `items[i + 1]`.
    """

    items: tuple[Node, ...]
    distances: tuple[int, ...]

    def __str__(self) -> str:
        text = _grouped(self.items[0], Or)
        for item, distance in zip(self.items[1:], self.distances, strict=True):
            text += f" NEAR/{distance} {_grouped(item, Or)}"
        return text


@dataclass(frozen=True)
class Field:
    """A condition on a column: `lang`, `source`, `author`, or `link` (a link in the text)."""

    name: str
    value: str

    def __str__(self) -> str:
        return f"{self.name}:{self.value}"


@dataclass(frozen=True)
class Not:
    """Posts that the item does not match."""

    item: Node

    def __str__(self) -> str:
        return f"NOT {_grouped(self.item, Or, And)}"


@dataclass(frozen=True)
class And:
    """Posts that all items match."""

    items: tuple[Node, ...]

    def __str__(self) -> str:
        return " AND ".join(_grouped(item, Or) for item in self.items)


@dataclass(frozen=True)
class Or:
    """Posts that at least one item matches."""

    items: tuple[Node, ...]

    def __str__(self) -> str:
        return " OR ".join(_grouped(item, And) for item in self.items)


Node = Term | Compound | Phrase | Near | Field | Not | And | Or


def _grouped(node: Node, *looser: type[Node]) -> str:
    return f"({node})" if isinstance(node, looser) else str(node)


@dataclass(frozen=True)
class Query:
    """A parsed query. Two queries are equal when their trees are, however they were written."""

    root: Node
    text: str = field(default="", compare=False)
    """As the user wrote it."""

    def __str__(self) -> str:
        return str(self.root)

    def nodes(self) -> Iterator[Node]:
        """Every part of the tree, the root first."""
        waiting: list[Node] = [self.root]
        while waiting:
            node = waiting.pop()
            yield node
            match node:
                case Not(item):
                    waiting.append(item)
                case And(items) | Or(items) | Near(items, _) | Phrase(items):
                    waiting.extend(reversed(items))
                case Compound(_, parts, joined):
                    waiting.extend((*parts, joined) if joined else parts)
                case _:
                    pass

    def asks_for(self, field_name: str) -> bool:
        """Whether a field of that name occurs in the query."""
        return any(isinstance(node, Field) and node.name == field_name for node in self.nodes())

    @property
    def handles(self) -> frozenset[str]:
        """Handles in the query, lower-case, without the @; those of one server also without the server."""
        handles = {node.text.lower() for node in self.nodes() if isinstance(node, Term) and node.kind is Kind.HANDLE}
        return frozenset(handles | {handle.partition("@")[0] for handle in handles})
