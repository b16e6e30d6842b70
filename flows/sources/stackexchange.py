"""Stack Exchange: questions found by words or tags on one site, and their answers; docs/sources/stackexchange.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from html import escape, unescape
from itertools import islice
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, Field, model_validator

from flows.http import NetworkSettings, Params, PoliteClient
from flows.rate_limits import BodyBackoff
from flows.settings.secrets import SecretFromEnv
from flows.sources.base import BrokenRecord, Checked, Connector, Cursor, Outcome, Page, RawMention, Record, SourceFailed
from flows.sources.records import UtcTime, field_names, in_turns, read_record, records_in
from flows.sources.tokens import revealed

PAGE_SIZE = 100
"""Also how many ids one request may name."""


class StackExchangeSettings(NetworkSettings):
    """A site of the Stack Exchange network in listening.yaml."""

    type: Literal["stackexchange"] = "stackexchange"
    site: str = Field(min_length=1, description="The site, such as stackoverflow, superuser or de.stackoverflow.")
    queries: tuple[str, ...] = Field(default=(), description="Words to search for in questions.")
    tags: tuple[str, ...] = Field(default=(), description="Tags whose questions are read; a;b means both.")
    answers: bool = Field(default=True, description="Whether to read the answers to these questions.")
    lookback_days: float = Field(default=30, gt=0, description="How far back the first run reads.")
    overlap_hours: float = Field(default=1, ge=0, description="What was active later is read again by the next run.")
    key_variable: SecretFromEnv | None = Field(
        default=None, description="Environment variable with an app key: 10,000 requests a day instead of 300."
    )
    base_url: str = Field(
        default="https://api.stackexchange.com", pattern=r"^https?://[^/?#@\s]+$", description="Address of the API."
    )

    @model_validator(mode="after")
    def _something_to_read(self) -> StackExchangeSettings:
        if not (self.queries or self.tags):
            raise ValueError("Name at least one of `queries` and `tags`.")
        return self


class Owner(BaseModel):
    """What is read of an author; deleted ones have no number."""

    user_id: int | None = None


class Written(BaseModel):
    """What is read of a question (it has a title) or an answer (it has a number of its own)."""

    question_id: int
    answer_id: int | None = None
    creation_date: UtcTime
    body: str
    title: str | None = None
    last_edit_date: UtcTime | None = None
    score: int | None = None
    answer_count: int | None = None
    comment_count: int | None = None
    view_count: int | None = None
    link: str | None = None
    owner: Owner | None = None


class StackExchange(Connector):
    """Reads questions in the order of their last activity, oldest first, each page with the answers to them.

    The cursor holds per query the last activity read, in Unix seconds. Pages begin at the last activity of the page
    before, not at a page number: a question that becomes active meanwhile moves to the end and would shift them.
    """

    settings_type = StackExchangeSettings
    required_fields = field_names(Written, required=True)
    optional_fields = field_names(Written, required=False)
    author_fields: ClassVar[tuple[str, ...]] = ("owner", "last_editor")

    def __init__(
        self,
        settings: StackExchangeSettings,
        *,
        open_client: Callable[..., PoliteClient] = PoliteClient,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.settings = settings
        self._open_client = open_client
        self._clock = clock

    def fetch(self, cursor: Cursor) -> Iterator[Page]:
        """Read all queries in turns, a page each. Raises SourceFailed."""
        first = int((self._clock() - timedelta(days=self.settings.lookback_days)).timestamp())
        known = cursor.get("queries", {})
        state = {name: deepcopy(known.get(name, {"active_until": None})) for name in self._queries}
        with self._client() as client:
            walks = []
            for name, params in self._queries.items():
                until = state[name]["active_until"]
                start = first if until is None else until - int(self.settings.overlap_hours * 3_600)
                walks.append(self._walk(client, params, "activity", start, None, state[name]))
            for records in in_turns(walks, self.settings.max_records_per_run):
                yield Page(records, {"queries": deepcopy(state)})

    def backfill(self, since: datetime, until: datetime, cursor: Cursor) -> Iterator[Page]:
        """Read the questions asked in a window of time, and their answers of that time."""
        done: dict[str, Any] = deepcopy(cursor.get("queries", {}))
        low, high = int(since.timestamp()), int(until.timestamp()) - 1
        with self._client() as client:
            for name, params in self._queries.items():
                state = done.setdefault(name, {"active_until": low})
                for records in self._walk(client, params, "creation", state["active_until"], high, state):
                    reached = datetime.fromtimestamp(state["active_until"], UTC)
                    yield Page(records, {"queries": deepcopy(done)}, reached=reached)

    def to_mention(self, record: Record) -> RawMention:
        """Map a question or an answer. `reach` is how often a question was seen. Raises BrokenRecord."""
        post = read_record(Written, record)
        is_answer = post.answer_id is not None
        if not is_answer and not post.title:
            raise BrokenRecord("title", "is missing in a question")
        number = str(post.answer_id or post.question_id)
        kind = "a" if is_answer else "q"
        return RawMention(
            native_id=number,
            text=post.body if is_answer else f"<p>{escape(unescape(post.title or ''))}</p>{post.body}",
            is_html=True,
            url=post.link or f"https://{self.settings.site}.com/{kind}/{number}",
            author=f"{post.owner.user_id}@{self.settings.site}" if post.owner and post.owner.user_id else None,
            published_at=post.creation_date,
            edited_at=post.last_edit_date,
            thread=str(post.question_id),
            reply_to=str(post.question_id) if is_answer else None,
            like_count=None if post.score is None else max(0, post.score),
            reply_count=post.comment_count if is_answer else post.answer_count,
            reach=None if is_answer else post.view_count,
        )

    def native_id(self, record: Record) -> str | None:
        """The post's number, also of a broken one; questions and answers are numbered together."""
        number = record.get("answer_id", record.get("question_id"))
        return str(number) if isinstance(number, int) else None

    def recheck(self, native_ids: Iterable[str]) -> Iterator[Checked]:
        """Ask for a hundred posts at a time: deleted ones are left out of the answer."""
        ids = iter(native_ids)
        with self._client() as client:
            while batch := list(islice(ids, PAGE_SIZE)):
                posts, _ = self._ask(client, f"/2.3/posts/{';'.join(batch)}", [("pagesize", str(PAGE_SIZE))])
                found = {str(post.get("post_id")) for post in posts}
                yield from (Checked(each, gone=None if each in found else "deleted") for each in batch)

    @property
    def _queries(self) -> dict[str, Params]:
        words: dict[str, Params] = {query: [("q", query)] for query in self.settings.queries}
        return words | {f"[{tags}]": [("tagged", tags)] for tags in self.settings.tags}

    def _client(self) -> PoliteClient:
        return self._open_client(self.settings.base_url, self.settings, limiter=BodyBackoff())

    def _walk(
        self, client: PoliteClient, query: Params, sort: str, low: int, high: int | None, state: dict[str, Any]
    ) -> Iterator[list[Record]]:
        """Yield questions by `sort` from `low` on, with their answers since then; `state` is kept true."""
        since, number = low, 1
        bound = [("max", str(high))] if high is not None else []
        previous: set[Any] = set()
        while True:
            params = [*query, *_sorted_by(sort, low), *bound, ("filter", "withbody"), ("page", str(number))]
            questions, more = self._ask(client, "/2.3/search/advanced", params)
            ids = {question.get("question_id") for question in questions}
            if more and ids <= previous:
                raise SourceFailed(Outcome.SCHEMA_DRIFT, "/2.3/search/advanced: the same page again")
            field = "last_activity_date" if sort == "activity" else "creation_date"
            times = [question[field] for question in questions if isinstance(question.get(field), int)]
            newest = max(times, default=low)
            answers = self._answers(client, ids, _sorted_by(sort, since) + bound)
            if times:
                state["active_until"] = newest
            yield questions + answers
            if not more:
                return
            low, number, previous = (newest, 1, ids) if newest > low else (low, number + 1, ids)

    def _answers(self, client: PoliteClient, question_ids: set[Any], params: list[tuple[str, str]]) -> list[Record]:
        numbers = sorted(number for number in question_ids if isinstance(number, int))
        found: list[Record] = []
        page, more = 0, bool(numbers) and self.settings.answers
        while more:
            page += 1
            path = f"/2.3/questions/{';'.join(map(str, numbers))}/answers"
            answers, more = self._ask(client, path, [*params, ("filter", "withbody"), ("page", str(page))])
            found += answers
            if more and not answers:
                raise SourceFailed(Outcome.SCHEMA_DRIFT, "/2.3/questions/answers: an empty page before the last")
        return found

    def _ask(self, client: PoliteClient, path: str, params: Params) -> tuple[list[Record], bool]:
        key = revealed(self.settings.key_variable, "key_variable")
        shared = [("site", self.settings.site), *([("key", key)] if key else [])]
        body, _ = client.get_json(path, [*params, *shared])
        if not isinstance(body, dict):
            raise SourceFailed(Outcome.SCHEMA_DRIFT, "an object with `items` was expected")
        return records_in(body.get("items"), "items"), body.get("has_more") is True


def _sorted_by(sort: str, low: int) -> list[tuple[str, str]]:
    return [("sort", sort), ("order", "asc"), ("min", str(low)), ("pagesize", str(PAGE_SIZE))]
