"""A post as the brief shows it: short, with a link of the web or none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flows.quoting import shortened, web_address

QUOTE_LENGTH = 220


@dataclass(frozen=True)
class Post:
    """A quotation; `sentiment` is None when the post was not scored."""

    mention_id: str
    text: str
    source: str
    url: str | None
    published_at: datetime | None
    sentiment: str | None


def as_post(row: dict[str, Any]) -> Post:
    """Make a post of a row of `mentions`."""
    return Post(
        row["mention_id"],
        shortened(row["text"], QUOTE_LENGTH),
        row["source"],
        web_address(row["url"]),
        row["published_at"],
        row["sentiment"],
    )
