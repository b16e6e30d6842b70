"""Reading Bluesky's event stream (Jetstream) from a position to the present, over WebSocket, in both dialects.

| path | `/subscribe` | `/xrpc/network.bsky.jetstream.subscribeEvents` |
|---|---|---|
| position | microseconds since 1970, the same at all servers | `seq` of this server only; microseconds work too |
| older than 36 hours | silently begins at the oldest kept event | `CursorTooOld`; for microseconds `OutdatedCursor` |
| accounts | events of all accounts | the same |

Both deliver at least once. The position of a state is `time` (microseconds) and, in the second dialect, `seq` with the
`server` it belongs to. By time, reading goes on a little earlier than it ended; `recent` holds digests of the messages
of that while, so that what comes again counts once: a deletion must not be seen after what followed it.
"""

from __future__ import annotations

import json
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.sync.connection import Connection

from flows.guarded_transport import is_local_name, is_public
from flows.http import host_lock, user_agent
from flows.rate_limits import asked_wait
from flows.sources.base import Outcome, SourceFailed

log = logging.getLogger(__name__)
# websockets logs full addresses of what it cannot reach
logging.getLogger("websockets").setLevel(logging.CRITICAL)

KEPT: Final = timedelta(hours=36)
"""How far back a server lets one begin."""
TIME_FROM: Final = 10**15
"""Positions from here on are times, smaller ones are sequence numbers."""
REWIND: Final = timedelta(seconds=5)
"""By time, reading begins so much earlier: events may share a moment, and clocks of servers differ."""
REWIND_MICROSECONDS: Final = int(REWIND.total_seconds() * 1_000_000)
MAX_MESSAGE_BYTES: Final = 2_000_000
BATCH_EVENTS: Final = 5_000
MOST_REPEATED: Final = 200_000
"""So many events in a row that are not newer than what was read before mean that the stream goes in circles."""
PONG_SECONDS: Final = 10.0

Event = dict[str, Any]
State = dict[str, Any]


@dataclass(frozen=True)
class Stream:
    """How to read: `address` with the path of a dialect, until when, and how patiently.

    `idle_seconds` without an event mean that there is nothing more at the moment, when the server is alive.
    """

    address: str
    collection: str
    contact: str
    until: datetime
    idle_seconds: float
    max_minutes: float
    max_tries: int
    timeout_seconds: float
    is_private: bool = False
    sleep: Callable[[float], None] = time.sleep

    @property
    def is_second(self) -> bool:
        """Whether this is the dialect of sequence numbers."""
        return self.address.endswith("subscribeEvents")


@dataclass
class Batch:
    """Events in the order of the stream, with the state that is true once they are durable."""

    events: list[Event]
    state: State
    gap: tuple[datetime, datetime] | None = None
    """A time whose events are no longer kept: they are missing."""


@dataclass
class _Reading:
    """Where a run is: what was read, how often it failed since then, and a gap that was found."""

    state: State
    recent: dict[str, int]
    events: list[Event] = field(default_factory=list)
    failures: int = 0
    repeated: int = 0
    lost_from: int | None = None
    gap: tuple[datetime, datetime] | None = None
    is_first: bool = True
    is_done: bool = False


def read(stream: Stream, state: State) -> Iterator[Batch]:
    """Yield batches of events from `state` (needs `time`) to `stream.until`.

    Each event is {kind, did, time (microseconds), ...} with `commit` or `account` as the stream has it. Lost
    connections are taken up where they broke off. Raises SourceFailed; what was read before has been yielded.
    """
    reading = _Reading(
        {name: value for name, value in state.items() if name != "recent"}, dict(state.get("recent", {}))
    )
    end = time.monotonic() + stream.max_minutes * 60
    while not reading.is_done:
        try:
            with host_lock(urlsplit(stream.address).netloc), _connected(stream, reading) as connection:
                for _ in _receive(stream, connection, reading, end):
                    if len(reading.events) >= BATCH_EVENTS:
                        yield _batch(reading)
        except (ConnectionClosed, InvalidHandshake, InvalidMessage, OSError) as error:
            if reading.events:
                yield _batch(reading)
            _again(stream, reading, error)
    if reading.lost_from is not None:
        reading.gap = (_moment(reading.lost_from), datetime.now(UTC) - KEPT)
    yield _batch(reading)


def _batch(reading: _Reading) -> Batch:
    first = reading.state["time"] - REWIND_MICROSECONDS
    reading.recent = {digest: at for digest, at in reading.recent.items() if at >= first}
    batch = Batch(reading.events, reading.state | {"recent": dict(reading.recent)}, reading.gap)
    reading.events, reading.gap = [], None
    return batch


def _connected(stream: Stream, reading: _Reading) -> ClientConnection:
    """Open a connection at the position, or where the server still can begin."""
    position = _position(stream, reading.state)
    if reading.is_first and position >= TIME_FROM and _moment(position) < datetime.now(UTC) - KEPT:
        reading.lost_from = int(reading.state["time"])
    try:
        return _open(stream, position)
    except InvalidStatus as refused:
        if refused.response.status_code == 400 and b"CursorTooOld" in (refused.response.body or b""):
            reading.state.pop("seq", None)
            return _connected(stream, reading)
        raise


def _position(stream: Stream, state: State) -> int:
    """The position to begin at: a sequence number where it is this server's, else the time, rewound."""
    if stream.is_second and "seq" in state and state.get("server") == urlsplit(stream.address).netloc:
        return int(state["seq"])
    return int(state["time"]) - REWIND_MICROSECONDS


