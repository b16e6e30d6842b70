"""Who and what has been forgotten: a list of keyed hashes that keeps them away, and the log of erasures.

Both are one file, `erasures/log.jsonl`, to which lines are added and none is changed. It stays when the warehouse is
restored from a backup, and nobody without the key learns from it who or what was forgotten.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flows.durable import sync
from flows.errors import MarktechoError
from flows.home import Home
from flows.key_files import open_key


@dataclass(frozen=True)
class Forgotten:
    """Answers whether a post or an author is to be kept away. Holds the secret: never log or pickle it."""

    key: bytes
    hashes: frozenset[str]

    @classmethod
    def open(cls, home: Home) -> Forgotten:
        """Read the list. Raises KeyFileError when the key is damaged, MarktechoError when the list is."""
        if not home.erasure_log.exists():
            return cls(b"", frozenset())
        hashes = frozenset(each for line in entries(home) for each in line.get("forgotten", ()))
        return cls(_key(home) if hashes else b"", hashes)

    def __bool__(self) -> bool:
        """Whether there is anything to keep away."""
        return bool(self.hashes)

    def has_author(self, platform: str, author: str) -> bool:
        """Whether an author, handle or id as the platform gives it, has been forgotten."""
        return author_hash(self.key, platform, author) in self.hashes

    def has_post(self, source: str, native_id: str, url: str | None = None) -> bool:
        """Whether a post has been forgotten, by its id or its address."""
        if post_hash(self.key, source, native_id) in self.hashes:
            return True
        return url is not None and url_hash(self.key, url) in self.hashes


def keep_away(
    home: Home,
    *,
    authors: Iterable[tuple[str, str]] = (),
    posts: Iterable[tuple[str, str]] = (),
    urls: Iterable[str] = (),
    reason: str,
) -> int:
    """Add authors (platform, handle), posts (source, native id) and addresses to the list; returns how many are new."""
    key = _key(home)
    hashes = {author_hash(key, *author) for author in authors}
    hashes |= {post_hash(key, *post) for post in posts}
    hashes |= {url_hash(key, url) for url in urls}
    new = sorted(hashes - Forgotten.open(home).hashes)
    if new:
        _append(home, {"forgotten_at": datetime.now(UTC).isoformat(), "reason": reason, "forgotten": new})
    return len(new)


def record_erasure(home: Home, ids: Iterable[str], reasons: list[str], counts: Mapping[str, int]) -> None:
    """Log an erasure: a keyed hash of its ids, why, and how many pieces each place let go of.

    Recorded once, also when it is repeated after a crash: the ids are the same.
    """
    digest = hashlib.blake2b("\x1f".join(sorted(ids)).encode(), key=_key(home), digest_size=16, person=b"erasure")
    erasure_id = digest.hexdigest()
    if any(line.get("erasure_id") == erasure_id for line in entries(home)):
        return
    _append(
        home,
        {
            "erased_at": datetime.now(UTC).isoformat(),
            "erasure_id": erasure_id,
            "reasons": reasons,
            "counts": dict(counts),
        },
    )


def entries(home: Home) -> list[dict[str, Any]]:
    """All lines of the log, without the half-written last one of a killed process. Raises MarktechoError for others."""
    if not home.erasure_log.exists():
        return []
    lines = home.erasure_log.read_text(encoding="utf-8").split("\n")
    found = []
    for number, line in enumerate(lines, start=1):
        if not line:
            continue
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError:
            if number == len(lines):
                continue
            raise MarktechoError(
                f"{home.erasure_log}: line {number} is damaged. Restore the file from your backup: it keeps away what "
                "people asked you to forget."
            ) from None
    return found


def author_hash(key: bytes, platform: str, author: str) -> str:
    """Keyed hash of an author; case, a leading @ and surrounding blanks make no difference."""
    return _hash(key, "author", platform, author.strip().removeprefix("@").casefold())


def post_hash(key: bytes, source: str, native_id: str) -> str:
    """Keyed hash of a post's id."""
    return _hash(key, "post", source, native_id)


def url_hash(key: bytes, url: str) -> str:
    """Keyed hash of an address; scheme, a leading www., a fragment and a closing slash make no difference."""
    return _hash(key, "url", plain_url(url))


def plain_url(url: str) -> str:
    """An address without what may differ between two ways to write it."""
    return url.strip().partition("#")[0].partition("://")[2].removeprefix("www.").rstrip("/") or url.strip()


def _hash(key: bytes, *parts: str) -> str:
    data = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(data, key=key, digest_size=16, person=b"forgotten").hexdigest()


def _key(home: Home) -> bytes:
    return open_key(home.erasure_key, "erasure key", "what has been forgotten would come back")


def _append(home: Home, line: dict[str, Any]) -> None:
    home.erasure_log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(home.erasure_log, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 1))
        is_cut_off = size > 0 and file.read(1) != b"\n"
        if is_cut_off:
            text = home.erasure_log.read_bytes()
            file.truncate(text.rfind(b"\n") + 1)
        file.write(json.dumps(line).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    sync(home.erasure_log.parent)
