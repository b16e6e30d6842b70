"""Lemmy: new posts and comments of an instance, of communities or of a search. See docs/sources/lemmy.md."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, model_validator

from flows.http import Params, PoliteClient
from flows.sources.base import Checked, Outcome, RawMention, Record, SourceFailed
from flows.sources.newest_first import DepthSettings, Listing, NewestFirst, Position, Slice, time_in
from flows.sources.records import UtcTime, field_names, read_record, records_in

PAGE_SIZE = 50
UNDETERMINED = 0
"""Lemmy's number for a language that the author did not say."""
Kind = Literal["post", "comment"]
KINDS: tuple[Kind, Kind] = ("post", "comment")


class LemmySettings(DepthSettings):
    """A Lemmy instance in listening.yaml."""

    type: Literal["lemmy"] = "lemmy"
    server: str = Field(pattern=r"^https?://[^/?#@\s]+$", description="Address of the instance.")
    communities: tuple[str, ...] = Field(default=(), description="Communities to read, such as ebike@feddit.org.")
    queries: tuple[str, ...] = Field(default=(), description="Words to search for.")
    everything: Literal["", "all", "local"] = Field(default="", description="Also read all posts and comments.")

    @model_validator(mode="after")
    def _something_to_read(self) -> LemmySettings:
        if not (self.communities or self.queries or self.everything):
            raise ValueError("Name at least one of `communities` and `queries`, or set `everything`.")
        return self


class Creator(BaseModel):
    """What is read of an author."""

    actor_id: str = Field(min_length=1)
    bot_account: bool | None = None


class Written(BaseModel):
    """What is read of a post and of a comment alike."""

    id: int
    published: UtcTime
    updated: UtcTime | None = None
    ap_id: str | None = None
    language_id: int | None = None


class Post(Written):
    """What is read of a post."""

    name: str
    body: str | None = None
    url: str | None = None


class Comment(Written):
    """What is read of a comment; `path` holds the ids from the top (0) down to itself."""

    content: str
    post_id: int
    path: str | None = None


class Counts(BaseModel):
    """What is read of the counts."""

    upvotes: int | None = None
    comments: int | None = None
    child_count: int | None = None


class PostView(BaseModel):
    """A post with its author and counts."""

    post: Post
    creator: Creator
    counts: Counts


class CommentView(BaseModel):
    """A comment with its author and counts."""

    comment: Comment
    creator: Creator
    counts: Counts


class Lemmy(NewestFirst):
    """Reads each listing newest first; the cursor holds the state of each (flows/sources/newest_first.py).

    Lemmy numbers posts and comments apart, so their native ids are `post/ID` and `comment/ID`.
    """

    settings_type = LemmySettings
    required_fields: ClassVar[tuple[str, ...]] = ("creator.actor_id",)
    optional_fields: ClassVar[tuple[str, ...]] = tuple(f"counts.{name}" for name in field_names(Counts, required=False))
    author_fields: ClassVar[tuple[str, ...]] = ("creator", "post.ap_id", "comment.ap_id")
    _languages: Mapping[int, str] = MappingProxyType({})

    settings: LemmySettings

    def client(self) -> PoliteClient:
        """Open the client of this instance."""
        return self.open_client(self.settings.server, self.settings)

    def listings(self, client: PoliteClient) -> list[Listing]:
        """Each place has a listing of posts and one of comments."""
        self._languages = _languages(client)
        given, found = self.settings, []
        for kind in KINDS:
            path = f"/api/v3/{kind}/list"
            places: list[tuple[str, str, Params]] = [
                (f"{kind}s of {name}", path, [("type_", "All"), ("community_name", name.removeprefix("!"))])
                for name in given.communities
            ]
            for query in given.queries:
                params = [("q", query), ("type_", f"{kind.capitalize()}s"), ("listing_type", "All")]
                places.append((f"{kind}s with {query}", "/api/v3/search", params))
            if given.everything:
                places.append((f"{kind}s {given.everything}", path, [("type_", given.everything.capitalize())]))
            found += [Listing(each[0], partial(_page, client, kind, *each), partial(_time, kind)) for each in places]
        return found

    def to_mention(self, record: Record) -> RawMention:
        """Map a post (title, text and link) or a comment. Nobody knows the `reach`. Raises BrokenRecord."""
        if _reason_gone(record):
            return RawMention(native_id=self.native_id(record) or "", text="", deleted=True)
        if "comment" in record:
            view = read_record(CommentView, record)
            comment = view.comment
            thread, parents = f"post/{comment.post_id}", (comment.path or "").split(".")[1:-1]
            return self._mention(
                comment,
                view.creator,
                view.counts,
                native_id=f"comment/{comment.id}",
                text=comment.content,
                thread=thread,
                reply_to=f"comment/{parents[-1]}" if parents else thread,
                reply_count=view.counts.child_count,
            )
        found = read_record(PostView, record)
        post = found.post
        return self._mention(
            post,
            found.creator,
            found.counts,
            native_id=f"post/{post.id}",
            text="\n\n".join(filter(None, (post.name, post.body, post.url))),
            thread=f"post/{post.id}",
            reply_to=None,
            reply_count=found.counts.comments,
        )

    def _mention(self, written: Written, creator: Creator, counts: Counts, **fields: Any) -> RawMention:
        return RawMention(
            url=written.ap_id or f"{self.settings.server}/{fields['native_id']}",
            author=_handle(creator.actor_id),
            author_kind="bot" if creator.bot_account else "unknown",
            language_hint=self._languages.get(written.language_id or UNDETERMINED),
            published_at=written.published,
            edited_at=written.updated,
            like_count=counts.upvotes,
            **fields,
        )

    def native_id(self, record: Record) -> str | None:
        """`post/ID` or `comment/ID`, also of a broken one."""
        kind = "comment" if "comment" in record else "post"
        content = record.get(kind)
        number = content.get("id") if isinstance(content, dict) else None
        return f"{kind}/{number}" if isinstance(number, int) else None

    def recheck(self, native_ids: Iterable[str]) -> Iterator[Checked]:
        """Ask for each post and comment: those deleted or removed say so or are no longer found."""
        with self.client() as client:
            for native_id in native_ids:
                kind, _, number = native_id.partition("/")
                body = _ask(client, f"/api/v3/{kind}", [("id", number)])
                view = body.get(f"{kind}_view") if body else None
                if not isinstance(view, dict):
                    yield Checked(native_id, gone="deleted" if body is None else None)
                    continue
                gone = _reason_gone(view)
                yield Checked(native_id, gone, record=None if gone else view)


