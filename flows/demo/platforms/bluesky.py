"""A local Bluesky: sign-in, search and posts as `bsky.social` answers them, fed by the same network as the stream.

Follows the lexicons of atproto (`com.atproto.server.*Session`, `app.bsky.feed.searchPosts`, `app.bsky.feed.getPosts`,
`app.bsky.actor.getProfile`):
`since` inclusive and `until` exclusive on `sortAt`, cursors that die after a number of posts, JSON errors with names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from flows.demo.platforms.server import Answer, PlatformServer, Request, json_answer

POST = "app.bsky.feed.post"


@dataclass(frozen=True)
class BlueskyPost:
    """A post; `did` names its author, `root` and `parent` the addresses of posts that it answers."""

    did: str
    text: str
    created_at: datetime
    key: str = ""
    indexed_at: datetime | None = None
    langs: tuple[str, ...] = ()
    root: str = ""
    parent: str = ""
    facets: tuple[dict[str, Any], ...] = ()
    like_count: int = 0
    repost_count: int = 0
    reply_count: int = 0
    overrides: dict[str, Any] = field(default_factory=dict)
    """Fields of the record to replace, to send what a healthy network would not."""

    @property
    def uri(self) -> str:
        """The address of the record."""
        return f"at://{self.did}/{POST}/{self.key}"

    @property
    def sort_at(self) -> datetime:
        """The time that search goes by."""
        return min(self.created_at, self.indexed_at or self.created_at)

    @property
    def record(self) -> dict[str, Any]:
        """The record as the author's server keeps it."""
        made: dict[str, Any] = {"$type": POST, "text": self.text, "createdAt": written(self.created_at)}
        made |= {"langs": list(self.langs)} if self.langs else {}
        made |= {"facets": list(self.facets)} if self.facets else {}
        if self.parent:
            made["reply"] = {
                "root": {"cid": "bafyroot", "uri": self.root or self.parent},
                "parent": {"cid": "bafyparent", "uri": self.parent},
            }
        return made | self.overrides


class BlueskyServer(PlatformServer):
    """Serves posts that can be added and deleted while it runs, to whoever signs in as `handle` with `password`.

    Sessions last until `expire`; a search's cursor dies after `cursor_limit` posts; `accounts` holds the state of those
    that are deleted, takendown or deactivated.
    """

    def __init__(self, *, handle: str = "listener.example.org", password: str = "", cursor_limit: int = 10_000) -> None:
        super().__init__()
        self.handle = handle
        self.password = password
        self.cursor_limit = cursor_limit
        self.posts: dict[str, BlueskyPost] = {}
        self.accounts: dict[str, str] = {}
        self._session = 0
        self._is_refreshable = True

    def add(self, post: BlueskyPost) -> str:
        """Publish a post and return its address."""
        with self.lock:
            made = replace(post, key=post.key or f"3l{len(self.posts):011d}")
            self.posts[made.uri] = made
            return made.uri

    def delete(self, uri: str) -> None:
        """Delete a post: nothing shows it any more."""
        with self.lock:
            del self.posts[uri]

    def expire(self, *, refreshable: bool = True) -> None:
        """End the access tokens that were given out, and the refresh tokens if they are not `refreshable`."""
        with self.lock:
            self._session += 1
            self._is_refreshable = refreshable

    def answer(self, request: Request) -> Answer:
        """Route one request."""
        match request.path.removeprefix("/xrpc/"):
            case "com.atproto.server.createSession":
                asked = request.json()
                if (asked.get("identifier"), asked.get("password")) != (self.handle, self.password):
                    return _error("AuthenticationRequired", "Invalid identifier or password", 401)
                self._is_refreshable = True
                return self._tokens()
            case "com.atproto.server.refreshSession":
                is_known = request.headers.get("authorization", "").startswith("Bearer refresh-")
                return (
                    self._tokens() if is_known and self._is_refreshable else _error("ExpiredToken", "Token has expired")
                )
        return self._view(request)

    def _view(self, request: Request) -> Answer:
        """What is shown of posts and accounts; only search needs a session."""
        if "authorization" in request.headers and (refusal := self._refusal(request)):
            return refusal
        match request.path.removeprefix("/xrpc/"):
            case "app.bsky.feed.searchPosts":
                return self._refusal(request) or self._search(request)
            case "app.bsky.feed.getPosts":
                found = [self.posts[uri] for uri in request.values("uris") if uri in self.posts]
                return json_answer({"posts": [view(post) for post in found]})
            case "app.bsky.actor.getProfile":
                return self._profile(request.value("actor"))
        return _error("MethodNotImplemented", "Method Not Implemented", 501)

    def _profile(self, did: str) -> Answer:
        match self.accounts.get(did, "active"):
            case "deleted":
                return _error("InvalidRequest", "Profile not found")
            case "takendown":
                return _error("AccountTakedown", "Account has been suspended")
            case "deactivated":
                return _error("AccountDeactivated", "Account is deactivated")
        return json_answer({"did": did, "handle": "someone.example.org"})

    def _tokens(self) -> Answer:
        return json_answer(
            {
                "did": "did:plc:listener",
                "handle": self.handle,
                "accessJwt": f"access-{self._session}",
                "refreshJwt": f"refresh-{self._session}",
                "active": True,
            }
        )

    def _refusal(self, request: Request) -> Answer | None:
        token = request.headers.get("authorization", "")
        if not token:
            return _error("AuthMissing", "Authentication Required", 401)
        return None if token == f"Bearer access-{self._session}" else _error("ExpiredToken", "Token has expired")

    def _search(self, request: Request) -> Answer:
        low, high = (_time(request.value(name)) for name in ("since", "until"))
        terms = [phrase or word for phrase, word in re.findall(r'"([^"]+)"|(\S+)', request.value("q").lower())]
        found = [
            post
            for post in self.posts.values()
            if (low is None or post.sort_at >= low)
            and (high is None or post.sort_at < high)
            and all(term.rstrip("*") in post.text.lower() for term in terms)
        ]
        found.sort(key=lambda post: (post.sort_at, post.uri), reverse=True)
        start = int(request.value("cursor", "0"))
        if start >= self.cursor_limit:
            return _error("InvalidRequest", "cursor is too deep")
        limit = min(int(request.value("limit", "25")), 100)
        page = found[start : start + limit]
        more = {"cursor": str(start + limit)} if start + limit < len(found) else {}
        return json_answer({"posts": [view(post) for post in page], "hitsTotal": len(found), **more})


def view(post: BlueskyPost) -> dict[str, Any]:
    """A post as search and `getPosts` show it."""
    return {
        "uri": post.uri,
        "cid": "bafyreidwaivazkwu67xztlmuobx35hs2lnfh3kolmgfmucldvhd3sgzcqi",
        "author": {"did": post.did, "handle": "someone.example.org", "displayName": "Some One", "labels": []},
        "record": post.record,
        "replyCount": post.reply_count,
        "repostCount": post.repost_count,
        "likeCount": post.like_count,
        "quoteCount": 0,
        "indexedAt": written(post.indexed_at or post.created_at + timedelta(seconds=1)),
        "labels": [],
    }


def written(moment: datetime) -> str:
    """A time as Bluesky writes it, to the millisecond."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _time(value: str) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


def _error(name: str, message: str, status: int = 400) -> Answer:
    return json_answer({"error": name, "message": message}, status)
