"""A local Lemmy instance, as the interface /api/v3 of Lemmy 0.19 answers.

Follows join-lemmy.org's documentation: posts by page cursor, comments and search by page number, at most 50 a page,
errors as `{"error": name}`, deleted content emptied and marked.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flows.demo.platforms.server import Answer, PlatformServer, Request, json_answer

HOME = "https://feddit.example"


def post(number: int, published: datetime, name: Any = "", **fields: Any) -> dict[str, Any]:
    """A PostView; `fields` replace those of its post."""
    content = {
        "id": number,
        "name": name or f"Post {number}",
        "creator_id": 7,
        "community_id": 3,
        "removed": False,
        "locked": False,
        "published": f"{published:%Y-%m-%dT%H:%M:%S.%f}Z",
        "deleted": False,
        "nsfw": False,
        "ap_id": f"{HOME}/post/{number}",
        "local": True,
        "language_id": 32,
        "featured_community": False,
        "featured_local": False,
    }
    counts = {"post_id": number, "comments": 2, "score": 4, "upvotes": 5, "downvotes": 1}
    return {"post": content | fields, **_around(), "counts": counts, "unread_comments": 2}


def comment(number: int, published: datetime, path: str = "", **fields: Any) -> dict[str, Any]:
    """A CommentView of post 1; `path` is that of its ancestors, such as 0.5."""
    content = {
        "id": number,
        "creator_id": 7,
        "post_id": 1,
        "content": f"Comment {number}",
        "removed": False,
        "published": f"{published:%Y-%m-%dT%H:%M:%S.%f}Z",
        "deleted": False,
        "ap_id": f"{HOME}/comment/{number}",
        "local": True,
        "path": f"{path or '0'}.{number}",
        "distinguished": False,
        "language_id": 0,
    }
    counts = {"comment_id": number, "score": 2, "upvotes": 3, "downvotes": 1, "child_count": 1}
    return {"comment": content | fields, "post": {"id": 1, "name": "Post 1"}, **_around(), "counts": counts}


def _around() -> dict[str, Any]:
    creator = {"id": 7, "name": "Anna", "banned": False, "actor_id": f"{HOME}/u/Anna", "local": True, "deleted": False}
    community = {"id": 3, "name": "ebike", "title": "E-Bike", "actor_id": f"{HOME}/c/ebike"}
    return {"creator": creator | {"bot_account": False}, "community": community, "subscribed": "NotSubscribed"}


def hours_apart(now: datetime, count: int) -> list[datetime]:
    """Times up to now, the newest first."""
    return [now - timedelta(hours=number) for number in range(count)]


class LemmyServer(PlatformServer):
    """Serves views that a test adds to and changes, the newest first."""

    def __init__(self, posts: list[dict[str, Any]], comments: list[dict[str, Any]]) -> None:
        super().__init__()
        self.views = {"post": posts, "comment": comments}

    def answer(self, request: Request) -> Answer:
        """Route one request."""
        match request.path.strip("/").split("/"):
            case ["api", "v3", "site"]:
                return json_answer({"all_languages": [{"id": 0, "code": "und"}, {"id": 32, "code": "de"}]})
            case ["api", "v3", "post", "list"]:
                return self._posts(request)
            case ["api", "v3", "comment", "list"]:
                return json_answer({"comments": self._numbered("comment", request)})
            case ["api", "v3", "search"]:
                kind = request.value("type_").lower().removesuffix("s")
                found = self._numbered(kind, request, request.value("q").lower())
                return json_answer({"type_": request.value("type_"), "posts": [], "comments": [], f"{kind}s": found})
            case ["api", "v3", "post" | "comment" as kind]:
                return self._single(kind, request.value("id"))
        return json_answer({"error": "not_found"}, 404)

    def _single(self, kind: str, number: str) -> Answer:
        views = [view for view in self.views[kind] if str(view[kind]["id"]) == number]
        return json_answer(
            {f"{kind}_view": views[0]} if views else {"error": f"couldnt_find_{kind}"}, 200 if views else 404
        )

    def _newest_first(self, kind: str) -> list[dict[str, Any]]:
        return sorted(self.views[kind], key=lambda view: str(view[kind]["published"]), reverse=True)

    def _posts(self, request: Request) -> Answer:
        limit, views = int(request.value("limit", "10")), self._newest_first("post")
        below = int(request.value("page_cursor", "P0").removeprefix("P"), 16)
        ids = [view["post"]["id"] for view in views]
        start = ids.index(below) + 1 if below else 0
        page = views[start : start + limit]
        last = {"next_page": f"P{page[-1]['post']['id']:x}"} if page else {}
        return json_answer({"posts": page, **last})

    def _numbered(self, kind: str, request: Request, word: str = "") -> list[dict[str, Any]]:
        limit, number = int(request.value("limit", "10")), int(request.value("page", "1"))
        text = "name" if kind == "post" else "content"
        views = [view for view in self._newest_first(kind) if word in str(view[kind][text]).lower()]
        return views[(number - 1) * limit : number * limit]
