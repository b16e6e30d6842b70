"""Read a query text (docs/reference/queries.md is its reference page)."""

from __future__ import annotations

import re
from functools import cache
from typing import cast

import lark

from flows.queries.building import Builder
from flows.queries.errors import QueryError, Refused
from flows.queries.syntax import And, Node, Not, Or, Query

MAX_LENGTH = 20_000
MAX_DEPTH = 50

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
    except Refused as refused:
        raise QueryError(text, refused.position, refused.problem, refused.remedy) from None
    if not _is_bounded(root):
        raise QueryError(
            text,
            len(text) - len(text.lstrip()),
            "the query (or one side of an OR) only says what to leave out, so it would match nearly every post.",
            "Add what to look for, for example: zara NOT gewinnspiel",
        )
    return Query(root, text)


@cache
def _parser() -> lark.Lark:
    return lark.Lark(_GRAMMAR, parser="lalr", lexer="basic", transformer=Builder())


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
            f'Write a word, phrase or group on both sides, or "{token.value.lower()}" in quotation marks.',
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
