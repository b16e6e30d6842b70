"""A local Hacker News: the Algolia search interface and the Firebase items used for rechecks, on one address.

Follows the published behaviour of hn.algolia.com: newest first, `tags`, `numericFilters`, at most 1,000 hits per query,
fields without a value left out; and of hacker-news.firebaseio.com (`v0/item/ID.json`, null for an unknown id).
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from html import escape
from math import ceil
from typing import Any

from flows.demo.platforms.server import Answer, PlatformServer, Request, json_answer

HIT_CAP = 1_000
_COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
}


@dataclass(frozen=True)
class HackerNewsItem:
    """A story (it has a title) or a comment (it has a parent), written as plain text."""

    author: str
    created_at: datetime
    title: str = ""
    text: str = ""
    url: str = ""
    parent_id: int | None = None
    story_id: int | None = None
    points: int = 1
    num_comments: int = 0
    id: int = 0
    deleted: bool = False
    dead: bool = False
    overrides: dict[str, Any] = field(default_factory=dict)
    """Fields of the search hit to replace, to send what a healthy server would not."""

    @property
    def kind(self) -> str:
        """`story` or `comment`."""
        return "comment" if self.parent_id is not None else "story"

    @property
    def created_at_i(self) -> int:
        """Unix time in seconds."""
        return int(self.created_at.timestamp())


class HackerNewsServer(PlatformServer):
    """Serves items that can be added, edited, deleted and killed while it runs; a query reaches `hit_cap` hits."""

    def __init__(self, posts: Iterable[HackerNewsItem] = (), *, hit_cap: int = HIT_CAP) -> None:
        super().__init__()
        self.hit_cap = hit_cap
        self.posts: dict[int, HackerNewsItem] = {}
        for post in posts:
            self.add(post)

    def add(self, post: HackerNewsItem) -> int:
        """Publish an item and return its id."""
        with self.lock:
            item_id = post.id or max(self.posts, default=40_000_000) + 1
            self.posts[item_id] = replace(post, id=item_id)
            return item_id

    def edit(self, item_id: int, **changes: Any) -> None:
        """Change fields of an item."""
        with self.lock:
            self.posts[item_id] = replace(self.posts[item_id], **changes)

    def delete(self, item_id: int) -> None:
        """Delete an item: it leaves the search, Firebase says `deleted`."""
        self.edit(item_id, deleted=True)

    def kill(self, item_id: int) -> None:
        """Let moderation hide an item: it leaves the search, Firebase says `dead`."""
        self.edit(item_id, dead=True)

    def answer(self, request: Request) -> Answer:
        """Route one request."""
        match request.path.strip("/").split("/"):
            case ["api", "v1", "search_by_date"]:
                return self._search(request)
            case ["api", "v1", "items", item_id] if self._visible(item_id):
                return json_answer(self._tree(self.posts[int(item_id)]))
            case ["v0", "item", name] if name.endswith(".json"):
                return json_answer(self._firebase(name.removesuffix(".json")))
        return json_answer({"status": 404, "error": "Not Found"}, 404)

    def _visible(self, item_id: str) -> bool:
        item = self.posts.get(int(item_id)) if item_id.isdigit() else None
        return item is not None and not item.deleted and not item.dead

    def _search(self, request: Request) -> Answer:
        page, size = int(request.value("page", "0")), min(int(request.value("hitsPerPage", "20")), self.hit_cap)
        kinds = set(re.findall(r"\w+", request.value("tags", "story,comment")))
        bounds = re.findall(r"created_at_i(<=|>=|<|>|=)(\d+)", request.value("numericFilters"))
        terms = [phrase or word for phrase, word in re.findall(r'"([^"]+)"|(\S+)', request.value("query").lower())]
        found = [
            item
            for item in self.posts.values()
            if not item.deleted
            and not item.dead
            and item.kind in kinds
            and all(_COMPARISONS[sign](item.created_at_i, int(bound)) for sign, bound in bounds)
            and all(term in f"{item.title} {item.text} {item.url}".lower() for term in terms)
        ]
        found.sort(key=lambda item: (item.created_at_i, item.id), reverse=True)
        reachable = found[: self.hit_cap]
        body: dict[str, Any] = {
            "exhaustive": {"nbHits": True, "typo": True},
            "exhaustiveNbHits": True,
            "hits": [self._hit(item) for item in reachable[page * size : (page + 1) * size]],
            "hitsPerPage": size,
            "nbHits": len(found),
            "nbPages": ceil(len(reachable) / size),
            "page": page,
            "params": "advancedSyntax=true&analyticsTags=backend",
            "processingTimeMS": 1,
            "query": request.value("query"),
        }
        if page * size >= self.hit_cap:
            body |= {"hits": [], "nbHits": 0, "nbPages": 0}
            body["message"] = f"you can only fetch the {self.hit_cap} hits for this query"
        return json_answer(body)

    def _hit(self, item: HackerNewsItem) -> dict[str, Any]:
        story_id = self._story(item).id
        hit: dict[str, Any] = {
            "objectID": str(item.id),
            "author": item.author,
            "created_at": item.created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "created_at_i": item.created_at_i,
            "story_id": story_id,
            "updated_at": item.created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "_tags": [item.kind, f"author_{item.author}", f"story_{story_id}"],
        }
        if item.kind == "comment":
            hit |= {
                "comment_text": to_html(item.text),
                "parent_id": item.parent_id,
                "story_title": self._story(item).title,
            }
        else:
            hit |= {"title": item.title, "points": item.points, "num_comments": item.num_comments}
            hit |= {"url": item.url} if item.url else {}
            hit |= {"story_text": to_html(item.text)} if item.text else {}
        return hit | item.overrides

    def _story(self, item: HackerNewsItem) -> HackerNewsItem:
        while item.parent_id in self.posts:
            item = self.posts[item.parent_id]
        return item if item.story_id is None else replace(item, id=item.story_id)

    def _tree(self, item: HackerNewsItem) -> dict[str, Any]:
        return {
            "id": item.id,
            "created_at": item.created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "created_at_i": item.created_at_i,
            "type": item.kind,
            "author": item.author,
            "title": item.title or None,
            "url": item.url or None,
            "text": to_html(item.text) if item.text else None,
            "points": item.points if item.kind == "story" else None,
            "parent_id": item.parent_id,
            "story_id": self._story(item).id,
            "children": [self._tree(child) for child in self.posts.values() if child.parent_id == item.id],
        }

    def _firebase(self, item_id: str) -> dict[str, Any] | None:
        item = self.posts.get(int(item_id)) if item_id.isdigit() else None
        if item is None:
            return None
        common = {"id": item.id, "time": item.created_at_i, "type": item.kind}
        common |= {"parent": item.parent_id} if item.parent_id is not None else {}
        if item.deleted:
            return common | {"deleted": True}
        common |= {"by": item.author, "text": to_html(item.text)}
        common |= {"title": item.title, "score": item.points, "url": item.url} if item.kind == "story" else {}
        return common | ({"dead": True} if item.dead else {})


def to_html(text: str) -> str:
    """Render plain text as Hacker News does: escaped slashes and quotes, links, paragraphs without a closing tag."""

    def encode(raw: str) -> str:
        return escape(raw).replace("/", "&#x2F;")

    def link(found: re.Match[str]) -> str:
        return f'<a href="{encode(found[0])}" rel="nofollow">{encode(found[0])}</a>'

    parts = re.split(r"(https?://\S+)", text)
    linked = "".join(re.sub(r".+", link, part) if index % 2 else encode(part) for index, part in enumerate(parts))
    return linked.replace("\n\n", "<p>")
