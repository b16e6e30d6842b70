"""A local GitHub: issues and comments by last change with `Link`, `ETag` and limits; search; discussions by GraphQL."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from flows.demo.platforms.server import Answer, PlatformServer, Request, json_answer

API = "https://api.github.com"
USER = {"login": "Anna", "id": 1, "type": "User", "html_url": "https://github.com/Anna"}
TOKEN = "gh-token"


def stamp(moment: datetime) -> str:
    """A time as GitHub writes it."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def issue(number: int, updated: datetime, *, repository: str = "velumo/app", **fields: Any) -> dict[str, Any]:
    """An issue."""
    return {
        "url": f"{API}/repos/{repository}/issues/{number}",
        "html_url": f"https://github.com/{repository}/issues/{number}",
        "id": 1_000 + number,
        "node_id": f"I_{number}",
        "number": number,
        "title": f"Velumo {number} does not connect",
        "user": USER,
        "state": "open",
        "comments": 2,
        "created_at": stamp(updated),
        "updated_at": stamp(updated),
        "author_association": "NONE",
        "body": "<!-- describe -->\nIt beeps.",
        "reactions": {"total_count": 4, "+1": 3, "-1": 1},
    } | fields


def comment(number: int, updated: datetime, *, on: int = 1, **fields: Any) -> dict[str, Any]:
    """A comment on an issue."""
    return {
        "url": f"{API}/repos/velumo/app/issues/comments/{number}",
        "html_url": f"https://github.com/velumo/app/issues/{on}#issuecomment-{number}",
        "issue_url": f"{API}/repos/velumo/app/issues/{on}",
        "id": number,
        "user": {"login": "velumo-bot[bot]", "type": "Bot"},
        "created_at": stamp(updated),
        "updated_at": stamp(updated),
        "body": "Same here.",
        "reactions": None,
    } | fields


def node(node_id: str, created: datetime, **fields: Any) -> dict[str, Any]:
    """A discussion, comment or reply as GraphQL tells it."""
    return {
        "id": node_id,
        "body": "How far does it go?",
        "createdAt": stamp(created),
        "lastEditedAt": None,
        "url": f"https://github.com/velumo/app/discussions/1#{node_id}",
        "upvoteCount": 2,
        "author": {"login": "Anna", "__typename": "User"},
    } | fields


class GitHubServer(PlatformServer):
    """Serves issues, comments and discussions (with their comments and replies under these names)."""

    def __init__(self, issues: list[dict[str, Any]], comments: list[dict[str, Any]], *, page_size: int = 100) -> None:
        super().__init__()
        self.issues = issues
        self.comments = comments
        self.discussions: list[dict[str, Any]] = []
        self.page_size = page_size
        self.left = 5_000

    def answer(self, request: Request) -> Answer:
        """Route one request."""
        limits = {"X-RateLimit-Remaining": str(self.left), "X-RateLimit-Reset": "4000000000"}
        if self.left <= 0:
            return json_answer({"message": "API rate limit exceeded"}, 403, limits)
        self.left -= 1
        if request.path == "/graphql":
            return self._graphql(request)
        if request.path == "/search/issues":
            words, low = request.value("q").lower().split(), request.value("q").partition("updated:>=")[2]
            found = [each for each in self.issues if words[0] in each["title"].lower()]
            return self._page(request, found, low, wrap=True)
        if request.path == "/repos/velumo/app/issues":
            return self._page(
                request, [each for each in self.issues if "/velumo/app/" in each["url"]], request.value("since")
            )
        if request.path == "/repos/velumo/app/issues/comments":
            return self._page(request, self.comments, request.value("since"))
        single = [each for each in self.issues + self.comments if each["url"] == API + request.path]
        return json_answer(single[0]) if single else json_answer({"message": "Not Found"}, 404)

    def _page(self, request: Request, items: list[dict[str, Any]], low: str, *, wrap: bool = False) -> Answer:
        number = int(request.value("page", "1"))
        found = sorted((each for each in items if each["updated_at"] >= low), key=lambda each: str(each["updated_at"]))
        page = found[(number - 1) * self.page_size : number * self.page_size]
        more = number * self.page_size < len(found)
        tag = f'W/"{hash(json.dumps(page))}"'
        if request.headers.get("if-none-match") == tag:
            return Answer(304, {"ETag": tag})
        headers = {"ETag": tag} | (
            {"Link": f'<{self.url}{request.path}?page={number + 1}>; rel="next"'} if more else {}
        )
        return json_answer({"total_count": len(found), "items": page} if wrap else page, headers=headers)

    def _graphql(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return json_answer({"message": "Bad credentials"}, 401)
        asked = json.loads(request.body)["variables"]
        every = {each["id"]: each for each in self._walk(self.discussions)}
        if "ids" in asked:
            nodes = [{"id": each} if each in every else None for each in asked["ids"]]
            return json_answer({"data": {"nodes": nodes}, "errors": [{"type": "NOT_FOUND"}] if None in nodes else []})
        if "node" in asked:
            whole = every[asked["node"]]
            inside = "comments" if "comments" in whole else "replies"
            return json_answer({"data": {"node": {inside: self._connection(whole[inside], asked["after"])}}})
        if (asked["owner"], asked["name"]) != ("velumo", "app"):
            return json_answer({"data": {"repository": None}, "errors": [{"type": "NOT_FOUND"}]})
        newest = sorted(self.discussions, key=lambda each: str(each["updatedAt"]), reverse=True)
        return json_answer({"data": {"repository": {"discussions": self._connection(newest, asked["page"])}}})

    def _connection(self, nodes: list[dict[str, Any]], after: str | None, size: int = 3) -> dict[str, Any]:
        start = int(after or 0)
        page = [
            each | {name: self._connection(each[name], None) for name in ("comments", "replies") if name in each}
            for each in nodes[start : start + size]
        ]
        info = {"hasNextPage": start + size < len(nodes), "endCursor": str(start + size)}
        return {"totalCount": len(nodes), "pageInfo": info, "nodes": page}

    def _walk(self, nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
        inner = [each for one in nodes for each in one.get("comments", []) + one.get("replies", [])]
        return nodes + (self._walk(inner) if inner else [])
