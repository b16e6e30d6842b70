"""The boolean query language of listening.yaml (docs/reference/queries.md).

`parse` reads a query, `match` finds the posts that queries match.
"""

from flows.queries.errors import QueryError
from flows.queries.grammar import parse
from flows.queries.matching import match
from flows.queries.syntax import MEANING, Query

__all__ = ["MEANING", "Query", "QueryError", "match", "parse"]
