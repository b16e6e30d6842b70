"""Bluesky's search and its sign-in, for backfills of days rather than of the network: time slice by time slice.

`since` (inclusive) and `until` (exclusive) go by `sortAt`, which is the earlier one of `createdAt` and `indexedAt`. A
search pages newest first and its cursor dies after about 10,000 posts; then it begins anew below the oldest post seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from flows.http import Params, PoliteClient, Response, read_json
from flows.memory import Memory
from flows.sources.base import Cursor, Outcome, Page, Record, SourceFailed
from flows.sources.records import records_in

PAGE_SIZE: Final = 100
SLICE: Final = timedelta(days=1)
MOMENT: Final = timedelta(milliseconds=1)
CURSOR_DIES_AT: Final = 9_000
"""Posts of one search after which it is begun anew, before its cursor dies."""
_SESSION_OVER: Final = frozenset({"ExpiredToken", "InvalidToken", "AuthMissing"})


class Session:
    """A signed-in account: one session kept in memory and renewed, as only 300 sign-ins a day are allowed."""

    def __init__(self, client: PoliteClient, memory: Memory, handle: str, password: str) -> None:
        self._client = client
        self._memory = memory
        self._name = f"bluesky-{client.home.host}-{handle.lower()}".replace("@", "")
        self._account = {"identifier": handle, "password": password}
        self._is_ready = False

    def get(self, method: str, params: Params) -> tuple[Any, Response]:
        """Call a method signed in. A session that is over is renewed once. Raises SourceFailed."""
        if not self._is_ready:
            kept = self._memory.read(self._name)
            if not kept.get("accessJwt"):
                kept = self._sign_in()
            self._use(kept)
        value, response = self._client.get_json(f"/xrpc/{method}", params, accept=(400, 401))
        if response.status == 200:
            return value, response
        if error_name(response) in _SESSION_OVER:
            self._use(self._renew())
            value, response = self._client.get_json(f"/xrpc/{method}", params, accept=(400,))
        return value, response

    def _use(self, session: dict[str, Any]) -> None:
        self._memory.write(self._name, {key: session[key] for key in ("accessJwt", "refreshJwt")})
        self._client.authorise(session["accessJwt"])
        self._is_ready = True

    def _renew(self) -> dict[str, Any]:
        kept = self._memory.read(self._name)
        headers = {"Authorization": f"Bearer {kept.get('refreshJwt', '')}"}
        method = "/xrpc/com.atproto.server.refreshSession"
        value, response = self._client.post_json(method, form={}, headers=headers, accept=(400, 401))
        return _session(value) if response.status == 200 else self._sign_in()

    def _sign_in(self) -> dict[str, Any]:
        value, response = self._client.post_json(
            "/xrpc/com.atproto.server.createSession", self._account, accept=(400, 401)
        )
        if response.status != 200:
            raise SourceFailed(
                Outcome.ACCESS_LOST,
                f"{self._client.home.host} does not accept the handle and the app password ({error_name(response)}).",
            )
        return _session(value)


def search(
    session: Session, words: tuple[str, ...], since: datetime, until: datetime, cursor: Cursor
) -> Iterator[Page]:
    """Yield the posts with any of the words from `since` to `until`; `cursor` is {slice, word, below}."""
    begin = datetime.fromisoformat(cursor["slice"]) if cursor else since
    first_word, below = cursor.get("word", 0), cursor.get("below")
    while begin < until:
        end = min(begin + SLICE, until)
        for number in range(first_word, len(words)):
            upper = datetime.fromisoformat(below) if below else end
            for records, lowest in _walk(session, words[number], begin, upper):
                at = {"slice": begin.isoformat(), "word": number, "below": lowest.isoformat()}
                yield Page(records, at, reached=begin)
            below = None
        first_word = 0
        yield Page([], {"slice": end.isoformat(), "word": 0, "below": None}, reached=end)
        begin = end


def _walk(session: Session, word: str, since: datetime, until: datetime) -> Iterator[tuple[list[Record], datetime]]:
    """Yield pages of one word's search, newest first, with the time below which the rest lies."""
    seen: set[str] = set()
    while True:
        position, count, lowest = "", 0, until
        while count < CURSOR_DIES_AT:
            params = [("q", word), ("sort", "latest"), ("limit", str(PAGE_SIZE))]
            params += [("since", _written(since)), ("until", _written(until))]
            params += [("cursor", position)] if position else []
            found, response = session.get("app.bsky.feed.searchPosts", params)
            if response.status != 200:
                if position:
                    break
                raise SourceFailed(Outcome.DOWN, f"searchPosts: refused ({error_name(response)})")
            if not isinstance(found, dict):
                raise SourceFailed(Outcome.SCHEMA_DRIFT, "searchPosts: an object with `posts` was expected")
            posts = records_in(found.get("posts"), "searchPosts")
            fresh = [post for post in posts if not isinstance(post.get("uri"), str) or post["uri"] not in seen]
            seen.update(post["uri"] for post in fresh if isinstance(post.get("uri"), str))
            count += len(posts)
            lowest = min([lowest, *filter(None, map(sort_time, posts))])
            if fresh:
                yield fresh, lowest
            position, before = str(found.get("cursor") or ""), position
            if not position:
                return
            if position == before or (posts and not fresh):
                raise SourceFailed(Outcome.SCHEMA_DRIFT, "searchPosts: the server answers with the same page again.")
        if lowest + MOMENT >= until:
            raise SourceFailed(Outcome.SCHEMA_DRIFT, f"searchPosts: more than {count:,} posts in one moment")
        until = lowest + MOMENT


def sort_time(post: Record) -> datetime | None:
    """`sortAt` of a post: the earlier one of when it says it was made and when it was seen; None when broken."""
    record = post.get("record")
    times = []
    for value in (record.get("createdAt") if isinstance(record, dict) else None, post.get("indexedAt")):
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            continue
        if moment.tzinfo is not None:
            times.append(moment.astimezone(UTC))
    return min(times, default=None)


def error_name(response: Response) -> str:
    """The name of an XRPC error, "" where the body has none."""
    try:
        body = read_json(response)
    except Exception:  # no JSON: then it has no name
        return ""
    return str(body.get("error", "")) if isinstance(body, dict) else ""


def _session(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not all(isinstance(value.get(key), str) for key in ("accessJwt", "refreshJwt")):
        raise SourceFailed(Outcome.SCHEMA_DRIFT, "createSession: `accessJwt` and `refreshJwt` were expected")
    return value


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
