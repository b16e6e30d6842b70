"""YouTube: comments and replies under videos, of channels, or of videos a search finds. See docs/sources/youtube.md."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from flows.http import Params, PoliteClient, Response
from flows.rate_limits import DailyBudget
from flows.settings.secrets import SecretFromEnv
from flows.sources.base import BrokenRecord, Checked, Outcome, RawMention, Record, SourceFailed
from flows.sources.newest_first import DepthSettings, Listing, NewestFirst, Position, Slice, time_in
from flows.sources.records import UtcTime, field_names, read_record, records_in
from flows.sources.tokens import revealed

log = logging.getLogger(__name__)

PAGE_SIZE = 100
IDS_PER_REQUEST = 50
SEARCH_COST = 100
"""Units of the daily budget that one search costs; everything else costs 1."""
NO_COMMENTS = frozenset({"commentsDisabled", "videoNotFound", "channelNotFound", "processingFailure"})
"""Why a video or channel has no comments to read; the others are read all the same."""


class YouTubeSettings(DepthSettings):
    """What to read on YouTube, in listening.yaml."""

    type: Literal["youtube"] = "youtube"
    videos: tuple[str, ...] = Field(default=(), description="Ids of videos.")
    channels: tuple[str, ...] = Field(
        default=(), description="Ids of channels (UC...): comments under all their videos."
    )
    queries: tuple[str, ...] = Field(default=(), description="Searches for videos; each costs 100 units a run.")
    videos_per_query: int = Field(
        default=20, ge=1, le=50, description="How many of the newest videos of a search are read."
    )
    video_age_days: float = Field(default=90, gt=0, description="Videos that a search finds are not older than that.")
    units_per_day: int = Field(default=10_000, ge=1, description="The daily budget of the API key.")
    key_variable: SecretFromEnv = Field(description="Environment variable with an API key.")
    base_url: str = Field(
        default="https://www.googleapis.com", pattern=r"^https?://[^/?#@\s]+$", description="Address of the API."
    )

    @model_validator(mode="after")
    def _something_to_read(self) -> YouTubeSettings:
        if not (self.videos or self.channels or self.queries):
            raise ValueError("Name at least one of `videos`, `channels` and `queries`.")
        return self


class Camel(BaseModel):
    """Google's interfaces write names in camel case."""

    model_config = ConfigDict(alias_generator=to_camel)


class ChannelId(Camel):
    """The author's channel."""

    value: str | None = None


class Snippet(Camel):
    """What is read of a comment's snippet."""

    published_at: UtcTime
    updated_at: UtcTime | None = None
    text_original: str | None = None
    text_display: str | None = None
    like_count: int | None = None
    parent_id: str | None = None
    video_id: str | None = None
    author_channel_id: ChannelId | None = None


class Comment(Camel):
    """What is read of a comment; the number of replies and the video come from its thread."""

    id: str = Field(min_length=1)
    snippet: Snippet
    total_reply_count: int | None = None
    video_id: str | None = None