def _ask(client: PoliteClient, path: str, params: Params) -> dict[str, Any] | None:
    """An object, None when the server does not know it. Raises SourceFailed."""
    body, response = client.get_json(path, params, accept=(400, 404))
    if response.status == 200:
        if not isinstance(body, dict):
            raise SourceFailed(Outcome.SCHEMA_DRIFT, f"{path}: an object was expected")
        return body
    try:
        error = str(json.loads(response.body).get("error"))
    except (ValueError, AttributeError):
        error = "no reason given"
    if error == "rate_limit_error":  # servers before 1.0 say so with status 400
        raise SourceFailed(Outcome.RATE_LIMITED, f"{path}: too many requests for this server")
    if response.status == 404 or error.startswith("couldnt_find"):
        return None
    if error == "instance_is_private":
        raise SourceFailed(Outcome.ACCESS_LOST, f"{path}: this server shows its posts to its members only")
    raise SourceFailed(Outcome.DOWN, f"{path}: refused ({error}). Check the names in listening.yaml.")


def _page(client: PoliteClient, kind: Kind, name: str, path: str, params: Params, position: Position) -> Slice:
    """A page of a listing, by its cursor where the server gives one, else by number."""
    number = position if isinstance(position, int) else 1
    where = ("page_cursor", position) if isinstance(position, str) else ("page", str(number))
    body = _ask(client, path, [*params, ("sort", "New"), ("limit", str(PAGE_SIZE)), where])
    if body is None:
        raise SourceFailed(Outcome.DOWN, f"{name}: not known to this server. Check listening.yaml.")
    records = records_in(body.get(f"{kind}s"), name)
    cursor = body.get("next_page")
    if not records or isinstance(position, str):
        return Slice(records, cursor if records and isinstance(cursor, str) else None)
    return Slice(records, cursor if isinstance(cursor, str) else number + 1)


def _languages(client: PoliteClient) -> dict[int, str]:
    """The codes of this server's language numbers."""
    site, _ = client.get_json("/api/v3/site", accept=(400, 404))
    known = site.get("all_languages") if isinstance(site, dict) else None
    named = [each for each in known if isinstance(each, dict)] if isinstance(known, list) else []
    codes = {each["id"]: str(each.get("code")) for each in named if isinstance(each.get("id"), int)}
    return {number: code for number, code in codes.items() if number != UNDETERMINED}


def _reason_gone(view: Any) -> str | None:
    if not isinstance(view, dict):
        return None
    written = view.get("comment" if "comment" in view else "post")
    if not isinstance(written, dict):
        return None
    if written.get("removed") is True:
        return "removed by moderators"
    return "deleted" if written.get("deleted") is True else None


def _time(kind: Kind, record: Record) -> datetime | None:
    written = record.get(kind)
    return time_in(written.get("published")) if isinstance(written, dict) else None


def _handle(actor_id: str) -> str:
    """`https://feddit.org/u/Anna` is anna@feddit.org."""
    address = urlsplit(actor_id)
    name = address.path.rstrip("/").rpartition("/")[2]
    return (f"{name}@{address.hostname}" if name and address.hostname else actor_id).lower()
