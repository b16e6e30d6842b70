"""The polite HTTP client of all connectors: says who it is, waits when asked, retries a little, trusts no body's size.

How a platform says how much may be asked is the client's limiter (flows/rate_limits.py).

Every way a platform can fail ends as `SourceFailed` with the outcome that `source_health` shows: 401 and 403 are
`access_lost`; 429 that does not pass within `max_wait_seconds` is `rate_limited`; no connection, 5xx, silence, broken
or oversized bodies are `down`.
"""

from __future__ import annotations

import json
import logging
import os
import random
import threading
import time
import zlib
from base64 import b64encode
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import httpx
from pydantic import Field
from tenacity import RetryCallState, Retrying, retry_if_exception_type

from flows.guarded_transport import guarded_transport, may_follow
from flows.rate_limits import Limiter, asked_wait
from flows.sources.base import EnoughAsked, Outcome, SourceFailed, SourceSettings

log = logging.getLogger(__name__)
# httpx logs every full address at INFO, and addresses of private feeds carry their key
logging.getLogger("httpx").setLevel(logging.WARNING)

MAX_BYTES = 20_000_000
"""Largest body that is read, after decompression, unless a connector asks for less."""
MAX_REDIRECTS = 5
CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0
FIRST_RETRY_SECONDS = 1.0
PROJECT_URL = "https://github.com/marktecho/marktecho"

_HOST_LOCKS: Final[defaultdict[str, threading.Lock]] = defaultdict(threading.Lock)
Params = Sequence[tuple[str, str]]
T = TypeVar("T")


class NetworkSettings(SourceSettings):
    """What every source that is reached over HTTP has in listening.yaml."""

    contact: str = Field(
        default="",
        description="Address or page where the platform's operators reach you, sent in the User-Agent. "
        "Default: the environment variable MARKTECHO_CONTACT, else the project's page.",
    )
    timeout_seconds: float = Field(default=60.0, gt=0, description="Longest time one request may take in all.")
    max_wait_seconds: float = Field(
        default=900.0, ge=0, description="Longest time to wait when the platform asks to slow down."
    )
    max_tries: int = Field(default=4, ge=1, le=10, description="How often a request is sent when the platform fails.")
    private_network: bool = Field(
        default=False,
        description="The platform is in your own network, though its name does not say so (as `intranet` or "
        "`forum.internal` would).",
    )
    max_requests_per_run: int = Field(
        default=10_000, ge=1, description="The run stops asking this source after that many requests."
    )


