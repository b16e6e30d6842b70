"""The Google Play connector against a local API that checks the signature of the service account."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from flows.sources.base import BrokenRecord, Outcome, SourceFailed
from flows.sources.googleplay import GooglePlay, GooglePlaySettings
from tests.newest_first_fixture import read, without_sleep
from tests.platforms.googleplay import GooglePlayServer, review

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Any:
    with GooglePlayServer([review(number, NOW - timedelta(minutes=number)) for number in range(230)]) as running:
        monkeypatch.setenv("VELUMO_PLAY", running.key)
        yield running


def connector(server: GooglePlayServer, **changes: Any) -> GooglePlay:
    given = {"packages": ("com.velumo.app",), "key_variable": "VELUMO_PLAY", "overlap_hours": 0} | changes
    return GooglePlay(GooglePlaySettings(base_url=server.url, **given), open_client=without_sleep, clock=lambda: NOW)


def test_reads_reviews_once_and_then_what_changed(server: GooglePlayServer) -> None:
    ids, cursor = read(connector(server))
    assert len(ids) == len(set(ids)) == 230
    server.reviews[200] = review(200, NOW + timedelta(minutes=1))
    again, _ = read(connector(server), cursor)
    assert "gp-200" in again
    assert len(again) <= 100
    server.reviews.clear()
    assert read(connector(server), cursor)[0] == []


def test_maps_a_review(server: GooglePlayServer) -> None:
    source = connector(server)
    record = next(iter(source.fetch({}))).records[0]
    mention = source.to_mention(record)
    assert (mention.native_id, mention.text, mention.language_hint) == ("gp-0", "Absturz\n\nDie App stürzt ab.", "de")
    assert (mention.published_at, mention.author) == (NOW, None)
    assert (mention.like_count, mention.reply_count, mention.reach) == (2, 0, None)
    assert mention.url == "https://play.google.com/store/apps/details?id=com.velumo.app&reviewId=gp-0"
    answer = {"developerComment": {"text": "Danke", "lastModified": {"seconds": "1"}}}
    assert source.to_mention({**record, "comments": [*record["comments"], answer]}).reply_count == 1
    for broken, field in (
        ({**record, "reviewId": None}, "reviewId"),
        ({**record, "comments": []}, "comments"),
        ({**review(1, NOW, text=None), "package": "a"}, "text"),
        ({**review(1, NOW, lastModified={"seconds": "soon"}), "package": "a"}, "lastModified.seconds"),
    ):
        with pytest.raises(BrokenRecord) as caught:
            source.to_mention(broken)
        assert caught.value.field_name == field


def test_keys_that_are_not_taken_are_lost_access(server: GooglePlayServer, monkeypatch: pytest.MonkeyPatch) -> None:
    key = json.loads(server.key)
    wrong = (
        "",
        "no json",
        json.dumps(key | {"private_key": None}),
        json.dumps(key | {"private_key": "no key"}),
        json.dumps(key | {"token_uri": f"{server.url}/token?other"}),
    )
    for value in wrong:
        monkeypatch.setenv("VELUMO_PLAY", value)
        with pytest.raises(SourceFailed) as caught:
            read(connector(server))
        assert caught.value.outcome is Outcome.ACCESS_LOST
        assert "no json" not in str(caught.value)
    monkeypatch.setenv("VELUMO_PLAY", server.key)
    with pytest.raises(SourceFailed) as caught:
        read(connector(server, packages=("com.other.app",)))
    assert caught.value.outcome is Outcome.ACCESS_LOST
