"""A local YouTube Data API v3: threads, replies, single comments and searches, with page tokens and quota errors."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flows.demo.platforms.server import Answer, PlatformServer, Request, json_answer

KEY = "yt-key"


def comment(comment_id: str, published: datetime, **fields: Any) -> dict[str, Any]:
    """A comment resource; a reply has a dot in its id."""
    snippet = {
        "channelId": "UCvelumo",
        "textDisplay": "The Velumo is <b>great</b> &amp; quick<br>really",
        "textOriginal": "The Velumo is *great* & quick\nreally",
        "authorDisplayName": "@anna",
        "authorProfileImageUrl": "https://yt3.example/a.jpg",
        "authorChannelUrl": "http://www.youtube.com/@anna",
        "authorChannelId": {"value": "UCanna"},
        "canRate": True,
        "viewerRating": "none",
        "likeCount": 5,
        "publishedAt": f"{published:%Y-%m-%dT%H:%M:%SZ}",
        "updatedAt": f"{published:%Y-%m-%dT%H:%M:%SZ}",
    }
    parent = {"parentId": comment_id.partition(".")[0]} if "." in comment_id else {}
    return {"kind": "youtube#comment", "etag": "e", "id": comment_id, "snippet": snippet | parent | fields}


class YouTubeServer(PlatformServer):
    """Serves comments by video, the newest thread first; a thread shows `shown` replies. `disabled`: off."""

    def __init__(self, videos: dict[str, list[dict[str, Any]]], *, shown: int = 2) -> None:
        super().__init__()
        self.videos = videos
        self.shown = shown
        self.disabled: set[str] = set()
        self.spent = 0

    def answer(self, request: Request) -> Answer:
        """Route one request."""
        if request.headers.get("x-goog-api-key") != KEY:
            return refused(400, "badRequest")
        name = request.path.strip("/").split("/")[-1]
        self.spent += 100 if name == "search" else 1
        if name == "commentThreads" and not request.value("id"):
            return self._threads(request)
        if name == "comments" and not request.value("id"):
            parent = request.value("parentId")
            return self._page(request, [each for each in self._all if each["snippet"].get("parentId") == parent])
        found = [each for each in self._all if each["id"] in request.value("id").split(",")]
        answers: dict[str, list[Any]] = {
            "search": [{"id": {"kind": "youtube#video", "videoId": video}} for video in self.videos],
            "i18nLanguages": [],
            "commentThreads": [self._thread(each) for each in found],
            "comments": found,
        }
        return json_answer({"items": answers[name]})

    @property
    def _all(self) -> list[dict[str, Any]]:
        return [each for comments in self.videos.values() for each in comments]

    def _threads(self, request: Request) -> Answer:
        video = request.value("videoId")
        if video in self.disabled:
            return refused(403, "commentsDisabled")
        if video and video not in self.videos:
            return refused(404, "videoNotFound")
        comments = self.videos[video] if video else [each for found in self.videos.values() for each in found]
        tops = sorted(
            (each for each in comments if "." not in each["id"]), key=lambda each: str(each["snippet"]["publishedAt"])
        )[::-1]
        return self._page(request, [self._thread(each) for each in tops])

    def _thread(self, top: dict[str, Any]) -> dict[str, Any]:
        video = next(name for name, comments in self.videos.items() if top in comments)
        replies = [each for each in self.videos[video] if each["snippet"].get("parentId") == top["id"]]
        snippet = {
            "channelId": "UCvelumo",
            "videoId": video,
            "topLevelComment": top,
            "canReply": True,
            "isPublic": True,
        }
        thread = {
            "kind": "youtube#commentThread",
            "id": top["id"],
            "snippet": snippet | {"totalReplyCount": len(replies)},
        }
        return thread | ({"replies": {"comments": replies[: self.shown]}} if replies else {})

    @staticmethod
    def _page(request: Request, items: list[dict[str, Any]]) -> Answer:
        token = request.value("pageToken", "t0")
        if not token.startswith("t"):
            return refused(400, "invalidPageToken")
        start, size = int(token[1:]), int(request.value("maxResults", "20"))
        more = {"nextPageToken": f"t{start + size}"} if start + size < len(items) else {}
        return json_answer({"items": items[start : start + size], "pageInfo": {"totalResults": len(items)}, **more})


def refused(status: int, reason: str) -> Answer:
    """An error as Google's interfaces write it."""
    error = {"code": status, "message": reason, "errors": [{"domain": "youtube", "reason": reason, "message": reason}]}
    return json_answer({"error": error}, status)
