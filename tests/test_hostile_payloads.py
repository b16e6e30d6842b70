"""Whatever a platform answers: no connector crashes, hangs or asks without end; what it reads lands or is set aside.

The real answers of the local platforms are spoiled at random places with what has broken parsers before. A seed makes
an example: `HYPOTHESIS_PROFILE=explore` prints the ones that fail.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import ExitStack
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flows.demo.platforms import (
    Feed,
    FeedItem,
    FeedServer,
    HackerNewsItem,
    HackerNewsServer,
    MastodonAccount,
    MastodonPost,
    MastodonServer,
)
from flows.demo.platforms.bluesky import BlueskyPost
from flows.demo.platforms.jetstream import JetstreamServer
from flows.demo.platforms.server import Answer, PlatformServer
from flows.http import PoliteClient
from flows.landing.chunk import Chunk
from flows.landing.clean import Cleaning
from flows.landing.mention import MENTIONS, TOMBSTONES
from flows.privacy.pseudonyms import Pseudonyms
from flows.settings import parse_settings
from flows.sources.base import Connector, EnoughAsked, Page, Record, SourceFailed
from flows.sources.registry import connector_types
from tests.examples import examples
from tests.test_all_platforms_land import NOW, SECRETS, SOURCES, servers

MORE_SOURCES = """
  - {{type: mastodon, server: "{mastodon}", tags: [velumo], lookback_days: 3650}}
  - {{type: hackernews, base_url: "{hackernews}", items_url: "{hackernews}", queries: [velumo], lookback_days: 3650}}
  - {{type: feed, urls: ["{feed}/news.rss", "{feed}/news.atom"]}}
  - {{type: bluesky, words: [velumo], stream: "{bluesky}", idle_seconds: 0.2}}
