"""A local Reddit: tokens for apps, listings of things with `after`, `/api/info`, and X-Ratelimit headers in seconds."""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime
from typing import Any

from flows.demo.platforms.server import Answer, PlatformServer, Request, json_answer

APP, SECRET, TOKEN = "app-id", "app-secret", "app-token"


def post(name: str, created: datetime, /, **fields: Any) -> dict[str, Any]:
    """A thing of kind t3 in r/ebikes."""
    data = {
        "approved_at_utc": None,
        "subreddit": "ebikes",
        "selftext": "It &amp; I went far.",
        "author_fullname": "t2_1abc",
        "title": f"Velumo range {name}",
        "name": f"t3_{name}",
        "id": name,
        "author": "Anna_B",
        "score": 12,
        "ups": 12,
        "upvote_ratio": 0.93,
        "hide_score": False,
        "num_comments": 4,
        "num_crossposts": 1,
        "edited": False,
        "is_self": True,
        "url": f"https://www.reddit.com/r/ebikes/comments/{name}/velumo/",
        "permalink": f"/r/ebikes/comments/{name}/velumo/",
        "created": created.timestamp(),
        "created_utc": created.timestamp(),
        "removed_by_category": None,
        "subreddit_subscribers": 90_000,
        "stickied": False,
    }
    return {"kind": "t3", "data": data | fields}


def comment(name: str, created: datetime, /, **fields: Any) -> dict[str, Any]:
    """A thing of kind t1 that answers the post t3_p1."""
    data = {
        "subreddit": "ebikes",
        "replies": "",
        "id": name,
        "name": f"t1_{name}",
        "author": "Ben",
        "author_fullname": "t2_2abc",
        "body": "Mine too.",
        "link_id": "t3_p1",
        "parent_id": "t3_p1",
        "score": -3,
        "score_hidden": False,
        "edited": False,
        "permalink": f"/r/ebikes/comments/p1/velumo/{name}/",
        "created_utc": created.timestamp(),
        "stickied": False,
    }
    return {"kind": "t1", "data": data | fields}


class RedditServer(PlatformServer):
    """Serves things, the newest first; a listing ends after `cap` of them, a period has `left` requests."""

    def __init__(self, posts: list[dict[str, Any]], comments: list[dict[str, Any]], *, cap: int = 1_000) -> None:
        super().__init__()
        self.posts = posts
        self.comments = comments
        self.cap = cap
        self.left = 600.0

    def answer(self, request: Request) -> Answer:
        """Route one request."""
        if request.path == "/api/v1/access_token":
            proof = "Basic " + b64encode(f"{APP}:{SECRET}".encode()).decode()
            if request.method != "POST" or request.headers.get("authorization") != proof:
                return json_answer({"message": "Unauthorized", "error": 401}, 401)
            return json_answer({"access_token": TOKEN, "token_type": "bearer", "expires_in": 86_400, "scope": "*"})
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return json_answer({"message": "Unauthorized", "error": 401}, 401)
        self.left -= 1
        limits = {"X-Ratelimit-Remaining": f"{self.left:.1f}", "X-Ratelimit-Used": "1", "X-Ratelimit-Reset": "90"}
        match request.path.strip("/").split("/"):
            case ["r", "ebikes", "new"]:
                found = self._listing(self.posts, request)
            case ["r", "ebikes", "comments"]:
                found = self._listing(self.comments, request)
            case ["search"]:
                word = request.value("q").lower()
                found = self._listing(
                    [each for each in self.posts if word in str(each["data"]["title"]).lower()], request
                )
            case ["api", "info"]:
                names = request.value("id").split(",")
                found = self._wrapped(
                    [each for each in self.posts + self.comments if each["data"]["name"] in names], None
                )
            case _:
                return json_answer({"message": "Not Found", "error": 404}, 404, limits)
        return json_answer(found, headers=limits)

    def _listing(self, things: list[dict[str, Any]], request: Request) -> dict[str, Any]:
        newest = sorted(things, key=lambda each: float(each["data"]["created_utc"]), reverse=True)[: self.cap]
        names = [each["data"]["name"] for each in newest]
        start = names.index(request.value("after")) + 1 if request.value("after") else 0
        page = newest[start : start + int(request.value("limit", "25"))]
        more = start + len(page) < len(newest)
        return self._wrapped(page, page[-1]["data"]["name"] if more else None)

    @staticmethod
    def _wrapped(things: list[dict[str, Any]], after: str | None) -> dict[str, Any]:
        return {"kind": "Listing", "data": {"after": after, "dist": len(things), "children": things, "before": None}}
