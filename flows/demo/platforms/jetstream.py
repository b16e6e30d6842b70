"""A local Jetstream: the event stream of Bluesky over WebSocket, in both dialects, with its 36 hours and its failures.

Follows the documentation of bluesky-social/jetstream: inclusive cursors (below 10^15 sequence numbers, above it
microseconds), silent clamping at the floor in the first dialect, `CursorTooOld` and `#info` frames in the second.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve

from flows.demo.platforms.bluesky import POST, BlueskyPost

SECOND = "/xrpc/network.bsky.jetstream.subscribeEvents"
TIME_FROM = 10**15
Event = dict[str, Any]


class JetstreamServer:
    """Serves events that can be added while it runs; a context manager. `first_seq` is where this instance counts from.

    `cut_after` holds after how many events the next connections break off; `refusals` are the statuses of the next
    handshakes; `spoil` changes messages before they are sent; with `silent` nothing is said, with `is_endless` the
    stream never stops repeating itself. `cursors` are those that were asked for.
    """

    def __init__(self, *, first_seq: int = 1, kept: timedelta = timedelta(hours=36)) -> None:
        self.events: list[Event] = []
        self.first_seq = first_seq
        self.kept = kept
        self.cut_after: deque[int] = deque()
        self.refusals: deque[tuple[int, dict[str, str]]] = deque()
        self.spoil: Callable[[str], str | bytes] = lambda message: message
        self.silent = False
        self.is_endless = False
        self.cursors: list[int] = []
        self.asked: list[dict[str, list[str]]] = []
        self._closing = threading.Event()
        self._server: Server | None = None

    def post(self, post: BlueskyPost, at: datetime, operation: str = "create") -> str:
        """Let a post be created or updated; returns the address of its record."""
        commit = {"operation": operation, "collection": POST, "rkey": post.key, "cid": "bafyrei", "record": post.record}
        self.add(post.did, at, "commit", commit)
        return post.uri

    def delete(self, did: str, key: str, at: datetime) -> None:
        """Let a post be deleted."""
        self.add(did, at, "commit", {"operation": "delete", "collection": POST, "rkey": key})

    def account(self, did: str, at: datetime, *, active: bool, status: str | None = None) -> None:
        """Let the state of an account change."""
        said = {"active": active, "did": did, "seq": 9_000_000_001, "time": _rfc(at)}
        self.add(did, at, "account", said | ({"status": status} if status else {}))

    def add(self, did: str, at: datetime, kind: str, content: Any) -> None:
        """Let any event happen, at the end of the stream."""
        body = {"rev": "3l3qo2vutsw2b", **content} if kind == "commit" else content
        self.events.append({"did": did, "at": at, "kind": kind, "content": body})

    def url(self, *, second: bool = False) -> str:
        """The address to configure."""
        if self._server is None:
            raise RuntimeError("The server is not running: use it as a context manager.")
        port = self._server.socket.getsockname()[1]
        return f"ws://127.0.0.1:{port}{SECOND if second else '/subscribe'}"

    def __enter__(self) -> Self:
        self._server = serve(self._serve, "127.0.0.1", 0, process_request=self._handshake, ping_interval=None)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        if self._server is not None:
            self._server.shutdown()

    def _handshake(self, connection: ServerConnection, request: Request) -> Response | None:
        if self.refusals:
            status, headers = self.refusals.popleft()
            return Response(status, HTTPStatus(status).phrase, Headers(headers), b"{}")
        address = urlsplit(request.path)
        asked = parse_qs(address.query)
        cursor = int(asked.get("cursor", ["0"])[0])
        self.cursors.append(cursor)
        self.asked.append(asked)
        if address.path == SECOND:
            if "wantedCollections" in asked:
                return _bad_request("InvalidRequest", "wantedCollections: use collections")
            if 0 < cursor < TIME_FROM and cursor < self._floor_seq():
                return _bad_request("CursorTooOld", f"cursor is below the retention floor {self._floor_seq()}")
        return None

    def _serve(self, connection: ServerConnection) -> None:
        if connection.request is None:
            return
        address = urlsplit(connection.request.path)
        cursor = int(parse_qs(address.query).get("cursor", ["0"])[0])
        write = self._write_second if address.path == SECOND else _write_first
        left = self.cut_after.popleft() if self.cut_after else None
        try:
            if self.silent:
                self._closing.wait()
            for notice in self._notices(cursor) if address.path == SECOND else []:
                connection.send(notice)
            position = self._begin(cursor)
            while not self._closing.is_set():
                while position < len(self.events):
                    if left == 0:
                        connection.socket.close()
                        return
                    left = None if left is None else left - 1
                    connection.send(self.spoil(write(self.events[position], position)), text=True)
                    position += 1
                if self.is_endless:
                    position = self._begin(cursor)
                elif self._is_gone(connection):
                    return
        except (ConnectionClosed, OSError):
            return

    def _is_gone(self, connection: ServerConnection) -> bool:
        try:
            connection.recv(timeout=0.02)
        except TimeoutError:
            return False
        except ConnectionClosed:
            return True
        return False

    def _begin(self, cursor: int) -> int:
        floor = self._floor_seq()
        if cursor < TIME_FROM:
            tip = self.first_seq + len(self.events)
            return len(self.events) if cursor > tip else max(cursor, floor) - self.first_seq
        later = [number for number, event in enumerate(self.events) if _micro(event["at"]) >= cursor]
        return max(later[0] if later else len(self.events), floor - self.first_seq)

    def _floor_seq(self) -> int:
        floor = datetime.now(UTC) - self.kept
        return self.first_seq + sum(event["at"] < floor for event in self.events)

    def _notices(self, cursor: int) -> list[str]:
        name = ""
        if cursor >= TIME_FROM and cursor < _micro(datetime.now(UTC) - self.kept):
            name = "OutdatedCursor"
        elif self.first_seq + len(self.events) < cursor < TIME_FROM:
            name = "FutureCursor"
        return (
            [json.dumps({"$type": "message", "payload": {"$type": f"{SECOND[6:]}#info", "name": name}})] if name else []
        )

    def _write_second(self, event: Event, position: int) -> str:
        payload = {
            "$type": f"{SECOND[6:]}#{event['kind']}",
            "seq": self.first_seq + position,
            "did": event["did"],
            "time": _rfc(event["at"]),
            "witnessedAt": _rfc(event["at"]),
        }
        payload |= event["content"] if event["kind"] == "commit" else {event["kind"]: event["content"]}
        return json.dumps({"$type": "message", "payload": payload}, ensure_ascii=False)


def _write_first(event: Event, position: int) -> str:
    said = {"did": event["did"], "time_us": _micro(event["at"]), "kind": event["kind"], event["kind"]: event["content"]}
    return json.dumps(said, ensure_ascii=False)


def _micro(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)


def _rfc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _bad_request(name: str, message: str) -> Response:
    body = json.dumps({"error": name, "message": message}).encode()
    headers = Headers({"Content-Type": "application/json", "Content-Length": str(len(body)), "Connection": "close"})
    return Response(400, "Bad Request", headers, body)
