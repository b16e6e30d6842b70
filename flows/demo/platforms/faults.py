"""What goes wrong on real platforms: each fault turns a good answer into a bad one.

`server.faults.append(status(429, {"Retry-After": "30"}))` spoils the next answer, `server.broken[path] = hang(60)` all
answers to a path.
"""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator
from dataclasses import replace

from flows.demo.platforms.server import Answer, Fault


def status(code: int, headers: dict[str, str] | None = None, message: str = "refused") -> Fault:
    """Answer with an error status and a JSON error body."""
    body = f'{{"error": "{message}"}}'.encode()
    return lambda answer: Answer(code, {"Content-Type": "application/json"} | (headers or {}), body)


def truncated(share: float = 0.5) -> Fault:
    """Announce the whole body, send a part of it and close the connection."""
    return lambda answer: replace(answer, cut_at=int(len(answer.body) * share))


def hang(seconds: float) -> Fault:
    """Accept the request and stay silent for so long."""
    return lambda answer: replace(answer, silent_for=seconds)


def drip(pause: float) -> Fault:
    """Send the body byte by byte, so that no single read times out."""

    def slowly(answer: Answer) -> Answer:
        def chunks() -> Iterator[bytes]:
            for byte in answer.body:
                time.sleep(pause)
                yield bytes([byte])

        return replace(answer, stream=chunks())

    return slowly


def html() -> Fault:
    """Answer 200 with a maintenance page instead of data."""
    page = b"<!DOCTYPE html><html><head><title>Maintenance</title></head><body>Back soon.</body></html>"
    return lambda answer: Answer(200, {"Content-Type": "text/html; charset=utf-8"}, page)


def invalid_utf8(marker: bytes) -> Fault:
    """Replace the first occurrence of `marker` in the body by bytes that are not UTF-8."""
    return lambda answer: replace(answer, body=answer.body.replace(marker, b"\xff\xfe\xc3(", 1))


def redirect(address: str, code: int = 302) -> Fault:
    """Send the client elsewhere."""
    return lambda answer: Answer(code, {"Location": address})


def gzip_bomb(megabytes: int) -> Fault:
    """Answer with a small gzip body that unpacks to so many megabytes."""

    def bomb(answer: Answer) -> Answer:
        packed = gzip.compress(b"[" + b" " * (megabytes * 1_000_000) + b"]")
        return Answer(200, answer.headers | {"Content-Encoding": "gzip"}, packed)

    return bomb


def oversized(megabytes: int) -> Fault:
    """Send an endless-looking body of so many megabytes, without saying its length."""

    def big(answer: Answer) -> Answer:
        return replace(answer, stream=(b" " * 1_000_000 for _ in range(megabytes)))

    return big
