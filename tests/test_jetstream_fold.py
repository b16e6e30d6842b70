"""However the stream breaks off, repeats and rewinds: what has landed is what a perfect observer of the network saw."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.demo.platforms.bluesky import BlueskyPost
from flows.demo.platforms.jetstream import JetstreamServer
from flows.ingest import land
from flows.landing import chunk
from flows.night import Night
from flows.sources import jetstream
from flows.sources.base import Cursor, Page
from flows.sources.bluesky import Bluesky, BlueskySettings
from tests.landing_fixture import make_night, rows

BEGIN = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=20)
AUTHORS = ("did:plc:anna", "did:plc:ben")
names = (f"bluesky{number}" for number in itertools.count())


@dataclass(frozen=True)
class Happening:
    """Something that happens to one of a few posts or accounts."""

    kind: str
    author: str
    key: str
    version: int
    after: timedelta


HAPPENINGS = st.lists(
    st.builds(
        Happening,
        kind=st.sampled_from(["create", "create", "create", "update", "unheard", "delete", "broken", "account"]),
        author=st.sampled_from(AUTHORS),
        key=st.sampled_from("abc"),
        version=st.integers(0, 9),
        after=st.builds(timedelta, milliseconds=st.sampled_from([0, 1, 2_000, 60_000])),
    ),
    min_size=4,
    max_size=14,
)


@dataclass
class PerfectObserver:
    """Sees every event once and never forgets; a post once deleted stays gone."""

    texts: dict[str, str] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)

    def see(self, happening: Happening, text: str | None) -> None:
        uri = f"at://{happening.author}/app.bsky.feed.post/{happening.key}"
        if happening.kind == "account":
            self.gone |= {each for each in self.texts if each.split("/")[2] == happening.author}
            self.broken = {each for each in self.broken if each.split("/")[2] != happening.author}
        elif happening.kind == "delete":
            self.gone |= {uri} & (self.texts.keys() | self.broken)
        elif happening.kind == "broken":
            self.broken |= {uri} - self.gone
        elif text is not None and uri not in self.gone and (happening.kind != "unheard" or self._knows(uri)):
            self.texts[uri] = text
            self.broken.discard(uri)
        self.texts = {each: said for each, said in self.texts.items() if each not in self.gone}
        self.broken -= self.gone

    def _knows(self, uri: str) -> bool:
        return uri in self.texts or uri in self.broken


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    return make_night(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def _in_no_time() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jetstream.random, "uniform", lambda low, high: 0.0)
        yield


def happen(server: JetstreamServer, happenings: list[Happening], observer: PerfectObserver) -> None:
    """Let it all happen, each a little after the one before."""
    at = BEGIN
    for happening in happenings:
        at += happening.after
        heard = {"unheard": "Nothing", "broken": "Velumo"}.get(happening.kind, "Velumo")
        text = f"{heard} {happening.version}"
        overrides: dict[str, Any] = {"text": 5} if happening.kind == "broken" else {}
        post = BlueskyPost(happening.author, text, BEGIN, happening.key, overrides=overrides)
        if happening.kind == "account":
            server.account(happening.author, at, active=False, status="deleted")
        elif happening.kind == "delete":
            server.delete(happening.author, happening.key, at)
        else:
            server.post(post, at, "create" if happening.kind in ("create", "broken") else "update")
        observer.see(happening, text)


def first_pages(fetch: Callable[[Cursor], Iterator[Page]], stop: int, cursor: Cursor) -> Iterator[Page]:
    """A run that ends early."""
    return itertools.islice(fetch(cursor), stop)


@pytest.mark.usefixtures("_in_no_time")
@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    happenings=HAPPENINGS,
    cuts=st.lists(st.integers(0, 12), max_size=3),
    stops=st.lists(st.integers(1, 4), max_size=1),
    enough=st.sampled_from([3, 1_000]),
    second=st.booleans(),
)
def test_what_lands_equals_a_perfect_observer(
    night: Night, happenings: list[Happening], cuts: list[int], stops: list[int], enough: int, second: bool
) -> None:
    observer = PerfectObserver()
    with JetstreamServer(first_seq=500) as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunk, "ENOUGH", enough)
        patch.setattr(jetstream, "BATCH_EVENTS", 3)
        happen(server, happenings, observer)
        server.cut_after += cuts
        entry = BlueskySettings(
            name=next(names), words=("velumo",), stream=server.url(second=second), idle_seconds=0.05, max_tries=9
        )
        for stop in [*stops, None]:
            source = Bluesky(entry)
            if stop is not None:
                source.fetch = partial(first_pages, source.fetch, stop)  # type: ignore[method-assign]
            land(make_night(night.home), source, entry)

    mine = f"where source = '{entry.source}'"
    landed = rows(night, f"select native_id, text from landing.mentions {mine}")
    assert {row["native_id"]: row["text"] for row in landed} == observer.texts
    gone = rows(night, f"select native_id from landing.tombstones {mine}")
    assert {row["native_id"] for row in gone} == observer.gone
    unresolved = rows(night, f"select native_id from landing.quarantine {mine} and resolved_at is null")
    assert {row["native_id"] for row in unresolved} == observer.broken
