"""Build the tree of a query while the text is being parsed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import lark

from flows.queries.errors import Refused
from flows.queries.literals import FIELD_EXAMPLES, field_condition, literal, reserved
from flows.queries.syntax import RESERVED, And, Compound, Exactness, Near, Node, Not, Or, Phrase, Term

MAX_DISTANCE = 100


@dataclass(frozen=True)
class _Group:
    """What stood in parentheses."""

    node: Node


class Builder(lark.Transformer[lark.Token, Any]):
    """Builds the tree while the text is being parsed."""

    def start(self, children: list[Any]) -> Node:
        """The whole query."""
        return _open(children[0])

    def group(self, children: list[Any]) -> _Group:
        """A group keeps that it stood in parentheses."""
        return _Group(_open(children[0]))

    def any(self, children: list[Any]) -> Node:
        """Items joined by OR. Raises Refused when one of them could be read in two ways."""
        for number, child in enumerate(children[::2]):
            if isinstance(child, And):
                raise Refused(
                    children[max(1, 2 * number - 1)],
                    "OR stands beside AND, NOT or two words in a row, which can be read in two ways.",
                    "Put parentheses: (a OR b) NOT c, or a OR (b NOT c)",
                )
        return Or(tuple(_flat(children[::2], Or)))

    def all(self, children: list[Any]) -> Node:
        """Items joined by AND or a space."""
        return And(tuple(_flat(children, And)))

    def negated(self, children: list[Any]) -> Node:
        """An exclusion; two of them cancel out."""
        item = _open(children[0])
        return item.item if isinstance(item, Not) else Not(item)

    def near(self, children: list[Any]) -> Node:
        """A chain of NEAR. Raises Refused for operands without a place in the text."""
        for operator in children[1::2]:
            if int(operator.value[5:]) > MAX_DISTANCE:
                raise Refused(operator, f"{operator.value} is too wide.", f"Use at most NEAR/{MAX_DISTANCE}, or AND.")
        operands = [_open(child) for child in children[::2]]
        for number, operand in enumerate(operands):
            if not is_positional(operand):
                operator = children[max(1, 2 * number - 1)]
                raise Refused(
                    operator,
                    "NEAR can only stand between words, phrases and groups of these joined by OR.",
                    "Take the rest out: (a OR b) NEAR/5 c NEAR/5 d AND lang:de",
                )
        return Near(tuple(operands), tuple(int(operator.value[5:]) for operator in children[1::2]))

    def word(self, children: list[lark.Token]) -> Node:
        """A bare word. Raises Refused for operators in small letters and fields without value."""
        token = children[-1]
        if token.lower().partition("/")[0] in RESERVED and ("/" not in token or token.lower().startswith("near/")):
            raise reserved(token)
        if token.endswith(":") and token[:-1].lower() in FIELD_EXAMPLES:
            raise Refused(
                token, f"{token} has no value.", f"Write it without a space: {FIELD_EXAMPLES[token[:-1].lower()]}"
            )
        return literal(token, token.value, _exactness(children))

    def quoted(self, children: list[lark.Token]) -> Node:
        """A phrase."""
        token = children[-1]
        return literal(token, token.value[1:-1], _exactness(children))

    def field(self, children: list[lark.Token]) -> Node:
        """A condition on a column."""
        name = children[0].value[:-1].lower()
        return field_condition(children[0], name, children[1].value.strip('"').strip())


def _open(node: Any) -> Node:
    return node.node if isinstance(node, _Group) else cast("Node", node)


def _flat(children: list[Any], kind: type[And | Or]) -> list[Node]:
    nodes = [_open(child) for child in children]
    return [inner for node in nodes for inner in (node.items if isinstance(node, kind) else (node,))]  # type: ignore[union-attr]


def is_positional(node: Node) -> bool:
    """Whether a node says where in a post it matches, so that it can stand beside NEAR."""
    if isinstance(node, Or):
        return all(is_positional(item) for item in node.items)
    return isinstance(node, Term | Compound | Phrase)


def _exactness(children: list[lark.Token]) -> Exactness:
    return Exactness(len(children[0].value) if len(children) > 1 else 0)
