"""A small threaded HTTP/1.1 server on 127.0.0.1 that the platforms of the demo and of the tests are built on.

A platform subclasses `PlatformServer` and answers requests. Faults (flows/demo/platforms/faults.py) change its next
answers; every request is kept for assertions.
"""

from __future__ import annotations

import json
import sys
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True)
class Request:
    """What a client asked: decoded path, query in order, headers by lower-case name, the client's port."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: dict[str, str]
    connection: int = 0
    body: bytes = b""

    @property
    def form(self) -> dict[str, str]:
        """The fields of a posted form."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    def json(self) -> Any:
        """The posted JSON value."""
        return json.loads(self.body)

    def value(self, name: str, default: str = "") -> str:
        """The last value of a query parameter."""
        return next((value for key, value in reversed(self.query) if key == name), default)

    def values(self, name: str) -> list[str]:
        """All values of a repeated query parameter, such as `any[]`."""
        return [value for key, value in self.query if key == name]


@dataclass
class Answer:
    """What goes back.

    `stream` replaces `body` by chunks of unknown length; `cut_at` closes the connection after that many bytes of the
    body; `silent_for` waits that many seconds before the first byte.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    stream: Iterable[bytes] | None = None
    cut_at: int | None = None
    silent_for: float = 0.0


Fault = Callable[[Answer], Answer]


def json_answer(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    """Answer with JSON, as the platforms' interfaces do."""
    body = json.dumps(value, ensure_ascii=False).encode()
    return Answer(status, {"Content-Type": "application/json; charset=utf-8"} | (headers or {}), body)


class PlatformServer(ABC):
    """Base of the local platforms; a context manager that serves while it is open.

    `faults` are applied to the next answers, one each; `broken` holds a fault for every answer to a path.
    """

    def __init__(self) -> None:
        self.faults: deque[Fault] = deque()
        self.broken: dict[str, Fault] = {}
        self.requests: list[Request] = []
        self.lock = threading.RLock()
        self.closing = threading.Event()
        self._server: _Threads | None = None

    @property
    def url(self) -> str:
        """The address to configure, without a trailing slash."""
        if self._server is None:
            raise RuntimeError("The server is not running: use it as a context manager.")
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @abstractmethod
    def answer(self, request: Request) -> Answer:
        """Answer one request as the platform would. Called with `lock` held."""

    def respond(self, request: Request) -> Answer:
        """Note the request, answer it and apply the fault that is due."""
        with self.lock:
            self.requests.append(request)
            answer = self.answer(request)
            if self.faults:
                return self.faults.popleft()(answer)
            fault = self.broken.get(request.path)
            return fault(answer) if fault else answer

    def __enter__(self) -> Self:
        self.closing.clear()
        self._server = _Threads(("127.0.0.1", 0), _handler_of(self))
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class _Threads(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are part of the play; anything else is a mistake of the platform."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def _handler_of(platform: PlatformServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            request = Request(
                method=self.command,
                path=unquote(address.path),
                query=tuple(parse_qsl(address.query, keep_blank_values=True)),
                headers={name.lower(): value for name, value in self.headers.items()},
                connection=self.client_address[1],
                body=self.rfile.read(int(self.headers.get("Content-Length") or 0)),
            )
            self._send(platform.respond(request))

        def _send(self, answer: Answer) -> None:
            if answer.silent_for and platform.closing.wait(answer.silent_for):
                self.close_connection = True
                return
            self.send_response_only(answer.status)
            if "Date" not in answer.headers:
                self.send_header("Date", self.date_time_string())
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.stream is not None:
                self.send_header("Connection", "close")
                self.end_headers()
                for chunk in answer.stream:
                    if platform.closing.is_set():
                        break
                    self.wfile.write(chunk)
                self.close_connection = True
                return
            if answer.status != 304:
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body[: answer.cut_at])
            self.close_connection = self.close_connection or answer.cut_at is not None

        def log_message(self, format: str, *args: Any) -> None:
            """Keep the terminal quiet; `requests` is the log."""

    return Handler
