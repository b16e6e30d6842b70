"""A raw record's mention becomes a landing row: pseudonymised, redacted, normalised, checked."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, get_args

from flows.erasure.forgotten import Forgotten
from flows.landing.html import html_to_text
from flows.landing.mention import content_hash, mention_id
from flows.landing.text import normalise, well_formed
from flows.night import Night
from flows.privacy.pseudonyms import Pseudonyms
from flows.privacy.redaction import redact
from flows.sources.base import AuthorKind, BrokenRecord, RawMention, SourceSettings

EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
"""Before this there was no public web: an earlier date is a wrong one."""
CLOCK_TOLERANCE: Final = timedelta(days=2)
"""How far ahead of us a platform's clock or a missing time zone may put a post."""

_COUNTS: Final = ("like_count", "repost_count", "reply_count", "reach")
_LARGEST_COUNT: Final = 2**63 - 1
_AUTHOR_KINDS: Final = frozenset(get_args(AuthorKind))
_RUNS: Final = re.compile(r"\W*(?:javascript|vbscript|data|blob|file)\s*:", re.IGNORECASE)
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{1,8})*")


@dataclass(frozen=True)
class Cleaning:
    """What cleaning needs to know besides the record; the same for all records of a source in a run.

    `platform` is the connector's type. `collected_at` is the run's time (UTC); `keep_handles` are handles listened for,
    lower case, which stay in the text. What has been `forgotten` is kept away.
    """

    source: str
    platform: str
    run_id: str
    collected_at: datetime
    pseudonyms: Pseudonyms
    keep_handles: frozenset[str] = frozenset()
    forgotten: Forgotten = field(default=Forgotten(b"", frozenset()), repr=False)

    @classmethod
    def of(cls, night: Night, source: SourceSettings) -> Cleaning:
        """What holds for a source in a night."""
        return cls(
            source=source.source,
            platform=source.type,
            run_id=night.run_id,
            collected_at=night.as_of,
            pseudonyms=Pseudonyms.open(night.home),
            keep_handles=night.settings.listened_handles,
            forgotten=Forgotten.open(night.home),
        )

    @property
    def latest(self) -> datetime:
        """The latest time a post may bear: the run's or the machine's clock, whichever is ahead, and some tolerance."""
        return max(self.collected_at, datetime.now(UTC)) + CLOCK_TOLERANCE


def clean(raw: RawMention, how: Cleaning) -> dict[str, Any]:
    """Make a row of `landing.mentions` of what a connector read.

    Raises BrokenRecord with the field and the reason when an id is missing, a time is naive or implausible (before
    1990, more than two days ahead), a count is not a whole number of at least 0, or a value has the wrong type.
    """
    native_id = native_id_of(raw)
    row: dict[str, Any] = {
        "mention_id": mention_id(how.source, native_id),
        "source": how.source,
        "native_id": native_id,
        "url": _url(raw.url),
        "author_key": None,
        "author_kind": raw.author_kind,
        "text": _text(raw, how.keep_handles),
        "language_hint": _language(raw.language_hint),
        "published_at": _time("published_at", raw.published_at, how),
        "collected_at": how.collected_at,
        "edited_at": _time("edited_at", raw.edited_at, how),
        "thread_id": _reference(how.source, "thread", raw.thread),
        "reply_to_id": _reference(how.source, "reply_to", raw.reply_to),
        "run_id": how.run_id,
    }
    if raw.author_kind not in _AUTHOR_KINDS:
        raise BrokenRecord("author_kind", f"must be one of {', '.join(sorted(_AUTHOR_KINDS))}")
    author = _words("author", raw.author)
    if author is not None:
        row["author_key"] = how.pseudonyms.author_key(how.platform, author)
    for name in _COUNTS:
        row[name] = _count(name, getattr(raw, name))
    row["content_hash"] = content_hash(row)
    return row


def native_id_of(raw: RawMention) -> str:
    """The platform's id as it is stored. Raises BrokenRecord when there is none."""
    native_id = _words("native_id", raw.native_id)
    if native_id is None:
        raise BrokenRecord("native_id", "is missing or empty")
    return native_id


def _words(name: str, value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise BrokenRecord(name, f"must be text, not {type(value).__name__}")
    return normalise(value) or None


def _url(value: Any) -> str | None:
    """An address as it is stored; None for what a browser would run instead of open."""
    url = _words("url", value)
    return None if url is None or _RUNS.match(url) else url


def _text(raw: RawMention, keep_handles: frozenset[str]) -> str:
    if not isinstance(raw.text, str):
        raise BrokenRecord("text", f"must be text, not {type(raw.text).__name__}")
    return as_landed(raw.text, keep_handles, is_html=raw.is_html)


def as_landed(text: str, keep_handles: frozenset[str] = frozenset(), *, is_html: bool = False) -> str:
    """A text as it is stored and read: tidy, without markup and personal data; "" when nothing is left."""
    plain = html_to_text(text) if is_html else normalise(text)
    return redact(plain, keep_handles) if plain else ""


def _language(hint: Any) -> str | None:
    if not isinstance(hint, str):
        return None
    tag = well_formed(hint).strip().lower().replace("_", "-")
    return tag if _LANGUAGE.fullmatch(tag) else None


def _time(name: str, value: Any, how: Cleaning) -> datetime | None:
    if value is None:
        return None
    if not isinstance(value, datetime):
        raise BrokenRecord(name, f"must be a time, not {type(value).__name__}")
    if value.utcoffset() is None:
        raise BrokenRecord(name, f"has no time zone: {value.isoformat()}")
    try:
        value = value.astimezone(UTC)
    except OverflowError:
        raise BrokenRecord(name, f"is no plausible time: {value.isoformat()}") from None
    if value < EARLIEST:
        raise BrokenRecord(name, f"is before {EARLIEST.year}: {value.isoformat()}")
    if value > how.latest:
        raise BrokenRecord(name, f"lies more than {CLOCK_TOLERANCE.days} days in the future: {value.isoformat()}")
    return value


def _reference(source: str, name: str, native_id: Any) -> str | None:
    other = _words(name, native_id)
    return None if other is None else mention_id(source, other)


def _count(name: str, value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise BrokenRecord(name, f"must be a whole number, not {type(value).__name__}")
    if not 0 <= value <= _LARGEST_COUNT:
        raise BrokenRecord(name, f"must be between 0 and 2^63, but is {value}")
    return value
