"""What is wrong with a query, where, and how to write it instead."""

from __future__ import annotations

import lark

from flows.errors import UsageError

SHOWN_CHARACTERS = 80


class QueryError(UsageError):
    """A query that cannot be read.

    Attributes
    ----------
    query: the text as it was given.
    position: index of the first offending character, from 0; the message shows it as a column from 1.
    problem, remedy: what is wrong, and what to write instead.
    """

    def __init__(self, query: str, position: int, problem: str, remedy: str) -> None:
        self.query = query
        self.position = position
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"column {position + 1}: {problem} {remedy}\n{self.excerpt()}")

    @property
    def column(self) -> int:
        """Where the problem starts, from 1."""
        return self.position + 1

    def excerpt(self) -> str:
        """The part of the query around the problem, with a mark under it."""
        start = max(0, self.position - SHOWN_CHARACTERS // 2)
        shown = "".join(
            " " if character.isspace() else character for character in self.query[start:][:SHOWN_CHARACTERS]
        )
        return f"    {shown}\n    {' ' * (self.position - start)}^"


class Refused(Exception):  # noqa: N818 - becomes a QueryError
    """What is wrong with one token, before the whole query is known."""

    def __init__(self, token: lark.Token, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.position = token.start_pos or 0
        self.problem = problem
        self.remedy = remedy
