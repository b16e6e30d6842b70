"""A local Discourse forum: `posts.json` by windows of fifty ids, search pages up to the tenth, single posts.

Follows the forum software's own posts and search controllers: what the public may not see is left out of its window,
hits hold a `blurb`, posts hold `cooked` HTML and `actions_summary`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flows.demo.platforms.server import Answer, PlatformServer, Request, json_answer


def post(number: int, created: datetime, *, topic: int = 9, place: int = 1, **fields: Any) -> dict[str, Any]:
    """A post as `posts.json` shows it; `place` is its number in the topic."""
    return {
        "id": number,
        "name": "Anna Beispiel",
        "username": "Anna_B",
        "avatar_template": "/letter_avatar_proxy/v4/letter/a/{size}.png",
        "created_at": f"{created:%Y-%m-%dT%H:%M:%S}.123Z",
        "cooked": f"<p>Velumo number {number}</p>",
        "raw": f"Velumo number {number}",
        "post_number": place,
        "post_type": 1,
        "updated_at": f"{created:%Y-%m-%dT%H:%M:%S}.123Z",
        "reply_count": 1,
        "reply_to_post_number": None,
        "quote_count": 0,
        "incoming_link_count": 2,
        "reads": 8,
        "readers_count": 7,
        "score": 11.4,
        "yours": False,
        "topic_id": topic,
        "topic_slug": "range",
        "topic_title": "Range & weather",
        "version": 1,
        "actions_summary": [{"id": 2, "count": 3}],
        "user_id": 17,
        "hidden": False,
        "user_deleted": False,
        "deleted_at": None,
    } | fields


class DiscourseServer(PlatformServer):
    """Serves posts; those in `private` exist but the public may not see them. A search page has `page_size` hits."""

    def __init__(self, posts: list[dict[str, Any]], *, page_size: int = 50) -> None:
        super().__init__()
        self.posts = {each["id"]: each for each in posts}
        self.private: set[int] = set()
        self.page_size = page_size

    @property
    def visible(self) -> list[dict[str, Any]]:
        """What the public sees, the newest first."""
        found = (each for each in self.posts.values() if each["id"] not in self.private and not each["deleted_at"])
        return sorted(found, key=lambda each: int(each["id"]), reverse=True)

    def answer(self, request: Request) -> Answer:
        """Route one request."""
        match request.path.strip("/").split("/"):
            case ["posts.json"]:
                top = int(request.value("before", "0")) or max(self.posts, default=0)
                page = [each for each in self.visible if top - 50 < each["id"] <= top]
                return json_answer({"latest_posts": page})
            case ["search.json"]:
                return self._search(request)
            case ["posts", "by_number", topic, place]:
                return self._single(lambda each: (str(each["topic_id"]), str(each["post_number"])) == (topic, place))
            case ["posts", name]:
                return self._single(lambda each: f"{each['id']}.json" == name)
        return json_answer({"errors": ["not found"], "error_type": "not_found"}, 404)

    def _single(self, wanted: Any) -> Answer:
        found = next((each for each in self.posts.values() if wanted(each)), None)
        if found is None or found["deleted_at"]:
            return json_answer({"errors": ["not found"], "error_type": "not_found"}, 404)
        if found["id"] in self.private:
            return json_answer({"errors": ["not permitted"], "error_type": "invalid_access"}, 403)
        return json_answer({name: value for name, value in found.items() if name != "topic_title"})

    def _search(self, request: Request) -> Answer:
        number = int(request.value("page", "1"))
        if number > 10:
            return json_answer({"errors": ["page parameter must not be greater than 10"]}, 400)
        words = request.value("q").split()
        days = dict(word.split(":", 1) for word in words if ":" in word)
        terms = [word.lower() for word in words if ":" not in word]
        found = [
            each
            for each in self.visible
            if all(term in each["raw"].lower() for term in terms)
            and days.get("after", "") <= each["created_at"][:10] < days.get("before", "9999")
        ]
        page = found[(number - 1) * self.page_size : number * self.page_size]
        hits = [
            {name: each[name] for name in ("id", "name", "username", "created_at", "post_number", "topic_id")}
            | {"like_count": 3, "blurb": each["raw"][:20]}
            for each in page
        ]
        topics = [
            {"id": number, "title": "Range & weather", "slug": "range"} for number in {hit["topic_id"] for hit in hits}
        ]
        result = {"term": terms, "more_full_page_results": number * self.page_size < len(found) or None}
        return json_answer({"posts": hits, "topics": topics, "users": [], "grouped_search_result": result})
