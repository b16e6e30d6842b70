"""Discourse: the latest posts of a forum, or those a search finds. See docs/sources/discourse.md."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from functools import partial
from html import escape
from typing import Any, ClassVar, Literal
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, Field, model_validator

from flows.http import Params, PoliteClient
from flows.settings.secrets import SecretFromEnv
from flows.sources.base import BrokenRecord, Checked, Outcome, RawMention, Record, SourceFailed
from flows.sources.newest_first import DepthSettings, Listing, NewestFirst, Position, Slice, time_in
from flows.sources.records import UtcTime, field_names, read_record, records_in
from flows.sources.tokens import revealed

log = logging.getLogger(__name__)

ID_WINDOW = 50
"""`posts.json` looks at so many ids at a time and leaves out what the public may not see: a page may be empty."""
LAST_SEARCH_PAGE = 10
LIKE = 2
"""The number of the action "like"."""


class DiscourseSettings(DepthSettings):
    """A Discourse forum in listening.yaml."""

    type: Literal["discourse"] = "discourse"
    server: str = Field(pattern=r"^https?://[^/?#@\s]+(/[^?#@\s]*[^/?#@\s])?$", description="Address of the forum.")
    latest: bool = Field(default=False, description="Whether to read all new posts of the forum.")
    queries: tuple[str, ...] = Field(default=(), description="Searches, in the forum's own search language.")
    key_variable: SecretFromEnv | None = Field(
        default=None, description="Environment variable with an API key of this forum."
    )
    key_user: str = Field(default="system", description="The user that the API key belongs to.")

    @model_validator(mode="after")
    def _something_to_read(self) -> DiscourseSettings:
        if not (self.latest or self.queries):
            raise ValueError("Name at least one search under `queries`, or set `latest: true`.")
        return self


class Action(BaseModel):
    """A count of likes or flags."""

    id: int | None = None
    count: int | None = None


class Post(BaseModel):
    """What is read of a post; one that only the search shows has a `blurb` in place of its text."""

    id: int
    topic_id: int
    post_number: int
    created_at: UtcTime
    username: str
    cooked: str | None = None
    blurb: str | None = None
    topic_title: str | None = None
    topic_slug: str | None = None
    updated_at: UtcTime | None = None
    version: int | None = None
    user_id: int | None = None
    locale: str | None = None
    reply_to_post_number: int | None = None
    reply_to_post_id: int | None = None
    actions_summary: list[Action] | None = None
    like_count: int | None = None
    reply_count: int | None = None
    readers_count: int | None = None


class Discourse(NewestFirst):
    """Reads listings newest first; the cursor holds the state of each (flows/sources/newest_first.py).

    Discourse tells which number in the topic a post answers; the connector asks for the id of that post once and adds
    it to the record as `reply_to_post_id`.
    """

    settings_type = DiscourseSettings
    required_fields = field_names(Post, required=True)
    optional_fields = field_names(Post, required=False)
    author_fields: ClassVar[tuple[str, ...]] = ("username", "name", "reply_to_user", "user_id", "avatar_template")
    settings: DiscourseSettings

    def client(self) -> PoliteClient:
        """Open the client of this forum, with its key where there is one."""
        key = revealed(self.settings.key_variable, "key_variable")
        headers = {"Api-Key": key, "Api-Username": self.settings.key_user} if key else {}
        return self.open_client(self.settings.server, self.settings, secret_headers=headers)

    def listings(self, client: PoliteClient) -> list[Listing]:
        """The latest posts, and one listing per search."""
        parents = _Parents(self._at, client)
        first_day = (self.clock() - timedelta(days=self.settings.lookback_days + 1)).date()
        found = [
            Listing(f"search {query}", partial(self._hits, client, parents, query, first_day), _time)
            for query in self.settings.queries
        ]
        if self.settings.latest:
            found.append(Listing("latest", partial(self._latest, client, parents), _time))
        return found

    def to_mention(self, record: Record) -> RawMention:
        """Map a post. `reach` is how many people have read it, as the forum counts. Raises BrokenRecord."""
        if _reason_gone(record):
            return RawMention(native_id=self.native_id(record) or "", text="", deleted=True)
        post = read_record(Post, record)
        if post.cooked is None and post.blurb is None:
            raise BrokenRecord("cooked", "is missing, and there is no blurb either")
        title = f"<p>{escape(post.topic_title)}</p>" if post.post_number == 1 and post.topic_title else ""
        return RawMention(
            native_id=str(post.id),
            text=title + (escape(post.blurb or "") if post.cooked is None else post.cooked),
            is_html=True,
            url=f"{self.settings.server}/t/{quote(post.topic_slug or '-')}/{post.topic_id}/{post.post_number}",
            author=f"{post.username}@{urlsplit(self.settings.server).hostname}".lower(),
            author_kind="bot" if (post.user_id or 0) < 0 else "unknown",
            language_hint=post.locale,
            published_at=post.created_at,
            edited_at=post.updated_at if (post.version or 1) > 1 else None,
            thread=f"topic-{post.topic_id}",
            reply_to=_reply_to(post),
            like_count=_likes(post),
            reply_count=post.reply_count,
            reach=post.readers_count,
        )

    def recheck(self, native_ids: Iterable[str]) -> Iterator[Checked]:
        """Ask for each post: deleted ones are not found, or say so to holders of a key."""
        with self.client() as client:
            parents = _Parents(self._at, client)
            for native_id in native_ids:
                post, response = client.get_json(self._at(f"posts/{native_id}.json"), accept=(403, 404, 410))
                if response.status != 200:
                    yield Checked(native_id, gone="no longer public" if response.status == 403 else "deleted")
                    continue
                gone = _reason_gone(post) if isinstance(post, dict) else None
                record = parents.resolved([post])[0] if isinstance(post, dict) and not gone else None
                yield Checked(native_id, gone, record=record)

    def _latest(self, client: PoliteClient, parents: _Parents, position: Position) -> Slice:
        before = [("before", str(position))] if position is not None else []
        records = records_in(_object(client, self._at("posts.json"), before).get("latest_posts"), "posts.json")
        ids = [record["id"] for record in records if isinstance(record.get("id"), int)]
        if records and not ids:
            raise SourceFailed(Outcome.SCHEMA_DRIFT, "posts.json: a page in which no post has an id")
        if not isinstance(position, int):
            below = min(ids, default=0)
        elif ids:
            below = min(*ids, position - 1)
        else:
            below = position - ID_WINDOW
        return Slice(parents.resolved(records), below if below > 0 else None)

    def _hits(self, client: PoliteClient, parents: _Parents, query: str, first_day: date, position: Position) -> Slice:
        """A page of hits; the position is a day and a page: after the last page there is, an earlier day is searched.

        Hits hold a part of the text only, so each post is asked for; one that cannot be had stays as the hit says.
        """
        day, _, number = (position if isinstance(position, str) else "/1").partition("/")
        words = f"{query} order:latest after:{first_day.isoformat()}" + (f" before:{day}" if day else "")
        body = _object(client, self._at("search.json"), [("q", words), ("page", number)])
        hits, topics = (
            records_in(body.get("posts") or [], "search.json"),
            records_in(body.get("topics") or [], "topics"),
        )
        names = {topic.get("id"): topic for topic in topics}
        records = [self._whole(client, hit, names.get(hit.get("topic_id"), {})) for hit in hits]
        result = body.get("grouped_search_result")
        if not hits or not (isinstance(result, dict) and result.get("more_full_page_results")):
            return Slice(parents.resolved(records), None)
        if int(number) < LAST_SEARCH_PAGE:
            return Slice(parents.resolved(records), f"{day}/{int(number) + 1}")
        last = next((time for hit in reversed(hits) if (time := _time(hit)) is not None), None)
        earlier = (last.date() + timedelta(days=1)).isoformat() if last else day
        if earlier == day:
            log.warning("%s: more hits on one day than the forum shows, the rest of the day is left out", query)
            earlier = (date.fromisoformat(day) - timedelta(days=1)).isoformat() if day else ""
        return Slice(parents.resolved(records), f"{earlier}/1" if earlier else None)

    def _whole(self, client: PoliteClient, hit: Record, topic: Record) -> Record:
        known = {"topic_title": topic.get("title"), "topic_slug": topic.get("slug"), **hit}
        if not isinstance(hit.get("id"), int):
            return known
        post, _ = client.get_json(self._at(f"posts/{hit['id']}.json"), accept=(403, 404))
        return {**known, **post} if isinstance(post, dict) else known

    def _at(self, path: str) -> str:
        """The full address: a forum may live in a folder of its host."""
        return f"{self.settings.server}/{path}"


class _Parents:
    """Finds the id of the post that another one answers, each once a run."""

    def __init__(self, at: Any, client: PoliteClient) -> None:
        self._at = at
        self._client = client
        self._known: dict[tuple[Any, Any], int | None] = {}

    def resolved(self, records: list[Record]) -> list[Record]:
        """The records with `reply_to_post_id`, null when that post cannot be seen."""
        for record in records:
            if all(isinstance(record.get(name), int) for name in ("id", "topic_id", "post_number")):
                self._known[record.get("topic_id"), record.get("post_number")] = record["id"]
        return [
            {**record, "reply_to_post_id": self._id(record)} if record.get("reply_to_post_number") else record
            for record in records
        ]

    def _id(self, record: Record) -> int | None:
        place = (record.get("topic_id"), record["reply_to_post_number"])
        if not all(isinstance(number, int) for number in place):
            return None
        if place not in self._known:
            address = self._at(f"posts/by_number/{place[0]}/{place[1]}.json")
            post, _ = self._client.get_json(address, accept=(403, 404))
            number = post.get("id") if isinstance(post, dict) else None
            self._known[place] = number if isinstance(number, int) else None
        return self._known[place]


def _object(client: PoliteClient, address: str, params: Params) -> dict[str, Any]:
    body, _ = client.get_json(address, params)
    if not isinstance(body, dict):
        raise SourceFailed(Outcome.SCHEMA_DRIFT, f"{urlsplit(address).path}: an object was expected")
    return body


def _time(record: Record) -> datetime | None:
    return time_in(record.get("created_at"))


def _reply_to(post: Post) -> str | None:
    """The id of the post that is answered; its place in the topic when it cannot be seen."""
    if post.reply_to_post_number is None:
        return None
    known = post.reply_to_post_id
    return f"topic-{post.topic_id}/{post.reply_to_post_number}" if known is None else str(known)


def _likes(post: Post) -> int | None:
    if post.actions_summary is None:
        return post.like_count
    return next((action.count or 0 for action in post.actions_summary if action.id == LIKE), 0)


def _reason_gone(record: Record) -> str | None:
    if record.get("deleted_at") or record.get("user_deleted") is True:
        return "deleted"
    return "hidden by moderators" if record.get("hidden") is True else None
