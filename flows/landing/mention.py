"""What a landed row is: its identity, its fingerprint and the fixed Arrow schemas of the landing tables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final

import pyarrow as pa

_SEPARATOR: Final = "\x1f"
_NULL: Final = "\x00"
_TIMESTAMP: Final = pa.timestamp("us", tz="UTC")

MENTIONS: Final = pa.schema(
    [
        pa.field("mention_id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("native_id", pa.string(), nullable=False),
        pa.field("url", pa.string()),
        pa.field("author_key", pa.string()),
        pa.field("author_kind", pa.string(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("language_hint", pa.string()),
        pa.field("published_at", _TIMESTAMP),
        pa.field("collected_at", _TIMESTAMP, nullable=False),
        pa.field("edited_at", _TIMESTAMP),
        pa.field("thread_id", pa.string()),
        pa.field("reply_to_id", pa.string()),
        pa.field("like_count", pa.int64()),
        pa.field("repost_count", pa.int64()),
        pa.field("reply_count", pa.int64()),
        pa.field("reach", pa.int64()),
        pa.field("content_hash", pa.string(), nullable=False),
        pa.field("run_id", pa.string(), nullable=False),
    ]
)
"""`landing.mentions`: one row per post a source delivered, in the form it had when last seen to change."""

QUARANTINE: Final = pa.schema(
    [
        pa.field("quarantine_id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("run_id", pa.string(), nullable=False),
        pa.field("native_id", pa.string()),
        pa.field("row_number", pa.int64()),
        pa.field("field", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("payload", pa.string(), nullable=False),
        pa.field("quarantined_at", _TIMESTAMP, nullable=False),
        pa.field("resolved_at", _TIMESTAMP),
    ]
)
"""`landing.quarantine`: one row per broken record; `resolved_at` is set when the same post later landed well."""

TOMBSTONES: Final = pa.schema(
    [
        pa.field("source", pa.string(), nullable=False),
        pa.field("native_id", pa.string(), nullable=False),
        pa.field("mention_id", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("noticed_at", _TIMESTAMP, nullable=False),
    ]
)
"""`landing.tombstones`: one row per post that its platform says is gone."""

_NOT_CONTENT: Final = frozenset({"collected_at", "run_id", "content_hash"})
_CONTENT: Final = tuple(name for name in MENTIONS.names if name not in _NOT_CONTENT)


def digest(*parts: str) -> str:
    """Hash text parts to 32 hex characters (blake2b, 16 bytes); the parts are kept apart by a unit separator."""
    return blake2b(_SEPARATOR.join(parts).encode(), digest_size=16).hexdigest()


def mention_id(source: str, native_id: str) -> str:
    """Make the stable key of a post: 32 hex characters from its source and its id there."""
    return digest(source, native_id)


def content_hash(row: Mapping[str, Any]) -> str:
    """Fingerprint everything the source said about a post: 32 hex characters.

    `row` is a landing row; when it was collected, and by which run, does not count.
    """
    return digest(*[_as_text(row[name]) for name in _CONTENT])


def _as_text(value: Any) -> str:
    if value is None:
        return _NULL
    return value.isoformat() if isinstance(value, datetime) else str(value)
