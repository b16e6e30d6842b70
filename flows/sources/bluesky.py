"""Bluesky: posts with listened words from the event stream; search for backfills. See docs/sources/bluesky.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from html import escape
from itertools import islice
from typing import Any, ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from flows.http import NetworkSettings, Params, PoliteClient, Response
from flows.rate_limits import HeaderTimestamp
from flows.settings.secrets import SecretFromEnv
from flows.sources import jetstream
from flows.sources.base import (
    BrokenRecord,
    Checked,
    Connector,
    Cursor,
    Outcome,
    Page,
    RawMention,
    Record,
    SourceFailed,
)
from flows.sources.bluesky_search import Session, error_name, search
from flows.sources.records import read_record, records_in
from flows.sources.tokens import revealed
from flows.sources.words import Words

POST = "app.bsky.feed.post"
RECHECK_BATCH = 25
GONE = frozenset({"deleted", "takendown"})
"""States of an account in which its content has to go; `deactivated` and `suspended` may come back."""


class BlueskySettings(NetworkSettings):
    """What to listen for on Bluesky, in listening.yaml."""

    type: Literal["bluesky"] = "bluesky"
    words: tuple[str, ...] = Field(min_length=1, description="Words and phrases; * at the end means any ending.")
    languages: tuple[str, ...] = Field(default=(), description="Only posts whose author says one of these, or none.")
    stream: str = Field(
        default="wss://jetstream2.us-east.bsky.network/subscribe",
        pattern=r"^wss?://[^/?#@\s]+/(subscribe|xrpc/network\.bsky\.jetstream\.subscribeEvents)$",
        description="Address of the event stream, in either dialect.",
    )
    lookback_hours: float = Field(default=24, gt=0, le=36, description="How far back the first run reads.")
    idle_seconds: float = Field(default=15, gt=0, description="So long without an event means: that is all for now.")
    max_minutes_per_run: float = Field(default=60, gt=0, description="The run stops reading the stream after that.")
    handle: str = Field(default="", description="An account to search with, such as listener.example.org.")
    password_variable: SecretFromEnv | None = Field(
        default=None, description="Environment variable with an app password of that account."
    )
    service: str = Field(
        default="https://bsky.social", pattern=r"^https?://[^/?#@\s]+$", description="Where that account signs in."
    )
    public_service: str = Field(
        default="https://public.api.bsky.app",
        pattern=r"^https?://[^/?#@\s]+$",
        description="Asked for rechecks when there is no account.",
    )

    @model_validator(mode="after")
    def _has_whole_account(self) -> BlueskySettings:
        if bool(self.handle) != (self.password_variable is not None):
            raise ValueError("`handle` and `password_variable` belong together: set both or neither.")
        if any(not word.strip("* ") for word in self.words):
            raise ValueError("An entry of `words` is empty.")
        return self


class Reference(BaseModel):
    """Another post."""

    uri: str = Field(min_length=1)


class Reply(BaseModel):
    """What a post answers."""

    root: Reference
    parent: Reference


class PostRecord(BaseModel):
    """What is read of a post's record."""

    text: str
    created_at: AwareDatetime = Field(alias="createdAt")
    langs: list[str] | None = None
    reply: Reply | None = None
    facets: list[Any] | None = None


class Author(BaseModel):
    """What is read of a post's author."""

    did: str = Field(pattern=r"^did:")


class Post(BaseModel):
    """What is read of a post as search shows it; posts of the stream are brought into this form."""

    uri: str = Field(pattern=r"^at://did:[^/]+/[^/]+/[^/]+$")
    author: Author
    record: PostRecord
    indexed_at: AwareDatetime = Field(alias="indexedAt")
    like_count: int | None = Field(default=None, alias="likeCount")
    repost_count: int | None = Field(default=None, alias="repostCount")
    reply_count: int | None = Field(default=None, alias="replyCount")


