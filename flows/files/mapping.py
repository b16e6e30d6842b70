"""Which column of a file is which field of a mention: as the user says, else by obvious names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Final

from flows.errors import UsageError

FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "text": (
        "text",
        "full_text",
        "content",
        "body",
        "message",
        "comment",
        "review",
        "tweet",
        "beitrag",
        "kommentar",
        "inhalt",
    ),
    "native_id": (
        "native_id",
        "id",
        "id_str",
        "tweet_id",
        "post_id",
        "status_id",
        "comment_id",
        "review_id",
        "guid",
        "uuid",
    ),
    "published_at": ("published_at", "created_at", "published", "created", "timestamp", "date", "datetime", "datum"),
    "url": ("url", "link", "permalink"),
    "author": ("author", "author_id", "username", "user_name", "screen_name", "handle", "user", "user_id", "autor"),
    "author_kind": ("author_kind",),
    "language_hint": ("language_hint", "lang", "language", "sprache"),
    "edited_at": ("edited_at", "updated_at"),
    "thread": ("thread", "thread_id", "conversation_id"),
    "reply_to": (
        "reply_to",
        "reply_to_id",
        "in_reply_to_id",
        "in_reply_to_status_id",
        "in_response_to_tweet_id",
        "parent_id",
    ),
    "like_count": ("like_count", "likes", "favorite_count", "favourites_count", "favorites"),
    "repost_count": ("repost_count", "reposts", "retweet_count", "retweets", "share_count", "shares"),
    "reply_count": ("reply_count", "replies", "comment_count", "comments_count"),
    "reach": ("reach",),
    "deleted": ("deleted", "is_deleted"),
}
"""Fields of a mention that a file can fill, each with the column names that are taken for it, best first."""
ALIASES: Final = {"id": "native_id", "language": "language_hint", "thread_id": "thread", "reply_to_id": "reply_to"}


def parse_assignments(assignments: Iterable[str]) -> dict[str, str]:
    """Read `field=column` pairs of the command line. Raises UsageError for a wrong form or an unknown field."""
    mapping: dict[str, str] = {}
    for assignment in assignments:
        field, separator, column = assignment.partition("=")
        if not separator:
            raise UsageError(f"--map {assignment}: write it as field=column, for example --map text=Message.")
        field = check_field(field.strip())
        if mapping.get(field, column) != column:
            raise UsageError(f"--map {assignment}: {field} is mapped twice. Name one column for it.")
        mapping[field] = column
    return mapping


def check_field(name: str) -> str:
    """Return a field's proper name. Raises UsageError with the known fields when there is no such one."""
    name = ALIASES.get(name, name)
    if name not in FIELDS:
        raise UsageError(f"'{name}' is no field of a mention.{did_you_mean(name, FIELDS)} Fields: {', '.join(FIELDS)}.")
    return name


def complete(mapping: Mapping[str, str], columns: list[str], place: str) -> tuple[dict[str, str], dict[str, str]]:
    """Check a mapping against a file's columns and guess the fields it does not name.

    A field mapped to nothing (`author=`) is left out. Returns the whole mapping and the guessed part of it. Raises
    UsageError, naming `place`, when a column does not exist or no column holds the text.
    """
    for field, column in mapping.items():
        if column and column not in columns:
            raise UsageError(
                f"{place}: there is no column '{column}' (mapped to {field}).{did_you_mean(column, columns)} "
                f"Columns: {', '.join(columns)}."
            )
    chosen = {field: column for field, column in mapping.items() if column}
    by_name = {plain(column): column for column in reversed(columns)}
    guessed: dict[str, str] = {}
    for field, names in FIELDS.items():
        if field in mapping:
            continue
        found = next((by_name[name] for name in names if name in by_name), None)
        if found is not None and found not in chosen.values():
            guessed[field] = found
    whole = {**chosen, **guessed}
    if "text" not in whole and not {"native_id", "deleted"} <= whole.keys():
        raise UsageError(
            f"{place}: no column holds the text. Name it, for example --map text=COLUMN. Columns: {', '.join(columns)}."
        )
    return whole, guessed


def value_of(row: Mapping[str, Any], column: str) -> Any:
    """Find a column's value in a row; dots lead into nested objects when no column has the whole name."""
    if column in row:
        return row[column]
    value: Any = row
    for name in column.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def plain(column: str) -> str:
    """A column's name in the form in which names are compared."""
    return re.sub(r"[\s-]+", "_", column.strip().lower())


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Suggest the known name closest to a wrong one, as a sentence with a blank before it; "" when none is close."""
    by_lower = {one.lower(): one for one in known}
    close = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return f" Did you mean '{by_lower[close[0]]}'?" if close else ""