def _open(stream: Stream, position: int) -> ClientConnection:
    collections = "collections" if stream.is_second else "wantedCollections"
    params = [(collections, stream.collection), ("cursor", str(position))]
    connection = connect(
        f"{stream.address}?{urlencode(params)}",
        user_agent_header=user_agent(stream.contact),
        open_timeout=stream.timeout_seconds,
        close_timeout=1.0,
        max_size=MAX_MESSAGE_BYTES,
        max_queue=1_000,
    )
    host = urlsplit(stream.address).hostname or ""
    if not (stream.is_private or is_local_name(host) or is_public(connection.remote_address[0])):
        connection.close()
        raise SourceFailed(Outcome.DOWN, f"{host} leads to a private address")
    return connection


def _receive(stream: Stream, connection: Connection, reading: _Reading, end: float) -> Iterator[None]:
    """Take over event after event; yields after each."""
    until = int(stream.until.timestamp() * 1_000_000)
    while not reading.is_done:
        try:
            message = bytes(connection.recv(timeout=stream.idle_seconds, decode=False))
        except TimeoutError:
            _expect_life(connection)
            reading.is_done = True
            return
        event = _event(stream, message, reading)
        if event["kind"] == "info":
            _heed(event, reading)
            continue
        if reading.lost_from is not None:
            reading.gap = (_moment(reading.lost_from), _moment(event["time"]))
            reading.lost_from = None
        reading.is_first = False
        _advance(stream, reading, event, blake2b(message, digest_size=8).hexdigest())
        reading.is_done = event["time"] >= until or time.monotonic() > end
        yield


def _advance(stream: Stream, reading: _Reading, event: Event, digest: str) -> None:
    """Take over an event unless it came before."""
    if event["time"] > reading.state["time"]:
        reading.repeated = reading.failures = 0
    else:
        reading.repeated += 1
    if reading.repeated > MOST_REPEATED:
        raise SourceFailed(Outcome.SCHEMA_DRIFT, f"{stream.address}: the stream repeats what it has said before.")
    if digest not in reading.recent:
        reading.events.append(event)
        reading.recent[digest] = event["time"]
    reading.state["time"] = max(int(reading.state["time"]), event["time"])
    if "seq" in event:
        reading.state |= {"seq": event["seq"], "server": urlsplit(stream.address).netloc}


def _heed(event: Event, reading: _Reading) -> None:
    """Heed a notice of the server: it could not begin at the position."""
    if event.get("name") == "FutureCursor" and "seq" in reading.state:
        reading.state.pop("seq")
        raise TimeoutError("the position is another server's")
    if event.get("name") == "OutdatedCursor" and reading.is_first:
        reading.lost_from = int(reading.state["time"])


def _expect_life(connection: Connection) -> None:
    """Nothing came for a while: is that the end of what there is, or is the server dead? Raises TimeoutError."""
    answered: threading.Event = connection.ping()
    if not answered.wait(PONG_SECONDS):
        raise TimeoutError("the server does not answer")


def _again(stream: Stream, reading: _Reading, error: Exception) -> None:
    """Wait before the next try. Raises SourceFailed when there have been enough without progress."""
    status = error.response.status_code if isinstance(error, InvalidStatus) else None
    name = stream.address.partition("?")[0]
    if status in (401, 403):
        raise SourceFailed(Outcome.ACCESS_LOST, f"{name}: access refused ({status}).") from error
    if status is not None and 300 <= status < 429:
        raise SourceFailed(Outcome.DOWN, f"{name}: refused with status {status}. Check the address.") from error
    reading.failures += 1
    outcome = Outcome.RATE_LIMITED if status == 429 else Outcome.DOWN
    if reading.failures >= stream.max_tries:
        reason = f"too many requests ({status})" if status == 429 else str(error) or type(error).__name__
        raise SourceFailed(outcome, f"{name}: {reason}") from error
    log.info("%s: connection lost (%s); going on where it broke off", name, error)
    asked = asked_wait(dict(error.response.headers), time.time()) if isinstance(error, InvalidStatus) else 0.0
    stream.sleep(max(asked, min(2.0**reading.failures * random.uniform(0.5, 1.5), 60.0)))  # noqa: S311 - jitter


def _event(stream: Stream, message: bytes, reading: _Reading) -> Event:
    """One message as an event. One that cannot be read is an event of the kind `unreadable`: it breaks only itself."""
    text = message.decode("utf-8", "surrogateescape")
    try:
        said = json.loads(text, strict=False)
        event = _of_second(said) if stream.is_second else {**said, "time": said["time_us"]}
        if event["kind"] == "info" or (isinstance(event["time"], int) and isinstance(event["kind"], str)):
            return event
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    return {"kind": "unreadable", "time": reading.state["time"], "message": text}


def _of_second(said: dict[str, Any]) -> Event:
    if said["$type"] == "error":
        raise TimeoutError(f"{said.get('error')}: {said.get('message', '')}")
    payload = said["payload"]
    kind = payload["$type"].rpartition("#")[2]
    if kind == "info":
        return {"kind": "info", "name": payload.get("name")}
    witnessed = datetime.fromisoformat(payload.get("witnessedAt") or payload["time"])
    return {
        "kind": kind,
        "did": payload["did"],
        "seq": payload["seq"],
        "time": round(witnessed.timestamp() * 1_000_000),
        kind: payload if kind == "commit" else payload.get(kind),
    }


def _moment(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC)
