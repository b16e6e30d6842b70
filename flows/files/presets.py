"""Columns of other tools' exports: which of them is which field of a mention.

The names are those of the tools' exports as public descriptions and programs that read them show them (see
docs/sources/files.md); tools rename columns now and then, so each field lists all names, the best first.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from flows.files.mapping import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

Preset = dict[str, tuple[str, ...]]

PRESETS: Final[Mapping[str, Preset]] = MappingProxyType(
    {
        "brandwatch": {
            "text": ("Full Text", "Snippet"),
            "native_id": ("Resource Id", "Guid", "Url"),
            "published_at": ("Date",),
            "url": ("Url", "Original Url"),
            "author": ("Author", "X Author ID", "Twitter Author Id"),
            "language_hint": ("Language",),
            "edited_at": (),
            "thread": ("Thread Id",),
            "reply_to": (),
            "like_count": ("Likes", "X Likes", "Twitter Likes"),
            "repost_count": ("Shares", "X Reposts", "Twitter Retweets"),
            "reply_count": ("Comments", "X Replies", "Twitter Reply Count"),
            "reach": ("Reach (new)", "Reach Estimate", "Reach"),
        },
        "talkwalker": {
            "text": ("content", "content_snippet"),
            "native_id": ("url",),
            "published_at": ("published",),
            "url": ("url",),
            "author": ("extra_author_attributes.id", "extra_author_attributes.name"),
            "language_hint": ("lang",),
            "edited_at": (),
            "thread": (),
            "reply_to": ("parent_url",),
            "like_count": (),
            "repost_count": (),
            "reply_count": ("article_extended_attributes.num_comments",),
            "reach": ("reach",),
        },
        "meltwater": {
            "text": ("Hit Sentence", "Opening Text", "Headline"),
            "native_id": ("Document ID", "URL"),
            "published_at": ("Date",),
            "url": ("URL",),
            "author": ("Author Handle", "Influencer", "Author Name"),
            "language_hint": ("Language",),
            "edited_at": (),
            "thread": (),
            "reply_to": (),
            "like_count": ("Likes",),
            "repost_count": ("Reposts", "Shares"),
            "reply_count": ("Replies", "Comments"),
            "reach": ("Reach",),
        },
        "x": {
            "text": ("full_text", "text", "Post text", "Tweet text"),
            "native_id": ("id_str", "id", "tweet_id", "Post id", "Tweet id"),
            "published_at": ("created_at", "time", "Date"),
            "url": ("Post Link", "Post permalink", "Tweet permalink"),
            "author": ("author_id", "user.id_str", "author.id", "author.username"),
            "language_hint": ("lang",),
            "edited_at": (),
            "thread": ("conversation_id",),
            "reply_to": ("referenced_tweets.replied_to.id", "in_reply_to_status_id_str", "in_reply_to_status_id"),
            "like_count": ("public_metrics.like_count", "favorite_count", "Likes", "likes"),
            "repost_count": ("public_metrics.retweet_count", "retweet_count", "Reposts", "retweets"),
            "reply_count": ("public_metrics.reply_count", "reply_count", "Replies", "replies"),
            "reach": ("public_metrics.impression_count", "Impressions", "impressions"),
        },
    }
)


def preset_mapping(name: str, columns: list[str]) -> dict[str, str]:
    """The columns of a file that a preset takes, by field; a field without one is left out of the file ("").

    Capitals, blanks and hyphens do not matter. Fields that the preset does not speak of are left open.
    """
    there = {plain(column): column for column in reversed(columns)}
    return {
        field: next((there[plain(one)] for one in names if plain(one) in there), "")
        for field, names in PRESETS[name].items()
    }


def text_columns(name: str) -> frozenset[str]:
    """Names of the text column of a preset, by which the header is found in a file that begins with a report."""
    return frozenset(plain(column) for column in PRESETS[name]["text"])
