"""The Mastodon connector against a local server that pages, limits and fails like the real one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from flows.demo.platforms import MastodonAccount, MastodonPost, MastodonServer, faults
from flows.demo.platforms.server import Answer, Request
from flows.http import PoliteClient
from flows.landing.html import html_to_text
from flows.sources.base import BrokenRecord, Cursor, Outcome, Page, SourceFailed
from flows.sources.mastodon import Mastodon, MastodonSettings

NOW = datetime.now(UTC).replace(microsecond=0)
ANNA = MastodonAccount("anna", followers_count=7)
without_sleep = partial(PoliteClient, sleep=lambda seconds: None)


def posts(
    count: int, *, tag: str = "velumo", author: MastodonAccount = ANNA, every_minutes: float = 60
) -> list[MastodonPost]:
    """Posts up to now, the oldest first."""
    times = (NOW - timedelta(minutes=every_minutes * (count - 1 - number)) for number in range(count))
    return [MastodonPost(author, f"Post {number} #{tag}", time) for number, time in enumerate(times)]


def connector(server: MastodonServer, **changes: Any) -> Mastodon:
    given_settings = {"tags": ("velumo",), "overlap_hours": 0, "timeout_seconds": 5} | changes
    return Mastodon(MastodonSettings(server=server.url, **given_settings), open_client=without_sleep)


def read(source: Mastodon, cursor: Cursor | None = None) -> tuple[list[str], Cursor]:
    """One run: all native ids in order, and the last cursor."""
    pages = list(source.fetch(cursor or {}))
    ids = [record["id"] for page in pages for record in page.records]
    return ids, pages[-1].cursor if pages else (cursor or {})


def failing(source: Mastodon, cursor: Cursor | None = None) -> tuple[SourceFailed, list[Page]]:
    pages: list[Page] = []
    with pytest.raises(SourceFailed) as caught:
        pages.extend(source.fetch(cursor or {}))
    return caught.value, pages


def newest_page(server: MastodonServer) -> Answer:
    return server.answer(Request("GET", "/api/v1/timelines/tag/velumo", (("limit", "40"),), {}))


def test_first_run_reads_back_and_later_runs_read_forward() -> None:
    with MastodonServer(posts(100)) as server:
        source = connector(server)
        ids, cursor = read(source)
        assert sorted(ids) == sorted(server.posts)
        assert len(set(ids)) == 100
        assert not read(source, cursor)[0]
        new = [server.add(post) for post in posts(95, every_minutes=0.01)]
        ids, cursor = read(source, cursor)
        assert sorted(ids) == sorted(new)
        assert all("since_id" not in dict(request.query) for request in server.requests)


def test_first_run_stops_at_the_configured_age_or_number() -> None:
    with MastodonServer(posts(400)) as server:
        by_age, _ = read(connector(server, lookback_days=5))
        assert 120 <= len(by_age) <= 160
        by_number, cursor = read(connector(server, lookback_days=100, lookback_records=80))
        assert len(by_number) == 80
        assert not read(connector(server), cursor)[0]


def test_an_interrupted_first_run_goes_on_where_it_stopped() -> None:
    with MastodonServer(posts(160)) as server:
        source = connector(server, lookback_days=30)
        interrupted = []
        for page in source.fetch({}):
            interrupted += [record["id"] for record in page.records]
            cursor = page.cursor
            if len(interrupted) >= 80:
                break
        server.add(posts(1)[0])
        ids, _ = read(source, cursor)
        assert sorted(interrupted + ids) == sorted(server.posts)


def test_a_run_ends_at_its_record_limit_and_the_next_goes_on() -> None:
    with MastodonServer(posts(200)) as server:
        source = connector(server, lookback_days=30, max_records_per_run=50, overlap_hours=1_000)
        seen: list[str] = []
        cursor: Cursor = {}
        while len(set(seen)) < 200:
            ids, cursor = read(source, cursor)
            assert 0 < len(ids) <= 80
            seen += ids
        assert len(seen) == 200


def test_timelines_are_read_in_turns_with_their_filters() -> None:
    mixed = [
        *posts(60, tag="velumo"),
        *posts(60, tag="pedelo"),
        *posts(5, tag="velumo #spam"),
        *posts(5, tag="rollwerk"),
    ]
    with MastodonServer(mixed) as server:
        rules = {"tag": "#Velumo", "any": ["pedelo"], "none": ["#spam"]}
        ids, cursor = read(connector(server, tags=[rules, "rollwerk"], public="remote"))
        assert len(ids) == 125
        assert set(cursor["timelines"]) == {"#velumo any[]pedelo none[]spam", "#rollwerk", "public remote"}
        second = [request for request in server.requests if request.path.endswith("velumo")][1]
        assert second.values("any[]") == ["pedelo"]
        assert second.values("none[]") == ["spam"]


def test_ids_grow_by_length_before_character() -> None:
    numbered = [replace(post, id=str(number)) for number, post in enumerate(posts(14), start=7)]
    with MastodonServer(numbered[:2], page_limit=2) as server:
        source = connector(server)
        _, cursor = read(source)
        for post in numbered[2:]:
            server.add(post)
        ids, _ = read(source, cursor)
    assert sorted(ids, key=int) == [str(number) for number in range(9, 21)]


def test_overlap_reads_edits_counts_and_late_arrivals() -> None:
    with MastodonServer(posts(100)) as server:
        source = connector(server, overlap_hours=24, lookback_days=30)
        _, cursor = read(source)
        edited = sorted(server.posts, key=lambda each: server.posts[each].created_at)[-10]
        server.edit(edited, text="Now quite different #velumo", favourites_count=12)
        late = server.add(MastodonPost(ANNA, "From afar #velumo", NOW, id=str(int(edited) + 1)))
        pages = list(source.fetch(cursor))
        found = {record["id"]: source.to_mention(record) for page in pages for record in page.records}
        assert late in found
        assert "quite different" in found[edited].text
        assert found[edited].edited_at is not None
        assert found[edited].like_count == 12
        assert 25 <= len(found) <= 80


@given(
    first=st.integers(0, 30),
    page_limit=st.integers(1, 7),
    arrivals=st.lists(st.integers(0, 4), max_size=25),
    stops=st.sets(st.integers(1, 20), max_size=4),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_forward_walk_sees_every_post_once(first: int, page_limit: int, arrivals: list[int], stops: set[int]) -> None:
    """Posts appear between pages and runs are cut off between pages: nothing is missed, nothing comes twice."""
    with MastodonServer(posts(first), page_limit=page_limit) as server:
        source = connector(server, lookback_days=30)
        seen: list[str] = []
        cursor: Cursor = {}
        waiting = iter(arrivals)
        number = 0
        is_done = False
        while not is_done:
            is_done = True
            for page in source.fetch(cursor):
                seen += [record["id"] for record in page.records]
                cursor = page.cursor
                number += 1
                for post in posts(next(waiting, 0)):
                    server.add(post)
                    is_done = False
                if number in stops:
                    is_done = False
                    break
        assert sorted(seen) == sorted(server.posts)


def test_maps_a_post_completely() -> None:
    text = "Licht an @bob@example.org geht nicht!\nMehr: https://www.example.com/a/very/long/path/to/it?x=1&y=2 #Velumo"
    post = MastodonPost(
        ANNA,
        text,
        NOW,
        language="de",
        spoiler_text="Ärger & <mehr>",
        favourites_count=3,
        reblogs_count=2,
        replies_count=1,
    )
    with MastodonServer([post]) as server:
        source = connector(server)
        (page, *_) = source.fetch({})
        mention = source.to_mention(page.records[0])
    assert html_to_text(mention.text) == (
        "Ärger & <mehr>\n\nLicht an @bob geht nicht!\n"
        "Mehr: https://www.example.com/a/very/long/path/to/it?x=1&y=2 #Velumo"
    )
    assert mention.native_id == mention.thread == page.records[0]["id"]
    assert mention.url == f"{server_url(page)}/@anna/{mention.native_id}"
    assert (mention.author, mention.author_kind) == ("anna@127.0.0.1", "unknown")
    assert (mention.published_at, mention.edited_at, mention.language_hint) == (NOW, None, "de")
    assert (mention.like_count, mention.repost_count, mention.reply_count, mention.reach) == (3, 2, 1, 7)
    assert mention.reply_to is None


def server_url(page: Page) -> str:
    return str(page.records[0]["uri"]).partition("/users/")[0]


def test_maps_replies_bots_and_remote_handles() -> None:
    robot = MastodonAccount("Robot@Example.org", bot=True)
    with MastodonServer([MastodonPost(robot, "#velumo", NOW, in_reply_to_id="17")]) as server:
        source = connector(server)
        mention = source.to_mention(next(iter(source.fetch({}))).records[0])
    assert (mention.author, mention.author_kind) == ("robot@example.org", "bot")
    assert (mention.reply_to, mention.thread) == ("17", None)


@pytest.mark.parametrize(
    ("overrides", "field"),
    [
        ({"content": None}, "content"),
        ({"id": 17}, "id"),
        ({"id": ""}, "id"),
        ({"created_at": "yesterday"}, "created_at"),
        ({"created_at": "2026-01-01T00:00:00"}, "created_at"),
        ({"account": {}}, "account.acct"),
        ({"account": None}, "account"),
        ({"favourites_count": "many"}, "favourites_count"),
        ({"content": "broken \udcff"}, "content"),
    ],
)
def test_broken_records_are_named_and_do_not_stop_the_walk(overrides: dict[str, Any], field: str) -> None:
    broken = MastodonPost(
        ANNA, "#velumo", NOW, overrides={key: value for key, value in overrides.items() if key != "content"}
    )
    with MastodonServer([*posts(50), broken, *posts(3)]) as server:
        source = connector(server)
        records = [record for page in source.fetch({}) for record in page.records]
    assert len(records) == 54
    record = next(each for each in records if "Post" not in each["content"]) | overrides
    with pytest.raises(BrokenRecord) as caught:
        source.to_mention(record)
    assert caught.value.field_name == field


def test_entries_that_are_no_records_stay_as_broken_ones() -> None:
    with MastodonServer(posts(2)) as server:
        server.faults.append(lambda answer: replace(answer, body=b"[null, " + answer.body[1:]))
        source = connector(server)
        ids = [record.get("id") for page in source.fetch({}) for record in page.records]
    assert len(ids) == 3
    assert ids[0] is None


def test_invalid_utf8_breaks_one_record_only() -> None:
    with MastodonServer([*posts(3), MastodonPost(ANNA, "Grüße #velumo", NOW)]) as server:
        server.faults.append(faults.invalid_utf8("ü".encode()))
        source = connector(server)
        records = [record for page in source.fetch({}) for record in page.records]
    outcomes = []
    for record in records:
        try:
            outcomes.append(source.to_mention(record).native_id)
        except BrokenRecord as broken:
            outcomes.append(broken.field_name)
    assert len(outcomes) == 4
    assert outcomes.count("content") == 1


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (faults.status(401), Outcome.ACCESS_LOST),
        (faults.status(403), Outcome.ACCESS_LOST),
        (faults.status(422), Outcome.ACCESS_LOST),
        (faults.status(429, {"Retry-After": "7200"}), Outcome.RATE_LIMITED),
        (faults.status(500), Outcome.DOWN),
        (faults.truncated(), Outcome.DOWN),
        (faults.hang(30), Outcome.DOWN),
        (faults.html(), Outcome.DOWN),
        (faults.gzip_bomb(40), Outcome.DOWN),
        (faults.redirect("http://10.0.0.1/"), Outcome.DOWN),
        (lambda answer: replace(answer, body=b'{"posts": []}'), Outcome.SCHEMA_DRIFT),
    ],
    ids=["401", "403", "422", "429", "500", "cut", "hang", "html", "bomb", "redirect", "shape"],
)
def test_failures_keep_what_came_before(fault: Any, outcome: Outcome) -> None:
    with MastodonServer(posts(60)) as server:
        source = connector(server, timeout_seconds=2, max_tries=2)
        pages_before: list[Page] = []
        with pytest.raises(SourceFailed) as caught:
            for page in source.fetch({}):
                pages_before.append(page)
                server.broken["/api/v1/timelines/tag/velumo"] = fault
        assert caught.value.outcome is outcome
        assert len(pages_before) == 1
        server.broken.clear()
        ids, _ = read(source, pages_before[0].cursor)
        assert len(ids) == 20


def test_a_short_rate_limit_is_waited_for() -> None:
    moment = [datetime.now(UTC)]
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        moment[0] += timedelta(seconds=seconds)

    with MastodonServer(posts(200), rate_limit=2, rate_window=timedelta(seconds=90), clock=lambda: moment[0]) as server:
        client: Callable[..., PoliteClient] = partial(
            PoliteClient, sleep=sleep, clock=lambda: float(moment[0].timestamp())
        )
        settings_ = MastodonSettings(server=server.url, tags=("velumo",), lookback_days=30, overlap_hours=0)
        ids, _ = read(Mastodon(settings_, open_client=client))
    assert len(ids) == 200
    assert slept
    assert len(server.requests) <= 10, "no request was refused: the connector slowed down before the limit"


def test_a_server_for_members_needs_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    with MastodonServer(posts(3), access="authenticated", token="s3cret") as server:
        assert failing(connector(server))[0].outcome is Outcome.ACCESS_LOST
        unset, _ = failing(connector(server, token_variable="VELUMO_TOKEN"))
        assert unset.outcome is Outcome.ACCESS_LOST
        assert "VELUMO_TOKEN" in str(unset)
        monkeypatch.setenv("VELUMO_TOKEN", "wrong")
        assert failing(connector(server, token_variable="VELUMO_TOKEN"))[0].outcome is Outcome.ACCESS_LOST
        monkeypatch.setenv("VELUMO_TOKEN", "s3cret")
        assert len(read(connector(server, token_variable="VELUMO_TOKEN"))[0]) == 3


def test_a_timeline_that_is_switched_off_is_not_silence() -> None:
    with MastodonServer(posts(3), access="disabled") as server:
        failure, _ = failing(connector(server))
        assert failure.outcome is Outcome.ACCESS_LOST
        assert "#velumo" in str(failure)


def test_no_posts_are_no_failure() -> None:
    with MastodonServer() as server:
        assert read(connector(server)) == ([], {})
        server.broken["/api/v1/timelines/tag/velumo"] = faults.status(404)
        assert read(connector(server))[0] == []


def test_a_server_that_repeats_its_page_is_contained() -> None:
    with MastodonServer(posts(50)) as server:
        source = connector(server)
        _, cursor = read(source)
        first = newest_page(server)
        server.broken["/api/v1/timelines/tag/velumo"] = lambda answer: first
        for state in ({}, cursor):
            failure, pages = failing(source, state)
            assert failure.outcome is Outcome.SCHEMA_DRIFT
            assert len(pages) <= 2
            assert "same page" in str(failure)


def test_endless_pages_end_at_the_record_limit() -> None:
    with MastodonServer() as server:

        def endless(answer: Any) -> Any:
            server.add(MastodonPost(ANNA, "#velumo again", NOW))
            return newest_page(server)

        server.broken["/api/v1/timelines/tag/velumo"] = endless
        server.add(MastodonPost(ANNA, "#velumo", NOW))
        source = connector(server, max_records_per_run=500)
        cursor = {"timelines": {"#velumo": {"marks": [[NOW.isoformat(), "1"]], "caught_up": True}}}
        ids, _ = read(source, cursor)
    assert 500 <= len(ids) < 540


@pytest.mark.parametrize(
    "entry",
    [
        {"server": "https://example.org"},
        {"server": "example.org", "tags": ["a"]},
        {"server": "https://user:pass@example.org", "tags": ["a"]},
        {"server": "https://example.org", "tags": [{"tag": "a", "any": ["1", "2", "3", "4", "5"]}]},
        {"server": "https://example.org", "tags": ["a"], "skip_opt_outs": False},
    ],
)
def test_wrong_settings_are_refused(entry: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        MastodonSettings(**entry)