class YouTube(NewestFirst):
    """Reads the threads of each video newest first; the cursor holds the state of each (newest_first.py).

    A record is a comment as the API gives it, with `videoId` and, at the top of a thread, `totalReplyCount`.
    """

    settings_type = YouTubeSettings
    required_fields = field_names(Comment, required=True)
    optional_fields = field_names(Comment, required=False)
    author_fields: ClassVar[tuple[str, ...]] = tuple(
        f"snippet.author{name}" for name in ("ChannelId", "ChannelUrl", "DisplayName", "ProfileImageUrl")
    )
    recheck_interval: ClassVar[timedelta] = timedelta(days=25)
    must_confirm_within: ClassVar[timedelta | None] = timedelta(days=30)
    settings: YouTubeSettings

    def client(self) -> PoliteClient:
        """Open the client with the daily budget, which all sources with the same key share."""
        secret = self.settings.key_variable
        key = revealed(secret, "key_variable")
        budget = DailyBudget(
            self.memory, f"youtube-{secret.variable}", units=self.settings.units_per_day, zone="America/Los_Angeles"
        )
        return self.open_client(
            self.settings.base_url, self.settings, secret_headers={"X-Goog-Api-Key": key}, limiter=budget
        )

    def listings(self, client: PoliteClient) -> list[Listing]:
        """One listing per video and channel; the searches are asked for their videos first."""
        videos = dict.fromkeys(self.settings.videos)
        for query in self.settings.queries:
            videos |= dict.fromkeys(self._found(client, query))
        places = [("videoId", video) for video in videos]
        places += [("allThreadsRelatedToChannelId", channel) for channel in self.settings.channels]
        return [Listing(name, partial(_page, client, [(param, name)]), _time) for param, name in places]

    def probe(self) -> str:
        """Ask for the list of languages, which costs 1 unit."""
        with self.client() as client:
            _items(*_ask(client, "i18nLanguages", []))
        return "the API answers and takes the key"

    def to_mention(self, record: Record) -> RawMention:
        """Map a comment. Nobody knows the `reach` of a comment. Raises BrokenRecord."""
        comment = read_record(Comment, record)
        snippet = comment.snippet
        if snippet.text_original is None and snippet.text_display is None:
            raise BrokenRecord("snippet.textDisplay", "is missing, and there is no textOriginal either")
        is_html = snippet.text_original is None
        video, parent = comment.video_id or snippet.video_id, _parent(record)
        return RawMention(
            native_id=comment.id,
            # line breaks are <br> in HTML; in plain text they are line breaks
            text=(snippet.text_display or "").replace("\n", "<br>") if is_html else snippet.text_original or "",
            is_html=is_html,
            url=f"https://www.youtube.com/watch?v={video}&lc={comment.id}" if video else None,
            author=snippet.author_channel_id.value if snippet.author_channel_id else None,
            published_at=snippet.published_at,
            edited_at=snippet.updated_at if snippet.updated_at != snippet.published_at else None,
            thread=parent or comment.id,
            reply_to=parent,
            like_count=snippet.like_count,
            reply_count=comment.total_reply_count,
        )

    def recheck(self, native_ids: Iterable[str]) -> Iterator[Checked]:
        """Ask for fifty comments at a time; what is gone is left out of the answer.

        Comments at the top of a thread come with what is needed to read them anew, replies mostly without their video.
        """
        ids = iter(native_ids)
        with self.client() as client:
            while batch := list(islice(ids, IDS_PER_REQUEST)):
                found: dict[str, Record] = {}
                for is_reply, path in ((False, "commentThreads"), (True, "comments")):
                    asked = [each for each in batch if ("." in each) == is_reply]
                    if asked:
                        items = _items(*_ask(client, path, [("part", "snippet"), ("id", ",".join(asked))]))
                        comments = items if is_reply else [each for item in items for each in _comments(item)]
                        found |= {str(each.get("id")): each for each in comments}
                for native_id in batch:
                    comment = found.get(native_id)
                    is_whole = comment is not None and (comment.get("videoId") or _snippet(comment).get("videoId"))
                    yield Checked(native_id, None if comment else "deleted", record=comment if is_whole else None)

    def _found(self, client: PoliteClient, query: str) -> list[str]:
        after = self.clock() - timedelta(days=self.settings.video_age_days)
        params = [
            *(("part", "id"), ("type", "video"), ("order", "date"), ("q", query)),
            *(("maxResults", str(self.settings.videos_per_query)), ("publishedAfter", f"{after:%Y-%m-%dT%H:%M:%SZ}")),
        ]
        ids = [item.get("id") for item in _items(*_ask(client, "search", params, cost=SEARCH_COST))]
        return [str(each["videoId"]) for each in ids if isinstance(each, dict) and each.get("videoId")]