class Bluesky(Connector):
    """Reads the stream from where the last run ended to now. The cursor is the state of flows/sources/jetstream.py."""

    settings_type = BlueskySettings
    required_fields = ("uri", "author.did", "indexedAt", "record.text", "record.createdAt")
    optional_fields = ("record.langs", "record.reply", "record.facets", "likeCount", "repostCount", "replyCount")
    author_fields: ClassVar[tuple[str, ...]] = (
        "author",
        "uri",
        "did",
        "record.embed",
        "record.facets",
        "embed",
        "message",
    )

    def __init__(
        self,
        settings: BlueskySettings,
        *,
        open_client: Callable[..., PoliteClient] = PoliteClient,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.settings = settings
        self._open_client = open_client
        self._clock = clock
        self._words = Words(settings.words)

    def fetch(self, cursor: Cursor) -> Iterator[Page]:
        """Read the stream up to now. Raises SourceFailed."""
        now = self._clock()
        first = now - timedelta(hours=self.settings.lookback_hours)
        state = dict(cursor) or {"time": int(first.timestamp() * 1_000_000)}
        stream = jetstream.Stream(
            address=self.settings.stream,
            collection=POST,
            contact=self.settings.contact,
            until=now,
            idle_seconds=self.settings.idle_seconds,
            max_minutes=self.settings.max_minutes_per_run,
            max_tries=self.settings.max_tries,
            timeout_seconds=self.settings.timeout_seconds,
            is_private=self.settings.private_network,
        )
        for batch in jetstream.read(stream, state):
            records = [record for event in batch.events if (record := self._record(event)) is not None]
            notice = None
            if batch.gap:
                since, until = (moment.isoformat(timespec="seconds") for moment in batch.gap)
                notice = (
                    f"Posts from {since} to {until} are missing: the stream keeps 36 hours only. To search for them: "
                    f"marktecho ingest {self.settings.source} --since {since} --until {until}"
                )
            yield Page(records, batch.state, notice=notice)

    def to_mention(self, record: Record) -> RawMention:
        """Map a post, a deletion or the end of an account. Nobody knows the `reach` of a post. Raises BrokenRecord."""
        match record.get("operation"):
            case "unreadable":
                raise BrokenRecord("message", "is not in the form of the stream")
            case "account":
                did = record["author"]["did"]
                return RawMention(native_id=f"at://{did}/", text="", author=did, account_gone=True)
            case "delete":
                return RawMention(native_id=record["uri"], text="", deleted=True, if_known=True)
        post = read_record(Post, record)
        is_update = record.get("operation") == "update"
        return RawMention(
            native_id=post.uri,
            text=rich_text(post.record.text, post.record.facets or []),
            is_html=True,
            url=web_address(post.uri),
            author=post.author.did,
            author_kind="bot" if _has_label(record.get("author"), "bot") else "unknown",
            language_hint=post.record.langs[0] if post.record.langs else None,
            published_at=min(post.record.created_at, post.indexed_at),
            edited_at=post.indexed_at if is_update else None,
            thread=post.record.reply.root.uri if post.record.reply else post.uri,
            reply_to=post.record.reply.parent.uri if post.record.reply else None,
            like_count=post.like_count,
            repost_count=post.repost_count,
            reply_count=post.reply_count,
            if_known=is_update and not self._is_listened(record),
        )

    def native_id(self, record: Record) -> str | None:
        """The address of the post's record, also of a broken one."""
        uri = record.get("uri")
        return uri if isinstance(uri, str) and uri else None

    def recheck(self, native_ids: Iterable[str]) -> Iterator[Checked]:
        """Ask for known posts, 25 at a time; of those that do not come back, ask whether the account is gone, too."""
        ids = iter(native_ids)
        with self._open_client(self._service, self.settings, limiter=HeaderTimestamp("RateLimit")) as client:
            ask = self._questions(client)
            accounts: dict[str, bool] = {}
            while batch := list(islice(ids, RECHECK_BATCH)):
                found, response = ask("app.bsky.feed.getPosts", [("uris", uri) for uri in batch])
                if response.status != 200 or not isinstance(found, dict):
                    raise SourceFailed(Outcome.SCHEMA_DRIFT, f"getPosts: refused ({error_name(response)})")
                posts = {post.get("uri"): post for post in records_in(found.get("posts"), "getPosts")}
                for uri in batch:
                    if uri in posts:
                        yield Checked(uri, record=posts[uri])
                        continue
                    did = uri.removeprefix("at://").partition("/")[0]
                    if did not in accounts:
                        accounts[did] = _is_gone(ask("app.bsky.actor.getProfile", [("actor", did)])[1])
                    yield Checked(uri, "deleted", account_gone=accounts[did])

    def _questions(self, client: PoliteClient) -> Callable[[str, Params], tuple[Any, Response]]:
        """How to call a method: signed in where there is an account. 400 is an answer."""
        session = self._session(client)
        if session is not None:
            return session.get
        return lambda method, params: client.get_json(f"/xrpc/{method}", params, accept=(400,))

    def backfill(self, since: datetime, until: datetime, cursor: Cursor) -> Iterator[Page]:
        """Search for the words, day by day; needs an account. Raises SourceFailed."""
        with self._open_client(self._service, self.settings, limiter=HeaderTimestamp("RateLimit")) as client:
            session = self._session(client)
            if session is None:
                raise SourceFailed(
                    Outcome.ACCESS_LOST, "Search needs an account: set `handle` and `password_variable`."
                )
            words = tuple(_searched(word) for word in self.settings.words)
            for page in search(session, words, since, until, cursor):
                kept = [record for record in page.records if self._has_language(record)]
                yield Page(kept, page.cursor, reached=page.reached)

    def probe(self) -> str:
        """Read the last minute of the stream."""
        minute_ago = int((self._clock() - timedelta(minutes=1)).timestamp() * 1_000_000)
        count = sum(len(page.records) for page in self.fetch({"time": minute_ago}))
        return f"{count} records with your words, or deletions, in the last minute"

    @property
    def _service(self) -> str:
        return self.settings.service if self.settings.handle else self.settings.public_service

    def _session(self, client: PoliteClient) -> Session | None:
        if not self.settings.handle:
            return None
        password = revealed(self.settings.password_variable, "password_variable")
        return Session(client, self.memory, self.settings.handle, password)

    def _record(self, event: jetstream.Event) -> Record | None:
        """An event as a record in the form of search results; None for what is not listened for."""
        did = event.get("did")
        indexed_at = datetime.fromtimestamp(event["time"] / 1_000_000, UTC).isoformat()
        if event["kind"] == "unreadable":
            return {"operation": "unreadable", "message": event["message"]}
        if event["kind"] == "account":
            account = event.get("account") or {}
            is_gone = account.get("active") is False and account.get("status") in GONE
            return {"operation": "account", "author": {"did": did}, "indexedAt": indexed_at} if is_gone else None
        commit = event.get("commit")
        if event["kind"] != "commit" or not isinstance(commit, dict) or commit.get("collection") != POST:
            return None
        record = {
            "operation": commit.get("operation"),
            "uri": f"at://{did}/{POST}/{commit.get('rkey')}",
            "author": {"did": did},
            "indexedAt": indexed_at,
        }
        if commit.get("operation") == "delete":
            return record
        record["record"] = commit.get("record")
        return record if commit.get("operation") == "update" or self._is_listened(record) else None

    def _is_listened(self, record: Record) -> bool:
        """Whether a post has one of the words (in its text, links or tags) and an asked-for language."""
        body = record.get("record")
        if not isinstance(body, Mapping) or not isinstance(body.get("text"), str):
            return True  # broken: quarantine tells
        said = [body["text"], *_links(body.get("facets")), *_tags(body)]
        return self._has_language(record) and self._words.are_in("\n".join(said))

    def _has_language(self, record: Record) -> bool:
        body = record.get("record")
        spoken = body.get("langs") if isinstance(body, Mapping) else None
        if not self.settings.languages or not isinstance(spoken, list) or not spoken:
            return True
        return any(str(tag).lower().split("-")[0] in self.settings.languages for tag in spoken)


def rich_text(text: str, facets: Iterable[Any]) -> str:
    """A post's text as HTML, its links with their full address (the text often shows a shortened one).

    Facets mark bytes of the UTF-8 text; those that fit nowhere are ignored, as the lexicon asks for.
    """
    raw = text.encode("utf-8", "surrogatepass")
    pieces, done = [], 0
    for start, end, address in sorted(filter(None, map(_link_place, facets))):
        if done <= start < end <= len(raw):
            shown = escape(raw[start:end].decode("utf-8", "replace"))
            pieces += [escape(raw[done:start].decode("utf-8", "replace")), f'<a href="{escape(address)}">{shown}</a>']
            done = end
    pieces.append(escape(raw[done:].decode("utf-8", "replace")))
    return "".join(pieces).replace("\n", "<br>")


def _link_place(facet: Any) -> tuple[int, int, str] | None:
    try:
        place = facet["index"]["byteStart"], facet["index"]["byteEnd"]
        address = next(feature["uri"] for feature in facet["features"] if feature["$type"].endswith("#link"))
    except (KeyError, TypeError, AttributeError, StopIteration):
        return None
    return (*place, address) if all(isinstance(at, int) for at in place) and isinstance(address, str) else None


def _links(facets: Any) -> list[str]:
    places = map(_link_place, facets) if isinstance(facets, list) else ()
    return [place[2] for place in places if place]


def _tags(body: Mapping[str, Any]) -> list[str]:
    tags = body.get("tags")
    return [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []


def _is_gone(profile: Response) -> bool:
    """Whether the answer about a profile says that the account was deleted or taken down (not: switched off)."""
    if profile.status != 400:
        return False
    return error_name(profile) == "AccountTakedown" or b"Profile not found" in profile.body


def _has_label(author: Any, value: str) -> bool:
    labels = author.get("labels") if isinstance(author, Mapping) else None
    return isinstance(labels, list) and any(isinstance(one, Mapping) and one.get("val") == value for one in labels)


def _searched(word: str) -> str:
    return f'"{word}"' if " " in word.strip() and not word.startswith('"') else word


def web_address(uri: str) -> str:
    """Where people see a post, by the address of its record."""
    did, _, key = uri.removeprefix("at://").split("/")
    return f"https://bsky.app/profile/{did}/post/{key}"
