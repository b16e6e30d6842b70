"""The five dialects in which platforms say how much may be asked, and the client that heeds them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from flows.demo.platforms import faults
from flows.demo.platforms.server import Answer, Fault, PlatformServer, Request, json_answer
from flows.http import NetworkSettings, PoliteClient, basic_auth
from flows.memory import FileMemory, Memory
from flows.rate_limits import BodyBackoff, DailyBudget, HeaderSeconds, HeaderTimestamp, Limiter, seconds_to_midnight
from flows.sources.base import EnoughAsked, Outcome, SourceFailed

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC).timestamp()
NOON_ON_THE_SERVER = {"Date": "Tue, 24 Nov 2026 12:00:00 GMT"}
PACIFIC = "America/Los_Angeles"


class Echo(PlatformServer):
    """Answers with what was asked."""

    def answer(self, request: Request) -> Answer:
        return json_answer({"method": request.method, "body": request.body.decode(), "items": []})


class Clock:
    """Unix time from noon UTC on, which sleeping moves on."""

    def __init__(self) -> None:
        self.now = NOON
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def server() -> Iterator[Echo]:
    with Echo() as echo:
        yield echo


@pytest.fixture
def clock() -> Clock:
    return Clock()


def client_for(server: Echo, clock: Clock, limiter: Limiter | None = None, **settings: Any) -> PoliteClient:
    options = {name: settings.pop(name) for name in ("token", "secret_headers", "agent") if name in settings}
    network = NetworkSettings(type="test", **settings)
    return PoliteClient(server.url, network, limiter=limiter, sleep=clock.sleep, clock=lambda: clock.now, **options)


def with_headers(**headers: str) -> Fault:
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda answer: Answer(200, NOON_ON_THE_SERVER | said, answer.body)


def with_body(**fields: Any) -> Fault:
    return lambda answer: Answer(200, {}, json.dumps(fields).encode())


@pytest.mark.parametrize(
    ("limiter", "fault", "seconds"),
    [
        (
            HeaderTimestamp,
            with_headers(X_RateLimit_Remaining="0", X_RateLimit_Reset="2026-11-24T12:05:00.000000Z"),
            300,
        ),
        (HeaderTimestamp, with_headers(X_RateLimit_Remaining="0", X_RateLimit_Reset=str(int(NOON) + 60)), 60),
        (lambda: HeaderTimestamp("RateLimit"), with_headers(RateLimit_Remaining="0", RateLimit_Reset=str(NOON + 9)), 9),
        (HeaderSeconds, with_headers(X_Ratelimit_Remaining="0.0", X_Ratelimit_Reset="321"), 321),
        (BodyBackoff, with_body(items=[], backoff=10, quota_remaining=9), 10),
    ],
    ids=["iso", "unix", "prefix", "seconds", "backoff"],
)
def test_the_next_request_waits_when_nothing_is_left(
    server: Echo, clock: Clock, limiter: Callable[[], Limiter], fault: Fault, seconds: float
) -> None:
    server.faults.append(fault)
    with client_for(server, clock, limiter()) as client:
        client.get_json("/2.3/search")
        assert not clock.slept
        client.get_json("/2.3/search")
        client.get_json("/2.3/search")
    assert clock.slept == [pytest.approx(seconds, abs=2)]


@pytest.mark.parametrize(
    "fault",
    [
        with_headers(X_RateLimit_Remaining="1", X_RateLimit_Reset="2026-11-24T12:05:00Z"),
        with_headers(X_RateLimit_Remaining="soon", X_RateLimit_Reset="never"),
        with_headers(X_RateLimit_Remaining="0"),
    ],
)
def test_headers_that_leave_something_or_say_nothing_do_not_wait(server: Echo, clock: Clock, fault: Fault) -> None:
    server.faults.append(fault)
    with client_for(server, clock, HeaderTimestamp()) as client:
        client.get_json("/x")
        client.get_json("/x")
    assert not clock.slept


def test_a_backoff_holds_for_its_method_and_a_used_up_quota_for_all(server: Echo, clock: Clock) -> None:
    server.faults += [with_body(backoff=30, quota_remaining=2), with_body(quota_remaining=0)]
    with client_for(server, clock, BodyBackoff()) as client:
        client.get_json("/2.3/search")
        client.get_json("/2.3/questions")
        assert not clock.slept
        with pytest.raises(SourceFailed) as caught:
            client.get_json("/2.3/answers")
    assert caught.value.outcome is Outcome.RATE_LIMITED
    assert f"{12 * 3_600} s" in str(caught.value)
    assert len(server.requests) == 2


def test_a_throttled_stack_exchange_says_for_how_long(server: Echo, clock: Clock) -> None:
    refused = {
        "error_id": 502,
        "error_name": "throttle_violation",
        "error_message": "too many requests from this IP, more requests available in 82216 seconds",
    }
    server.faults.append(lambda answer: json_answer(refused, 400))
    with client_for(server, clock, BodyBackoff()) as client, pytest.raises(SourceFailed) as caught:
        client.get_json("/2.3/search")
    assert caught.value.outcome is Outcome.RATE_LIMITED
    assert "82216 s" in str(caught.value)


@pytest.mark.parametrize(
    "headers",
    [{"Retry-After": "60"}, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOON) + 60)}],
    ids=["secondary", "primary"],
)
def test_a_403_about_the_rate_is_waited_for_and_any_other_is_lost_access(
    server: Echo, clock: Clock, headers: dict[str, str]
) -> None:
    server.faults.append(faults.status(403, NOON_ON_THE_SERVER | headers))
    with client_for(server, clock, HeaderTimestamp()) as client:
        client.get_json("/x")
        assert clock.slept == [pytest.approx(60, abs=2)]
        server.faults.append(faults.status(403, {"X-RateLimit-Remaining": "4000"}))
        with pytest.raises(SourceFailed) as caught:
            client.get_json("/x")
    assert caught.value.outcome is Outcome.ACCESS_LOST


def google_error(reason: str) -> Fault:
    return lambda answer: json_answer({"error": {"code": 403, "errors": [{"reason": reason}]}}, 403)


def test_a_daily_budget_lasts_until_midnight_of_its_zone_across_runs(
    server: Echo, clock: Clock, tmp_path: Path
) -> None:
    def budget() -> DailyBudget:
        return DailyBudget(FileMemory(tmp_path), "youtube", units=250, zone=PACIFIC)

    with client_for(server, clock, budget()) as client:
        client.get_json("/search", cost=100)
        client.get_json("/search", cost=100)
    with client_for(server, clock, budget()) as client:
        client.get_json("/commentThreads")
        with pytest.raises(SourceFailed) as caught:
            client.get_json("/search", cost=100)
        assert caught.value.outcome is Outcome.RATE_LIMITED
        assert len(server.requests) == 3
        clock.now += seconds_to_midnight(clock.now, PACIFIC)
        assert datetime.fromtimestamp(clock.now, ZoneInfo(PACIFIC)).hour == 0
        client.get_json("/search", cost=100)
    assert budget().spent(clock.now) == 100


def test_a_refusal_for_the_day_spends_the_budget_and_one_for_haste_does_not(server: Echo, clock: Clock) -> None:
    budget = DailyBudget(Memory(), "youtube", units=250, zone=PACIFIC)
    server.faults.append(google_error("rateLimitExceeded"))
    with client_for(server, clock, budget) as client:
        client.get_json("/x")
        assert budget.spent(clock.now) == 2
        server.faults.append(google_error("quotaExceeded"))
        with pytest.raises(SourceFailed) as caught:
            client.get_json("/x")
        assert caught.value.outcome is Outcome.RATE_LIMITED
        assert budget.spent(clock.now) == 250
        clock.now += 24 * 3_600
        server.faults.append(google_error("forbidden"))
        with pytest.raises(SourceFailed) as caught:
            client.get_json("/x")
    assert caught.value.outcome is Outcome.ACCESS_LOST


def test_a_run_ends_quietly_when_its_requests_are_used_up(server: Echo, clock: Clock) -> None:
    server.faults.append(faults.status(500))
    with client_for(server, clock, max_requests_per_run=3) as client:
        client.get_json("/x")
        client.get_json("/x")
        with pytest.raises(EnoughAsked, match="3 requests"):
            client.get_json("/x")
    assert len(server.requests) == 3


def test_posts_json_and_forms_with_secrets_for_home_alone(server: Echo, clock: Clock) -> None:
    with Echo() as other:
        server.broken["/away"] = faults.redirect(f"{other.url.replace('127.0.0.1', 'localhost')}/there", 307)
        secrets = {"Api-Key": "s3cret"}
        with client_for(server, clock, secret_headers=secrets, token="tok", agent="linux:x:1 (by /u/y)") as client:
            value, _ = client.post_json("/graphql", {"query": "{a}"})
            assert (value["method"], json.loads(value["body"])) == ("POST", {"query": "{a}"})
            basic = {"Authorization": basic_auth("id", "pass")}
            value, _ = client.post_json("/token", form={"grant_type": "client_credentials"}, headers=basic)
            assert value["body"] == "grant_type=client_credentials"
            client.authorise("newer")
            client.get_json("/x")
            with pytest.raises(SourceFailed, match="another server"):
                client.get_json("/away")
    first, second, third, _ = server.requests
    assert first.headers["authorization"] == "Bearer tok"
    assert first.headers["user-agent"] == "linux:x:1 (by /u/y)"
    assert second.headers["authorization"] == "Basic aWQ6cGFzcw=="
    assert third.headers["authorization"] == "Bearer newer"
    assert third.headers["api-key"] == "s3cret"
    assert not other.requests


def test_asks_again_only_for_what_has_changed(server: Echo, clock: Clock) -> None:
    server.faults += [with_headers(ETag='"1"', Last_Modified="Tue, 24 Nov 2026 10:00:00 GMT"), faults.status(304)]
    with client_for(server, clock) as client:
        _, response = client.get_json("/x")
        value, _ = client.get_json("/x", headers=response.conditions, accept=(304,))
    assert value is None
    assert server.requests[1].headers["if-none-match"] == '"1"'
    assert server.requests[1].headers["if-modified-since"] == "Tue, 24 Nov 2026 10:00:00 GMT"


def test_memory_is_for_its_owner_and_survives_damage(tmp_path: Path) -> None:
    memory = FileMemory(tmp_path / "connectors")
    assert memory.read("session") == {}
    memory.write("session", {"token": "x"})
    path = tmp_path / "connectors" / "session.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert FileMemory(tmp_path / "connectors").read("session") == {"token": "x"}
    path.write_text("{", encoding="utf-8")
    assert memory.read("session") == {}
    with pytest.raises(ValueError, match="no name"):
        memory.read("../pseudonym")
