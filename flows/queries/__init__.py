"""The boolean query language of listening.yaml: `parse` reads a query, `match` finds the posts it matches."""

from flows.queries.errors import QueryError
from flows.queries.grammar import parse
from flows.queries.syntax import Query

__all__ = ["Query", "QueryError", "parse"]
