"""GitHub discussions, which only GraphQL tells: a listing by last update, and every comment and reply inside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any

from flows.http import PoliteClient
from flows.sources.base import Checked, Outcome, Record, SourceFailed
from flows.sources.newest_first import Listing, Position, Slice, time_in
from flows.sources.records import records_in

IDS_PER_REQUEST = 100
_POST = "id body createdAt lastEditedAt url upvoteCount author { login __typename }"
_PAGE = "totalCount pageInfo { hasNextPage endCursor }"
_REPLIES = f"replies(first: 100, after: $after) {{ {_PAGE} nodes {{ {_POST} }} }}"
_COMMENT = f"{_POST} {_REPLIES.replace(', after: $after', '')}"
_COMMENTS = f"comments(first: 50, after: $after) {{ {_PAGE} nodes {{ {_COMMENT} }} }}"
_LIST = f"""
query($owner: String!, $name: String!, $page: String) {{
  repository(owner: $owner, name: $name) {{
    discussions(first: 25, after: $page, orderBy: {{field: UPDATED_AT, direction: DESC}}) {{
      pageInfo {{ hasNextPage endCursor }}
      nodes {{ {_POST} title updatedAt {_COMMENTS.replace(", after: $after", "")} }}
    }}
  }}
}}"""
_REST = f"""
query($node: ID!, $after: String!) {{
  node(id: $node) {{ ... on Discussion {{ {_COMMENTS} }} ... on DiscussionComment {{ {_REPLIES} }} }}
}}"""
_KNOWN = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"


def discussions(client: PoliteClient, repository: str) -> Listing:
    """The discussions of a repository, the last updated first, each with its comments and replies."""
    return Listing(f"discussions of {repository}", partial(_page, client, repository), _time)


def recheck_nodes(client: PoliteClient, ids: Iterable[str]) -> Iterator[Checked]:
    """Ask for a hundred discussions and comments at a time: deleted ones are null."""
    waiting = iter(ids)
    while batch := list(islice(waiting, IDS_PER_REQUEST)):
        nodes = _ask(client, _KNOWN, {"ids": batch}).get("nodes")
        found = {node.get("id") for node in nodes if isinstance(node, dict)} if isinstance(nodes, list) else set()
        yield from (Checked(node_id, gone=None if node_id in found else "deleted") for node_id in batch)


def _page(client: PoliteClient, repository: str, position: Position) -> Slice:
    owner, _, name = repository.partition("/")
    found = _ask(client, _LIST, {"owner": owner, "name": name, "page": position}).get("repository")
    nodes, below = _connection(found, "discussions")
    return Slice([record for node in nodes for record in _tree(client, node)], below)


def _tree(client: PoliteClient, discussion: Record) -> list[Record]:
    """A discussion, its comments and their replies, each with the thread and what it answers; the discussion last.

    The discussion comes last because its time is the one by which the page is sorted.
    """
    top = discussion.get("id")
    records: list[Record] = []
    for comment in _all(client, discussion, "comments"):
        replies = [each | {"thread": top, "replyTo": comment.get("id")} for each in _all(client, comment, "replies")]
        records += [_flat(comment, "replies") | {"thread": top, "replyTo": top}, *replies]
    return [*records, _flat(discussion, "comments") | {"thread": top, "replyTo": None}]


def _flat(node: Record, inside: str) -> dict[str, Any]:
    """A node without what is inside, but with its number."""
    connection = node.get(inside)
    count = connection.get("totalCount") if isinstance(connection, dict) else None
    return {name: value for name, value in node.items() if name != inside} | {"replyCount": count}


def _all(client: PoliteClient, node: Record, inside: str) -> list[dict[str, Any]]:
    """All comments of a discussion or replies of a comment: the listing holds the first ones."""
    nodes, below = _connection(node, inside)
    while below is not None and isinstance(node.get("id"), str):
        more, after = _connection(_ask(client, _REST, {"node": node["id"], "after": below}).get("node"), inside)
        if after == below:
            raise SourceFailed(Outcome.SCHEMA_DRIFT, f"{inside}: the same page again")
        nodes, below = nodes + more, after
    return [dict(each) for each in nodes]


def _connection(holder: Any, name: str) -> tuple[list[Record], str | None]:
    connection = holder.get(name) if isinstance(holder, dict) else None
    if connection is None:
        return [], None
    page = connection.get("pageInfo") if isinstance(connection, dict) else None
    below = page.get("endCursor") if isinstance(page, dict) and page.get("hasNextPage") else None
    return records_in(connection.get("nodes") if isinstance(connection, dict) else None, name), below


def _ask(client: PoliteClient, query: str, variables: dict[str, Any]) -> dict[str, Any]:
    """The data of an answer; errors about single nodes are no failure. Raises SourceFailed."""
    answer, _ = client.post_json("/graphql", {"query": query, "variables": variables})
    data, errors = (answer.get("data"), answer.get("errors")) if isinstance(answer, dict) else (None, None)
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    if first.get("type") == "RATE_LIMITED":
        raise SourceFailed(Outcome.RATE_LIMITED, "/graphql: no points are left in this hour")
    is_missing = isinstance(data, dict) and "repository" in data and data["repository"] is None
    if is_missing or first.get("type") in ("FORBIDDEN", "INSUFFICIENT_SCOPES"):
        raise SourceFailed(
            Outcome.ACCESS_LOST, f"/graphql: {variables.get('owner')}/{variables.get('name')} cannot be seen"
        )
    if not isinstance(data, dict):
        raise SourceFailed(Outcome.SCHEMA_DRIFT, "/graphql: an object with `data` was expected")
    return data


def _time(record: Record) -> datetime | None:
    return time_in(record.get("updatedAt"))
