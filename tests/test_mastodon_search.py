"""Full-text search on a Mastodon server."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from flows.demo.platforms import MastodonAccount, MastodonPost, MastodonServer, faults
from flows.sources.base import Outcome
from flows.sources.mastodon import Mastodon, MastodonSettings
from tests.test_mastodon import ANNA, NOW, connector, failing, read


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VELUMO_TOKEN", "s3cret")


def said(text: str, count: int, *, author: MastodonAccount = ANNA) -> list[MastodonPost]:
    return [MastodonPost(author, f"{text} {number}", NOW - timedelta(hours=count - number)) for number in range(count)]


def searching(server: MastodonServer, **changes: Any) -> Mastodon:
    return connector(
        server,
        **({"tags": (), "search": ("velumo bremse",), "token_variable": "VELUMO_TOKEN", "lookback_days": 30} | changes),
    )


def test_all_hits_come_once_and_later_runs_read_the_new_ones() -> None:
    hidden = MastodonAccount("h", indexable=False)
    with MastodonServer(said("Velumo, die Bremse quietscht", 95), token="s3cret") as server:
        for post in [*said("Velumo allein", 5), *said("Velumo Bremse", 3, author=hidden)]:
            server.add(post)
        source = searching(server)
        ids, cursor = read(source)
        assert len(ids) == len(set(ids)) == 95
        new = server.add(MastodonPost(ANNA, "Bremse am Velumo", NOW + timedelta(minutes=1)))
        server.requests.clear()
        ids, _ = read(source, cursor)
        assert ids[0] == new
        assert len(server.requests) <= 2


def test_a_post_that_is_also_on_a_timeline_has_the_same_id() -> None:
    with MastodonServer([MastodonPost(ANNA, "#velumo bremse", NOW)], token="s3cret") as server:
        ids, cursor = read(searching(server, tags=("velumo",)))
    assert len(ids) == 2
    assert len(set(ids)) == 1
    assert set(cursor) == {"timelines", "searches"}


def test_an_interrupted_search_goes_on_where_it_stopped() -> None:
    with MastodonServer(said("velumo bremse", 100), token="s3cret") as server:
        first = next(iter(searching(server).fetch({})))
        ids, _ = read(searching(server), first.cursor)
    assert len({*ids, *(record["id"] for record in first.records)}) == 100


def test_a_server_without_search_has_no_hits() -> None:
    with MastodonServer(said("velumo bremse", 3), token="s3cret", has_search=False) as server:
        assert read(searching(server))[0] == []


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (faults.status(401), Outcome.ACCESS_LOST),
        (faults.status(403), Outcome.ACCESS_LOST),
        (faults.status(422), Outcome.ACCESS_LOST),
        (lambda answer: replace(answer, body=b'{"accounts": []}'), Outcome.SCHEMA_DRIFT),
    ],
    ids=["401", "403", "422", "shape"],
)
def test_failures_are_told_apart(fault: Any, outcome: Outcome) -> None:
    with MastodonServer(said("velumo bremse", 3), token="s3cret") as server:
        server.broken["/api/v2/search"] = fault
        assert failing(searching(server))[0].outcome is outcome


def test_a_search_without_a_token_is_a_wrong_setting() -> None:
    with pytest.raises(ValidationError, match="token_variable"):
        MastodonSettings(server="https://example.org", search=("velumo",))
