"""Read a query text (docs/reference/queries.md is its reference page)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import lark
import polars as pl

from flows.queries.errors import QueryError
from flows.queries.syntax import (
    RESERVED,
    And,
    Compound,
    Exactness,
    Field,
    Kind,
    Near,
    Node,
    Not,
    Or,
    Phrase,
    Query,
    Term,
)
from flows.queries.tokens import Writing, cut, emoji_form, is_emoji, joined_form, link_form, parts_of

MAX_DISTANCE = 100
MAX_LENGTH = 20_000
MAX_DEPTH = 50
FIELDS = ("lang", "source", "author", "link")

_GRAMMAR = r"""
    start: any
    ?any: all (OR all)*
    ?all: no (_AND? no)*
    ?no: _NOT no -> negated
       | _MINUS no -> negated
       | near
    ?near: operand (NEAR operand)*
    ?operand: _LPAR any _RPAR -> group
            | EXACT? WORD -> word
            | EXACT? QUOTED -> quoted
            | FIELD (WORD | QUOTED) -> field
    OR.3: /OR(?![^\s()"])/
    _AND.3: /AND(?![^\s()"])/
    _NOT.3: /NOT(?![^\s()"])/
    NEAR.3: /NEAR\/\d+(?![^\s()"])/
    _MINUS.3: /-(?=[^\s)])/
    EXACT.3: /={1,2}(?=[^\s()=])/
    FIELD.3: /(?!https?:\/\/)[^\W\d_]\w*:(?=[^\s()])/
    _LPAR: "("
    _RPAR: ")"
    QUOTED: /"[^"]*"/
    WORD: /[^\s()"]+/
    %ignore /\s+/
"""
_BINARY = {"OR", "_AND", "NEAR"}
_TYPED_QUOTES = str.maketrans("„“”»«–—\u00a0", '"""""-- ')
"""What word processors make of quotation marks, hyphens and spaces; one character for one."""


def parse(text: str) -> Query:
    """Read a query.

    Raises QueryError with the position and the remedy.
    """
    if not text.strip():
        raise QueryError(text, 0, "the query is empty.", 'Write what to look for, for example: zara OR "zara home"')
    if len(text) > MAX_LENGTH:
        raise QueryError(
            text, MAX_LENGTH, f"the query has {len(text)} characters.", f"Use at most {MAX_LENGTH}, or wildcards."
        )
    plain = text.translate(_TYPED_QUOTES)
    _check_brackets(text, plain)
    try:
        root = cast("Node", _parser().parse(plain, on_error=None))
    except lark.UnexpectedToken as error:
        raise _misplaced(text, error) from None
    except _Refused as refused:
        raise QueryError(text, refused.position, refused.problem, refused.remedy) from None
    if not _is_bounded(root):
        raise QueryError(
            text,
            len(text) - len(text.lstrip()),
            "the query (or one side of an OR) only says what to leave out, so it would match nearly every post.",
            "Add what to look for, for example: zara NOT gewinnspiel",
        )
    return Query(root, text)


class _Refused(Exception):  # noqa: N818 - becomes a QueryError
    def __init__(self, token: lark.Token, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.position = token.start_pos or 0
        self.problem = problem
        self.remedy = remedy


@cache
def _parser() -> lark.Lark:
    return lark.Lark(_GRAMMAR, parser="lalr", lexer="basic", transformer=_Builder())


def _check_brackets(text: str, plain: str) -> None:
    """Raise QueryError for parentheses and quotation marks without a partner, or nested too deep."""
    if plain.count('"') % 2:
        raise QueryError(text, plain.rindex('"'), 'this " has no partner.', 'Put a " before and after every phrase.')
    waiting: list[int] = []
    for bracket in re.finditer(r'"[^"]*"|[()]', plain):
        if bracket.group() == "(":
            waiting.append(bracket.start())
            if len(waiting) > MAX_DEPTH:
                raise QueryError(text, bracket.start(), f"more than {MAX_DEPTH} parentheses are open.", "Simplify it.")
        elif bracket.group() == ")":
            if not waiting:
                raise QueryError(text, bracket.start(), "this ) closes nothing.", "Remove it, or add a ( before it.")
            if not plain[waiting.pop() + 1 : bracket.start()].strip():
                raise QueryError(text, bracket.start(), "there is nothing between ( and ).", "Fill or remove them.")
    if waiting:
        raise QueryError(text, waiting[-1], "this ( is never closed.", "Add a ) where the group ends.")


def _misplaced(text: str, error: lark.UnexpectedToken) -> QueryError:
    """Say which operator lacks an operand."""
    token = error.token
    name = "NEAR/n" if token.type == "NEAR" else token.type.strip("_")
    if token.type in _BINARY:
        return QueryError(
            text,
            token.start_pos or 0,
            f"{name} has nothing to its left.",
            f'Write a word, phrase or group on both sides, or "{token.value.lower()}" in quotation marks to look for it.',
        )
    if token.type in {"_NOT", "_MINUS"}:
        return QueryError(
            text, token.start_pos or 0, "NEAR cannot have a negation beside it.", "Write it outside: (a NEAR/5 b) NOT c"
        )
    position = len(text.rstrip()) - 1 if token.type == "$END" else (token.start_pos or 0)
    return QueryError(
        text,
        max(position, 0),
        "the operator before this place has nothing to its right.",
        "Write a word, phrase or group after it.",
    )


def _is_bounded(node: Node, *, negated: bool = False) -> bool:
    """Whether the posts that match (negated: do not match) must contain something named in the query."""
    match node:
        case Not(item):
            return _is_bounded(item, negated=not negated)
        case And(items):
            return (all if negated else any)(_is_bounded(item, negated=negated) for item in items)
        case Or(items):
            return (any if negated else all)(_is_bounded(item, negated=negated) for item in items)
        case _:
            return not negated


@dataclass(frozen=True)
class _Group:
    """What stood in parentheses."""

    node: Node


class _Builder(lark.Transformer):  # type: ignore[type-arg]
    """Builds the tree while the text is being parsed."""

    def start(self, children: list[Any]) -> Node:
        return _open(children[0])

    def group(self, children: list[Any]) -> _Group:
        return _Group(_open(children[0]))

    def any(self, children: list[Any]) -> Node:
        for number, child in enumerate(children[::2]):
            if isinstance(child, And):
                raise _Refused(
                    children[max(1, 2 * number - 1)],
                    "OR stands beside AND, NOT or two words in a row, which can be read in two ways.",
                    "Put parentheses: (a OR b) NOT c, or a OR (b NOT c)",
                )
        return Or(tuple(_flat(children[::2], Or)))

    def all(self, children: list[Any]) -> Node:
        return And(tuple(_flat(children, And)))

    def negated(self, children: list[Any]) -> Node:
        item = _open(children[0])
        return item.item if isinstance(item, Not) else Not(item)

    def near(self, children: list[Any]) -> Node:
        for operator in children[1::2]:
            if int(operator.value[5:]) > MAX_DISTANCE:
                raise _Refused(operator, f"{operator.value} is too wide.", f"Use at most NEAR/{MAX_DISTANCE}, or AND.")
        operands = [_open(child) for child in children[::2]]
        for number, operand in enumerate(operands):
            if not is_positional(operand):
                operator = children[max(1, 2 * number - 1)]
                raise _Refused(
                    operator,
                    "NEAR can only stand between words, phrases and groups of these joined by OR.",
                    "Take the rest out: (a OR b) NEAR/5 c NEAR/5 d AND lang:de",
                )
        return Near(tuple(operands), tuple(int(operator.value[5:]) for operator in children[1::2]))

    def word(self, children: list[lark.Token]) -> Node:
        token = children[-1]
        if token.lower().partition("/")[0] in RESERVED and ("/" not in token or token.lower().startswith("near/")):
            raise _reserved(token)
        if token.endswith(":") and token[:-1].lower() in FIELDS:
            raise _Refused(
                token, f"{token} has no value.", f"Write it without a space: {_EXAMPLES[token[:-1].lower()]}"
            )
        return _literal(token, token.value, _exactness(children))

    def quoted(self, children: list[lark.Token]) -> Node:
        token = children[-1]
        return _literal(token, token.value[1:-1], _exactness(children))

    def field(self, children: list[lark.Token]) -> Node:
        name = children[0].value[:-1].lower()
        return _field(children[0], name, children[1].value.strip('"').strip())


def _open(node: Any) -> Node:
    return node.node if isinstance(node, _Group) else cast("Node", node)


def _flat(children: list[Any], kind: type[And | Or]) -> list[Node]:
    nodes = [_open(child) for child in children]
    return [inner for node in nodes for inner in (node.items if isinstance(node, kind) else (node,))]


def is_positional(node: Node) -> bool:
    """Whether a node says where in a post it matches, so that it can stand beside NEAR."""
    if isinstance(node, Or):
        return all(is_positional(item) for item in node.items)
    return isinstance(node, Term | Compound | Phrase)


def _exactness(children: list[lark.Token]) -> Exactness:
    return Exactness(len(children[0].value) if len(children) > 1 else 0)


def _reserved(token: lark.Token) -> _Refused:
    word = token.value
    if word.lower().startswith("near"):
        return _Refused(
            token, f"{word} lacks its distance.", 'Write NEAR/5 for at most 5 words between, or "near" to look for it.'
        )
    operator = {"und": "AND", "oder": "OR"}.get(word.lower(), word.upper())
    return _Refused(
        token,
        f"{word} is neither an operator nor surely a word.",
        f'Write {operator} in capitals to combine, or put the word (or the phrase around it) in quotation marks: "{word}"',
    )


def _literal(token: lark.Token, text: str, exactness: Exactness) -> Node:
    """Turn a word or the inside of quotation marks into a term, a compound, or a phrase of them."""
    raws = cut(pl.Series([text], dtype=pl.String), Writing.QUERY)[0].to_list()
    if not raws:
        raise _Refused(
            token, f"there is nothing to look for in {token.value}.", "Write a word, hashtag, handle or emoji."
        )
    items = tuple(_item(token, raw, exactness) for raw in raws)
    return items[0] if len(items) == 1 else Phrase(items)


def _item(token: lark.Token, raw: str, exactness: Exactness) -> Term | Compound:
    if re.match(r"https?://|www\.", raw, re.IGNORECASE):
        raise _Refused(token, "links are not looked for as words.", f"Write link:{link_form(raw)}")
    if raw.startswith("@"):
        if raw.endswith("*"):
            raise _Refused(
                token,
                "a handle cannot have a wildcard, because handles nobody names are removed from posts before storing.",
                "Name every handle: @zara OR @zarahome",
            )
        return Term(Kind.HANDLE, raw[1:], exactness)
    if raw.startswith("#"):
        return _term(token, Kind.HASHTAG, raw[1:], exactness)
    if is_emoji(raw):
        return Term(Kind.EMOJI, emoji_form(raw), Exactness.FOLDED)
    parts = parts_of(raw)
    if len(parts) <= 1:
        return _term(token, Kind.WORD, raw if raw.endswith("+") else (parts or [raw])[0], exactness)
    joined = joined_form(raw)
    return Compound(
        raw,
        tuple(_term(token, Kind.WORD, part, exactness) for part in parts),
        _term(token, Kind.WORD, joined, exactness) if joined else None,
    )


def _term(token: lark.Token, kind: Kind, text: str, exactness: Exactness) -> Term:
    text = re.sub(r"\*+", "*", text)
    if "*" in text and len(re.sub(r"[*?]", "", text)) < 2:
        raise _Refused(
            token,
            f"a wildcard needs at least two letters beside it, {text} has fewer.",
            "Write more of the word, or use NEAR/n for any word between two others.",
        )
    return Term(kind, text, exactness)


def _field(token: lark.Token, name: str, value: str) -> Field:
    if name not in FIELDS:
        known = ", ".join(FIELDS)
        remedy = f"Known fields: {known}. To look for the text itself, put it in quotation marks."
        raise _Refused(token, f"there is no field {name}.", remedy)
    if name == "link":
        value = link_form(value)
    elif name == "author":
        value = value.lstrip("@")
    else:
        value = value.lower()
    if not value or ("*" in value and name != "source"):
        raise _Refused(token, f"{name}: needs a value without wildcards.", f"Write for example {_EXAMPLES[name]}")
    if not re.fullmatch(_VALUES[name], value):
        raise _Refused(token, f"{value} cannot be a value of {name}:.", f"Write for example {_EXAMPLES[name]}")
    return Field(name, value)


_EXAMPLES = {"lang": "lang:de", "source": "source:mastodon", "author": "author:@zara", "link": "link:zara.com/kids"}
_VALUES = {
    "lang": r"[a-z]{2,3}",
    "source": r"[a-z0-9_*-]+",
    "author": r'[^\s()"]+',
    "link": r'[^\s()"]+',
}
