"""GitHub: issues and their comments, issues a search finds, and discussions. See docs/sources/github.md."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from flows.http import Params, PoliteClient
from flows.rate_limits import HeaderTimestamp
from flows.settings.secrets import SecretFromEnv
from flows.sources.base import AuthorKind, Checked, Connector, Cursor, Outcome, Page, RawMention, Record, SourceFailed
from flows.sources.github_discussions import discussions, recheck_nodes
from flows.sources.newest_first import DepthSettings, walk_down
from flows.sources.records import UtcTime, in_turns, read_record, records_in
from flows.sources.tokens import revealed

PAGE_SIZE = "100"
KINDS: dict[str | None, AuthorKind] = {"Bot": "bot", "Organization": "organisation"}
_HIDDEN = re.compile(r"<!--.*?-->", re.DOTALL)
"""Templates of issues hold instructions that nobody sees."""
_PLACE = re.compile(r"/repos/([\w.-]+/[\w.-]+/issues/(?:comments/)?\d+)$")


class GitHubSettings(DepthSettings):
    """What to read on GitHub, in listening.yaml."""

    type: Literal["github"] = "github"
    repositories: tuple[str, ...] = Field(default=(), description="Repositories to read, as owner/name.")
    queries: tuple[str, ...] = Field(default=(), description="Searches for issues in all public repositories.")
    issues: bool = Field(default=True, description="Whether to read issues and their comments.")
    discussions: bool = Field(default=False, description="Whether to read discussions; needs a token.")
    pull_requests: bool = Field(default=False, description="Whether to read pull requests like issues.")
    lookback_days: float = Field(default=30, gt=0, description="How far back the first run reads.")
    overlap_hours: float = Field(default=1, ge=0, description="What changed later is read again by the next run.")
    token_variable: SecretFromEnv | None = Field(
        default=None, description="Environment variable with a token: 5,000 requests an hour instead of 60."
    )
    base_url: str = Field(
        default="https://api.github.com", pattern=r"^https?://[^/?#@\s]+$", description="Address of the API."
    )

    @model_validator(mode="after")
    def _can_be_read(self) -> GitHubSettings:
        if not (self.repositories or self.queries):
            raise ValueError("Name at least one of `repositories` and `queries`.")
        for name in self.repositories:
            if not re.fullmatch(r"[\w.-]+/[\w.-]+", name):
                raise ValueError(f"{name!r} is no repository; write owner/name.")
        if self.discussions and self.token_variable is None:
            raise ValueError("`discussions` can be read with a token only: set `token_variable`.")
        return self


class User(BaseModel):
    """What is read of an author; deleted accounts are null or "ghost"."""

    login: str | None = None
    type: str | None = None


class Reactions(BaseModel):
    """What is read of the reactions."""

    thumbs_up: int | None = Field(default=None, alias="+1")


class Issue(BaseModel):
    """What is read of an issue (it has a title) or a comment (it has the address of its issue)."""

    url: str = Field(pattern=_PLACE.pattern)
    created_at: UtcTime
    title: str | None = None
    body: str | None = None
    html_url: str | None = None
    issue_url: str | None = None
    updated_at: UtcTime | None = None
    user: User | None = None
    comments: int | None = None
    reactions: Reactions | None = None


class Author(BaseModel):
    """What GraphQL says of an author."""

    model_config = ConfigDict(populate_by_name=True)

    login: str | None = None
    type: str | None = Field(default=None, alias="__typename")


class Node(BaseModel):
    """What is read of a discussion (it has a title), a comment or a reply."""

    model_config = ConfigDict(alias_generator=to_camel)

    id: str = Field(min_length=1)
    body: str
    created_at: UtcTime
    last_edited_at: UtcTime | None = None
    title: str | None = None
    url: str | None = None
    author: Author | None = None
    upvote_count: int | None = None
    reply_count: int | None = None
    thread: str | None = None
    reply_to: str | None = None


class GitHub(Connector):
    """Reads issues and comments by their last change, oldest first; discussions newest first.

    The cursor holds the state of each. Native ids of issues and comments are their path (`owner/name/issues/1`), those
    of discussions GitHub's node ids.
    """

    settings_type = GitHubSettings
    optional_fields: ClassVar[tuple[str, ...]] = ("body",)
    author_fields: ClassVar[tuple[str, ...]] = (
        "user",
        "author",
        "assignee",
        "assignees",
        "closed_by",
        "html_url",
        "url",
    )

    def __init__(
        self,
        settings: GitHubSettings,
        *,
        open_client: Callable[..., PoliteClient] = PoliteClient,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.settings = settings
        self._open_client = open_client
        self._clock = clock

    def fetch(self, cursor: Cursor) -> Iterator[Page]:
        """Read everything in turns, a page each. Raises SourceFailed."""
        given, depth = self.settings, self.settings.depth(self._clock())
        state: dict[str, dict[str, Any]] = deepcopy(cursor.get("places", {}))
        with self._client() as client:
            places: list[tuple[str, str, Params]] = [
                (query, "/search/issues", [("q", query)]) for query in given.queries
            ]
            for name in given.repositories if given.issues else ():
                path = f"/repos/{name}/issues"
                places += [(path, path, [("state", "all")]), (f"{path}/comments", f"{path}/comments", [])]
            walks = [self._by_change(client, path, more, state.setdefault(name, {})) for name, path, more in places]
            if given.discussions:
                listings = [discussions(client, name) for name in given.repositories]
                walks += [walk_down(each, state.setdefault(each.name, {}), depth) for each in listings]
            for records in in_turns(walks, given.max_records_per_run):
                yield Page(records, {"places": deepcopy(state)})

    def to_mention(self, record: Record) -> RawMention:
        """Map an issue, a comment or a part of a discussion. Nobody knows the `reach`. Raises BrokenRecord."""
        if "createdAt" in record or "upvoteCount" in record:
            return _discussion(read_record(Node, record))
        issue = read_record(Issue, record)
        thread = _place(issue.issue_url or issue.url)
        user, edited = issue.user or User(), issue.updated_at if issue.issue_url else None
        return RawMention(
            native_id=_place(issue.url),
            text=_text(issue.title, issue.body),
            url=issue.html_url,
            author=user.login.lower() if user.login and user.login != "ghost" else None,
            author_kind=KINDS.get(user.type, "unknown"),
            published_at=issue.created_at,
            edited_at=edited if edited != issue.created_at else None,  # any comment changes the time of an issue
            thread=thread,
            reply_to=thread if issue.issue_url else None,
            like_count=issue.reactions.thumbs_up if issue.reactions else None,
            reply_count=issue.comments,
        )

    def native_id(self, record: Record) -> str | None:
        """The path of an issue or comment, the node id of a part of a discussion; also of broken ones."""
        if "createdAt" in record or "upvoteCount" in record:
            return record["id"] if isinstance(record.get("id"), str) else None
        return _place(str(record.get("url"))) or None

    def recheck(self, native_ids: Iterable[str]) -> Iterator[Checked]:
        """Ask for issues and comments one by one, for discussions a hundred at a time."""
        with self._client() as client:
            for is_path, ids in groupby(native_ids, key=lambda native_id: "/" in native_id):
                if is_path:
                    yield from map(partial(self._still_there, client), ids)
                else:
                    yield from recheck_nodes(client, ids)

    def _still_there(self, client: PoliteClient, native_id: str) -> Checked:
        issue, response = client.get_json(f"/repos/{native_id}", accept=(404, 410))
        if response.status != 200:
            return Checked(native_id, gone="deleted")
        if not isinstance(issue, dict):
            raise SourceFailed(Outcome.SCHEMA_DRIFT, f"/repos/{native_id}: an object was expected")
        if _place(str(issue.get("url"))) != native_id:
            return Checked(native_id, gone="moved to another repository")
        return Checked(native_id, record=issue)

    def _by_change(
        self, client: PoliteClient, path: str, params: Params, state: dict[str, Any]
    ) -> Iterator[list[Record]]:
        """Yield issues or comments from the last change read on; each page begins where the last one ended in time."""
        depth, until = self.settings.depth(self._clock()), state.get("changed_until")
        since = datetime.fromisoformat(until) - depth.overlap if until else depth.first_time
        low, number, previous = f"{since:%Y-%m-%dT%H:%M:%SZ}", 1, set[Any]()
        while True:
            conditions = state.get("conditions", {}) if state.get("asked") == low and number == 1 else {}
            found, response = self._ask(client, path, params, low, number, conditions)
            if response.status == 304:
                yield []
                return
            more = 'rel="next"' in response.headers.get("link", "")
            ids = {str(record.get("url")) for record in found}
            if more and ids <= previous:
                raise SourceFailed(Outcome.SCHEMA_DRIFT, f"{path}: the same page again")
            newest = max((str(record["updated_at"]) for record in found if record.get("updated_at")), default=low)
            if found:
                state["changed_until"] = newest
            state |= {"asked": low, "conditions": {} if more or number > 1 else response.conditions}
            yield [record for record in found if self.settings.pull_requests or not _is_pull_request(record)]
            if not more:
                return
            low, number, previous = (newest, 1, ids) if newest > low else (low, number + 1, ids)

    def _ask(
        self, client: PoliteClient, path: str, params: Params, low: str, number: int, conditions: dict[str, str]
    ) -> tuple[list[Record], Any]:
        page = [("per_page", PAGE_SIZE), ("page", str(number)), ("sort", "updated")]
        if path == "/search/issues":
            words = f"{params[0][1]} is:issue updated:>={low}"
            body, response = client.get_json(
                path, [("q", words), ("order", "asc"), *page], headers=conditions, accept=(304,)
            )
            found = body.get("items") if isinstance(body, dict) else body
        else:
            asked = [*params, ("direction", "asc"), ("since", low), *page]
            found, response = client.get_json(path, asked, headers=conditions, accept=(304,))
        return records_in([] if response.status == 304 else found, path), response

    def _client(self) -> PoliteClient:
        token = revealed(self.settings.token_variable, "token_variable")
        return self._open_client(self.settings.base_url, self.settings, token=token, limiter=HeaderTimestamp())


def _discussion(node: Node) -> RawMention:
    author = node.author or Author()
    return RawMention(
        native_id=node.id,
        text=_text(node.title, node.body),
        url=node.url,
        author=author.login.lower() if author.login else None,
        author_kind=KINDS.get(author.type, "unknown"),
        published_at=node.created_at,
        edited_at=node.last_edited_at,
        thread=node.thread or node.id,
        reply_to=node.reply_to,
        like_count=node.upvote_count,
        reply_count=node.reply_count,
    )


def _text(title: str | None, body: str | None) -> str:
    return "\n\n".join(filter(None, (title, _HIDDEN.sub("", body or "").strip())))


def _place(address: str) -> str:
    """`owner/name/issues/1` of its address in the API; "" for anything else."""
    found = _PLACE.search(address)
    return found[1] if found else ""


def _is_pull_request(record: Record) -> bool:
    return "pull_request" in record or "/pull/" in str(record.get("html_url"))