def _page(client: PoliteClient, place: Params, position: Position) -> Slice:
    token = [("pageToken", position)] if isinstance(position, str) else []
    params = [*place, ("part", "snippet,replies"), ("order", "time"), ("maxResults", str(PAGE_SIZE)), *token]
    body, response = _ask(client, "commentThreads", params)
    if response.status in (403, 404) and (reason := _reason(response)) in NO_COMMENTS:
        log.info("%s has no comments to read: %s", place[0][1], reason)
        return Slice([], None)
    if response.status == 400 and _reason(response) == "invalidPageToken" and token:
        log.info("%s: the page to go on from has expired; reading begins at the newest comment again", place[0][1])
        return _page(client, place, None)
    records: list[Record] = []
    for item in _items(body, response):
        records += _with_all_replies(client, item)
    below = body.get("nextPageToken")
    return Slice(records, below if isinstance(below, str) and below else None)


def _with_all_replies(client: PoliteClient, item: Record) -> list[Record]:
    """A thread's comments: the API puts a few of the replies into the thread, the others are asked for."""
    comments = _comments(item)
    count = comments[0].get("totalReplyCount") if comments else None
    if not isinstance(count, int) or count <= len(comments) - 1 or not isinstance(comments[0].get("id"), str):
        return comments
    video, replies, token = comments[0].get("videoId"), {each.get("id"): each for each in comments[1:]}, ""
    while True:
        params = [("part", "snippet"), ("parentId", comments[0]["id"]), ("maxResults", str(PAGE_SIZE))]
        body, response = _ask(client, "comments", [*params, *([("pageToken", token)] if token else [])])
        if response.status == 404:
            break
        replies |= {each.get("id"): {**each, "videoId": video} for each in _items(body, response)}
        below = body.get("nextPageToken")
        if not isinstance(below, str) or below in ("", token):
            break
        token = below
    return [comments[0], *replies.values()]


def _comments(item: Record) -> list[Record]:
    """The comments inside a thread, the top one first; a thread without one stays as a broken record."""
    snippet = _snippet(item)
    top, replies = snippet.get("topLevelComment"), item.get("replies")
    if not isinstance(top, dict):
        return [item]
    inner = replies.get("comments") if isinstance(replies, dict) else None
    shared = {"videoId": snippet.get("videoId")}
    first = {**top, **shared, "totalReplyCount": snippet.get("totalReplyCount")}
    return [first, *({**each, **shared} for each in records_in(inner or [], "replies"))]


def _ask(client: PoliteClient, path: str, params: Params, *, cost: int = 1) -> tuple[Any, Response]:
    return client.get_json(f"/youtube/v3/{path}", params, accept=(400, 403, 404), cost=cost)


def _items(body: Any, response: Response) -> list[Record]:
    """The items of an answer. Raises SourceFailed when it is a refusal."""
    if response.status == 200:
        if not isinstance(body, dict):
            raise SourceFailed(Outcome.SCHEMA_DRIFT, "an object with `items` was expected")
        return records_in(body.get("items"), "items")
    reason = _reason(response)
    is_bad_request = response.status == 400 and reason not in ("keyInvalid", "badRequest")
    outcome = Outcome.DOWN if is_bad_request or response.status == 404 else Outcome.ACCESS_LOST
    raise SourceFailed(outcome, f"YouTube refuses ({response.status}, {reason}). Check the key and listening.yaml.")


def _reason(response: Response) -> str:
    try:
        return str(json.loads(response.body)["error"]["errors"][0]["reason"])
    except (ValueError, LookupError, TypeError):
        return "no reason given"


def _snippet(record: Record) -> dict[str, Any]:
    snippet = record.get("snippet")
    return snippet if isinstance(snippet, dict) else {}


def _parent(record: Record) -> str | None:
    parent = _snippet(record).get("parentId")
    return str(parent) if parent else None


def _time(record: Record) -> datetime | None:
    """Threads are sorted by the time of their top comment."""
    return None if _parent(record) else time_in(_snippet(record).get("publishedAt"))
