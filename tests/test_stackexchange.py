"""The Stack Exchange connector against a local API with `has_more`, `backoff`, a quota and moving questions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from flows.http import PoliteClient
from flows.landing.html import html_to_text
from flows.sources.base import BrokenRecord, Outcome, SourceFailed
from flows.sources.stackexchange import StackExchange, StackExchangeSettings
from tests.newest_first_fixture import read, without_sleep
from tests.platforms.stackexchange import StackExchangeServer, answer, question, seconds

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
START = seconds(NOW - timedelta(days=20))


@pytest.fixture
def server() -> Any:
    questions = [question(number, START + number // 3) for number in range(1, 251)]
    answers = [answer(1_000 + number, number, START + number) for number in range(1, 41)]
    with StackExchangeServer(questions, answers) as running:
        yield running


def connector(server: StackExchangeServer, open_client: Any = without_sleep, **changes: Any) -> StackExchange:
    given = {"site": "stackoverflow", "queries": ("velumo",), "overlap_hours": 0, "timeout_seconds": 5} | changes
    settings = StackExchangeSettings(base_url=server.url, **given)
    return StackExchange(settings, open_client=open_client, clock=lambda: NOW)


def test_reads_questions_and_answers_once_and_then_what_became_active(server: StackExchangeServer) -> None:
    ids, cursor = read(connector(server))
    assert len(set(ids)) == 290
    server.questions[4] |= {"last_activity_date": seconds(NOW)}
    server.answers.append(answer(2_000, 5, seconds(NOW)))
    again, _ = read(connector(server), cursor)
    assert {"5", "2000"} <= set(again)
    assert len(again) < 6, "besides what is new only the last second is read again"


def test_a_question_that_moves_between_two_pages_hides_no_other(server: StackExchangeServer) -> None:
    seen: set[str | None] = set()
    source = connector(server)
    for number, page in enumerate(source.fetch({})):
        seen |= {source.native_id(record) for record in page.records}
        server.questions[number * 10] |= {"last_activity_date": seconds(NOW) + number}
    assert {str(number) for number in range(1, 251)} <= seen


def test_a_window_is_read_by_creation_and_goes_on_from_its_cursor(server: StackExchangeServer) -> None:
    since, until = datetime.fromtimestamp(START + 10, UTC), datetime.fromtimestamp(START + 50, UTC)
    source = connector(server)
    pages = list(source.backfill(since, until, {}))
    times = [record["creation_date"] for page in pages for record in page.records]
    assert (min(times), max(times)) == (START + 10, START + 49)
    rest = list(source.backfill(since, until, pages[0].cursor))
    assert sum(len(page.records) for page in rest) < sum(len(page.records) for page in pages)


def test_maps_a_question_and_an_answer(server: StackExchangeServer) -> None:
    source = connector(server)
    asked = source.to_mention(question(7, START, last_edit_date=START + 60, extra={"new": None}))
    assert html_to_text(asked.text) == 'Why does "Velumo" 7 stop?\n\nIt stops.'
    assert (asked.native_id, asked.thread, asked.reply_to, asked.author) == ("7", "7", None, "22@stackoverflow")
    assert (asked.like_count, asked.reply_count, asked.reach) == (3, 1, 120)
    assert asked.published_at == datetime.fromtimestamp(START, UTC)
    assert asked.edited_at == datetime.fromtimestamp(START + 60, UTC)
    given = source.to_mention(answer(8, 7, START))
    assert (given.native_id, given.thread, given.reply_to, given.author) == ("8", "7", "7", None)
    assert (given.like_count, given.reply_count, given.reach) == (0, None, None), "more down than up counts as no like"


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"body": None}, "body"), ({"title": ""}, "title"), ({"creation_date": "x"}, "creation_date")],
)
def test_broken_records_are_named(server: StackExchangeServer, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(BrokenRecord) as caught:
        connector(server).to_mention(question(7, START, **changes))
    assert caught.value.field_name == field


def test_backoff_is_waited_for_and_a_used_up_quota_is_no_silence(server: StackExchangeServer) -> None:
    moment, slept = [NOW.timestamp()], []

    def sleep(wait: float) -> None:
        slept.append(wait)
        moment[0] += wait

    server.extra = {"backoff": 11}
    client = partial(PoliteClient, sleep=sleep, clock=lambda: moment[0])
    read(connector(server, client, answers=False))
    assert slept
    assert set(slept) == {11}
    server.quota = 1
    with pytest.raises(SourceFailed) as caught:
        read(connector(server))
    assert caught.value.outcome is Outcome.RATE_LIMITED


def test_recheck_tells_what_is_deleted(server: StackExchangeServer) -> None:
    ids = [str(number) for number in range(1, 151)]
    del server.questions[:2]
    answers = {each.native_id: each.gone for each in connector(server).recheck(ids)}
    assert [each for each, gone in answers.items() if gone] == ["1", "2"]
    assert (len(answers), len(server.requests)) == (150, 2)


def test_the_key_comes_from_the_environment(server: StackExchangeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    source = connector(server, key_variable="VELUMO_KEY")
    with pytest.raises(SourceFailed, match="VELUMO_KEY"):
        read(source)
    monkeypatch.setenv("VELUMO_KEY", "k3y")
    read(source)
    assert all(request.value("key") == "k3y" for request in server.requests)
