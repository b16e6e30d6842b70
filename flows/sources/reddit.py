"""Reddit: new posts and comments of subreddits, and posts a search finds. See docs/sources/reddit.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from html import unescape
from importlib.metadata import version
from itertools import islice
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, Field, model_validator

from flows.http import Params, PoliteClient, basic_auth
from flows.rate_limits import HeaderSeconds
from flows.settings.secrets import SecretFromEnv
from flows.sources.base import BrokenRecord, Checked, Outcome, RawMention, Record, SourceFailed
from flows.sources.newest_first import DepthSettings, Listing, NewestFirst, Position, Slice, time_in
from flows.sources.records import UtcTime, field_names, read_record, records_in
from flows.sources.tokens import revealed

PAGE_SIZE = 100
COMMENT, POST = "t1", "t3"
GONE_TEXTS = {"[deleted]": "deleted", "[removed]": "removed by moderators"}
BY_AUTHOR = ("deleted", "author")
"""Values of `removed_by_category` that mean that the author took the post away."""


class RedditSettings(DepthSettings):
    """An approved Reddit app and what it reads, in listening.yaml."""

    type: Literal["reddit"] = "reddit"
    subreddits: tuple[str, ...] = Field(default=(), description="Subreddits to read, without r/.")
    queries: tuple[str, ...] = Field(default=(), description="Searches over all of Reddit; they find posts only.")
    comments: bool = Field(default=True, description="Whether to read the comments of the subreddits.")
    username: str = Field(pattern=r"^[\w-]{3,20}$", description="The Reddit user who answers for the app.")
    client_id_variable: SecretFromEnv = Field(description="Environment variable with the app's client id.")
    client_secret_variable: SecretFromEnv = Field(description="Environment variable with the app's secret.")
    base_url: str = Field(
        default="https://oauth.reddit.com", pattern=r"^https?://[^/?#@\s]+$", description="Address of the API."
    )
    sign_in_url: str = Field(
        default="https://www.reddit.com",
        pattern=r"^https?://[^/?#@\s]+$",
        description="Address where tokens are given.",
    )

    @model_validator(mode="after")
    def _something_to_read(self) -> RedditSettings:
        if not (self.subreddits or self.queries):
            raise ValueError("Name at least one of `subreddits` and `queries`.")
        return self


class Data(BaseModel):
    """What is read of a post (t3: title, selftext, url) and a comment (t1: body, link_id, parent_id)."""

    name: str = Field(pattern=r"^t[13]_\w+$")
    created_utc: UtcTime
    author: str | None = None
    title: str | None = None
    selftext: str | None = None
    url: str | None = None
    is_self: bool | None = None
    body: str | None = None
    link_id: str | None = None
    parent_id: str | None = None
    permalink: str | None = None
    edited: UtcTime | bool | None = None
    score: int | None = None
    score_hidden: bool | None = None
    hide_score: bool | None = None
    num_comments: int | None = None
    num_crossposts: int | None = None


class Thing(BaseModel):
    """A post or comment in its envelope."""

    kind: Literal["t1", "t3"]
    data: Data


class Reddit(NewestFirst):
    """Reads listings newest first; the cursor holds the state of each (flows/sources/newest_first.py).

    Native ids are fullnames: `t3_...` for posts, `t1_...` for comments, as comments name what they answer.
    """

    settings_type = RedditSettings
    required_fields = ("kind", "data.name", "data.created_utc")
    optional_fields: ClassVar[tuple[str, ...]] = tuple(
        f"data.{name}" for name in field_names(Data, required=False) if name != "url"
    )
    author_fields: ClassVar[tuple[str, ...]] = tuple(
        f"data.{name}" for name in ("author", "author_fullname", "author_flair_text", "permalink", "url", "replies")
    )
    recheck_interval: ClassVar[timedelta] = timedelta(hours=48)
    settings: RedditSettings

    def client(self) -> PoliteClient:
        """Sign in as the app and open the client. Raises SourceFailed."""
        given = self.settings
        agent = f"python:marktecho:{version('marktecho')} (by /u/{given.username})"
        proof = basic_auth(
            revealed(given.client_id_variable, "client_id_variable"),
            revealed(given.client_secret_variable, "client_secret_variable"),
        )
        with self.open_client(given.sign_in_url, given, agent=agent) as client:
            answer, _ = client.post_json(
                "/api/v1/access_token", form={"grant_type": "client_credentials"}, headers={"Authorization": proof}
            )
        token = answer.get("access_token") if isinstance(answer, dict) else None
        if not isinstance(token, str):
            raise SourceFailed(
                Outcome.ACCESS_LOST, "Reddit gave no access token. Is the app approved and the secret right?"
            )
        return self.open_client(given.base_url, given, token=token, agent=agent, limiter=HeaderSeconds())

    def listings(self, client: PoliteClient) -> list[Listing]:
        """New posts and comments of each subreddit, and the hits of each search."""
        places: list[tuple[str, str, Params]] = []
        for name in self.settings.subreddits:
            places.append((f"r/{name}", f"/r/{name}/new", []))
            if self.settings.comments:
                places.append((f"comments of r/{name}", f"/r/{name}/comments", []))
        search = [("sort", "new"), ("type", "link")]
        places += [(f"search {query}", "/search", [("q", query), *search]) for query in self.settings.queries]
        return [Listing(name, partial(_page, client, path, params), _time) for name, path, params in places]

    def to_mention(self, record: Record) -> RawMention:
        """Map a post (title, text and link) or a comment. Nobody knows the `reach`. Raises BrokenRecord."""
        if _reason_gone(record):
            return RawMention(native_id=self.native_id(record) or "", text="", deleted=True)
        thing = read_record(Thing, record)
        data, is_comment = thing.data, thing.kind == COMMENT
        needed = "body" if is_comment else "title"
        if getattr(data, needed) is None:
            raise BrokenRecord(f"data.{needed}", "is missing")
        link = data.url if not data.is_self and data.permalink and data.permalink not in (data.url or "") else None
        parts = [data.body] if is_comment else [data.title, data.selftext, link]
        has_score = data.score is not None and not (data.score_hidden or data.hide_score)
        return RawMention(
            native_id=data.name,
            text=unescape("\n\n".join(part for part in parts if part)),
            url=f"https://www.reddit.com{data.permalink}" if data.permalink else None,
            author=data.author.lower() if data.author and data.author != "[deleted]" else None,
            author_kind="bot" if data.author == "AutoModerator" else "unknown",
            published_at=data.created_utc,
            edited_at=None if isinstance(data.edited, bool) else data.edited,
            thread=data.link_id if is_comment else data.name,
            reply_to=data.parent_id if is_comment else None,
            like_count=max(0, data.score or 0) if has_score else None,
            repost_count=None if is_comment else data.num_crossposts,
            reply_count=None if is_comment else data.num_comments,
        )

    def native_id(self, record: Record) -> str | None:
        """The fullname, also of a broken thing."""
        data = record.get("data")
        name = data.get("name") if isinstance(data, dict) else None
        return name if isinstance(name, str) and name else None

    def recheck(self, native_ids: Iterable[str]) -> Iterator[Checked]:
        """Ask for a hundred things at a time; deleted ones are missing or hold a mark in place of their text."""
        ids = iter(native_ids)
        with self.client() as client:
            while batch := list(islice(ids, PAGE_SIZE)):
                answer, _ = client.get_json("/api/info", [("id", ",".join(batch)), ("raw_json", "1")])
                things = {self.native_id(thing): thing for thing in _things(_data(answer, "/api/info"), "/api/info")}
                for name in batch:
                    thing = things.get(name)
                    gone = "deleted" if thing is None else _reason_gone(thing)
                    yield Checked(name, gone, record=None if gone else thing)


def _page(client: PoliteClient, path: str, params: Params, position: Position) -> Slice:
    after = [("after", position)] if isinstance(position, str) else []
    answer, _ = client.get_json(path, [*params, ("limit", str(PAGE_SIZE)), ("raw_json", "1"), *after])
    data = _data(answer, path)
    below = data.get("after")
    return Slice(_things(data, path), below if isinstance(below, str) and below else None)


def _data(answer: Any, path: str) -> dict[str, Any]:
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, dict):
        raise SourceFailed(Outcome.SCHEMA_DRIFT, f"{path}: a listing was expected")
    return data


def _things(listing: dict[str, Any], path: str) -> list[Record]:
    """The things of a listing; replies inside a comment follow it, placeholders for more of them are no posts."""
    found: list[Record] = []
    waiting = list(reversed(records_in(listing.get("children"), path)))
    while waiting:
        thing = waiting.pop()
        if thing.get("kind") == "more":
            continue
        data = thing.get("data")
        replies = data.get("replies") if isinstance(data, dict) else None
        if isinstance(replies, dict):
            inner = _data(replies, path)
            waiting += reversed(records_in(inner.get("children"), path))
        found.append(thing)
    return found


def _time(record: Record) -> datetime | None:
    data = record.get("data")
    return time_in(data.get("created_utc")) if isinstance(data, dict) else None


def _reason_gone(record: Record) -> str | None:
    data = record.get("data")
    if not isinstance(data, dict):
        return None
    if category := data.get("removed_by_category"):
        return "deleted" if category in BY_AUTHOR else "removed by moderators"
    return GONE_TEXTS.get(str(data.get("body" if record.get("kind") == COMMENT else "selftext")).strip())