"""
LONG_NUMBER = "9" * 5_000
HOSTILE: tuple[Any, ...] = (
    None, True, False, -1, 0, 2**63, -(2**200), 1e308, math.nan, math.inf, LONG_NUMBER, "", " ", "\x00", "\ud800",
    "\u202e", "x" * 50_000, "<" * 2_000, "<div>" * 2_000, "&#99999999999;", "9999-99-99T99:99:99Z", "NaN", "1e400",
    "0001-01-01T00:00:00+14:00", "2026-11-03T10:00:00+99:99", "javascript:alert(1)", "http://[::1", "../../etc/passwd",
    "'; drop table x; --", [], {}, [None], {"": {}}, [[[[[[]]]]]], list(range(300)), ["x"] * 3, {"id": None},
)  # fmt: skip


def more_servers() -> dict[str, PlatformServer | JetstreamServer]:
    mastodon = MastodonServer()
    mastodon.add(MastodonPost(MastodonAccount("anna"), "Velumo rollt <b>gut</b> #velumo", NOW))
    stories = HackerNewsServer([HackerNewsItem("ben", NOW, title="Velumo?", text="<p>Is Velumo good?")])
    feeds = FeedServer([Feed("/news.rss"), Feed("/news.atom", form="atom")])
    for path in ("/news.rss", "/news.atom"):
        feeds.add(
            path, FeedItem("Velumo", "<i>rollt</i>", "https://news.example/1", "g1", published=NOW, author="Anna")
        )
    bluesky = JetstreamServer()
    for number in range(1, 4):
        at = datetime.now(UTC) - timedelta(minutes=number)
        bluesky.post(BlueskyPost("did:plc:anna", "Velumo rollt", at, f"k{number}"), at)
    return {"mastodon": mastodon, "hackernews": stories, "feed": feeds, "bluesky": bluesky}


class Sources:
    """Every connector over its local platform, and the records it read of it."""

    def __init__(self, running: dict[str, PlatformServer | JetstreamServer]) -> None:
        self.servers = running
        addresses = {
            name: server.url() if isinstance(server, JetstreamServer) else server.url
            for name, server in running.items()
        }
        self.settings = {one.type: one for one in parse_settings((SOURCES + MORE_SOURCES).format(**addresses)).sources}
        self.records = {
            name: [record for page in self.connector(name).fetch({}) for record in page.records]
            for name in self.settings
        }

    def connector(self, name: str) -> Connector:
        chosen = self.settings[name].model_copy(
            update={"timeout_seconds": 5.0, "max_tries": 1, "max_requests_per_run": 40, "max_wait_seconds": 0.0}
        )
        return connector_types()[name](chosen, open_client=partial(PoliteClient, sleep=lambda seconds: None))  # type: ignore[call-arg]


@pytest.fixture(scope="module")
def sources() -> Iterator[Sources]:
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        running = {name: stack.enter_context(server) for name, server in {**servers(), **more_servers()}.items()}
        for name, value in {**SECRETS, "PLAY_KEY": running["googleplay"].key}.items():
            patch.setenv(name, value)
        yield Sources(running)


NAMES = sorted(set(connector_types()) - {"files"})
HOW = Cleaning("test", "test", "run", datetime.now(UTC), Pseudonyms(b"k" * 32))


def spoiled(value: Any, rng: Random) -> Any:
    """A copy of a JSON value with up to three places gone, replaced, repeated or renamed."""
    value = deepcopy(value)
    for _ in range(rng.randint(1, 3)):
        value = _spoil(value, rng)
    return value


def _spoil(value: Any, rng: Random) -> Any:
    if not value or not isinstance(value, dict | list) or rng.random() < 0.1:
        return deepcopy(rng.choice(HOSTILE))
    if isinstance(value, dict):
        key = rng.choice(list(value))
        match rng.random():
            case way if way < 0.15:
                del value[key]
            case way if way < 0.2:
                value[key + "\x00"] = value.pop(key)
            case _:
                value[key] = _spoil(value[key], rng)
        return value
    at = rng.randrange(len(value))
    match rng.random():
        case way if way < 0.1:
            del value[at]
        case way if way < 0.2:
            value.insert(at, deepcopy(rng.choice(HOSTILE)))
        case way if way < 0.3:
            value.append(deepcopy(value[at]))
        case _:
            value[at] = _spoil(value[at], rng)
    return value


@pytest.mark.parametrize("name", NAMES)
@given(seed=st.integers(0, 2**32 - 1))
@examples(25)
def test_any_record_lands_or_goes_to_quarantine(sources: Sources, name: str, seed: int) -> None:
    rng = Random(seed)
    records = [spoiled(record, rng) for record in sources.records[name] for _ in range(3)]
    assert records
    chunk = chunk_of(records, sources.connector(name))
    assert chunk.tally.record_count == len(records)
    pa.Table.from_pylist(list(chunk.mentions.values()), MENTIONS)
    pa.Table.from_pylist(list(chunk.tombstones.values()), TOMBSTONES)
    for row in chunk.quarantine.values():
        json.loads(row["payload"])
        assert row["reason"]
        assert len(row["payload"].encode()) < 1_000_000


def chunk_of(records: list[Record], connector: Connector) -> Chunk:
    chunk = Chunk()
    chunk.add(Page(records, {}), connector, HOW)
    return chunk


@pytest.mark.parametrize("name", NAMES)
@given(seed=st.integers(0, 2**32 - 1))
@example(seed=2)
@example(seed=25)
@example(seed=48)
@example(seed=140)
@example(seed=152)
@examples(6)
def test_any_answer_is_read_or_said_to_be_unreadable(sources: Sources, name: str, seed: int) -> None:
    server = sources.servers[name]
    rng = Random(seed)
    spoiled_ones = {rng.randint(0, 3), rng.randint(0, 3)}
    asked = iter(range(10_000))

    def fault(answer: Answer) -> Answer:
        return _spoiled_answer(answer, rng) if next(asked) in spoiled_ones else answer

    if isinstance(server, JetstreamServer):
        server.spoil = lambda message: fault(Answer(body=message.encode())).body
    else:
        server.requests.clear()
        server.faults.extend([fault] * 60)
    connector = sources.connector(name)
    try:
        for page in connector.fetch({}):
            chunk_of(page.records, connector)
    except (SourceFailed, EnoughAsked):
        pass
    finally:
        if isinstance(server, JetstreamServer):
            server.spoil = lambda message: message
        else:
            server.faults.clear()
            assert len(server.requests) <= 41


def _spoiled_answer(answer: Answer, rng: Random) -> Answer:
    body = answer.body
    if rng.random() < 0.2 or not body:
        at = rng.randrange(len(body) + 1)
        cut = rng.choice(
            (b"", b"\x00", b"\xff\xfe", b"<![CDATA[", b"<!DOCTYPE a [<!ENTITY b '" + b"c" * 99 + b"'>]>", b"\xf0\x9f")
        )
        return Answer(answer.status, answer.headers, body[:at] + cut + body[at + rng.randint(0, 40) :])
    try:
        value = json.loads(body)
    except ValueError:
        words = body.split(b">")
        at = rng.randrange(len(words))
        words[at] = str(rng.choice(HOSTILE)).encode("utf-8", "replace")
        return Answer(answer.status, answer.headers, b">".join(words))
    return Answer(answer.status, answer.headers, json.dumps(spoiled(value, rng)).encode("utf-8", "surrogatepass"))


def test_every_connector_is_tried(sources: Sources) -> None:
    assert set(sources.settings) == set(NAMES)
