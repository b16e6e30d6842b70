"""A local Mastodon server: timelines, search, statuses and instance data, as Mastodon 4.5 answers them.

Follows the documentation of Mastodon's REST interface (docs.joinmastodon.org): paging by `max_id`, `since_id` and
`min_id`, `Link` and `X-RateLimit-*` headers, access levels of timelines, HTML of posts.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import quote, urlencode

from flows.demo.platforms.mastodon_html import hashtags, to_html
from flows.demo.platforms.server import Answer, PlatformServer, Request, json_answer


@dataclass(frozen=True)
class MastodonAccount:
    """An account; the three consent flags are null on servers that do not know them."""

    handle: str
    display_name: str = ""
    note: str = ""
    followers_count: int = 0
    bot: bool = False
    discoverable: bool | None = True
    indexable: bool | None = True
    noindex: bool | None = False


@dataclass(frozen=True)
class MastodonPost:
    """A status written as plain text; the server renders the HTML. Its hashtags are those in the text."""

    author: MastodonAccount
    text: str
    created_at: datetime
    id: str = ""
    language: str | None = None
    in_reply_to_id: str | None = None
    spoiler_text: str = ""
    visibility: str = "public"
    replies_count: int = 0
    reblogs_count: int = 0
    favourites_count: int = 0
    edited_at: datetime | None = None
    overrides: dict[str, Any] = field(default_factory=dict)
    """Fields of the JSON to replace, to send what a healthy server would not."""

    @property
    def tags(self) -> set[str]:
        """Hashtags in lower case."""
        return hashtags(self.text)


def id_order(status_id: str) -> tuple[int, str]:
    """Sort key of ids: by length, then by character."""
    return len(status_id), status_id


class MastodonServer(PlatformServer):
    """Serves posts that can be added, edited and deleted while it runs.

    `access` is who may read timelines: everyone, holders of `token`, or nobody (then they look empty, as since 4.5).
    `rate_limit` requests are allowed per `rate_window`; `has_batch` is the batch of statuses, new in 4.3; `has_search`
    is full-text search, which servers with Elasticsearch have.
    """

    def __init__(
        self,
        posts: Iterable[MastodonPost] = (),
        *,
        access: Literal["public", "authenticated", "disabled"] = "public",
        token: str = "",
        rate_limit: int = 7_500,
        rate_window: timedelta = timedelta(minutes=5),
        has_batch: bool = True,
        has_search: bool = True,
        page_limit: int = 40,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__()
        self.access = access
        self.token = token
        self.rate_limit = rate_limit
        self.rate_window = rate_window
        self.has_batch = has_batch
        self.has_search = has_search
        self.page_limit = page_limit
        self.clock = clock
        self.posts: dict[str, MastodonPost] = {}
        self._timelines: dict[tuple[object, ...], list[MastodonPost]] = {}
        self._last_number = 0
        self._window_ends = datetime.min.replace(tzinfo=UTC)
        self._remaining = rate_limit
        for post in posts:
            self.add(post)

    def add(self, post: MastodonPost) -> str:
        """Publish a post and return its id. Ids grow in the order of publication, like Mastodon's snowflakes."""
        with self.lock:
            number = max(int(post.created_at.timestamp() * 1000) << 16, self._last_number + 1)
            status_id = post.id or str(number)
            if not post.id:
                self._last_number = number
            self._put(replace(post, id=status_id))
            return status_id

    def edit(self, status_id: str, **changes: Any) -> None:
        """Change fields of a post; a new text gets an edit time unless one is given."""
        with self.lock:
            if "text" in changes:
                changes.setdefault("edited_at", self.clock())
            self._put(replace(self.posts[status_id], **changes))

    def delete(self, status_id: str) -> None:
        """Delete a post: it leaves all timelines and answers 404."""
        with self.lock:
            del self.posts[status_id]
            self._timelines.clear()

    def _put(self, post: MastodonPost) -> None:
        self.posts[post.id] = post
        self._timelines.clear()

    def answer(self, request: Request) -> Answer:
        """Route one request and attach the rate-limit headers."""
        limits = self._count_request()
        if self._remaining < 0:
            return json_answer({"error": "Throttled"}, 429, limits)
        answer = self._route(request)
        answer.headers.update(limits)
        return answer

    def _route(self, request: Request) -> Answer:
        match request.path.strip("/").split("/"):
            case ["api", "v2", "instance"]:
                return json_answer(self._instance())
            case ["api", "v1", "timelines", "public" | "tag", *tags]:
                return self._timeline(request, _tag_filter(request, *tags) if tags else lambda post: True)
            case ["api", "v2", "search"]:
                return self._search(request)
            case ["api", "v1", "statuses"] if self.has_batch:
                return self._statuses(request.values("id[]"))
            case ["api", "v1", "statuses", status_id] if status_id in self.posts:
                return json_answer(self._status(self.posts[status_id]))
        return json_answer({"error": "Record not found"}, 404)

    def _count_request(self) -> dict[str, str]:
        now = self.clock()
        if now >= self._window_ends:
            self._window_ends, self._remaining = now + self.rate_window, self.rate_limit
        self._remaining -= 1
        return {
            "X-RateLimit-Limit": str(self.rate_limit),
            "X-RateLimit-Remaining": str(max(0, self._remaining)),
            "X-RateLimit-Reset": self._window_ends.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }

    def _is_authorised(self, request: Request) -> bool:
        return bool(self.token) and request.headers.get("authorization") == f"Bearer {self.token}"

    def _search(self, request: Request) -> Answer:
        """Posts of accounts that may be found, with all the words; without Elasticsearch there are none."""
        if not self._is_authorised(request):
            return json_answer({"error": "This method requires an authenticated user"}, 401)
        words = request.value("q").lower().replace('"', "").split()
        found = [
            post
            for post in sorted(self.posts.values(), key=lambda post: id_order(post.id), reverse=True)
            if self.has_search and post.author.indexable and all(word in post.text.lower() for word in words)
        ]
        start, limit = int(request.value("offset", "0")), min(int(request.value("limit", "20")), 40)
        statuses = [self._status(post) for post in found[start : start + limit]]
        return json_answer({"accounts": [], "statuses": statuses, "hashtags": []})

    def _timeline(self, request: Request, wanted: Callable[[MastodonPost], bool]) -> Answer:
        authorised = self._is_authorised(request)
        if "authorization" in request.headers and not authorised:
            return json_answer({"error": "The access token is invalid"}, 401)
        if self.access == "authenticated" and not authorised:
            return json_answer({"error": "This method requires an authenticated user"}, 422)
        if self.access == "disabled":
            return json_answer([])
        limit = min(int(request.value("limit", "20")), self.page_limit)
        posts = self._ordered(request, wanted)
        low, high = 0, len(posts)
        if bound := request.value("max_id"):
            high = bisect_left(posts, id_order(bound), key=lambda post: id_order(post.id))
        if bound := request.value("min_id") or request.value("since_id"):
            low = bisect_right(posts, id_order(bound), key=lambda post: id_order(post.id))
        found = posts[low:high]
        page = (found[:limit] if request.value("min_id") else found[-limit:])[::-1]
        headers = {"Link": self._link(request, page)} if page else {}
        return json_answer([self._status(post) for post in page], headers=headers)

    def _ordered(self, request: Request, wanted: Callable[[MastodonPost], bool]) -> list[MastodonPost]:
        """A timeline, oldest first; kept until a post changes."""
        local, remote = request.value("local") == "true", request.value("remote") == "true"
        rules = [(key, value) for key, value in request.query if key in ("any[]", "all[]", "none[]")]
        name = (request.path, local, remote, *rules)
        if name not in self._timelines:
            posts = (
                post
                for post in self.posts.values()
                if post.visibility == "public"
                and wanted(post)
                and not (local and "@" in post.author.handle)
                and not (remote and "@" not in post.author.handle)
            )
            self._timelines[name] = sorted(posts, key=lambda post: id_order(post.id))
        return self._timelines[name]

    def _link(self, request: Request, page: list[MastodonPost]) -> str:
        """Links to the older and newer page; like Mastodon's, they forget any[], all[] and none[]."""
        kept = [(key, value) for key, value in request.query if key in ("local", "remote", "limit", "only_media")]
        older = urlencode([*kept, ("max_id", page[-1].id)])
        newer = urlencode([*kept, ("min_id", page[0].id)])
        address = self.url + quote(request.path)
        return f'<{address}?{older}>; rel="next", <{address}?{newer}>; rel="prev"'

    def _statuses(self, ids: list[str]) -> Answer:
        if len(ids) > 20:
            return json_answer({"error": "Validation failed"}, 422)
        return json_answer([self._status(self.posts[each]) for each in dict.fromkeys(ids) if each in self.posts])

    def _instance(self) -> dict[str, Any]:
        access = {"local": self.access, "remote": self.access}
        return {
            "domain": "127.0.0.1",
            "title": "Marktecho demo",
            "version": "4.5.0",
            "languages": ["de", "en"],
            "configuration": {"timelines_access": {"live_feeds": access, "hashtag_feeds": access}},
        }

    def _status(self, post: MastodonPost) -> dict[str, Any]:
        author = post.author
        name = author.handle.split("@")[0]
        return {
            "id": post.id,
            "created_at": _time(post.created_at),
            "in_reply_to_id": post.in_reply_to_id,
            "in_reply_to_account_id": None,
            "sensitive": bool(post.spoiler_text),
            "spoiler_text": post.spoiler_text,
            "visibility": post.visibility,
            "language": post.language,
            "uri": f"{self.url}/users/{name}/statuses/{post.id}",
            "url": f"{self.url}/@{author.handle}/{post.id}",
            "replies_count": post.replies_count,
            "reblogs_count": post.reblogs_count,
            "favourites_count": post.favourites_count,
            "edited_at": _time(post.edited_at) if post.edited_at else None,
            "content": to_html(post.text, self.url),
            "reblog": None,
            "account": {
                "id": str(sum(author.handle.encode())),
                "username": name,
                "acct": author.handle,
                "display_name": author.display_name or name,
                "locked": False,
                "bot": author.bot,
                "discoverable": author.discoverable,
                "indexable": author.indexable,
                "noindex": author.noindex,
                "note": to_html(author.note, self.url),
                "url": f"{self.url}/@{author.handle}",
                "followers_count": author.followers_count,
                "fields": [],
            },
            "media_attachments": [],
            "mentions": [],
            "tags": [{"name": tag, "url": f"{self.url}/tags/{quote(tag)}"} for tag in sorted(post.tags)],
            "emojis": [],
            "card": None,
            "poll": None,
        } | post.overrides


def _tag_filter(request: Request, tag: str) -> Callable[[MastodonPost], bool]:
    any_of = {tag.lower(), *(each.lower() for each in request.values("any[]"))}
    all_of = {each.lower() for each in request.values("all[]")}
    none_of = {each.lower() for each in request.values("none[]")}
    return lambda post: bool(post.tags & any_of) and post.tags >= all_of and not post.tags & none_of


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