@dataclass(frozen=True)
class Response:
    """An answer that was read completely. `headers` are case-insensitive."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def conditions(self) -> dict[str, str]:
        """The headers that ask for this address again only if it has changed: `If-None-Match`, `If-Modified-Since`."""
        said = {"If-None-Match": self.headers.get("etag"), "If-Modified-Since": self.headers.get("last-modified")}
        return {name: value for name, value in said.items() if value}


@dataclass(frozen=True)
class _Asked:
    """A request as the connector wants it."""

    method: str
    path: str
    params: Params
    headers: Mapping[str, str]
    accept: Collection[int]
    cost: int
    content: Mapping[str, Any]
    """`json` or `data` of the request, as httpx calls them."""


class _Passing(Exception):  # noqa: N818 - trouble that may pass
    def __init__(self, outcome: Outcome, message: str, wait: float = 0.0) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.wait = wait


class PoliteClient:
    """Asks one platform, one request at a time; a context manager.

    Redirects are followed to the host of `home` and to `redirect_hosts` only, and nothing leads to a private address
    unless the name of `home` or the setting `private_network` says that the platform is there. `token` (sent as a
    bearer token) and `secret_headers` go to `home` alone. `limiter` is the platform's dialect of rate limits. `agent`
    replaces the User-Agent where the platform prescribes another form.
    `sleep` and `clock` (Unix time) are for tests.
    """

    def __init__(
        self,
        home: str,
        network: NetworkSettings,
        *,
        token: str = "",
        secret_headers: Mapping[str, str] | None = None,
        limiter: Limiter | None = None,
        agent: str = "",
        redirect_hosts: Collection[str] = (),
        max_bytes: int = MAX_BYTES,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.home = httpx.URL(home)
        self.network = network
        self.limiter = limiter or Limiter()
        self.request_count = 0
        self._redirect_hosts = frozenset(redirect_hosts)
        self._max_bytes = max_bytes
        self._sleep = sleep
        self._clock = clock
        self._secret_headers = dict(secret_headers or {})
        self._transport = guarded_transport(self.home, is_private=network.private_network)
        self._client = httpx.Client(
            transport=self._transport,
            headers={"User-Agent": agent or user_agent(network.contact), "Accept-Encoding": "gzip"},
            timeout=httpx.Timeout(min(READ_SECONDS, network.timeout_seconds), connect=CONNECT_SECONDS),
        )
        if token:
            self.authorise(token)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def authorise(self, token: str) -> None:
        """Send this bearer token from now on, in place of the one before."""
        self._secret_headers["Authorization"] = f"Bearer {token}"

    def get(
        self,
        path: str = "",
        params: Params = (),
        *,
        headers: Mapping[str, str] | None = None,
        accept: Collection[int] = (),
        cost: int = 1,
    ) -> Response:
        """Get an address (relative to `home`) as bytes.

        `accept` names statuses besides 200 that are answers, such as 304 or 404; `cost` is what the limiter counts.
        Raises SourceFailed, or EnoughAsked when the run's budget of requests is used up.
        """
        asked = _Asked("GET", path, params, headers or {}, accept, cost, {})
        return self._patiently(lambda: self._ask(asked))

    def get_json(
        self,
        path: str,
        params: Params = (),
        *,
        headers: Mapping[str, str] | None = None,
        accept: Collection[int] = (),
        cost: int = 1,
    ) -> tuple[Any, Response]:
        """Get JSON: its value (None for an accepted status other than 200) and the response; see `get`.

        Bytes that are not UTF-8 become lone surrogates, so that one broken record does not take its page along.
        """
        return self._json(_Asked("GET", path, params, _as_json(headers), accept, cost, {}))

    def post_json(
        self,
        path: str,
        value: Any = None,
        *,
        form: Mapping[str, str] | None = None,
        params: Params = (),
        headers: Mapping[str, str] | None = None,
        accept: Collection[int] = (),
        cost: int = 1,
    ) -> tuple[Any, Response]:
        """Post JSON or a form and read the JSON answer; see `get_json`. Only for questions: it may be sent twice."""
        content = {"json": value} if form is None else {"data": dict(form)}
        return self._json(_Asked("POST", path, params, _as_json(headers), accept, cost, content))

    def _json(self, asked: _Asked) -> tuple[Any, Response]:
        def ask() -> tuple[Any, Response]:
            response = self._ask(asked)
            return (read_json(response) if response.status == 200 else None), response

        return self._patiently(ask)

    def _patiently(self, ask: Callable[[], T]) -> T:
        def enough(state: RetryCallState) -> bool:
            waited = state.idle_for + state.upcoming_sleep
            return state.attempt_number >= self.network.max_tries or waited > self.network.max_wait_seconds

        retrying = Retrying(
            retry=retry_if_exception_type(_Passing),
            stop=enough,
            wait=_wait,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return retrying(ask)
        except _Passing as trouble:
            raise SourceFailed(trouble.outcome, str(trouble)) from trouble

    def _request(self, asked: _Asked) -> httpx.Request:
        """Make the request. What a platform said earlier can be part of it, and be nothing that can be sent there."""
        try:
            address = self.home.join(asked.path) if asked.path else self.home
            request = self._client.build_request(
                asked.method,
                address,
                params=list(asked.params) or None,
                headers={**self._secret_headers, **asked.headers},
                **asked.content,
            )
        except (UnicodeError, httpx.InvalidURL) as error:
            raise SourceFailed(
                Outcome.SCHEMA_DRIFT,
                f"{shown(self.home)}: it answered with what cannot be sent ({type(error).__name__})",
            ) from None
        if not may_follow(self.home, request.url, self._redirect_hosts):
            raise SourceFailed(Outcome.DOWN, f"{shown(self.home)}: it leads to {shown(request.url)}, another server.")
        return request

    def _ask(self, asked: _Asked) -> Response:
        self._wait_for_limit(asked)
        request = self._request(asked)
        self.request_count += 1
        self.limiter.sent(asked.path, asked.cost, self._clock())
        for _ in range(MAX_REDIRECTS + 1):
            response = self._send(request)
            if isinstance(response, Response):
                self.limiter.note(asked.path, response, self._clock())
                return self._classified(response, asked.accept)
            if not may_follow(self.home, response.url, self._redirect_hosts):
                raise SourceFailed(
                    Outcome.DOWN,
                    f"{shown(request.url)}: it redirects to {shown(response.url)}, which is another server. "
                    "If this is right, put the new address into listening.yaml.",
                )
            if response.url.host != self.home.host:
                for name in self._secret_headers:
                    response.headers.pop(name, None)
            request = response
        raise SourceFailed(Outcome.DOWN, f"{shown(request.url)}: more than {MAX_REDIRECTS} redirects")

    def _send(self, request: httpx.Request) -> Response | httpx.Request:
        """Send one request; returns the next request when the answer is a redirect."""
        try:
            with host_lock(request.url.netloc.decode()):
                self._transport.deadline = time.monotonic() + self.network.timeout_seconds
                response = self._client.send(request, stream=True)
                try:
                    if response.next_request is not None:
                        return response.next_request
                    return Response(
                        str(request.url), response.status_code, response.headers, _read(response, self._max_bytes)
                    )
                finally:
                    response.close()
        except httpx.TimeoutException as error:
            raise _Passing(Outcome.DOWN, f"{shown(request.url)}: no complete answer in time") from error
        except (httpx.TransportError, zlib.error) as error:
            raise _Passing(Outcome.DOWN, f"{shown(request.url)}: {error or type(error).__name__}") from error

    def _wait_for_limit(self, asked: _Asked) -> None:
        if self.request_count >= self.network.max_requests_per_run:
            raise EnoughAsked(f"{shown(self.home)}: {self.request_count:,} requests (max_requests_per_run)")
        delay = self.limiter.delay(asked.path, asked.cost, self._clock())
        if delay > self.network.max_wait_seconds:
            raise SourceFailed(
                Outcome.RATE_LIMITED,
                f"{shown(self.home)}: no requests left for {delay:.0f} s (max_wait_seconds is "
                f"{self.network.max_wait_seconds:.0f})",
            )
        if delay > 0:
            log.info("Waiting %.0f s: %s has no requests left in this period", delay, shown(self.home))
            self._sleep(delay)

    def _classified(self, response: Response, accept: Collection[int]) -> Response:
        status, where, now = response.status, shown(response.url), self._clock()
        if status == 200:
            return response
        wait = self.limiter.refusal(response, now)
        if wait is not None:
            raise _Passing(
                Outcome.RATE_LIMITED, f"{where}: too many requests ({status}), asks to wait {wait:.0f} s", wait
            )
        if status in accept:
            return response
        if status in (401, 403):
            raise SourceFailed(
                Outcome.ACCESS_LOST, f"{where}: access refused ({status}). Check the token and the permissions."
            )
        if status >= 500:
            raise _Passing(Outcome.DOWN, f"{where}: the platform fails ({status})", asked_wait(response.headers, now))
        raise SourceFailed(Outcome.DOWN, f"{where}: refused with status {status}. Check the address in listening.yaml.")


def host_lock(netloc: str) -> threading.Lock:
    """Held while talking to a host: sources run at the same time, but a host sees one connection at work."""
    return _HOST_LOCKS[netloc]


def user_agent(contact: str = "") -> str:
    """The User-Agent: name, version and how to reach whoever runs this installation."""
    reach = contact or os.environ.get("MARKTECHO_CONTACT") or PROJECT_URL
    return f"Marktecho/{version('marktecho')} (+{reach})"


def basic_auth(user: str, password: str) -> str:
    """The value of an `Authorization` header with user name and password (RFC 7617)."""
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


def shown(url: httpx.URL | str) -> str:
    """An address for messages: without user information and query, which may hold secrets."""
    full = httpx.URL(url)
    return str(full.copy_with(query=None, fragment=None, username=None, password=None))


def _as_json(headers: Mapping[str, str] | None) -> dict[str, str]:
    return {"Accept": "application/json", **(headers or {})}


def read_json(response: Response) -> Any:
    """Parse a body as JSON. Raises trouble that the client retries when it is something else."""
    try:
        return json.loads(response.body.decode("utf-8-sig", "surrogateescape"), strict=False)
    except (ValueError, RecursionError) as error:
        found = "a web page" if response.body.lstrip().startswith(b"<") else "something broken"
        raise _Passing(Outcome.DOWN, f"{shown(response.url)}: {found} instead of JSON") from error


def _wait(state: RetryCallState) -> float:
    """Exponential and jittered, but never less than the platform asked for."""
    trouble = state.outcome.exception() if state.outcome else None
    growing = FIRST_RETRY_SECONDS * 2.0 ** (state.attempt_number - 1) * random.uniform(0.5, 1.5)  # noqa: S311 - jitter
    return max(min(growing, 60.0), trouble.wait if isinstance(trouble, _Passing) else 0.0)


def _read(response: httpx.Response, max_bytes: int) -> bytes:
    """Read a body, unpacking no more than `max_bytes`: a small gzip body may unpack to gigabytes."""
    encoding = response.headers.get("content-encoding", "identity").lower()
    if encoding not in ("identity", "gzip"):
        raise SourceFailed(Outcome.DOWN, f"{shown(response.url)}: a compression that was not asked for ({encoding})")
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    body = bytearray()
    for chunk in response.iter_raw():
        body += unpacker.decompress(chunk, max_bytes + 1 - len(body)) if encoding == "gzip" else chunk
        if len(body) > max_bytes:
            raise SourceFailed(Outcome.DOWN, f"{shown(response.url)}: more than {max_bytes // 1_000_000} MB")
    if encoding == "gzip" and response.num_bytes_downloaded and not unpacker.eof:
        raise zlib.error("the body ends in the middle")
    return bytes(body)
