"""The polite HTTP client against a real local server: retries, waits, bounds, redirects, secrets."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpcore
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.demo.platforms import faults
from flows.demo.platforms.server import Answer, PlatformServer, Request, json_answer
from flows.guarded_transport import GuardedBackend, is_local_name, may_follow
from flows.http import NetworkSettings, PoliteClient, shown
from flows.rate_limits import HeaderSeconds, HeaderTimestamp, Limiter, asked_wait
from flows.sources.base import Outcome, SourceFailed


class Echo(PlatformServer):
    """Answers with what was asked, and notices requests that overlap."""

    def __init__(self) -> None:
        super().__init__()
        self.active = self.most_active = 0

    def respond(self, request: Request) -> Answer:
        self.active += 1
        self.most_active = max(self.active, self.most_active)
        time.sleep(0.01)
        answer = super().respond(request)
        self.active -= 1
        return answer

    def answer(self, request: Request) -> Answer:
        if request.path.startswith("/moved"):
            return Answer(301, {"Location": "/target?moved=1"})
        if request.path == "/loop":
            return Answer(302, {"Location": "/loop"})
        return json_answer({"path": request.path, "query": request.query, "text": "grün"})


class Time:
    """A clock that sleeping moves on."""

    def __init__(self) -> None:
        self.now = time.time()
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def server() -> Iterator[Echo]:
    with Echo() as echo:
        yield echo


@pytest.fixture
def clock() -> Time:
    return Time()


def client_for(
    address: str, clock: Time, *, token: str = "", limiter: Limiter | None = None, **settings: Any
) -> PoliteClient:
    network = NetworkSettings(type="test", **settings)
    return PoliteClient(address, network, token=token, limiter=limiter, sleep=clock.sleep, clock=lambda: clock.now)


def failure_of(client: PoliteClient, path: str = "/x") -> SourceFailed:
    with client, pytest.raises(SourceFailed) as caught:
        client.get_json(path)
    return caught.value


def test_says_who_asks(server: Echo, clock: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARKTECHO_CONTACT", "https://example.org/bot")
    for contact in ("", "listening@example.org"):
        with client_for(server.url, clock, contact=contact) as client:
            client.get_json("/x")
    by_environment, by_settings = (request.headers["user-agent"] for request in server.requests)
    assert by_environment.startswith("Marktecho/")
    assert by_environment.endswith("(+https://example.org/bot)")
    assert by_settings.endswith("(+listening@example.org)")


def test_returns_json_and_keeps_one_connection(server: Echo, clock: Time) -> None:
    with client_for(server.url, clock) as client:
        for number in range(3):
            value, response = client.get_json("/things", [("a[]", str(number)), ("a[]", "ü")])
            assert value == {"path": "/things", "query": [["a[]", str(number)], ["a[]", "ü"]], "text": "grün"}
            assert response.status == 200
    assert len({request.connection for request in server.requests}) == 1


def test_clients_of_the_same_host_take_turns(server: Echo, clock: Time) -> None:
    def ask() -> None:
        with client_for(server.url, clock) as client:
            for _ in range(5):
                client.get_json("/x")

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.requests) == 20
    assert server.most_active == 1


@pytest.mark.parametrize(
    "fault",
    [faults.status(500), faults.status(503), faults.truncated(), faults.html()],
    ids=["500", "503", "cut", "html"],
)
def test_retries_what_may_pass(server: Echo, clock: Time, fault: Any) -> None:
    server.faults.extend([fault, fault])
    with client_for(server.url, clock) as client:
        value, _ = client.get_json("/x")
    assert value["path"] == "/x"
    assert len(server.requests) == 3
    first, second = clock.slept
    assert 0.5 <= first <= 1.5
    assert 1 <= second <= 3


@pytest.mark.parametrize("fault", [faults.status(502), faults.truncated(), faults.html()], ids=["502", "cut", "html"])
def test_gives_up_after_max_tries(server: Echo, clock: Time, fault: Any) -> None:
    server.broken["/x"] = fault
    failure = failure_of(client_for(server.url, clock, max_tries=3))
    assert failure.outcome is Outcome.DOWN
    assert f"{server.url}/x" in str(failure)
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (401, Outcome.ACCESS_LOST),
        (403, Outcome.ACCESS_LOST),
        (400, Outcome.DOWN),
        (404, Outcome.DOWN),
        (410, Outcome.DOWN),
    ],
)
def test_does_not_insist_where_it_is_refused(server: Echo, clock: Time, code: int, outcome: Outcome) -> None:
    server.faults.append(faults.status(code))
    failure = failure_of(client_for(server.url, clock))
    assert failure.outcome is outcome
    assert str(code) in str(failure)
    assert len(server.requests) == 1
    assert not clock.slept


def test_accepted_statuses_are_answers(server: Echo, clock: Time) -> None:
    server.faults.append(faults.status(404))
    with client_for(server.url, clock) as client:
        value, response = client.get_json("/x", accept=(404,))
    assert value is None
    assert response.status == 404


@pytest.mark.parametrize(
    "headers",
    [
        lambda now: {"Retry-After": "40"},
        lambda now: {"Retry-After": format_datetime(now + timedelta(seconds=41), usegmt=True)},
        lambda now: {"X-RateLimit-Reset": (now + timedelta(seconds=40)).isoformat()},
        lambda now: {"X-RateLimit-Reset": "40"},
        lambda now: {"X-RateLimit-Reset": str(int(now.timestamp()) + 41)},
    ],
    ids=["seconds", "date", "iso", "delta", "unix"],
)
def test_waits_as_long_as_asked_after_429(
    server: Echo, clock: Time, headers: Callable[[datetime], dict[str, str]]
) -> None:
    server.faults.append(faults.status(429, headers(datetime.now(UTC))))
    with client_for(server.url, clock) as client:
        client.get_json("/x")
    (waited,) = clock.slept
    assert 5 < waited <= 42


def test_waiting_too_long_is_rate_limited(server: Echo, clock: Time) -> None:
    server.faults.append(faults.status(429, {"Retry-After": "3600"}))
    failure = failure_of(client_for(server.url, clock, max_wait_seconds=900))
    assert failure.outcome is Outcome.RATE_LIMITED
    assert "3600 s" in str(failure)
    assert not clock.slept


def test_repeated_429_is_bounded_in_all(server: Echo, clock: Time) -> None:
    server.broken["/x"] = faults.status(429, {"Retry-After": "400"})
    failure = failure_of(client_for(server.url, clock, max_wait_seconds=900, max_tries=10))
    assert failure.outcome is Outcome.RATE_LIMITED
    assert sum(clock.slept) <= 900
    assert len(server.requests) == 3


def test_slows_down_before_the_limit_is_broken(server: Echo, clock: Time) -> None:
    reset = (datetime.now(UTC) + timedelta(seconds=60)).isoformat()
    server.faults.append(
        lambda answer: Answer(200, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}, answer.body)
    )
    with client_for(server.url, clock, limiter=HeaderTimestamp()) as client:
        client.get_json("/x")
        assert not clock.slept
        client.get_json("/x")
    (waited,) = clock.slept
    assert 50 < waited <= 61


def test_does_not_ask_when_the_limit_resets_too_late(server: Echo, clock: Time) -> None:
    server.faults.append(
        lambda answer: Answer(200, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "7200"}, answer.body)
    )
    client = client_for(server.url, clock, limiter=HeaderSeconds())
    client.get_json("/x")
    assert failure_of(client).outcome is Outcome.RATE_LIMITED
    assert len(server.requests) == 1


@pytest.mark.parametrize("fault", [faults.hang(30), faults.drip(0.05)], ids=["hang", "drip"])
def test_one_request_takes_bounded_time(server: Echo, clock: Time, fault: Any) -> None:
    server.broken["/x"] = fault
    begun = time.monotonic()
    failure = failure_of(client_for(server.url, clock, timeout_seconds=1, max_tries=2))
    assert failure.outcome is Outcome.DOWN
    assert "in time" in str(failure)
    assert time.monotonic() - begun < 15


def test_headers_that_drip_are_bounded_too(clock: Time) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip() -> None:
            connection, _ = listener.accept()
            with connection:
                for byte in b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 200:
                    try:
                        connection.send(bytes([byte]))
                    except OSError:
                        return
                    time.sleep(0.05)

        threading.Thread(target=drip, daemon=True).start()
        begun = time.monotonic()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        assert failure_of(client_for(address, clock, timeout_seconds=1, max_tries=1)).outcome is Outcome.DOWN
        assert time.monotonic() - begun < 15


@pytest.mark.parametrize("fault", [faults.gzip_bomb(150), faults.oversized(150)], ids=["bomb", "big"])
def test_oversized_bodies_are_cut_off(server: Echo, clock: Time, fault: Any) -> None:
    server.faults.append(lambda answer: (fault(answer), tracemalloc.reset_peak())[0])
    tracemalloc.start()
    failure = failure_of(client_for(server.url, clock))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert failure.outcome is Outcome.DOWN
    assert "20 MB" in str(failure)
    assert peak < 70_000_000
    assert len(server.requests) == 1


def test_compression_that_was_not_asked_for_is_refused(server: Echo, clock: Time) -> None:
    server.faults.append(lambda answer: Answer(200, {"Content-Encoding": "gzip, gzip"}, answer.body))
    assert failure_of(client_for(server.url, clock)).outcome is Outcome.DOWN


def test_reads_gzip_and_asks_again_for_broken_gzip(server: Echo, clock: Time) -> None:
    def packed(answer: Answer, share: float = 1.0) -> Answer:
        body = gzip.compress(answer.body)
        return Answer(200, {"Content-Encoding": "gzip"}, body[: int(len(body) * share)])

    server.faults.extend([lambda answer: packed(answer, 0.5), packed])
    with client_for(server.url, clock) as client:
        value, _ = client.get_json("/x")
    assert value["text"] == "grün"
    assert len(server.requests) == 2


def test_broken_bytes_spoil_only_their_place(server: Echo, clock: Time) -> None:
    server.faults.append(faults.invalid_utf8("grün".encode()))
    with client_for(server.url, clock) as client:
        value, _ = client.get_json("/x")
    assert value["path"] == "/x"
    with pytest.raises(UnicodeEncodeError):
        value["text"].encode()


@pytest.mark.parametrize("body", [b"", b"[1, 2", b"[" * 100_000, b"NOPE"], ids=["empty", "cut", "deep", "words"])
def test_what_is_no_json_is_down(server: Echo, clock: Time, body: bytes) -> None:
    server.broken["/x"] = lambda answer: Answer(200, {}, body)
    failure = failure_of(client_for(server.url, clock, max_tries=2))
    assert failure.outcome is Outcome.DOWN
    assert "instead of JSON" in str(failure)


def test_messages_hold_no_secrets(server: Echo, clock: Time) -> None:
    server.broken["/x"] = faults.status(500)
    client = client_for(server.url, clock, token="token-1234", max_tries=1)
    with client, pytest.raises(SourceFailed) as caught:
        client.get_json("/x", [("key", "secret-5678")])
    assert "token-1234" not in str(caught.value)
    assert "secret-5678" not in str(caught.value)
    assert shown("https://anna:pass@example.org:8443/a?key=1#b") == "https://example.org:8443/a"


def test_follows_redirects_on_the_same_server(server: Echo, clock: Time) -> None:
    with client_for(server.url, clock) as client:
        value, _ = client.get_json("/moved")
    assert value["path"] == "/target"


@pytest.mark.parametrize(
    "path", ["http://127.0.0.1:9/x", "//evil.example/x", "https://evil.example/x", "http://[::1", "\ud800"]
)
def test_an_address_that_a_platform_made_up_is_not_asked(server: Echo, clock: Time, path: str) -> None:
    failure_of(client_for(server.url, clock, token="t"), path)
    assert not server.requests


def test_redirects_in_circles_end(server: Echo, clock: Time) -> None:
    assert failure_of(client_for(server.url, clock), "/loop").outcome is Outcome.DOWN
    assert len(server.requests) == 6


@pytest.mark.parametrize(
    "target",
    ["http://169.254.169.254/latest", "http://2130706433/", "file:///etc/passwd"],
)
def test_does_not_follow_into_other_networks(server: Echo, clock: Time, target: str) -> None:
    server.faults.append(faults.redirect(target))
    begun = time.monotonic()
    failure = failure_of(client_for(server.url, clock))
    assert failure.outcome is Outcome.DOWN
    assert time.monotonic() - begun < 15


def test_does_not_follow_to_another_local_server(server: Echo, clock: Time) -> None:
    with Echo() as other:
        server.faults.append(faults.redirect(other.url))
        assert "another server" in str(failure_of(client_for(server.url, clock, token="t")))
        assert not other.requests


@pytest.mark.parametrize(
    ("target", "followed"),
    [
        ("https://example.org/new", True),
        ("https://www.example.org/new", True),
        ("https://cdn.example.com/feed", True),
        ("https://cdn.example.com:8443/feed", False),
        ("https://example.org:8443/new", False),
        ("http://example.org/new", False),
        ("https://evil.example/", False),
        ("https://127.0.0.1/", False),
        ("https://2130706433/", False),
        ("https://0x7f000001/", False),
        ("https://[::ffff:127.0.0.1]/", False),
        ("https://example.org@evil.example/", False),
        ("https://example.org.evil.example/", False),
        ("ftp://example.org/", False),
    ],
)
def test_where_redirects_may_lead(target: str, followed: bool) -> None:
    assert may_follow(httpx.URL("https://example.org/old"), httpx.URL(target), {"cdn.example.com"}) is followed


class Recorded(GuardedBackend):
    """Opens no connection, but says that it led to given addresses."""

    def __init__(self, *addresses: str, may_enter_private: bool = False) -> None:
        super().__init__(may_enter_private=may_enter_private)
        self.addresses = iter(addresses)
        self.closed = 0

    def open(self, *arguments: Any) -> httpcore.NetworkStream:
        address, backend = next(self.addresses), self

        class Stream(httpcore.NetworkStream):
            def get_extra_info(self, info: str) -> Any:
                return (address, 443) if info == "server_addr" else None

            def close(self) -> None:
                backend.closed += 1

        return Stream()


@pytest.mark.parametrize(
    "private",
    [
        "10.0.0.1", "127.0.0.1", "169.254.169.254", "0.1.2.3", "224.0.0.1", "100.64.0.1", "::", "::1", "fe80::1%eth0",
        "fc00::1", "fec0::1", "::ffff:10.0.0.1", "::10.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:a00:1::",
    ],
)  # fmt: skip
def test_a_public_host_cannot_lead_into_a_private_network(private: str) -> None:
    for addresses in ([private], ["93.184.215.14", private]):  # also when only the second answer of the DNS lies
        backend = Recorded(*addresses)
        for _ in addresses[:-1]:
            backend.connect_tcp("example.org", 443)
        with pytest.raises(httpcore.ConnectError, match="private_network: true"):
            backend.connect_tcp("example.org", 443)
        assert backend.closed == 1
    Recorded(private, may_enter_private=True).connect_tcp("intranet", 443)


@pytest.mark.parametrize("public", ["93.184.215.14", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_are_reached(public: str) -> None:
    Recorded(public).connect_tcp("example.org", 443)


@pytest.mark.parametrize(
    ("host", "is_local"),
    [
        ("localhost", True), ("LOCALHOST.", True), ("127.0.0.1", True), ("[::1]", True), ("10.1.2.3", True),
        ("intranet", True), ("forum.internal", True), ("nas.local", True), ("example.org", False), ("8.8.8.8", False),
        ("localhost.example.org", False), ("10.1.2.3.example.org", False),
    ],
)  # fmt: skip
def test_which_names_mean_the_users_own_network(host: str, is_local: bool) -> None:
    assert is_local_name(host) is is_local


def test_a_public_name_that_resolves_to_this_machine_is_refused(
    server: Echo, clock: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve = socket.getaddrinfo

    def rebound(host: str, *rest: Any, **more: Any) -> Any:
        return resolve("127.0.0.1" if host == "rebound.example" else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", rebound)
    address = server.url.replace("127.0.0.1", "rebound.example")
    assert "private address" in str(failure_of(client_for(address, clock, max_tries=1)))
    assert not server.requests
    with client_for(address, clock, private_network=True) as client:
        assert client.get_json("/x")[0]["path"] == "/x"


def test_uses_the_systems_proxy(server: Echo, clock: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.delenv("no_proxy", raising=False)
    with client_for("http://feeds.example.org", clock) as client:
        value, _ = client.get_json("/feed")
    assert value["path"] == "/feed"
    assert server.requests[0].headers["host"] == "feeds.example.org"


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "http://no-such-host.invalid"])
def test_no_connection_is_down(clock: Time, address: str) -> None:
    assert failure_of(client_for(address, clock, max_tries=2)).outcome is Outcome.DOWN
    assert len(clock.slept) == 1


@given(st.text(max_size=40), st.text(max_size=40), st.sampled_from(["retry-after", "x-ratelimit-reset"]))
def test_asked_waits_are_never_negative_or_endless(value: str, date: str, name: str) -> None:
    assert 0 <= asked_wait({name: value, "date": date}, time.time()) < float("inf")


@given(st.integers(0, 10**6))
def test_asked_wait_reads_seconds(seconds: int) -> None:
    assert asked_wait({"retry-after": json.dumps(seconds)}, time.time()) == seconds
